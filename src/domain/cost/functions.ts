/**
 * One row a function: what one invocation of it can do at most, whatever was sent, and what one does on an ordinary day.
 * Invariant: each bound is a fact of this program or of AWS and says which; docs/cost.md derives them, test/handlers/cost.test.ts attacks them.
 */
import { BYTES_PER_MB, CALLS_MAX, LAMBDA_PAYLOAD_BYTES_MAX, least, SPAN_BYTES_MAX } from './bounds';
import type { BillMode, Limits } from './limits';

export interface FunctionBounds {
  /** Routes of its own: the API throttles each by itself. */
  readonly routes: bigint;
  /** Requests at a time. */
  readonly concurrency: (limits: Limits) => bigint;
  /** Objects that are created: each is one PUT. */
  readonly files: (limits: Limits) => bigint;
  /** Objects that are read: where a key is taken, to compare; and the stop switch, before each request and each act outside. */
  readonly reads: (limits: Limits) => bigint;
  /** Lists, which S3 prices like PUTs. */
  readonly lists: bigint;
  readonly artifactBytes: (limits: Limits) => bigint;
  /** Receipts, where the deployment signs: each is one signature and one object. */
  readonly receipts: (limits: Limits) => bigint;
  /** What one receipt repeats of what is stored, in base64. Unit: bytes. */
  readonly receiptBytes: (limits: Limits) => bigint;
  /** The body of an answer. Unit: bytes. */
  readonly answerBytes: (limits: Limits) => bigint;
  /** Sessions of the code interpreter that are started: one for all programs of a plan. */
  readonly codeSessions: (limits: Limits) => bigint;
  /** Sessions of the planner's runtime that are opened: one for all goals of a plan. */
  readonly plannerSessions: (limits: Limits) => bigint;
  readonly memoryEvents: (limits: Limits) => bigint;
  /** What its spans come to in the log, where they are asked for. Unit: bytes. */
  readonly spanBytes: bigint;
  readonly typical: Typical;
}

/** One request as people send them: the bundled example, nothing fails, every session is stopped. */
export interface Typical {
  /** Of Lambda, a cold start now and then included. */
  readonly lambdaMs: bigint;
  readonly files: bigint;
  readonly storedBytes: bigint;
  readonly answerBytes: bigint;
  readonly logBytes: bigint;
  readonly memoryEvents: bigint;
  readonly codeSessionSeconds: bigint;
  readonly plannerSessionSeconds: bigint;
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

/** A list of problems, a state of 1,000 positions: what an answer holds whatever was sent. Unit: bytes. */
const ANSWER_BYTES_BASE = 450_000n;

// Artifacts of a request about a session.
/** Documents of a session and its first segment, and the grant of its parent: a fork. */
const FORK_FILES = 6n;
/** Documents of two sessions, those that are there already, and what a race, a repeat and an act that nobody ended make a request look at. */
const SESSION_READS = 32n;
/** Documents and segments that a proof reads: `PROOF_READS_MAX` of src/handlers/http/modes/session-proof.ts. */
const PROOF_READS_MAX = 1_024n;
/**
 * The newest segment is found by so many lists at most: gallop and halve to 10^8. A request looks for it three times, and asks for eight
 * missing keys; a tool that was refused looks once more, for what is left.
 */
const SESSION_LISTS = 4n * 36n + 8n;
/** A `resume` row: states and plans of 1,000 positions. Unit: bytes. */
const RESUME_BYTES_MAX = 524_288n;
/** Calls of a request and what they answer, the last call whole: `REQUEST_BYTES_MAX` of src/domain/session/limits.ts, twice, and one answer. Unit: bytes. */
const SESSION_ROWS_BYTES_MAX = 3n * 4_194_304n;
const SESSION_CALLS_MAX = 64n;

const none = (): bigint => 0n;
const one = (): bigint => 1n;

const LOCAL_RUN: Typical = {
  lambdaMs: 400n,
  files: 10n,
  storedBytes: 24_000n,
  answerBytes: 2_048n,
  logBytes: 8_192n,
  memoryEvents: 0n,
  codeSessionSeconds: 0n,
  plannerSessionSeconds: 0n,
};

const SESSION_REQUEST: Omit<FunctionBounds, 'routes'> = {
  concurrency: (limits) => BigInt(limits.sessions_concurrency),
  files: (limits) => FORK_FILES + outsideCallsMax(limits),
  // A repeat is answered from the segments that its first time made; a tool may be a proof, also where a gateway calls it.
  reads: (limits) => SESSION_READS + PROOF_READS_MAX + 1n + 2n * outsideCallsMax(limits),
  lists: SESSION_LISTS,
  artifactBytes: (limits) =>
    INPUT_GROWTH * BigInt(limits.max_body_bytes) +
    SUMMARY_BYTES_MAX +
    SESSION_ROWS_BYTES_MAX +
    RESUME_BYTES_MAX * (FORK_FILES + outsideCallsMax(limits)),
  // A segment that is answered once more is signed once more; a request seals one session, and may end an act that another one left.
  receipts: (limits) => (limits.sign_segments ? FORK_FILES + outsideCallsMax(limits) + 2n : 2n),
  receiptBytes: (limits) => inBase64(INPUT_GROWTH * BigInt(limits.max_body_bytes) + SUMMARY_BYTES_MAX),
  answerBytes: () => LAMBDA_PAYLOAD_BYTES_MAX,
  codeSessions: codeSessionsMax,
  plannerSessions: plannerSessionsMax,
  memoryEvents: (limits) => (limits.memory ? least(memoryOperationsMax(limits), SESSION_CALLS_MAX) : 0n),
  spanBytes: SPAN_BYTES_MAX,
  // Two calls inside, on a session that this process wrote last.
  typical: { ...LOCAL_RUN, lambdaMs: 200n, files: 1n, storedBytes: 4_000n, answerBytes: 4_096n, logBytes: 8_192n },
};

export const FUNCTION_BOUNDS: Readonly<Record<BillMode, FunctionBounds>> = {
  base: {
    routes: 1n,
    concurrency: one,
    files: () => 10n,
    reads: () => 10n,
    lists: 0n,
    artifactBytes: (limits) => {
      const body = BigInt(limits.max_body_bytes);
      const prices = least(BigInt(limits.max_steps) * SYMBOLS_MAX, body / PRICE_BYTES_MIN + EXAMPLE_PRICES);
      const steps = least(BigInt(limits.max_steps), prices);
      return least(heldBytesMax(limits), STEP_SYMBOL_BYTES_MAX * prices + STEP_BYTES_MAX * steps + INPUT_GROWTH * body + SUMMARY_BYTES_MAX);
    },
    receipts: one,
    receiptBytes: runReceiptBytesMax,
    answerBytes: (limits) => least(LAMBDA_PAYLOAD_BYTES_MAX, describedBytesMax(limits)),
    codeSessions: none,
    plannerSessions: none,
    memoryEvents: none,
    // It calls no tools.
    spanBytes: 0n,
    typical: LOCAL_RUN,
  },
  tools: {
    routes: 1n,
    concurrency: one,
    files: () => 10n,
    reads: (limits) => 10n + 1n + outsideToolCallsMax(limits),
    lists: 0n,
    artifactBytes: heldBytesMax,
    receipts: one,
    receiptBytes: runReceiptBytesMax,
    // Results of a plan are cut at 5 MB, so that what Lambda answers with is the bound.
    answerBytes: () => LAMBDA_PAYLOAD_BYTES_MAX,
    codeSessions: codeSessionsMax,
    plannerSessions: plannerSessionsMax,
    memoryEvents: none,
    spanBytes: SPAN_BYTES_MAX,
    typical: { ...LOCAL_RUN, lambdaMs: 3_000n, codeSessionSeconds: 5n, plannerSessionSeconds: 30n },
  },
  memory: {
    routes: 1n,
    concurrency: one,
    // Without a memory it stores nothing.
    files: (limits) => (limits.memory ? 8n : 0n),
    reads: (limits) => (limits.memory ? 8n + memoryOperationsMax(limits) : 0n) + 1n,
    lists: 0n,
    artifactBytes: (limits) => {
      if (!limits.memory) return 0n;
      const operations = MEMORY_OPERATION_BYTES_MAX * memoryOperationsMax(limits);
      const inputs = INPUT_GROWTH * BigInt(limits.max_body_bytes) + SUMMARY_BYTES_MAX;
      return least(heldBytesMax(limits), MEMORY_COPIES * BigInt(limits.max_memory_bytes) + operations + inputs);
    },
    receipts: (limits) => (limits.memory ? 1n : 0n),
    receiptBytes: runReceiptBytesMax,
    answerBytes: (limits) => {
      const results = 2n * BigInt(limits.max_memory_bytes) + MEMORY_OPERATION_BYTES_MAX * memoryOperationsMax(limits);
      return least(LAMBDA_PAYLOAD_BYTES_MAX, describedBytesMax(limits) + results);
    },
    codeSessions: none,
    plannerSessions: none,
    memoryEvents: (limits) => (limits.memory ? memoryOperationsMax(limits) : 0n),
    spanBytes: SPAN_BYTES_MAX,
    typical: { ...LOCAL_RUN, lambdaMs: 600n, files: 8n, storedBytes: 16_000n, memoryEvents: 2n },
  },
  sessions: { routes: 11n, ...SESSION_REQUEST },
  // Each message calls one tool, which is one request about a session; the answer holds it twice, as content and as text.
  mcp: { routes: 2n, ...SESSION_REQUEST, typical: { ...SESSION_REQUEST.typical, answerBytes: 12_288n } },
};

/** A run with more than the ceiling stores nothing; and all its files are whole in the function's memory before the first is put. */
function heldBytesMax(limits: Limits): bigint {
  return least(BigInt(limits.max_artifact_bytes), BigInt(limits.lambda_memory_mb) * BYTES_PER_MB);
}

/** The statement repeats the inputs of tape row 0, and these are stored, too. */
function runReceiptBytesMax(limits: Limits): bigint {
  return inBase64(least(heldBytesMax(limits), INPUT_GROWTH * BigInt(limits.max_body_bytes) + SUMMARY_BYTES_MAX));
}

function inBase64(bytes: bigint): bigint {
  return 4n * (bytes / 3n + 1n);
}

function describedBytesMax(limits: Limits): bigint {
  return 2n * BigInt(limits.max_body_bytes) + ANSWER_BYTES_BASE;
}

/** Calls of a plan, each of which takes a step, too. */
function toolCallsMax({ max_tool_calls: calls, max_steps: steps }: Limits): bigint {
  return least(BigInt(calls), BigInt(steps), CALLS_MAX);
}

/** Calls of one request about a session that leave the process: each has a segment of its own. */
function outsideCallsMax(limits: Limits): bigint {
  const called = outsideToolCallsMax(limits);
  return least(SESSION_CALLS_MAX, called + (limits.memory ? memoryOperationsMax(limits) : 0n));
}

function outsideToolCallsMax(limits: Limits): bigint {
  return limits.code_interpreter || limits.planner ? toolCallsMax(limits) : 0n;
}

function codeSessionsMax(limits: Limits): bigint {
  return limits.code_interpreter ? least(1n, toolCallsMax(limits)) : 0n;
}

function plannerSessionsMax(limits: Limits): bigint {
  return limits.planner ? least(1n, BigInt(limits.max_model_calls), toolCallsMax(limits)) : 0n;
}

function memoryOperationsMax({ max_memory_ops: operations }: Limits): bigint {
  return least(BigInt(operations), CALLS_MAX);
}
