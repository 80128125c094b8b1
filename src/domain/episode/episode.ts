/**
 * The episode: the one loop behind local runs, base, tool plans, memory plans, sessions and verification. It pays for an act, has it done,
 * and records it. Invariants: an act that is not granted does not happen; rows depend on inputs and recorded answers alone; memory does not
 * grow with the number of steps.
 *
 * What differs between its uses is what it is made with and which of its verbs are used:
 * - a run of steps: `advance` over the lines of the path, then `seal`;
 * - a plan of calls: `call` for each until one answers a stop, then `seal`;
 * - a session: made `from` the cursor of the last request; `append` for rows of its own (`resume`, `intent`, `grant`), any calls, `flush`
 *   wherever its rows have to be stored (before an act that leaves the process: see `beforeOutside` of `liveCalls`), `cursor` for the next
 *   request, `seal` when it is closed; `lookAhead: false`, `sessionTools`;
 * - an agent loop that somebody else runs: `breaker.reserveAll` before each act and `append` for its row; no world;
 * - verification: any of these with `recordedCalls` and an output that compares.
 *
 * Not for concurrent use, but for the breaker, which is synchronous: acts that run side by side are charged one by one.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Source } from '../../ports/dependency';
import type { TracedEnd } from '../../ports/tracing';
import { type CallSource, NO_CALLS, NOT_STOPPED } from '../agent/calls';
import type { ToolPrice } from '../agent/bounds';
import { DEADLINE, type OutOfRange, type RunStop } from '../agent/stop';
import {
  type BoundCall,
  type ToolCall,
  type CallNaming,
  failed,
  placed,
  type RecordedResult,
  type Tool,
  TOOL_CALL,
  type ToolAnswer,
  type ToolContext,
} from '../agent/tool';
import { assert } from '../assert';
import { type Breaker, makeBreaker } from '../budget/breaker';
import type { Budget, Costs } from '../budget/budget';
import { canonical, type Json, type JsonObject } from '../canonical/canonical';
import { COUNT_MAX } from '../limits';
import { cell } from '../markdown';
import type { Link, Row } from '../tape/chain';
import { append, type Chains, makeChain } from './chains';
import type { Cursor } from './cursor';
import { appendAll, type DigestedOutput } from './output';
import { makePlay, type Play, type WorldInPlay } from './play';
import { finalOf, sealRow } from './seal';
import type { TextError, TextReader } from './text-reader';
import { type FuelMeter, NO_DECISIONS, type Transitioned } from './world';

export interface EpisodeIdentity {
  /** `prev_hash` of tape row 0. */
  readonly genesis: string;
  readonly runId: string;
}

export interface EpisodeParts<S, I, P, A, T extends Transitioned<S>, E> {
  /** What the episode is determined by: it stands in tape row 0. */
  readonly inputs: JsonObject;
  readonly identity: EpisodeIdentity;
  readonly budget: Budget;
  /** Absent: an episode without a world, such as a memory plan. */
  readonly world?: WorldInPlay<S, I, P, A, T>;
  /** What may be called; nothing where absent. */
  readonly tools?: readonly Tool<A>[];
  readonly calls?: CallSource;
  /** What calls cost, where the budget limits money; no price is known where absent. */
  readonly prices?: ToolPrice | undefined;
  /** Where to go on; absent: at the beginning, with the row that opens the tape. */
  readonly from?: Cursor<S, P>;
  /** Where rows go: a writer keeps them, a verifier compares them. */
  readonly output: DigestedOutput<E>;
}

export type StepsError =
  | { readonly _tag: 'MarketUnreadable'; readonly error: TextError }
  /** A line of the path (1-based) is not in normal form, or it ends before the last step. */
  | { readonly _tag: 'MarketBroken'; readonly line: number; readonly message: string }
  | { readonly _tag: 'Interrupted'; readonly steps: number };

/** What a caller may want to see of a run of steps while it happens. None of it changes a byte. */
export interface StepsWatch {
  /** After each batch of steps: the next one, and the last one's successor. */
  readonly onProgress?: (step: number, until: number) => void;
  /** Asked between batches; true stops the run where it is, unsealed. */
  readonly interrupted?: () => boolean;
  /** Asked between batches; true ends the run where it is, to be sealed with `deadline_exceeded`. */
  readonly deadlinePassed?: () => boolean;
}

/** What one call came to. */
export type Called =
  /** Refused by the budget, the clock or an operator before it began: no row. */
  | { readonly _tag: 'NotBegun'; readonly stop: RunStop }
  | {
      readonly _tag: 'Made';
      /** As it stands in an answer: `{index, name, ok, result?, error?}`. */
      readonly result: JsonObject;
      /** A row of the report's table of calls. */
      readonly reportRow: string;
      /** Why a plan ends here; nothing where it goes on. */
      readonly stop: RunStop | undefined;
    };

export interface Sealed<S, P> {
  readonly stop: RunStop | null;
  /** Hash of the seal: the one value that stands for the whole run. */
  readonly headHash: string;
  /** Where the world ended: `final_state` and its totals, null where there is none. */
  readonly final: JsonObject;
  /** The cursor before the seal. */
  readonly cursor: Cursor<S, P>;
}

export interface Episode<S, P, E> {
  /** Hash of tape row 0, in which the ledger is anchored; of an episode that goes on, the heads it started from hold it. */
  readonly cursor: () => Cursor<S, P>;
  /** Steps of path before the first one that `advance` needs. */
  readonly lookback: number;
  /** Whether its world has come to its end. */
  readonly isDone: () => boolean;
  /**
   * Takes the world's own steps up to, not including, `until`, or until the budget refuses one. `lines` delivers those of the steps from
   * `max(0, cursor.step - lookback)` on. Rows are flushed as they are made.
   */
  readonly advance: (until: number, lines: Pick<TextReader, 'next'>, watch?: StepsWatch) => Promise<Either<E | StepsError, void>>;
  /** Makes one call. `index` names it on the tape; the caller counts. Whether its stop ends the episode is the caller's business. */
  readonly call: (index: number, call: ToolCall) => Promise<Called>;
  /**
   * Ends what the calls began outside: whoever made calls asks this once, behind the last of them, however it ended and before anything else
   * is put on the tape. Sessions that may still run stand in the row of that call; what is answered belongs into its result.
   */
  readonly closeCalls: () => Promise<JsonObject>;
  /**
   * For acts that the caller does and records itself: `reserveAll` before one, `settle` once it reports what it used. `preflight` charges
   * nothing, but latches where not all of the costs could be charged.
   */
  readonly breaker: Breaker;
  /** Puts a row of the caller's on the tape. */
  readonly append: (members: Row) => Link;
  /** Hands the rows made so far to the output. */
  readonly flush: () => Promise<Either<E, void>>;
  /** Ends the tape and flushes it. Nothing follows. */
  readonly seal: (stop: RunStop | null) => Promise<Either<E, Sealed<S, P>>>;
}

export function makeEpisode<S, I, P, A, T extends Transitioned<S>, E>(parts: EpisodeParts<S, I, P, A, T, E>): Episode<S, P, E> {
  const { inputs, identity, budget, world: inPlay, tools = [], calls = NO_CALLS, prices = NO_PRICES, from, output } = parts;
  const chains = openChains(inputs, identity, from);
  const breaker = makeBreaker(budget, from?.spent, from?.refusal);
  const meter = meterOf(budget, breaker);
  const toolOf = new Map(tools.map((tool) => [tool.name, tool]));
  const play: Play<S, I, P, A, T> | undefined =
    inPlay === undefined
      ? undefined
      : makePlay(inPlay, identity.runId, chains, from?.world, from?.steps ?? 0, from?.decisions ?? NO_DECISIONS, meter);

  let outOfRange: OutOfRange | undefined = from?.outOfRange;
  // The row of the last call is put on the tape by what follows it: until then it can say what became of the sessions.
  let lastCall: Row | undefined;

  function chargeCall(): void {
    if (lastCall !== undefined) append(chains.tape, lastCall);
    lastCall = undefined;
  }

  function put(members: Row): Link {
    chargeCall();
    return append(chains.tape, members);
  }

  function cursor(): Cursor<S, P> {
    chargeCall();
    const spent = breaker.state();
    const refused = breaker.refusal();
    return {
      world: play?.cursor(),
      tapeHead: chains.tape.head,
      ledgerHead: chains.ledger.head,
      ledgerRows: chains.ledger.rows,
      steps: play?.steps() ?? 0,
      decisions: play?.decisions() ?? NO_DECISIONS,
      spent,
      ...(outOfRange === undefined ? {} : { outOfRange }),
      ...(refused === undefined ? {} : { refusal: refused }),
    };
  }

  function flush(): Promise<Either<E, void>> {
    chargeCall();
    return appendAll(output, [
      ['tape.jsonl', chains.tape.buffer.take()],
      ['executions.jsonl', chains.ledger.buffer.take()],
    ]);
  }

  async function advance(until: number, lines: Pick<TextReader, 'next'>, watch: StepsWatch = {}): Promise<Either<E | StepsError, void>> {
    assert(inPlay !== undefined && play !== undefined, 'steps are taken in a world');
    const take = makeTaker(inPlay, play, until);
    const opened = await flush();
    if (isLeft(opened)) return opened;
    while (play.next() < until && outOfRange === undefined && breaker.refusal() === undefined && !isDone()) {
      if (watch.deadlinePassed?.() === true) break;
      if (watch.interrupted?.() === true) return left({ _tag: 'Interrupted', steps: play.next() });
      const text = await lines.next();
      if (isLeft(text)) return left({ _tag: 'MarketUnreadable', error: text.left });
      if (text.right === '') {
        return left({
          _tag: 'MarketBroken',
          line: play.next() + 1 + inPlay.world.headerLines,
          message: `the ${inPlay.world.path} ends before the last step`,
        });
      }
      const broken = take(text.right);
      if (broken !== undefined) return left(broken);
      const flushed = await flush();
      if (isLeft(flushed)) return flushed;
      watch.onProgress?.(play.next(), until);
    }
    return right(undefined);
  }

  const isDone = (): boolean => play !== undefined && inPlay?.world.isDone?.(play.state()) === true;

  /** Whether no act of this world can begin: its engine has nothing left to run on. The refusal latches. */
  function outOfFuel({ metered }: { readonly metered?: true }): boolean {
    return metered === true && breaker.preflight({ fuel: 1 }) !== undefined;
  }

  /** Takes the steps of a text of whole lines: the hot path, so plain loops and nothing made a step that can be made once. */
  function makeTaker(
    { world }: WorldInPlay<S, I, P, A, T>,
    { record, state, next }: Play<S, I, P, A, T>,
    until: number,
  ): (text: string) => StepsError | undefined {
    const policy = world.makePolicy();
    const input = world.makeInput();
    let step = next();
    let priming = Math.min(world.lookback, step);
    return (text) => {
      for (let at = 0; at < text.length && step < until;) {
        const newline = text.indexOf('\n', at);
        if (newline === -1 || !world.scan(text, at, newline, input))
          return {
            _tag: 'MarketBroken',
            line: step - priming + 1 + world.headerLines,
            message: `not a line of the normal form ${world.lineForm}`,
          };
        at = newline + 1;
        if (priming > 0) {
          policy.observe(input);
          priming -= 1;
          continue;
        }
        if (world.isDone?.(state()) === true || outOfFuel(world) || breaker.reserve('steps', 1) !== undefined) return undefined;
        policy.observe(input);
        const before = state();
        const transition = world.commit(before, input, policy.plan(step, before, input, meter), { step, meter });
        if (world.isBeyondRange(transition)) {
          const message = `step ${String(step)}: ${world.refusals(transition)[0]?.message ?? ''}`;
          outOfRange = { code: 'out_of_range', message, step_index: step };
          return undefined;
        }
        record(step, input, transition);
        step += 1;
      }
      return undefined;
    };
  }

  function call(index: number, toolCall: ToolCall): Promise<Called> {
    const make = (): Promise<Called> => makeCall(index, toolCall);
    return calls.traced === undefined ? make() : calls.traced({ index, tool: toolCall.name }, make, endOfCall);
  }

  async function makeCall(index: number, { name, args }: ToolCall): Promise<Called> {
    const stopped = calls.refuses(index);
    if (stopped !== undefined) return { _tag: 'NotBegun', stop: stopped };
    const tool = toolOf.get(name);
    const bound = tool?.bind(args);
    const naming = tool?.naming ?? TOOL_NAMING;
    if (inPlay !== undefined) outOfFuel(inPlay.world);
    const bounded =
      bound === undefined || isLeft(bound)
        ? right(tool?.attempt ?? TOOL_CALL)
        : bound.right.reach === 'inside'
          ? right(bound.right.costs)
          : bound.right.bounded(budget, prices);
    const costs = isLeft(bounded) ? {} : bounded.right;
    // Once the breaker has refused, that refusal is the answer to everything.
    const refused =
      isLeft(bounded) && breaker.refusal() === undefined
        ? { ...bounded.left, budgets: { budget, budget_state: breaker.state() } }
        : breaker.reserveAll(naming.rowType === 'tool' ? { ...costs, tools: { [name]: 1 } } : costs);
    if (refused !== undefined) return { _tag: 'NotBegun', stop: refused };

    const done =
      tool === undefined || bound === undefined
        ? inside(failed(index, name, `unknown tool; legal: ${[...toolOf.keys()].join(', ')}`))
        : isLeft(bound)
          ? inside(failed(index, name, bound.left))
          : await make(index, tool, bound.right, costs);
    if ('stopped' in done) return { _tag: 'NotBegun', stop: done.stopped };

    const { answer, source } = done;
    const outcome = outcomeOf(answer);
    chargeCall();
    lastCall = { type: naming.rowType, index, ...naming.row({ name, args }), source, ...outcome };
    return {
      _tag: 'Made',
      result: { index, ...naming.result({ name, args }), ...outcome },
      reportRow: reportRow(index, naming.label({ name, args }), outcome),
      stop: 'stop' in answer ? answer.stop : undefined,
    };
  }

  async function make(index: number, tool: Tool<A>, bound: BoundCall<A>, costs: Costs): Promise<Done> {
    const context: ToolContext<A> = {
      index,
      reserve: breaker.reserveAll,
      get world() {
        assert(play !== undefined, 'a tool that looks at a world is called in one');
        return play.view;
      },
    };
    if (bound.reach === 'inside') {
      // A step that the call commits has its row before the call's own.
      chargeCall();
      return inside(bound.call(context));
    }
    const act = bound.act(context);
    if (!('sender' in act)) return inside(act);
    const rowType = act.row === undefined ? (tool.naming ?? TOOL_NAMING).rowType : act.row.type;
    const came = await calls.answer({ index, tool: tool.name, costs }, act, rowType);
    if ('stopped' in came) return came;
    const { recorded, source } = came;
    if (act.row !== undefined) put({ ...act.row, index, source, ...recorded });
    const answer = recorded.ok ? bound.respond(context, recorded.result) : failedAnswer(recorded, index, tool.name);
    // Where a row of its own says where the answer came from, the call's row holds what was made of it here.
    return act.row === undefined ? { answer, source } : inside(answer);
  }

  async function closeCalls(): Promise<JsonObject> {
    const unstopped = await calls.close();
    if (unstopped === 0) return {};
    const marker = { [NOT_STOPPED]: unstopped };
    if (lastCall !== undefined) lastCall = { ...lastCall, ...marker };
    return marker;
  }

  async function seal(stop: RunStop | null): Promise<Either<E, Sealed<S, P>>> {
    const end = cursor();
    const final = finalOf(inPlay?.world, end);
    const { hash } = put(sealRow(stop, final, end));
    const flushed = await flush();
    return isLeft(flushed) ? flushed : right({ stop, headHash: hash, final, cursor: end });
  }

  return {
    cursor,
    lookback: inPlay?.world.lookback ?? 0,
    isDone,
    advance,
    call,
    closeCalls,
    breaker,
    append: put,
    flush,
    seal,
  };
}

/** Why a run ends before its last step, if it does: the step is refused, or it was granted and not taken because the time was up. */
export function stepsStop<S, P, E>(episode: Episode<S, P, E>, stepsWanted: number): RunStop | null {
  const { steps, outOfRange } = episode.cursor();
  return steps < stepsWanted && !episode.isDone() ? (outOfRange ?? episode.breaker.preflight({ steps: 1 }) ?? DEADLINE) : null;
}

/** No limit is the most that a limit can be. */
function meterOf(budget: Budget, breaker: Breaker): FuelMeter {
  return {
    fuelLeft: () => (budget.max_fuel ?? COUNT_MAX) - (breaker.state().fuel ?? 0),
    charge: (costs) => {
      const refused = breaker.reserveAll(costs);
      assert(refused === undefined, 'an engine takes no more than it was let have');
    },
  };
}

function openChains<S, P>(inputs: JsonObject, { genesis, runId }: EpisodeIdentity, from: Cursor<S, P> | undefined): Chains {
  if (from !== undefined) return { tape: makeChain(from.tapeHead, 0), ledger: makeChain(from.ledgerHead, from.ledgerRows) };
  const tape = makeChain(genesis, 0);
  const { hash } = append(tape, { type: 'run', run_id: runId, inputs });
  return { tape, ledger: makeChain(hash, 0) };
}

const NO_PRICES: ToolPrice = () => undefined;

function failedAnswer({ error, result }: Extract<RecordedResult, { ok: false }>, index: number, tool: string): ToolAnswer {
  return { stop: placed(error, index, tool), ...(result === undefined ? {} : { result }) };
}

/** What a trace says of a call: why it ended, and nothing that it was about. */
function endOfCall({ stop }: Called): TracedEnd {
  if (stop === undefined) return {};
  return { code: stop.code, ...('limiter' in stop ? { limiter: stop.limiter } : {}) };
}

type Done = { readonly answer: ToolAnswer; readonly source: Source } | { readonly stopped: RunStop };

function inside(answer: ToolAnswer): Done {
  return { answer, source: 'local' };
}

/** What a call leaves on the tape and in the answer: the result, or the error; both where a result was refused or withheld. */
type CallOutcome = { readonly ok: boolean; readonly result?: Json; readonly error?: Json };

function outcomeOf(answer: ToolAnswer): CallOutcome {
  if (!('stop' in answer)) return { ok: true, result: answer.result };
  return { ok: false, error: answer.stop, ...(answer.result === undefined ? {} : { result: answer.result }) };
}

const TOOL_NAMING: CallNaming = {
  rowType: 'tool',
  row: (call) => call,
  result: ({ name }) => ({ name }),
  label: ({ name, args }) => `${name} ${canonical(args)}`,
};

const ANSWER_CHARS = 120;

/** A row of the report's table of calls. */
function reportRow(index: number, label: string, { ok, result, error }: CallOutcome): string {
  const answer = canonical(error ?? result ?? null);
  const short = answer.length > ANSWER_CHARS ? `${answer.slice(0, ANSWER_CHARS).toWellFormed()}…` : answer;
  return `| ${String(index)} | ${cell(label)} | ${ok ? 'yes' : 'no'} | ${cell(short)} |`;
}
