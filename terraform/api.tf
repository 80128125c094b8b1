# The HTTP API: one map of routes, signed requests only unless asked otherwise, and a throttle for each route.
locals {
  # As on the local server, the base function answers for the deployment; without one, of the first function there is.
  health_mode = contains(var.modes, "base") ? "base" : sort(tolist(var.modes))[0]

  routes = merge({ "GET /health" = local.health_mode, "GET /openapi.json" = local.health_mode }, [
    for name in var.modes : { for route in local.functions[name].routes : route => name }
  ]...)
}

resource "aws_apigatewayv2_api" "this" {
  name                         = var.name
  description                  = "Executable World Models"
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = false

  # API Gateway answers preflights itself, and puts the header on every answer.
  dynamic "cors_configuration" {
    for_each = length(var.cors_origins) == 0 ? [] : [var.cors_origins]

    content {
      allow_origins = cors_configuration.value
      allow_methods = ["GET", "POST", "DELETE"]
      allow_headers = ["authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]
      max_age       = 600
    }
  }
}

resource "aws_apigatewayv2_integration" "function" {
  for_each = module.function

  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = each.value.function.invoke_arn
  payload_format_version = "2.0"
  # A little longer than the function, which then says itself that its time is up.
  timeout_milliseconds = min(30000, (local.functions[each.key].timeout_seconds + 1) * 1000)
}

resource "aws_apigatewayv2_route" "this" {
  for_each = local.routes

  api_id             = aws_apigatewayv2_api.this.id
  route_key          = each.key
  authorization_type = var.api_authorization
  target             = "integrations/${aws_apigatewayv2_integration.function[each.value].id}"
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = var.throttle_rate_per_second
    throttling_burst_limit   = var.throttle_burst
    detailed_metrics_enabled = false
  }

  dynamic "access_log_settings" {
    for_each = aws_cloudwatch_log_group.api

    content {
      destination_arn = access_log_settings.value.arn
      format          = jsonencode(local.access_log_format)
    }
  }
}

locals {
  # Short, and nothing that a caller may write at will: a line is paid for, also that of a request which is refused. The bill counts 512 bytes.
  access_log_format = {
    id     = "$context.requestId"
    time   = "$context.requestTimeEpoch"
    route  = "$context.routeKey"
    status = "$context.status"
    ip     = "$context.identity.sourceIp"
    caller = "$context.identity.caller"
    bytes  = "$context.responseLength"
    ms     = "$context.responseLatency"
    error  = "$context.error.responseType"
  }
}

resource "aws_cloudwatch_log_group" "api" {
  count = var.access_log ? 1 : 0

  # Groups under this name share one resource policy, however many there are; the policy of an account has an end.
  name              = "/aws/vendedlogs/apigateway/${var.name}"
  log_group_class   = "INFREQUENT_ACCESS"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_permission" "route" {
  for_each = local.routes

  statement_id  = join("", [for word in regexall("[A-Za-z0-9]+", each.key) : title(lower(word))])
  action        = "lambda:InvokeFunction"
  function_name = module.function[each.value].function.function_name
  principal     = "apigateway.amazonaws.com"
  # The stage is a wildcard, for there is one, and so is a parameter of the path; method and the rest of the path are not.
  source_arn = "${aws_apigatewayv2_api.this.execution_arn}/*/${replace(replace(each.key, " ", ""), "/\\{[a-z_]+\\}/", "*")}"
}
