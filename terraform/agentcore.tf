# AgentCore Memory. Provider 5 has no resource for it, so CloudFormation makes it; docs/decisions/0014-terraform.md says when that changes.
resource "aws_cloudformation_stack" "memory" {
  count = local.memory_enabled ? 1 : 0

  name          = "${var.name}-memory"
  template_body = file("${path.module}/agentcore-memory.template.json")

  parameters = {
    # The service takes letters, digits and underscores only. A memory with another key is another memory, and so needs another name.
    MemoryName      = "${replace(var.name, "-", "_")}_memory${var.kms_key_arn == null ? "" : "_${substr(sha256(var.kms_key_arn), 0, 8)}"}"
    EventExpiryDays = tostring(var.memory_event_expiry_days)
    KmsKeyArn       = var.kms_key_arn == null ? "" : var.kms_key_arn
  }

  # A memory that could not be made leaves nothing behind, so that the next apply can try again. Making one takes 2 to 5 minutes.
  on_failure         = "DELETE"
  timeout_in_minutes = 15

  timeouts {
    create = "20m"
    update = "20m"
    delete = "20m"
  }

  lifecycle {
    precondition {
      condition     = terraform_data.memory_key[0].output == var.kms_key_arn
      error_message = "kms_key_arn was changed, and a memory keeps the key that it was made with: there would be a new, empty memory, and the one that holds your values would stay behind, outside of this state. Put the key back; or, if that is what you want: REPLACE_MEMORY=1 make deploy-agentcore-memory (terraform apply -replace='terraform_data.memory_key[0]')."
    }
  }
}

# The key that the memory was made with: what is ignored here keeps its first value, until it is replaced.
resource "terraform_data" "memory_key" {
  count = local.memory_enabled ? 1 : 0

  input = var.kms_key_arn

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  memory_id  = local.memory_enabled ? aws_cloudformation_stack.memory[0].outputs["MemoryId"] : null
  memory_arn = local.memory_enabled ? aws_cloudformation_stack.memory[0].outputs["MemoryArn"] : null

  # The built-in interpreter belongs to the account "aws"; one of your own has another resource type.
  code_interpreter_arn = local.interpreter_enabled ? (
    startswith(var.code_interpreter_id, "aws.")
    ? "arn:${local.partition}:bedrock-agentcore:${var.region}:aws:code-interpreter/${var.code_interpreter_id}"
    : "arn:${local.partition}:bedrock-agentcore:${var.region}:${local.account_id}:code-interpreter-custom/${var.code_interpreter_id}"
  ) : null

  planner_arns = local.planner_enabled ? [
    var.planner_runtime_arn,
    "${var.planner_runtime_arn}/runtime-endpoint/${coalesce(var.planner_qualifier, "DEFAULT")}",
  ] : []
}
