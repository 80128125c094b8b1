/** Mutants of the worlds that ship: whatever became of one, it ends, says why in the documented way, and leaves the next run as it was. */
import { isLeft } from 'fp-ts/Either';
import fc from 'fast-check';
import { callGuest } from '../../../src/domain/world/file/guest-call';
import { loadWorld } from '../../../src/domain/world/file/definition';
import { sandbox, shipped } from '../../support/world-runs';

const SEED = Number(process.env['EWM_SEED'] ?? 20_261_126);
/** EWM_RUNS=10000 for the whole of it. */
const RUNS = Number(process.env['EWM_RUNS'] ?? 150);
const FUEL = 300_000;
const MEMORY_BYTES = 2 * 1024 * 1024;

const NAMES = ['inventory', 'capacity', 'grid'] as const;
const SOURCES = Object.fromEntries(NAMES.map((name) => [name, shipped(name).world]));

/** What stands in for a piece of a world: code of its own, code that means harm, and nonsense. */
const PIECES = [
  ...[
    '',
    '0',
    '-1',
    '1e308',
    'null',
    'undefined',
    'NaN',
    'state',
    'state.state = state',
    'for (;;);',
    'throw state;',
    'return;',
    '{',
    '}',
    '(',
    ')',
    ';',
    '/*',
    '`',
  ],
  ...[
    "'x'.repeat(1e9)",
    'new Array(1e9).fill(0)',
    'eval("1")',
    'new Proxy({}, { get() { for (;;); } })',
    'Promise.resolve()',
    'Object.prototype.x = 1;',
  ],
  ...[
    "({}).constructor.constructor('return this')()",
    'globalThis.JSON = {};',
    'Array.prototype.push = null;',
    'import("fs");',
    'await 0;',
    '({ toJSON() { return this; } })',
  ],
];

const mutant = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 12 }), fc.constantFrom(...PIECES)), { minLength: 1, maxLength: 3 }),
  )
  .map(([name, changes]) => ({
    name,
    source: changes.reduce((text, [at, length, piece]) => {
      const from = at % text.length;
      return text.slice(0, from) + piece + text.slice(from + length);
    }, SOURCES[name] ?? ''),
  }));

const CODES = ['threw', 'out_of_fuel', 'out_of_memory', 'too_deep', 'no_json'];
const INPUT = { inventory: '{"date":"2026-01-01","demand":{"cola":3}}', capacity: '{"load":900}', grid: 'null' };
const ACTIONS = {
  inventory: '[{"type":"order","sku":"cola","quantity":5}]',
  capacity: '[{"type":"scale","replicas":4}]',
  grid: '[{"type":"move","direction":"east"}]',
};

test('mutants end, are refused with a code of ours, and harm nothing that comes after them', () => {
  const sound = loadWorld(sandbox(), SOURCES['grid'] ?? '', MEMORY_BYTES);
  if (isLeft(sound)) throw new Error('the grid loads');
  const expected = callGuest(sound.right.program, 'init', ['{}'], '', FUEL);
  const before = process.memoryUsage().rss;
  const known = (asked: ReturnType<typeof callGuest>): void => {
    expect(asked.fuel).toBeLessThanOrEqual(FUEL);
    if ('refused' in asked) expect(CODES).toContain(asked.refused.code);
  };
  fc.assert(
    fc.property(mutant, ({ name, source }) => {
      const loaded = loadWorld(sandbox(), source, MEMORY_BYTES);
      if (isLeft(loaded)) return;
      const { program } = loaded.right;
      const begun = callGuest(program, 'init', ['{}'], '', FUEL);
      known(begun);
      const { state } = ('value' in begun ? begun.value : {}) as { readonly state?: unknown };
      const text = JSON.stringify(state ?? {});
      for (const question of ['legal', 'look', 'step', 'end'] as const) {
        const texts = question === 'step' ? [text, ACTIONS[name], INPUT[name]] : [text, INPUT[name]];
        known(callGuest(program, question, texts, '', FUEL));
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
  expect(callGuest(sound.right.program, 'init', ['{}'], '', FUEL)).toEqual(expected);
  expect(({} as { x?: unknown }).x).toBeUndefined();
  expect(process.memoryUsage().rss - before).toBeLessThan(600 * 1024 * 1024);
});
