/**
 * The engine: reads normal-form prices, takes the steps, and appends tape and ledger rows. Running and verifying are the same
 * call with another output. Invariant: memory does not grow with the number of steps, and a step that is not granted does not happen.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { assert } from '../assert';
import { type Breaker, makeBreaker } from '../budget/breaker';
import { type BudgetState, NOTHING_SPENT } from '../budget/budget';
import { formatDecimal } from '../decimal/decimal';
import { makeLedgerAudit } from '../ledger/audit';
import { putFill } from '../ledger/fill-row';
import { CHECKPOINT_INTERVAL_STEPS } from '../limits';
import { makeMarketForm, makeScannedStep, type ScannedStep } from '../market/market-form';
import { lookbackSteps, makeSignalSource, type SignalSource } from '../strategy/signals';
import { type Link, linkRow } from '../tape/chain';
import { makeRowBuffer } from '../tape/row-buffer';
import { makeStepRowWriter } from '../tape/step-row';
import { type State, stateText, type Valuation } from '../world/state';
import { type Decision, isBeyondRange, step, type Transition, type World } from '../world/step';
import type { RunIdentity, WorldInputs } from './inputs';
import { appendAll, type DigestedOutput } from './output';
import { NO_DECISIONS, sealRow } from './seal';
import { DEADLINE, type OutOfRange, type RunStop } from './stop';
import type { TextError, TextReader } from './text-reader';

export type Decisions = {
  readonly APPROVED: number;
  readonly REJECTED: number;
  readonly HOLD: number;
};

/** Where a run stands between two steps. Together with the prices it determines everything that follows. */
export interface Cursor {
  /** The next step. */
  readonly t: number;
  readonly state: State;
  /** Worth of the state at the prices of the last step taken. */
  readonly value: Valuation;
  readonly tapeHead: string;
  readonly ledgerHead: string;
  readonly fills: number;
  readonly decisions: Decisions;
  readonly spent: BudgetState;
  /** Why step `t` was refused, where it was: the step is charged and not taken. */
  readonly outOfRange?: OutOfRange;
}

export type EngineError =
  | { readonly _tag: 'MarketUnreadable'; readonly error: TextError }
  /** A line of `market.jsonl` (1-based) is not in normal form, or the file ends before the last step. */
  | { readonly _tag: 'MarketBroken'; readonly line: number; readonly message: string }
  | { readonly _tag: 'Interrupted'; readonly steps: number };

/** What a caller may want to see of a run while it happens. None of it changes a byte. */
export interface EngineWatch {
  readonly onStep?: (t: number, market: ScannedStep, transition: Transition) => void;
  /** After each batch of steps: the next one, and the last one's successor. */
  readonly onProgress?: (t: number, until: number) => void;
  /** Asked between batches; true stops the run where it is, unsealed. */
  readonly interrupted?: () => boolean;
  /** Asked between batches; true ends the run where it is, to be sealed with `deadline_exceeded`. */
  readonly deadlinePassed?: () => boolean;
}

export interface Engine {
  readonly world: World;
  /** The tape row that opens the run, and the cursor before step 0. */
  readonly start: (initial: State) => { readonly row: Link; readonly cursor: Cursor };
  /**
   * Takes steps from `from.t` up to, not including, `until`, or until the budget refuses one.
   * `market` delivers the lines of the steps from `max(0, from.t - lookback)` on, the header not included.
   */
  readonly advance: <E>(
    from: Cursor,
    until: number,
    market: TextReader,
    output: DigestedOutput<E>,
    watch?: EngineWatch,
  ) => Promise<Either<E | EngineError, Cursor>>;
  /** The seal that ends the tape at this cursor, and why the run ended before its last step, if it did. */
  readonly seal: (at: Cursor) => { readonly row: Link; readonly error: RunStop | null };
  /** Steps of market before the first one that `advance` needs. */
  readonly lookback: number;
}

export function makeEngine(inputs: WorldInputs, identity: RunIdentity, world: World): Engine {
  const { symbols } = world;
  const form = makeMarketForm(symbols);
  const lookback = lookbackSteps(world.strategy);

  function start(initial: State): { readonly row: Link; readonly cursor: Cursor } {
    const row = linkRow({ type: 'run', run_id: identity.runId, inputs }, identity.genesis);
    const cursor: Cursor = {
      t: 0,
      state: initial,
      value: { exposure: 0n, equity: initial.cash },
      tapeHead: row.hash,
      ledgerHead: row.hash,
      fills: 0,
      decisions: NO_DECISIONS,
      spent: NOTHING_SPENT,
    };
    return { row, cursor };
  }

  async function advance<E>(
    from: Cursor,
    until: number,
    market: TextReader,
    output: DigestedOutput<E>,
    watch: EngineWatch = {},
  ): Promise<Either<E | EngineError, Cursor>> {
    const stepper = makeStepper(from, until);
    while (!stepper.done()) {
      if (watch.deadlinePassed?.() === true) break;
      if (watch.interrupted?.() === true) return left({ _tag: 'Interrupted', steps: stepper.cursor().t });
      const text = await market.next();
      if (isLeft(text)) return left({ _tag: 'MarketUnreadable', error: text.left });
      if (text.right === '') {
        return left({ _tag: 'MarketBroken', line: stepper.cursor().t + 2, message: 'the market ends before the last step' });
      }
      const rows = stepper.take(text.right, watch.onStep);
      if (isLeft(rows)) return rows;
      const appended = await appendAll(output, [
        ['tape.jsonl', rows.right.tape],
        ['executions.jsonl', rows.right.ledger],
      ]);
      if (isLeft(appended)) return appended;
      watch.onProgress?.(stepper.cursor().t, until);
    }
    return right(stepper.close());
  }

  function makeStepper(from: Cursor, until: number): Stepper {
    const signals: SignalSource = makeSignalSource(world.strategy, symbols);
    const tape = makeRowBuffer();
    const ledger = makeRowBuffer();
    const rows = makeStepRowWriter(world, tape);
    const breaker: Breaker = makeBreaker(inputs.budget, from.spent);
    const audit = makeLedgerAudit(from.state, symbols);
    const scanned = makeScannedStep(symbols);
    const decisions: Record<Decision, number> = { ...from.decisions };
    let { t, state, value, tapeHead, ledgerHead, fills } = from;
    let priming = Math.min(lookback, from.t);
    let refused = false;
    let outOfRange: OutOfRange | undefined;

    function take(text: string, onStep: EngineWatch['onStep']): Either<EngineError, Rows> {
      let at = 0;
      while (at < text.length && t < until && !refused) {
        const newline = text.indexOf('\n', at);
        if (newline === -1 || !form.scan(text, at, newline, scanned))
          return left({ _tag: 'MarketBroken', line: t - priming + 2, message: NOT_NORMAL });
        at = newline + 1;
        if (priming > 0) {
          signals.observe(scanned.prices);
          priming -= 1;
          continue;
        }
        if (breaker.reserve('steps', 1) !== undefined) {
          refused = true;
          break;
        }
        signals.observe(scanned.prices);
        const transition = step(world, state, scanned.prices, signals.evaluate(t));
        if (isBeyondRange(transition)) {
          refused = true;
          outOfRange = { code: 'out_of_range', message: `step ${String(t)}: ${transition.errors[0]?.message ?? ''}`, step_index: t };
          break;
        }
        tapeHead = rows.write(t, scanned, transition, tapeHead);
        for (const fill of transition.fills) {
          audit.record(fill);
          ledgerHead = putFill(ledger, identity.runId, t, fill, whyOf(transition, fill.symbol), ledgerHead);
          fills += 1;
        }
        decisions[transition.decision] += 1;
        state = transition.after;
        value = transition.valueAfter;
        onStep?.(t, scanned, transition);
        t += 1;
        if (t % CHECKPOINT_INTERVAL_STEPS === 0) {
          const checkpoint = linkRow({ type: 'checkpoint', step_index: t - 1, state: stateText(state, symbols) }, tapeHead);
          tape.putLink(checkpoint);
          tapeHead = checkpoint.hash;
        }
      }
      return right({ tape: tape.take(), ledger: ledger.take() });
    }

    function whyOf({ signals: { whys } }: Transition, symbol: string): string {
      return whys[world.strategy.universe.symbols.indexOf(symbol)] ?? '';
    }

    const cursor = (): Cursor => ({
      t,
      state,
      value,
      tapeHead,
      ledgerHead,
      fills,
      decisions: { ...decisions },
      spent: breaker.state(),
      ...(outOfRange === undefined ? {} : { outOfRange }),
    });
    return {
      take,
      done: () => t >= until || refused,
      cursor,
      close: () => {
        audit.close(state);
        return cursor();
      },
    };
  }

  function seal(at: Cursor): { readonly row: Link; readonly error: RunStop | null } {
    assert(at.t > 0, 'a sealed run took at least one step');
    // A run that was granted its next step and did not take it was stopped by the clock.
    const error = at.t < inputs.steps ? (at.outOfRange ?? makeBreaker(inputs.budget, at.spent).reserve('steps', 1) ?? DEADLINE) : null;
    const fields = {
      stop: error,
      steps: at.t,
      decisions: at.decisions,
      finalState: stateText(at.state, symbols),
      finalEquity: formatDecimal(at.value.equity),
      finalExposure: formatDecimal(at.value.exposure),
      spent: at.spent,
      fills: at.fills,
      ledgerHead: at.ledgerHead,
    };
    const row = sealRow(fields, at.tapeHead);
    return { row, error };
  }

  return { world, start, advance, seal, lookback };
}

interface Rows {
  readonly tape: Uint8Array;
  readonly ledger: Uint8Array;
}

interface Stepper {
  readonly take: (text: string, onStep: EngineWatch['onStep']) => Either<EngineError, Rows>;
  readonly done: () => boolean;
  readonly cursor: () => Cursor;
  readonly close: () => Cursor;
}

const NOT_NORMAL = 'not a line of the normal form {"prices":{...},"time"?}';
