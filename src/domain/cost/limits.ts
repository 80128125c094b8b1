/**
 * What bounds a bill: the limits of a deployment, in the form of the Terraform output `limits`.
 * Invariant: whatever decodes has a finite worst case. What would have none (logs that are kept for ever) is refused.
 */
import { CEILINGS } from '../budget/budget';
import { limitCodecs } from '../budget/budget-codec';
import { REQUIRED } from '../budget/dimensions';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import {
  type Codec,
  countCodec,
  decimalCodec,
  type Decoded,
  listCodec,
  makeCodec,
  NOT_NEGATIVE,
  objectCodec,
  textCodec,
} from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { exactDecimal } from '../decimal/decimal';

export const BILL_MODES = ['base', 'tools', 'memory', 'sessions', 'mcp'] as const;
export type BillMode = (typeof BILL_MODES)[number];

const modeCodec: Codec<BillMode> = makeCodec('mode', { enum: [...BILL_MODES] }, (value, context) => {
  const mode = BILL_MODES.find((known) => known === value);
  return mode === undefined ? failure(value, context, `expected one of ${BILL_MODES.join(', ')}`) : success(mode);
});

const switchCodec: Codec<boolean> = makeCodec('switch', { type: 'boolean' }, (value, context) =>
  typeof value === 'boolean' ? success(value) : failure(value, context, 'expected true or false'),
);

const limitsCodec = objectCodec('limits', {
  required: {
    region: textCodec,
    modes: listCodec(modeCodec, { min: 1, max: BILL_MODES.length, uniqueBy: (mode) => mode }),
    lambda_memory_mb: countCodec(128, 10_240),
    lambda_timeout_seconds: countCodec(1, 900),
    /** Requests about sessions at a time, of the functions of sessions and of MCP each; every other function takes one. */
    sessions_concurrency: countCodec(1, 1_000),
    throttle_rate_per_second: decimalCodec(NOT_NEGATIVE),
    throttle_burst: countCodec(0, 1_000_000),
    log_retention_days: countCodec(1, 3_653),
    tracing: switchCodec,
    /** Spans in the logs of functions that call tools. */
    spans: switchCodec,
    /** A line for each request of the API, those of strangers included. */
    access_log: switchCodec,
    /** Whether pages of other origins may call, and strangers send preflights. */
    cors: switchCodec,
    ...limitCodecs(REQUIRED),
    /** Whether a budget of the day is set, which is asked before each request and told after it. */
    day_budget: switchCodec,
    max_body_bytes: countCodec(1),
    /** Of all files of one run. */
    max_artifact_bytes: countCodec(65_536),
    artifact_expiry_days: countCodec(1, 36_500),
    noncurrent_expiry_days: countCodec(1, 36_500),
    /** A key of your own for the bucket. */
    kms: switchCodec,
    /** Whether what is stored gets receipts, of sessions each segment or the last one, and how many keys of AWS KMS there are for it. */
    signing: switchCodec,
    sign_segments: switchCodec,
    signing_keys: countCodec(0, 1_000),
    memory: switchCodec,
    code_interpreter: switchCodec,
    planner: switchCodec,
    /** How long a session of the planner's runtime may live. The service's own most is 28,800. */
    planner_session_seconds: countCodec(1, 28_800),
    alarms: countCodec(0, 10_000),
    dashboards: countCodec(0, 1_000),
    budgets: countCodec(0, 1_000),
    /** Budgets that act, and do not only tell. */
    budget_actions: countCodec(0, 1_000),
    /** Alarms and budgets that pull the stop switch, each by a message to the function that does it. */
    stop_alarms: countCodec(0, 10_000),
    /** Whether alarms and budgets write to somebody. */
    emails: switchCodec,
  },
});

export type Limits = Decoded<typeof limitsCodec>;

/** A deployment whose variables were all left alone. */
export const DEFAULT_LIMITS: Limits = {
  region: 'us-east-1',
  modes: ['base'],
  lambda_memory_mb: 512,
  lambda_timeout_seconds: 29,
  sessions_concurrency: 1,
  throttle_rate_per_second: exactDecimal('2'),
  throttle_burst: 5,
  log_retention_days: 14,
  tracing: false,
  spans: false,
  access_log: false,
  cors: false,
  ...CEILINGS,
  day_budget: false,
  max_body_bytes: 1_048_576,
  max_artifact_bytes: 4_194_304,
  artifact_expiry_days: 30,
  noncurrent_expiry_days: 7,
  kms: false,
  signing: false,
  sign_segments: false,
  signing_keys: 0,
  memory: false,
  code_interpreter: false,
  planner: false,
  planner_session_seconds: 28_800,
  alarms: 6,
  dashboards: 1,
  budgets: 0,
  budget_actions: 0,
  stop_alarms: 0,
  emails: false,
};

export function decodeLimits(document: unknown): Either<readonly Problem[], Limits> {
  const decoded = limitsCodec.decode(document);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}
