# Sessions: one more function, which writes and reads below its own folder, and finds what is newest there.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region           = "us-east-1"
  bundle_directory = "tests/bundles"
  modes            = ["sessions"]
}

run "alone" {
  assert {
    condition = toset(keys(aws_apigatewayv2_route.this)) == toset([
      "GET /health", "GET /openapi.json", "POST /sessions", "GET /sessions", "GET /sessions/{id}", "GET /sessions/{id}/inputs/{file}",
      "GET /sessions/{id}/segments/{seq}", "GET /sessions/{id}/receipts/{seq}", "POST /sessions/{id}/calls", "POST /sessions/{id}/quote", "POST /sessions/{id}/fork",
      "POST /sessions/{id}/reclaim", "POST /sessions/{id}/close"
    ]) && alltrue([for it in aws_apigatewayv2_route.this : it.authorization_type == "AWS_IAM"])
    error_message = "session routes: each asks for a signed request, and health is answered"
  }
  assert {
    condition     = aws_lambda_permission.route["POST /sessions/{id}/calls"].source_arn == "arn:aws:execute-api:us-east-1:123456789012:mockapi/*/POST/sessions/*/calls"
    error_message = "session permission: a parameter of a path stands for any text, and nothing else does"
  }
  assert {
    condition     = module.function["sessions"].function.reserved_concurrent_executions == 1
    error_message = "session concurrency: 1 unless asked otherwise"
  }
  assert {
    condition = { for it in jsondecode(module.function["sessions"].policy).Statement : it.Sid => it } == {
      WriteLog = {
        Sid      = "WriteLog", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:aws:logs:us-east-1:123456789012:log-group:mock:*"]
      }
      NeverInvokeFunctions = {
        Sid      = "NeverInvokeFunctions", Effect = "Deny", Action = ["lambda:InvokeFunction", "lambda:InvokeAsync", "lambda:InvokeFunctionUrl"]
        Resource = ["*"]
      }
      CreateArtifacts = {
        Sid = "CreateArtifacts", Effect = "Allow", Action = ["s3:PutObject"], Resource = ["arn:aws:s3:::mock-bucket/ewm/sessions/*"]
      }
      CompareArtifacts = {
        Sid = "CompareArtifacts", Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::mock-bucket/ewm/sessions/*"]
      }
      FindSegments = {
        Sid       = "FindSegments", Effect = "Allow", Action = ["s3:ListBucket"], Resource = ["arn:aws:s3:::mock-bucket"]
        Condition = { StringLike = { "s3:prefix" = "ewm/sessions/*" } }
      }
      LookAtStopSwitch = {
        Sid = "LookAtStopSwitch", Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::mock-bucket/stop.json"]
      }
    }
    error_message = "sessions policy: exactly its log and its folder, and no calls of functions"
  }
  assert {
    condition     = module.function["sessions"].function.environment[0].variables["ENABLE_AGENTCORE_MEMORY"] == "0" && length(aws_cloudformation_stack.memory) == 0
    error_message = "sessions without memory: none unless asked for"
  }
}

# A session calls whatever the deployment has, each with its own permission.
run "with_everything" {
  variables {
    modes                   = ["base", "sessions"]
    sessions_concurrency    = 5
    enable_agentcore_memory = true
    code_interpreter_id     = "aws.codeinterpreter.v1"
    planner_runtime_arn     = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789"
  }

  assert {
    condition     = module.function["sessions"].function.reserved_concurrent_executions == 5 && module.function["base"].function.reserved_concurrent_executions == 1 && output.limits.sessions_concurrency == 5
    error_message = "session concurrency: what the variable says, of sessions alone, and the bill knows it"
  }
  assert {
    condition = [for s in jsondecode(module.function["sessions"].policy).Statement : s.Sid] == [
      "WriteLog", "NeverInvokeFunctions", "CreateArtifacts", "CompareArtifacts", "FindSegments", "LookAtStopSwitch", "RunPrograms", "AskPlanner", "UseMemory"
    ]
    error_message = "sessions policy: interpreter, planner and memory where they are asked for"
  }
  assert {
    condition = module.function["sessions"].function.environment[0].variables["AGENTCORE_MEMORY_ID"] == output.memory_id && (
      lookup(module.function["sessions"].function.environment[0].variables, "AGENTCORE_CODE_INTERPRETER_ID", "") == "aws.codeinterpreter.v1"
      && lookup(module.function["sessions"].function.environment[0].variables, "AGENTCORE_RUNTIME_ARN", "") == var.planner_runtime_arn
    )
    error_message = "sessions environment: what it calls"
  }
  assert {
    condition     = !strcontains(module.function["base"].policy, "ListBucket") && !strcontains(module.function["base"].policy, "sessions/")
    error_message = "listing: no function but that of sessions"
  }
}

# A capped day is kept with the sessions: every function takes its budget there, and sees the days alone.
run "capped_days" {
  variables {
    modes      = ["base", "sessions"]
    day_budget = { max_steps = 1000, max_model_calls = 50 }
  }

  assert {
    condition     = alltrue([for it in module.function : jsondecode(it.function.environment[0].variables["EWM_DAY_BUDGET"]) == { max_steps = 1000, max_model_calls = 50 }]) && output.limits.day_budget
    error_message = "day budget: every function is told it, and the bill knows it"
  }
  assert {
    condition = [for s in jsondecode(module.function["base"].policy).Statement : s if !contains(["WriteLog", "NeverInvokeFunctions"], s.Sid)] == [
      {
        Action   = ["s3:PutObject"], Effect = "Allow", Sid = "CreateArtifacts"
        Resource = ["arn:aws:s3:::mock-bucket/ewm/artifacts/*", "arn:aws:s3:::mock-bucket/ewm/sessions/day-*"]
      },
      {
        Action   = ["s3:GetObject"], Effect = "Allow", Sid = "CompareArtifacts"
        Resource = ["arn:aws:s3:::mock-bucket/ewm/artifacts/*", "arn:aws:s3:::mock-bucket/ewm/sessions/day-*"]
      },
      {
        Action    = ["s3:ListBucket"], Effect = "Allow", Resource = ["arn:aws:s3:::mock-bucket"], Sid = "FindDay"
        Condition = { StringLike = { "s3:prefix" = "ewm/sessions/day-*" } }
      },
    ]
    error_message = "day policy: base may take from days, and see no session"
  }
}
