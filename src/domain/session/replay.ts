/**
 * A segment played again from its own first row: what a request loads, what a repeat is answered from, and what a verifier proves is this one
 * function. Invariant: every byte of a segment follows from its `resume` row, the recorded answers of the outside, and the inputs.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ToolPrice } from '../agent/bounds';
import { type CallSource, recordedCalls } from '../agent/calls';
import type { RunStop } from '../agent/stop';
import type { ToolCall } from '../agent/tool';
import { costOf, metersOf, spentState } from '../budget/budget';
import type { BudgetExceeded, BudgetState, Costs } from '../budget/budget';
import { canonical, type Json, type JsonObject } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import type { Problem } from '../codec/problem';
import type { EpisodeIdentity } from '../episode/episode';
import type { DigestedOutput } from '../episode/output';
import { withLast } from '../episode/plan';
import { compareRows } from '../run/divergence';
import { linkRow, type Row } from '../tape/chain';
import { elapsedMs, isTimed, reserveTime, tick } from './elapsed';
import { costsGranted } from './grant';
import type { SessionInputs } from './inputs';
import { CALLS_MAX } from './limits';
import {
  clockRow,
  decodeClock,
  decodeGrant,
  type Grant,
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
  /** Where its inputs name a price table. */
  readonly prices?: ToolPrice;
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
  /** When the session began, where its budget limits time. Milliseconds since the Unix epoch. */
  readonly began?: number | undefined;
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

/** What opens the tape of a session, and where the session then stands. `now`: where its budget limits time. Milliseconds since the Unix epoch. */
export function openSessionTape(
  { inputs, identity, world }: OpenSession,
  now: number,
): Either<readonly Problem[], { readonly line: string; readonly standing: Standing }> {
  const run = linkRow({ type: 'run', run_id: identity.runId, inputs }, identity.genesis);
  const clock = isTimed(inputs) ? linkRow(clockRow(now), run.hash) : undefined;
  const spent = spentState(metersOf(inputs.budget));
  const cursor = world.begin(inputs.initial_state ?? {}, inputs.parent?.step ?? 0, run.hash, spent);
  if (isLeft(cursor)) return cursor;
  const standing: Standing = { session: identity.runId, seq: 0, cursor: cursor.right, children: [], sealed: false };
  if (clock === undefined) return right({ line: run.line, standing });
  return right({
    line: run.line + clock.line,
    standing: { ...standing, cursor: { ...cursor.right, tapeHead: clock.hash }, began: now },
  });
}

/** The episode of one request, behind the `resume` row of its segment. */
export function resumeEpisode<E>(
  session: OpenSession,
  { cursor, ...resume }: Omit<Resume, 'cursor'> & { readonly cursor: SessionCursor },
  calls: CallSource,
  output: DigestedOutput<E>,
): Either<readonly Problem[], SessionEpisode<E>> {
  const { inputs, identity, world, prices } = session;
  // The outcome of a pending act is charged again by the call that takes it.
  const spent = resume.pending === null ? cursor.spent : without(inputs, cursor.spent, resume.pending.costs);
  const opened = world.play({ inputs, identity, budget: inputs.budget, from: { ...cursor, spent }, calls, prices, output });
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
  if (seq === 0) return replayFirst(session, lines, known[1]);

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
  const played = await playRows(session.inputs, episode.right, known, resume.right);
  if (isLeft(played)) return played;
  await episode.right.flush();
  const differs = compareText(collected.tape(), lines);
  if (differs !== undefined) return left(differs);
  const { results, stop, children, pending, sealed } = played.right;
  const { began } = resume.right;
  return right({
    standing: {
      session: session.identity.runId,
      seq,
      cursor: episode.right.cursor(),
      children,
      sealed,
      ...(pending === undefined ? {} : { pending }),
      ...(began === undefined ? {} : { began }),
    },
    requestSha256: resume.right.requestSha256,
    results,
    stop,
    ledger: collected.ledger(),
  });
}

function replayFirst(session: OpenSession, lines: readonly string[], clock: Row | undefined): Either<SegmentFault, Replayed> {
  const now = isTimed(session.inputs) ? decodeClock(clock) : right(0);
  if (isLeft(now)) return problem(1, now.left);
  const opened = openSessionTape(session, now.right);
  if (isLeft(opened)) return problem(0, opened.left);
  const differs = compareText(opened.right.line, lines);
  return differs === undefined
    ? right({ standing: opened.right.standing, requestSha256: undefined, results: [], stop: null, ledger: '' })
    : left(differs);
}

/** The first row that takes from outside what no port can have left. */
function answerFault(rows: readonly Row[], world: SessionWorld): SegmentFault | undefined {
  const calls: (ToolCall | undefined)[] = [];
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
  inputs: SessionInputs,
  episode: SessionEpisode<never>,
  rows: readonly Row[],
  resume: Resume,
): Promise<Either<SegmentFault, Played>> {
  const results: JsonObject[] = [];
  let { children } = resume;
  let stop: RunStop | null = null;
  let pending: PlannedAct | undefined;
  let sealed = false;
  let answered: JsonObject | undefined;
  // Where time is limited: until the last row of the clock. Behind it, one act may begin.
  let elapsed: number | undefined;
  for (const [at, row] of rows.entries()) {
    if (isTimed(inputs) && beginsAct(row, resume) && elapsed === undefined)
      return fault(at, '', 'a clock row before it: the budget limits time', canonical(row));
    switch (row['type']) {
      case 'tool':
      case 'memory': {
        const called = await episode.call(typeof row['index'] === 'number' ? row['index'] : 0, callOf(row));
        if (called._tag === 'NotBegun') return fault(at, '', 'the end of the request: the act was refused', canonical(row));
        results.push(called.result);
        stop = called.stop ?? null;
        break;
      }
      case 'clock': {
        const read = decodeClock(row);
        if (isLeft(read)) return problem(at, read.left);
        if (resume.began === undefined) return fault(at, '', 'no clock: the budget limits no time', canonical(row));
        elapsed = elapsedMs(resume.began, read.right);
        tick(episode, inputs, resume.began, read.right);
        continue;
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
        stop = call.name === FORK ? forkStop(episode, call, elapsed ?? 0) : await stoppedCall(episode, index, call);
        episode.append(stopRow({ index, call, error: stop ?? error }));
        break;
      }
      case 'grant': {
        const grant = decodeGrant(row);
        if (isLeft(grant)) return problem(at, grant.left);
        if (refusedGrant(episode, grant.right, elapsed ?? 0) !== undefined)
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
    if (beginsAct(row, resume)) elapsed = undefined;
  }
  answered ??= await episode.closeCalls();
  return right({ results: withLast(results, answered), stop, children, pending, sealed });
}

export const FORK = 'fork';

async function stoppedCall(episode: SessionEpisode<never>, index: number, call: ToolCall): Promise<RunStop | null> {
  const called = await episode.call(index, call);
  return called.stop ?? null;
}

function forkStop(episode: SessionEpisode<never>, { args }: ToolCall, elapsed: number): RunStop | null {
  const requested = args['budget'];
  if (!isRecord(requested)) return null;
  const grant = { child: textOf(args['child']), budget: requested as SessionInputs['budget'] };
  return refusedGrant(episode, grant, elapsed) ?? null;
}

/** Takes the budget of a child out of the session's; the refusal where it is not there. `elapsed`: milliseconds since the session began. */
export function refusedGrant(
  { breaker }: SessionEpisode<never>,
  grant: Pick<Grant, 'child' | 'budget'>,
  elapsed: number,
): BudgetExceeded | undefined {
  return reserveTime(breaker, grant.budget, elapsed) ?? breaker.reserveAll(costsGranted(grant));
}

/** Whether a row is of an act that began in its segment: what `pending` announced began in the one before. */
function beginsAct({ type, index }: Row, { pending }: Resume): boolean {
  if (type === 'tool' || type === 'memory') return pending?.index !== index;
  return type === 'intent' || type === 'stop' || type === 'grant';
}

function callOf(row: Row): ToolCall {
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
