# What is not legal is refused before anything is planned, by the variable that is wrong.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region           = "us-east-1"
  bundle_directory = "tests/bundles"
}

# Has every variable that is checked: Terraform skips the runs after one that ends in an error, and the mutation test needs them all.
run "too_small" {
  command = plan

  variables {
    region                      = ""
    tags                        = { "" = "no key" }
    kms_key_arn                 = ""
    api_authorization           = ""
    planner_runtime_arn         = ""
    alarm_email                 = ""
    budget_email                = ""
    name                        = "e"
    modes                       = []
    bundle_directory            = ""
    throttle_rate_per_second    = 0.5
    throttle_burst              = 0
    runtime                     = "nodejs20.x"
    lambda_memory_mb            = 127
    lambda_timeout_seconds      = 6
    async_event_age_seconds     = 59
    sessions_concurrency        = 0
    stop_on_alarm               = ["errors", "full-moon"]
    log_retention_days          = 0
    connect_timeout_ms          = 0
    s3_timeout_ms               = 0
    agentcore_timeout_ms        = 0
    store_reserve_ms            = -1
    max_steps                   = 0
    max_tool_calls              = -1
    max_model_calls             = -1
    max_memory_ops              = -1
    max_memory_bytes            = -1
    day_budget                  = { max_steps = -1 }
    optional_ceilings           = { max_wall_ms = -1 }
    base_path                   = "/"
    cors_origins                = [""]
    max_body_bytes              = 0
    max_artifact_bytes          = 65535
    artifact_bucket_name        = "ab"
    artifact_prefix             = ""
    artifact_expiry_days        = 0
    noncurrent_expiry_days      = 0
    signing_keys                = 0
    sweep_concurrency           = 0
    max_sweep_cost_usd          = 0
    memory_event_expiry_days    = 6
    memory_actor_id             = ""
    code_interpreter_id         = ""
    planner_qualifier           = ""
    invocations_alarm_per_hour  = 0
    budget_trips_alarm_per_hour = -1
    monthly_budget_usd          = 0
    budget_action_percent       = 0
    gateway_plane               = ""
    gateway_jwt                 = { discovery_url = "", audience = [] }
  }

  expect_failures = [
    var.name, var.modes, var.bundle_directory, var.throttle_rate_per_second, var.throttle_burst, var.runtime, var.lambda_memory_mb,
    var.lambda_timeout_seconds, var.async_event_age_seconds, var.sessions_concurrency, var.stop_on_alarm, var.log_retention_days, var.connect_timeout_ms,
    var.s3_timeout_ms, var.agentcore_timeout_ms, var.store_reserve_ms, var.max_steps, var.max_tool_calls, var.max_model_calls, var.max_memory_ops,
    var.max_memory_bytes, var.max_body_bytes, var.artifact_bucket_name, var.artifact_prefix, var.artifact_expiry_days,
    var.noncurrent_expiry_days, var.memory_event_expiry_days, var.memory_actor_id, var.code_interpreter_id, var.planner_qualifier,
    var.invocations_alarm_per_hour, var.budget_trips_alarm_per_hour, var.monthly_budget_usd, var.budget_action_percent, var.region, var.tags, var.kms_key_arn,
    var.api_authorization, var.planner_runtime_arn, var.alarm_email, var.budget_email, var.max_artifact_bytes, var.optional_ceilings, var.base_path,
    var.cors_origins, var.day_budget, var.gateway_plane, var.gateway_jwt, var.signing_keys, var.sweep_concurrency, var.max_sweep_cost_usd,
  ]
}

run "too_large" {
  command = plan

  variables {
    name                     = "a-name-of-21-characte"
    modes                    = ["base", "planner"]
    throttle_rate_per_second = 1001
    throttle_burst           = 1001
    lambda_memory_mb         = 10241
    lambda_timeout_seconds   = 30
    async_event_age_seconds  = 21601
    sessions_concurrency     = 101
    log_retention_days       = 3654
    connect_timeout_ms       = 29001
    s3_timeout_ms            = 29001
    agentcore_timeout_ms     = 29001
    store_reserve_ms         = 20001
    max_steps                = 9007199254740992
    max_tool_calls           = 9007199254740992
    max_model_calls          = 9007199254740992
    max_memory_ops           = 9007199254740992
    max_memory_bytes         = 9007199254740992
    max_body_bytes           = 6291457
    max_artifact_bytes       = 9007199254740992
    artifact_bucket_name     = "a2345678901234567890123456789012345678901234567890123456789012345"
    artifact_expiry_days     = 36501
    noncurrent_expiry_days   = 36501
    signing_keys             = 21
    sweep_concurrency        = 1001
    max_sweep_cost_usd       = 100001
    memory_event_expiry_days = 366
    planner_qualifier        = "e2345678901234567890123456789012345678901234567890123456789012345"
  }

  expect_failures = [
    var.name, var.modes, var.throttle_rate_per_second, var.throttle_burst, var.lambda_memory_mb, var.lambda_timeout_seconds,
    var.async_event_age_seconds, var.sessions_concurrency, var.log_retention_days, var.connect_timeout_ms, var.s3_timeout_ms, var.agentcore_timeout_ms,
    var.store_reserve_ms, var.max_steps, var.max_tool_calls, var.max_model_calls, var.max_memory_ops, var.max_memory_bytes,
    var.max_body_bytes, var.artifact_bucket_name, var.artifact_expiry_days, var.noncurrent_expiry_days, var.memory_event_expiry_days,
    var.planner_qualifier, var.max_artifact_bytes, var.signing_keys, var.sweep_concurrency, var.max_sweep_cost_usd,
  ]
}

run "no_integers" {
  command = plan

  variables {
    throttle_burst              = 5.5
    lambda_memory_mb            = 512.5
    lambda_timeout_seconds      = 28.5
    async_event_age_seconds     = 60.5
    sessions_concurrency        = 1.5
    log_retention_days          = 14.5
    connect_timeout_ms          = 1000.5
    s3_timeout_ms               = 5000.5
    agentcore_timeout_ms        = 20000.5
    store_reserve_ms            = 3000.5
    max_steps                   = 100.5
    max_tool_calls              = 10.5
    max_model_calls             = 0.5
    max_memory_ops              = 10.5
    max_memory_bytes            = 65536.5
    max_body_bytes              = 1048576.5
    max_artifact_bytes          = 4194304.5
    artifact_expiry_days        = 90.5
    noncurrent_expiry_days      = 7.5
    signing_keys                = 1.5
    memory_event_expiry_days    = 30.5
    invocations_alarm_per_hour  = 50.5
    budget_trips_alarm_per_hour = 10.5
  }

  expect_failures = [
    var.throttle_burst, var.lambda_memory_mb, var.lambda_timeout_seconds, var.sessions_concurrency, var.async_event_age_seconds, var.log_retention_days,
    var.connect_timeout_ms, var.s3_timeout_ms, var.agentcore_timeout_ms, var.store_reserve_ms, var.max_steps, var.max_tool_calls,
    var.max_model_calls, var.max_memory_ops, var.max_memory_bytes, var.max_body_bytes, var.artifact_expiry_days,
    var.noncurrent_expiry_days, var.memory_event_expiry_days, var.invocations_alarm_per_hour, var.budget_trips_alarm_per_hour,
    var.max_artifact_bytes, var.signing_keys,
  ]
}

run "malformed" {
  command = plan

  variables {
    region               = "Frankfurt"
    name                 = "Ewm_1"
    tags                 = { "aws:mine" = "yes" }
    kms_key_arn          = "alias/mine"
    api_authorization    = "JWT"
    artifact_bucket_name = "Not_A_Bucket"
    artifact_prefix      = "no-slash"
    memory_actor_id      = "-ewm"
    code_interpreter_id  = "arn:aws:bedrock-agentcore:us-east-1:aws:code-interpreter/aws.codeinterpreter.v1"
    planner_runtime_arn  = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789/runtime-endpoint/live"
    planner_qualifier    = "not legal"
    alarm_email          = "nobody"
    optional_ceilings    = { max_coffee = 1 }
    budget_email         = "nobody@home"
    gateway_plane        = "agents"
    gateway_jwt          = { discovery_url = "http://issuer.example/.well-known/openid-configuration", audience = ["one"] }
  }

  expect_failures = [
    var.region, var.name, var.tags, var.kms_key_arn, var.api_authorization, var.artifact_bucket_name, var.artifact_prefix,
    var.memory_actor_id, var.code_interpreter_id, var.planner_runtime_arn, var.planner_qualifier, var.alarm_email, var.budget_email,
    var.optional_ceilings, var.gateway_plane, var.gateway_jwt,
  ]
}

run "hidden_prefix" {
  command = plan

  variables {
    artifact_prefix = "../up/"
  }

  expect_failures = [var.artifact_prefix]
}

run "budget_without_email" {
  command = plan

  variables {
    monthly_budget_usd = 20
  }

  expect_failures = [aws_budgets_budget.monthly]
}

run "email_without_budget" {
  command = plan

  variables {
    budget_email = "owner@example.com"
  }

  expect_failures = [aws_budgets_budget.monthly]
}

run "action_without_budget" {
  command = plan

  variables {
    budget_action_percent = 100
  }

  expect_failures = [aws_budgets_budget_action.stop]
}
