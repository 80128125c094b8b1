/** Two runs compared: what was changed in the inputs is found there, and the first row that differs is the first step where they part. */
import fc from 'fast-check';
import { makeMemoryRunReader, type RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { compareRuns, type ComparedRuns } from '../../../src/domain/run/diff';
import { DIFFERENCES_MAX, jsonDifferences } from '../../../src/domain/report/json-difference';
import { arbitraryCase } from '../../support/arbitraries';
import { readFixture } from '../../support/fixture';
import {
  bareRow,
  expectLeft,
  expectRight,
  fromText,
  linesOf,
  localRequest,
  rowsOf,
  runCase,
  RUNS,
  seeded,
  textOf,
} from '../../support/harness';
import { arbitraryMemoryRun, arbitraryToolRun, memoryRun, toolRun } from '../../support/plan-runs';
import type { JsonObject, ReferenceRequest } from '../../support/reference-model';

const arbitraryLocal = arbitraryCase.map(localRequest);
const fixture = readFixture();

async function compare(a: RunFileBytes, b: RunFileBytes): Promise<ComparedRuns> {
  return expectRight(await compareRuns(makeMemoryRunReader(a), makeMemoryRunReader(b)));
}

async function compareCases(a: ReferenceRequest, b: ReferenceRequest): Promise<ComparedRuns> {
  return compare((await runCase(a)).files, (await runCase(b)).files);
}

function stepsOf(files: RunFileBytes): readonly JsonObject[] {
  return rowsOf(linesOf(files, 'tape.jsonl')).filter(({ type }) => type === 'step');
}

describe('a run and itself', () => {
  test('are the same, whatever the mode', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryLocal, arbitraryToolRun, arbitraryMemoryRun, async (request, tools, memory) => {
        for (const files of [(await runCase(request)).files, await toolRun(tools), await memoryRun(memory)]) {
          expect(await compare(files, files)).toMatchObject({
            same: true,
            diff: { inputs: [], divergence: null, decisions: { changed: 0, listed: [] } },
            market: { first_step: null },
            calls: { changed: 0 },
            doubts: { a: [], b: [] },
          });
        }
      }),
      seeded(RUNS.whole / 2),
    );
  });
});

describe('two runs', () => {
  test('part where their rows first say something else, and the decisions that changed are counted', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryLocal,
        arbitraryLocal,
        fc.constantFrom('policy', 'strategy', 'initialState', 'steps', 'all'),
        async (a, other, what) => {
          // The documents of the other case rarely fit this market, so they are bent until they do.
          const b: ReferenceRequest =
            what === 'policy'
              ? { ...a, policy: other.policy }
              : what === 'steps'
                ? { ...a, budget: { ...a.budget, max_steps: Math.max(1, a.budget.max_steps - 2) } }
                : what === 'initialState'
                  ? { ...a, initialState: { cash: other.initialState.cash, positions: {} } }
                  : what === 'strategy'
                    ? { ...a, strategy: { ...a.strategy, sizing: other.strategy.sizing } }
                    : other;
          const [left, right] = [(await runCase(a)).files, (await runCase(b)).files];
          const { same, diff, market } = await compare(left, right);
          const [stepsA, stepsB] = [stepsOf(left), stepsOf(right)];
          const reported = (row: JsonObject | undefined): string =>
            row === undefined
              ? ''
              : JSON.stringify({ ...bareRow(row), rationales: row['rationales'], why: row['why'], errors: row['verifier_errors'] });
          const longest = Math.max(stepsA.length, stepsB.length);
          const first = Array.from({ length: longest }, (_, t) => t).find((t) => reported(stepsA[t]) !== reported(stepsB[t]));
          expect(diff.divergence?.step_index).toBe(first);
          expect(diff.decisions.compared).toBe(longest);
          const decided = (row: JsonObject | undefined): string =>
            row === undefined ? '' : JSON.stringify([row['decision'], row['actions']]);
          const changed = Array.from({ length: longest }, (_, t) => t).filter((t) => decided(stepsA[t]) !== decided(stepsB[t]));
          expect(diff.decisions.changed).toBe(changed.length);
          expect(diff.decisions.listed.map(({ step_index: step }) => step)).toEqual(changed.slice(0, 100));
          const otherPrices = Array.from({ length: Math.min(stepsA.length, stepsB.length) }, (_, t) => t).find(
            (t) => JSON.stringify(stepsA[t]?.['prices']) !== JSON.stringify(stepsB[t]?.['prices']),
          );
          expect(market.first_step ?? undefined).toBe(otherPrices);
          // The same inputs make the same run, and only they do.
          const ids = [left, right].map((files) => rowsOf(linesOf(files, 'tape.jsonl'))[0]?.['run_id']);
          expect(same).toBe(ids[0] === ids[1]);
          expect(diff.inputs.length > 0).toBe(ids[0] !== ids[1]);
        },
      ),
      seeded(2 * RUNS.whole),
    );
  });

  test.each<[string, ReferenceRequest, object]>([
    [
      'a price',
      {
        ...fixture,
        market: {
          ...fixture.market,
          steps: fixture.market.steps.map((step, t) => (t === 2 ? { prices: { ...step.prices, AAPL: '50' } } : step)),
        },
      },
      {
        diff: {
          divergence: {
            step_index: 2,
            pointers: expect.arrayContaining(['/prices/AAPL']) as unknown,
            why: expect.stringMatching(/^the prices differ: AAPL "[0-9.]+" in A, "50" in B$/) as unknown,
          },
        },
        market: { first_step: 2 },
      },
    ],
    [
      'the cash',
      { ...fixture, initialState: { cash: '500', positions: {} } },
      {
        diff: {
          inputs: [{ file: 'tape.jsonl', pointer: '/inputs/initial_state/cash', a: '"1000"', b: '"500"' }],
          divergence: { step_index: 0, why: 'another state before the step: cash "1000" in A, "500" in B, and 1 more' },
        },
      },
    ],
    [
      'the fee',
      { ...fixture, policy: { costs: { fee_bps: 100 } } },
      {
        diff: {
          inputs: [{ file: 'policy.json', pointer: '/costs/fee_bps', a: '"0"', b: '"100"' }],
          divergence: { why: expect.stringContaining('the same actions left another state: ') as unknown },
        },
      },
    ],
    [
      'the budget',
      { ...fixture, budget: { ...fixture.budget, max_steps: 2 } },
      {
        diff: {
          inputs: [{ file: 'tape.jsonl', pointer: '/inputs/budget/max_steps', a: '5', b: '2' }],
          divergence: { step_index: 2, pointers: [''], why: 'only A took this step' },
          final: { a: { ok: true, stopped_by: null, steps: 5 }, b: { ok: false, stopped_by: 'max_steps', steps: 2 } },
        },
      },
    ],
  ])('that differ in %s alone say so', async (_name, b, expected) => {
    expect(await compareCases(fixture, b)).toMatchObject({ same: false, ...expected });
  });

  test('of other symbols name them, and the side without one', async () => {
    const b = {
      ...fixture,
      strategy: {
        ...fixture.strategy,
        universe: { symbols: ['AAPL'] },
        rules: fixture.strategy.rules.filter(({ symbol }) => symbol === 'AAPL'),
      },
    };
    const steps = b.market.steps.map(({ prices }) => ({ prices: { AAPL: prices['AAPL'] ?? '1' } }));
    const compared = await compareCases(fixture, { ...b, market: { symbols: ['AAPL'], steps } });
    expect(compared.market).toEqual({ symbols: { a: ['AAPL', 'MSFT'], b: ['AAPL'] }, first_step: 0 });
    expect(compared.diff.divergence).toMatchObject({
      step_index: 0,
      why: expect.stringMatching(/^the prices differ: MSFT "[0-9.]+" in A, nothing in B$/) as unknown,
    });
  });

  test('of other modes are compared as far as they go', async () => {
    const memory = await memoryRun({
      requests: [{ op: 'memory_put', key: 'a', value: 1 }],
      budget: { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 1, max_memory_bytes: 100 },
    });
    const { same, diff, calls } = await compare((await runCase(fixture)).files, memory);
    expect({ same, mode: diff.inputs.find(({ pointer }) => pointer === '/inputs/mode') }).toEqual({
      same: false,
      mode: { file: 'tape.jsonl', pointer: '/inputs/mode', a: '"local"', b: '"agentcore-memory"' },
    });
    expect(calls).toMatchObject({ compared: 1, changed: 1, listed: [{ index: 0, a: null }] });
    expect(diff.decisions).toMatchObject({ compared: 5, changed: 5 });
  });

  test('of memory differ in the answer of a call', async () => {
    const budget = { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 2, max_memory_bytes: 200 };
    const [a, b] = [
      await memoryRun({
        requests: [
          { op: 'memory_put', key: 'a', value: 1 },
          { op: 'memory_get', key: 'a' },
        ],
        budget,
      }),
      await memoryRun({
        requests: [
          { op: 'memory_put', key: 'a', value: 2 },
          { op: 'memory_get', key: 'a' },
        ],
        budget,
      }),
    ];
    const { diff, calls } = await compare(a, b);
    expect(diff).toMatchObject({
      divergence: null,
      inputs: expect.arrayContaining([{ file: 'request.json', pointer: '/requests/0/value', a: '1', b: '2' }]) as unknown,
    });
    expect(calls).toMatchObject({
      compared: 2,
      changed: 2,
      listed: [
        { index: 0, pointers: ['/value'] },
        { index: 1, pointers: ['/result/value'] },
      ],
    });
  });
});

describe('a run that cannot be trusted', () => {
  test('is compared and named: without a seal, and with a changed row', async () => {
    const { files } = await runCase(fixture);
    const lines = linesOf(files, 'tape.jsonl');
    const cut = { ...files, 'tape.jsonl': fromText(`${lines.slice(0, 4).join('\n')}\n`) };
    expect(await compare(files, cut)).toMatchObject({
      same: false,
      diff: { final: { b: null }, divergence: { step_index: 3 } },
      doubts: { a: [], b: [expect.stringContaining('UNSEALED')] },
    });
    const changed = { ...files, 'tape.jsonl': fromText(textOf(files, 'tape.jsonl').replace('"prev_hash":"', '"prev_hash":"0')) };
    expect(await compare(files, changed)).toMatchObject({
      same: false,
      diff: { divergence: null },
      doubts: { b: [expect.stringContaining('BROKEN at row 0: ')] },
    });
  });

  test('and one without a tape is an error that names it', async () => {
    const { files } = await runCase(fixture);
    const { 'tape.jsonl': _tape, ...rest } = files;
    expect(expectLeft(await compareRuns(makeMemoryRunReader(files), makeMemoryRunReader(rest, 'b')))).toEqual({
      _tag: 'NotFound',
      path: 'b/tape.jsonl',
    });
  });
});

test('values nested beyond reason are different, and nothing overflows', () => {
  const nested = (): unknown => JSON.parse('['.repeat(5_000) + ']'.repeat(5_000));
  expect(jsonDifferences({ a: nested() }, { a: nested() })).toMatchObject([{ a: 'a value that has no canonical form' }]);
});

test('differences are bounded in number and in length, and none is lost below that', () => {
  const list = Array.from({ length: 500 }, (_, k) => k);
  expect(
    jsonDifferences(
      list,
      list.map((k) => k + 1),
    ),
  ).toHaveLength(DIFFERENCES_MAX);
  expect(jsonDifferences({ a: 'x'.repeat(10_000) }, {})[0]?.a?.length).toBeLessThan(300);
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const bare = (value: unknown): string =>
        JSON.stringify(value, (_, member: unknown) =>
          typeof member === 'object' && member !== null && !Array.isArray(member)
            ? Object.fromEntries(Object.entries(member).sort())
            : Object.is(member, -0)
              ? 0
              : member,
        );
      expect(jsonDifferences(a, b).length === 0).toBe(bare(a) === bare(b));
    }),
    seeded(RUNS.call),
  );
});
