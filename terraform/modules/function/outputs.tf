# The resources themselves, so that callers and tests read what was made and not what was meant.
output "function" {
  description = "The function."
  value       = aws_lambda_function.this
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
  value       = aws_iam_role.this
}

output "policy" {
  description = "The policy document of the role, as JSON."
  value       = aws_iam_role_policy.this.policy
}
