/**
 * The guard of an agent that somebody else runs: an act is paid for and written down before it is sent, and settled after it. docs/spec.md
 * section 10. Invariants: it fails closed, so an act whose intent is not on the tape is not sent; acts may run side by side.
 *
 * What a crash leaves: an unfinished tape that holds every act that was sent, each charged at the most that it can have taken.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { RunWriter, StoreError } from '../../ports/run-files';
import type { DependencyFailedStop, Look, RunStop } from '../agent/stop';
import type { Budget, BudgetState, Costs } from '../budget/budget';
import { makeEpisode } from '../episode/episode';
import { digested } from '../episode/output';
import { sha256Hex } from '../hash';
import { SPEC_VERSION } from '../limits';
import { finish, type FinishedRun } from '../run/finish';
import { type GuardInputs, identify } from '../run/inputs';
import { missingLimits } from '../session/grant';
import type { GuardedAct, RecordLevel } from './act';
import { makeGuardBook } from './book';
import { endGuard } from './guard-end';
import { normalPrices, type ModelPriceTable } from '../budget/prices';
import type { GuardedOutcome } from './rows';

export interface GuardRequest {
  /** What the run is called: runs that differ in nothing else have the same id. */
  readonly name: string;
  readonly budget: Budget;
  readonly prices: ModelPriceTable;
  readonly record: RecordLevel;
  readonly parent: GuardInputs['parent'];
}

export interface GuardPorts {
  /** Opens the tape; called once, before the first act. */
  readonly open: TaskEither<StoreError, RunWriter>;
  /** Milliseconds since the guard began. Never goes back. */
  readonly elapsedMs: () => number;
  /** Whether a row counts as written once it is on the disk, or once the system has it: then a crash of the machine may lose it. */
  readonly durable: boolean;
  /** At the stop switch, before each act is entered; absent: there is none. */
  readonly look?: Look;
}

export interface GuardRun {
  readonly inputs: GuardInputs;
  readonly runId: string;
  /** Pays for an act and writes it ahead; answers its number, or why it must not be sent. */
  readonly begin: (act: GuardedAct) => Promise<Either<RunStop, number>>;
  /** Settles an act; what came too late for the seal is not recorded, and the act stays charged in full. */
  readonly end: (index: number, outcome: GuardedOutcome) => void;
  /** Milliseconds until an act has to be over: `Infinity` where time is not limited. */
  readonly remainingMs: () => number;
  readonly grant: (name: string, budget: Budget) => Promise<Either<RunStop | MissingLimits, GuardRequest>>;
  readonly refund: (childId: string, head: string, spent: Costs) => void;
  readonly state: () => BudgetState;
  readonly stop: () => RunStop | undefined;
  /** Seals the tape and leaves the run directory. Acts that have not ended by now stay charged in full. Later calls answer the same. */
  readonly close: () => Promise<Either<StoreError, FinishedRun>>;
}

/** A child has to be limited in whatever limits its giver. */
export interface MissingLimits {
  readonly _tag: 'MissingLimits';
  readonly missing: readonly { readonly limiter: string; readonly max: number }[];
}

export function guardInputs({ name, budget, prices, record, parent }: GuardRequest): GuardInputs {
  return {
    spec_version: SPEC_VERSION,
    mode: 'guard',
    name,
    budget,
    record,
    prices_sha256: sha256Hex(normalPrices(prices)),
    parent,
    invocation: null,
  };
}

export function makeGuardRun(request: GuardRequest, { open, elapsedMs, durable, look }: GuardPorts): GuardRun {
  const inputs = guardInputs(request);
  const identity = identify(inputs);
  const { budget, prices } = request;
  const ahead: Reach = durable ? 'disk' : 'system';
  const tape = makeTape(open);
  const output = digested<StoreError>(tape);
  const episode = makeEpisode<never, never, never, never, never, StoreError>({ inputs, identity, budget, output });
  const book = makeGuardBook(episode, budget, prices);
  const write = makeWriteBehind(async (reach) => {
    const flushed = await episode.flush();
    return isLeft(flushed) || reach === 'nowhere' ? flushed : tape.sync('tape.jsonl', reach)();
  });
  let pricesWritten: Promise<Either<StoreError, void>> | undefined;
  let failure: StoreError | undefined;
  let closed: Promise<Either<StoreError, FinishedRun>> | undefined;

  const wallMs = (): number | undefined => (budget.max_wall_ms === undefined ? undefined : Math.max(0, Math.floor(elapsedMs())));

  /** Answers once every row so far is written as far as that, or why nothing can be. */
  async function written(reach: Reach): Promise<RunStop | undefined> {
    pricesWritten ??= output.append('prices.json', normalPrices(prices));
    const opened = await pricesWritten;
    const outcome = isLeft(opened) ? opened : await write(reach);
    if (isLeft(outcome)) failure ??= outcome.left;
    return failure === undefined ? undefined : tapeFailed(failure);
  }

  /** Why nothing is begun at all. */
  function over(): RunStop | undefined {
    return closed !== undefined ? CLOSED : failure === undefined ? undefined : tapeFailed(failure);
  }

  async function begin(act: GuardedAct): Promise<Either<RunStop, number>> {
    const ended = over();
    if (ended !== undefined) return left(ended);
    const startMs = elapsedMs();
    const stopped = await look?.({ remainingMs: () => startMs + LOOK_MS_MAX - elapsedMs() });
    const closedMeanwhile = over();
    if (closedMeanwhile !== undefined) return left(closedMeanwhile);
    if (stopped !== undefined) book.halt(stopped);
    const begun = book.begin(act, wallMs());
    const failed = await written(ahead);
    if ('refused' in begun) return left(begun.refused);
    if (failed !== undefined) return left(failed);
    // Closed in the meantime: it is on the tape as never ended, and is not sent.
    return book.isPending(begun.index) ? right(begun.index) : left(CLOSED);
  }

  function end(index: number, outcome: GuardedOutcome): void {
    if (closed !== undefined || !book.isPending(index)) return;
    book.end(index, outcome, wallMs());
    // Nobody waits for it: what is lost of it stays charged in full.
    void written('nowhere');
  }

  async function close(): Promise<Either<StoreError, FinishedRun>> {
    for (const index of book.pending()) book.end(index, { ok: false, error: NEVER_ENDED }, wallMs());
    await written('nowhere');
    if (failure !== undefined) {
      await tape.abandon();
      return left(failure);
    }
    const ended = await endGuard(episode, book, inputs, identity);
    const finished = isLeft(ended) ? ended : await finish(output, ended.right, output.digest);
    if (isLeft(finished)) return finished;
    const committed = await tape.commit(finished.right.files);
    return isLeft(committed) ? committed : finished;
  }

  return {
    inputs,
    runId: identity.runId,
    begin,
    end,
    remainingMs: () => (budget.max_wall_ms === undefined ? Infinity : budget.max_wall_ms - elapsedMs()),
    grant: async (name, given) => {
      const ended = over();
      if (ended !== undefined) return left(ended);
      const missing = missingLimits(budget, given);
      if (missing.length > 0) return left({ _tag: 'MissingLimits', missing });
      const child: GuardRequest = { ...request, name, budget: given, parent: { run_id: identity.runId, head: episode.cursor().tapeHead } };
      const refused = book.grant(guardId(child), name, given);
      const failed = await written(ahead);
      if (refused !== undefined) return left(refused);
      return failed === undefined ? right(child) : left(failed);
    },
    refund: (childId, head, spent) => {
      if (closed !== undefined || !book.refund(childId, head, spent)) return;
      void written('nowhere');
    },
    state: () => episode.breaker.state(),
    stop: () => (failure === undefined ? book.stop() : tapeFailed(failure)),
    close: () => (closed ??= close()),
  };
}

/** A switch that takes longer to be read counts as one that cannot be. Unit: ms. */
const LOOK_MS_MAX = 5_000;

const CLOSED: DependencyFailedStop = {
  code: 'dependency_failed',
  message: 'the guard is closed: its tape is sealed, so nothing more is sent',
  service: 'tape',
  operation: 'append',
  effect: 'none',
};

const NEVER_ENDED = { code: 'act_failed', message: 'it had not ended when the guard was closed', effect: 'unknown' } as const;

/** Nothing was sent. */
function tapeFailed(error: StoreError): DependencyFailedStop {
  const reason = 'reason' in error ? `: ${error.reason}` : '';
  const message = `the tape cannot be written, so nothing more is sent: ${error.path}${reason}`.toWellFormed();
  return { code: 'dependency_failed', message, service: 'tape', operation: 'append', effect: 'none' };
}

interface Tape {
  readonly append: RunWriter['append'];
  readonly sync: RunWriter['sync'];
  readonly commit: (files: FinishedRun['files']) => Promise<Either<StoreError, void>>;
  /** Leaves the unfinished files to be looked at. */
  readonly abandon: () => Promise<void>;
}

/** The writer, opened by whoever comes first: making a guard touches no disk. */
function makeTape(open: GuardPorts['open']): Tape {
  let opening: Promise<Either<StoreError, RunWriter>> | undefined;
  const opened = (): Promise<Either<StoreError, RunWriter>> => (opening ??= open());
  const through =
    (use: (writer: RunWriter) => TaskEither<StoreError, void>): TaskEither<StoreError, void> =>
    async () => {
      const writer = await opened();
      return isLeft(writer) ? writer : use(writer.right)();
    };
  return {
    append: (file, bytes) => through((writer) => writer.append(file, bytes)),
    sync: (file, reach) => through((writer) => writer.sync(file, reach)),
    commit: (files) => through((writer) => writer.commit(files))(),
    abandon: async () => {
      const writer = await opened();
      if (!isLeft(writer)) await writer.right.abandon('keep');
    },
  };
}

/** How far what was appended has to have come. */
type Reach = 'nowhere' | 'system' | 'disk';

type Write = (reach: Reach) => Promise<Either<StoreError, void>>;

/**
 * One write at a time, and one for all who wait: whoever asks is answered by a write that began after it asked. Once one has failed, all have: a
 * tape with a hole is no tape.
 */
function makeWriteBehind(write: Write): Write {
  let running: ReturnType<Write> = Promise.resolve(right(undefined));
  let next: { reach: Reach; readonly done: ReturnType<Write> } | undefined;

  async function after(before: ReturnType<Write>): ReturnType<Write> {
    const ended = await before;
    const reach = next?.reach ?? 'disk';
    next = undefined;
    return isLeft(ended) ? ended : write(reach);
  }

  return (reach) => {
    if (next === undefined) {
      running = after(running);
      next = { reach, done: running };
    } else if (REACHES.indexOf(reach) > REACHES.indexOf(next.reach)) next.reach = reach;
    return next.done;
  };
}

const REACHES: readonly Reach[] = ['nowhere', 'system', 'disk'];

/** The id of a child that a request stands for. */
export function guardId(request: GuardRequest): string {
  return identify(guardInputs(request)).runId;
}
