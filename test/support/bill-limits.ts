/** Random limits of a deployment, as the Terraform output `limits` has them; and the same as the model of the bill takes them. */
import fc from 'fast-check';
import { DEFAULT_LIMITS } from '../../src/domain/cost/limits';
import type { ModelLimits } from './bill-model';

export interface LimitsDocument extends Omit<ModelLimits, 'rate'> {
  readonly region: string;
  readonly throttle_rate_per_second: number;
}

export const SMALL_LIMITS: LimitsDocument = { ...DEFAULT_LIMITS, throttle_rate_per_second: 2 };

const count = (max: number): fc.Arbitrary<number> => fc.oneof(fc.constantFrom(0, 1), fc.nat(max), fc.constant(Number.MAX_SAFE_INTEGER));

export const limitsDocument: fc.Arbitrary<LimitsDocument> = fc.record({
  region: fc.constant('us-east-1'),
  modes: fc.subarray(['base', 'tools', 'memory', 'sessions', 'mcp'], { minLength: 1 }),
  lambda_memory_mb: fc.integer({ min: 128, max: 10_240 }),
  lambda_timeout_seconds: fc.integer({ min: 7, max: 29 }),
  sessions_concurrency: fc.integer({ min: 1, max: 100 }),
  // Tenths are no whole numbers of a binary fraction; above ten the one instance is what bounds.
  throttle_rate_per_second: fc.oneof(
    fc.integer({ min: 1, max: 1_000 }),
    fc.integer({ min: 11, max: 150 }).map((tenths) => tenths / 10),
  ),
  throttle_burst: fc.integer({ min: 1, max: 1_000 }),
  log_retention_days: fc.constantFrom(1, 14, 365, 3_653),
  tracing: fc.boolean(),
  spans: fc.boolean(),
  access_log: fc.boolean(),
  cors: fc.boolean(),
  max_steps: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.constant(Number.MAX_SAFE_INTEGER)),
  max_tool_calls: count(2_000),
  max_model_calls: count(20),
  max_memory_ops: count(2_000),
  max_memory_bytes: count(1_000_000),
  day_budget: fc.boolean(),
  max_body_bytes: fc.integer({ min: 1, max: 6_291_456 }),
  max_artifact_bytes: fc.oneof(fc.integer({ min: 65_536, max: 20_000_000 }), fc.constant(Number.MAX_SAFE_INTEGER)),
  artifact_expiry_days: fc.integer({ min: 1, max: 36_500 }),
  noncurrent_expiry_days: fc.integer({ min: 1, max: 400 }),
  kms: fc.boolean(),
  signing: fc.boolean(),
  sign_segments: fc.boolean(),
  signing_keys: fc.nat(20),
  memory: fc.boolean(),
  code_interpreter: fc.boolean(),
  planner: fc.boolean(),
  planner_session_seconds: fc.integer({ min: 1, max: 28_800 }),
  alarms: fc.nat(40),
  stop_alarms: fc.nat(40),
  dashboards: fc.nat(2),
  budgets: fc.nat(2),
  budget_actions: fc.nat(2),
  emails: fc.boolean(),
});

export function modelLimits({ throttle_rate_per_second: rate, ...limits }: LimitsDocument): ModelLimits {
  return { ...limits, rate: String(rate) };
}
