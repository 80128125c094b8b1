# Every variable reaches what it is for.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region           = "us-east-1"
  bundle_directory = "tests/bundles"
}

run "every_limit" {
  variables {
    name                     = "lab-1"
    region                   = "eu-central-1"
    tags                     = { Team = "research", ManagedBy = "us" }
    modes                    = ["base", "tools", "memory"]
    api_authorization        = "NONE"
    throttle_rate_per_second = 7
    throttle_burst           = 11
    lambda_memory_mb         = 1024
    lambda_timeout_seconds   = 13
    async_event_age_seconds  = 120
    log_retention_days       = 30
    tracing                  = true
    spans                    = true
    access_log               = true
    connect_timeout_ms       = 1001
    s3_timeout_ms            = 5001
    agentcore_timeout_ms     = 9001
    store_reserve_ms         = 3001
    max_steps                = 101
    max_tool_calls           = 12
    max_model_calls          = 3
    max_memory_ops           = 14
    max_memory_bytes         = 65537
    max_body_bytes           = 1048577
    max_artifact_bytes       = 4194305
    optional_ceilings        = { max_wall_ms = 20000, max_cost_microusd = 5 }
    base_path                = "/v1"
    cors_origins             = ["https://app.example"]
    artifact_bucket_name     = "some-other-bucket"
    artifact_prefix          = "team/runs/"
    artifact_expiry_days     = 91
    noncurrent_expiry_days   = 8
    force_destroy            = true
    enable_agentcore_memory  = true
    memory_event_expiry_days = 31
    memory_actor_id          = "team:1"
  }

  assert {
    condition = { for key, value in module.function["memory"].function.environment[0].variables : key => value if !contains(["AGENTCORE_MEMORY_ID", "EWM_SPANS"], key) } == {
      EWM_ARTIFACT_BUCKET       = "some-other-bucket"
      EWM_ARTIFACT_PREFIX       = "team/runs/"
      EWM_S3_PATH_STYLE         = "0"
      EWM_CONNECT_TIMEOUT_MS    = "1001"
      EWM_S3_TIMEOUT_MS         = "5001"
      EWM_AGENTCORE_TIMEOUT_MS  = "9001"
      EWM_STORE_RESERVE_MS      = "3001"
      EWM_STOP_KEY              = "stop.json"
      EWM_MAX_BODY_BYTES        = "1048577"
      EWM_MAX_ARTIFACT_BYTES    = "4194305"
      EWM_BASE_PATH             = "/v1"
      EWM_CORS_ORIGINS          = "https://app.example"
      EWM_ENABLED               = "memory"
      EWM_MAX_STEPS             = "101"
      EWM_MAX_TOOL_CALLS        = "12"
      EWM_MAX_MODEL_CALLS       = "3"
      EWM_MAX_WALL_MS           = "20000"
      EWM_MAX_COST_MICROUSD     = "5"
      MEMORY_MAX_OPS            = "14"
      MEMORY_MAX_BYTES          = "65537"
      ENABLE_AGENTCORE_MEMORY   = "1"
      AGENTCORE_MEMORY_ACTOR_ID = "team:1"
    }
    error_message = "ceilings: the functions receive what the variables say"
  }
  assert {
    condition     = lookup(module.function["memory"].function.environment[0].variables, "EWM_SPANS", "") == "1"
    error_message = "spans: written where they are asked for"
  }
  assert {
    condition     = alltrue([for it in module.function : it.function.memory_size == 1024 && it.function.timeout == 13 && it.invoke_config.maximum_event_age_in_seconds == 120 && it.log_group.retention_in_days == 30])
    error_message = "sizes: the functions are what the variables say"
  }
  assert {
    condition     = aws_cloudwatch_log_group.api[0].retention_in_days == 30 && aws_cloudwatch_log_group.api[0].log_group_class == "INFREQUENT_ACCESS"
    error_message = "access log group: kept as long as the others, in the cheap class"
  }
  assert {
    condition     = startswith(aws_cloudwatch_log_group.api[0].name, "/aws/vendedlogs/") && aws_apigatewayv2_stage.default.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.api[0].arn
    error_message = "access log: to a group of its own, under the name that shares one resource policy"
  }
  assert {
    condition = can(jsondecode(aws_apigatewayv2_stage.default.access_log_settings[0].format).id) && alltrue([
      for value in values(try(jsondecode(aws_apigatewayv2_stage.default.access_log_settings[0].format), { unread = "" })) : contains([
        "$context.requestId", "$context.requestTimeEpoch", "$context.routeKey", "$context.status", "$context.identity.sourceIp",
        "$context.identity.caller", "$context.responseLength", "$context.responseLatency", "$context.error.responseType",
      ], value)
    ])
    error_message = "access log fields: short ones, and none that a caller may write at will"
  }
  assert {
    condition     = alltrue([for it in module.function : it.function.tracing_config[0].mode == "Active" && strcontains(it.policy, "\"xray:PutTraceSegments\"")])
    error_message = "tracing asked for: on, and permitted"
  }
  assert {
    condition     = aws_apigatewayv2_api.this.cors_configuration[0].allow_origins == toset(["https://app.example"])
    error_message = "CORS: the origins that are listed, and no other"
  }
  assert {
    condition     = alltrue([for it in aws_apigatewayv2_route.this : it.authorization_type == "NONE"]) && !strcontains(output.curl, "aws-sigv4")
    error_message = "authorization NONE: it can be asked for"
  }
  assert {
    condition     = aws_apigatewayv2_stage.default.default_route_settings[0].throttling_rate_limit == 7 && aws_apigatewayv2_stage.default.default_route_settings[0].throttling_burst_limit == 11
    error_message = "throttle: what the variables say"
  }
  assert {
    condition     = alltrue([for it in aws_apigatewayv2_integration.function : it.timeout_milliseconds == 14000])
    error_message = "integration timeout: a second longer than the function's"
  }
  assert {
    condition     = aws_s3_bucket.artifacts.bucket == "some-other-bucket" && aws_s3_bucket.artifacts.force_destroy && strcontains(module.function["base"].policy, "/team/runs/artifacts/*")
    error_message = "bucket: what the variables say"
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.artifacts.rule[0].expiration[0].days == 91 && aws_s3_bucket_lifecycle_configuration.artifacts.rule[0].filter[0].prefix == "team/runs/" && aws_s3_bucket_lifecycle_configuration.artifacts.rule[1].noncurrent_version_expiration[0].noncurrent_days == 8
    error_message = "lifecycle: what the variables say"
  }
  assert {
    condition     = aws_cloudformation_stack.memory[0].parameters == tomap({ MemoryName = "lab_1_memory", EventExpiryDays = "31", KmsKeyArn = "" })
    error_message = "memory: what the variables say"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.function["tools-duration"].threshold == 10400 && aws_cloudwatch_metric_alarm.function["tools-invocations"].threshold == 2520
    error_message = "alarms: their bounds follow the timeout and the throttle"
  }
  assert {
    condition     = local.tags == { Application = "executable-world-models", Deployment = "lab-1", ManagedBy = "us", Team = "research" }
    error_message = "tags: one's own are added, and win"
  }
}

run "own_key" {
  # The run before made a memory without a key.
  plan_options {
    replace = [terraform_data.memory_key[0]]
  }

  variables {
    modes                   = ["base", "memory"]
    access_log              = true
    enable_agentcore_memory = true
    kms_key_arn             = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = one(aws_s3_bucket_server_side_encryption_configuration.artifacts.rule).bucket_key_enabled && (
      one(one(aws_s3_bucket_server_side_encryption_configuration.artifacts.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
      ) && (
      one(one(aws_s3_bucket_server_side_encryption_configuration.artifacts.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    )
    error_message = "own key: the bucket uses it, through a bucket key"
  }
  assert {
    condition     = aws_cloudwatch_log_group.api[0].kms_key_id == var.kms_key_arn && alltrue([for it in module.function : it.log_group.kms_key_id == var.kms_key_arn]) && aws_cloudformation_stack.memory[0].parameters["KmsKeyArn"] == var.kms_key_arn
    error_message = "own key elsewhere: logs and memory use it"
  }
  assert {
    condition = [for s in jsondecode(module.function["memory"].policy).Statement : [s.Sid, s.Action, s.Resource, s.Condition.StringEquals["kms:ViaService"]] if startswith(s.Sid, "Encrypt")] == [
      ["EncryptArtifacts", ["kms:GenerateDataKey", "kms:Decrypt"], [var.kms_key_arn], "s3.us-east-1.amazonaws.com"],
      ["EncryptMemory", ["kms:GenerateDataKey", "kms:Decrypt"], [var.kms_key_arn], "bedrock-agentcore.us-east-1.amazonaws.com"],
    ]
    error_message = "own key permission: that key, through the service that holds the data"
  }
  assert {
    condition     = [for s in jsondecode(module.function["base"].policy).Statement : s.Sid if startswith(s.Sid, "Encrypt")] == ["EncryptArtifacts"]
    error_message = "own key permission: the base function has no memory to read"
  }
}

run "somebody_is_told" {
  variables {
    alarm_email                 = "operator@example.com"
    monthly_budget_usd          = 20
    budget_email                = "owner@example.com"
    invocations_alarm_per_hour  = 50
    budget_trips_alarm_per_hour = 3
    budget_action_percent       = 90
  }

  assert {
    condition = aws_budgets_budget_action.stop[0].approval_model == "AUTOMATIC" && aws_budgets_budget_action.stop[0].notification_type == "ACTUAL" && (
      one(aws_budgets_budget_action.stop[0].action_threshold).action_threshold_value == 90
    )
    error_message = "budget action: by itself, once so much is really spent"
  }
  assert {
    condition = one(one(aws_budgets_budget_action.stop[0].definition).iam_action_definition).policy_arn == "arn:aws:iam::aws:policy/AWSDenyAll" && (
      one(one(aws_budgets_budget_action.stop[0].definition).iam_action_definition).roles == toset(["ewm-base-us-east-1"])
    )
    error_message = "budget action roles: every function loses every permission"
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.budget_action[0].policy).Statement == [{
      Sid       = "StopFunctions", Effect = "Allow", Action = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
      Resource  = ["arn:aws:iam::123456789012:role/mock"]
      Condition = { ArnEquals = { "iam:PolicyARN" = "arn:aws:iam::aws:policy/AWSDenyAll" } }
    }]
    error_message = "budget action permission: that policy, on those roles"
  }

  assert {
    condition     = aws_sns_topic_subscription.alarms[0].endpoint == "operator@example.com" && aws_sns_topic_subscription.alarms[0].protocol == "email" && alltrue([for it in aws_cloudwatch_metric_alarm.function : it.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:mock"])])
    error_message = "alarm e-mail: every alarm is sent to it"
  }
  assert {
    condition     = aws_budgets_budget.monthly[0].limit_amount == "20.00" && aws_budgets_budget.monthly[0].limit_unit == "USD" && aws_budgets_budget.monthly[0].time_unit == "MONTHLY" && aws_budgets_budget.monthly[0].budget_type == "COST"
    error_message = "monthly budget: a cost in USD"
  }
  assert {
    condition = toset([for it in aws_budgets_budget.monthly[0].notification : "${it.notification_type} ${it.threshold} ${it.threshold_type}"]) == toset([
      "ACTUAL 80 PERCENTAGE", "ACTUAL 100 PERCENTAGE", "FORECASTED 100 PERCENTAGE"
    ]) && alltrue([for it in aws_budgets_budget.monthly[0].notification : it.subscriber_email_addresses == toset(["owner@example.com"])])
    error_message = "monthly budget: it warns before it is spent, and by e-mail"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.function["base-invocations"].threshold == 50 && aws_cloudwatch_metric_alarm.function["base-budget-trips"].threshold == 3
    error_message = "alarm bounds: what the variables say"
  }
}
