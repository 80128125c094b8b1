# A deployment that asks for everything: each remote thing exists, and each function may use its own and no other.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region           = "us-east-1"
  bundle_directory = "tests/bundles"
  modes            = ["base", "tools", "memory"]

  enable_agentcore_memory = true
  code_interpreter_id     = "aws.codeinterpreter.v1"
  planner_runtime_arn     = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789"
}

run "all_modes" {
  assert {
    condition     = keys(aws_apigatewayv2_route.this) == ["GET /health", "GET /openapi.json", "POST /agentcore/base", "POST /agentcore/memory", "POST /agentcore/tools"] && output.function_names == { base = "ewm-base", tools = "ewm-tools", memory = "ewm-memory" }
    error_message = "routes: each mode has its own, and base answers for the health of all"
  }
  assert {
    condition     = aws_lambda_permission.route["GET /health"].function_name == "ewm-base" && aws_lambda_permission.route["POST /agentcore/memory"].function_name == "ewm-memory"
    error_message = "routes: a route belongs to the function of its mode"
  }
  assert {
    condition     = length(distinct([for it in module.function : it.role.name])) == 3 && length(distinct([for it in module.function : it.log_group.name])) == 3
    error_message = "roles: each function has its own role and log"
  }
  assert {
    condition     = alltrue([for it in module.function : it.function.reserved_concurrent_executions == 1 && it.invoke_config.maximum_retry_attempts == 0])
    error_message = "concurrency and retries: 1 and 0 for every function"
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.function) == 19
    error_message = "alarms: six for each function, and one for sessions that could not be stopped"
  }
  assert {
    condition = [for key in ["tools-sessions-not-stopped"] : [
      aws_cloudwatch_metric_alarm.function[key].metric_name, aws_cloudwatch_metric_alarm.function[key].dimensions["service"],
      tostring(aws_cloudwatch_metric_alarm.function[key].threshold)
    ]] == [["SessionsNotStopped", "agentcore-tools", "0"]]
    error_message = "session alarm: the first session that could not be stopped raises it"
  }
  assert {
    condition     = alltrue([for it in module.function : anytrue([for s in jsondecode(it.policy).Statement : s.Sid == "NeverInvokeFunctions" && s.Effect == "Deny"])])
    error_message = "no calls of functions: denied to every role"
  }
  assert {
    condition = alltrue(flatten([
      for it in module.function : [
        for s in jsondecode(it.policy).Statement : s.Effect == "Deny" || alltrue(concat(
          [for action in s.Action : !strcontains(action, "*")], [for resource in s.Resource : resource != "*"]
        ))
      ]
    ]))
    error_message = "wildcards: a role is allowed named actions on named resources"
  }
  assert {
    condition = [for s in jsondecode(module.function["base"].policy).Statement : s.Sid] == [
      "WriteLog", "NeverInvokeFunctions", "CreateArtifacts", "CompareArtifacts"
    ]
    error_message = "base policy: nothing of AgentCore, whatever else is deployed"
  }
  assert {
    condition = [for s in jsondecode(module.function["tools"].policy).Statement : s if !contains(["WriteLog", "NeverInvokeFunctions", "CreateArtifacts", "CompareArtifacts"], s.Sid)] == [
      {
        Action = ["s3:GetObject"], Effect = "Allow", Resource = ["arn:aws:s3:::mock-bucket/stop.json"], Sid = "LookAtStopSwitch"
      },
      {
        Action = [
          "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter", "bedrock-agentcore:StopCodeInterpreterSession"
        ]
        Effect = "Allow", Resource = ["arn:aws:bedrock-agentcore:us-east-1:aws:code-interpreter/aws.codeinterpreter.v1"], Sid = "RunPrograms"
      },
      {
        Action = ["bedrock-agentcore:InvokeAgentRuntime", "bedrock-agentcore:StopRuntimeSession"], Effect = "Allow"
        Resource = [
          "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789",
          "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789/runtime-endpoint/DEFAULT"
        ]
        Sid = "AskPlanner"
      }
    ]
    error_message = "tools policy: its code interpreter and its planner, and nothing else"
  }
  assert {
    condition = [for s in jsondecode(module.function["memory"].policy).Statement : s if !contains(["WriteLog", "NeverInvokeFunctions", "CreateArtifacts", "CompareArtifacts"], s.Sid)] == [
      {
        Action = ["s3:GetObject"], Effect = "Allow", Resource = ["arn:aws:s3:::mock-bucket/stop.json"], Sid = "LookAtStopSwitch"
      },
      {
        Action   = ["bedrock-agentcore:CreateEvent", "bedrock-agentcore:ListEvents", "bedrock-agentcore:DeleteEvent"], Effect = "Allow"
        Resource = ["arn:aws:bedrock-agentcore:us-east-1:123456789012:memory/ewm_memory-0123456789"], Sid = "UseMemory"
      }
    ]
    error_message = "memory policy: its memory, and nothing else"
  }
  assert {
    condition     = alltrue([for it in module.function : it.function.environment[0].variables["EWM_ENABLED"] == "memory,code_interpreter,planner"])
    error_message = "EWM_ENABLED: every function is told what the deployment has"
  }
  assert {
    condition = setsubtract(keys(module.function["tools"].function.environment[0].variables), concat(keys(module.function["base"].function.environment[0].variables), ["EWM_SPANS"])) == toset([
      "AGENTCORE_CODE_INTERPRETER_ID", "AGENTCORE_RUNTIME_ARN", "EWM_AGENTCORE_TIMEOUT_MS", "EWM_STOP_KEY"
    ])
    error_message = "tools environment: exactly the variables of its mode"
  }
  assert {
    condition = {
      for key, value in module.function["memory"].function.environment[0].variables :
      key => value if !contains(concat(keys(module.function["base"].function.environment[0].variables), ["EWM_SPANS"]), key)
      } == {
      ENABLE_AGENTCORE_MEMORY   = "1"
      AGENTCORE_MEMORY_ID       = "ewm_memory-0123456789"
      AGENTCORE_MEMORY_ACTOR_ID = "ewm"
      EWM_AGENTCORE_TIMEOUT_MS  = "20000"
      EWM_STOP_KEY              = "stop.json"
    }
    error_message = "memory environment: the id that the stack gives out, switched on"
  }
  assert {
    condition     = alltrue([for it in module.function : !contains(keys(it.function.environment[0].variables), "EWM_SPANS")])
    error_message = "spans: not written where nobody asked for them"
  }
  assert {
    condition     = output.memory_id == "ewm_memory-0123456789"
    error_message = "memory id: the output is what the stack gives out"
  }
  assert {
    condition = aws_cloudformation_stack.memory[0].parameters == tomap({ MemoryName = "ewm_memory", EventExpiryDays = "30", KmsKeyArn = "" }) && (
      aws_cloudformation_stack.memory[0].on_failure == "DELETE" && aws_cloudformation_stack.memory[0].timeout_in_minutes == 15
    )
    error_message = "memory stack: its name is legal, its events expire, and a failed one leaves nothing"
  }
  assert {
    condition     = keys(jsondecode(aws_cloudformation_stack.memory[0].template_body).Outputs) == ["MemoryArn", "MemoryId"]
    error_message = "memory template: it gives out the id and the ARN"
  }
}

# A switch without its function, or a function without its switch, changes nothing.
run "switches_without_modes" {
  variables {
    modes = ["base"]
  }

  assert {
    condition     = length(aws_cloudformation_stack.memory) == 0 && length(module.function) == 1 && length(jsondecode(module.function["base"].policy).Statement) == 4
    error_message = "switches: without its function nothing remote exists or is permitted"
  }
}

run "own_interpreter_and_endpoint" {
  variables {
    code_interpreter_id = "mine-0123456789"
    planner_qualifier   = "live"
  }

  assert {
    condition     = strcontains(module.function["tools"].policy, "\"arn:aws:bedrock-agentcore:us-east-1:123456789012:code-interpreter-custom/mine-0123456789\"")
    error_message = "code interpreter of one's own: its ARN is another one"
  }
  assert {
    condition     = strcontains(module.function["tools"].policy, "runtime/planner-0123456789/runtime-endpoint/live\"") && module.function["tools"].function.environment[0].variables["AGENTCORE_RUNTIME_QUALIFIER"] == "live"
    error_message = "planner endpoint: the one that is asked is the one that is permitted"
  }
}

run "without_base" {
  variables {
    modes = ["tools", "memory"]
  }

  assert {
    condition     = aws_lambda_permission.route["GET /health"].function_name == "ewm-memory" && keys(aws_apigatewayv2_route.this) == ["GET /health", "GET /openapi.json", "POST /agentcore/memory", "POST /agentcore/tools"] && endswith(output.curl, "amazonaws.com/health")
    error_message = "health: without base, the first deployed function answers"
  }
}
