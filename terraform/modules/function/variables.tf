# What a function is given. Retries are not here: they are a guardrail, fixed in main.tf.
variable "name" {
  description = "Name of the function and its log group. Legal: 1 to 64 letters, digits, - and _."
  type        = string
  nullable    = false
}

variable "role_name" {
  description = "Name of the function's role, which no other role of the account has, in whatever Region. Legal: 1 to 64 letters, digits, - and _."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the function is for. Legal: at most 256 characters."
  type        = string
  nullable    = false
}

variable "bundle" {
  description = "Zip file with index.js at its root. Legal: a path."
  type        = string
  nullable    = false
}

variable "runtime" {
  description = "What runs the bundle. Legal: a Node.js runtime of Lambda that the provider knows."
  type        = string
  nullable    = false
}

variable "memory_mb" {
  description = "Memory of the function. Unit: MB. Legal: 128 to 10240."
  type        = number
  nullable    = false
}

variable "timeout_seconds" {
  description = "The longest an invocation may take. Unit: seconds. Legal: 7 to 29."
  type        = number
  nullable    = false
}

variable "concurrency" {
  description = "Requests at a time. Legal: 1 to 100."
  type        = number
  default     = 1
  nullable    = false
}

variable "async_event_age_seconds" {
  description = "How long an asynchronous event may wait. Unit: seconds. Legal: 60 to 21600."
  type        = number
  nullable    = false
}

variable "tracing" {
  description = "Whether traces are sent to X-Ray. Legal: true, false."
  type        = bool
  nullable    = false
}

variable "log_retention_days" {
  description = "How long the log is kept. Unit: days. Legal: what CloudWatch Logs accepts, from 1 on."
  type        = number
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key of the log group. Legal: the ARN of a KMS key, or null for CloudWatch's own."
  type        = string
  default     = null
}

variable "environment" {
  description = "Environment of the function. Legal: names and values of docs/configuration.md."
  type        = map(string)
  nullable    = false
}

variable "statements_json" {
  description = "Statements of the role's policy besides its log, its traces and the ban on invoking functions. As JSON, for statements differ in shape and a Terraform list may not. Legal: a JSON list of IAM statements."
  type        = string
  nullable    = false
}
