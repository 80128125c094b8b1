/** `step` and `fill` rows written straight into bytes are the canonical text of the same row, for transitions of any size and shape. */
import fc from 'fast-check';
import { formatDecimal } from '../../../src/domain/decimal/decimal';
import { putFill } from '../../../src/domain/ledger/fill-row';
import type { Fill } from '../../../src/domain/ledger/fill';
import type { ScannedStep } from '../../../src/domain/market/market-form';
import { decodeStrategy, type Timing } from '../../../src/domain/world/market/strategy';
import type { Signal } from '../../../src/domain/world/market/signals';
import { type Link, linkRow } from '../../../src/domain/tape/chain';
import { makeRowBuffer } from '../../../src/domain/tape/row-buffer';
import { makeStepRowWriter, whyText } from '../../../src/domain/tape/step-row';
import type { Action, SkipReason } from '../../../src/domain/world/market/plan';
import { DEFAULT_POLICY } from '../../../src/domain/world/market/policy';
import { canonicalState, type State } from '../../../src/domain/world/market/state';
import { makeWorld, type Transition } from '../../../src/domain/world/market/step';
import { VERIFIER_CODES } from '../../../src/domain/world/market/verification';
import { arbitraryTime } from '../../support/arbitraries';
import { elementAt, expectRight, RUNS, seeded } from '../../support/harness';
import { canonicalText, sha256 } from '../../support/reference-model';

// The order of the header, that of the universe and the canonical one all differ; "10" sorts before "9" and after ".".
const SYMBOLS = ['MSFT', '9', 'AAPL', '10', 'X_1'];
const UNIVERSE = ['X_1', '10', 'AAPL', '9'];

const strategy = expectRight(
  decodeStrategy({
    metadata: { name: 'n', version: '1', description: '' },
    universe: { symbols: UNIVERSE },
    timing: { evaluation_frequency_steps: 3 },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 1 },
    rules: [{ type: 'threshold_price', symbol: '9', buy_below: 1 }],
  }),
);
const EVERY_THIRD = strategy.timing;
const LATER: Timing = { ...EVERY_THIRD, fill_at: 'next_step' };
const world = makeWorld(SYMBOLS, strategy, DEFAULT_POLICY);

const amount = fc.oneof(
  fc.bigInt(0n, 10n ** 12n),
  fc.bigInt(2n ** 53n - 3n, 2n ** 53n + 3n),
  fc.bigInt(0n, 10n ** 40n),
  fc.constantFrom(0n, 1n, 100_000_000n),
);
const text = fc.oneof(fc.constantFrom('why', 'quote " \\ é 🕓'), fc.string({ unit: 'binary', maxLength: 20 }));
const state: fc.Arbitrary<State> = fc.record({ cash: amount, positions: fc.tuple(...SYMBOLS.map(() => amount)) });
const valuation = fc.record({
  exposure: amount,
  equity: fc.oneof(
    amount,
    amount.map((value) => -value),
  ),
});
const action: fc.Arbitrary<Action> = fc.record({
  type: fc.constantFrom<Action['type'][]>('PlaceBuy', 'PlaceSell'),
  symbol: fc.constantFrom(...SYMBOLS, 'nobody "knows"'),
  quantity: fc.oneof(
    amount,
    amount.map((value) => -value),
  ),
  price: amount,
});
const skips: SkipReason[] = ['max_position_qty_per_symbol', 'max_new_exposure_per_step', 'insufficient_cash', 'no_position'];

const transition: fc.Arbitrary<Transition> = fc
  .record({
    said: fc.tuple(...UNIVERSE.map(() => fc.tuple(fc.constantFrom<Signal[]>('BUY', 'SELL', 'HOLD'), text))),
    skipped: fc.array(fc.record({ symbol: fc.constantFrom(...UNIVERSE), reason: fc.constantFrom(...skips) }), { maxLength: 3 }),
    actions: fc.array(action, { maxLength: 4 }),
    decision: fc.constantFrom('APPROVED' as const, 'REJECTED' as const, 'HOLD' as const),
    errors: fc.array(fc.record({ actionIndex: fc.nat(5), code: fc.constantFrom(...VERIFIER_CODES), message: text }), { maxLength: 3 }),
    before: state,
    after: state,
    valueBefore: valuation,
    valueAfter: valuation,
    unchanged: fc.boolean(),
  })
  .map(({ said, unchanged, ...rest }) => ({
    ...rest,
    signals: { signals: said.map(([signal]) => signal), whys: said.map(([signal, why]) => (signal === 'HOLD' ? '' : why)) },
    after: unchanged ? rest.before : rest.after,
    valueAfter: unchanged ? rest.valueBefore : rest.valueAfter,
    fills: [],
  }));

function change(before: bigint, after: bigint): { before: string; after: string; delta: string } {
  return { before: formatDecimal(before), after: formatDecimal(after), delta: formatDecimal(after - before) };
}

/** The same row by way of an object and the canonical encoder. */
function expectedRow(t: number, time: string | undefined, prices: Record<string, string>, made: Transition, prevHash: string): Link {
  const { signals, before, after, valueBefore, valueAfter } = made;
  const said = UNIVERSE.map((symbol, index) => ({ symbol, signal: signals.signals[index] ?? 'HOLD', why: signals.whys[index] ?? '' }));
  return linkRow(
    {
      type: 'step',
      step_index: t,
      ...(time === undefined ? {} : { time }),
      prices,
      signals: Object.fromEntries(said.map(({ symbol, signal }) => [symbol, signal])),
      rationales: Object.fromEntries(said.filter(({ signal }) => signal !== 'HOLD').map(({ symbol, why }) => [symbol, why])),
      skipped: made.skipped.map(({ symbol, reason }) => ({ symbol, reason })),
      actions: made.actions.map(({ type, symbol, quantity, price }) => ({
        type,
        symbol,
        quantity: formatDecimal(quantity),
        price: formatDecimal(price),
      })),
      decision: made.decision,
      why: whyText(t, EVERY_THIRD, made),
      verifier_errors: made.errors.map(({ actionIndex, code, message }) => ({ action_index: actionIndex, code, message })),
      state_delta: {
        cash: change(before.cash, after.cash),
        equity: change(valueBefore.equity, valueAfter.equity),
        exposure: change(valueBefore.exposure, valueAfter.exposure),
        positions: Object.fromEntries(
          SYMBOLS.flatMap((symbol, index) => {
            const [from, to] = [before.positions[index] ?? 0n, after.positions[index] ?? 0n];
            return from === to ? [] : [[symbol, change(from, to)]];
          }),
        ),
      },
      state_hash: sha256(canonicalState(after, SYMBOLS)),
    },
    prevHash,
  );
}

test('step rows equal the canonical text of the same row, one writer for many of them', () => {
  const steps = fc.array(fc.record({ made: transition, time: fc.option(arbitraryTime, { nil: undefined }), again: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(steps, fc.nat(2 ** 40), (random, first) => {
      const row = makeRowBuffer();
      const writer = makeStepRowWriter(world, row);
      const expected: string[] = [];
      let head = sha256('genesis');
      let earlier: Transition | undefined;
      random.forEach(({ made, time, again }, index) => {
        // The same objects again, as a market that stands still gives them: what a writer keeps must not be stale.
        const next: Transition =
          again && earlier !== undefined ? { ...made, signals: earlier.signals, before: earlier.after, after: earlier.after } : made;
        const prices = Object.fromEntries(SYMBOLS.map((symbol, k) => [symbol, String(k + 1)]));
        const scanned: ScannedStep = {
          prices: SYMBOLS.map((_, k) => BigInt(k + 1) * 100_000_000n),
          pricesText: canonicalText(prices),
          timeText: time === undefined ? '' : canonicalText(time),
        };
        const link = expectedRow(first + index, time, prices, next, head);
        expect(writer.write(first + index, scanned, next, head)).toBe(link.hash);
        expected.push(link.line);
        head = link.hash;
        earlier = next;
      });
      expect(Buffer.from(row.take()).toString('utf8')).toBe(expected.join(''));
    }),
    seeded(RUNS.call / 4),
  );
});

test('fill rows equal the canonical text of the same row', () => {
  const fill: fc.Arbitrary<Fill> = fc.record({
    actionIndex: fc.nat(99),
    symbol: fc.constantFrom(...SYMBOLS),
    side: fc.constantFrom<Fill['side'][]>('BUY', 'SELL'),
    quantity: amount,
    price: amount,
    notional: amount,
    fee: amount,
    cashBefore: amount,
    cashAfter: amount,
    positionBefore: amount,
    positionAfter: amount,
    exposureBefore: amount,
    exposureAfter: amount,
  });
  fc.assert(
    fc.property(fill, text, fc.nat(2 ** 40), (made, reason, t) => {
      const row = makeRowBuffer();
      const runId = 'ab'.repeat(16);
      const link = linkRow(
        {
          type: 'fill',
          event_id: `${runId}:${String(t)}:${String(made.actionIndex)}`,
          run_id: runId,
          step_index: t,
          action_index: made.actionIndex,
          symbol: made.symbol,
          side: made.side,
          quantity: formatDecimal(made.quantity),
          price: formatDecimal(made.price),
          notional: formatDecimal(made.notional),
          fee: formatDecimal(made.fee),
          status: 'FILLED',
          cash_before: formatDecimal(made.cashBefore),
          cash_after: formatDecimal(made.cashAfter),
          position_before: formatDecimal(made.positionBefore),
          position_after: formatDecimal(made.positionAfter),
          exposure_before: formatDecimal(made.exposureBefore),
          exposure_after: formatDecimal(made.exposureAfter),
          reason,
        },
        'c'.repeat(64),
      );
      expect(putFill(row, runId, t, made, reason, 'c'.repeat(64))).toBe(link.hash);
      expect(Buffer.from(row.take()).toString('utf8')).toBe(link.line);
    }),
    seeded(RUNS.call),
  );
});

describe('whyText', () => {
  const [base] = fc.sample(transition, { numRuns: 1, seed: 1 });
  const made: Transition = { ...elementAt(base === undefined ? [] : [base], 0), skipped: [], errors: [] };
  const one: Action = { type: 'PlaceBuy', symbol: '9', quantity: 1n, price: 1n };

  test.each<[string, Transition, number, Timing?]>([
    ['the action passed verification', { ...made, decision: 'APPROVED', actions: [one] }, 0],
    ['all 2 actions passed verification', { ...made, decision: 'APPROVED', actions: [one, one] }, 0],
    [
      'action 1 refused: leverage_limit, position_value_limit',
      {
        ...made,
        decision: 'REJECTED',
        errors: [
          { actionIndex: 1, code: 'leverage_limit', message: '' },
          { actionIndex: 1, code: 'position_value_limit', message: '' },
        ],
      },
      0,
    ],
    [
      'every signal was skipped: 9 no_position, AAPL insufficient_cash',
      {
        ...made,
        decision: 'HOLD',
        skipped: [
          { symbol: '9', reason: 'no_position' },
          { symbol: 'AAPL', reason: 'insufficient_cash' },
        ],
      },
      3,
    ],
    ['every signal is HOLD', { ...made, decision: 'HOLD' }, 3],
    ['evaluated every 3 steps, not at this one', { ...made, decision: 'HOLD' }, 4],
    ['orders fill a step after their signal, and there is none before this one', { ...made, decision: 'HOLD' }, 0, LATER],
    ['every signal is HOLD', { ...made, decision: 'HOLD' }, 4, LATER],
    ['evaluated every 3 steps, not at the one before', { ...made, decision: 'HOLD' }, 3, LATER],
  ])('%s', (sentence, about, t, timing = EVERY_THIRD) => {
    expect(whyText(t, timing, about)).toBe(sentence);
  });
});
