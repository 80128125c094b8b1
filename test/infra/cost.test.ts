/**
 * The bill of Terraform is the bill of `ewm cost`: several deployments are evaluated by Terraform itself, and its output `limits` is priced again.
 * Nothing is planned, no provider is needed: cost.tf stands beside the variables, and beside what the rest of the configuration would say.
 */
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { worstCaseBill } from '../../src/domain/cost/bill';
import { decodeLimits, DEFAULT_LIMITS } from '../../src/domain/cost/limits';
import { decodePrices } from '../../src/domain/cost/prices';
import { executablePath } from '../support/executable';
import { describeWhere } from '../support/needs';
import { valueOfRight } from '../support/task';

const SEED = Number(process.env['EWM_SEED'] ?? 20_261_124);
const RANDOM_SETS = 4;
const ROOT = join(__dirname, '../../terraform');
const TERRAFORM = executablePath('terraform');

/** As locals.tf and observability.tf say it, without the resources around them. */
const SURROUNDINGS = `locals {
  memory_enabled      = var.enable_agentcore_memory && contains(var.modes, "memory")
  interpreter_enabled = var.code_interpreter_id != null && contains(var.modes, "tools")
  planner_enabled     = var.planner_runtime_arn != null && contains(var.modes, "tools")
  alarm_kinds         = { for number in range(6) : tostring(number) => number }
}
`;

const prices = valueOfRight(decodePrices(JSON.parse(readFileSync(join(ROOT, 'prices.json'), 'utf8'))));
const PLANNER = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789';
const KEY = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000';
const ALL = ['base', 'tools', 'memory'];

type Variables = Readonly<Record<string, unknown>>;

const SETS: readonly (readonly [string, Variables])[] = [
  ['nothing set', {}],
  [
    'everything on',
    {
      modes: ALL,
      enable_agentcore_memory: true,
      code_interpreter_id: 'aws.codeinterpreter.v1',
      planner_runtime_arn: PLANNER,
      max_model_calls: 2,
      kms_key_arn: KEY,
      tracing: true,
      alarm_email: 'ops@example.com',
      monthly_budget_usd: 10,
      budget_email: 'ops@example.com',
    },
  ],
  ['tools alone, which answers for health', { modes: ['tools'], code_interpreter_id: 'aws.codeinterpreter.v1', max_tool_calls: 3 }],
  ['memory without a memory', { modes: ['memory'], max_memory_ops: 5_000 }],
  ['a throttle above what one instance takes', { modes: ALL, throttle_rate_per_second: 1_000, throttle_burst: 1_000 }],
  [
    'a rate that no binary fraction holds',
    { throttle_rate_per_second: 1.1, lambda_memory_mb: 129, lambda_timeout_seconds: 7, log_retention_days: 3_653 },
  ],
  [
    'ceilings without end',
    {
      modes: ALL,
      max_steps: Number.MAX_SAFE_INTEGER,
      max_tool_calls: Number.MAX_SAFE_INTEGER,
      lambda_memory_mb: 10_240,
      max_body_bytes: 6_291_456,
      max_artifact_bytes: Number.MAX_SAFE_INTEGER,
    },
  ],
  ['a ceiling of artifacts that is no ceiling', { modes: ALL, enable_agentcore_memory: true, max_artifact_bytes: Number.MAX_SAFE_INTEGER }],
];

const randomVariables: fc.Arbitrary<Variables> = fc.record({
  modes: fc.subarray(ALL, { minLength: 1 }),
  lambda_memory_mb: fc.integer({ min: 128, max: 10_240 }),
  lambda_timeout_seconds: fc.integer({ min: 7, max: 29 }),
  throttle_rate_per_second: fc.integer({ min: 10, max: 9_999 }).map((tenths) => tenths / 10),
  throttle_burst: fc.integer({ min: 1, max: 1_000 }),
  max_steps: fc.integer({ min: 1, max: 3_000 }),
  max_tool_calls: fc.nat(3_000),
  max_model_calls: fc.nat(3_000),
  max_memory_ops: fc.nat(3_000),
  max_memory_bytes: fc.nat(9_999_999),
  max_body_bytes: fc.integer({ min: 1, max: 6_291_456 }),
  max_artifact_bytes: fc.oneof(fc.integer({ min: 65_536, max: 99_999_999 }), fc.constant(Number.MAX_SAFE_INTEGER)),
  artifact_expiry_days: fc.integer({ min: 1, max: 36_500 }),
  noncurrent_expiry_days: fc.integer({ min: 1, max: 36_500 }),
  enable_agentcore_memory: fc.boolean(),
  code_interpreter_id: fc.constantFrom(null, 'aws.codeinterpreter.v1'),
  planner_runtime_arn: fc.constantFrom(null, PLANNER),
  tracing: fc.boolean(),
});

interface Evaluated {
  readonly bill: unknown;
  readonly limits: unknown;
}

function evaluate(folder: string, variables: Variables): Evaluated {
  writeFileSync(join(folder, 'set.auto.tfvars.json'), JSON.stringify({ region: 'us-east-1', ...variables }));
  const printed = execFileSync(TERRAFORM ?? '', [`-chdir=${folder}`, 'console'], {
    input: 'jsonencode({ bill = local.worst_case_bill, limits = local.limits })\n',
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' },
  });
  // It is printed as a string of the language, which is one of JSON here.
  return JSON.parse(JSON.parse(printed.trim()) as string) as Evaluated;
}

describeWhere(TERRAFORM === undefined ? 'terraform is not on the path' : undefined, 'the bill of Terraform', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ewm-cost-'));
  beforeAll(() => {
    for (const file of ['cost.tf', 'prices.json', 'variables.tf']) cpSync(join(ROOT, file), join(folder, file));
    writeFileSync(join(folder, 'surroundings.tf'), SURROUNDINGS);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const random = fc
    .sample(randomVariables, { seed: SEED, numRuns: RANDOM_SETS })
    .map((set, index) => [`random ${String(index)}, EWM_SEED=${String(SEED)}`, set] as const);
  it.each([...SETS, ...random])('is that of ewm cost: %s', (_name, variables) => {
    const { bill, limits } = evaluate(folder, variables);
    expect(bill).toEqual(worstCaseBill(valueOfRight(decodeLimits(limits)), prices));
  });

  it('has the defaults that ewm cost takes where nothing is applied', () => {
    expect(valueOfRight(decodeLimits(evaluate(folder, {}).limits))).toEqual(DEFAULT_LIMITS);
  });

  it('differs as soon as one of its numbers does', () => {
    const text = readFileSync(join(ROOT, 'cost.tf'), 'utf8');
    for (const [number, other] of [
      ['+ 30) * 8', '+ 29) * 8'],
      ['= 4096\n', '= 4095\n'],
      ['672)', '744)'],
      ['min(var.max_artifact_bytes', 'min(2 * var.max_artifact_bytes'],
    ] as const) {
      expect(text).toContain(number);
      writeFileSync(join(folder, 'cost.tf'), text.replaceAll(number, other));
      const { bill, limits } = evaluate(folder, SETS[1]?.[1] ?? {});
      expect(bill).not.toEqual(worstCaseBill(valueOfRight(decodeLimits(limits)), prices));
    }
  });
});
