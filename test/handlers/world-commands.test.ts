/** `ewm world check` and `ewm world score`, as they are said: what keeps the rules, what breaks each of them, and how a prediction is measured. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { runCli } from '../../src/handlers/cli/main';
import { captureIo } from '../support/captured-io';

const EXAMPLES = 'examples/worlds';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ewm-world-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function ewm(...argv: readonly string[]): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> {
  const { io, out, err } = captureIo();
  const exit = await runCli(argv, io);
  return { exit, stdout: out(), stderr: err() };
}

function written(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const KEEPS = `
  export const meta = { name: 'counter', version: '1.0.0' };
  export const init = () => ({ count: 0 });
  export const legal = ({ count }) => [{ type: 'add', by: 1 }, ...(count > 2 ? [{ type: 'add', by: -2 }] : [])];
  export const observe = ({ count }, input) => ({ count, input });
  export const invariants = ({ count }) => count >= 0;
  export function step(state, actions) {
    for (const action of actions) {
      if (action?.type !== 'add' || !Number.isInteger(action.by)) return { refused: 'expected {type: "add", by}' };
      state.count += action.by;
    }
    return { state };
  }
`;

test.each([
  ['inventory', 'inputs.jsonl'],
  ['capacity', 'inputs.jsonl'],
  ['grid', undefined],
])('%s keeps the rules', async (name, inputs) => {
  const world = `${EXAMPLES}/${name}/world.js`;
  const { exit, stdout } = await ewm(
    'world',
    'check',
    world,
    '--plays',
    '5',
    ...(inputs === undefined ? [] : ['--inputs', `${EXAMPLES}/${name}/${inputs}`]),
  );
  expect(stdout).toMatch(/holds +5 random plays of [0-9]+ steps/);
  expect(stdout).toMatch(/the same +yes/);
  expect(exit).toBe(EXIT.ok);
});

test.each<[string, string, string, Record<string, unknown>]>([
  ['throws', 'state.count += action.by;', "if (state.count === 3) throw new Error('three'); state.count += action.by;", { step: 3 }],
  ['throws', "action?.type !== 'add'", "action.type !== 'add'", { step: 0, actions: [null] }],
  ['takes_anything', 'return { refused: \'expected {type: "add", by}\' };', 'continue;', {}],
  ['refuses_legal', 'by: 1 }', 'by: 1.5 }', { actions: [{ type: 'add', by: 1.5 }] }],
  ['invariant', 'count > 2 ?', 'count > 0 ?', { message: 'the state breaks invariants' }],
  ['no_json', 'return { state };', 'return { state: [state] };', {}],
  ['legal', 'export const legal = ({ count }) => [', 'export const legal = ({ count }) => ({}) && 7 && [', {}],
  ['limits', 'return { state };', "return { state: { ...state, kept: 'x'.repeat(70000) } };", {}],
])('a world that breaks %s is found, and the play made small', async (rule, from, to, fault) => {
  const broken = KEEPS.replace(from, to);
  expect(broken).not.toBe(KEEPS);
  const { exit, stdout } = await ewm(
    'world',
    'check',
    written('world.js', rule === 'legal' ? KEEPS.replace(/export const legal = .*/, "export const legal = () => 'add';") : broken),
    '--json',
  );
  expect(exit).toBe(EXIT.notProven);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, fault: { rule, ...fault } });
});

test('what cannot be checked says why', async () => {
  const { exit, stderr } = await ewm('world', 'check', written('world.js', 'export const meta = 1;'));
  expect(exit).toBe(EXIT.badInput);
  expect(stderr).toContain('there is no function step among the exports');
  expect((await ewm('world', 'check', written('world.ts', 'export const x: = 1;'))).exit).toBe(EXIT.badInput);
});

test('a world in TypeScript is compiled, and does the same', async () => {
  const typed = KEEPS.replace('(state, actions)', '(state: { count: number }, actions: readonly { type: string; by: number }[])');
  const [js, ts] = await Promise.all(
    [written('world.js', KEEPS), written('world.ts', typed)].map((path) => ewm('world', 'check', path, '--digest')),
  );
  expect(ts).toEqual({ ...js, exit: EXIT.ok });
});

describe('score', () => {
  const tape = 'test/golden/worlds/inventory/tape.jsonl';

  test('a world predicts its own tape exactly', async () => {
    const { exit, stdout } = await ewm('world', 'score', `${EXAMPLES}/inventory/world.js`, '--trajectories', tape, '--json');
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      exact: 30,
      of: 30,
      kinds: [
        { kind: 'order', exact: 17, of: 17 },
        { kind: 'none', exact: 13, of: 13 },
      ],
      first: null,
    });
    expect(exit).toBe(EXIT.ok);
  });

  test('one that is wrong about one kind of act is told where, and an improvement is a larger number', async () => {
    const world = readFileSync(`${EXAMPLES}/inventory/world.js`, 'utf8');
    const wrong = written('wrong.js', world.replace('decimal.sub(state.cash, price)', 'decimal.sub(state.cash, decimal.add(price, 1))'));
    const { exit, stdout } = await ewm('world', 'score', wrong, '--trajectories', tape);
    expect(stdout).toContain('inventory 1.0.0: 13 of 30 transitions exactly\n  order            0 of 17\n  none             13 of 13\n');
    expect(stdout).toContain('first mismatch   line 2, step 0 at /cash\n    recorded       "294.8"\n    predicted      "291.8"\n');
    expect(exit).toBe(EXIT.notProven);
  });

  test('transitions, refusals and trajectories of agents', async () => {
    const world = written('world.js', KEEPS);
    const add = { type: 'add', by: 1 };
    const call = (id: string, actions: unknown, result: unknown): unknown => ({
      source: 'agent',
      tool_calls: [{ tool_call_id: id, function_name: 'world_act', arguments: { actions } }],
      observation: { results: [{ source_call_id: id, content: JSON.stringify(result) }] },
    });
    const lines = [
      { state: { count: 1 }, actions: [add], after: { count: 2 } },
      { state: { count: 1 }, actions: ['?'], after: null },
      { state: { count: 1 }, actions: [add], after: { count: 3 } },
      { schema_version: 'ATIF-v1.4', steps: [call('a', [], { state: { count: 5 } }), call('b', [add, add], { state: { count: 7 } })] },
    ];
    const given = written('t.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { stdout } = await ewm('world', 'score', world, '--trajectories', given, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      exact: 3,
      of: 4,
      first: { where: 'line 3', pointer: '/count', recorded: '3', predicted: '2' },
    });
    expect((await ewm('world', 'score', world, '--trajectories', written('x.jsonl', '{"a":1}\n'))).stderr).toContain(
      'x.jsonl:1: expected a line of',
    );
  });
});

test('ewm run --world: a run, its proof, and what is told where something is missing', async () => {
  const out = join(directory, 'run');
  const grid = `${EXAMPLES}/grid`;
  const ran = await ewm('run', '--world', `${grid}/world.js`, '--policy', `${grid}/policy.js`, '--steps', '60', '--out', out);
  expect(ran).toMatchObject({ exit: EXIT.ok, stderr: '' });
  expect(ran.stdout).toContain('32 steps, finished\n  decisions  32 approved, 0 rejected, 0 hold; 32 actions\n  score      168\n');
  expect(await ewm('verify', out)).toMatchObject({ exit: EXIT.ok });
  expect((await ewm('run', '--world', `${grid}/world.js`, '--out', `${out}-2`)).stderr).toContain('needs --inputs <file>, or --steps <n>');
  expect((await ewm('run', '--out', out)).stderr).toContain('ewm run needs --market <file>, --strategy <file>');
  expect((await ewm('run', '--market', 'm', '--strategy', 's', '--seed', 'x', '--out', out)).stderr).toContain(
    'takes --seed with --world only',
  );
});

test('show, replay and diff speak of a world in its own words', async () => {
  const golden = 'test/golden/worlds/refusals';
  const show = await ewm('show', golden);
  expect(show).toMatchObject({ exit: EXIT.ok });
  expect(show.stdout).toMatch(/rejected +broken_invariant 1, closed 1, no_json 1|rejected +/);
  expect(show.stdout).toMatch(/score +3\.33333333/);
  expect(show.stdout).toMatch(/Größe 🕓 +1/);
  expect(show.stdout).not.toMatch(/equity|cash|CANNOT/);
  expect(JSON.parse((await ewm('show', golden, '--json')).stdout)).toMatchObject({
    steps: 14,
    decisions: { REJECTED: 10 },
    world: { actions: 3 },
  });
  const replayed = await ewm('replay', 'tape', '--tape', `${golden}/tape.jsonl`, '--format', 'csv', '--max-steps', '2');
  expect(replayed.stdout.split('\n').slice(0, 3)).toEqual([
    'step,input,actions,decision,refused,totals,fuel',
    expect.stringMatching(/^0,"""go""","\{""add"":1\}",APPROVED,,"\{.*\}",[0-9]+$/),
    expect.stringMatching(/^1,"""throw""","\{""add"":1\}",REJECTED,threw,,[0-9]+$/),
  ]);
  const ledger = await ewm('replay', 'executions', '--executions', `${golden}/executions.jsonl`, '--format', 'csv');
  expect(ledger.stdout).toContain('step,action,what\n0,0,"{""add"":1}"\n');
  const diff = await ewm('diff', 'test/golden/worlds/inventory', 'test/golden/worlds/fuel-stopped');
  expect(diff.stdout).toMatch(/\{"quantity":[0-9]+,"sku":"[a-z]+","type":"order"\}/);
});

test('ewm session create --world makes a session in that world', async () => {
  const grid = `${EXAMPLES}/grid/world.js`;
  const made = await ewm('session', 'create', '--data', directory, '--world', grid, '--steps', '5', '--name', 'x', '--json');
  expect(made).toMatchObject({ exit: EXIT.ok });
  expect(JSON.parse(made.stdout)).toMatchObject({ ok: true, state: { at: [1, 1] }, observation: { step: 0, observation: { moves: 0 } } });
});
