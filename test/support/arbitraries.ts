/** Random local runs as JSON documents, shaped so that trades, refusals and exact ties all happen often. */
import fc from 'fast-check';
import {
  formatDecimal,
  multiply,
  parseDecimal,
  type DecimalInput,
  type ReferenceBudget,
  type ReferenceMarket,
  type ReferenceMarketStep,
  type ReferencePolicy,
  type ReferenceRequest,
  type ReferenceRule,
  type ReferenceSizing,
  type ReferenceState,
  type ReferenceStrategy,
} from './reference-model';

/** What the documents of one case are built around, so that prices, sizes, cash and limits meet. Decimals are in units of 10^-8. */
export interface CaseScale {
  /** The price level most symbols start near. */
  level: bigint;
  orderQty: bigint;
}

/** A scale with the notional of one order at a price of the market: limits and cash that are multiples of it are met exactly. */
export interface CaseAnchor extends CaseScale {
  notional: bigint;
}

interface PricePath {
  /** Fractional digits of the path's texts, and so its tick. */
  digits: number;
  start: bigint;
  /** A move per step: no change, a change in parts of 10^4 of the last price, a factor, or a return to near the start. */
  moves: PriceMove[];
}

type PriceMove =
  { kind: 'same' } | { kind: 'bps'; bps: number } | { kind: 'times'; num: number; den: number } | { kind: 'start'; bps: number };

const ONE = 100_000_000n;
const PRICE_MAX = 10n ** 9n * ONE;

export const SYMBOLS = [
  'AAPL',
  'MSFT',
  'BRK.B',
  'G^SPC',
  'BF-B',
  'X_1',
  '7203.T',
  '^GSPC',
  'BTC/USDT',
  'EURUSD=X',
  'NYSE:BRK.A',
  '$SPX',
] as const;

// ---- Decimals ----

/** The shapes a strategy or a policy may hold a decimal in: canonical text, text with trailing zeros, a number where it is exact. */
export function arbitraryDecimalInput(value: bigint): fc.Arbitrary<DecimalInput> {
  const text = formatDecimal(value);
  const shapes: DecimalInput[] = [text, text, fixedText(value, 8)];
  if (isExactAsNumber(value)) shapes.push(Number(text), Number(text));
  return fc.constantFrom(...shapes);
}

/** A product of a decimal and a factor given in hundredths, at least one unit. */
function scaled(value: bigint, hundredths: number): bigint {
  return atLeast(1n, (value * BigInt(hundredths)) / 100n);
}

function isExactAsNumber(value: bigint): boolean {
  const number = Number(formatDecimal(value));
  return !/e\+|\.[0-9]{9}/.test(String(number)) && parseDecimal(number) === value;
}

/** The text with exactly so many fractional digits; the value is a multiple of that tick. */
function fixedText(value: bigint, digits: number): string {
  const magnitude = value < 0n ? -value : value;
  const fraction = (magnitude % ONE).toString().padStart(8, '0').slice(0, digits);
  return `${value < 0n ? '-' : ''}${(magnitude / ONE).toString()}${digits === 0 ? '' : `.${fraction}`}`;
}

// ---- Markets ----

const INSTANT = '2024-01-02T16:00:00Z';

/** Never empty: a file type without absent cells cannot tell an empty time from none. */
export const arbitraryTime: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    INSTANT,
    '2. Jänner, 16:00 Uhr',
    '一月二日 🕓',
    'quote " backslash \\ slash / apostrophe \'',
    '\\u0041 \\" \\\\',
    'tab\tline\nreturn\rform\fbell\u0007delete\u007f',
    'line separator \u2028 paragraph \u2029',
    'e\u0301 is not \u00e9',
    '{"prices":{}}',
    '1,2',
    '0',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
);

/** Dust: notionals that round to nothing, or of so few units that each rounding of a fee shows. */
const arbitraryDust: fc.Arbitrary<CaseScale> = fc.oneof(
  fc.record({ level: fc.constantFrom(1n, 20_000n), orderQty: fc.constantFrom(1n, 3n) }),
  fc.record({ level: fc.bigInt(1n, 9n), orderQty: fc.constantFrom(ONE, ONE / 2n) }),
);

export const arbitraryScale: fc.Arbitrary<CaseScale> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      level: fc.oneof(
        { weight: 6, arbitrary: fc.bigInt(20n * ONE, 400n * ONE) },
        { weight: 1, arbitrary: fc.constantFrom(1n, 20_000n, ONE, 99_999n * ONE) },
      ),
      orderQty: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(ONE, 2n * ONE, 10n * ONE, ONE / 2n, ONE / 4n) },
        { weight: 3, arbitrary: fc.bigInt(ONE / 100n, 20n * ONE) },
        { weight: 1, arbitrary: fc.constantFrom(1n, 12_345_678n, 33_333_333n, ONE + 1n) },
      ),
    }),
  },
  { weight: 2, arbitrary: arbitraryDust },
);

const arbitraryWalk: fc.Arbitrary<PriceMove> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<PriceMove>({ kind: 'same' }) },
  { weight: 6, arbitrary: fc.integer({ min: -300, max: 300 }).map((bps): PriceMove => ({ kind: 'bps', bps })) },
);

const arbitraryWild: fc.Arbitrary<PriceMove> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<PriceMove>({ kind: 'same' }) },
  { weight: 3, arbitrary: fc.integer({ min: -6000, max: 9000 }).map((bps): PriceMove => ({ kind: 'bps', bps })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom([1, 10], [10, 1], [1, 2], [2, 1], [1, 1000])
      .map(([num = 1, den = 1]): PriceMove => ({ kind: 'times', num, den })),
  },
);

/** Few levels and long plateaus: equal means, zero deviations, and z-scores that are exactly 1 or 2. */
const arbitraryPlateau: fc.Arbitrary<PriceMove> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<PriceMove>({ kind: 'same' }) },
  { weight: 3, arbitrary: fc.constantFrom(-100, 0, 100).map((bps): PriceMove => ({ kind: 'start', bps })) },
);

function arbitraryPath(steps: number, scale: CaseScale): fc.Arbitrary<PricePath> {
  const many = (move: fc.Arbitrary<PriceMove>): fc.Arbitrary<PriceMove[]> => fc.array(move, { minLength: steps - 1, maxLength: steps - 1 });
  return fc.record({
    digits: fc.oneof(
      { weight: 3, arbitrary: fc.constant(scale.level < ONE / 100n ? 8 : 2) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 8 }) },
    ),
    start: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 50, max: 200 }).map((hundredths) => scaled(scale.level, hundredths)) },
      { weight: 1, arbitrary: fc.bigInt(1n, 5_000n * ONE) },
    ),
    moves: fc.oneof(
      { weight: 3, arbitrary: many(arbitraryWalk) },
      { weight: 1, arbitrary: many(arbitraryWild) },
      { weight: 2, arbitrary: many(arbitraryPlateau) },
      { weight: 1, arbitrary: many(fc.oneof(arbitraryWalk, arbitraryWild, arbitraryPlateau)) },
    ),
  });
}

function pricesOf(path: PricePath): string[] {
  const tick = 10n ** BigInt(8 - path.digits);
  const onTick = (price: bigint): bigint => atMost(PRICE_MAX, atLeast(tick, (price / tick) * tick));
  const prices = [onTick(path.start)];
  for (const move of path.moves) {
    const last = prices[prices.length - 1] ?? tick;
    prices.push(onTick(moved(last, path.start, move)));
  }
  return prices.map((price) => fixedText(price, path.digits));
}

function moved(last: bigint, start: bigint, move: PriceMove): bigint {
  switch (move.kind) {
    case 'same':
      return last;
    case 'bps':
      return (last * BigInt(10_000 + move.bps)) / 10_000n;
    case 'times':
      return (last * BigInt(move.num)) / BigInt(move.den);
    case 'start':
      return (start * BigInt(10_000 + move.bps)) / 10_000n;
  }
}

/** Early prices count most: there the state is still the initial one. */
export function arbitraryAnchor(market: ReferenceMarket, scale: CaseScale): fc.Arbitrary<CaseAnchor> {
  const prices = market.steps.slice(0, 8).flatMap((step) => Object.values(step.prices));
  return fc.constantFrom(...prices).map((price) => ({ ...scale, notional: multiply(scale.orderQty, parseDecimal(price)) }));
}

/** So many times the notional of an order: often a whole number of times, and then often a single unit beside it. */
function arbitraryNotionals(anchor: CaseAnchor, min: number, max: number): fc.Arbitrary<bigint> {
  return fc.oneof(
    { weight: 1, arbitrary: unbiased(min * 100, max * 100).map((hundredths) => scaled(anchor.notional, hundredths)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(unbiased(Math.ceil(min), max), fc.constantFrom(0n, 0n, 1n, -1n))
        .map(([orders, units]) => atLeast(1n, anchor.notional * BigInt(orders) + units)),
    },
  );
}

export function arbitraryMarket(scale: CaseScale): fc.Arbitrary<ReferenceMarket> {
  return fc
    .record({ symbols: fc.shuffledSubarray([...SYMBOLS], { minLength: 1, maxLength: 4 }), steps: fc.integer({ min: 2, max: 60 }) })
    .chain(({ symbols, steps }) =>
      fc
        .record({
          paths: fc.tuple(...symbols.map(() => arbitraryPath(steps, scale))),
          times: fc.oneof(
            fc.constant<undefined[]>([]),
            fc.array(fc.option(arbitraryTime, { nil: undefined }), { minLength: steps, maxLength: steps }),
          ),
        })
        .map(({ paths, times }) => {
          const columns = paths.map(pricesOf);
          const rows = Array.from({ length: steps }, (_, t): ReferenceMarketStep => {
            const prices = Object.fromEntries(symbols.map((symbol, column) => [symbol, columns[column]?.[t] ?? '']));
            const drawn: string | undefined = times[t];
            // An instant may stand there once, for times go forward.
            const time = drawn === INSTANT && times.slice(0, t).some((before) => before === drawn) ? 'again' : drawn;
            return time === undefined ? { prices } : { time, prices };
          });
          return { symbols, steps: rows };
        }),
    );
}

// ---- Strategies ----

/** A price of the path, often as it stands, otherwise moved a little. */
function arbitraryThreshold(market: ReferenceMarket, symbol: string): fc.Arbitrary<DecimalInput> {
  const onPath = market.steps.map((step) => parseDecimal(step.prices[symbol] ?? '1'));
  return fc
    .tuple(fc.constantFrom(...onPath), fc.oneof(fc.constant(0), fc.integer({ min: -300, max: 300 })), fc.constantFrom(0n, 0n, 0n, 1n, -1n))
    .chain(([price, bps, units]) => arbitraryDecimalInput(atLeast(1n, (price * BigInt(10_000 + bps)) / 10_000n + units)));
}

/** Windows with the bounds that their z-scores meet exactly: 1 for two prices, the root of n - 1 for one outlier among n. */
const arbitraryZ: fc.Arbitrary<{ window: number; below: bigint; above: bigint }> = fc.oneof(
  fc.record({ window: fc.constant(2), below: fc.constantFrom(ONE, ONE, ONE + 1n), above: fc.constantFrom(ONE, ONE, ONE + 1n) }),
  fc.record({ window: fc.constant(5), below: fc.constantFrom(2n * ONE, ONE / 2n), above: fc.constantFrom(2n * ONE, ONE / 2n) }),
  fc.record({ window: fc.constant(3), below: fc.constantFrom(141_421_356n, 141_421_357n), above: fc.constantFrom(ONE, 141_421_356n) }),
  fc.record({
    window: fc.integer({ min: 2, max: 12 }),
    below: fc.oneof(fc.constantFrom(1n, ONE), fc.bigInt(ONE / 10n, 2n * ONE)),
    above: fc.oneof(fc.constantFrom(1n, ONE), fc.bigInt(ONE / 10n, 2n * ONE)),
  }),
);

function arbitraryRule(market: ReferenceMarket, symbols: string[]): fc.Arbitrary<ReferenceRule> {
  return fc.constantFrom(...symbols).chain((symbol) => {
    const threshold = arbitraryThreshold(market, symbol);
    return fc.oneof(
      { weight: 4, arbitrary: fc.tuple(threshold, threshold).map(([a, b]) => thresholdRule(symbol, lower(a, b), higher(a, b))) },
      { weight: 1, arbitrary: threshold.map((sellAbove) => thresholdRule(symbol, undefined, sellAbove)) },
      { weight: 2, arbitrary: threshold.map((buyBelow) => thresholdRule(symbol, buyBelow, undefined)) },
      {
        weight: 3,
        arbitrary: fc
          .record({ short: fc.integer({ min: 1, max: 5 }), more: fc.integer({ min: 1, max: 5 }) })
          .map(({ short, more }): ReferenceRule => ({ type: 'sma_crossover', symbol, short_window: short, long_window: short + more })),
      },
      {
        weight: 3,
        arbitrary: arbitraryZ.chain(({ window, below, above }) =>
          fc
            .tuple(arbitraryDecimalInput(-below), arbitraryDecimalInput(above))
            .map(([low, high]): ReferenceRule => ({ type: 'mean_reversion_zscore', symbol, window, z_buy_below: low, z_sell_above: high })),
        ),
      },
      { weight: 4, arbitrary: arbitraryIndicator(symbol) },
      { weight: 3, arbitrary: arbitraryAccountRule(symbol) },
    );
  });
}

/** Exponential means, relative strength and channels; levels that plateaus meet exactly. */
function arbitraryIndicator(symbol: string): fc.Arbitrary<ReferenceRule> {
  const level = (min: number, max: number): fc.Arbitrary<DecimalInput> =>
    fc
      .oneof(fc.constantFrom(0n, 50n * ONE, 100n * ONE), fc.bigInt(BigInt(min) * ONE, BigInt(max) * ONE))
      .map((value) => (value < BigInt(min) * ONE ? BigInt(min) * ONE : value > BigInt(max) * ONE ? BigInt(max) * ONE : value))
      .chain(arbitraryDecimalInput);
  return fc.oneof(
    fc
      .record({ short: fc.integer({ min: 1, max: 5 }), more: fc.integer({ min: 1, max: 5 }) })
      .map(({ short, more }): ReferenceRule => ({ type: 'ema_crossover', symbol, short_window: short, long_window: short + more })),
    fc
      .record({ window: fc.integer({ min: 2, max: 6 }), buy_below: level(0, 49), sell_above: level(50, 100) })
      .map((rule): ReferenceRule => ({ type: 'rsi_threshold', symbol, ...rule })),
    fc
      .record({ entry_window: fc.integer({ min: 1, max: 6 }), exit_window: fc.integer({ min: 1, max: 6 }) })
      .map((rule): ReferenceRule => ({ type: 'donchian_breakout', symbol, ...rule })),
  );
}

/** Rules that look at the position; shares that moves of the paths meet exactly. */
function arbitraryAccountRule(symbol: string): fc.Arbitrary<ReferenceRule> {
  const share = fc
    .oneof(fc.constantFrom(ONE / 100n, ONE / 10n, ONE / 2n), fc.bigInt(1n, ONE - 1n), fc.bigInt(ONE / 200n, ONE / 20n))
    .chain(arbitraryDecimalInput);
  return fc.oneof(
    share.map((pct): ReferenceRule => ({ type: 'stop_loss', symbol, loss_pct: pct })),
    share.map((pct): ReferenceRule => ({ type: 'take_profit', symbol, gain_pct: pct })),
    fc
      .record({ target_pct: fc.oneof(share, fc.constant<DecimalInput>(1)), every_steps: fc.integer({ min: 1, max: 5 }) })
      .map((rule): ReferenceRule => ({ type: 'rebalance', symbol, ...rule })),
  );
}

/** Mostly a rule a symbol and some more anywhere, in random order; sometimes symbols without a rule. */
function arbitraryRules(market: ReferenceMarket, symbols: string[]): fc.Arbitrary<ReferenceRule[]> {
  const some = (minLength: number): fc.Arbitrary<ReferenceRule[]> => fc.array(arbitraryRule(market, symbols), { minLength, maxLength: 4 });
  const each = fc.tuple(...symbols.map((symbol) => arbitraryRule(market, [symbol])));
  const covering = fc
    .tuple(each, some(0))
    .map(([first, more]) => [...first, ...more])
    .chain((rules) => fc.shuffledSubarray(rules, { minLength: rules.length, maxLength: rules.length }));
  return fc.oneof({ weight: 3, arbitrary: covering }, { weight: 1, arbitrary: some(1) });
}

function thresholdRule(symbol: string, buyBelow: DecimalInput | undefined, sellAbove: DecimalInput | undefined): ReferenceRule {
  return {
    type: 'threshold_price',
    symbol,
    ...(buyBelow === undefined ? {} : { buy_below: buyBelow }),
    ...(sellAbove === undefined ? {} : { sell_above: sellAbove }),
  };
}

function arbitrarySizing(anchor: CaseAnchor): fc.Arbitrary<ReferenceSizing> {
  return fc
    .record({
      order_qty: arbitraryDecimalInput(anchor.orderQty),
      max_position_qty_per_symbol: fc
        .oneof(
          unbiased(100, 3000),
          unbiased(1, 30).map((orders) => orders * 100),
        )
        .chain((hundredths) => arbitraryDecimalInput(scaled(anchor.orderQty, hundredths))),
      max_new_exposure_per_step: arbitraryNotionals(anchor, 0.5, 5).chain(arbitraryDecimalInput),
      limitsNewExposure: fc.boolean(),
    })
    .map(({ limitsNewExposure, max_new_exposure_per_step, ...sizing }) =>
      limitsNewExposure ? { ...sizing, max_new_exposure_per_step } : sizing,
    );
}

export function arbitraryStrategy(market: ReferenceMarket, anchor: CaseAnchor): fc.Arbitrary<ReferenceStrategy> {
  const all = market.symbols.length;
  const universe = fc.oneof(
    { weight: 2, arbitrary: fc.shuffledSubarray(market.symbols, { minLength: all, maxLength: all }) },
    { weight: 1, arbitrary: fc.shuffledSubarray(market.symbols, { minLength: 1 }) },
  );
  return universe.chain((symbols) =>
    fc.record({
      metadata: fc.record({
        name: fc.constantFrom('random', 'Zufällig "quoted"', '随机'),
        version: fc.constantFrom('1', '1.0.0'),
        description: fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 20 })),
      }),
      universe: fc.constant({ symbols }),
      timing: fc.oneof(
        { weight: 1, arbitrary: fc.constant({}) },
        { weight: 2, arbitrary: fc.constant({ evaluation_frequency_steps: 1 }) },
        { weight: 1, arbitrary: fc.record({ evaluation_frequency_steps: fc.integer({ min: 2, max: 4 }) }) },
        {
          weight: 1,
          arbitrary: fc.record({ evaluation_frequency_steps: fc.integer({ min: 1, max: 3 }), fill_at: fc.constant('next_step' as const) }),
        },
      ),
      sizing: arbitrarySizing(anchor),
      rules: arbitraryRules(market, symbols),
    }),
  );
}

// ---- Policies, initial states, budgets ----

const arbitraryFeeBps: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0n) },
  { weight: 4, arbitrary: fc.bigInt(1n, 100n * ONE) },
  { weight: 2, arbitrary: fc.constantFrom(5n * ONE, ONE / 2n, 12n * ONE + ONE / 2n, 1n) },
  { weight: 1, arbitrary: fc.constantFrom(10_000n * ONE, 9_999n * ONE + 1n, 2_500n * ONE, 5_000n * ONE + ONE / 10n) },
);

/** Up to a little over one, and often one over a small number: with cash for so many orders, the first meets it exactly. */
const arbitraryRatio: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 2, arbitrary: unbiased(15, 110).map((hundredths) => scaled(ONE, hundredths)) },
  { weight: 1, arbitrary: fc.constantFrom(1n, 2n, 4n, 5n, 8n, 10n).map((orders) => ONE / orders) },
);

export function arbitraryPolicy(anchor: CaseAnchor): fc.Arbitrary<ReferencePolicy> {
  const loose = fc.record({
    max_leverage: fc.constantFrom<DecimalInput>('2', 2, '1', '10.00'),
    max_position_pct: fc.constantFrom<DecimalInput>('1', 1, '0.95', 0.9),
    max_position_value: fc.constantFrom<DecimalInput>('1000000000', 1e9),
  });
  const tight = fc.record({
    max_leverage: arbitraryRatio.chain(arbitraryDecimalInput),
    max_position_pct: arbitraryRatio.chain(arbitraryDecimalInput),
    max_position_value: arbitraryNotionals(anchor, 0.8, 15).chain(arbitraryDecimalInput),
  });
  return fc
    .record({
      policy_id: fc.constantFrom('default', 'tight-1'),
      risk_limits: fc.oneof({ weight: 2, arbitrary: loose }, { weight: 2, arbitrary: tight }),
      costs: fc.option(
        fc.record(
          { fee_bps: arbitraryFeeBps.chain(arbitraryDecimalInput), slippage_bps: arbitraryFeeBps.chain(arbitraryDecimalInput) },
          { requiredKeys: ['fee_bps'] },
        ),
        { nil: undefined, freq: 5 },
      ),
    })
    .map(({ costs, ...policy }) => (costs === undefined ? policy : { ...policy, costs }));
}

/** A position of zero may be written; the world has none of those. */
export function arbitraryInitialState(market: ReferenceMarket, anchor: CaseAnchor, policy: ReferencePolicy): fc.Arbitrary<ReferenceState> {
  const fee = multiply(anchor.notional, parseDecimal(policy.costs?.fee_bps ?? 0)) / 10_000n;
  const quantity = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(0n, 1n) },
    { weight: 4, arbitrary: unbiased(10, 1500).map((hundredths) => scaled(anchor.orderQty, hundredths)) },
    { weight: 2, arbitrary: unbiased(1, 10).map((orders) => scaled(anchor.orderQty, orders * 100)) },
  );
  const all = market.symbols.length;
  const held = fc.oneof(
    fc.constant<string[]>([]),
    fc.shuffledSubarray(market.symbols),
    fc.shuffledSubarray(market.symbols, { minLength: all, maxLength: all }),
  );
  return fc.record({
    cash: fc
      .oneof(
        { weight: anchor.notional === 0n ? 20 : 1, arbitrary: fc.constant(0n) },
        { weight: 6, arbitrary: arbitraryNotionals(anchor, 0.5, 60) },
        { weight: 2, arbitrary: arbitraryNotionals(anchor, 1, 10) },
        { weight: 1, arbitrary: fc.bigInt(anchor.notional, anchor.notional + fee + 1n) },
        { weight: 1, arbitrary: fc.constantFrom(1n, 1000n * ONE, 1_234_567n * ONE + 89_012_345n) },
      )
      .chain(arbitraryText),
    positions: held
      .chain((symbols) => fc.tuple(...symbols.map((symbol) => fc.tuple(fc.constant(symbol), quantity.chain(arbitraryText)))))
      .map((entries) => Object.fromEntries(entries)),
  });
}

/** Without fast-check's leaning towards the ends of the range. */
function unbiased(min: number, max: number): fc.Arbitrary<number> {
  return fc.noBias(fc.integer({ min, max }));
}

function arbitraryText(value: bigint): fc.Arbitrary<string> {
  return fc.constantFrom(formatDecimal(value), formatDecimal(value), fixedText(value, 8));
}

export function arbitraryBudget(steps: number): fc.Arbitrary<ReferenceBudget> {
  const other = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 1000 }) });
  return fc.record({
    max_steps: fc.oneof(
      { weight: 6, arbitrary: fc.constant(steps) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: steps }) },
      { weight: 1, arbitrary: fc.integer({ min: steps, max: steps + 3 }) },
    ),
    max_tool_calls: other,
    max_model_calls: other,
    max_memory_ops: other,
    max_memory_bytes: other,
  });
}

export const arbitraryAnyCase: fc.Arbitrary<ReferenceRequest> = arbitraryScale.chain((scale) =>
  arbitraryMarket(scale).chain((market) =>
    fc.tuple(arbitrarySteps(market), arbitraryAnchor(market, scale)).chain(([steps, anchor]) =>
      arbitraryPolicy(anchor).chain((policy) =>
        fc.record({
          market: fc.constant(market),
          strategy: arbitraryStrategy(market, anchor),
          policy: fc.constant(policy),
          initialState: arbitraryInitialState(market, anchor, policy),
          steps: fc.constant(steps),
          budget: arbitraryBudget(steps),
        }),
      ),
    ),
  ),
);

function arbitrarySteps(market: ReferenceMarket): fc.Arbitrary<number> {
  const all = market.steps.length;
  return fc.oneof({ weight: 3, arbitrary: fc.constant(all) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: all }) });
}

// ---- Cases on the edge of one limit ----

interface Edge {
  limit: 'cash' | 'new_exposure' | 'position_value' | 'position_pct' | 'leverage' | 'fee';
  /** The ratio is one over this, and cash is for so many orders. */
  orders: bigint;
  /** How far from the edge. */
  units: bigint;
  feeBps: bigint;
}

/** A purchase at step 0 that one limit allows or refuses by a single unit, or whose fee is a tie after its first rounding. */
export const arbitraryEdgeCase: fc.Arbitrary<ReferenceRequest> = fc
  .tuple(
    arbitraryAnyCase,
    fc.record<Edge>({
      limit: fc.constantFrom('cash', 'new_exposure', 'position_value', 'position_pct', 'leverage', 'fee'),
      orders: fc.constantFrom(2n, 3n, 4n, 5n, 7n, 8n, 10n),
      units: fc.constantFrom(0n, 0n, 1n, -1n),
      feeBps: fc.oneof(fc.constant(0n), arbitraryFeeBps),
    }),
  )
  .map(([request, edge]) => onEdge(request, edge));

function onEdge(request: ReferenceRequest, edge: Edge): ReferenceRequest {
  const { strategy, market } = request;
  const symbol = strategy.universe.symbols[0] ?? '';
  const price = parseDecimal(market.steps[0]?.prices[symbol] ?? '1');
  const orderQty = edge.limit === 'fee' ? atLeast(1n, (3n * ONE * ONE) / (10n * price)) : parseDecimal(strategy.sizing.order_qty);
  const notional = multiply(orderQty, price);
  // The least rate whose fee is over half a unit: the product, rounded, makes it half a unit exactly.
  const feeBps = edge.limit === 'fee' ? (5_000n * ONE) / atLeast(1n, notional) + 1n : edge.feeBps;
  // Rounded down; at worst a unit below the fee that is charged.
  const fee = multiply(notional, feeBps) / 10_000n;
  const ratio = formatDecimal(ONE / edge.orders);
  const cash = edge.limit === 'cash' ? notional + fee : notional * edge.orders;
  const isRatio = edge.limit === 'position_pct' || edge.limit === 'leverage';
  return {
    ...request,
    strategy: {
      ...strategy,
      sizing: {
        order_qty: formatDecimal(orderQty),
        max_position_qty_per_symbol: formatDecimal(orderQty * 5n),
        ...(edge.limit === 'new_exposure' ? { max_new_exposure_per_step: formatDecimal(atLeast(1n, notional + edge.units)) } : {}),
      },
      rules: [...strategy.rules, thresholdRule(symbol, formatDecimal(price), undefined)],
    },
    policy: {
      policy_id: 'edge',
      risk_limits: {
        max_leverage: edge.limit === 'leverage' ? ratio : '10',
        max_position_pct: edge.limit === 'position_pct' ? ratio : '1',
        max_position_value: edge.limit === 'position_value' ? formatDecimal(atLeast(1n, notional + edge.units)) : '1000000000000',
      },
      costs: { fee_bps: formatDecimal(feeBps) },
    },
    initialState: { cash: formatDecimal(atLeast(0n, cash + (edge.limit === 'cash' || isRatio ? edge.units : 0n))), positions: {} },
  };
}

export const arbitraryCase: fc.Arbitrary<ReferenceRequest> = fc.oneof(
  { weight: 4, arbitrary: arbitraryAnyCase },
  { weight: 1, arbitrary: arbitraryEdgeCase },
);

function lower(a: DecimalInput, b: DecimalInput): DecimalInput {
  return parseDecimal(a) <= parseDecimal(b) ? a : b;
}

function higher(a: DecimalInput, b: DecimalInput): DecimalInput {
  return parseDecimal(a) <= parseDecimal(b) ? b : a;
}

function atLeast(bound: bigint, value: bigint): bigint {
  return value < bound ? bound : value;
}

function atMost(bound: bigint, value: bigint): bigint {
  return value > bound ? bound : value;
}
