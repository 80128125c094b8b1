/** What a page of a run in a world file is made from: states from changes, lines through rows, and the rows of a long run that hold extremes. */
import fc from 'fast-check';
import type { Json } from '../../../src/domain/canonical/canonical';
import { makeTapeSelection, SAMPLE_LIMITS } from '../../../src/domain/report/sample';
import { defaultCharts, makeLineReader } from '../../../src/domain/report/world-charts';
import { makeWorldFigures } from '../../../src/domain/report/world-figures';
import { makeWorldStates } from '../../../src/domain/report/world-states';
import { makeFigureReader } from '../../../src/domain/report/figures';
import { changesOf } from '../../../src/domain/world/file/changes';
import type { Row } from '../../../src/domain/tape/chain';
import { chartsOf } from '../../../src/domain/run/chart-codec';
import { isLeft } from 'fp-ts/Either';
import { seeded } from '../../support/harness';

type State = Readonly<Record<string, Json>>;

const arbitraryState: fc.Arbitrary<State> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c/d', 'e~f'),
  fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('x', 'y'), fc.boolean()),
  ),
);

/** As a tape holds them: what changed, or now and then the whole state. */
function stepsOf(initial: State, states: readonly State[]): readonly Row[] {
  return states.map((state, at) => {
    const changes = changesOf(states[at - 1] ?? initial, state) as unknown as Json;
    return { type: 'step', step_index: at, ...(at % 7 === 5 ? { state } : { changes }) };
  });
}

test('states follow from the rows, in whatever order they are asked for', () => {
  fc.assert(
    fc.property(
      arbitraryState,
      fc.array(arbitraryState, { minLength: 1, maxLength: 150, size: 'max' }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 30 }),
      (initial, states, asked) => {
        const made = makeWorldStates(initial, stepsOf(initial, states));
        for (const place of asked) {
          const at = place % states.length;
          expect(made.around(at)).toEqual({ before: states[at - 1] ?? initial, after: states[at] });
        }
      },
    ),
    seeded(40),
  );
});

test('where rows are left out a state is not told until a row holds it whole', () => {
  const states = Array.from({ length: 20 }, (_, at): State => ({ n: at, same: 1 }));
  const rows = stepsOf({ n: -1, same: 1 }, states);
  const some = makeWorldStates(
    { n: -1, same: 1 },
    [0, 1, 4, 5, 6, 9].map((at) => rows[at] ?? {}),
  );
  expect([0, 1, 2, 3, 4, 5].map((at) => some.around(at).after?.['n'])).toEqual([0, 1, undefined, 5, 6, undefined]);
  expect(some.around(3).before).toBeUndefined();
  expect(makeWorldStates({}, [{ step_index: 0, changes: [{ path: '/no/such' }] }]).around(0).after).toBeUndefined();
  expect(makeWorldStates({}, [{ step_index: 0, changes: 'none' }]).around(0).after).toBeUndefined();
});

test('a line is a pointer into a row, and what is no amount is not drawn', () => {
  const row: Row = { totals: { 'a/b': '1.5', words: 'none', list: [1, '2'] }, input: { demand: { cola: 3 } }, score: 7, fuel: 9 };
  const read = makeLineReader([
    { title: 'x', lines: ['/totals/a~1b', '/totals/words', '/totals/list/1', '/totals/list/7'] },
    { title: 'y', lines: ['/input/demand/cola', '/score', '/fuel', '/totals/__proto__'] },
  ]);
  expect(read(row)).toEqual([150000000n, undefined, 200000000n, undefined, 300000000n, 700000000n, 900000000n, undefined]);
  expect(defaultCharts(row)).toEqual([{ title: 'a/b', lines: ['/totals/a~1b'] }]);
  expect(defaultCharts({ totals: null, score: '3' })).toEqual([{ title: 'score', lines: ['/score'] }]);
  expect(defaultCharts({ totals: null })).toBeUndefined();
});

test('a long run keeps both extremes of every line in every stretch, and counts what it leaves out', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 9 })), { minLength: 40, maxLength: 300, size: 'max' }), (levels) => {
      const rows: readonly Row[] = [
        { type: 'run', inputs: { mode: 'world' } },
        ...levels.map((level, at): Row => {
          const refused = level === null;
          const totals = refused ? null : { level: String(level) };
          return {
            type: 'step',
            step_index: at,
            decision: refused ? 'REJECTED' : 'HOLD',
            actions: [],
            verifier_errors: [],
            totals,
            fuel: 1,
          };
        }),
        { type: 'seal' },
      ];
      const selection = makeTapeSelection({
        ...SAMPLE_LIMITS,
        wholeSteps: 10,
        ends: 2,
        decided: 3,
        buckets: { buckets: 4, bytes: 1_000_000 },
      });
      const reader = makeWorldFigures([{ title: 'level', lines: ['/totals/level'] }]);
      rows.forEach((row, index) => {
        selection.next({ text: `${JSON.stringify(row)}\n`, row }, index, reader.next(row));
      });
      const { lines, sample } = selection.end(makeFigureReader({ fee_bps: 0n }).figures(), reader.figures());
      const held = new Set(lines.map((line) => (JSON.parse(new TextDecoder().decode(line)) as Row)['step_index']));
      const size = sample?.bucket_steps ?? 1;
      expect(sample).toMatchObject({ steps_total: levels.length, world: { actions: 0, fuel: levels.length } });
      for (let from = 0; from < levels.length; from += size) {
        const places = levels.slice(from, from + size).flatMap((level, at) => (level === null ? [] : [{ level, at: from + at }]));
        const known = places.map(({ level }) => level);
        for (const extreme of places.length === 0 ? [] : [Math.min(...known), Math.max(...known)])
          expect(places.some(({ level, at }) => level === extreme && held.has(at))).toBe(true);
      }
      const rejected = levels.filter((level) => level === null).length;
      if (rejected > 3) expect(sample?.marks?.reduce((sum, marks) => sum + marks.rejected, 0)).toBe(rejected);
      else expect(sample?.marks).toBeNull();
    }),
    seeded(60),
  );
});

test('charts are decoded with every mistake at its place', () => {
  const charts = (value: Json): readonly string[] => {
    const decoded = chartsOf({ name: 'x', version: '1', all: { charts: value } });
    return isLeft(decoded) ? decoded.left.map(({ pointer, message }) => `${pointer} ${message}`) : [];
  };
  const line = 'expected a JSON pointer into the row of a step that begins with /totals, /score, /input, /fuel';
  expect(charts([{ title: 'Level', lines: ['/totals/level', '/input/rain', '/score', '/fuel'] }])).toEqual([]);
  expect(charts([{ title: '', lines: ['/state/level', 'totals', 7] }])).toEqual([
    '/charts/0/title "": expected 1 to 80 characters',
    `/charts/0/lines/0 "/state/level": ${line}`,
    `/charts/0/lines/1 "totals": ${line}`,
    '/charts/0/lines/2 7: expected a string',
  ]);
  expect(charts([{ title: 'x', lines: ['/score', '/score'] }])).toEqual(['/charts/0/lines/1 "/score": a duplicate of item 0']);
  expect(charts({})).toEqual(['/charts an object: expected a list']);
  expect(
    charts(Array.from({ length: 5 }, () => ({ title: 'x', lines: ['a', 'b', 'c', 'd', 'e'].map((name) => `/totals/${name}`) }))),
  ).toEqual(['/charts a list of 5: expected at most 24 lines in all']);
});
