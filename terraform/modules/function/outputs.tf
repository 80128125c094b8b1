# Attributes of the resources themselves, so that callers and tests read what was made and not what was meant.
output "function" {
  description = "The function."
  value = {
    function_name                  = aws_lambda_function.this.function_name
    invoke_arn                     = aws_lambda_function.this.invoke_arn
    runtime                        = aws_lambda_function.this.runtime
    architectures                  = aws_lambda_function.this.architectures
    handler                        = aws_lambda_function.this.handler
    source_code_hash               = aws_lambda_function.this.source_code_hash
    memory_size                    = aws_lambda_function.this.memory_size
    timeout                        = aws_lambda_function.this.timeout
    reserved_concurrent_executions = aws_lambda_function.this.reserved_concurrent_executions
    environment                    = aws_lambda_function.this.environment
    logging_config                 = aws_lambda_function.this.logging_config
    tracing_config                 = aws_lambda_function.this.tracing_config
  }
}

output "invoke_config" {
  description = "What becomes of asynchronous events."
  value       = aws_lambda_function_event_invoke_config.this
}

output "recursion_config" {
  description = "What becomes of loops."
  value       = aws_lambda_function_recursion_config.this
}

output "log_group" {
  description = "The log group."
  value       = aws_cloudwatch_log_group.this
}

output "role" {
  description = "The role."
  value       = { name = aws_iam_role.this.name, arn = aws_iam_role.this.arn, assume_role_policy = aws_iam_role.this.assume_role_policy }
}

output "policy" {
  description = "The policy document of the role, as JSON."
  value       = aws_iam_role_policy.this.policy
}
