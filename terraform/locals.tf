# Names and choices that more than one file needs. A choice is made here once.
locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix

  tags = merge({ Application = "executable-world-models", Deployment = var.name, ManagedBy = "terraform" }, var.tags)

  # Each remote thing exists, and may be called, only where a mode that calls it is deployed and it was asked for. A session calls all of them.
  memory_enabled      = var.enable_agentcore_memory && length(setintersection(var.modes, ["memory", "sessions", "mcp"])) > 0
  interpreter_enabled = var.code_interpreter_id != null && length(setintersection(var.modes, ["tools", "sessions", "mcp"])) > 0
  planner_enabled     = var.planner_runtime_arn != null && length(setintersection(var.modes, ["tools", "sessions", "mcp"])) > 0
}
