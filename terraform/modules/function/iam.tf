# The role of a function: what its caller lists, its own log, and never another function.
locals {
  statements = concat(
    [
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      },
      {
        # Guardrail: a Deny wins over whatever else the role may be given.
        Sid      = "NeverInvokeFunctions"
        Effect   = "Deny"
        Action   = ["lambda:InvokeFunction", "lambda:InvokeAsync", "lambda:InvokeFunctionUrl"]
        Resource = ["*"]
      },
    ],
    # X-Ray knows no resources.
    [for mode in(var.tracing ? ["Active"] : []) : {
      Sid      = "SendTraces"
      Effect   = "Allow"
      Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      Resource = ["*"]
    }],
    jsondecode(var.statements_json),
  )
  policy = { Version = "2012-10-17", Statement = local.statements }
}

resource "aws_iam_role" "this" {
  name        = var.role_name
  description = "What the function ${var.name} may do"
  # A budget that acted has attached a policy: the role can be destroyed with it.
  force_detach_policies = true

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LambdaOnly"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "function"
  role   = aws_iam_role.this.id
  policy = jsonencode(local.policy)
}
