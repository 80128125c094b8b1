# The gateway: only where it is asked for and has something to call; one function is all it calls, and IAM says who calls it.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region           = "us-east-1"
  bundle_directory = "tests/bundles"
  modes            = ["sessions"]
}

run "not_asked_for" {
  assert {
    condition     = length(aws_cloudformation_stack.gateway) == 0 && length(aws_iam_role.gateway) == 0 && output.gateway_url == null && output.gateway_arn == null && !output.limits.gateway
    error_message = "gateway: none unless asked for"
  }
}

run "without_sessions" {
  variables {
    modes          = ["base", "mcp"]
    enable_gateway = true
  }

  assert {
    condition     = length(aws_cloudformation_stack.gateway) == 0 && length(aws_iam_role.gateway) == 0 && !output.limits.gateway
    error_message = "gateway switch: nothing without the function that it calls"
  }
}

run "asked_for" {
  variables {
    enable_gateway = true
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.gateway[0].policy).Statement == [{
      Sid      = "CallSessions", Effect = "Allow", Action = ["lambda:InvokeFunction"]
      Resource = ["arn:aws:lambda:us-east-1:123456789012:function:ewm-sessions"]
    }]
    error_message = "gateway policy: it may call one function and do nothing else"
  }
  assert {
    condition = jsondecode(aws_iam_role.gateway[0].assume_role_policy).Statement == [{
      Sid = "GatewayOnly", Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "bedrock-agentcore.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/ewm-*" }
      }
    }]
    error_message = "gateway trust: the service, for gateways of this deployment"
  }
  assert {
    condition = aws_cloudformation_stack.gateway[0].parameters == tomap({
      GatewayName = "ewm", RoleArn = "arn:aws:iam::123456789012:role/mock"
      FunctionArn = "arn:aws:lambda:us-east-1:123456789012:function:ewm-sessions"
      Plane       = "agent", JwtDiscoveryUrl = "", JwtAudience = ""
    })
    error_message = "gateway defaults: tools of an agent, and callers let in by IAM"
  }
  assert {
    condition     = jsondecode(aws_cloudformation_stack.gateway[0].template_body).Resources.Gateway.Properties.AuthorizerType == { "Fn::If" = ["HasIssuer", "CUSTOM_JWT", "AWS_IAM"] }
    error_message = "gateway authorization: IAM where no issuer is named, and never nobody"
  }
  assert {
    condition     = aws_cloudformation_stack.gateway[0].on_failure == "DELETE" && aws_cloudformation_stack.gateway[0].timeout_in_minutes == 15 && length(aws_cloudformation_stack.gateway[0].template_body) <= 51200
    error_message = "gateway stack: a failed one leaves nothing, and CloudFormation takes its template"
  }
  assert {
    condition     = output.gateway_url == "https://ewm-0123456789.gateway.bedrock-agentcore.us-east-1.amazonaws.com/mcp" && output.gateway_arn == "arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/ewm-0123456789"
    error_message = "gateway outputs: what the stack gives out"
  }
  assert {
    condition     = output.limits.gateway
    error_message = "gateway bill: it is told of the gateway"
  }
}

run "other_callers_and_tools" {
  variables {
    name           = "lab-1"
    enable_gateway = true
    gateway_plane  = "all"
    gateway_jwt    = { discovery_url = "https://issuer.example/.well-known/openid-configuration", audience = ["one", "two"] }
  }

  assert {
    condition = {
      for name, value in aws_cloudformation_stack.gateway[0].parameters : name => value if contains(["GatewayName", "Plane", "JwtDiscoveryUrl", "JwtAudience"], name)
    } == { GatewayName = "lab-1", Plane = "all", JwtDiscoveryUrl = "https://issuer.example/.well-known/openid-configuration", JwtAudience = "one,two" }
    error_message = "gateway options: what the variables say"
  }
}
