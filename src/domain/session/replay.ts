/**
 * A segment played again from its own first row: what a request loads, what a repeat is answered from, and what a verifier proves is this one
 * function. Invariant: every byte of a segment follows from its `resume` row, the recorded answers of the outside, and the inputs.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { type CallSource, recordedCalls } from '../agent/calls';
import type { RunStop } from '../agent/stop';
import type { Call } from '../agent/tool';
import { costOf, metersOf, spentState } from '../budget/budget';
import type { BudgetState, Costs } from '../budget/budget';
import { canonical, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import type { Problem } from '../codec/problem';
import type { EpisodeIdentity } from '../episode/episode';
import type { DigestedOutput } from '../episode/output';
import { withLast } from '../episode/plan';
import type { JsonObject } from '../episode/world';
import { compareRows } from '../run/divergence';
import { linkRow, type Row } from '../tape/chain';
import { grantCosts } from './grant';
import type { SessionInputs } from './inputs';
import { CALLS_MAX } from './limits';
import {
  decodeGrant,
  decodeIntent,
  decodeRefund,
  decodeResume,
  decodeStop,
  type PlannedAct,
  grantRow,
  intentRow,
  refundRow,
  type Resume,
  resumeRow,
  stopRow,
  unknownOutcome,
} from './rows';
import type { SessionCursor, SessionEpisode, SessionWorld } from './session-world';

/** A session whose documents are at hand. */
export interface OpenSession {
  readonly inputs: SessionInputs;
  readonly identity: EpisodeIdentity;
  readonly world: SessionWorld;
}

/** Where a session stands behind one of its segments. */
export interface Standing {
  /** The session's id. */
  readonly session: string;
  readonly seq: number;
  readonly cursor: SessionCursor;
  readonly children: readonly string[];
  /** The act that this segment announced last, and whose outcome is not recorded here. */
  readonly pending?: PlannedAct;
  readonly sealed: boolean;
}

export interface Replayed {
  readonly standing: Standing;
  /** Digest of the request that the segment belongs to; nothing for the first segment. */
  readonly requestSha256: string | undefined;
  /** What its calls answered, in order. */
  readonly results: readonly JsonObject[];
  /** Why its request ended before its last act, if it did. */
  readonly stop: RunStop | null;
  /** Rows of the ledger that belong to it. */
  readonly ledger: string;
}

/** The first row (0-based) of a segment that is not what it follows from. */
export interface SegmentFault {
  readonly row: number;
  readonly pointer: string;
  readonly expected: string;
  readonly actual: string;
}

/** Rows handed over as text. */
export interface Collector {
  readonly output: DigestedOutput<never>;
  readonly tape: () => string;
  readonly ledger: () => string;
}

export function makeCollector(): Collector {
  const parts = { 'tape.jsonl': '', 'executions.jsonl': '' };
  const decoder = new TextDecoder();
  return {
    output: {
      append: (file, content) => {
        if (file === 'tape.jsonl' || file === 'executions.jsonl') {
          parts[file] += typeof content === 'string' ? content : decoder.decode(content);
        }
        return Promise.resolve(right(undefined));
      },
      digest: () => '',
    },
    tape: () => parts['tape.jsonl'],
    ledger: () => parts['executions.jsonl'],
  };
}

/** The row that opens the tape of a session, and where the session then stands. */
export function openSessionTape({
  inputs,
  identity,
  world,
}: OpenSession): Either<readonly Problem[], { readonly line: string; readonly standing: Standing }> {
  const row = linkRow({ type: 'run', run_id: identity.runId, inputs }, identity.genesis);
  const spent = spentState(metersOf(inputs.budget));
  const cursor = world.begin(inputs.initial_state ?? {}, inputs.parent?.step ?? 0, row.hash, spent);
  if (isLeft(cursor)) return cursor;
  return right({ line: row.line, standing: { session: identity.runId, seq: 0, cursor: cursor.right, children: [], sealed: false } });
}

/** The episode of one request, behind the `resume` row of its segment. */
export function resumeEpisode<E>(
  session: OpenSession,
  { cursor, ...resume }: Omit<Resume, 'cursor'> & { readonly cursor: SessionCursor },
  calls: CallSource,
  output: DigestedOutput<E>,
): Either<readonly Problem[], SessionEpisode<E>> {
  const { inputs, identity, world } = session;
  // The outcome of a pending act is charged again by the call that takes it.
  const spent = resume.pending === null ? cursor.spent : without(inputs, cursor.spent, resume.pending.costs);
  const opened = world.play({ inputs, identity, budget: inputs.budget, from: { ...cursor, spent }, calls, output });
  if (isLeft(opened)) return opened;
  opened.right.append(resumeRow({ ...resume, cursor }));
  return opened;
}

/** Peaks stay: the act may reach them again. */
function without({ budget }: SessionInputs, spent: BudgetState, costs: Costs): BudgetState {
  return spentState(
    metersOf(budget, spent).map((meter) =>
      meter.row.kind === 'peak' ? meter : { ...meter, spent: Math.max(0, meter.spent - costOf(meter, costs)) },
    ),
  );
}

/** Plays a segment again. `text`: its bytes, decoded. `prevHash`: the last hash of the segment before it, where that is known. */
export async function replaySegment(
  session: OpenSession,
  seq: number,
  text: string,
  prevHash?: string,
): Promise<Either<SegmentFault, Replayed>> {
  const lines = text.split('\n');
  if (lines.pop() !== '') return fault(lines.length, '', 'a whole row and its newline', 'a row that is cut off');
  const rows = lines.map(parseRow);
  const broken = rows.indexOf(undefined);
  if (broken !== -1) return fault(broken, '', 'a row of canonical JSON', lines[broken] ?? '');
  const known = rows as readonly Row[];
  if (seq === 0) return replayFirst(session, lines);

  const answerProblem = answerFault(known, session.world);
  if (answerProblem !== undefined) return left(answerProblem);
  const [first] = known;
  const resume = decodeResume(first);
  if (isLeft(resume)) return problem(0, resume.left);
  if (resume.right.seq !== seq) return fault(0, '/seq', String(seq), String(resume.right.seq));
  const tapeHead = textOf(first?.['prev_hash']);
  if (prevHash !== undefined && tapeHead !== prevHash) return fault(0, '/prev_hash', prevHash, tapeHead);

  const collected = makeCollector();
  const episode = resumeEpisode(
    session,
    { ...resume.right, cursor: { ...resume.right.cursor, tapeHead } },
    { ...recordedCalls(known, undefined), refuses: recordedStops(known) },
    collected.output,
  );
  if (isLeft(episode)) return problem(0, episode.left);
  const played = await playRows(episode.right, known, resume.right.children);
  if (isLeft(played)) return played;
  await episode.right.flush();
  const differs = compareText(collected.tape(), lines);
  if (differs !== undefined) return left(differs);
  const { results, stop, children, pending, sealed } = played.right;
  return right({
    standing: {
      session: session.identity.runId,
      seq,
      cursor: episode.right.cursor(),
      children,
      sealed,
      ...(pending === undefined ? {} : { pending }),
    },
    requestSha256: resume.right.requestSha256,
    results,
    stop,
    ledger: collected.ledger(),
  });
}

function replayFirst(session: OpenSession, lines: readonly string[]): Either<SegmentFault, Replayed> {
  const opened = openSessionTape(session);
  if (isLeft(opened)) return problem(0, opened.left);
  const differs = compareText(opened.right.line, lines);
  return differs === undefined
    ? right({ standing: opened.right.standing, requestSha256: undefined, results: [], stop: null, ledger: '' })
    : left(differs);
}

/** The first row that takes from outside what no port can have left. */
function answerFault(rows: readonly Row[], world: SessionWorld): SegmentFault | undefined {
  const calls: (Call | undefined)[] = [];
  for (const row of rows) {
    const { index } = row;
    if ((row['type'] !== 'tool' && row['type'] !== 'memory') || !isCallIndex(index)) continue;
    while (calls.length < index) calls.push(undefined);
    calls[index] = callOf(row);
  }
  for (const [at, row] of rows.entries()) {
    if (row['type'] !== 'tool' && row['type'] !== 'model' && row['type'] !== 'memory') continue;
    const call = typeof row['index'] === 'number' ? calls[row['index']] : undefined;
    if (call !== undefined && sameJson(row['error'], unknownOutcome(call))) continue;
    const wrong = world.answerProblem(row, calls);
    if (wrong === undefined) continue;
    return { row: at, pointer: wrong.pointer, expected: 'an answer that can have come from outside', actual: wrong.message };
  }
  return undefined;
}

function isCallIndex(index: unknown): index is number {
  return typeof index === 'number' && Number.isSafeInteger(index) && index >= 0 && index < CALLS_MAX;
}

function sameJson(one: Json | undefined, other: JsonObject): boolean {
  return one !== undefined && canonical(one) === canonical(other);
}

/** A call that the clock or an operator stopped is stopped at the same place when it is played again. */
function recordedStops(rows: readonly Row[]): CallSource['refuses'] {
  const stopped = rows.find((row) => row['type'] === 'stop');
  const error = isRecord(stopped?.['error']) ? (stopped['error'] as unknown as RunStop) : undefined;
  return (index) => (error !== undefined && error.code !== 'budget_exceeded' && stopped?.['index'] === index ? error : undefined);
}

interface Played {
  readonly results: readonly JsonObject[];
  readonly stop: RunStop | null;
  readonly children: readonly string[];
  readonly pending: PlannedAct | undefined;
  readonly sealed: boolean;
}

/** Takes the acts that the rows name, in order; whether the rows are right shows when what was written is compared. */
async function playRows(
  episode: SessionEpisode<never>,
  rows: readonly Row[],
  before: readonly string[],
): Promise<Either<SegmentFault, Played>> {
  const results: JsonObject[] = [];
  let children = before;
  let stop: RunStop | null = null;
  let pending: PlannedAct | undefined;
  let sealed = false;
  let answered: JsonObject | undefined;
  for (const [at, row] of rows.entries()) {
    switch (row['type']) {
      case 'tool':
      case 'memory': {
        const called = await episode.call(typeof row['index'] === 'number' ? row['index'] : 0, callOf(row));
        if (called._tag === 'NotBegun') return fault(at, '', 'the end of the request: the act was refused', canonical(row));
        results.push(called.result);
        stop = called.stop ?? null;
        break;
      }
      case 'intent': {
        const act = decodeIntent(row);
        if (isLeft(act)) return problem(at, act.left);
        if (episode.breaker.reserveAll(act.right.costs) !== undefined)
          return fault(at, '/costs', 'costs that the budget grants', canonical(row['costs'] ?? null));
        episode.append(intentRow(act.right));
        pending = act.right;
        break;
      }
      case 'stop': {
        const stopped = decodeStop(row);
        if (isLeft(stopped)) return problem(at, stopped.left);
        const { index, call, error } = stopped.right;
        answered = await episode.closeCalls();
        stop = call.name === FORK ? forkStop(episode, call) : await stoppedCall(episode, index, call);
        episode.append(stopRow({ index, call, error: stop ?? error }));
        break;
      }
      case 'grant': {
        const grant = decodeGrant(row);
        if (isLeft(grant)) return problem(at, grant.left);
        if (episode.breaker.reserveAll(grantCosts(grant.right.budget)) !== undefined)
          return fault(at, '/budget', 'a budget that the parent can grant', canonical(grant.right.budget));
        episode.append(grantRow(grant.right));
        children = [...children, grant.right.child];
        break;
      }
      case 'refund': {
        const refund = decodeRefund(row);
        if (isLeft(refund)) return problem(at, refund.left);
        if (!children.includes(refund.right.child))
          return fault(at, '/child', 'a child whose grant was not taken back', refund.right.child);
        episode.breaker.charge(refund.right.granted, refund.right.spent);
        episode.append(refundRow(refund.right));
        children = children.filter((child) => child !== refund.right.child);
        break;
      }
      case 'seal':
        await episode.seal(episode.cursor().refusal ?? null);
        sealed = true;
        break;
      default:
        // Rows that an act above writes, and the first.
        break;
    }
  }
  answered ??= await episode.closeCalls();
  return right({ results: withLast(results, answered), stop, children, pending, sealed });
}

export const FORK = 'fork';

async function stoppedCall(episode: SessionEpisode<never>, index: number, call: Call): Promise<RunStop | null> {
  const called = await episode.call(index, call);
  return called.stop ?? null;
}

function forkStop(episode: SessionEpisode<never>, { args }: Call): RunStop | null {
  const requested = args['budget'];
  return isRecord(requested) ? (episode.breaker.reserveAll(grantCosts(requested as SessionInputs['budget'])) ?? null) : null;
}

function callOf(row: Row): Call {
  if (row['type'] === 'memory') {
    const { op, key, value } = row;
    return { name: textOf(op), args: { key: key ?? null, ...(value === undefined ? {} : { value }) } };
  }
  const { name, args } = row;
  return { name: textOf(name), args: isRecord(args) ? args : {} };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function compareText(expected: string, actual: readonly string[]): SegmentFault | undefined {
  const wanted = expected.split('\n');
  wanted.pop();
  const length = Math.max(wanted.length, actual.length);
  for (let row = 0; row < length; row += 1) {
    if (wanted[row] !== actual[row]) return { row, ...compareRows(wanted[row], actual[row]) };
  }
  return undefined;
}

function parseRow(line: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}

function fault(row: number, pointer: string, expected: string, actual: string): Either<SegmentFault, never> {
  return left({ row, pointer, expected, actual });
}

function problem(row: number, [first]: readonly Problem[]): Either<SegmentFault, never> {
  return fault(row, first?.pointer ?? '', 'a row of a session', first?.message ?? '');
}
