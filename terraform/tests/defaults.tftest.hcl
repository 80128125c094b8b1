# A deployment that says nothing but its Region: every guardrail of the specification is on, and everything remote is off.
# An error message starts with the name of its guardrail; the mutation test looks for that name.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region           = "us-east-1"
  bundle_directory = "tests/bundles"
}

run "defaults" {
  assert {
    condition     = keys(module.function) == ["base"] && keys(aws_apigatewayv2_route.this) == ["GET /health", "GET /openapi.json", "POST /agentcore/base"]
    error_message = "modes: only the base function and its routes are deployed unless asked otherwise"
  }
  assert {
    condition     = module.function["base"].function.reserved_concurrent_executions == 1
    error_message = "concurrency: reserved concurrency must be 1"
  }
  assert {
    condition     = module.function["base"].invoke_config.maximum_retry_attempts == 0
    error_message = "retries: an asynchronous event must not be tried again"
  }
  assert {
    condition     = module.function["base"].invoke_config.maximum_event_age_in_seconds == 60
    error_message = "event age: an asynchronous event must be dropped after 60 s"
  }
  assert {
    condition     = module.function["base"].recursion_config.recursive_loop == "Terminate"
    error_message = "recursion: Lambda must end loops"
  }
  assert {
    condition     = module.function["base"].function.runtime == "nodejs22.x"
    error_message = "runtime: the functions run on nodejs22.x"
  }
  assert {
    condition     = module.function["base"].function.architectures == tolist(["arm64"])
    error_message = "architecture: the functions run on arm64"
  }
  assert {
    condition     = module.function["base"].function.handler == "index.handler" && module.function["base"].function.source_code_hash == filebase64sha256("tests/bundles/base.zip")
    error_message = "bundle: the function is the zip of its mode, and changes with it"
  }
  assert {
    condition     = module.function["base"].function.memory_size == 512 && module.function["base"].function.timeout == 29
    error_message = "size: 512 MB and 29 s unless asked otherwise"
  }
  assert {
    condition     = module.function["base"].function.tracing_config[0].mode == "PassThrough" && !strcontains(module.function["base"].policy, "xray:")
    error_message = "tracing: off, and not permitted, unless asked for"
  }

  assert {
    condition     = module.function["base"].function.logging_config[0].log_format == "JSON"
    error_message = "log format: logs must be structured"
  }
  assert {
    condition     = module.function["base"].function.logging_config[0].log_group == module.function["base"].log_group.name && module.function["base"].log_group.name == "/aws/lambda/ewm-base"
    error_message = "log group: a function writes to its own"
  }
  assert {
    condition     = module.function["base"].log_group.retention_in_days == 14
    error_message = "function log retention: must be 14 days"
  }

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.this : route.authorization_type == "AWS_IAM"])
    error_message = "authorization: every route must ask for a signed request"
  }
  assert {
    condition     = aws_apigatewayv2_stage.default.default_route_settings[0].throttling_rate_limit == 2 && aws_apigatewayv2_stage.default.default_route_settings[0].throttling_burst_limit == 5
    error_message = "throttle: 2 requests a second, 5 at once"
  }
  assert {
    condition     = aws_apigatewayv2_stage.default.name == "$default" && aws_apigatewayv2_stage.default.auto_deploy
    error_message = "stage: the API has one, $default, which follows its routes"
  }
  assert {
    condition     = length(aws_apigatewayv2_stage.default.access_log_settings) == 0 && length(aws_cloudwatch_log_group.api) == 0
    error_message = "access log: there must be none unless asked for, for strangers write it"
  }
  assert {
    condition     = aws_apigatewayv2_api.this.protocol_type == "HTTP" && length(aws_apigatewayv2_api.this.cors_configuration) == 0 && !aws_apigatewayv2_api.this.disable_execute_api_endpoint
    error_message = "API: an HTTP API without CORS, at its own address"
  }
  assert {
    condition     = alltrue([for it in aws_apigatewayv2_integration.function : it.integration_type == "AWS_PROXY" && it.payload_format_version == "2.0"])
    error_message = "payload format: functions read version 2.0"
  }
  assert {
    condition     = alltrue([for it in aws_apigatewayv2_integration.function : it.timeout_milliseconds == 30000])
    error_message = "integration timeout: a little longer than the function's, at most 30 s"
  }
  assert {
    condition = { for key, it in aws_lambda_permission.route : key => it.source_arn } == {
      "GET /health"          = "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/GET/health"
      "GET /openapi.json"    = "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/GET/openapi.json"
      "POST /agentcore/base" = "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/POST/agentcore/base"
    } && alltrue([for it in aws_lambda_permission.route : it.principal == "apigateway.amazonaws.com" && it.action == "lambda:InvokeFunction"])
    error_message = "permission: the API may call a function through its own route and no other"
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.artifacts.block_public_acls
    error_message = "block_public_acls: must be on"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.artifacts.block_public_policy
    error_message = "block_public_policy: must be on"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.artifacts.ignore_public_acls
    error_message = "ignore_public_acls: must be on"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.artifacts.restrict_public_buckets
    error_message = "restrict_public_buckets: must be on"
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.artifacts.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "ownership: ACLs must be off"
  }
  assert {
    condition     = aws_s3_bucket_versioning.artifacts.versioning_configuration[0].status == "Enabled"
    error_message = "versioning: must be on"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.artifacts.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "encryption: the bucket encrypts with AES256"
  }
  assert {
    condition = anytrue([
      for it in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement :
      it.Effect == "Deny" && it.Principal == "*" && it.Action == "s3:*" && try(it.Condition.Bool["aws:SecureTransport"] == "false", false)
      && it.Resource == ["arn:aws:s3:::mock-bucket", "arn:aws:s3:::mock-bucket/*"]
    ])
    error_message = "TLS: the bucket must refuse requests without it"
  }
  assert {
    condition = anytrue([
      for it in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement :
      it.Effect == "Deny" && it.Principal == "*" && it.Action == "s3:*" && try(it.Condition.NumericLessThan["s3:TlsVersion"] == "1.2", false)
      && it.Resource == ["arn:aws:s3:::mock-bucket", "arn:aws:s3:::mock-bucket/*"]
    ])
    error_message = "TLS version: the bucket must refuse versions before 1.2"
  }
  assert {
    condition = anytrue([
      for it in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement :
      it.Effect == "Deny" && it.Principal == "*" && it.Action == "s3:PutObject" && try(it.Condition == { Null = { "s3:if-none-match" = "true" } }, false)
      && it.Resource == ["arn:aws:s3:::mock-bucket/ewm/artifacts/*", "arn:aws:s3:::mock-bucket/ewm/sessions/*"]
    ])
    error_message = "written once: the bucket must refuse what does not say that its key is new"
  }
  assert {
    condition     = alltrue([for it in jsondecode(aws_s3_bucket_policy.artifacts.policy).Statement : it.Effect == "Deny"])
    error_message = "bucket policy: it takes rights away and gives none"
  }
  assert {
    condition     = alltrue([for it in aws_s3_bucket_lifecycle_configuration.artifacts.rule : it.status == "Enabled"])
    error_message = "lifecycle: every rule must be on"
  }
  assert {
    condition = anytrue([
      for it in aws_s3_bucket_lifecycle_configuration.artifacts.rule : try(it.expiration[0].days == 30 && it.filter[0].prefix == "ewm/", false)
    ])
    error_message = "lifecycle expiry: artifacts must be deleted after 30 days"
  }
  assert {
    condition = anytrue([
      for it in aws_s3_bucket_lifecycle_configuration.artifacts.rule : try(it.noncurrent_version_expiration[0].noncurrent_days == 7 && it.filter[0].prefix == "", false)
    ])
    error_message = "lifecycle versions: old versions must be deleted after 7 days"
  }
  assert {
    condition = anytrue([
      for it in aws_s3_bucket_lifecycle_configuration.artifacts.rule : try(it.abort_incomplete_multipart_upload[0].days_after_initiation == 1, false)
    ])
    error_message = "lifecycle uploads: uploads that were given up must be deleted"
  }
  assert {
    condition = anytrue([
      for it in aws_s3_bucket_lifecycle_configuration.artifacts.rule : try(it.expiration[0].expired_object_delete_marker, false)
    ])
    error_message = "lifecycle markers: delete markers without versions must be deleted"
  }
  assert {
    condition     = aws_s3_bucket.artifacts.bucket == "ewm-artifacts-123456789012-us-east-1" && !aws_s3_bucket.artifacts.force_destroy
    error_message = "force_destroy: a bucket with artifacts must not be destroyed unless asked for"
  }

  assert {
    condition = { for it in jsondecode(module.function["base"].policy).Statement : it.Sid => it } == {
      WriteLog = {
        Sid      = "WriteLog", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:aws:logs:us-east-1:123456789012:log-group:mock:*"]
      }
      NeverInvokeFunctions = {
        Sid      = "NeverInvokeFunctions", Effect = "Deny", Action = ["lambda:InvokeFunction", "lambda:InvokeAsync", "lambda:InvokeFunctionUrl"]
        Resource = ["*"]
      }
      CreateArtifacts = {
        Sid = "CreateArtifacts", Effect = "Allow", Action = ["s3:PutObject"], Resource = ["arn:aws:s3:::mock-bucket/ewm/artifacts/*"]
      }
      CompareArtifacts = {
        Sid = "CompareArtifacts", Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::mock-bucket/ewm/artifacts/*"]
      }
    }
    error_message = "base policy: exactly its log, its artifacts, and no calls of functions"
  }
  assert {
    condition = jsondecode(module.function["base"].role.assume_role_policy).Statement == [
      { Sid = "LambdaOnly", Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }
    ]
    error_message = "trust: only Lambda may take the role"
  }

  assert {
    condition     = length(aws_cloudformation_stack.memory) == 0 && output.memory_id == null
    error_message = "memory: there must be none unless asked for"
  }
  assert {
    condition     = length(aws_budgets_budget.monthly) == 0 && length(aws_budgets_budget_action.stop) == 0
    error_message = "monthly budget: there must be none unless asked for"
  }
  assert {
    condition     = length(aws_sns_topic.alarms) == 0 && length(aws_sns_topic_subscription.alarms) == 0
    error_message = "alarm topic: there must be none unless an address is given"
  }

  assert {
    condition = module.function["base"].function.environment[0].variables == tomap({
      EWM_ARTIFACT_BUCKET    = "ewm-artifacts-123456789012-us-east-1"
      EWM_ARTIFACT_PREFIX    = "ewm/"
      EWM_S3_PATH_STYLE      = "0"
      EWM_CONNECT_TIMEOUT_MS = "1000"
      EWM_S3_TIMEOUT_MS      = "5000"
      EWM_STORE_RESERVE_MS   = "3000"
      EWM_MAX_BODY_BYTES     = "1048576"
      EWM_MAX_ARTIFACT_BYTES = "4194304"
      EWM_MAX_STEPS          = "100"
      EWM_MAX_TOOL_CALLS     = "10"
      EWM_MAX_MODEL_CALLS    = "0"
      MEMORY_MAX_OPS         = "10"
      MEMORY_MAX_BYTES       = "65536"
    })
    error_message = "base environment: exactly the variables of its mode, with the small ceilings"
  }

  assert {
    condition = { for key, it in aws_cloudwatch_metric_alarm.function : key => [it.metric_name, it.statistic, it.period, it.threshold] } == {
      base-throttles    = ["Throttles", "Sum", 300, 0]
      base-errors       = ["Errors", "Sum", 300, 0]
      base-failures     = ["Failures", "Sum", 300, 0]
      base-duration     = ["Duration", "Maximum", 300, 23200]
      base-invocations  = ["Invocations", "Sum", 3600, 720]
      base-budget-trips = ["Refusals", "Sum", 3600, 10]
    }
    error_message = "alarms: throttles, errors, failures, duration, invocations and budget trips of every function"
  }
  assert {
    condition     = alltrue([for it in aws_cloudwatch_metric_alarm.function : it.treat_missing_data == "notBreaching" && it.comparison_operator == "GreaterThanThreshold"])
    error_message = "alarms without data: no requests are no alarm"
  }
  assert {
    condition = alltrue([
      for it in aws_cloudwatch_metric_alarm.function :
      it.namespace == "AWS/Lambda" ? it.dimensions == tomap({ FunctionName = "ewm-base" }) : (
        it.namespace == "ExecutableWorldModels" && it.dimensions == tomap({ service = "agentcore-base" })
      )
    ])
    error_message = "alarm metrics: an alarm looks at the metrics of its function"
  }
  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 7 && aws_cloudwatch_dashboard.this.dashboard_name == "ewm-us-east-1"
    error_message = "dashboard: there is one, with seven graphs"
  }

  assert {
    condition     = output.api_url == "https://mockapi.execute-api.us-east-1.amazonaws.com" && output.region == "us-east-1" && output.artifact_prefix == "ewm/" && output.artifact_bucket == "ewm-artifacts-123456789012-us-east-1"
    error_message = "outputs: where the API and the artifacts are"
  }
  assert {
    condition     = output.function_names == { base = "ewm-base" } && output.modes == tolist(["base"])
    error_message = "outputs: what is deployed"
  }
  assert {
    condition     = output.curl == "curl --silent --show-error --aws-sigv4 \"aws:amz:us-east-1:execute-api\" --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" -H \"x-amz-security-token: $AWS_SESSION_TOKEN\" -H 'content-type: application/json' -d '{}' https://mockapi.execute-api.us-east-1.amazonaws.com/agentcore/base"
    error_message = "curl: a signed request, with the credentials of the environment"
  }
  assert {
    condition     = local.tags == { Application = "executable-world-models", Deployment = "ewm", ManagedBy = "terraform" }
    error_message = "tags: every resource says what it belongs to"
  }
}

# All functions, and no switch: nothing remote exists, and nothing remote may be called.
run "modes_without_switches" {
  variables {
    modes = ["base", "tools", "memory"]
    # Says nothing without a planner.
    planner_qualifier = "live"
  }

  assert {
    condition     = length(aws_cloudformation_stack.memory) == 0
    error_message = "memory with its function: there must be none unless asked for"
  }
  assert {
    condition     = !strcontains(module.function["memory"].policy, "bedrock-agentcore") && module.function["memory"].function.environment[0].variables["ENABLE_AGENTCORE_MEMORY"] == "0" && !contains(keys(module.function["memory"].function.environment[0].variables), "AGENTCORE_MEMORY_ID")
    error_message = "memory permission: none unless asked for"
  }
  assert {
    condition     = !strcontains(module.function["tools"].policy, "CodeInterpreter") && !contains(keys(module.function["tools"].function.environment[0].variables), "AGENTCORE_CODE_INTERPRETER_ID")
    error_message = "code interpreter permission: none unless asked for"
  }
  assert {
    condition = !strcontains(module.function["tools"].policy, "InvokeAgentRuntime") && alltrue([
      for key in keys(module.function["tools"].function.environment[0].variables) : !startswith(key, "AGENTCORE_RUNTIME")
    ])
    error_message = "planner permission: none unless asked for"
  }
}
