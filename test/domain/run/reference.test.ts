/** The engine against an independent model of the contract: every row of random runs, every code of random plans, and one run by hand. */
import { isLeft } from 'fp-ts/Either';
import fc from 'fast-check';
import { decodePolicy } from '../../../src/domain/world/market/policy';
import { decodeState, valueOf } from '../../../src/domain/world/market/state';
import { verifyPlan } from '../../../src/domain/world/market/verification';
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import {
  arbitraryAnchor,
  arbitraryAnyCase,
  arbitraryCase,
  arbitraryEdgeCase,
  arbitraryPolicy,
  arbitraryScale,
  SYMBOLS,
} from '../../support/arbitraries';
import { readFixture } from '../../support/fixture';
import {
  bareRow,
  decodedMarket,
  elementAt,
  expectRight,
  linesOf,
  localRequest,
  rowsOf,
  runCase,
  RUNS,
  seeded,
  textOf,
  tryRun,
  verdictOn,
} from '../../support/harness';
import { changed, forge } from '../../support/forge';
import {
  canonicalText,
  formatDecimal,
  parseDecimal,
  type Json,
  type JsonObject,
  type ReferenceAction,
  referenceRun,
  type ReferenceRequest,
  referenceVerify,
  sha256,
  verifyChain,
} from '../../support/reference-model';

async function expectAgreement(request: ReferenceRequest): Promise<readonly JsonObject[]> {
  const real = await runCase(request);
  const model = referenceRun(request);
  const tape = rowsOf(real.tape);
  expect(tape.map(bareRow)).toEqual(model.tape);
  expect(rowsOf(real.executions).map(bareRow)).toEqual(model.executions);

  const opening = elementAt(tape, 0);
  const genesis = sha256(canonicalText(opening['inputs'] as Json));
  // Canonical lines, each linked to the one before it, each hashed over itself.
  const head = verifyChain([...real.tape], genesis);
  const ledgerHead = verifyChain([...real.executions], opening['hash'] as string);
  expect(head).toBe(real.summary.headHash);
  expect(elementAt(tape, -1)['executions']).toEqual({ rows: real.executions.length, head_hash: ledgerHead });
  expectNoFreeTextIsMissing(tape);
  return tape;
}

/** What the model leaves out is there, and says something. */
function expectNoFreeTextIsMissing(tape: readonly JsonObject[]): void {
  for (const row of tape.filter(({ type }) => type === 'step')) {
    const signals = Object.entries(row['signals'] as JsonObject);
    expect(Object.keys(row['rationales'] as JsonObject)).toEqual(
      signals.filter(([, signal]) => signal !== 'HOLD').map(([symbol]) => symbol),
    );
    expect(row['why']).toEqual(expect.stringMatching(/.{10}/));
  }
}

describe('random runs agree with the reference model', () => {
  test('in every row of both files; and every decision, skip and code occurs', async () => {
    const seen = new Set<Json>();
    await fc.assert(
      fc.asyncProperty(arbitraryCase, async (anyRequest) => {
        for (const row of await expectAgreement(localRequest(anyRequest))) {
          if (row['type'] === 'step') seen.add(row['decision'] ?? null);
          if (row['type'] === 'seal') seen.add(row['ok'] ?? null);
          for (const skip of (row['skipped'] ?? []) as JsonObject[]) seen.add(skip['reason'] ?? null);
          for (const error of (row['verifier_errors'] ?? []) as JsonObject[]) seen.add(error['code'] ?? null);
        }
      }),
      seeded(RUNS.reference),
    );
    // Otherwise the agreement would be about less than it claims.
    for (const kind of [
      ...['APPROVED', 'REJECTED', 'HOLD', true, false],
      ...['max_position_qty_per_symbol', 'max_new_exposure_per_step', 'insufficient_cash', 'no_position'],
      ...['leverage_limit', 'position_value_limit', 'position_concentration'],
    ]) {
      expect(seen).toContain(kind);
    }
  });

  test('on the edge of one limit', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEdgeCase, async (request) => {
        await expectAgreement(localRequest(request));
      }),
      seeded(RUNS.reference / 5),
    );
  });
});

// ---- Plans that sizing would never make ----

const arbitraryAmount = (near: readonly bigint[]): fc.Arbitrary<bigint> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom(...near), fc.constantFrom(1n, 1n, 2n, 3n, 5n), fc.constantFrom(0n, 0n, 1n, -1n))
        .map(([n, k, u]) => n * k + u),
    },
    { weight: 1, arbitrary: fc.constantFrom(0n, -1n, 1n, 10n ** 25n) },
  );

interface PlanCase {
  readonly prices: Record<string, string>;
  readonly state: { cash: string; positions: Record<string, string> };
  readonly policy: Parameters<typeof referenceVerify>[3];
  readonly actions: ReferenceAction[];
}

const arbitraryPlan: fc.Arbitrary<PlanCase> = fc
  .tuple(arbitraryScale, fc.shuffledSubarray([...SYMBOLS], { minLength: 1, maxLength: 3 }))
  .chain(([scale, symbols]) => {
    const price = formatDecimal(scale.level);
    const prices = Object.fromEntries(symbols.map((symbol) => [symbol, price]));
    const market = { symbols, steps: [{ prices }] };
    return arbitraryAnchor(market, scale).chain((anchor) => {
      const action: fc.Arbitrary<ReferenceAction> = fc.record({
        type: fc.constantFrom<ReferenceAction['type'][]>('PlaceBuy', 'PlaceBuy', 'PlaceSell'),
        symbol: fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...symbols) }, { weight: 1, arbitrary: fc.constant('NOWHERE') }),
        quantity: arbitraryAmount([scale.orderQty]).map(formatDecimal),
        price: fc.oneof(
          { weight: 5, arbitrary: fc.constant(price) },
          { weight: 1, arbitrary: arbitraryAmount([scale.level]).map(formatDecimal) },
        ),
      });
      return fc.record({
        prices: fc.constant(prices),
        state: fc.record({
          cash: arbitraryAmount([anchor.notional, 10n * anchor.notional, 40n * anchor.notional]).map((cash) =>
            formatDecimal(cash < 0n ? 0n : cash % 10n ** 26n),
          ),
          positions: fc
            .tuple(
              ...symbols.map((symbol) =>
                arbitraryAmount([scale.orderQty]).map((held) => [symbol, formatDecimal(held < 0n ? 0n : held % 10n ** 26n)] as const),
              ),
            )
            .map((entries) => Object.fromEntries(entries)),
        }),
        policy: arbitraryPolicy(anchor),
        actions: fc.array(action, { maxLength: 6 }),
      });
    });
  });

// ---- Amounts near 10^18, where inputs end and results must end, too ----

/** Buys from 1e15 to 9e17 and holds, while prices move by powers of ten. */
const arbitraryLargeCase: fc.Arbitrary<ReferenceRequest> = fc
  .record({
    prices: fc.array(fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 13, max: 16 })), { minLength: 2, maxLength: 12 }),
    quantity: fc.constantFrom('1', '7', '0.5', '30'),
    cash: fc.constantFrom('999999999999999999.99999999', '500000000000000000', '0'),
    held: fc.constantFrom('0', '1', '9'),
    fee: fc.constantFrom('0', '25'),
  })
  .map(({ prices, quantity, cash, held, fee }) => ({
    market: { symbols: ['X'], steps: prices.map(([digits, power]) => ({ prices: { X: `${String(digits)}${'0'.repeat(power)}` } })) },
    strategy: {
      metadata: { name: 'large', version: '1', description: '' },
      universe: { symbols: ['X'] },
      sizing: { order_qty: quantity, max_position_qty_per_symbol: '100' },
      rules: [{ type: 'threshold_price', symbol: 'X', buy_below: '100000000000000000', sell_above: '500000000000000000' }],
    },
    policy: {
      risk_limits: { max_leverage: '1000', max_position_pct: '1000', max_position_value: '999999999999999999' },
      costs: { fee_bps: fee },
    },
    initialState: { cash, positions: held === '0' ? {} : { X: held } },
    steps: prices.length,
    budget: { max_steps: prices.length, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 },
  }));

describe('runs at the end of the decimal range', () => {
  test('agree with the reference model, are proven, and write no amount that an input may not hold', async () => {
    const seen = new Map<Json, number>();
    await fc.assert(
      fc.asyncProperty(arbitraryLargeCase, async (request) => {
        const tried = await tryRun(request);
        const model = referenceRun(request);
        if (isLeft(tried)) {
          // Only a state that the first prices take out of range is refused as an input.
          expect(tried.left).toMatchObject({ _tag: 'InvalidRequest', document: 'initial_state' });
          expect(model.tape).toHaveLength(2);
          seen.set('refused', (seen.get('refused') ?? 0) + 1);
          return;
        }
        const { tape, executions, files } = tried.right;
        expect(rowsOf(tape).map(bareRow)).toEqual(model.tape);
        expect(rowsOf(executions).map(bareRow)).toEqual(model.executions);
        expect((await verdictOn(files))._tag).toBe('Proven');
        expect([...tape, ...executions].join('').match(/"-?[0-9]{19,}(\.[0-9]+)?"/)).toBeNull();
        const ending = elementAt(rowsOf(tape), -1)['error'] as JsonObject | null;
        seen.set(ending?.['code'] ?? 'ok', (seen.get(ending?.['code'] ?? 'ok') ?? 0) + 1);
      }),
      seeded(2 * RUNS.whole),
    );
    expect([...seen.keys()].sort()).toEqual(['ok', 'out_of_range', 'refused']);
  });

  test('a forged tape cannot start from a state that has no worth', async () => {
    const position = (quantity: string): ReferenceRequest => ({
      ...(fc.sample(arbitraryLargeCase, { numRuns: 1, seed: 1 })[0] as ReferenceRequest),
      market: { symbols: ['X'], steps: [{ prices: { X: '100000000000000000' } }] },
      initialState: { cash: '0', positions: { X: quantity } },
      steps: 1,
    });
    const { files } = await runCase(position('9'));
    const forged = forge(files, {
      tape: changed(0, (row) => {
        (row['inputs'] as JsonObject)['initial_state'] = { cash: '0', positions: { X: '10' } };
        return row;
      }),
    });
    expect(await verdictOn(forged)).toMatchObject({ _tag: 'NotProven', divergence: { row: 0, pointer: '/inputs/initial_state' } });
  });
});

describe('random plans agree with the reference model', () => {
  test('in the action that fails and in all of its codes; and every code occurs', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(arbitraryPlan, ({ prices, state, policy, actions }) => {
        const symbols = Object.keys(prices);
        const exact = symbols.map((symbol) => parseDecimal(prices[symbol] ?? ''));
        const before = expectRight(decodeState(state, symbols));
        const plan = actions.map((action) => ({ ...action, quantity: parseDecimal(action.quantity), price: parseDecimal(action.price) }));
        const verification = verifyPlan(expectRight(decodePolicy(policy)), symbols, before, valueOf(before, exact), exact, plan);
        const codes = verification.ok ? [] : verification.errors.map(({ actionIndex, code }) => ({ action_index: actionIndex, code }));
        expect(codes).toEqual(referenceVerify(actions, prices, state, policy));
        for (const { code } of codes) seen.set(code, (seen.get(code) ?? 0) + 1);
        if (!verification.ok) return;
        seen.set('ok', (seen.get('ok') ?? 0) + 1);
        expect(verification.value).toEqual(valueOf(verification.state, exact));
        expect(verification.state.cash >= 0n && verification.state.positions.every((held) => held >= 0n)).toBe(true);
        expect(verification.fills).toHaveLength(actions.length);
      }),
      seeded(3 * RUNS.call),
    );
    expect([...seen.keys()].sort()).toEqual([
      'insufficient_cash',
      'insufficient_position',
      'invalid_action',
      'invalid_equity',
      'leverage_limit',
      'ok',
      'out_of_range',
      'position_concentration',
      'position_value_limit',
      'unknown_symbol',
    ]);
  });
});

describe('the five-step fixture, worked by hand', () => {
  // Cash starts at 1000. AAPL: buy at or below 100, sell at or above 103. MSFT: 197 and 205. At most 300 of new exposure a step.
  const table = [
    // 99.86 <= 100: buy. 197.65 is between 197 and 205: hold. 1000 - 99.86.
    {
      step: 0,
      prices: ['99.86', '197.65'],
      signals: ['BUY', 'HOLD'],
      actions: ['BUY 1 AAPL'],
      decision: 'APPROVED',
      cash: '900.14',
      exposure: '99.86',
      equity: '1000',
    },
    // 99.74 + 194.19 = 293.93 of new exposure. 2 x 99.74 + 194.19 = 393.67.
    {
      step: 1,
      prices: ['99.74', '194.19'],
      signals: ['BUY', 'BUY'],
      actions: ['BUY 1 AAPL', 'BUY 1 MSFT'],
      decision: 'APPROVED',
      cash: '606.21',
      exposure: '393.67',
      equity: '999.88',
    },
    // 99.51 + 194.52 = 294.03. 3 x 99.51 + 2 x 194.52 = 687.57.
    {
      step: 2,
      prices: ['99.51', '194.52'],
      signals: ['BUY', 'BUY'],
      actions: ['BUY 1 AAPL', 'BUY 1 MSFT'],
      decision: 'APPROVED',
      cash: '312.18',
      exposure: '687.57',
      equity: '999.75',
    },
    // 100.33 > 100: hold. MSFT would be worth 3 x 194.84 = 584.52, within 0.8 x 1002.85; exposure over all positions 300.99 + 584.52.
    {
      step: 3,
      prices: ['100.33', '194.84'],
      signals: ['HOLD', 'BUY'],
      actions: ['BUY 1 MSFT'],
      decision: 'APPROVED',
      cash: '117.34',
      exposure: '885.51',
      equity: '1002.85',
    },
    // 204.14 < 205: nothing to do. 3 x 100.66 + 3 x 204.14 = 914.4.
    {
      step: 4,
      prices: ['100.66', '204.14'],
      signals: ['HOLD', 'HOLD'],
      actions: [],
      decision: 'HOLD',
      cash: '117.34',
      exposure: '914.4',
      equity: '1031.74',
    },
  ];

  test.each(table)('step $step: $decision', async ({ step, prices, signals, actions, decision, cash, exposure, equity }) => {
    const { tape } = await runCase(readFixture());
    const row = elementAt(rowsOf(tape), step + 1);
    const delta = row['state_delta'] as Record<string, JsonObject>;
    expect({
      step: row['step_index'],
      prices: ['AAPL', 'MSFT'].map((symbol) => (row['prices'] as JsonObject)[symbol]),
      signals: ['AAPL', 'MSFT'].map((symbol) => (row['signals'] as JsonObject)[symbol]),
      actions: (row['actions'] as Record<string, string>[]).map(
        ({ type, quantity = '', symbol = '' }) => `${type === 'PlaceBuy' ? 'BUY' : 'SELL'} ${quantity} ${symbol}`,
      ),
      decision: row['decision'],
      cash: delta['cash']?.['after'],
      exposure: delta['exposure']?.['after'],
      equity: delta['equity']?.['after'],
    }).toEqual({ step, prices, signals, actions, decision, cash, exposure, equity });
  });

  test('comes to 4 APPROVED and 1 HOLD, with 3 of each symbol, in six fills', async () => {
    const { summary, files } = await runCase(readFixture());
    expect(summary).toMatchObject({
      error: null,
      steps: 5,
      decisions: { APPROVED: 4, REJECTED: 0, HOLD: 1 },
      final: {
        final_state: { cash: '117.34', positions: { AAPL: '3', MSFT: '3' } },
        final_equity: '1031.74',
        final_exposure: '914.4',
      },
      executions: { rows: 6 },
    });
    expect(linesOf(files, 'executions.jsonl')).toHaveLength(6);
    expect(JSON.parse(textOf(files, 'run.json'))).toMatchObject({ ok: true, head_hash: summary.headHash, run_id: summary.runId });
  });

  test('agrees with the model', async () => {
    await expectAgreement(readFixture());
  });
});

describe('the market document', () => {
  test('delivers every step of a case longer than its batch, once', async () => {
    const steps = Array.from({ length: 2_345 }, (_, t) => ({ prices: { X: String(t + 1) } }));
    const [request] = fc.sample(arbitraryAnyCase, { numRuns: 1, seed: 1 });
    const market = makeMarketDocument(
      decodedMarket({ ...elementAt(request === undefined ? [] : [request], 0), market: { symbols: ['X'], steps } }),
    );
    let text = '';
    for (;;) {
      const piece = expectRight(await market.read()());
      if (piece === '') break;
      text += piece;
    }
    expect(text).toBe(steps.map(({ prices }) => `{"prices":{"X":"${prices.X}"}}\n`).join(''));
  });
});
