/**
 * Where the answers of the outside come from: live calls come from ports, recorded ones from the rows of a tape. An episode does not know
 * which, so a verifier runs the very code that ran.
 */
import type { Deadline } from '../../ports/clock';
import { CLOSE_MS_MAX } from '../../ports/closing';
import type { Source } from '../../ports/dependency';
import type { TracedCall, TracedEnd, Tracing } from '../../ports/tracing';
import type { Costs } from '../budget/budget';
import { canonical, canonicalBytes, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import type { Row } from '../tape/chain';
import { CALL_BYTES_MAX } from '../limits';
import { DEADLINE, type Look, type RunStop } from './stop';
import type { OutsideAnswer, CallError, OpenedPorts, OutsideAct, OutsidePorts } from './tool';

/** One act about to leave the process, already paid for. */
export interface Intent {
  readonly index: number;
  readonly tool: string;
  /** What was reserved for it. */
  readonly costs: Costs;
}

export interface CallSource {
  /** Asked before each call, before anything is reserved: why it is not begun, if so. */
  readonly refuses: (index: number) => RunStop | undefined;
  /** The answer to one act. It is sent at most once; a stop means that it was not sent. `rowType` is that of the row that will hold it. */
  readonly answer: (intent: Intent, act: OutsideAct, rowType: string) => Promise<OutsideAnswer | { readonly stopped: RunStop }>;
  /** Ends what the calls began outside. How many sessions may still run. No call is made afterwards. */
  readonly close: () => Promise<number>;
  /** Makes a call, whatever it reaches, as a span of the request's trace; absent: nobody looks. */
  readonly traced?: <A>(call: Omit<TracedCall, 'runId'>, make: () => Promise<A>, endOf: (called: A) => TracedEnd) => Promise<A>;
}

/** What must be left of an invocation to begin another call, end what the calls began and still write down what happened. Unit: ms. */
export const CALL_RESERVE_MS = CLOSE_MS_MAX;

export interface LiveCalls {
  readonly runId: string;
  readonly ports: OutsidePorts;
  readonly deadline: Deadline;
  /** What is left of a limit on time: an act that leaves the process takes no more than that. Absent: nothing but the deadline ends one. */
  readonly timeLeft?: Deadline | undefined;
  /**
   * The most bytes that the answers of the outside have together as they stand on a tape; `limit` names the setting. An answer that is longer
   * is a failed call: the tape says that it came, how long it was, and not what it was.
   */
  readonly answers?: { readonly bytesMax: number; readonly limit: string };
  /** Asked before each act that leaves the process, once it is paid for: the place to write it ahead. A stop ends the call before anything is sent. */
  readonly beforeOutside?: (intent: Intent) => Promise<RunStop | undefined>;
  /** The last thing before each act is sent. Where the switch is set, that is how the call failed: it stays charged, and nothing was sent. */
  readonly look?: Look | undefined;
  readonly tracing?: Tracing | undefined;
}

export function liveCalls({ runId, ports, deadline, timeLeft, answers, beforeOutside, look, tracing }: LiveCalls): CallSource {
  let left = answers?.bytesMax ?? Infinity;
  const opened: OpenedPorts = {
    interpreter: opening(ports.interpreter, runId),
    planner: opening(ports.planner, runId),
    memory: ports.memory,
  };
  const sessions = [opened.interpreter, opened.planner].filter((session) => session !== undefined);
  // No act takes the time in which its session is to be stopped, nor that of another one's.
  const kept = sessions.length === 0 ? 0 : CLOSE_MS_MAX;
  const acting: Deadline = { remainingMs: () => Math.min(deadline.remainingMs() - kept, timeLeft?.remainingMs() ?? Infinity) };

  function fitted({ source, recorded }: OutsideAnswer): OutsideAnswer {
    if (recorded.result === undefined) return { source, recorded };
    const bytes = canonicalBytes(recorded.result);
    const [most, limit] = left < CALL_BYTES_MAX ? [left, answers?.limit ?? ''] : [CALL_BYTES_MAX, 'the most that a row takes'];
    if (bytes > most) {
      // Of an act that failed the error is the answer: what was left of it goes.
      if (!recorded.ok) return { source, recorded: { ok: false, error: recorded.error } };
      const message = tooLong(bytes, most, limit);
      return { source, recorded: { ok: false, error: { code: 'tool_failed', message } } };
    }
    left -= bytes;
    return { source, recorded };
  }

  return {
    refuses: () => (deadline.remainingMs() < CALL_RESERVE_MS ? DEADLINE : undefined),
    answer: async (intent, act) => {
      const send = act.sender(opened);
      if (send === undefined) return notEnabled(intent.tool);
      const stopped = await beforeOutside?.(intent);
      if (stopped !== undefined) return { stopped };
      const halted = await look?.(acting);
      if (halted !== undefined) return { source: 'local', recorded: { ok: false, error: halted } };
      return fitted(await send(`${runId}-${String(intent.index)}`, acting));
    },
    close: async () => {
      const unstopped = await Promise.all(sessions.map(({ close }) => close()));
      return unstopped.reduce((sum, count) => sum + count, 0);
    },
    ...(tracing === undefined ? {} : { traced: (call, make, endOf) => tracing.call({ runId, ...call }, make, endOf) }),
  };
}

/** Asks nothing of anybody: what is opened begins with its first call. */
function opening<S>(port: Openable<S> | undefined, runId: string): (S & { readonly source: Source }) | undefined {
  return port === undefined ? undefined : { ...port.open(runId), source: port.source };
}

interface Openable<S> {
  readonly source: Source;
  readonly open: (runId: string) => S;
}

function notEnabled(tool: string): OutsideAnswer {
  return { source: 'local', recorded: { ok: false, error: { code: 'tool_failed', message: notEnabledText(tool) } } };
}

function notEnabledText(tool: string): string {
  return `${tool} is not enabled in this deployment`;
}

function tooLong(bytes: number | bigint, left: number | bigint, limit: string): string {
  return `an answer of ${String(bytes)} bytes, withheld: ${String(left)} were left for answers from outside (${limit})`;
}

/** Whether a failed call can be one of those that this file makes of an answer, whatever the tool. */
export function isOwnFailure(tool: string, source: unknown, message: string): boolean {
  if (message === notEnabledText(tool)) return source === 'local';
  const withheld = /^an answer of ([0-9]+) bytes, withheld: ([0-9]+) were left for answers from outside \(([^]+)\)$/.exec(message);
  const [, bytes = '', left = '', limit = ''] = withheld ?? [];
  return withheld !== null && BigInt(bytes) > BigInt(left) && message === tooLong(BigInt(bytes), BigInt(left), limit);
}

/** No call is made here: an episode of steps. */
export const NO_CALLS: CallSource = {
  refuses: () => undefined,
  answer: (intent) => Promise.resolve(notEnabled(intent.tool)),
  close: () => Promise.resolve(0),
};

/** The recorded rows of a tape. `rows`: its `tool`, `model` and `memory` rows in order; `stopped`: the seal's error code. */
export function recordedCalls(rows: readonly Row[], stopped: unknown): CallSource {
  const byPlace = new Map<string, Row>();
  let calls = 0;
  let unstopped: unknown;
  for (const row of rows) {
    const place = placeOf(row['type'], row['index']);
    if (!byPlace.has(place)) byPlace.set(place, row);
    if (row['type'] !== 'model') calls += 1;
    if (row['type'] === 'tool' || row['type'] === 'memory') unstopped = row[NOT_STOPPED];
  }
  return {
    // A run that the clock stopped is stopped at the same call when it is written again.
    refuses: (index) => (stopped === DEADLINE.code && index >= calls ? DEADLINE : undefined),
    answer: ({ index }, _act, rowType) => Promise.resolve(answerOf(byPlace.get(placeOf(rowType, index)))),
    close: () => Promise.resolve(typeof unstopped === 'number' ? unstopped : 0),
  };
}

/** Where the row of the last call, and its result, say how many sessions may still run; absent where none does. */
export const NOT_STOPPED = 'sessions_not_stopped';

function placeOf(type: Json | undefined, index: Json | undefined): string {
  return canonical([type ?? null, index ?? null]);
}

/** Whatever a row says that is not an answer becomes one that differs from the row, which is what the verifier then reports. */
function answerOf(row: Row | undefined): OutsideAnswer {
  const source = row?.['source'] === 'remote' ? 'remote' : 'local';
  if (row?.['ok'] === true) return { source, recorded: { ok: true, result: row['result'] ?? null } };
  const error = row?.['error'];
  const result = row?.['result'];
  // A good answer that the budget did not cover.
  if (isRecord(error) && error['code'] === 'budget_exceeded') return { source, recorded: { ok: true, result: result ?? null } };
  const failure: CallError = isRecord(error) ? recordedError(error) : { code: 'tool_failed', message: 'nothing recorded' };
  return { source, recorded: { ok: false, error: failure, ...(result === undefined ? {} : { result }) } };
}

function recordedError(error: Readonly<Record<string, unknown>>): CallError {
  const { index: _index, tool: _tool, ...rest } = error;
  return rest as unknown as CallError;
}
