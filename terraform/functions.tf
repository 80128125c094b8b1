# The functions: a row each, with the settings, the permissions and the routes of that function and no others.
# To add one: a row here, its name in the variable `modes`, its bounds in src/domain/cost/functions.ts, its bundle in .config/build-lambda.mjs.
locals {
  bundle_directory = startswith(var.bundle_directory, "/") ? var.bundle_directory : "${path.module}/${var.bundle_directory}"
  stored_arn       = "${aws_s3_bucket.artifacts.arn}/${var.artifact_prefix}"

  # `stores`: the folder of the bucket that it writes to and reads from. `concurrency`: requests at a time.
  functions = {
    base = {
      service         = "agentcore-base"
      routes          = ["POST /agentcore/base"]
      memory_mb       = var.lambda_memory_mb
      timeout_seconds = var.lambda_timeout_seconds
      concurrency     = 1
      stores          = "artifacts"
      environment     = {}
      statements      = local.day_statements
    }

    tools = {
      service         = "agentcore-tools"
      routes          = ["POST /agentcore/tools"]
      memory_mb       = var.lambda_memory_mb
      timeout_seconds = var.lambda_timeout_seconds
      concurrency     = 1
      stores          = "artifacts"
      environment     = merge(local.outside_environment, local.plan_environment)
      statements      = concat(local.day_statements, local.stop_statements, local.plan_statements)
    }

    memory = {
      service         = "agentcore-memory"
      routes          = ["POST /agentcore/memory"]
      memory_mb       = var.lambda_memory_mb
      timeout_seconds = var.lambda_timeout_seconds
      concurrency     = 1
      stores          = "artifacts"
      environment     = merge(local.outside_environment, local.memory_environment)
      statements      = concat(local.day_statements, local.stop_statements, local.memory_statements)
    }

    sessions = merge(local.of_sessions, {
      service = "sessions"
      routes = [
        "POST /sessions",
        "GET /sessions",
        "GET /sessions/{id}",
        "GET /sessions/{id}/inputs/{file}",
        "GET /sessions/{id}/segments/{seq}",
        "GET /sessions/{id}/receipts/{seq}",
        "POST /sessions/{id}/calls",
        "POST /sessions/{id}/quote",
        "POST /sessions/{id}/fork",
        "POST /sessions/{id}/reclaim",
        "POST /sessions/{id}/close",
      ]
    })

    # The same sessions for clients of the Model Context Protocol. Who may call the first route makes sessions; the second is for the agent of one.
    mcp = merge(local.of_sessions, {
      service = "mcp"
      routes  = ["POST /mcp", "POST /mcp/{id}"]
    })
  }

  # What works on sessions, whichever way the requests come.
  of_sessions = {
    memory_mb       = var.lambda_memory_mb
    timeout_seconds = var.lambda_timeout_seconds
    concurrency     = var.sessions_concurrency
    stores          = "sessions"
    environment     = merge(local.outside_environment, local.plan_environment, local.memory_environment)
    statements      = concat(local.session_statements, local.stop_statements, local.plan_statements, local.memory_statements)
  }

  # What reaches outside: tools of a plan, memory, and a session, which has both.
  outside_environment = {
    EWM_STOP_KEY             = aws_s3_object.stop_switch.key
    EWM_AGENTCORE_TIMEOUT_MS = tostring(var.agentcore_timeout_ms)
    EWM_SPANS                = var.spans ? "1" : null
  }

  plan_environment = {
    AGENTCORE_CODE_INTERPRETER_ID = local.interpreter_enabled ? var.code_interpreter_id : null
    AGENTCORE_RUNTIME_ARN         = local.planner_enabled ? var.planner_runtime_arn : null
    AGENTCORE_RUNTIME_QUALIFIER   = local.planner_enabled ? var.planner_qualifier : null
  }

  plan_statements = concat(
    [for arn in compact([local.code_interpreter_arn]) : {
      Sid    = "RunPrograms"
      Effect = "Allow"
      Action = [
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
        "bedrock-agentcore:StopCodeInterpreterSession",
      ]
      Resource = [arn]
    }],
    [for arns in(local.planner_enabled ? [local.planner_arns] : []) : {
      Sid      = "AskPlanner"
      Effect   = "Allow"
      Action   = ["bedrock-agentcore:InvokeAgentRuntime", "bedrock-agentcore:StopRuntimeSession"]
      Resource = arns
    }],
  )

  memory_environment = {
    ENABLE_AGENTCORE_MEMORY   = local.memory_enabled ? "1" : "0"
    AGENTCORE_MEMORY_ID       = local.memory_id
    AGENTCORE_MEMORY_ACTOR_ID = var.memory_actor_id
  }

  memory_statements = concat(
    [for arn in(local.memory_enabled ? [local.memory_arn] : []) : {
      Sid    = "UseMemory"
      Effect = "Allow"
      Action = [
        "bedrock-agentcore:CreateEvent",
        "bedrock-agentcore:ListEvents",
        "bedrock-agentcore:DeleteEvent",
      ]
      Resource = [arn]
    }],
    [for key in(local.memory_enabled ? compact([var.kms_key_arn]) : []) : {
      Sid       = "EncryptMemory"
      Effect    = "Allow"
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = [key]
      Condition = { StringEquals = { "kms:ViaService" = "bedrock-agentcore.${var.region}.${local.dns_suffix}" } }
    }],
  )

  # A day that is capped is kept with the sessions: who runs takes its budget from there, and sees the days alone.
  days_arn = "${local.stored_arn}sessions/day-*"
  day_statements = [for bucket in(length(var.day_budget) == 0 ? [] : [aws_s3_bucket.artifacts.arn]) : {
    Sid       = "FindDay"
    Effect    = "Allow"
    Action    = ["s3:ListBucket"]
    Resource  = [bucket]
    Condition = { StringLike = { "s3:prefix" = "${var.artifact_prefix}sessions/day-*" } }
  }]

  # Sessions and MCP, which list more than days: the newest segment of a session is found by a list, and a key that is not there is told from one that may not
  # be read. Below its own folder, and nowhere else (docs/decisions/0020-sessions-on-aws.md).
  session_statements = [{
    Sid       = "FindSegments"
    Effect    = "Allow"
    Action    = ["s3:ListBucket"]
    Resource  = [aws_s3_bucket.artifacts.arn]
    Condition = { StringLike = { "s3:prefix" = "${var.artifact_prefix}sessions/*" } }
  }]

  # What every function is told and may do, besides its row; its log and the ban on calling functions are in the module.
  environment_of_all = {
    EWM_ARTIFACT_BUCKET    = aws_s3_bucket.artifacts.bucket
    EWM_ARTIFACT_PREFIX    = var.artifact_prefix
    EWM_S3_PATH_STYLE      = "0"
    EWM_CONNECT_TIMEOUT_MS = tostring(var.connect_timeout_ms)
    EWM_S3_TIMEOUT_MS      = tostring(var.s3_timeout_ms)
    EWM_STORE_RESERVE_MS   = tostring(var.store_reserve_ms)
    EWM_MAX_BODY_BYTES     = tostring(var.max_body_bytes)
    EWM_MAX_ARTIFACT_BYTES = tostring(var.max_artifact_bytes)
    EWM_BASE_PATH          = var.base_path
    EWM_DAY_BUDGET         = length(var.day_budget) == 0 ? null : jsonencode(var.day_budget)
    EWM_CORS_ORIGINS       = join(",", var.cors_origins)
    # Of the whole deployment: whichever function answers for it says so in /health.
    EWM_ENABLED = join(",", compact([
      local.memory_enabled ? "memory" : "", local.interpreter_enabled ? "code_interpreter" : "", local.planner_enabled ? "planner" : ""
    ]))
    EWM_MAX_STEPS       = tostring(var.max_steps)
    EWM_MAX_TOOL_CALLS  = tostring(var.max_tool_calls)
    EWM_MAX_MODEL_CALLS = tostring(var.max_model_calls)
    MEMORY_MAX_OPS      = tostring(var.max_memory_ops)
    MEMORY_MAX_BYTES    = tostring(var.max_memory_bytes)
    EWM_SIGNING_KEY     = var.enable_signing ? local.signing_alias : null
    EWM_SIGN_SEGMENTS   = var.enable_signing && var.sign_segments ? "1" : null
  }

  # What each may create and read: its own folder, and the roots of days where there is a budget of the day.
  objects_of = { for mode, row in local.functions : mode =>
    concat(["${local.stored_arn}${row.stores}/*"], length(local.day_statements) > 0 && row.stores != "sessions" ? [local.days_arn] : [])
  }

  statements_of_all = { for mode, row in local.functions : mode => concat([
    {
      Sid      = "CreateArtifacts"
      Effect   = "Allow"
      Action   = ["s3:PutObject"]
      Resource = local.objects_of[mode]
    },
    {
      # To tell a repeat of a run from another run: a key that is taken is read and compared. A session goes on from what it reads.
      Sid      = "CompareArtifacts"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = local.objects_of[mode]
    },
    ], var.kms_key_arn == null ? [] : [
    {
      Sid       = "EncryptArtifacts"
      Effect    = "Allow"
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = [var.kms_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.${local.dns_suffix}" } }
    },
  ]) }
}

module "function" {
  source   = "./modules/function"
  for_each = var.modes

  name        = "${var.name}-${each.key}"
  role_name   = "${var.name}-${each.key}-${var.region}"
  description = "Executable World Models, mode ${local.functions[each.key].service}"
  bundle      = "${local.bundle_directory}/${each.key}${var.enable_signing ? "-signing" : ""}.zip"

  runtime                 = var.runtime
  memory_mb               = local.functions[each.key].memory_mb
  timeout_seconds         = local.functions[each.key].timeout_seconds
  concurrency             = local.functions[each.key].concurrency
  async_event_age_seconds = var.async_event_age_seconds
  tracing                 = var.tracing
  log_retention_days      = var.log_retention_days
  kms_key_arn             = var.kms_key_arn

  # A function reads a variable that is null or empty as left out, and Terraform does not set it.
  environment = {
    for key, value in merge(
      local.environment_of_all,
      { for name, ceiling in var.optional_ceilings : "EWM_${upper(name)}" => tostring(ceiling) },
      local.functions[each.key].environment,
    ) : key => value if value != null && value != ""
  }
  # One statement, one purpose.
  statements_json = jsonencode(concat(local.statements_of_all[each.key], local.signing_statements, local.functions[each.key].statements))
}
