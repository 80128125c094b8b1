# What the targets, `ewm smoke` and `ewm demo` need to know of a deployment. The bill is in cost.tf.
output "api_url" {
  description = "Where the API is, without a slash at the end."
  value       = aws_apigatewayv2_api.this.api_endpoint

  # Whoever knows the address can use it.
  depends_on = [aws_apigatewayv2_stage.default, aws_apigatewayv2_route.this, aws_lambda_permission.route]
}

output "region" {
  description = "Region that requests are signed for."
  value       = var.region
}

output "curl" {
  description = "A request that can be pasted into a shell; where requests are signed, it reads the credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."
  value = join(" ", compact(concat(
    ["curl --silent --show-error"],
    var.api_authorization == "AWS_IAM" ? [
      "--aws-sigv4 \"aws:amz:${var.region}:execute-api\"",
      "--user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"",
      "-H \"x-amz-security-token: $AWS_SESSION_TOKEN\"",
    ] : [],
    contains(var.modes, "base") ? ["-H 'content-type: application/json' -d '{}'"] : [],
    ["${aws_apigatewayv2_api.this.api_endpoint}${contains(var.modes, "base") ? "/agentcore/base" : "/health"}"],
  )))
}

output "artifact_bucket" {
  description = "Bucket that holds the artifacts."
  value       = aws_s3_bucket.artifacts.bucket
}

output "artifact_prefix" {
  description = "Put before every key in the bucket; ends in a slash."
  value       = var.artifact_prefix
}

output "function_names" {
  description = "Name of the function of each mode."
  value       = { for mode, made in module.function : mode => made.function.function_name }
}

output "memory_id" {
  description = "Id of the AgentCore Memory; null where there is none."
  value       = local.memory_id
}

output "modes" {
  description = "Modes that are deployed."
  value       = sort(tolist(var.modes))
}
