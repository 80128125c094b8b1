# The worst case in USD, from prices.json and the limits of this deployment. `ewm cost` computes the same from the output `limits`, and a test
# compares the two; docs/cost.md derives every number. Quantities are whole numbers, prices whole picodollars (10^-12 USD), and roundings go
# up, so that nothing here depends on how a fraction is held.
locals {
  limits = {
    region                   = var.region
    modes                    = sort(tolist(var.modes))
    lambda_memory_mb         = var.lambda_memory_mb
    lambda_timeout_seconds   = var.lambda_timeout_seconds
    throttle_rate_per_second = var.throttle_rate_per_second
    throttle_burst           = var.throttle_burst
    log_retention_days       = var.log_retention_days
    tracing                  = var.tracing
    max_steps                = var.max_steps
    max_tool_calls           = var.max_tool_calls
    max_model_calls          = var.max_model_calls
    max_memory_ops           = var.max_memory_ops
    max_memory_bytes         = var.max_memory_bytes
    max_body_bytes           = var.max_body_bytes
    max_artifact_bytes       = var.max_artifact_bytes
    artifact_expiry_days     = var.artifact_expiry_days
    noncurrent_expiry_days   = var.noncurrent_expiry_days
    kms                      = var.kms_key_arn != null
    memory                   = local.memory_enabled
    code_interpreter         = local.interpreter_enabled
    planner                  = local.planner_enabled
    # The most the service lets a session of a runtime live; the planner is not ours to set.
    planner_session_seconds = 28800
    alarms                  = length(local.alarm_kinds) * length(var.modes)
    dashboards              = 1
    budgets                 = var.monthly_budget_usd == null ? 0 : 1
    emails                  = var.alarm_email != null || var.budget_email != null
  }

  price_table = jsondecode(file("${path.module}/prices.json")).prices
  picodollars = { for name, price in local.price_table : name => floor(tonumber(price.usd) * 1000000000000 + 0.5) }

  # The components of the bill, and the prices each is made of.
  bill_components = {
    lambda           = ["lambda_compute", "lambda_requests"]
    api              = ["api_requests"]
    s3               = ["s3_puts", "s3_gets", "s3_storage", "kms_requests"]
    agentcore_memory = ["memory_events"]
    code_interpreter = ["code_interpreter_cpu", "code_interpreter_memory"]
    runtime          = ["runtime_cpu", "runtime_memory"]
    logs             = ["log_ingestion", "log_storage", "traces"]
    data_transfer    = ["data_out"]
    fixed            = ["metrics", "alarms", "dashboards", "budgets", "emails"]
  }
}

# What one invocation can do at most
locals {
  bill_calls      = min(var.max_tool_calls, var.max_steps, 1000)
  bill_sessions   = local.interpreter_enabled ? local.bill_calls : 0
  bill_goals      = local.planner_enabled ? min(var.max_model_calls, local.bill_calls) : 0
  bill_operations = min(var.max_memory_ops, 1000)
  bill_events     = local.memory_enabled ? local.bill_operations : 0

  # Initialisation is billed, too, for 10 s at most.
  bill_invocation_ms = var.lambda_timeout_seconds * 1000 + 10000

  bill_files = { base = 10, tools = 10, memory = local.memory_enabled ? 8 : 0 }

  # A run with more than the ceiling stores nothing; and all files are whole in the function's memory before the first one is put.
  bill_most_bytes  = min(var.max_artifact_bytes, var.lambda_memory_mb * 1048576)
  bill_base_prices = min(var.max_steps * 1000, floor(var.max_body_bytes / 6) + 10)
  bill_artifact_bytes = {
    base  = min(local.bill_most_bytes, 2048 * local.bill_base_prices + 4096 * min(var.max_steps, local.bill_base_prices) + 8 * var.max_body_bytes + 1048576)
    tools = local.bill_most_bytes
    memory = local.memory_enabled ? min(
      local.bill_most_bytes, 6 * var.max_memory_bytes + 8192 * local.bill_operations + 8 * var.max_body_bytes + 1048576
    ) : 0
  }
  bill_storage_days = var.artifact_expiry_days + var.noncurrent_expiry_days + 2

  # Lambda answers with 6 MB at most.
  bill_answer_bytes = {
    base   = min(6291556, 2 * var.max_body_bytes + 450000)
    tools  = 6291556
    memory = min(6291556, 2 * var.max_body_bytes + 450000 + 2 * var.max_memory_bytes + 8192 * local.bill_operations)
    health = 16384
  }
  # Metered in 512 KB: 10 MB of request, the answer, and the headers of both.
  bill_api_units = { for answer, bytes in local.bill_answer_bytes : answer => ceil((10485760 + 10240) / 512000) + ceil((bytes + 10240) / 512000) }

  bill_function_log_bytes = 16384
  bill_session_log_bytes  = 3072
  bill_access_log_bytes   = 4096
  bill_log_days           = var.log_retention_days + 1

  # Once the function is started.
  bill_acts = { for mode in ["base", "tools", "memory"] : mode => {
    s3_puts                 = local.bill_files[mode]
    s3_gets                 = local.bill_files[mode]
    s3_storage              = (local.bill_artifact_bytes[mode] + local.bill_files[mode] * 2048) * local.bill_storage_days
    kms_requests            = var.kms_key_arn == null ? 0 : 2 * local.bill_files[mode] + 2 + (mode == "memory" ? 2 * local.bill_events : 0)
    memory_events           = mode == "memory" ? local.bill_events : 0
    code_interpreter_cpu    = mode == "tools" ? local.bill_sessions * (var.lambda_timeout_seconds + 30) * 2 : 0
    code_interpreter_memory = mode == "tools" ? local.bill_sessions * (var.lambda_timeout_seconds + 30) * 8 : 0
    runtime_cpu             = mode == "tools" ? local.bill_goals * local.limits.planner_session_seconds * 2 : 0
    runtime_memory          = mode == "tools" ? local.bill_goals * local.limits.planner_session_seconds * 8 : 0
    log_bytes               = mode == "tools" ? local.bill_sessions * local.bill_session_log_bytes : 0
  } }
}

# How often, in an hour
locals {
  # What the throttle of one route lets through, the burst included. AWS calls it a target and not a guarantee.
  bill_requests = ceil(floor(var.throttle_rate_per_second * 100000000 + 0.5) * 3600 / 100000000) + var.throttle_burst
  # An instance of Lambda takes 10 invocations a second, and there is one.
  bill_invocations_max = 10 * 3601
  bill_health_mode     = contains(var.modes, "base") ? "base" : sort(tolist(var.modes))[0]

  bill_hours = { for callers, acting in { api = min(local.bill_requests, local.bill_invocations_max), direct = local.bill_invocations_max } : callers => [
    for mode in sort(tolist(var.modes)) : {
      mode   = mode
      acting = acting
      all    = min(acting + (mode == local.bill_health_mode ? local.bill_requests : 0), local.bill_invocations_max)
      direct = max(0, acting - local.bill_requests)
    }
  ] }
}

# Quantities, by what they are for
locals {
  bill_invocation_quantities = { for mode in sort(tolist(var.modes)) : mode => merge(local.bill_acts[mode], {
    lambda_requests = 1
    lambda_compute  = var.lambda_memory_mb * local.bill_invocation_ms
    traces          = var.tracing ? 1 : 0
    api_requests    = local.bill_api_units[mode]
    data_out        = local.bill_answer_bytes[mode] + 10240
    log_bytes       = local.bill_acts[mode].log_bytes + local.bill_function_log_bytes + local.bill_access_log_bytes
  }) }

  bill_hour_parts = { for callers, functions in local.bill_hours : callers => concat(
    [for function in functions : merge({ for name, quantity in local.bill_acts[function.mode] : name => function.acting * quantity }, {
      lambda_requests = function.all
      # One instance at a time: the hour, what is left of an invocation that began before it, and each rounded up to a millisecond.
      lambda_compute = var.lambda_memory_mb * min(function.all * local.bill_invocation_ms, 3600000 + local.bill_invocation_ms + function.all)
      traces         = var.tracing ? function.all : 0
      api_requests   = local.bill_requests * local.bill_api_units[function.mode]
      data_out       = (local.bill_requests + function.direct) * (local.bill_answer_bytes[function.mode] + 10240)
      log_bytes = (
        function.acting * local.bill_acts[function.mode].log_bytes + function.all * local.bill_function_log_bytes
        + local.bill_requests * local.bill_access_log_bytes
      )
    })],
    [{
      api_requests = local.bill_requests * local.bill_api_units.health
      data_out     = local.bill_requests * (local.bill_answer_bytes.health + 10240)
      log_bytes    = local.bill_requests * local.bill_access_log_bytes
    }],
  ) }

  bill_parts = merge(
    { for mode, quantities in local.bill_invocation_quantities : "invocation-${mode}" => [quantities] },
    { for callers, parts in local.bill_hour_parts : "hour-${callers}" => parts },
    {
      # What a month costs that nobody uses, in the longest one.
      standing = [{ metrics = 9 * length(var.modes), alarms = local.limits.alarms, dashboards = 1, budgets = local.limits.budgets * 31 }]
      # Alarms that never rest, each evaluated once a minute.
      notified = [{ emails = local.limits.emails ? (local.limits.alarms + local.limits.budgets) * 60 : 0 }]
      # The access log of requests that the API refuses, at the 10,000 a second that an account takes.
      refusals = [{ log_bytes = 10000 * 3600 * local.bill_access_log_bytes }]
    },
  )

  bill_log_bytes = { for what, parts in local.bill_parts : what => sum([for part in parts : lookup(part, "log_bytes", 0)]) }
  bill_quantities = { for what, parts in local.bill_parts : what => merge(
    { for name in keys(local.price_table) : name => sum([for part in parts : lookup(part, name, 0)]) },
    { log_ingestion = local.bill_log_bytes[what], log_storage = local.bill_log_bytes[what] * local.bill_log_days },
  ) }
}

# Money
locals {
  bill_amounts = { for what, quantities in local.bill_quantities : what => {
    for component, names in local.bill_components : component =>
    sum([for name in names : ceil(quantities[name] * local.picodollars[name] / local.price_table[name].per)])
  } }

  # Spread over the hours of the shortest month; added up over those of the longest.
  bill_by_time = merge([for callers in keys(local.bill_hours) : {
    "${callers}-hour" = { for component, amount in local.bill_amounts["hour-${callers}"] : component =>
      amount + local.bill_amounts.notified[component] + ceil(local.bill_amounts.standing[component] / 672)
    }
    "${callers}-month" = { for component, amount in local.bill_amounts["hour-${callers}"] : component =>
      (amount + local.bill_amounts.notified[component]) * 744 + local.bill_amounts.standing[component]
    }
  }]...)

  # Up to the next millionth of a dollar; a total is the sum of what is shown.
  bill_microdollars = { for what, amounts in merge(local.bill_amounts, local.bill_by_time) : what => {
    for component, amount in amounts : component => ceil(amount / 1000000)
  } }
  bill_totals = { for what, amounts in local.bill_microdollars : what => sum(values(amounts)) }
  bill_charges = { for what, amounts in local.bill_microdollars : what => {
    total        = format("%.6f", local.bill_totals[what] / 1000000)
    by_component = { for component, amount in amounts : component => format("%.6f", amount / 1000000) }
  } }

  bill_dearest_mode = [
    for mode in sort(tolist(var.modes)) : mode
    if local.bill_totals["invocation-${mode}"] == max([for other in var.modes : local.bill_totals["invocation-${other}"]]...)
  ][0]

  worst_case_bill = {
    per_invocation = merge(local.bill_charges["invocation-${local.bill_dearest_mode}"], {
      mode    = local.bill_dearest_mode
      by_mode = { for mode in var.modes : mode => local.bill_charges["invocation-${mode}"] }
    })
    per_hour  = local.bill_charges["api-hour"]
    per_month = local.bill_charges["api-month"]
    with_direct_invocations = {
      per_hour  = local.bill_charges["direct-hour"]
      per_month = local.bill_charges["direct-month"]
    }
    refused_requests_per_hour = local.bill_charges["refusals"].total
  }
}

output "worst_case_bill" {
  description = "The most that this deployment can cost, in USD, by component: an invocation, an hour, a month. An upper bound and no forecast; docs/cost.md says what it does not cover."
  value       = local.worst_case_bill
}

output "limits" {
  description = "What the bill follows from: the input of `ewm cost --limits`."
  value       = local.limits
}
