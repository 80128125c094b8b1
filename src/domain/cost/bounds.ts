/**
 * What one invocation can do at most, whatever was sent. Each number is a fact of this program or of AWS and says which; docs/cost.md derives them.
 * `terraform/cost.tf` holds the same numbers, and a test compares the two.
 */
import type { BillMode, Limits } from './limits';

/** Lambda bills initialisation, and ends one that takes longer. Unit: ms. */
export const INIT_MS_MAX = 10_000n;

/** Lambda answers and takes 6 MB at most; the next whole number of bytes above every reading of that. Unit: bytes. */
const LAMBDA_PAYLOAD_BYTES_MAX = 6_291_556n;

/** An HTTP API takes 10 MB at most. Unit: bytes. */
export const REQUEST_BYTES_MAX = 10_485_760n;
/** All headers of a request or of a response. Unit: bytes. */
export const HEADER_BYTES_MAX = 10_240n;
/** What is metered as one request, in the dearer reading of 512 KB. Unit: bytes. */
export const API_UNIT_BYTES = 512_000n;

/** An environment of Lambda takes this many invocations a second, however short they are. */
export const INVOCATIONS_PER_SECOND_MAX = 10n;

/** `ewm` lists no more calls than this in one request, whatever its budget is. */
const CALLS_MAX = 1_000n;

/** A session outlives the invocation that lost it by this much at most. Unit: seconds. */
export const SESSION_GRACE_SECONDS = 30n;
/** What a session of the code interpreter or of the runtime has. */
export const SESSION_VCPUS = 2n;
export const SESSION_MEMORY_GB = 8n;

/** Lambda's own lines, ours, and the metrics of one invocation. Unit: bytes. */
export const FUNCTION_LOG_BYTES_MAX = 16_384n;
/** The line that tells of a session that could not be stopped. Unit: bytes. */
export const SESSION_LOG_BYTES_MAX = 3_072n;
/** A line of the access log holds nothing of the caller's making but an ARN of at most 2,048 characters. Unit: bytes. */
export const ACCESS_LOG_BYTES_MAX = 4_096n;

/** The answer of `GET /health`. Unit: bytes. */
export const HEALTH_BYTES_MAX = 16_384n;

/** Metrics that a function writes: `METRICS` of src/handlers/http/edge/observed.ts, one dimension each. */
export const METRICS_PER_MODE = 9n;

/** An alarm is evaluated once a minute at most. */
export const ALARM_CHANGES_PER_HOUR = 60n;

/** What S3 keeps with an object besides its bytes: its key, headers and, later, a delete marker. Unit: bytes. */
export const OBJECT_OVERHEAD_BYTES = 2_048n;
/** Expiry takes effect at the next midnight, once for the object and once for its last version. Unit: days. */
export const EXPIRY_ROUNDING_DAYS = 2n;

const FILES_OF_MODE: Readonly<Record<BillMode, bigint>> = { base: 10n, tools: 10n, memory: 8n };

/** Files of a run: each is one PUT, and where its key is taken one GET to compare. A memory function without a memory stores nothing. */
export function filesMax(mode: BillMode, limits: Limits): bigint {
  return mode === 'memory' && !limits.memory ? 0n : FILES_OF_MODE[mode];
}

/** Calls of a plan, each of which takes a step, too. */
export function toolCallsMax({ max_tool_calls: calls, max_steps: steps }: Limits): bigint {
  return least(BigInt(calls), BigInt(steps), CALLS_MAX);
}

export function modelCallsMax(limits: Limits): bigint {
  return least(BigInt(limits.max_model_calls), toolCallsMax(limits));
}

export function memoryOperationsMax({ max_memory_ops: operations }: Limits): bigint {
  return least(BigInt(operations), CALLS_MAX);
}

// Artifacts of a base run: rows of the tape, the ledger and the report grow with steps times symbols.
const SYMBOLS_MAX = 1_000n;
/** `"A":1,` is the shortest price in a body. */
const PRICE_BYTES_MIN = 6n;
/** The bundled market: steps times symbols. */
const EXAMPLE_PRICES = 10n;
/** Everything that one symbol adds to one step: price, signal, rationale, action, position, fill, line of the report. Unit: bytes. */
const STEP_SYMBOL_BYTES_MAX = 2_048n;
/** What a step takes besides its symbols. Unit: bytes. */
const STEP_BYTES_MAX = 4_096n;
/** The inputs in normal form, a number that was written shortly written out, against the body they came in. */
const INPUT_GROWTH = 8n;
/** States, seals and summaries: at most 1,000 positions in each of a dozen places. Unit: bytes. */
const SUMMARY_BYTES_MAX = 1_048_576n;

// Artifacts of a memory run.
/** Tape, memory.json and decision.json each hold what was sent and what came back. */
const MEMORY_COPIES = 6n;
const MEMORY_OPERATION_BYTES_MAX = 8_192n;

const BYTES_PER_MB = 1_048_576n;

/**
 * Bytes that an invocation stores: never more than the ceiling, for a run with more stores nothing. All files are whole in the function's
 * memory before the first is put, so that memory bounds them, too; for a base and a memory run their form may bound them better.
 */
export function artifactBytesMax(mode: BillMode, limits: Limits): bigint {
  const most = least(BigInt(limits.max_artifact_bytes), BigInt(limits.lambda_memory_mb) * BYTES_PER_MB);
  const body = BigInt(limits.max_body_bytes);
  switch (mode) {
    case 'base': {
      const prices = least(BigInt(limits.max_steps) * SYMBOLS_MAX, body / PRICE_BYTES_MIN + EXAMPLE_PRICES);
      const steps = least(BigInt(limits.max_steps), prices);
      return least(most, STEP_SYMBOL_BYTES_MAX * prices + STEP_BYTES_MAX * steps + INPUT_GROWTH * body + SUMMARY_BYTES_MAX);
    }
    case 'tools':
      return most;
    case 'memory': {
      if (!limits.memory) return 0n;
      const operations = MEMORY_OPERATION_BYTES_MAX * memoryOperationsMax(limits);
      return least(most, MEMORY_COPIES * BigInt(limits.max_memory_bytes) + operations + INPUT_GROWTH * body + SUMMARY_BYTES_MAX);
    }
  }
}

/** A list of problems, a state of 1,000 positions: what an answer holds whatever was sent. Unit: bytes. */
const ANSWER_BYTES_BASE = 450_000n;

/** The body of an answer. Results of a plan are cut at 5 MB, so that tools are bounded by what Lambda answers with. */
export function answerBytesMax(mode: BillMode, limits: Limits): bigint {
  const told = 2n * BigInt(limits.max_body_bytes) + ANSWER_BYTES_BASE;
  switch (mode) {
    case 'base':
      return least(LAMBDA_PAYLOAD_BYTES_MAX, told);
    case 'tools':
      return LAMBDA_PAYLOAD_BYTES_MAX;
    case 'memory': {
      const results = 2n * BigInt(limits.max_memory_bytes) + MEMORY_OPERATION_BYTES_MAX * memoryOperationsMax(limits);
      return least(LAMBDA_PAYLOAD_BYTES_MAX, told + results);
    }
  }
}

export function least(first: bigint, ...others: readonly bigint[]): bigint {
  return others.reduce((a, b) => (b < a ? b : a), first);
}
