# Sweeps on Step Functions: a distributed map over the cells of one sweep, each of them one invocation of a function of its own.
# Nothing of it is there unless enable_sweeps says so. Functions still call no functions: Step Functions does. docs/sweeps.md says how it is used.
locals {
  sweeps_arn       = "${local.stored_arn}sweeps"
  sweep_machine    = "${var.name}-sweeps"
  sweep_map        = "Cells"
  sweep_machine_id = "arn:${local.partition}:states:${var.region}:${local.account_id}"
}

# What one cell runs in: it reads its sweep, and nothing else; what it answers with is for Step Functions to keep.
module "cell" {
  source = "./modules/function"
  count  = var.enable_sweeps ? 1 : 0

  name        = "${var.name}-cell"
  role_name   = "${var.name}-cell-${var.region}"
  description = "Executable World Models, a cell of a sweep"
  bundle      = "${local.bundle_directory}/cell.zip"

  runtime                 = var.runtime
  memory_mb               = var.lambda_memory_mb
  timeout_seconds         = var.lambda_timeout_seconds
  concurrency             = var.sweep_concurrency
  async_event_age_seconds = var.async_event_age_seconds
  tracing                 = var.tracing
  log_retention_days      = var.log_retention_days
  kms_key_arn             = var.kms_key_arn

  environment = {
    for name in ["EWM_ARTIFACT_BUCKET", "EWM_ARTIFACT_PREFIX", "EWM_S3_PATH_STYLE", "EWM_CONNECT_TIMEOUT_MS", "EWM_S3_TIMEOUT_MS"] :
    name => local.environment_of_all[name]
  }

  statements_json = jsonencode(concat([{
    Sid      = "ReadSweep"
    Effect   = "Allow"
    Action   = ["s3:GetObject"]
    Resource = ["${local.sweeps_arn}/*/spec.json", "${local.sweeps_arn}/*/market.jsonl"]
    }], var.kms_key_arn == null ? [] : [{
    Sid       = "DecryptSweep"
    Effect    = "Allow"
    Action    = ["kms:Decrypt"]
    Resource  = [var.kms_key_arn]
    Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.${local.dns_suffix}" } }
  }]))
}

resource "aws_sfn_state_machine" "sweeps" {
  count = var.enable_sweeps ? 1 : 0

  name     = local.sweep_machine
  role_arn = aws_iam_role.sweeps[0].arn
  type     = "STANDARD"

  definition = jsonencode({
    Comment = "The cells of one sweep"
    StartAt = local.sweep_map
    States = {
      (local.sweep_map) = {
        Type  = "Map"
        Label = local.sweep_map
        End   = true
        ItemReader = {
          Resource     = "arn:${local.partition}:states:::s3:getObject"
          ReaderConfig = { InputType = "JSONL", MaxItems = local.sweep_cells_max }
          Parameters   = { Bucket = aws_s3_bucket.artifacts.bucket, "Key.$" = "$.items" }
        }
        MaxConcurrency = var.sweep_concurrency
        # One cell that fails ends it: the others are there, and a redrive goes on. No state has a Retry.
        ToleratedFailureCount = 0
        ItemProcessor = {
          ProcessorConfig = { Mode = "DISTRIBUTED", ExecutionType = "EXPRESS" }
          StartAt         = "Cell"
          States = {
            Cell = {
              Type           = "Task"
              Resource       = "arn:${local.partition}:states:::lambda:invoke"
              Parameters     = { FunctionName = module.cell[0].function.function_name, "Payload.$" = "$" }
              OutputPath     = "$.Payload"
              TimeoutSeconds = var.lambda_timeout_seconds + 10
              End            = true
            }
          }
        }
        ResultWriter = {
          Resource     = "arn:${local.partition}:states:::s3:putObject"
          WriterConfig = { Transformation = "NONE", OutputType = "JSONL" }
          Parameters   = { Bucket = aws_s3_bucket.artifacts.bucket, "Prefix.$" = "$.results" }
        }
      }
    }
  })

  # A machine without its permissions would begin, and fail.
  depends_on = [aws_iam_role_policy.sweeps]
}

locals {
  sweeps_policy = {
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "RunCells"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = ["arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:${var.name}-cell"]
      },
      {
        Sid      = "ReadItems"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.sweeps_arn}/*/items.jsonl"]
      },
      {
        # Long results are written in parts.
        Sid      = "WriteResults"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        Resource = ["${local.sweeps_arn}/*/results/*"]
      },
      {
        # A distributed map starts its children as executions of its own machine, and goes on with those that failed.
        Sid      = "StartChildren"
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = ["${local.sweep_machine_id}:stateMachine:${local.sweep_machine}"]
      },
      {
        Sid    = "FollowChildren"
        Effect = "Allow"
        Action = ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"]
        Resource = [
          "${local.sweep_machine_id}:execution:${local.sweep_machine}:*",
          "${local.sweep_machine_id}:execution:${local.sweep_machine}/${local.sweep_map}:*",
        ]
      },
      ], var.kms_key_arn == null ? [] : [{
        Sid       = "EncryptResults"
        Effect    = "Allow"
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = [var.kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.${local.dns_suffix}" } }
    }])
  }
}

resource "aws_iam_role" "sweeps" {
  count = var.enable_sweeps ? 1 : 0

  name        = "${var.name}-sweeps-${var.region}"
  description = "What the state machine of sweeps may do"
  # A budget that acted has attached a policy: the role can be destroyed with it.
  force_detach_policies = true

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "StepFunctionsOnly"
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "sweeps" {
  count = var.enable_sweeps ? 1 : 0

  name   = "sweeps"
  role   = aws_iam_role.sweeps[0].id
  policy = jsonencode(local.sweeps_policy)
}

output "sweeps" {
  description = "Where `ewm sweep submit` sends a sweep; null where sweeps are not enabled."
  value = var.enable_sweeps ? {
    state_machine_arn = aws_sfn_state_machine.sweeps[0].arn
    function_name     = module.cell[0].function.function_name
    cells_max         = local.sweep_cells_max
  } : null
}
