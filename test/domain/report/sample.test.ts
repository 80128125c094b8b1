/** What a page of a long run holds: nothing that is drawn loses an extreme, and what is not held is counted. */
import fc from 'fast-check';
import type { Row } from '../../../src/domain/tape/chain';
import { makeFigureReader, type SeriesPoint } from '../../../src/domain/report/figures';
import { compareDrawdowns, type Drawdown, makeDrawdowns } from '../../../src/domain/report/drawdown';
import { makeTapeSelection, SAMPLE_LIMITS, type SampleLimits } from '../../../src/domain/report/sample';
import type { TapeSample } from '../../../src/domain/report/page-data';
import { seeded } from '../../support/harness';
import { formatDecimal } from '../../support/reference-model';

interface Step {
  readonly equity: bigint;
  readonly cash: bigint;
  readonly exposure: bigint;
  readonly price: bigint;
  readonly decision: 'APPROVED' | 'REJECTED' | 'HOLD';
  readonly time?: string;
}

const arbitraryStep: fc.Arbitrary<Step> = fc.record({
  // Few values, so that extremes are met more than once.
  equity: fc.bigInt(0n, 12n),
  cash: fc.bigInt(0n, 5n),
  exposure: fc.bigInt(0n, 5n),
  price: fc.bigInt(1n, 6n),
  decision: fc.constantFrom('APPROVED', 'REJECTED', 'HOLD', 'HOLD', 'HOLD'),
  // A row now and then that alone is more than many others.
  time: fc.oneof({ weight: 30, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constant('x'.repeat(30_000)) }),
});

/** As a tape holds them, as far as a page reads them; a checkpoint now and then. */
function rowsOf(steps: readonly Step[]): readonly Row[] {
  const both = (value: bigint): Row => ({ before: formatDecimal(value), after: formatDecimal(value), delta: '0' });
  const body = steps.flatMap((step, index): readonly Row[] => {
    const row = {
      type: 'step',
      step_index: index,
      time: step.time ?? '',
      prices: { AAPL: formatDecimal(step.price) },
      decision: step.decision,
      actions: step.decision === 'HOLD' ? [] : [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '1', price: formatDecimal(step.price) }],
      rationales: {},
      state_delta: { cash: both(step.cash), equity: both(step.equity), exposure: both(step.exposure), positions: {} },
    };
    return index % 7 === 6 ? [row, { type: 'checkpoint', step_index: index }] : [row];
  });
  return [{ type: 'run', inputs: { mode: 'local', initial_state: { cash: '0', positions: {} } } }, ...body, { type: 'seal' }];
}

interface Selected {
  readonly rows: readonly Row[];
  readonly points: readonly SeriesPoint[];
  readonly held: readonly string[];
  readonly sample: TapeSample | null;
}

function select(rows: readonly Row[], limits: SampleLimits): Selected {
  const reader = makeFigureReader({ fee_bps: 0n });
  const selection = makeTapeSelection(limits);
  const points: SeriesPoint[] = [];
  rows.forEach((row, index) => {
    const point = reader.next(row);
    if (point !== undefined) points.push(point);
    selection.next({ text: `${JSON.stringify(row)}\n`, row }, index, point);
  });
  const { lines, sample } = selection.end(reader.figures());
  return { rows, points, held: lines.map((line) => new TextDecoder().decode(line)), sample };
}

const SMALL: SampleLimits = {
  ...SAMPLE_LIMITS,
  wholeSteps: 10,
  ends: 3,
  decided: 12,
  buckets: { buckets: 4, bytes: 1_000_000 },
};

const arbitrarySteps = fc.array(arbitraryStep, { minLength: 11, maxLength: 200, size: 'max' });

/** Some by their number, some by their bytes: a row takes some 400. */
const arbitraryBuckets = fc.record({
  buckets: fc.integer({ min: 2, max: 9 }),
  bytes: fc.oneof(fc.constant(1_000_000), fc.integer({ min: 2_000, max: 40_000 })),
});

function heldRows({ sample, rows }: Selected): readonly number[] {
  const indices = (sample?.ranges ?? []).flatMap(([first, count]) => Array.from({ length: count }, (_, k) => first + k));
  expect(indices).toEqual([...new Set(indices)].sort((a, b) => a - b));
  expect(Math.max(...indices)).toBeLessThan(rows.length);
  return indices;
}

/** The points that a page has, by the step of their row. */
function heldSteps(selected: Selected): ReadonlySet<number> {
  return new Set(
    heldRows(selected).flatMap((index) =>
      selected.rows[index]?.['type'] === 'step' ? [selected.rows[index]['step_index'] as number] : [],
    ),
  );
}

describe('a long tape', () => {
  test('keeps both extremes of every drawn series of every bucket, and the rows of the deepest drawdown', () => {
    fc.assert(
      fc.property(arbitrarySteps, arbitraryBuckets, (steps, buckets) => {
        const selected = select(rowsOf(steps), { ...SMALL, buckets });
        const { points, sample } = selected;
        if (sample === null) throw new Error('a sample');
        const here = heldSteps(selected);
        const drawn = drawnFrom(points.filter(({ step }) => here.has(step)));
        expect(sample.bucket_steps * buckets.buckets).toBeGreaterThanOrEqual(points.length);
        for (let from = 0; from < points.length; from += sample.bucket_steps) {
          const bucket = points.slice(from, from + sample.bucket_steps);
          const held = bucket.filter(({ step }) => here.has(step));
          const series = (read: (point: SeriesPoint) => bigint): void => {
            const all = bucket.map(read).sort(compare);
            const seen = held.map(read).sort(compare);
            expect([seen[0], seen.at(-1)]).toEqual([all[0], all.at(-1)]);
          };
          series(({ after }) => after.equity);
          series(({ after }) => after.cash);
          series(({ after }) => after.exposure);
          series(({ prices }) => prices.get('AAPL') ?? 0n);
          // As somebody draws it who has these rows alone, with the peak among them.
          const extremes = (all: readonly Drawdown[]): readonly Drawdown[] =>
            [...all].sort(compareDrawdowns).filter((_, k, sorted) => k === 0 || k === sorted.length - 1);
          const [shallow, deep = shallow] = extremes(bucket.map(({ drawdown }) => drawdown));
          const [drawnShallow, drawnDeep = drawnShallow] = extremes(
            drawn.filter(({ step }) => bucket.some((point) => point.step === step)),
          );
          if (shallow === undefined || deep === undefined || drawnShallow === undefined || drawnDeep === undefined)
            throw new Error('a bucket');
          expect([compareDrawdowns(shallow, drawnShallow), compareDrawdowns(deep, drawnDeep)]).toEqual([0, 0]);
        }
        const { max_drawdown: deep } = sample;
        if (deep !== null) expect([here.has(deep.peak_step), here.has(deep.trough_step)]).toEqual([true, true]);
      }),
      seeded(500),
    );
  });

  test('keeps its ends and every row that is no step, and all fills and refusals or their counts', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const selected = select(rowsOf(steps), SMALL);
        const { rows, held, sample, points } = selected;
        if (sample === null) throw new Error('a sample');
        const indices = heldRows(selected);
        expect(held).toEqual(indices.map((index) => `${JSON.stringify(rows[index])}\n`));
        expect(sample).toMatchObject({ rows_total: rows.length, steps_total: steps.length });
        const here = heldSteps(selected);
        for (const { step } of [...points.slice(0, 3), ...points.slice(-3)]) expect(here.has(step)).toBe(true);
        rows.forEach((row, index) => {
          if (row['type'] === 'checkpoint') expect(indices).not.toContain(index);
          else if (row['type'] !== 'step') expect(indices).toContain(index);
        });
        const decided = steps.map(({ decision }, step) => ({ decision, step })).filter(({ decision }) => decision !== 'HOLD');
        const approved = decided.filter(({ decision }) => decision === 'APPROVED').length;
        expect(sample.fills).toBe(approved);
        if (decided.length <= SMALL.decided) {
          expect(sample.marks).toBeNull();
          for (const { step } of decided) expect(here.has(step)).toBe(true);
          return;
        }
        const marks = sample.marks ?? [];
        const sum = (count: (mark: (typeof marks)[number]) => number): number => marks.reduce((total, mark) => total + count(mark), 0);
        expect(sum(({ buys }) => buys['AAPL'] ?? 0)).toBe(approved);
        expect(sum(({ rejected }) => rejected)).toBe(decided.length - approved);
        expect(sum((mark) => mark.steps)).toBe(steps.length);
        expect(marks.map((mark) => mark.first_step)).toEqual(marks.map((_, k) => k * sample.bucket_steps));
        expect(marks.map((mark) => mark.buys['AAPL'] ?? 0)).toEqual(
          marks.map(
            ({ first_step: first, steps: count }) =>
              steps.slice(first, first + count).filter(({ decision }) => decision === 'APPROVED').length,
          ),
        );
      }),
      seeded(500),
    );
  });

  test('is held within its bytes, whatever is on it', () => {
    const text = 'x'.repeat(9_000);
    const rows = rowsOf(
      Array.from({ length: 3_000 }, (_, k) => ({
        equity: BigInt(k % 97),
        cash: BigInt(k % 89),
        exposure: 1n,
        price: BigInt(k % 83) + 1n,
        decision: k % 2 === 0 ? 'REJECTED' : 'APPROVED',
        time: text,
      })),
    );
    const limits = { ...SAMPLE_LIMITS, wholeBytes: 1_000_000, decidedBytes: 500_000, buckets: { buckets: 1_000, bytes: 600_000 } };
    const { held, sample } = select(rows, limits);
    expect(sample?.marks).not.toBeNull();
    // The ends come on top.
    expect(held.join('').length).toBeLessThan(600_000 + 2 * 50 * 10_000 + 200_000);
    expect(held.at(-1)).toBe('{"type":"seal"}\n');
  });

  test('joins buckets several times at once where one row is more than all before it, and counts none of their steps twice or not at all', () => {
    const step = (k: number): Step => ({
      equity: k === 55 ? 99n : 1n,
      cash: 1n,
      exposure: 1n,
      price: 1n,
      decision: 'APPROVED',
      ...(k === 55 ? { time: 'x'.repeat(30_000) } : {}),
    });
    const steps = Array.from({ length: 73 }, (_, k) => step(k));
    const { sample } = select(rowsOf(steps), { ...SMALL, buckets: { buckets: 9, bytes: 20_000 } });
    expect(sample?.bucket_steps).toBe(40);
    expect(sample?.marks?.map(({ first_step: first, steps: count, buys }) => [first, count, buys['AAPL']])).toEqual([
      [0, 40, 40],
      [40, 33, 33],
    ]);
  });

  test('with more rows that are no steps than fit keeps its first row and its seal', () => {
    const rows: readonly Row[] = [
      { type: 'run', inputs: {} },
      ...Array.from({ length: 50 }, (_, index) => ({ type: 'tool', index, text: 'x'.repeat(100) })),
      { type: 'seal' },
    ];
    const { held, sample } = select(rows, { ...SAMPLE_LIMITS, wholeBytes: 2_000, otherBytes: 1_000 });
    expect(held.length).toBeLessThan(12);
    expect([held[0], held.at(-1)]).toEqual(['{"type":"run","inputs":{}}\n', '{"type":"seal"}\n']);
    expect(sample).toMatchObject({ rows_total: 52, steps_total: 0, max_drawdown: null });
  });
});

describe('a tape that fits', () => {
  test('is held as it stands, what is no row too', () => {
    const selection = makeTapeSelection(SMALL);
    selection.next({ text: 'no row\n', row: undefined }, 0, undefined);
    selection.next({ text: '{"type":"step"', row: undefined }, 1, undefined);
    const { lines, sample } = selection.end(makeFigureReader({ fee_bps: 0n }).figures());
    expect(lines.map((line) => new TextDecoder().decode(line))).toEqual(['no row\n', '{"type":"step"']);
    expect(sample).toBeNull();
  });
});

function drawnFrom(points: readonly SeriesPoint[]): readonly Drawdown[] {
  const drawdowns = makeDrawdowns();
  return points.map(({ step, after }) => drawdowns.next(step, after.equity));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
