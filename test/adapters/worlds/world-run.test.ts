/** Runs in world files: what a step may do, what is refused and recorded, what stops a run, and that all of it is proven from the files alone. */
import { isLeft } from 'fp-ts/Either';
import { makeMemoryRunReader } from '../../../src/adapters/in-process/run-files';
import { verify } from '../../../src/domain/run/verify';
import { canonical, type Json } from '../../../src/domain/canonical/canonical';
import { expectRight, textOf } from '../../support/harness';
import { runWorldCase, sandbox, tryWorld, type WorldCase, worldVerdict } from '../../support/world-runs';

/** A counter whose input says what goes wrong. */
const WORLD = `
  export const meta = { name: 'trouble', version: '1.0.0' };
  export const init = ({ start = 0 }) => { if (start < 0) throw new Error('/start: expected 0 or more'); return { count: start, kept: [] }; };
  export const legal = () => [{ add: 1 }];
  export const observe = (state, input) => ({ count: state.count, trouble: input.trouble ?? null });
  export const invariants = ({ count }) => (count > 100 ? ['count is at most 100'] : []);
  export const score = ({ count }) => (Number.isInteger(count) ? decimal.div(count, 3) : '0');
  export const done = ({ count }) => count === 77;
  export function step(state, actions, { trouble, set }) {
    if (set !== undefined) state.count = set;
    switch (trouble) {
      case 'throws': throw new Error('no such day');
      case 'spins': for (;;);
      case 'fills': { const all = []; for (;;) all.push('x'.repeat(1e4) + all.length); }
      case 'falls': return step(state, actions, { trouble });
      case 'no object': return 7;
      case 'no JSON': return { state: { count: NaN } };
      case 'no state': return {};
      case 'a promise': return Promise.resolve({ state });
      case 'a list': return { state: [state] };
      case 'surrogate': return { state: { count: '\\ud800' } };
      case 'large': return { state: { count: 1, kept: ['x'.repeat(70000)] } };
      case 'sums': return { state, totals: [1] };
      case 'refuses': return { refused: [{ action_index: 0, code: 'closed', message: 'not on Sundays' }, 'and not today'] };
      case 'chance': state.kept.push(random(), randomInteger(1, 6)); break;
    }
    for (const { add } of actions) state.count += add;
    return { state, totals: { count: state.count } };
  }
`;
const POLICY = `export function decide({ count, trouble }) {
  if (trouble === 'policy throws') throw new TypeError('cannot decide');
  if (trouble === 'policy says nothing') return undefined;
  if (trouble === 'policy says text') return 'add';
  return count % 2 === 0 ? [{ add: 1 }] : [];
}`;

const troubled = (...inputs: readonly Json[]): WorldCase => ({ world: WORLD, policy: POLICY, inputs, seed: 'seven' });
const codesOf = (steps: readonly { readonly [key: string]: unknown }[]): readonly unknown[] =>
  steps.map(({ verifier_errors: errors }) => (errors as readonly { code: string }[]).map(({ code }) => code).join());

test('a step is approved, held or refused; a refused one leaves the state as it was, and the tape says why', async () => {
  const kinds = [
    'throws',
    'fills',
    'falls',
    'no object',
    'no JSON',
    'no state',
    'a promise',
    'a list',
    'surrogate',
    'large',
    'sums',
    'refuses',
  ];
  const inputs = [
    {},
    ...kinds.flatMap((trouble) => [{ trouble }, {}]),
    { set: 101 },
    { trouble: 'policy throws' },
    { trouble: 'policy says text' },
    { set: 7 },
  ];
  const { files, steps, summary } = await runWorldCase({ ...troubled(...inputs), limits: { max_world_memory_bytes: 2_097_152 } });
  expect(codesOf(steps).filter((code) => code !== '')).toEqual([
    ...['threw', 'out_of_memory', 'too_deep', 'threw', 'threw', 'threw', 'threw', 'no_json', 'no_json', 'state_too_large', 'no_json'],
    ...['closed,refused', 'broken_invariant', 'policy_threw', 'policy_no_actions'],
  ]);
  for (const [index, step] of steps.entries()) {
    if (step['decision'] !== 'REJECTED') continue;
    expect(step).toMatchObject({ changes: [], totals: null, state_hash: steps[index - 1]?.['state_hash'] });
  }
  expect(steps[1]).toMatchObject({
    verifier_errors: [{ message: expect.stringMatching(/^Error: no such day \(world\.js:\d+:\d+\)$/) as string }],
  });
  expect(summary).toMatchObject({ error: null, steps: inputs.length, decisions: { REJECTED: 15 } });
  expect(summary.final).toMatchObject({ final_state: { count: 7 }, final_totals: { count: 7 }, final_score: '2.33333333' });
  expect(await worldVerdict(files)).toEqual({ _tag: 'Proven', summary });
});

test('fuel: a call has its own, and a run what its budget grants; the refusal latches, and is proven', async () => {
  const free = await runWorldCase(troubled({}, { trouble: 'spins' }, {}));
  expect(codesOf(free.steps)).toEqual(['', 'out_of_fuel', '']);
  expect(free.steps[1]?.['fuel']).toBeGreaterThan(20_000_000);
  const spent = free.steps[0]?.['fuel'] as number;

  const bounded = await runWorldCase({ ...troubled({}, {}, {}, {}), limits: { max_fuel: spent + 1000 } });
  expect(codesOf(bounded.steps)).toEqual(['', 'observe_out_of_fuel'].slice(0, bounded.steps.length));
  expect(bounded.summary.error).toMatchObject({ code: 'budget_exceeded', limiter: 'max_fuel' });
  expect(bounded.summary.budgetState).toMatchObject({ fuel: spent + 1000 });
  expect(await worldVerdict(bounded.files)).toMatchObject({ _tag: 'Proven' });
});

test('limits of memory and state are those of the budget, and show in what was spent', async () => {
  const large = troubled({ trouble: 'large' });
  const granted = await runWorldCase({ ...large, limits: { max_state_bytes: 80_000, max_world_memory_bytes: 8_388_608 } });
  expect(codesOf(granted.steps)).toEqual(['']);
  expect(granted.summary.budgetState).toMatchObject({ state_bytes: 70_023, world_memory_bytes: 8_388_608 });
  expect(await worldVerdict(granted.files)).toMatchObject({ _tag: 'Proven' });
  expect(await tryWorld({ ...large, limits: { max_world_memory_bytes: 1000 } })).toMatchObject({
    left: { document: 'limits', problems: [{ message: 'max_world_memory_bytes: 1000: the engine takes 1048576 to 1073741824' }] },
  });
});

test('random() draws from the seed of the run alone: the same again, another with another seed, none without', async () => {
  const drawn = async (seed: string | null): Promise<string> => {
    const { steps, summary } = await runWorldCase({ ...troubled({ trouble: 'chance' }, { trouble: 'chance' }), seed });
    return summary.decisions.REJECTED > 0
      ? canonical(steps[0]?.['verifier_errors'] as Json)
      : canonical(summary.final['final_state'] ?? null);
  };
  const [seven, again, eight, none] = [await drawn('seven'), await drawn('seven'), await drawn('eight'), await drawn(null)];
  expect(again).toBe(seven);
  expect(eight).not.toBe(seven);
  expect(new Set((JSON.parse(seven) as { kept: number[] }).kept).size).toBeGreaterThan(2);
  expect(none).toContain('needs a seed');
});

test('a world that is done ends the run, which is a finished one', async () => {
  const { summary, files } = await runWorldCase(troubled({ set: 76 }, {}, {}));
  expect(summary).toMatchObject({ error: null, steps: 1, inputs: { steps: 3 } });
  expect(await worldVerdict(files)).toMatchObject({ _tag: 'Proven' });
});

test('what cannot begin says which document is wrong, and where', async () => {
  const mistake = async (given: Partial<WorldCase>): Promise<unknown> => {
    const tried = await tryWorld({ ...troubled({}), ...given });
    return isLeft(tried) ? tried.left : undefined;
  };
  const wrong = (document: string, message: unknown): unknown => ({
    _tag: 'InvalidRequest',
    document,
    problems: [expect.objectContaining({ message })],
  });
  expect(await mistake({ params: { start: -1 } })).toEqual(
    wrong('params', expect.stringMatching(/^init: Error: \/start: expected 0 or more/)),
  );
  expect(await mistake({ params: { start: 101 } })).toEqual(wrong('params', 'init gave a state that breaks count is at most 100'));
  expect(await mistake({ world: 'export const meta = {};' })).toMatchObject({
    document: 'world',
    problems: Array.from({ length: 5 }, () => ({})),
  });
  expect(await mistake({ world: 'export const = 1' })).toEqual(wrong('world', expect.stringContaining('SyntaxError')));
  expect(await mistake({ policy: 'export const x = 1' })).toEqual(wrong('policy', 'there is no function decide among the exports'));
  expect(await mistake({ steps: 2 })).toEqual(wrong('steps', '2 asked for, there are inputs for 1'));
});

test('a verifier with another engine says which one is needed, and still finds a broken chain', async () => {
  const { files } = await runWorldCase(troubled({}));
  const other = { ...sandbox(), engine: { name: 'another engine', sha256: '0'.repeat(64) } };
  const verdict = await verify(makeMemoryRunReader(files), {}, () => Promise.resolve(other));
  expect(verdict).toMatchObject({
    left: { _tag: 'Unreadable', reason: expect.stringMatching(/run in the engine [0-9a-f]{64}, .*another engine/) as string },
  });
  expect(await verify(makeMemoryRunReader(files))).toMatchObject({ left: { _tag: 'Unreadable' } });
  const tape = Buffer.from(textOf(files, 'tape.jsonl').replace('"APPROVED"', '"REJECTED"'));
  const broken = await verify(makeMemoryRunReader({ ...files, 'tape.jsonl': tape }), {}, () => Promise.resolve(other));
  expect(expectRight(broken)).toMatchObject({ _tag: 'NotProven', divergence: { file: 'tape.jsonl', row: 1 } });
});
