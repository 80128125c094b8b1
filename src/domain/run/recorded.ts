/**
 * Calls to the outside as a use case sees them: an answer that can stand on a tape, and be taken from one. Live calls come from ports,
 * replayed ones from recorded rows; the use case does not know which, so a verifier runs the very code that ran.
 */
import { type Either, isLeft } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { CodeInterpreter, ProgramFailed } from '../../ports/code-interpreter';
import type { CallFailure, Source } from '../../ports/dependency';
import type { Memory, MemoryOperation } from '../../ports/memory';
import type { MalformedPlan, Planner } from '../../ports/planner';
import { assertNever } from '../assert';
import { canonical, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import { describeProblem } from '../codec/problem';
import { formatDecimal } from '../decimal/decimal';
import type { Row } from '../tape/chain';
import { DEADLINE, type DependencyFailedStop, type DeadlineExceededStop } from './stop';
import type { CodeLanguage } from '../../ports/code-interpreter';

/** A call that failed by itself; where it stands in a plan is added by the plan. */
export type CallError = DependencyFailedStop | DeadlineExceededStop | { readonly code: 'tool_failed'; readonly message: string };

export type Recorded = { readonly ok: true; readonly result: Json } | { readonly ok: false; readonly error: CallError };

export interface Answer {
  readonly recorded: Recorded;
  readonly source: Source;
}

export interface OutsideTools {
  readonly executeCode: (index: number, language: CodeLanguage, code: string) => Promise<Answer>;
  /** The result is `{"actions": [...]}`. */
  readonly propose: (index: number, goal: string, context: Json) => Promise<Answer>;
  /** Asked before each call: whether the time is up. */
  readonly timeIsUp: (index: number) => boolean;
}

export interface OutsideMemory {
  /** For a get the result is `{"found", "value"?, "bytes"}`; bytes is the UTF-8 length of the canonical value. */
  readonly call: (index: number, operation: MemoryOperation) => Promise<Answer>;
  readonly timeIsUp: (index: number) => boolean;
}

/** What must be left of an invocation to begin another call and still write down what happened. Unit: ms. */
export const CALL_RESERVE_MS = 2_000;

/** A tool whose port is absent is not enabled here: calling it is a failed call, like calling one that does not exist. */
export function liveTools(
  runId: string,
  interpreter: CodeInterpreter | undefined,
  planner: Planner | undefined,
  deadline: Deadline,
): OutsideTools {
  return {
    executeCode: async (_index, language, code) => {
      if (interpreter === undefined) return notEnabled('execute_code');
      const outcome = await interpreter.execute({ language, code }, deadline)();
      const result = isLeft(outcome) ? outcome : { _tag: 'Right' as const, right: codeJson(outcome.right) };
      return { source: interpreter.source, recorded: record(result) };
    },
    propose: async (index, goal, context) => {
      if (planner === undefined) return notEnabled('propose_plan');
      const outcome = await planner.propose({ goal, context }, `${runId}-${String(index)}`, deadline)();
      if (isLeft(outcome)) return { source: planner.source, recorded: record(outcome) };
      const actions = outcome.right.map(({ type, symbol, quantity, price }) => ({
        type,
        symbol,
        quantity: formatDecimal(quantity),
        ...(price === undefined ? {} : { price: formatDecimal(price) }),
      }));
      return { source: planner.source, recorded: { ok: true, result: { actions } } };
    },
    timeIsUp: () => deadline.remainingMs() < CALL_RESERVE_MS,
  };
}

/**
 * The same tools, whose answers are together at most this many bytes as they stand on a tape. One that is longer is a failed call, so a tape
 * says that it came, how long it was, and not what it was.
 */
export function withinBytes(outside: OutsideTools, bytesMax: number): OutsideTools {
  let left = bytesMax;
  const fitted = ({ source, recorded }: Answer): Answer => {
    if (!recorded.ok) return { source, recorded };
    const bytes = canonicalBytes(recorded.result);
    if (bytes > left) return { source, recorded: { ok: false, error: { code: 'tool_failed', message: tooLong(bytes, left) } } };
    left -= bytes;
    return { source, recorded };
  };
  return {
    ...outside,
    executeCode: async (...call) => fitted(await outside.executeCode(...call)),
    propose: async (...call) => fitted(await outside.propose(...call)),
  };
}

function tooLong(bytes: number, left: number): string {
  return `an answer of ${String(bytes)} bytes, withheld: ${String(left)} were left for answers from outside (a quarter of EWM_MAX_ARTIFACT_BYTES)`;
}

function notEnabled(tool: string): Answer {
  return { source: 'local', recorded: { ok: false, error: { code: 'tool_failed', message: `${tool} is not enabled in this deployment` } } };
}

export function liveMemory(runId: string, memory: Memory, deadline: Deadline): OutsideMemory {
  return {
    call: async (index, operation) => ({ source: memory.source, recorded: await callMemory(runId, memory, deadline, index, operation) }),
    timeIsUp: () => deadline.remainingMs() < CALL_RESERVE_MS,
  };
}

async function callMemory(runId: string, memory: Memory, deadline: Deadline, index: number, operation: MemoryOperation): Promise<Recorded> {
  switch (operation.op) {
    case 'memory_put': {
      const outcome = await memory.put(operation, `${runId}-${String(index)}`, deadline)();
      return record(isLeft(outcome) ? outcome : { _tag: 'Right', right: null });
    }
    case 'memory_clear': {
      const outcome = await memory.clear(operation, deadline)();
      return record(isLeft(outcome) ? outcome : { _tag: 'Right', right: null });
    }
    case 'memory_get': {
      const outcome = await memory.get(operation, deadline)();
      if (isLeft(outcome)) return record(outcome);
      const value = outcome.right;
      return { ok: true, result: value === undefined ? { found: false, bytes: 0 } : { found: true, value, bytes: canonicalBytes(value) } };
    }
  }
}

/** UTF-8 length of the canonical text. */
export function canonicalBytes(value: Json): number {
  return new TextEncoder().encode(canonical(value)).length;
}

function codeJson({ stdout, stderr, exitCode }: { readonly stdout: string; readonly stderr: string; readonly exitCode: number }): Json {
  return { stdout: stdout.toWellFormed(), stderr: stderr.toWellFormed(), exit_code: exitCode };
}

function record(outcome: Either<CallFailure | ProgramFailed | MalformedPlan, Json>): Recorded {
  return isLeft(outcome) ? { ok: false, error: callError(outcome.left) } : { ok: true, result: outcome.right };
}

function callError(failure: CallFailure | ProgramFailed | MalformedPlan): CallError {
  switch (failure._tag) {
    case 'DependencyFailed': {
      const { service, operation, reason, effect, httpStatus } = failure;
      const message = `${service} ${operation}: ${reason.toWellFormed()}`;
      return {
        code: 'dependency_failed',
        message,
        service,
        operation,
        effect,
        ...(httpStatus === undefined ? {} : { http_status: httpStatus }),
      };
    }
    case 'DeadlineExceeded':
      return DEADLINE;
    case 'ProgramFailed':
      return { code: 'tool_failed', message: `the program failed: ${failure.reason.toWellFormed()}` };
    case 'MalformedPlan':
      return {
        code: 'tool_failed',
        message: `the planner's answer is not a plan: ${failure.problems.map((problem) => describeProblem('answer', problem)).join('; ')}`,
      };
    default:
      return assertNever(failure);
  }
}

/** The recorded rows of a tape, for a verifier. `rows`: its `tool`, `model` and `memory` rows in order; `stopped`: the seal's error code. */
export function replayedTools(rows: readonly Row[], stopped: unknown): OutsideTools {
  const find = (type: string, index: number): Answer => answerOf(rows.find((row) => row['type'] === type && row['index'] === index));
  return {
    executeCode: (index) => Promise.resolve(find('tool', index)),
    propose: (index) => Promise.resolve(find('model', index)),
    timeIsUp: replayedClock(rows.filter((row) => row['type'] === 'tool').length, stopped),
  };
}

export function replayedMemory(rows: readonly Row[], stopped: unknown): OutsideMemory {
  const memory = rows.filter((row) => row['type'] === 'memory');
  return { call: (index) => Promise.resolve(answerOf(memory[index])), timeIsUp: replayedClock(memory.length, stopped) };
}

/** A run that the clock stopped is stopped at the same call when it is written again. */
function replayedClock(calls: number, stopped: unknown): (index: number) => boolean {
  return (index) => stopped === DEADLINE.code && index >= calls;
}

/** Whatever a row says that is not an answer becomes one that differs from the row, which is what the verifier then reports. */
function answerOf(row: Row | undefined): Answer {
  const source = row?.['source'] === 'remote' ? 'remote' : 'local';
  if (row?.['ok'] === true) return { source, recorded: { ok: true, result: row['result'] ?? null } };
  const error = row?.['error'];
  if (isRecord(error) && (error['code'] === 'budget_exceeded' || row?.['result'] !== undefined)) {
    return { source, recorded: { ok: true, result: row?.['result'] ?? null } };
  }
  return {
    source,
    recorded: { ok: false, error: isRecord(error) ? recordedError(error) : { code: 'tool_failed', message: 'nothing recorded' } },
  };
}

function recordedError(error: Readonly<Record<string, unknown>>): CallError {
  const { index: _index, tool: _tool, ...rest } = error;
  return rest as unknown as CallError;
}
