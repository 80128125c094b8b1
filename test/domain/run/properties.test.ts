/** What must hold of every run, whatever the documents say: of its ledger, of its rows, and of the ways to read and to split it. */
import fc from 'fast-check';
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import { makeMemoryRunReader } from '../../../src/adapters/in-process/run-files';
import { verify } from '../../../src/domain/run/verify';
import { arbitraryCase } from '../../support/arbitraries';
import { readFixture } from '../../support/fixture';
import {
  decodedMarket,
  elementAt,
  expectLeft,
  expectRight,
  linesOf,
  localRequest,
  advancedBy,
  makeCollected,
  type MarketEpisode,
  marketRunOf,
  sealed,
  makeLateWriter,
  makePiecedMarket,
  rowsOf,
  runCase,
  RUNS,
  seeded,
  shortReads,
  textOf,
  textsOf,
  tryRun,
  verdictOn,
} from '../../support/harness';
import { parseDecimal, type JsonObject, type ReferenceRequest } from '../../support/reference-model';

const arbitraryLocal = arbitraryCase.map(localRequest);
const arbitrarySizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });

describe('the ledger of a random run', () => {
  test('is continuous, conserves cash and quantities to the last unit, and never goes below zero', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLocal, async (request) => {
        const { tape, executions, summary } = await runCase(request);
        const initial = request.initialState;
        let cash = parseDecimal(initial.cash);
        const positions = new Map(request.market.symbols.map((symbol) => [symbol, parseDecimal(initial.positions[symbol] ?? '0')]));
        for (const fill of rowsOf(executions)) {
          const amount = (key: string): bigint => parseDecimal(fill[key] as string);
          const symbol = fill['symbol'] as string;
          const sign = fill['side'] === 'BUY' ? 1n : -1n;
          expect(amount('cash_before')).toBe(cash);
          expect(amount('position_before')).toBe(positions.get(symbol));
          // Recomputed from the amounts of the fill, so that a wrong "after" cannot hide.
          cash -= sign * amount('notional') + amount('fee');
          positions.set(symbol, amount('position_before') + sign * amount('quantity'));
          expect(amount('cash_after')).toBe(cash);
          expect(amount('position_after')).toBe(positions.get(symbol));
          expect(cash >= 0n && amount('position_after') >= 0n && amount('fee') >= 0n && amount('quantity') > 0n).toBe(true);
        }
        const final = summary.final['final_state'] as { readonly cash: string; readonly positions: Record<string, string> };
        expect(parseDecimal(final.cash)).toBe(cash);
        for (const [symbol, quantity] of positions) expect(parseDecimal(final.positions[symbol] ?? '0')).toBe(quantity);
        // A position of zero is absent.
        expect(Object.values(final.positions)).not.toContain('0');
        expectStepsToBeContinuous(rowsOf(tape), executions.length);
      }),
      seeded(RUNS.whole),
    );
  });
});

/** Cash after a step is cash before the next; what is not APPROVED changes nothing. */
function expectStepsToBeContinuous(tape: readonly JsonObject[], fills: number): void {
  let cash: string | undefined;
  let actions = 0;
  for (const row of tape.filter(({ type }) => type === 'step')) {
    const delta = row['state_delta'] as { cash: Record<string, string>; exposure: Record<string, string>; positions: JsonObject };
    if (cash !== undefined) expect(delta.cash['before']).toBe(cash);
    cash = delta.cash['after'];
    const approved = row['decision'] === 'APPROVED';
    actions += approved ? (row['actions'] as unknown[]).length : 0;
    if (!approved) expect([delta.cash['delta'], delta.exposure['delta'], delta.positions]).toEqual(['0', '0', {}]);
  }
  expect(actions).toBe(fills);
}

describe('a run split anywhere', () => {
  test('into pieces of any length, read in texts of any length, equals the run in one piece', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLocal, fc.array(fc.nat(60), { maxLength: 4 }), arbitrarySizes, async (request, cuts, sizes) => {
        const whole = await runCase(request);
        const market = await marketRunOf(whole.files);
        const prices = linesOf(whole.files, 'market.jsonl').slice(1);
        const output = makeCollected();
        let episode: MarketEpisode | undefined;
        for (const until of [...cuts.filter((cut) => cut < request.steps).sort((a, b) => a - b), request.steps]) {
          // Each piece reads what its windows need before it, and nothing else survives from the piece before but the cursor.
          const from = Math.max(0, (episode?.cursor().world?.step ?? 0) - market.world.lookback);
          episode = expectRight(await advancedBy(market, episode?.cursor(), until, prices.slice(from), sizes, output));
        }
        if (episode === undefined) throw new Error('a run has steps');
        await sealed(market, episode);
        expect(output.text('tape.jsonl')).toBe(textOf(whole.files, 'tape.jsonl'));
        expect(output.text('executions.jsonl')).toBe(textOf(whole.files, 'executions.jsonl'));
        expect(episode.cursor().steps).toBe(Math.min(request.steps, request.budget.max_steps));
      }),
      seeded(2 * RUNS.whole),
    );
  });

  test('a piece that is not given the prices its windows need runs out of market', async () => {
    const request: ReferenceRequest = {
      ...readFixture(),
      strategy: { ...readFixture().strategy, rules: [{ type: 'sma_crossover', symbol: 'AAPL', short_window: 1, long_window: 3 }] },
    };
    const { files } = await runCase(request);
    const market = await marketRunOf(files);
    const prices = linesOf(files, 'market.jsonl').slice(1);
    const output = makeCollected();
    const first = expectRight(await advancedBy(market, undefined, 3, prices, [9], output));
    expect(first.lookback).toBe(2);
    const error = expectLeft(await advancedBy(market, first.cursor(), 5, prices.slice(3), [9], output));
    expect(error).toMatchObject({ _tag: 'MarketBroken', message: 'the market ends before the last step' });
  });
});

describe('how the market arrives', () => {
  test('in pieces of any number of lines changes no byte of any file', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLocal, arbitrarySizes, async (request, sizes) => {
        const whole = await runCase(request);
        const lines = linesOf(whole.files, 'market.jsonl').slice(1);
        const pieced = await runCase(request, makePiecedMarket(request.market.symbols, lines, sizes));
        expect(textsOf(pieced.files)).toEqual(textsOf(whole.files));
        expect(pieced.summary).toEqual(whole.summary);
      }),
      seeded(RUNS.whole),
    );
  });

  test('as numbers, with trailing zeros, in lower case and in any key order is the same run', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLocal, async (request) => {
        const market = decodedMarket(request);
        const reversed = request.market.steps.map((step) => ({
          ...step,
          prices: Object.fromEntries(
            Object.entries(step.prices)
              .reverse()
              .map(([key, price]) => [` ${key.toLowerCase()} `, price]),
          ),
        }));
        const other = decodedMarket({
          ...request,
          market: { symbols: request.market.symbols.map((symbol) => symbol.toLowerCase()), steps: reversed },
        });
        const [one, two] = [await runCase(request, makeMarketDocument(market)), await runCase(request, makeMarketDocument(other))];
        expect(two.summary.headHash).toBe(one.summary.headHash);
      }),
      seeded(RUNS.whole / 2),
    );
  });

  test('in reads of any number of bytes, to a writer that takes its time, changes no byte of any file', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryLocal,
        fc.array(fc.integer({ min: 30, max: 400 }), { minLength: 1, maxLength: 5 }),
        async (request, sizes) => {
          const whole = await runCase(request);
          const late = await runCase(request, undefined, makeLateWriter(sizes));
          expect(textsOf(late.files)).toEqual(textsOf(whole.files));
        },
      ),
      seeded(RUNS.whole),
    );
  });

  test('in reads of any number of bytes, a verifier proves the run all the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryLocal,
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 5 }),
        async (request, sizes) => {
          const { files, summary } = await runCase(request);
          const verdict = expectRight(await verify(shortReads(makeMemoryRunReader(files), sizes)));
          expect(verdict).toEqual({ _tag: 'Proven', summary });
        },
      ),
      seeded(RUNS.whole / 2),
    );
  });
});

describe('the budget of a run', () => {
  test('below the steps asked for: exactly so many steps, sealed with the refusal, provable', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLocal, fc.nat(58), async (anyRequest, spare) => {
        const steps = anyRequest.market.steps.length;
        const maxSteps = 1 + (spare % (steps - 1));
        const request = { ...anyRequest, steps, budget: { ...anyRequest.budget, max_steps: maxSteps } };
        const { tape, files, summary } = await runCase(request);
        const rows = rowsOf(tape);
        expect(rows.filter(({ type }) => type === 'step')).toHaveLength(maxSteps);
        expect(elementAt(rows, -1)).toMatchObject({
          type: 'seal',
          ok: false,
          steps: maxSteps,
          error: {
            code: 'budget_exceeded',
            limiter: 'max_steps',
            requested: 1,
            budgets: { budget: { max_steps: maxSteps }, budget_state: { steps: maxSteps } },
          },
          budget_state: { steps: maxSteps, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 },
        });
        expect(JSON.parse(textOf(files, 'run.json'))).toMatchObject({ ok: false, error: summary.error });
        expect(await verdictOn(files)).toEqual({ _tag: 'Proven', summary });
        // What was done until then is what a longer run does first.
        const longer = rowsOf((await runCase({ ...request, budget: { ...request.budget, max_steps: steps } })).tape);
        const decisions = (some: readonly JsonObject[]): unknown[] =>
          some.filter(({ type }) => type === 'step').map(({ state_hash, decision }) => [state_hash, decision]);
        expect(decisions(longer).slice(0, maxSteps)).toEqual(decisions(rows));
      }),
      seeded(RUNS.whole),
    );
  });

  test('a budget of exactly the steps is no refusal', async () => {
    const { summary, tape } = await runCase(readFixture());
    expect(summary.error).toBeNull();
    expect(elementAt(rowsOf(tape), -1)).toMatchObject({ ok: true, error: null, budget_state: { steps: 5 } });
  });
});

describe('what cannot be run', () => {
  const fixture = readFixture();

  test.each([
    ['more steps than the market has', { steps: 6 }, '6 asked for, the market has 5'],
    ['no step', { steps: 0 }, '0'],
    ['a negative number of steps', { steps: -1 }, '-1'],
    ['half a step', { steps: 1.5 }, '1.5'],
  ])('%s', async (_name, change, message) => {
    const error = expectLeft(await tryRun({ ...fixture, ...change, budget: { ...fixture.budget, max_steps: 5 } }));
    expect(error).toMatchObject({ _tag: 'InvalidRequest', document: 'steps' });
    expect(JSON.stringify(error)).toContain(message);
  });

  test.each([0, -1, 2.5])('a budget of %p steps', async (max_steps) => {
    const error = expectLeft(await tryRun({ ...fixture, budget: { ...fixture.budget, max_steps } }));
    expect(error).toMatchObject({ _tag: 'InvalidRequest', document: 'steps' });
  });

  test('documents with mistakes, each named with where it is', async () => {
    const strategy = { ...fixture.strategy, rules: [] };
    expect(expectLeft(await tryRun({ ...fixture, strategy }))).toMatchObject({
      _tag: 'InvalidRequest',
      document: 'strategy',
      problems: [{ pointer: '/rules' }],
    });
    const policy = { costs: { fee_bps: -1 } };
    expect(expectLeft(await tryRun({ ...fixture, policy }))).toMatchObject({
      document: 'policy',
      problems: [{ pointer: '/costs/fee_bps' }],
    });
    const initialState = { cash: '-1', positions: { GOOG: '1' } };
    expect(expectLeft(await tryRun({ ...fixture, initialState }))).toMatchObject({
      document: 'initial_state',
      problems: [{ pointer: '/cash' }, { pointer: '/positions/GOOG' }],
    });
  });

  test('a market that breaks off leaves nothing', async () => {
    const market = makePiecedMarket(['AAPL', 'MSFT'], [], [1]);
    const error = expectLeft(await tryRun(fixture, market));
    expect(error).toMatchObject({ _tag: 'InvalidRequest', document: 'steps' });
  });
});
