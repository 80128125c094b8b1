# What a bill follows from. `ewm cost` works it out, and the targets of the Makefile print it below every plan; docs/cost.md derives it.
# Every value is known before anything is made, so that a plan has a bill, too.
locals {
  limits = {
    region                   = var.region
    modes                    = sort(tolist(var.modes))
    lambda_memory_mb         = var.lambda_memory_mb
    lambda_timeout_seconds   = var.lambda_timeout_seconds
    sessions_concurrency     = var.sessions_concurrency
    throttle_rate_per_second = var.throttle_rate_per_second
    throttle_burst           = var.throttle_burst
    log_retention_days       = var.log_retention_days
    tracing                  = var.tracing
    spans                    = var.spans
    access_log               = var.access_log
    cors                     = length(var.cors_origins) > 0
    max_steps                = var.max_steps
    max_tool_calls           = var.max_tool_calls
    max_model_calls          = var.max_model_calls
    max_memory_ops           = var.max_memory_ops
    max_memory_bytes         = var.max_memory_bytes
    day_budget               = length(var.day_budget) > 0
    max_body_bytes           = var.max_body_bytes
    max_artifact_bytes       = var.max_artifact_bytes
    artifact_expiry_days     = var.artifact_expiry_days
    noncurrent_expiry_days   = var.noncurrent_expiry_days
    kms                      = var.kms_key_arn != null
    signing                  = var.enable_signing
    sign_segments            = var.enable_signing && var.sign_segments
    signing_keys             = var.enable_signing ? var.signing_keys : 0
    memory                   = local.memory_enabled
    code_interpreter         = local.interpreter_enabled
    planner                  = local.planner_enabled
    # The most the service lets a session of a runtime live; the planner is not ours to set.
    planner_session_seconds = 28800
    alarms                  = length(local.alarm_kinds) * length(var.modes) + length(local.session_alarms) + length(local.signing_alarms) + (local.stop_pulled ? 1 : 0)
    dashboards              = 1
    budgets                 = var.monthly_budget_usd == null ? 0 : 1
    budget_actions          = var.budget_action_percent == null ? 0 : 1
    stop_alarms             = local.stop_alarm_count + (local.stop_by_budget ? 1 : 0)
    emails                  = var.alarm_email != null || var.budget_email != null
  }
}

output "limits" {
  description = "What the worst-case bill follows from. terraform output -json limits | ewm cost --limits - prints it."
  value       = local.limits
}
