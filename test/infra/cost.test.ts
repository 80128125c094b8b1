/**
 * Terraform's output `limits` is what `ewm cost` takes: variables reach the limit of their name, and the defaults are those of both.
 * Nothing is planned, no provider is needed: cost.tf stands beside the variables, and beside what the rest of the configuration would say.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeLimits, DEFAULT_LIMITS, type Limits } from '../../src/domain/cost/limits';
import { exactDecimal } from '../../src/domain/decimal/decimal';
import { executablePath } from '../support/executable';
import { describeWhere } from '../support/needs';
import { valueOfRight } from '../support/task';

const ROOT = join(__dirname, '../../terraform');
const TERRAFORM = executablePath('terraform');

/** As locals.tf and observability.tf say it, without the resources around them. */
const SURROUNDINGS = `locals {
  memory_enabled      = var.enable_agentcore_memory && length(setintersection(var.modes, ["memory", "sessions", "mcp"])) > 0
  interpreter_enabled = var.code_interpreter_id != null && length(setintersection(var.modes, ["tools", "sessions", "mcp"])) > 0
  planner_enabled     = var.planner_runtime_arn != null && length(setintersection(var.modes, ["tools", "sessions", "mcp"])) > 0
  alarm_kinds         = { for number in range(6) : tostring(number) => number }
  session_alarms      = { for mode in setintersection(var.modes, ["tools", "sessions", "mcp"]) : mode => mode if local.interpreter_enabled || local.planner_enabled }
  signing_alarms      = { for mode in var.modes : mode => mode if var.enable_signing }
  stop_pulled         = length(var.stop_on_alarm) > 0
  stop_by_budget      = contains(var.stop_on_alarm, "monthly-budget")
  stop_alarm_count    = length(setsubtract(var.stop_on_alarm, ["monthly-budget"])) * length(var.modes)
}
`;

const PLANNER = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789';
const KEY = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000';
const ALL = ['base', 'tools', 'memory', 'sessions', 'mcp'];

type Variables = Readonly<Record<string, unknown>>;

const NUMBERS = {
  lambda_memory_mb: 129,
  lambda_timeout_seconds: 7,
  sessions_concurrency: 2,
  throttle_burst: 11,
  log_retention_days: 3_653,
  max_steps: Number.MAX_SAFE_INTEGER,
  max_tool_calls: 12,
  max_model_calls: 13,
  max_memory_ops: 14,
  max_memory_bytes: 15,
  max_body_bytes: 6_291_456,
  max_artifact_bytes: 65_536,
  artifact_expiry_days: 36_500,
  noncurrent_expiry_days: 17,
};

const SETS: readonly (readonly [string, Variables, Partial<Limits>])[] = [
  ['nothing set', {}, DEFAULT_LIMITS],
  ['every number', NUMBERS, NUMBERS],
  ['a rate that no binary fraction holds', { throttle_rate_per_second: 1.1 }, { throttle_rate_per_second: exactDecimal('1.1') }],
  [
    'everything on',
    {
      modes: ALL,
      region: 'eu-central-1',
      enable_agentcore_memory: true,
      code_interpreter_id: 'aws.codeinterpreter.v1',
      planner_runtime_arn: PLANNER,
      kms_key_arn: KEY,
      tracing: true,
      enable_signing: true,
      sign_segments: true,
      signing_keys: 3,
      spans: true,
      day_budget: { max_steps: 5 },
      access_log: true,
      cors_origins: ['https://app.example'],
      alarm_email: 'ops@example.com',
      monthly_budget_usd: 10,
      budget_email: 'ops@example.com',
      budget_action_percent: 100,
      stop_on_alarm: ['invocations', 'monthly-budget'],
    },
    {
      region: 'eu-central-1',
      modes: ['base', 'mcp', 'memory', 'sessions', 'tools'],
      memory: true,
      code_interpreter: true,
      planner: true,
      kms: true,
      signing: true,
      sign_segments: true,
      signing_keys: 3,
      tracing: true,
      spans: true,
      day_budget: true,
      access_log: true,
      cors: true,
      // And one for a stop that failed.
      alarms: 39,
      stop_alarms: 6,
      budgets: 1,
      budget_actions: 1,
      emails: true,
    },
  ],
  [
    'segments to be signed, and nothing signs',
    { sign_segments: true, signing_keys: 2 },
    { signing: false, sign_segments: false, signing_keys: 0 },
  ],
  [
    'switches without their functions',
    { enable_agentcore_memory: true, code_interpreter_id: 'aws.codeinterpreter.v1', planner_runtime_arn: PLANNER },
    { memory: false, code_interpreter: false, planner: false },
  ],
];

function evaluate(folder: string, variables: Variables): unknown {
  writeFileSync(join(folder, 'set.auto.tfvars.json'), JSON.stringify({ region: 'us-east-1', ...variables }));
  const printed = execFileSync(TERRAFORM ?? '', [`-chdir=${folder}`, 'console'], {
    input: 'jsonencode(local.limits)\n',
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' },
  });
  // It is printed as a string of the language, which is one of JSON here.
  return JSON.parse(JSON.parse(printed.trim()) as string);
}

describeWhere(TERRAFORM === undefined ? 'terraform is not on the path' : undefined, 'the limits that Terraform puts out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ewm-cost-'));
  beforeAll(() => {
    for (const file of ['cost.tf', 'variables.tf']) cpSync(join(ROOT, file), join(folder, file));
    writeFileSync(join(folder, 'surroundings.tf'), SURROUNDINGS);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(SETS)('are those of ewm cost: %s', (_name, variables, expected) => {
    expect(valueOfRight(decodeLimits(evaluate(folder, variables)))).toMatchObject(expected);
  });
});
