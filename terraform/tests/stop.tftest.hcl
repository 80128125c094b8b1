# The stop switch: an object that is always there, and alarms that pull it where they are asked to.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region           = "us-east-1"
  bundle_directory = "tests/bundles"
  modes            = ["base", "tools"]
}

run "a_switch_and_nobody_who_pulls_it" {
  assert {
    condition = [
      aws_s3_object.stop_switch.key, aws_s3_object.stop_switch.content, aws_s3_object.stop_switch.bucket
    ] == ["stop.json", "{\"stopped\":false}\n", "ewm-artifacts-123456789012-us-east-1"]
    error_message = "stop switch: it is not set, and not below the prefix that expires"
  }
  assert {
    condition     = output.stop_switch == { bucket = "ewm-artifacts-123456789012-us-east-1", key = "stop.json", functions = { "ewm-base" = 1, "ewm-tools" = 1 } }
    error_message = "stop switch output: where it is, and what each function gets back"
  }
  assert {
    condition     = !contains(keys(module.function["base"].function.environment[0].variables), "EWM_STOP_KEY") && module.function["tools"].function.environment[0].variables["EWM_STOP_KEY"] == "stop.json"
    error_message = "stop key: told to who reaches outside, and to nobody else"
  }
  assert {
    condition = length(aws_sns_topic.stop) + length(module.stop_function) + length(aws_lambda_permission.stop) + length(aws_sns_topic_subscription.stop) == 0 && (
      alltrue([for it in aws_cloudwatch_metric_alarm.function : length(it.alarm_actions) == 0])
    )
    error_message = "stop on alarm: off unless it is asked for"
  }
}

run "alarms_that_pull_it" {
  variables {
    stop_on_alarm      = ["invocations", "monthly-budget"]
    monthly_budget_usd = 20
    budget_email       = "me@example.com"
  }

  assert {
    condition = [
      for key, it in aws_cloudwatch_metric_alarm.function : key if it.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:mock"])
    ] == ["base-invocations", "tools-invocations"]
    error_message = "stop alarms: those that were named pull it, and no others"
  }
  assert {
    condition = [
      for it in aws_budgets_budget.monthly[0].notification : it.threshold if length(coalesce(it.subscriber_sns_topic_arns, [])) > 0
    ] == [100] && length([for it in aws_budgets_budget.monthly[0].notification : it if it.notification_type == "FORECASTED" && length(coalesce(it.subscriber_sns_topic_arns, [])) > 0]) == 0
    error_message = "stop budget: at all of it really spent, and at no forecast"
  }
  assert {
    condition = [for s in jsondecode(module.stop_function[0].policy).Statement : s if !contains(["WriteLog", "NeverInvokeFunctions"], s.Sid)] == [
      { Action = ["s3:PutObject"], Effect = "Allow", Resource = ["arn:aws:s3:::mock-bucket/stop.json"], Sid = "SetStopSwitch" },
      {
        Action = ["lambda:PutFunctionConcurrency"], Effect = "Allow", Sid = "HoldFunctionsOff"
        Resource = [
          "arn:aws:lambda:us-east-1:123456789012:function:ewm-base", "arn:aws:lambda:us-east-1:123456789012:function:ewm-tools"
        ]
      },
    ]
    error_message = "stop policy: that one object and these functions, and nothing that lets anything go on"
  }
  assert {
    condition = module.stop_function[0].function.environment[0].variables == tomap({
      EWM_ARTIFACT_BUCKET = "ewm-artifacts-123456789012-us-east-1", EWM_STOP_KEY = "stop.json", EWM_STOP_FUNCTIONS = "ewm-base,ewm-tools"
    }) && module.stop_function[0].function.reserved_concurrent_executions == 1
    error_message = "stop function: what it stops, one at a time"
  }
  assert {
    condition = jsondecode(aws_sns_topic_policy.stop[0].policy).Statement == [{
      Sid       = "AlarmsOfThisAccount", Effect = "Allow", Action = "sns:Publish", Resource = ["arn:aws:sns:us-east-1:123456789012:mock"]
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
    error_message = "stop topic: alarms and budgets of this account write to it, and nobody else"
  }
  assert {
    condition     = aws_lambda_permission.stop[0].principal == "sns.amazonaws.com" && aws_lambda_permission.stop[0].source_arn == "arn:aws:sns:us-east-1:123456789012:mock" && aws_sns_topic_subscription.stop[0].endpoint == "arn:aws:lambda:us-east-1:123456789012:function:ewm-stop"
    error_message = "stop permission: its topic may invoke it, and nothing else"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.stop_failed[0].dimensions["FunctionName"] == "ewm-stop" && aws_cloudwatch_metric_alarm.stop_failed[0].threshold == 0
    error_message = "stop errors: a stop that failed raises an alarm"
  }
  assert {
    condition     = output.limits.stop_alarms == 3 && output.limits.alarms == 13
    error_message = "stop bill: each alarm that pulls it counts"
  }
}

run "an_alarm_that_is_none" {
  command = plan

  variables {
    stop_on_alarm = ["noise"]
  }

  expect_failures = [var.stop_on_alarm]
}
