# The stop switch: one object that every function which reaches outside looks at, before each request and each act outside; and, where asked for,
# alarms that pull it (docs/deploy.md, docs/threats.md).
locals {
  # Beside the artifacts and not below their prefix: what expires them must not take it away, for a switch that is missing counts as set.
  stop_key = "stop.json"
  stop_arn = "${aws_s3_bucket.artifacts.arn}/${local.stop_key}"

  stop_statements = [{
    Sid      = "LookAtStopSwitch"
    Effect   = "Allow"
    Action   = ["s3:GetObject"]
    Resource = [local.stop_arn]
  }]
}

# Always there: who may read this key alone is told of a missing one only that it is forbidden.
resource "aws_s3_object" "stop_switch" {
  bucket       = aws_s3_bucket.artifacts.bucket
  key          = local.stop_key
  content      = "{\"stopped\":false}\n"
  content_type = "application/json"

  # An operator writes it without tags.
  override_provider {
    default_tags {
      tags = {}
    }
  }

  # What an operator has set stays set: only `make resume` lets a deployment go on.
  lifecycle {
    ignore_changes = [content, content_type, metadata]
  }

  # Its first version has to have a number, to be encrypted, and to be sent over TLS like the rest.
  depends_on = [
    aws_s3_bucket_versioning.artifacts, aws_s3_bucket_server_side_encryption_configuration.artifacts, aws_s3_bucket_policy.artifacts
  ]
}

output "stop_switch" {
  description = "What `ewm stop --deployed` sets and `ewm resume --deployed` clears: the object, and each function with what is reserved for it."
  value = {
    bucket    = aws_s3_bucket.artifacts.bucket
    key       = aws_s3_object.stop_switch.key
    functions = { for mode, row in local.functions : "${var.name}-${mode}" => row.concurrency if contains(var.modes, mode) }
  }
}

# ---- Alarms that pull it ----
locals {
  stop_pulled      = length(var.stop_on_alarm) > 0
  stop_by_budget   = contains(var.stop_on_alarm, "monthly-budget")
  stop_topics      = aws_sns_topic.stop[*].arn
  stopped_names    = [for mode in sort(tolist(var.modes)) : "${var.name}-${mode}"]
  stopped_arns     = [for name in local.stopped_names : "arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:${name}"]
  stop_alarm_count = length([for alarm in local.alarms : alarm if contains(var.stop_on_alarm, alarm.kind)])

  # Whoever writes here stops everything: CloudWatch and AWS Budgets of this account, and nobody else.
  stop_topic_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = local.stop_topics
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  }
}

resource "aws_sns_topic" "stop" {
  count = local.stop_pulled ? 1 : 0

  name = "${var.name}-stop"
}

resource "aws_sns_topic_policy" "stop" {
  count = local.stop_pulled ? 1 : 0

  arn    = aws_sns_topic.stop[0].arn
  policy = jsonencode(local.stop_topic_policy)
}

# Sets that one object and holds these functions off; it can do nothing else, and let nothing go on.
module "stop_function" {
  source = "./modules/function"
  count  = local.stop_pulled ? 1 : 0

  name        = "${var.name}-stop"
  role_name   = "${var.name}-stop-${var.region}"
  description = "Executable World Models: pulls the stop switch where an alarm says so"
  bundle      = "${local.bundle_directory}/stop.zip"

  runtime                 = var.runtime
  memory_mb               = 256
  timeout_seconds         = 15
  concurrency             = 1
  async_event_age_seconds = var.async_event_age_seconds
  tracing                 = var.tracing
  log_retention_days      = var.log_retention_days
  kms_key_arn             = var.kms_key_arn

  environment = {
    EWM_ARTIFACT_BUCKET = aws_s3_bucket.artifacts.bucket
    EWM_STOP_KEY        = aws_s3_object.stop_switch.key
    EWM_STOP_FUNCTIONS  = join(",", local.stopped_names)
  }

  statements_json = jsonencode(concat(
    [
      {
        Sid      = "SetStopSwitch"
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = [local.stop_arn]
      },
      {
        Sid      = "HoldFunctionsOff"
        Effect   = "Allow"
        Action   = ["lambda:PutFunctionConcurrency"]
        Resource = local.stopped_arns
      },
    ],
    [for key in compact([var.kms_key_arn]) : {
      Sid       = "EncryptStopSwitch"
      Effect    = "Allow"
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = [key]
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.${local.dns_suffix}" } }
    }],
  ))
}

resource "aws_lambda_permission" "stop" {
  count = local.stop_pulled ? 1 : 0

  statement_id  = "AlarmsPullTheSwitch"
  action        = "lambda:InvokeFunction"
  function_name = module.stop_function[0].function.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.stop[0].arn
}

resource "aws_sns_topic_subscription" "stop" {
  count = local.stop_pulled ? 1 : 0

  topic_arn = aws_sns_topic.stop[0].arn
  protocol  = "lambda"
  endpoint  = "arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:${var.name}-stop"

  # Confirmed by Lambda itself, which has to let the topic in first.
  depends_on = [aws_lambda_permission.stop]
}

# A switch that was to be pulled and was not.
resource "aws_cloudwatch_metric_alarm" "stop_failed" {
  count = local.stop_pulled ? 1 : 0

  alarm_name          = "${var.name}-stop-errors"
  alarm_description   = "An alarm was to stop this deployment, and a part of that failed: make stop does what is left. The log of ${var.name}-stop says what."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = module.stop_function[0].function.function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = aws_sns_topic.alarms[*].arn
  ok_actions          = aws_sns_topic.alarms[*].arn
}
