# One function with everything that belongs to it: its role, its log, and the guardrails that no variable can change.
terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = var.description
  role          = aws_iam_role.this.arn

  filename         = var.bundle
  source_code_hash = fileexists(var.bundle) ? filebase64sha256(var.bundle) : null
  handler          = "index.handler"
  runtime          = var.runtime
  architectures    = ["arm64"]

  memory_size = var.memory_mb
  timeout     = var.timeout_seconds

  # Guardrail: one request at a time, or as few as the caller says, so that a flood waits or fails and does not multiply.
  reserved_concurrent_executions = var.concurrency

  environment {
    variables = var.environment
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = "INFO"
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  lifecycle {
    precondition {
      condition     = fileexists(var.bundle)
      error_message = "There is no bundle at ${var.bundle}. Run `make build`, which writes it, and plan again."
    }
    precondition {
      condition = alltrue([
        for timeout in ["EWM_S3_TIMEOUT_MS", "EWM_AGENTCORE_TIMEOUT_MS"] :
        tonumber(lookup(var.environment, timeout, "29000")) >= tonumber(lookup(var.environment, "EWM_CONNECT_TIMEOUT_MS", "1"))
      ])
      error_message = "s3_timeout_ms and agentcore_timeout_ms must not be below connect_timeout_ms, which is a part of them."
    }
    precondition {
      # A quarter of a second goes to the answer, and a call of a plan is begun only with 2 s left.
      condition     = tonumber(lookup(var.environment, "EWM_STORE_RESERVE_MS", "0")) + 2250 < var.timeout_seconds * 1000
      error_message = "store_reserve_ms leaves no time to work: it must be less than lambda_timeout_seconds * 1000 - 2250."
    }
  }

  # Without its permissions and its log a function would be there, and fail.
  depends_on = [aws_iam_role_policy.this]
}

# Guardrail: an event that failed or waited too long is dropped, never sent again.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = var.async_event_age_seconds
}

# Guardrail: Lambda ends a loop that goes through SQS, SNS or S3 and comes back here.
resource "aws_lambda_function_recursion_config" "this" {
  function_name  = aws_lambda_function.this.function_name
  recursive_loop = "Terminate"
}
