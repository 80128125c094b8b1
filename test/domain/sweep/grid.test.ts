/** The points of a sweep, its windows and its budget: what a spec stands for, before anything is run. */
import { decodeSweep, type SweepSpec } from '../../../src/domain/sweep/spec';
import { planSweep, specJson, type SweepPlan } from '../../../src/domain/sweep/plan';
import { withValue } from '../../../src/domain/sweep/pointer';
import { expectLeft, expectRight } from '../../support/harness';

const base = {
  name: 'n',
  strategy: { rules: [{ short_window: 1, long_window: 2 }, {}] },
  axes: [
    { name: 'short', pointers: ['/strategy/rules/0/short_window'], values: { from: 1, to: 3, step: 1 } },
    { name: 'long', pointers: ['/strategy/rules/0/long_window', '/strategy/rules/1/long_window'], values: [2, 3] },
  ],
};
const MARKET = { sha256: 'a'.repeat(64), symbols: ['X'], steps: 100 };

const spec = (more: object = {}): SweepSpec => expectRight(decodeSweep({ ...base, ...more }));
const plan = (more: object = {}): SweepPlan => expectRight(planSweep(spec(more), MARKET));
const points = (found: SweepPlan): readonly string[] =>
  Array.from({ length: found.grid.points }, (_, index) =>
    JSON.stringify(found.grid.pointAt(index)).replace(/[[\]]/g, '').replaceAll(',', ' '),
  );
const problems = (more: object): readonly string[] => {
  const decoded = decodeSweep({ ...base, ...more });
  const found = decoded._tag === 'Left' ? decoded.left : expectLeft(planSweep(decoded.right, MARKET));
  return found.map(({ pointer, message }) => `${pointer} ${message}`);
};

test('a grid turns its last axis fastest, and a constraint leaves points out', () => {
  expect(points(plan())).toEqual(['1 2', '1 3', '2 2', '2 3', '3 2', '3 3']);
  expect(points(plan({ constraints: ['short < long', 'short != 1'] }))).toEqual(['2 3']);
});

test('every pointer of an axis takes its value, and the base is as it was', () => {
  const made = plan();
  expect(made.cellAt(5).documents.strategy).toEqual({ rules: [{ short_window: 3, long_window: 3 }, { long_window: 3 }] });
  expect(made.cellAt(0).documents.strategy).toEqual({ rules: [{ short_window: 1, long_window: 2 }, { long_window: 2 }] });
  expect(made.cellAt(5).point).toEqual({ short: 3, long: 3 });
});

test('fractions of a range are written exactly: a number where one holds it, else its text', () => {
  const range = (from: string, to: string, step: string): readonly unknown[] => {
    const axes = [{ name: 'a', pointers: ['/policy/costs/fee_bps'], values: { from, to, step } }];
    const found = plan({ axes });
    return Array.from({ length: found.grid.points }, (_, index) => found.grid.pointAt(index)[0]);
  };
  expect(range('0.1', '0.35', '0.1')).toEqual([0.1, 0.2, 0.3]);
  expect(range('123456789012.12345678', '123456789012.12345678', '1')).toEqual(['123456789012.12345678']);
});

test('a sample is the same for the same seed, in the order of the grid, of points that the constraints allow', () => {
  const axes = [
    { name: 'a', pointers: ['/policy/x'], values: { from: 1, to: 1000, step: 1 } },
    { ...base.axes[0], name: 'b' },
  ];
  const drawn = (seed: string, cells = 20): readonly string[] => points(plan({ axes, constraints: ['a > 500'], sample: { cells, seed } }));
  expect(drawn('7')).toEqual(drawn('7'));
  expect(drawn('7')).not.toEqual(drawn('8'));
  expect(new Set(drawn('7')).size).toBe(20);
  expect(
    drawn('7')
      .map((text) => Number(text.split(' ')[0]))
      .every((a, at, all) => a > 500 && a >= (all[at - 1] ?? 0)),
  ).toBe(true);
  // All of them, where as many are asked for.
  expect(drawn('1', 1500)).toEqual(points(plan({ axes, constraints: ['a > 500'] })));
  // A grid that nobody could write down: three axes of ten thousand.
  const wide = ['a', 'b', 'c'].map((name) => ({ name, pointers: [`/policy/${name}`], values: { from: 0, to: 9_999, step: 1 } }));
  expect(new Set(points(plan({ axes: wide, constraints: ['a < b'], sample: { cells: 50, seed: 's' } }))).size).toBe(50);
});

test('windows walk forward by the length of the test, or by a step, anchored or not', () => {
  const windows = (more: object): readonly string[] =>
    plan({ windows: { in_sample: 60, out_of_sample: 15, ...more } }).windows.map(
      ({ part, from, until }) => `${part} ${String(from)}-${String(until)}`,
    );
  expect(windows({})).toEqual(['in 0-60', 'out 60-75', 'in 15-75', 'out 75-90']);
  expect(windows({ step: 25 })).toEqual(['in 0-60', 'out 60-75', 'in 25-85', 'out 85-100']);
  expect(windows({ anchored: true })).toEqual(['in 0-60', 'out 60-75', 'in 0-75', 'out 75-90']);
  const cells = plan({ windows: { in_sample: 60, out_of_sample: 15 } });
  expect([0, 1, 2, 11, 12, 23].map((index) => ({ ...cells.cellAt(index).window, ...cells.cellAt(index).point }))).toMatchObject([
    { pair: 0, part: 'in', short: 1, long: 2 },
    { pair: 0, part: 'out', short: 1, long: 2 },
    { pair: 0, part: 'in', short: 1, long: 3 },
    { pair: 0, part: 'out', short: 3, long: 3 },
    { pair: 1, part: 'in', short: 1, long: 2 },
    { pair: 1, part: 'out', short: 3, long: 3 },
  ]);
});

test('the budget grants cells in their order, whole, and never a step too many', () => {
  const windows = { in_sample: 60, out_of_sample: 15 };
  const granted = (maxSteps: number): readonly number[] => {
    const made = plan({ windows, budget: { max_steps: maxSteps } });
    return [made.granted, made.stepsGranted];
  };
  expect([59, 60, 74, 75, 135, 450, 509, 510, 525, 900, 901].map(granted)).toEqual([
    [0, 0],
    [1, 60],
    [1, 60],
    [2, 75],
    [3, 135],
    [12, 450],
    [12, 450],
    [13, 510],
    [14, 525],
    [24, 900],
    [24, 900],
  ]);
  expect(plan({ windows })).toMatchObject({ cells: 24, granted: 24, steps: 900 });
});

test('a spec in its normal form is itself, and names the sweep', () => {
  const full = {
    sample: { cells: 2, seed: 's' },
    constraints: ['short < long'],
    windows: { from: 10, steps: 20 },
    objective: { figure: 'fees' },
  };
  expect(specJson(expectRight(decodeSweep(specJson(spec(full)))))).toEqual(specJson(spec(full)));
  const ids = [plan(), plan({ description: 'other', market: 'elsewhere.csv' }), plan({ keep: 4 })].map(({ sweepId }) => sweepId);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).not.toBe(ids[2]);
});

test.each<[string, object, string]>([
  ['a name that a constraint cannot hold', { axes: [{ ...base.axes[0], name: '1st' }] }, '/axes/0/name'],
  ['a pointer to nothing that varies', { axes: [{ ...base.axes[0], pointers: ['/market/steps'] }] }, '/axes/0/pointers/0'],
  ['a budget that a run does not have', { axes: [{ ...base.axes[0], pointers: ['/budget/max_cells'] }] }, '/budget/max_steps'],
  ['a rule that is not there', { axes: [{ ...base.axes[0], pointers: ['/strategy/rules/2/window'] }] }, 'has 2 items, none is 2'],
  ['an unknown axis', { constraints: ['short < slow'] }, '/constraints/0 "short < slow": slow is neither an axis'],
  ['no operator', { constraints: ['short'] }, '/constraints/0'],
  ['nothing left', { constraints: ['short > 3'] }, 'no point satisfies them all'],
  ['a figure nobody knows', { objective: { figure: 'luck' } }, '/objective/figure'],
  ['a figure of which neither more nor less is better', { objective: { figure: 'fills' } }, '/objective/prefer'],
  ['a range that runs backwards', { axes: [{ ...base.axes[0], values: { from: 3, to: 1, step: 1 } }] }, '/axes/0/values/to'],
  ['more cells than the budget', { budget: { max_cells: 5 } }, '/budget/max_cells the sweep has 6 cells'],
  ['a sample of too many', { sample: { cells: 7, seed: '' } }, '/sample/cells 7 asked for, and only 6'],
  [
    'windows that the market is too short for',
    { windows: { in_sample: 90, out_of_sample: 11 } },
    'one pair takes 101 steps, the market has 100',
  ],
  ['a window behind the end', { windows: { from: 90, steps: 11 } }, 'ends before step 101'],
])('%s is refused, with its place', (_, more, expected) => {
  expect(problems(more).join('\n')).toContain(expected);
});

test('a pointer writes where it leads, through escapes, and makes what is missing', () => {
  expect(expectRight(withValue({ a: [{ 'b/c': { '~': 1 } }] }, '/a/0/b~1c/~0', 2))).toEqual({ a: [{ 'b/c': { '~': 2 } }] });
  expect(expectRight(withValue({}, '/costs/fee_bps', 5))).toEqual({ costs: { fee_bps: 5 } });
  expect(expectLeft(withValue({ a: 1 }, '/a/b', 5))).toBe('/a is no object');
});
