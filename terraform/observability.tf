# What tells an operator that something fails, waits or costs: alarms on every function, one page of graphs, and who is told.
locals {
  # A tenth of what the throttle lets through in an hour: more than a person makes, and far from the worst case.
  invocations_alarm_per_hour = coalesce(var.invocations_alarm_per_hour, max(1, floor(var.throttle_rate_per_second * 360)))

  # The namespace, the dimension and the names that the functions write their own metrics under.
  metrics_namespace = "ExecutableWorldModels"

  alarm_kinds = {
    throttles = {
      namespace   = "AWS/Lambda", metric = "Throttles", statistic = "Sum", period = 300, threshold = 0
      description = "Invocations were turned away: more than one at a time. Nothing was charged for them; the callers try again."
    }
    errors = {
      namespace   = "AWS/Lambda", metric = "Errors", statistic = "Sum", period = 300, threshold = 0
      description = "Invocations ended without an answer: a timeout, no memory left, or a start that failed. The log says which."
    }
    failures = {
      namespace   = local.metrics_namespace, metric = "Failures", statistic = "Sum", period = 300, threshold = 0
      description = "Requests were answered with 500 or more: a dependency failed, time ran out, or there is a bug. The log says which."
    }
    duration = {
      namespace = "AWS/Lambda", metric = "Duration", statistic = "Maximum", period = 300
      # Of each function: 80 % of its timeout.
      threshold   = null
      description = "An invocation took more than 80 % of its timeout."
    }
    invocations = {
      namespace   = "AWS/Lambda", metric = "Invocations", statistic = "Sum", period = 3600, threshold = local.invocations_alarm_per_hour
      description = "More invocations in an hour than expected: this is what costs."
    }
    budget-trips = {
      namespace   = local.metrics_namespace, metric = "Refusals", statistic = "Sum", period = 3600, threshold = var.budget_trips_alarm_per_hour
      description = "Budgets stopped more requests in an hour than expected. The log names the limiter of each; raise that ceiling, or ask the callers."
    }
  }

  # Only where a function begins sessions: what is not asked for has no alarm to pay for.
  session_alarms = {
    for mode in setintersection(var.modes, ["tools", "sessions", "mcp"]) : "${mode}-sessions-not-stopped" => {
      namespace   = local.metrics_namespace, metric = "SessionsNotStopped", statistic = "Sum", period = 300, threshold = 0
      description = "A session of the code interpreter or the planner could not be stopped, or its start was not answered: it is billed until its own timeout. The log has its id."
      dimensions  = { service = local.functions[mode].service }
      kind        = "sessions-not-stopped"
    } if local.interpreter_enabled || local.planner_enabled
  }

  # What was stored and could not be signed.
  signing_alarms = {
    for mode in var.modes : "${mode}-not-signed" => {
      namespace   = local.metrics_namespace, metric = "NotSigned", statistic = "Sum", period = 300, threshold = 0
      description = "A run or a segment was stored and could not be signed. The log says why (not_signed); the same request again signs it, and so does ewm sign."
      dimensions  = { service = local.functions[mode].service }
      kind        = "not-signed"
    } if var.enable_signing
  }

  alarms = merge(local.session_alarms, local.signing_alarms, [
    for mode in var.modes : {
      for kind, alarm in local.alarm_kinds : "${mode}-${kind}" => merge(alarm, {
        kind       = kind
        threshold  = alarm.threshold == null ? local.functions[mode].timeout_seconds * 1000 * 0.8 : alarm.threshold
        dimensions = alarm.namespace == "AWS/Lambda" ? { FunctionName = module.function[mode].function.function_name } : { service = local.functions[mode].service }
      })
    }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "function" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  # No data is no requests.
  treat_missing_data = "notBreaching"
  alarm_actions      = concat(aws_sns_topic.alarms[*].arn, contains(var.stop_on_alarm, each.value.kind) ? local.stop_topics : [])
  ok_actions         = aws_sns_topic.alarms[*].arn
}

resource "aws_sns_topic" "alarms" {
  count = var.alarm_email == null ? 0 : 1

  name = "${var.name}-alarms"
}

# Whoever reads the address has to confirm it; until then nothing is sent.
resource "aws_sns_topic_subscription" "alarms" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_budgets_budget" "monthly" {
  count = var.monthly_budget_usd == null && var.budget_email == null ? 0 : 1

  name         = "${var.name}-${var.region}"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = try(format("%.2f", var.monthly_budget_usd), null)
  limit_unit   = "USD"

  dynamic "notification" {
    for_each = [{ type = "ACTUAL", percent = 80 }, { type = "ACTUAL", percent = 100 }, { type = "FORECASTED", percent = 100 }]

    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.value.type
      threshold                  = notification.value.percent
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = compact([var.budget_email])
      # At what is really spent, and at no forecast.
      subscriber_sns_topic_arns = local.stop_by_budget && notification.value == { type = "ACTUAL", percent = 100 } ? local.stop_topics : []
    }
  }

  lifecycle {
    precondition {
      condition     = var.monthly_budget_usd != null && var.budget_email != null
      error_message = "monthly_budget_usd and budget_email go together: set both for a monthly budget, or neither."
    }
  }
}

# A budget that acts: it puts a policy that denies everything beside those of the functions' roles. What is running ends with a failed dependency.
resource "aws_budgets_budget_action" "stop" {
  count = var.budget_action_percent == null ? 0 : 1

  budget_name        = try(aws_budgets_budget.monthly[0].name, "none")
  action_type        = "APPLY_IAM_POLICY"
  approval_model     = "AUTOMATIC"
  notification_type  = "ACTUAL"
  execution_role_arn = aws_iam_role.budget_action[0].arn

  action_threshold {
    action_threshold_type  = "PERCENTAGE"
    action_threshold_value = var.budget_action_percent
  }

  definition {
    iam_action_definition {
      policy_arn = local.deny_all_arn
      roles      = [for mode in sort(keys(module.function)) : module.function[mode].role.name]
    }
  }

  subscriber {
    address           = coalesce(var.budget_email, "nobody@example.com")
    subscription_type = "EMAIL"
  }

  lifecycle {
    precondition {
      condition     = var.monthly_budget_usd != null && var.budget_email != null
      error_message = "budget_action_percent is a share of a budget: set monthly_budget_usd and budget_email, too."
    }
  }

  depends_on = [aws_iam_role_policy.budget_action]
}

locals {
  deny_all_arn = "arn:${local.partition}:iam::aws:policy/AWSDenyAll"

  # What AWS Budgets may do: attach that one policy to the roles of the functions, and take it off again.
  budget_action_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "StopFunctions"
      Effect    = "Allow"
      Action    = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
      Resource  = [for mode in sort(keys(module.function)) : module.function[mode].role.arn]
      Condition = { ArnEquals = { "iam:PolicyARN" = local.deny_all_arn } }
    }]
  }
}

resource "aws_iam_role" "budget_action" {
  count = var.budget_action_percent == null ? 0 : 1

  name        = "${var.name}-budget-action-${var.region}"
  description = "What AWS Budgets may do to the functions of ${var.name}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "BudgetsOnly"
      Effect    = "Allow"
      Principal = { Service = "budgets.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "budget_action" {
  count = var.budget_action_percent == null ? 0 : 1

  name   = "budget-action"
  role   = aws_iam_role.budget_action[0].id
  policy = jsonencode(local.budget_action_policy)
}

locals {
  dashboard_modes = sort(tolist(var.modes))

  # A row a graph; a graph has a line for each mode and metric.
  dashboard_graphs = [
    { title = "Requests, refusals, failures", stat = "Sum", namespace = local.metrics_namespace, metrics = ["Requests", "Refusals", "Failures"] },
    { title = "Spent by requests", stat = "Sum", namespace = local.metrics_namespace, metrics = ["Steps", "ToolCalls", "ModelCalls", "MemoryOps"] },
    { title = "Memory, bytes", stat = "Sum", namespace = local.metrics_namespace, metrics = ["MemoryBytes"] },
    { title = "Invocations, throttles, errors", stat = "Sum", namespace = "AWS/Lambda", metrics = ["Invocations", "Throttles", "Errors"] },
    { title = "Duration, ms (longest)", stat = "Maximum", namespace = "AWS/Lambda", metrics = ["Duration"] },
  ]

  dashboard_widgets = concat(
    [for index, graph in local.dashboard_graphs : {
      type = "metric", width = 12, height = 6, x = index % 2 * 12, y = floor(index / 2) * 6
      properties = {
        title = graph.title, region = var.region, view = "timeSeries", stat = graph.stat, period = 300
        metrics = [for line in setproduct(local.dashboard_modes, graph.metrics) : concat(
          [graph.namespace, line[1]],
          graph.namespace == "AWS/Lambda" ? ["FunctionName", module.function[line[0]].function.function_name] : ["service", local.functions[line[0]].service],
        )]
      }
    }],
    [{
      type = "metric", width = 12, height = 6, x = 12, y = 12
      properties = {
        title   = "API: requests, 4xx, 5xx", region = var.region, view = "timeSeries", stat = "Sum", period = 300
        metrics = [for metric in ["Count", "4xx", "5xx"] : ["AWS/ApiGateway", metric, "ApiId", aws_apigatewayv2_api.this.id]]
      }
    }],
    [{
      type       = "alarm", width = 24, height = 4, x = 0, y = 18
      properties = { title = "Alarms", alarms = [for key in sort(keys(local.alarms)) : aws_cloudwatch_metric_alarm.function[key].arn] }
    }],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  # Dashboards of all Regions share their names.
  dashboard_name = "${var.name}-${var.region}"
  dashboard_body = jsonencode({ widgets = local.dashboard_widgets })
}
