/**
 * Committed runs in world files, run again from what their directories hold: the same bytes in every file, for ever. A new one is written by
 * `EWM_NEW_GOLDENS=1`; one that is there is never written again.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunFileBytes } from '../../src/adapters/in-process/run-files';
import type { Json } from '../../src/domain/canonical/canonical';
import { filesOf } from '../../src/domain/run/modes';
import type { RunFile } from '../../src/ports/run-files';
import { bytesOf, elementAt, fromText, linesOf, rowsOf, textOf } from '../support/harness';
import type { JsonObject } from '../support/reference-model';
import { runWorldCase, shipped, tryWorld, type WorldCase, worldVerdict } from '../support/world-runs';

const DIRECTORY = join(__dirname, 'worlds');

/** Never shorter, and no hash ever another. */
const GOLDENS: Readonly<Record<string, string>> = {
  inventory: '526d3342b052cd124f77e2325bd63c24702027972e12c27f410d80540bc4c9bf',
  capacity: '9ff2041203f358b337b658ce2292d3ca2daf437611f788ebcf3e7e92311c7e71',
  grid: '3f8b4edad422d498f37d11550cc83baf3d74862f073ff850038d893f38945a21',
  refusals: '1a7015534bbc0cac2b0ba60650ec580eea0764978b69abefa4e9f7d83d20b519',
  'fuel-stopped': '95433ea09c8070d75b343d9d7bf7c46a1036ec2320e4c6c6622b489eb80f82cc',
};

/** Every way in which a step can be refused, one a step, with chance and an approved one between. */
const REFUSALS = `
export const meta = { name: 'refusals', version: '1.0.0', charts: [{ title: 'Count', lines: ['/totals/count'] }] };
export const init = ({ start }) => ({ count: start, drawn: [] });
export const legal = () => [{ add: 1 }];
export const observe = (state, input) => ({ count: state.count, input });
export const invariants = ({ count }) => (count > 100 ? ['count is at most 100'] : []);
export const score = ({ count }) => decimal.div(count, 3);
export function step(state, actions, input) {
  switch (input) {
    case 'throw': throw new RangeError('out of days');
    case 'spin': for (;;);
    case 'fill': { const all = []; for (;;) all.push(1, 2, 3, 4, 5, 6, 7, 8); }
    case 'fall': return JSON.parse('['.repeat(1e5));
    case 'nothing': return { state: { count: undefined, drawn: [NaN] } };
    case 'promise': return Promise.resolve({ state });
    case 'large': return { state: { ...state, drawn: ['x'.repeat(5000)] } };
    case 'invariant': return { state: { ...state, count: 101 } };
    case 'refuse': return { refused: [{ action_index: 0, code: 'closed', message: 'not on Sundays | and <not> today' }] };
    case 'draw': state.drawn = [random(), randomInteger(1, 6)]; break;
  }
  for (const { add } of actions) state.count += add;
  return { state, totals: { count: state.count, 'Größe 🕓': decimal.mul(state.count, '0.1') } };
}`;
const REFUSALS_POLICY = `export function decide({ count, input }) {
  if (input === 'undecided') throw new TypeError('cannot decide');
  return input === 'hold' ? [] : [{ add: 1 }];
}`;
const TROUBLES = [
  'go',
  'throw',
  'spin',
  'hold',
  'fill',
  'fall',
  'nothing',
  'promise',
  'draw',
  'large',
  'invariant',
  'refuse',
  'undecided',
  'go',
];

const CASES: Readonly<Record<string, () => WorldCase>> = {
  inventory: () => ({ ...shipped('inventory'), inputs: shipped('inventory').inputs.slice(0, 30) }),
  capacity: () => ({ ...shipped('capacity'), inputs: shipped('capacity').inputs.slice(400, 520) }),
  grid: () => ({ ...shipped('grid'), inputs: Array.from({ length: 60 }, () => null) }),
  refusals: () => ({
    world: REFUSALS,
    policy: REFUSALS_POLICY,
    params: { start: 7 },
    seed: 'seven',
    inputs: TROUBLES,
    limits: { max_world_memory_bytes: 2_097_152, max_state_bytes: 4_096 },
  }),
  'fuel-stopped': () => ({ ...shipped('inventory'), inputs: shipped('inventory').inputs.slice(0, 10), limits: { max_fuel: 1_000_000 } }),
};

if (process.env['EWM_NEW_GOLDENS'] === '1') {
  test.each(Object.keys(CASES).filter((name) => !existsSync(join(DIRECTORY, name))))('writes %s', async (name) => {
    const { files, summary } = await runWorldCase(caseOf(name));
    mkdirSync(join(DIRECTORY, name), { recursive: true });
    for (const file of filesOf('world')) writeFileSync(join(DIRECTORY, name, file), bytesOf(files, file));
    process.stdout.write(`  '${name}': '${summary.headHash}',\n`);
    expect(await worldVerdict(files)).toMatchObject({ _tag: 'Proven' });
  });
}

function caseOf(name: string): WorldCase {
  const made = CASES[name];
  if (made === undefined) throw new Error(`no case ${name}`);
  return made();
}

function readGolden(name: string): RunFileBytes {
  return Object.fromEntries(filesOf('world').map((file) => [file, new Uint8Array(readFileSync(join(DIRECTORY, name, file)))]));
}

/** What a directory holds, as a request. */
function requestOf(files: RunFileBytes): WorldCase {
  const inputs = elementAt(rowsOf(linesOf(files, 'tape.jsonl')), 0)['inputs'] as JsonObject;
  const { max_steps: maxSteps, max_fuel, max_world_memory_bytes, max_state_bytes } = inputs['budget'] as Readonly<Record<string, number>>;
  const limits = Object.fromEntries(
    Object.entries({ max_fuel, max_world_memory_bytes, max_state_bytes }).filter(([, limit]) => limit !== undefined),
  );
  return {
    world: textOf(files, 'world.js'),
    policy: textOf(files, 'policy.js'),
    params: JSON.parse(textOf(files, 'params.json')) as Json,
    seed: inputs['seed'] as string | null,
    inputs: linesOf(files, 'inputs.jsonl').map((line) => JSON.parse(line) as Json),
    steps: inputs['steps'] as number,
    maxSteps: maxSteps ?? 1,
    limits,
  };
}

async function differing(files: RunFileBytes): Promise<readonly RunFile[]> {
  const again = await tryWorld(requestOf(files));
  return filesOf('world').filter(
    (file) => again._tag === 'Left' || !Buffer.from(bytesOf(again.right.files, file)).equals(bytesOf(files, file)),
  );
}

test('every golden directory is in the table, and every one of the table is there', () => {
  expect(readdirSync(DIRECTORY).sort()).toEqual(Object.keys(GOLDENS).sort());
  for (const name of Object.keys(GOLDENS)) expect(readdirSync(join(DIRECTORY, name)).sort()).toEqual([...filesOf('world')].sort());
});

describe.each(Object.entries(GOLDENS))('%s', (name, headHash) => {
  let files: RunFileBytes = {};
  beforeAll(() => {
    files = readGolden(name);
  });

  test('run again gives the same bytes in every file, and is proven', async () => {
    expect(await differing(files)).toEqual([]);
    expect(await worldVerdict(files)).toMatchObject({ _tag: 'Proven', summary: { headHash } });
  });

  test.each<[RunFile, RegExp, string]>([
    ['world.js', /export/, ' export'],
    ['policy.js', /return/, ' return'],
    ['params.json', /\{/, '{ '],
    ['inputs.jsonl', /\n/, '\n1\n'],
    ['tape.jsonl', /"fuel":/, '"fuel":1'],
    ['tape.jsonl', /"engine_sha256":"./, '"engine_sha256":"x'],
    ['tape.jsonl', /"seed":[^,]*/, '"seed":"another"'],
    ['tape.jsonl', /"initial_state":\{/, '"initial_state":{"a":1,'],
    ['executions.jsonl', /"action_index":/, '"action_index":1'],
    ['report.md', /Budget/, 'budget'],
    ['run.json', /"ok":/, '"ok": '],
  ])('mutated in %s, %s fails', async (file, pattern, replacement) => {
    const mutated = { ...files, [file]: fromText(textOf(files, file).replace(pattern, replacement)) };
    expect(textOf(mutated, file)).not.toBe(textOf(files, file));
    expect(await worldVerdict(mutated)).toMatchObject({ _tag: 'NotProven' });
  });
});
