# A gateway of AgentCore in front of the function of sessions, for clients of the Model Context Protocol: nothing of it is there unless it is asked
# for. Provider 5 has no resource for it, so CloudFormation makes it, of a template that is made of the tools (src/handlers/mcp/gateway-template.ts).
locals {
  # One function, without versions and aliases.
  gateway_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid      = "CallSessions"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = ["arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:${var.name}-sessions"]
    }]
  }

  # Gateways of this deployment and no others: the service works for every account.
  gateway_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "GatewayOnly"
      Effect    = "Allow"
      Principal = { Service = "bedrock-agentcore.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:bedrock-agentcore:${var.region}:${local.account_id}:gateway/${var.name}-*" }
      }
    }]
  }
}

resource "aws_iam_role" "gateway" {
  count = local.gateway_enabled ? 1 : 0

  name               = "${var.name}-gateway-${var.region}"
  description        = "What the gateway ${var.name} may do"
  assume_role_policy = jsonencode(local.gateway_trust)
}

resource "aws_iam_role_policy" "gateway" {
  count = local.gateway_enabled ? 1 : 0

  name   = "gateway"
  role   = aws_iam_role.gateway[0].id
  policy = jsonencode(local.gateway_policy)
}

resource "aws_cloudformation_stack" "gateway" {
  count = local.gateway_enabled ? 1 : 0

  name = "${var.name}-gateway"
  # Without white space: a template may have 51,200 bytes.
  template_body = jsonencode(jsondecode(file("${path.module}/agentcore-gateway.template.json")))

  parameters = {
    GatewayName     = var.name
    RoleArn         = aws_iam_role.gateway[0].arn
    FunctionArn     = local.gateway_policy.Statement[0].Resource[0]
    Plane           = var.gateway_plane
    JwtDiscoveryUrl = var.gateway_jwt == null ? "" : var.gateway_jwt.discovery_url
    JwtAudience     = var.gateway_jwt == null ? "" : join(",", var.gateway_jwt.audience)
  }

  # What could not be made leaves nothing behind, so that the next apply can try again.
  on_failure         = "DELETE"
  timeout_in_minutes = 15

  timeouts {
    create = "20m"
    update = "20m"
    delete = "20m"
  }

  # The service looks at both when it makes a target.
  depends_on = [aws_iam_role_policy.gateway, module.function]
}

output "gateway_url" {
  description = "Where clients of the gateway send their messages; null where there is none. Requests are signed for bedrock-agentcore, unless gateway_jwt says otherwise."
  value       = local.gateway_enabled ? aws_cloudformation_stack.gateway[0].outputs["GatewayUrl"] : null
}

output "gateway_arn" {
  description = "What a caller's policy allows bedrock-agentcore:InvokeGateway on; null where there is no gateway."
  value       = local.gateway_enabled ? aws_cloudformation_stack.gateway[0].outputs["GatewayArn"] : null
}
