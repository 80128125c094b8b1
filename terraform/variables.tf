# Every setting of a deployment. What is left out is the safe and the cheap choice.
# Checks that need two variables are preconditions of the resource they guard: a validation may name its own variable only before Terraform 1.9.

# Where, and under which names

variable "region" {
  description = "AWS Region that everything is in. Legal: the name of a Region, such as us-east-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS Region, such as us-east-1."
  }
}

variable "name" {
  description = "Put before the name of every resource, so that two deployments fit into one account. Legal: 2 to 20 lower-case letters, digits and hyphens, from a letter to a letter or digit."
  type        = string
  default     = "ewm"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 20 lower-case letters, digits and hyphens, start with a letter and not end in a hyphen."
  }
}

variable "tags" {
  description = "Tags of every resource, besides Application, Deployment and ManagedBy, which they may replace. Legal: at most 40; keys of 1 to 128 characters that do not start with aws:, values of at most 256."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(var.tags) <= 40 && alltrue([
      for key, value in var.tags : length(key) >= 1 && length(key) <= 128 && !startswith(lower(key), "aws:") && length(value) <= 256
    ])
    error_message = "tags may have at most 40 entries, with keys of 1 to 128 characters that do not start with aws: and values of at most 256 characters."
  }
}

variable "kms_key_arn" {
  description = "Key of your own for the bucket, the logs and the memory. Its key policy has to let CloudWatch Logs of the Region use it. Legal: the ARN of a KMS key, or null for keys that AWS manages."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID, not an alias), or null."
  }
}

# What is deployed

variable "modes" {
  description = "Functions that are deployed, with their routes. Legal: one or more of base, tools, memory, sessions, mcp."
  type        = set(string)
  default     = ["base"]
  nullable    = false

  validation {
    condition     = length(var.modes) > 0 && length(setsubtract(var.modes, ["base", "tools", "memory", "sessions", "mcp"])) == 0
    error_message = "modes must hold one or more of base, tools, memory, sessions, mcp, and nothing else."
  }
}

variable "bundle_directory" {
  description = "Folder with base.zip, tools.zip, memory.zip, sessions.zip and mcp.zip, as `make build` writes them. Legal: an absolute path, or one relative to this configuration."
  type        = string
  default     = "../dist/lambda"
  nullable    = false

  validation {
    condition     = length(var.bundle_directory) > 0
    error_message = "bundle_directory must not be empty."
  }
}

# The API

variable "api_authorization" {
  description = "Who may call the API: AWS_IAM for signed requests of those whose policy allows execute-api:Invoke, NONE for everybody on the internet. Legal: AWS_IAM, NONE."
  type        = string
  default     = "AWS_IAM"
  nullable    = false

  validation {
    condition     = contains(["AWS_IAM", "NONE"], var.api_authorization)
    error_message = "api_authorization must be AWS_IAM, or NONE for an API that anybody may call."
  }
}

variable "throttle_rate_per_second" {
  description = "Requests a second that the API lets through, for each route on its own. Legal: 1 to 1000."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.throttle_rate_per_second >= 1 && var.throttle_rate_per_second <= 1000
    error_message = "throttle_rate_per_second must be 1 to 1000."
  }
}

variable "throttle_burst" {
  description = "Requests of a route that may come at once before the rate applies. Legal: an integer from 1 to 1000."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.throttle_burst >= 1 && var.throttle_burst <= 1000 && floor(var.throttle_burst) == var.throttle_burst
    error_message = "throttle_burst must be an integer from 1 to 1000."
  }
}

# The functions

variable "runtime" {
  description = "Runtime of the functions. Lambda stops supporting nodejs22.x on 2027-04-30; nodejs24.x takes a provider that knows it: 6.19 or newer (docs/deploy.md). Legal: nodejs22.x, nodejs24.x."
  type        = string
  default     = "nodejs22.x"
  nullable    = false

  validation {
    condition     = contains(["nodejs22.x", "nodejs24.x"], var.runtime)
    error_message = "runtime must be nodejs22.x or nodejs24.x: the bundles are tested on these."
  }
}

variable "lambda_memory_mb" {
  description = "Memory of each function, and with it its share of a processor. Unit: MB. Legal: an integer from 128 to 10240."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.lambda_memory_mb >= 128 && var.lambda_memory_mb <= 10240 && floor(var.lambda_memory_mb) == var.lambda_memory_mb
    error_message = "lambda_memory_mb must be an integer from 128 to 10240."
  }
}

variable "lambda_timeout_seconds" {
  description = "The longest an invocation may take. The API waits 30 s. Unit: seconds. Legal: an integer from 7 to 29."
  type        = number
  default     = 29
  nullable    = false

  validation {
    condition     = var.lambda_timeout_seconds >= 7 && var.lambda_timeout_seconds <= 29 && floor(var.lambda_timeout_seconds) == var.lambda_timeout_seconds
    error_message = "lambda_timeout_seconds must be an integer from 7 to 29: an HTTP API gives up after 30 s."
  }
}

variable "sessions_concurrency" {
  description = "Requests about sessions that are answered at a time, by the function of sessions and by that of mcp each; the other functions answer one. Two requests about one session never both act, however many there are. Legal: an integer from 1 to 100."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.sessions_concurrency >= 1 && var.sessions_concurrency <= 100 && floor(var.sessions_concurrency) == var.sessions_concurrency
    error_message = "sessions_concurrency must be an integer from 1 to 100."
  }
}

variable "async_event_age_seconds" {
  description = "How long an asynchronous event may wait before it is dropped; it is never tried twice. Unit: seconds. Legal: an integer from 60 to 21600."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.async_event_age_seconds >= 60 && var.async_event_age_seconds <= 21600 && floor(var.async_event_age_seconds) == var.async_event_age_seconds
    error_message = "async_event_age_seconds must be an integer from 60 to 21600."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept. Unit: days. Legal: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days
    )
    error_message = "log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653: logs are never kept for ever."
  }
}

variable "access_log" {
  description = "Writes a line for each request of the API, those of strangers included: each is paid for, and nothing of yours bounds how many come. Infrequent Access class. Legal: true, false."
  type        = bool
  default     = false
  nullable    = false
}

variable "tracing" {
  description = "Sends traces of the functions to AWS X-Ray, and lets them. Legal: true, false."
  type        = bool
  default     = false
  nullable    = false
}

variable "spans" {
  description = "Writes spans of requests and of their calls into the logs of the functions that call tools, as lines of OTLP JSON: at most 128 KiB a request. Legal: true, false."
  type        = bool
  default     = false
  nullable    = false
}

variable "connect_timeout_ms" {
  description = "The longest a connection of a function to an AWS service may take. Unit: ms. Legal: an integer from 1 to 29000."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.connect_timeout_ms >= 1 && var.connect_timeout_ms <= 29000 && floor(var.connect_timeout_ms) == var.connect_timeout_ms
    error_message = "connect_timeout_ms must be an integer from 1 to 29000."
  }
}

variable "s3_timeout_ms" {
  description = "The longest S3 may be silent, the connection included. Unit: ms. Legal: an integer from connect_timeout_ms to 29000."
  type        = number
  default     = 5000
  nullable    = false

  validation {
    condition     = var.s3_timeout_ms >= 1 && var.s3_timeout_ms <= 29000 && floor(var.s3_timeout_ms) == var.s3_timeout_ms
    error_message = "s3_timeout_ms must be an integer from 1 to 29000, and not below connect_timeout_ms."
  }
}

variable "agentcore_timeout_ms" {
  description = "The longest AgentCore may be silent, the connection included; a program answers when it ends. Unit: ms. Legal: an integer from connect_timeout_ms to 29000."
  type        = number
  default     = 20000
  nullable    = false

  validation {
    condition     = var.agentcore_timeout_ms >= 1 && var.agentcore_timeout_ms <= 29000 && floor(var.agentcore_timeout_ms) == var.agentcore_timeout_ms
    error_message = "agentcore_timeout_ms must be an integer from 1 to 29000, and not below connect_timeout_ms."
  }
}

variable "store_reserve_ms" {
  description = "Kept back from the work of an invocation for storing what came of it. Unit: ms. Legal: an integer from 0 to 20000 that leaves the function more than 2250 ms for work."
  type        = number
  default     = 3000
  nullable    = false

  validation {
    condition     = var.store_reserve_ms >= 0 && var.store_reserve_ms <= 20000 && floor(var.store_reserve_ms) == var.store_reserve_ms
    error_message = "store_reserve_ms must be an integer from 0 to 20000."
  }
}

# Receipts

variable "enable_signing" {
  description = "Makes a key of AWS KMS that signs a receipt for each run, and for each session at its seal. The key and each signature are paid for (docs/cost.md). Legal: true, false."
  type        = bool
  default     = false
  nullable    = false
}

variable "sign_segments" {
  description = "With enable_signing: each segment of a session gets a receipt, not its last one alone. Legal: true, false."
  type        = bool
  default     = false
  nullable    = false
}

variable "signing_keys" {
  description = "With enable_signing: keys that were made so far; one more rotates. The newest signs, the older ones stay for their public halves, and each is paid for. Legal: an integer from 1 to 20, and never less than before."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.signing_keys >= 1 && var.signing_keys <= 20 && floor(var.signing_keys) == var.signing_keys
    error_message = "signing_keys must be an integer from 1 to 20."
  }
}

# Ceilings: the most a request may ask for. Raise the one that tripped, apply, test again.

variable "max_steps" {
  description = "Ceiling of a request's max_steps. Legal: an integer of 1 or more."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.max_steps >= 1 && var.max_steps <= 9007199254740991 && floor(var.max_steps) == var.max_steps
    error_message = "max_steps must be an integer of 1 or more."
  }
}

variable "max_tool_calls" {
  description = "Ceiling of a request's max_tool_calls. Legal: an integer of 0 or more."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.max_tool_calls >= 0 && var.max_tool_calls <= 9007199254740991 && floor(var.max_tool_calls) == var.max_tool_calls
    error_message = "max_tool_calls must be an integer of 0 or more."
  }
}

variable "max_model_calls" {
  description = "Ceiling of a request's max_model_calls. A planner is asked only where this allows it. Legal: an integer of 0 or more."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.max_model_calls >= 0 && var.max_model_calls <= 9007199254740991 && floor(var.max_model_calls) == var.max_model_calls
    error_message = "max_model_calls must be an integer of 0 or more."
  }
}

variable "max_memory_ops" {
  description = "Ceiling of a request's max_memory_ops. Legal: an integer of 0 or more."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.max_memory_ops >= 0 && var.max_memory_ops <= 9007199254740991 && floor(var.max_memory_ops) == var.max_memory_ops
    error_message = "max_memory_ops must be an integer of 0 or more."
  }
}

variable "max_memory_bytes" {
  description = "Ceiling of a request's max_memory_bytes. Unit: bytes. Legal: an integer of 0 or more."
  type        = number
  default     = 65536
  nullable    = false

  validation {
    condition     = var.max_memory_bytes >= 0 && var.max_memory_bytes <= 9007199254740991 && floor(var.max_memory_bytes) == var.max_memory_bytes
    error_message = "max_memory_bytes must be an integer of 0 or more."
  }
}

variable "optional_ceilings" {
  description = "Ceilings of limits that a request may leave out; one that is not here has none. Legal: a map of max_input_tokens, max_output_tokens, max_cost_microusd, max_wall_ms, max_fuel, max_world_memory_bytes, max_state_bytes to integers of 0 or more."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([for name, value in var.optional_ceilings : value >= 0 && value <= 9007199254740991 && floor(value) == value && contains(
      ["max_input_tokens", "max_output_tokens", "max_cost_microusd", "max_wall_ms", "max_fuel", "max_world_memory_bytes", "max_state_bytes"], name
    )])
    error_message = "optional_ceilings must be a map of max_input_tokens, max_output_tokens, max_cost_microusd, max_wall_ms, max_fuel, max_world_memory_bytes or max_state_bytes to integers of 0 or more."
  }
}

variable "day_budget" {
  description = "What one day (UTC) may grant to all requests and new sessions together, such as { max_model_calls = 50 }; a request takes its budget and gives back what it did not use. Empty: no cap. Legal: limits of a budget (max_steps and the like), each an integer of 0 or more."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for limiter, limit in var.day_budget : can(regex("^max_[a-z_]+$", limiter)) && limit >= 0 && limit <= 9007199254740991 && floor(limit) == limit
    ])
    error_message = "day_budget must name limits of a budget, such as max_steps, each an integer of 0 or more."
  }
}

variable "max_body_bytes" {
  description = "The longest body that is read. Lambda takes events of at most 6 MB. Unit: bytes. Legal: an integer from 1 to 6291456."
  type        = number
  default     = 1048576
  nullable    = false

  validation {
    condition     = var.max_body_bytes >= 1 && var.max_body_bytes <= 6291456 && floor(var.max_body_bytes) == var.max_body_bytes
    error_message = "max_body_bytes must be an integer from 1 to 6291456."
  }
}

variable "base_path" {
  description = "What may stand before every path, as the API mapping of a domain puts it there. Legal: empty, or a path such as /v1."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9._~-]+)*$", var.base_path))
    error_message = "base_path must be empty or a path such as /v1."
  }
}

variable "cors_origins" {
  description = "Origins whose pages may read answers of the API. Preflights need no signature, so strangers may send as many as the account takes: the bill counts them. Legal: a set of origins such as https://app.example; empty for none."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https?://[a-z0-9.-]+(:[0-9]{1,5})?$", origin))])
    error_message = "cors_origins must be origins such as https://app.example: scheme, host and port, and no *."
  }
}

variable "max_artifact_bytes" {
  description = "The most that the files of one run have together; a run with more stores nothing and answers 413. Unit: bytes. Legal: an integer of 65536 or more."
  type        = number
  default     = 4194304
  nullable    = false

  validation {
    condition     = var.max_artifact_bytes >= 65536 && var.max_artifact_bytes <= 9007199254740991 && floor(var.max_artifact_bytes) == var.max_artifact_bytes
    error_message = "max_artifact_bytes must be an integer of 65536 or more."
  }
}

# The bucket

variable "artifact_bucket_name" {
  description = "Name of the bucket. Legal: 3 to 63 lower-case letters, digits, dots and hyphens that no other bucket has, or null for NAME-artifacts-ACCOUNT-REGION."
  type        = string
  default     = null

  validation {
    condition     = var.artifact_bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.artifact_bucket_name))
    error_message = "artifact_bucket_name must be 3 to 63 lower-case letters, digits, dots and hyphens, or null for a name made of the account and the Region."
  }
}

variable "artifact_prefix" {
  description = "Put before every key. Legal: one or more segments of letters, digits and - _ . that do not start with a dot, each followed by a slash."
  type        = string
  default     = "ewm/"
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9_-][A-Za-z0-9._-]*/)+$", var.artifact_prefix)) && length(var.artifact_prefix) <= 512
    error_message = "artifact_prefix must be segments of letters, digits and - _ . that do not start with a dot, each followed by a slash, such as ewm/, and at most 512 characters."
  }
}

variable "artifact_expiry_days" {
  description = "Age at which an artifact is deleted. Unit: days. Legal: an integer from 1 to 36500."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.artifact_expiry_days >= 1 && var.artifact_expiry_days <= 36500 && floor(var.artifact_expiry_days) == var.artifact_expiry_days
    error_message = "artifact_expiry_days must be an integer from 1 to 36500."
  }
}

variable "noncurrent_expiry_days" {
  description = "How long a deleted or replaced version of an artifact can still be brought back. Unit: days. Legal: an integer from 1 to 36500."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.noncurrent_expiry_days >= 1 && var.noncurrent_expiry_days <= 36500 && floor(var.noncurrent_expiry_days) == var.noncurrent_expiry_days
    error_message = "noncurrent_expiry_days must be an integer from 1 to 36500."
  }
}

variable "force_destroy" {
  description = "Lets `terraform destroy` delete the artifacts with their bucket; otherwise it stops at a bucket that is not empty. Legal: true, false."
  type        = bool
  default     = false
  nullable    = false
}

# AgentCore: nothing of it exists, or may be called, unless it is asked for.

variable "enable_agentcore_memory" {
  description = "Creates an AgentCore Memory for the memory function and lets it use that one. Has an effect only with memory among the modes. Legal: true, false."
  type        = bool
  default     = false
  nullable    = false
}

variable "memory_event_expiry_days" {
  description = "How long AgentCore Memory keeps an event. Unit: days. Legal: an integer from 7 to 365."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.memory_event_expiry_days >= 7 && var.memory_event_expiry_days <= 365 && floor(var.memory_event_expiry_days) == var.memory_event_expiry_days
    error_message = "memory_event_expiry_days must be an integer from 7 to 365."
  }
}

variable "memory_actor_id" {
  description = "Whose memory it is: the actor of every event. Legal: 1 to 255 letters, digits and - _ / :, the first one a letter or digit."
  type        = string
  default     = "ewm"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9/:_-]{0,254}$", var.memory_actor_id))
    error_message = "memory_actor_id must be 1 to 255 letters, digits and - _ / :, the first one a letter or digit."
  }
}

variable "code_interpreter_id" {
  description = "Code interpreter that the tools function may use. Legal: aws.codeinterpreter.v1 for the built-in one, the id of one of your own in this account and Region, or null for none."
  type        = string
  default     = null

  validation {
    condition     = var.code_interpreter_id == null || can(regex("^[A-Za-z0-9._-]{1,128}$", var.code_interpreter_id))
    error_message = "code_interpreter_id must be aws.codeinterpreter.v1, the id (not the ARN) of one of your own, or null for none."
  }
}

variable "planner_runtime_arn" {
  description = "Agent that the tools function may ask for plans; max_model_calls has to allow it, too. Legal: the ARN of an AgentCore runtime, without an endpoint, or null for none."
  type        = string
  default     = null

  validation {
    condition     = var.planner_runtime_arn == null || can(regex("^arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:runtime/[A-Za-z0-9_-]+$", var.planner_runtime_arn))
    error_message = "planner_runtime_arn must be the ARN of an AgentCore runtime (arn:aws:bedrock-agentcore:REGION:ACCOUNT:runtime/ID), or null for none."
  }
}

variable "planner_qualifier" {
  description = "Endpoint of the runtime that is asked. Legal: the name of an endpoint (1 to 64 letters, digits, - and _), or null for the service's own, DEFAULT."
  type        = string
  default     = null

  validation {
    condition     = var.planner_qualifier == null || can(regex("^[A-Za-z0-9_-]{1,64}$", var.planner_qualifier))
    error_message = "planner_qualifier must be the name of an endpoint, 1 to 64 letters, digits, - and _, or null for DEFAULT."
  }
}

# Who hears of it

variable "alarm_email" {
  description = "Address that alarms are sent to, once it is confirmed. Legal: an e-mail address, or null: then the alarms can be seen and nobody is told."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+\\.[^@[:space:]]+$", var.alarm_email))
    error_message = "alarm_email must be an e-mail address, or null."
  }
}

variable "invocations_alarm_per_hour" {
  description = "Invocations of a function in an hour above which its alarm goes off. Legal: an integer of 1 or more, or null for a tenth of what the throttle lets through."
  type        = number
  default     = null

  validation {
    condition     = var.invocations_alarm_per_hour == null || try(var.invocations_alarm_per_hour >= 1 && floor(var.invocations_alarm_per_hour) == var.invocations_alarm_per_hour, false)
    error_message = "invocations_alarm_per_hour must be an integer of 1 or more, or null for a tenth of what the throttle lets through."
  }
}

variable "budget_trips_alarm_per_hour" {
  description = "Requests in an hour that a budget stopped, above which the alarm of their function goes off. Legal: an integer of 0 or more."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.budget_trips_alarm_per_hour >= 0 && floor(var.budget_trips_alarm_per_hour) == var.budget_trips_alarm_per_hour
    error_message = "budget_trips_alarm_per_hour must be an integer of 0 or more."
  }
}

variable "monthly_budget_usd" {
  description = "Cost of the whole account in a month that budget_email is warned about, at 80 % and when all of it is spent or forecast. Unit: USD. Legal: more than 0, or null for no budget; set together with budget_email."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null || try(var.monthly_budget_usd > 0, false)
    error_message = "monthly_budget_usd must be more than 0, or null for no budget."
  }
}

variable "budget_email" {
  description = "Address that the monthly budget warns. Legal: an e-mail address, or null for no budget; set together with monthly_budget_usd."
  type        = string
  default     = null

  validation {
    condition     = var.budget_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+\\.[^@[:space:]]+$", var.budget_email))
    error_message = "budget_email must be an e-mail address, or null for no budget."
  }
}

variable "budget_action_percent" {
  description = "Share of monthly_budget_usd that, once it is spent, takes every permission from the functions until you give them back. The budget is the whole account's, and AWS learns of costs hours late. Unit: percent. Legal: an integer from 1 to 1000, or null: then the budget tells and stops nothing."
  type        = number
  default     = null

  validation {
    condition     = var.budget_action_percent == null || try(var.budget_action_percent >= 1 && var.budget_action_percent <= 1000 && floor(var.budget_action_percent) == var.budget_action_percent, false)
    error_message = "budget_action_percent must be an integer from 1 to 1000, or null for a budget that only tells."
  }
}

variable "stop_on_alarm" {
  description = "Alarms that pull the stop switch: everything is stopped until `make resume`, by a function of its own. Legal: any of throttles, errors, failures, duration, invocations, budget-trips, sessions-not-stopped, not-signed; and monthly-budget, at 100 % of monthly_budget_usd really spent. Empty: none does."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition = length(setsubtract(var.stop_on_alarm, [
      "throttles", "errors", "failures", "duration", "invocations", "budget-trips", "sessions-not-stopped", "not-signed", "monthly-budget"
    ])) == 0
    error_message = "stop_on_alarm must hold any of throttles, errors, failures, duration, invocations, budget-trips, sessions-not-stopped, not-signed, monthly-budget, and nothing else."
  }
}
