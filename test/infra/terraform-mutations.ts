/**
 * One mutation a guardrail: what somebody might do to the configuration, and the assertion that has to notice.
 * Those of a batch are made at once, and no two of a batch trip the same assertion; a batch trips what its mutations name and nothing else.
 */
import type { Edit } from './terraform-workspace';

export interface Mutation {
  readonly what: string;
  readonly edits: readonly Edit[];
  /** The names of the assertions that fail by it. */
  readonly fails: readonly string[];
}

export interface Batch {
  readonly name: string;
  /** The file of `terraform test` that is run. */
  readonly tests: string;
  readonly mutations: readonly Mutation[];
}

const MODULE = 'modules/function/main.tf';
const MODULE_IAM = 'modules/function/iam.tf';
const DEFAULTS = 'tests/defaults.tftest.hcl';
const EVERYTHING = 'tests/everything.tftest.hcl';
const OPTIONS = 'tests/options.tftest.hcl';
const SESSIONS = 'tests/sessions.tftest.hcl';
const STOP = 'tests/stop.tftest.hcl';
const SWEEPS = 'tests/sweeps.tftest.hcl';
const GATEWAY = 'tests/gateway.tftest.hcl';
const SIGNING = 'tests/signing.tftest.hcl';

/** The statement that no role may be without. */
const DENY = `      {
        # Guardrail: a Deny wins over whatever else the role may be given.
        Sid      = "NeverInvokeFunctions"
        Effect   = "Deny"
        Action   = ["lambda:InvokeFunction", "lambda:InvokeAsync", "lambda:InvokeFunctionUrl"]
        Resource = ["*"]
      },
`;

function mutation(what: string, fails: string | readonly string[], ...edits: readonly Edit[]): Mutation {
  return { what, edits, fails: typeof fails === 'string' ? [fails] : fails };
}

function inFile(file: string, from: string, to: string): Edit {
  return { file, from, to };
}

function inBlock(file: string, block: string, from: string, to: string): Edit {
  return { file, block, from, to };
}

/** The second argument is what stands there now: a default that changed is a mutation to be looked at again. */
function byDefault(variable: string, now: string, then: string): Edit {
  return inBlock('variables.tf', `variable "${variable}"`, `default     = ${now}\n`, `default     = ${then}\n`);
}

function publicAccess(flag: string, line: string): Mutation {
  return mutation(`the bucket without ${flag}`, flag, inFile('storage.tf', line, line.replace('true', 'false')));
}

const fixedSettings: Batch = {
  name: 'what no variable changes',
  tests: DEFAULTS,
  mutations: [
    mutation(
      'concurrency raised',
      'concurrency',
      inFile(MODULE, 'reserved_concurrent_executions = var.concurrency\n', 'reserved_concurrent_executions = 2\n'),
    ),
    mutation('one retry', 'retries', inFile(MODULE, 'maximum_retry_attempts       = 0\n', 'maximum_retry_attempts       = 1\n')),
    mutation('a long event age', 'event age', inFile(MODULE, '= var.async_event_age_seconds\n', '= 21600\n')),
    mutation('loops allowed', 'recursion', inFile(MODULE, 'recursive_loop = "Terminate"', 'recursive_loop = "Allow"')),
    mutation('an older runtime', 'runtime', inFile(MODULE, '= var.runtime\n', '= "nodejs20.x"\n')),
    mutation('another processor', 'architecture', inFile(MODULE, '["arm64"]', '["x86_64"]')),
    mutation('another handler', 'bundle', inFile(MODULE, '"index.handler"', '"main.handler"')),
    mutation('a larger function', 'size', inFile(MODULE, 'memory_size = var.memory_mb\n', 'memory_size = 10240\n')),
    mutation('tracing always on', 'tracing', inFile(MODULE, 'var.tracing ? "Active" : "PassThrough"', '"Active"')),
    mutation('logs as text', 'log format', inFile(MODULE, '"JSON"', '"Text"')),
    mutation('the log of another', 'log group', inFile(MODULE, '= aws_cloudwatch_log_group.this.name\n', '= "/aws/lambda/shared"\n')),
    mutation('function logs for ever', 'function log retention', inFile(MODULE, '  retention_in_days = var.log_retention_days\n', '')),
    mutation('unsigned requests', 'authorization', inFile('api.tf', '= var.api_authorization\n', '= "NONE"\n')),
    mutation(
      'no throttle',
      'throttle',
      inFile('api.tf', 'throttling_rate_limit    = var.throttle_rate_per_second\n    throttling_burst_limit   = var.throttle_burst\n', ''),
    ),
    mutation('a stage that stands still', 'stage', inFile('api.tf', 'auto_deploy = true', 'auto_deploy = false')),
    mutation(
      'calls from any page',
      'API',
      inFile('api.tf', '= "HTTP"\n', '= "HTTP"\n  cors_configuration {\n    allow_origins = ["*"]\n  }\n'),
    ),
    mutation('the old payload', 'payload format', inFile('api.tf', '"2.0"', '"1.0"')),
    mutation(
      'an API that gives up first',
      'integration timeout',
      inFile('api.tf', 'min(30000, (local.functions[each.key].timeout_seconds + 1) * 1000)', '29000'),
    ),
    mutation(
      'a function open to every route',
      'permission',
      inFile('api.tf', '/*/${replace(replace(each.key, " ", ""), "/\\\\{[a-z_]+\\\\}/", "*")}"', '/*"'),
    ),
    mutation(
      'a role for others, too',
      'trust',
      inFile(MODULE_IAM, '"lambda.amazonaws.com"', '["lambda.amazonaws.com", "ec2.amazonaws.com"]'),
    ),
    mutation('every action on artifacts', 'base policy', inFile('functions.tf', 'Action   = ["s3:PutObject"]', 'Action   = ["s3:*"]')),
    mutation(
      'a ceiling that is gone',
      'base environment',
      inFile('functions.tf', '    EWM_MAX_STEPS       = tostring(var.max_steps)\n', ''),
    ),
    mutation(
      'a memory for everybody',
      ['memory', 'memory with its function'],
      inBlock('agentcore.tf', 'resource "aws_cloudformation_stack" "memory"', 'count = local.memory_enabled ? 1 : 0', 'count = 1'),
      inBlock('agentcore.tf', 'resource "terraform_data" "memory_key"', 'count = local.memory_enabled ? 1 : 0', 'count = 1'),
      inFile('outputs.tf', 'value       = local.memory_id\n', 'value       = aws_cloudformation_stack.memory[0].outputs["MemoryId"]\n'),
    ),
    mutation('an alarm removed', 'alarms', inFile('observability.tf', '    throttles = {', '    waits = {')),
    mutation('no requests raise alarms', 'alarms without data', inFile('observability.tf', '"notBreaching"', '"breaching"')),
    mutation(
      'an alarm on a metric that nobody writes',
      'alarm metrics',
      inFile('observability.tf', 'metrics_namespace = "ExecutableWorldModels"', 'metrics_namespace = "Ewm"'),
    ),
    mutation(
      'no page of graphs',
      'dashboard',
      inFile('observability.tf', 'jsonencode({ widgets = local.dashboard_widgets })', 'jsonencode({ widgets = [] })'),
    ),
    mutation('tags left out', 'tags', inFile('locals.tf', ', ManagedBy = "terraform"', '')),
  ],
};

const bucket: Batch = {
  name: 'the bucket',
  tests: DEFAULTS,
  mutations: [
    publicAccess('block_public_acls', 'block_public_acls       = true\n'),
    publicAccess('block_public_policy', 'block_public_policy     = true\n'),
    publicAccess('ignore_public_acls', 'ignore_public_acls      = true\n'),
    publicAccess('restrict_public_buckets', 'restrict_public_buckets = true\n'),
    mutation('ACLs', 'ownership', inFile('storage.tf', '"BucketOwnerEnforced"', '"ObjectWriter"')),
    mutation(
      'no versions',
      'versioning',
      inFile('storage.tf', 'versioning_configuration {\n    status = "Enabled"', 'versioning_configuration {\n    status = "Suspended"'),
    ),
    mutation('another encryption', 'encryption', inFile('storage.tf', 'var.kms_key_arn == null ? "AES256" : "aws:kms"', '"aws:kms"')),
    mutation('TLS not asked for', 'TLS', inFile('storage.tf', '"aws:SecureTransport" = "false"', '"aws:SecureTransport" = "true"')),
    mutation('old TLS', 'TLS version', inFile('storage.tf', '"s3:TlsVersion" = "1.2"', '"s3:TlsVersion" = "1.0"')),
    mutation('artifacts that may be overwritten', 'written once', inFile('storage.tf', '["artifacts", "sessions"]', '["artifacts"]')),
    mutation(
      'a lifecycle that is off',
      'lifecycle',
      inFile('storage.tf', 'id     = "clean-up"\n    status = "Enabled"', 'id     = "clean-up"\n    status = "Disabled"'),
    ),
    mutation(
      'artifacts for ever',
      'lifecycle expiry',
      inFile('storage.tf', '    expiration {\n      days = var.artifact_expiry_days\n    }\n', ''),
    ),
    mutation(
      'old versions for ever',
      'lifecycle versions',
      inFile('storage.tf', '    noncurrent_version_expiration {\n      noncurrent_days = var.noncurrent_expiry_days\n    }\n', ''),
    ),
    mutation(
      'uploads for ever',
      'lifecycle uploads',
      inFile('storage.tf', '    abort_incomplete_multipart_upload {\n      days_after_initiation = 1\n    }\n', ''),
    ),
    mutation(
      'delete markers for ever',
      'lifecycle markers',
      inFile('storage.tf', '    expiration {\n      expired_object_delete_marker = true\n    }\n', ''),
    ),
    mutation('artifacts destroyed with their bucket', 'force_destroy', inFile('storage.tf', '= var.force_destroy\n', '= true\n')),
    mutation(
      'a right given by the bucket',
      'bucket policy',
      inFile('storage.tf', 'Statement = [\n', 'Statement = [\n{ Effect = "Allow", Principal = "*", Action = "s3:*", Resource = "*" },\n'),
    ),
    mutation('every resource there is', 'base policy', inFile('functions.tf', '"${local.stored_arn}${row.stores}/*"', '"*"')),
  ],
};

const asked: Batch = {
  name: 'defaults that are not asked for',
  tests: DEFAULTS,
  mutations: [
    mutation(
      'every mode',
      ['modes', 'outputs', 'alarms', 'permission', 'alarm metrics'],
      byDefault('modes', '["base"]', '["base", "tools"]'),
    ),
    mutation('unsigned requests by default', ['authorization', 'curl'], byDefault('api_authorization', '"AWS_IAM"', '"NONE"')),
    mutation('a high throttle', 'throttle', byDefault('throttle_burst', '5', '500')),
    mutation('a long event age by default', 'event age', byDefault('async_event_age_seconds', '60', '21600')),
    mutation('an access log by default', 'access log', byDefault('access_log', 'false', 'true')),
    mutation('long logs', 'function log retention', byDefault('log_retention_days', '14', '3653')),
    mutation('traces by default', 'tracing', byDefault('tracing', 'false', 'true')),
    mutation('the bucket goes with its artifacts by default', 'force_destroy', byDefault('force_destroy', 'false', 'true')),
    mutation('memory by default', ['memory with its function', 'memory permission'], byDefault('enable_agentcore_memory', 'false', 'true')),
    mutation(
      'the code interpreter by default',
      'code interpreter permission',
      byDefault('code_interpreter_id', 'null', '"aws.codeinterpreter.v1"'),
    ),
    mutation(
      'a planner by default',
      'planner permission',
      byDefault('planner_runtime_arn', 'null', '"arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/p"'),
    ),
    mutation('model calls by default', 'base environment', byDefault('max_model_calls', '0', '10')),
    mutation(
      'a budget always on',
      'monthly budget',
      byDefault('monthly_budget_usd', 'null', '20'),
      byDefault('budget_email', 'null', '"a@example.com"'),
    ),
    mutation('somebody is told by default', 'alarm topic', byDefault('alarm_email', 'null', '"a@example.com"')),
    mutation(
      'every object of the bucket',
      'base policy',
      inFile('functions.tf', 'concat(["${local.stored_arn}${row.stores}/*"]', 'concat(["${local.stored_arn}*"]'),
    ),
  ],
};

const permissions: Batch = {
  name: 'who may do what, with everything on',
  tests: EVERYTHING,
  mutations: [
    mutation(
      'any action of AgentCore',
      ['memory policy', 'wildcards'],
      inFile('functions.tf', '"bedrock-agentcore:DeleteEvent"', '"bedrock-agentcore:*"'),
    ),
    mutation(
      'any agent',
      ['tools policy', 'planner endpoint'],
      inFile('functions.tf', 'Resource = arns\n', 'Resource = ["arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/any"]\n'),
    ),
    mutation(
      'sessions that nobody hears of',
      'session alarm',
      inFile(
        'observability.tf',
        'metric = "SessionsNotStopped", statistic = "Sum", period = 300, threshold = 0',
        'metric = "SessionsNotStopped", statistic = "Sum", period = 300, threshold = 9',
      ),
    ),
    mutation(
      'the interpreter of the wrong account',
      "code interpreter of one's own",
      inFile('agentcore.tf', 'code-interpreter-custom/', 'code-interpreter/'),
    ),
    mutation('spans that nobody asked for', 'spans', inFile('functions.tf', 'var.spans ? "1" : null', '"1"')),
    mutation('calls of functions not denied', ['no calls of functions', 'base policy', 'switches'], inFile(MODULE_IAM, DENY, '')),
    mutation(
      'the ARN in the place of the id',
      ['memory environment', 'memory id'],
      inFile('agentcore.tf', 'outputs["MemoryId"]', 'outputs["MemoryArn"]'),
    ),
    mutation(
      'a name that the service refuses',
      'memory stack',
      inFile('agentcore.tf', '${replace(var.name, "-", "_")}_memory', '${var.name}-memory'),
    ),
    mutation(
      'health from whoever is first',
      ['routes', 'health'],
      inFile('api.tf', 'sort(tolist(var.modes))[0]', 'reverse(sort(tolist(var.modes)))[0]'),
      inFile('api.tf', 'contains(var.modes, "base") ? "base"', 'length(var.modes) == 1 ? "base"'),
    ),
  ],
};

const sessions: Batch = {
  name: 'what sessions may do',
  tests: SESSIONS,
  mutations: [
    mutation(
      'listing of the whole bucket',
      'sessions policy',
      inFile('functions.tf', '"s3:prefix" = "${var.artifact_prefix}sessions/*"', '"s3:prefix" = "*"'),
    ),
    mutation('many at a time', 'session concurrency', inFile('functions.tf', '= var.sessions_concurrency\n', '= 10\n')),
    mutation('memory for everybody', 'sessions without memory', inFile('functions.tf', 'local.memory_enabled ? "1" : "0"', '"1"')),
    mutation(
      'listing by all',
      ['day policy', 'listing'],
      inFile(
        'functions.tf',
        '      environment     = {}\n      statements      = local.day_statements',
        '      environment     = {}\n      statements      = local.session_statements',
      ),
    ),
    mutation('any path below a session', 'session permission', inFile('api.tf', '"/\\\\{[a-z_]+\\\\}/"', '"/\\\\{[a-z_]+\\\\}.*/"')),
    mutation(
      'programs that a session cannot reach',
      'sessions environment',
      inFile(
        'functions.tf',
        'merge(local.outside_environment, local.plan_environment, local.memory_environment)',
        'merge(local.outside_environment, local.memory_environment)',
      ),
    ),
  ],
};

const limits: Batch = {
  name: 'limits that do not reach what they limit',
  tests: OPTIONS,
  mutations: [
    mutation('a ceiling that no variable raises', 'ceilings', inFile('functions.tf', 'tostring(var.max_steps)', '"100"')),
    mutation('spans that no variable switches on', 'spans', inFile('functions.tf', 'var.spans ? "1" : null', 'null')),
    mutation('a timeout that no variable changes', 'sizes', inFile(MODULE, '= var.timeout_seconds\n', '= 29\n')),
    mutation('a throttle that no variable changes', 'throttle', inFile('api.tf', '= var.throttle_rate_per_second\n', '= 2\n')),
    mutation('an expiry that no variable changes', 'lifecycle', inFile('storage.tf', '= var.artifact_expiry_days\n', '= 90\n')),
    mutation('traces that are not permitted', 'tracing asked for', inFile(MODULE_IAM, 'var.tracing ? ["Active"] : []', '[]')),
    mutation(
      'a key that is asked for each object',
      'own key',
      inFile('storage.tf', 'bucket_key_enabled = var.kms_key_arn != null', 'bucket_key_enabled = false'),
    ),
    mutation('logs without the key', 'own key elsewhere', inFile('api.tf', '  kms_key_id        = var.kms_key_arn\n', '')),
    mutation(
      'the key for whatever service',
      'own key permission',
      inFile('functions.tf', '"kms:ViaService" = "s3.${var.region}.${local.dns_suffix}"', '"kms:ViaService" = "*"'),
    ),
    mutation(
      'alarms that nobody hears',
      'alarm e-mail',
      inFile('observability.tf', 'alarm_actions      = concat(aws_sns_topic.alarms[*].arn, ', 'alarm_actions      = concat([], '),
    ),
    mutation('a budget action that waits for a person', 'budget action', inFile('observability.tf', '"AUTOMATIC"', '"MANUAL"')),
    mutation(
      'a budget action on any policy',
      'budget action permission',
      inFile('observability.tf', '      Condition = { ArnEquals = { "iam:PolicyARN" = local.deny_all_arn } }\n', ''),
    ),
    mutation('a budget that warns too late', 'monthly budget', inFile('observability.tf', 'percent = 80', 'percent = 99')),
    mutation(
      'access logs for ever, in the dear class',
      'access log group',
      inFile('api.tf', '  log_group_class   = "INFREQUENT_ACCESS"\n  retention_in_days = var.log_retention_days\n', ''),
    ),
    mutation(
      'an access log group of a policy of its own',
      'access log',
      inFile('api.tf', '"/aws/vendedlogs/apigateway/', '"/aws/apigateway/'),
    ),
    mutation(
      'an access log of what the caller calls itself',
      'access log fields',
      inFile('api.tf', '    ip     = ', '    agent  = "$context.identity.userAgent"\n    ip     = '),
    ),
    mutation(
      'a duration near the timeout is fine',
      'alarms',
      inFile('observability.tf', 'timeout_seconds * 1000 * 0.8', 'timeout_seconds * 1000 * 0.99'),
    ),
    mutation(
      'an alarm bound that no variable changes',
      'alarm bounds',
      inFile('observability.tf', 'threshold = var.budget_trips_alarm_per_hour', 'threshold = 10'),
    ),
    mutation(
      'tags that nobody may replace',
      'tags',
      inFile('locals.tf', 'merge({', 'merge(var.tags, {'),
      inFile('locals.tf', ' }, var.tags)', ' })'),
    ),
  ],
};

/** A block that is gone is named by Terraform itself, for the assertion asks for it. */
function removed(file: string, type: string, name: string, ...others: readonly Edit[]): Mutation {
  const message = `Reference to undeclared resource: A managed resource "${type}" "${name}" has not been declared in the root module.`;
  return mutation(`${type} removed`, message, { file, block: `resource "${type}" "${name}"`, to: '' }, ...others);
}

const removals: Batch = {
  name: 'whole resources removed',
  tests: DEFAULTS,
  mutations: [
    removed(
      'storage.tf',
      'aws_s3_bucket_public_access_block',
      'artifacts',
      inFile('storage.tf', 'aws_s3_bucket_public_access_block.artifacts, ', ''),
    ),
    removed('storage.tf', 'aws_s3_bucket_server_side_encryption_configuration', 'artifacts'),
    removed(
      'storage.tf',
      'aws_s3_bucket_versioning',
      'artifacts',
      inFile('storage.tf', '  depends_on = [aws_s3_bucket_versioning.artifacts]\n', ''),
      // Terraform ends at the first of these that is not there, and the others of this batch would not be heard of.
      inFile(
        'stop.tf',
        'aws_s3_bucket_versioning.artifacts, aws_s3_bucket_server_side_encryption_configuration.artifacts, aws_s3_bucket_policy.artifacts',
        '',
      ),
    ),
    removed('storage.tf', 'aws_s3_bucket_policy', 'artifacts'),
    removed('storage.tf', 'aws_s3_bucket_lifecycle_configuration', 'artifacts'),
    removed('observability.tf', 'aws_cloudwatch_dashboard', 'this'),
  ],
};

const stop: Batch = {
  name: 'the stop switch',
  tests: STOP,
  mutations: [
    mutation('a switch that is set', 'stop switch', inFile('stop.tf', '{\\"stopped\\":false}', '{\\"stopped\\":true}')),
    mutation('alarms that pull unasked', 'stop alarms', inFile('observability.tf', 'contains(var.stop_on_alarm, each.value.kind)', 'true')),
    mutation(
      'a forecast that stops',
      'stop budget',
      inFile('observability.tf', ' && notification.value == { type = "ACTUAL", percent = 100 }', ''),
    ),
    mutation('a stop of any function', 'stop policy', inFile('stop.tf', 'Resource = local.stopped_arns', 'Resource = ["*"]')),
    mutation(
      'a topic for everybody',
      'stop topic',
      inFile('stop.tf', '      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }\n', ''),
    ),
    mutation('any topic may invoke it', 'stop permission', inFile('stop.tf', '  source_arn    = aws_sns_topic.stop[0].arn\n', '')),
    mutation('a failure that nobody sees', 'stop errors', inFile('stop.tf', 'threshold           = 0', 'threshold           = 1000')),
  ],
};

const SWEEP_ROLES = ', module.cell[*].role.name, aws_iam_role.sweeps[*].name';

const sweeps: Batch = {
  name: 'sweeps',
  tests: SWEEPS,
  mutations: [
    mutation(
      'sweeps that nobody asked for',
      'sweeps off',
      inBlock('variables.tf', 'variable "enable_sweeps"', '= false\n  nullable', '= true\n  nullable'),
    ),
    mutation(
      'more cells at a time',
      'sweep concurrency',
      inFile('sweeps.tf', 'MaxConcurrency = var.sweep_concurrency', 'MaxConcurrency = 1000'),
    ),
    mutation('a failure that is tolerated', 'sweep retries', inFile('sweeps.tf', 'ToleratedFailureCount = 0', 'ToleratedFailureCount = 1')),
    mutation('children of the dear kind', 'sweep map', inFile('sweeps.tf', 'ExecutionType = "EXPRESS"', 'ExecutionType = "STANDARD"')),
    mutation(
      'a cell that writes',
      'cell policy',
      inFile(
        'sweeps.tf',
        '    Action   = ["s3:GetObject"]\n    Resource = ["${local.sweeps_arn}/*/spec.json"',
        '    Action   = ["s3:GetObject", "s3:PutObject"]\n    Resource = ["${local.sweeps_arn}/*/spec.json"',
      ),
    ),
    mutation(
      'a machine that invokes any function',
      'sweep machine policy',
      inFile('sweeps.tf', 'function:${var.name}-cell"]', 'function:*"]'),
    ),
    mutation('items that no money bounds', 'sweep cost', inFile('cost.tf', 'floor(var.max_sweep_cost_usd / ', 'floor(1 / ')),
    mutation(
      'cells that nobody stops',
      'sweep stop',
      inFile('stop.tf', 'var.enable_sweeps ? { "${var.name}-cell" = var.sweep_concurrency } : {}', '{}'),
    ),
    mutation('cells that no alarm stops', 'sweep alarms', inFile('stop.tf', 'var.enable_sweeps ? ["${var.name}-cell"] : []', '[]')),
    mutation('a machine that a budget does not stop', 'sweep budget action', inFile('observability.tf', SWEEP_ROLES, '')),
  ],
};

const gateway: Batch = {
  name: 'the gateway',
  tests: GATEWAY,
  mutations: [
    mutation('a gateway by default', 'gateway', byDefault('enable_gateway', 'false', 'true')),
    mutation(
      'a gateway with nothing to call',
      'gateway switch',
      inFile('locals.tf', 'var.enable_gateway && contains(var.modes, "sessions")', 'var.enable_gateway'),
    ),
    mutation('calls of any function', 'gateway policy', inFile('gateway.tf', ':function:${var.name}-sessions"]', ':function:*"]')),
    mutation('a role for gateways of others', 'gateway trust', inFile('gateway.tf', ':gateway/${var.name}-*"', ':gateway/*"')),
    mutation('tools that make sessions by default', 'gateway defaults', byDefault('gateway_plane', '"agent"', '"all"')),
    mutation('no authorization', 'gateway authorization', inFile('agentcore-gateway.template.json', '"AWS_IAM"', '"NONE"')),
    mutation(
      'a stack that stays where it failed',
      'gateway stack',
      inBlock('gateway.tf', 'resource "aws_cloudformation_stack" "gateway"', '= "DELETE"', '= "DO_NOTHING"'),
    ),
    mutation(
      'the ARN in the place of the address',
      'gateway outputs',
      inFile('gateway.tf', 'outputs["GatewayUrl"]', 'outputs["GatewayArn"]'),
    ),
    mutation('a gateway that the bill does not know', 'gateway bill', inFile('cost.tf', '= local.gateway_enabled\n', '= false\n')),
    mutation('audiences that are not asked for', 'gateway options', inFile('gateway.tf', 'join(",", var.gateway_jwt.audience)', '"one"')),
  ],
};

const signing: Batch = {
  name: 'keys that sign',
  tests: SIGNING,
  mutations: [
    mutation('a key that encrypts', 'signing keys', inFile('signing.tf', '= "SIGN_VERIFY"', '= "KEY_AGREEMENT"')),
    mutation(
      'an alias that stays',
      'signing alias',
      inFile('signing.tf', 'target_key_id = aws_kms_key.signing[tostring(var.signing_keys)].arn', 'target_key_id = "none"'),
    ),
    mutation(
      'a function that decrypts',
      'signing permission',
      inFile('signing.tf', '["kms:Sign", "kms:GetPublicKey"]', '["kms:Sign", "kms:GetPublicKey", "kms:Decrypt"]'),
    ),
    mutation(
      'anybody in the account signs',
      'signing key policy',
      inFile('signing.tf', '"kms:CancelKeyDeletion", "kms:Verify",', '"kms:CancelKeyDeletion", "kms:Verify", "kms:Sign",'),
    ),
    mutation(
      'a key by its ARN',
      'signing environment',
      inFile('functions.tf', 'var.enable_signing ? local.signing_alias : null', 'var.enable_signing ? "arn" : null'),
    ),
    mutation('zips that cannot sign', 'signing bundles', inFile('functions.tf', '${var.enable_signing ? "-signing" : ""}', '')),
    mutation('a failure that nobody sees', 'signing alarm', inFile('observability.tf', 'metric = "NotSigned"', 'metric = "Requests"')),
    mutation(
      'the newest public half alone',
      'signing outputs',
      inFile('signing.tf', '{ for number, key in data.aws_kms_public_key.signing : number => key.public_key_pem }', '{}'),
    ),
    mutation('keys that the bill does not count', 'signing bill', inFile('cost.tf', 'var.enable_signing ? var.signing_keys : 0', '0')),
    mutation(
      'signing unasked',
      ['signing', 'signing off'],
      inFile('signing.tf', 'var.enable_signing ? [for number in range', 'true ? [for number in range'),
      inFile('signing.tf', 'in(var.enable_signing ? [local.signing_arns] : [])', 'in(true ? [local.signing_arns] : [])'),
    ),
  ],
};

export const BATCHES: readonly Batch[] = [
  permissions,
  sessions,
  limits,
  fixedSettings,
  asked,
  bucket,
  stop,
  gateway,
  signing,
  removals,
  sweeps,
];
