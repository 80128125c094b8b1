# Sweeps: nothing unless asked for; then a function that reads its sweep and no more, and a machine that calls that function and no other.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region           = "us-east-1"
  bundle_directory = "tests/bundles"
}

run "off" {
  assert {
    condition     = length(aws_sfn_state_machine.sweeps) == 0 && length(module.cell) == 0 && length(aws_iam_role.sweeps) == 0 && output.sweeps == null
    error_message = "sweeps off: no machine, no function and no role unless asked for"
  }
}

run "on" {
  variables {
    enable_sweeps = true
  }

  assert {
    condition     = module.cell[0].function.reserved_concurrent_executions == 10 && jsondecode(aws_sfn_state_machine.sweeps[0].definition).States.Cells.MaxConcurrency == 10
    error_message = "sweep concurrency: the function and the map take as many cells at a time, 10 unless asked otherwise"
  }
  assert {
    condition     = module.cell[0].invoke_config.maximum_retry_attempts == 0 && jsondecode(aws_sfn_state_machine.sweeps[0].definition).States.Cells.ToleratedFailureCount == 0 && !strcontains(aws_sfn_state_machine.sweeps[0].definition, "\"Retry\"")
    error_message = "sweep retries: none, and no failure is tolerated"
  }
  assert {
    condition = jsondecode(aws_sfn_state_machine.sweeps[0].definition).States.Cells.ItemProcessor.ProcessorConfig == {
      Mode = "DISTRIBUTED", ExecutionType = "EXPRESS"
      } && jsondecode(aws_sfn_state_machine.sweeps[0].definition).States.Cells.ItemReader.ReaderConfig == {
      InputType = "JSONL", MaxItems = output.sweeps.cells_max
    } && output.sweeps.cells_max > 1000 && output.sweeps.cells_max < 10000
    error_message = "sweep map: express children, and no more items than max_sweep_cost_usd pays for"
  }
  assert {
    condition = { for it in jsondecode(module.cell[0].policy).Statement : it.Sid => it } == {
      WriteLog = {
        Sid      = "WriteLog", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:aws:logs:us-east-1:123456789012:log-group:mock:*"]
      }
      NeverInvokeFunctions = {
        Sid      = "NeverInvokeFunctions", Effect = "Deny", Action = ["lambda:InvokeFunction", "lambda:InvokeAsync", "lambda:InvokeFunctionUrl"]
        Resource = ["*"]
      }
      ReadSweep = {
        Sid      = "ReadSweep", Effect = "Allow", Action = ["s3:GetObject"]
        Resource = ["arn:aws:s3:::mock-bucket/ewm/sweeps/*/spec.json", "arn:aws:s3:::mock-bucket/ewm/sweeps/*/market.jsonl"]
      }
    }
    error_message = "cell policy: its log and the spec and the market of sweeps, nothing to write and no calls of functions"
  }
  assert {
    condition = { for it in jsondecode(aws_iam_role_policy.sweeps[0].policy).Statement : it.Sid => it } == {
      RunCells = {
        Sid      = "RunCells", Effect = "Allow", Action = ["lambda:InvokeFunction"]
        Resource = ["arn:aws:lambda:us-east-1:123456789012:function:ewm-cell"]
      }
      ReadItems = {
        Sid = "ReadItems", Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::mock-bucket/ewm/sweeps/*/items.jsonl"]
      }
      WriteResults = {
        Sid      = "WriteResults", Effect = "Allow"
        Action   = ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        Resource = ["arn:aws:s3:::mock-bucket/ewm/sweeps/*/results/*"]
      }
      StartChildren = {
        Sid      = "StartChildren", Effect = "Allow", Action = ["states:StartExecution"]
        Resource = ["arn:aws:states:us-east-1:123456789012:stateMachine:ewm-sweeps"]
      }
      FollowChildren = {
        Sid    = "FollowChildren", Effect = "Allow"
        Action = ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"]
        Resource = [
          "arn:aws:states:us-east-1:123456789012:execution:ewm-sweeps:*",
          "arn:aws:states:us-east-1:123456789012:execution:ewm-sweeps/Cells:*",
        ]
      }
    }
    error_message = "sweep machine policy: the one function, the items, the results and its own executions"
  }
}

run "stopped_with_the_rest" {
  variables {
    enable_sweeps         = true
    stop_on_alarm         = ["invocations"]
    monthly_budget_usd    = 20
    budget_email          = "me@example.com"
    budget_action_percent = 90
  }

  assert {
    condition     = output.stop_switch.functions == { "ewm-base" = 1, "ewm-cell" = 10 }
    error_message = "sweep stop: the stop switch holds cells off, and gives them back what they had"
  }
  assert {
    condition = module.stop_function[0].function.environment[0].variables["EWM_STOP_FUNCTIONS"] == "ewm-base,ewm-cell" && [
      for it in jsondecode(module.stop_function[0].policy).Statement : it.Resource if it.Sid == "HoldFunctionsOff"
    ] == [["arn:aws:lambda:us-east-1:123456789012:function:ewm-base", "arn:aws:lambda:us-east-1:123456789012:function:ewm-cell"]]
    error_message = "sweep alarms: an alarm that stops functions stops cells"
  }
  assert {
    condition     = one(one(aws_budgets_budget_action.stop[0].definition).iam_action_definition).roles == toset(["ewm-base-us-east-1", "ewm-cell-us-east-1", "ewm-sweeps-us-east-1"])
    error_message = "sweep budget action: the roles of cells and of the machine lose every permission"
  }
}

run "bounded_by_its_cost" {
  variables {
    enable_sweeps      = true
    sweep_concurrency  = 3
    max_sweep_cost_usd = 0.1
  }

  assert {
    condition     = output.sweeps.cells_max >= 100 && output.sweeps.cells_max < 1000 && module.cell[0].function.reserved_concurrent_executions == 3
    error_message = "sweep cost: a tenth of the money reads a tenth of the cells"
  }
}
