/**
 * Every limit of what a person gives the command line, from both sides. What is just inside is run, and read by every command that reads runs;
 * what is just outside is refused with its place before anything is written. Limits of calls and answers are in test/domain/run/limits.test.ts.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as coreLimits from '../../src/domain/limits';
import { CALLS_MAX as PLAN_CALLS_MAX } from '../../src/domain/run/request-codecs';
import * as sessionLimits from '../../src/domain/session/limits';
import * as worldLimits from '../../src/domain/world/file/limits';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { runCli } from '../../src/handlers/cli/main';
import { captureIo } from '../support/captured-io';
import { CONFIG, invoke, makeTestHandler } from '../support/handlers';
import { makeMcpSessions } from '../support/mcp-sessions';
import { sandbox } from '../support/world-runs';

const {
  CALL_BYTES_MAX,
  COUNT_MAX,
  PLAN_BYTES_MAX,
  DOCUMENT_BYTES_MAX,
  LINE_BYTES_MAX,
  RULES_MAX,
  SYMBOLS_MAX,
  TIME_CHARS_MAX,
  WINDOW_STEPS_MAX,
} = coreLimits;
const {
  ACTIONS_BYTES_MAX,
  ACTIONS_MAX,
  CALL_FUEL_MAX,
  MESSAGE_CHARS_MAX,
  OUTCOME_BYTES_MAX,
  REFUSALS_MAX,
  WORLD_MEMORY_BYTES_LEAST,
  WORLD_MEMORY_BYTES_MOST,
  INPUT_BYTES_MAX,
  PARAMS_BYTES_MAX,
  SOURCE_BYTES_MAX,
  STATE_BYTES_MOST,
} = worldLimits;
const { CALLS_MAX, CHILDREN_OPEN_MAX, DEPTH_MAX, HISTORY_MAX, REQUEST_BYTES_MAX } = sessionLimits;

const directory = mkdtempSync(join(tmpdir(), 'ewm-limits-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

interface Output {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function ewm(...args: readonly string[]): Promise<Output> {
  const { io, out, err } = captureIo();
  const exit = await runCli(args, io);
  return { exit, out: out(), err: err().replaceAll(`${directory}/`, '') };
}

let files = 0;
/** A file in the directory of this test. */
function written(ending: string, content: string): string {
  const path = join(directory, `${String((files += 1))}${ending}`);
  writeFileSync(path, content);
  return path;
}

const STRATEGY = {
  metadata: { name: 'n', version: '1', description: '' },
  universe: { symbols: ['X'] },
  sizing: { order_qty: 1, max_position_qty_per_symbol: 5 },
  rules: [{ type: 'threshold_price', symbol: 'X', buy_below: 5 }] as readonly object[],
};
const MARKET = { symbols: ['X'], steps: [{ time: '2024-01-01', X: '1' }] as readonly object[] };
/** Padded to be so long as a document. */
const padded = (bytes: number, document: (pad: string) => object, character = 'a'): string => {
  const rest = Buffer.byteLength(JSON.stringify(document('')));
  return JSON.stringify(document(character.repeat(bytes - rest)));
};
/** Runs of it have nothing to fill in: its normal form is the document and a newline. */
const normal = (description: string): object => ({
  metadata: { description, name: 'n', version: '1' },
  rules: [{ buy_below: '5', symbol: 'X', type: 'threshold_price' }],
  sizing: { max_position_qty_per_symbol: '5', order_qty: '1' },
  timing: { evaluation_frequency_steps: 1 },
  universe: { symbols: ['X'] },
});

interface Given {
  readonly market?: string;
  readonly strategy?: string;
  readonly more?: readonly string[];
}

const market = (document: object = MARKET): string => written('.json', JSON.stringify(document));
const strategy = (document: object = STRATEGY): string => written('.json', JSON.stringify(document));

async function run({
  market: path = market(),
  strategy: rules = strategy(),
  more = [],
}: Given): Promise<Output & { readonly dir: string }> {
  const dir = join(directory, `run-${String((files += 1))}`);
  return { dir, ...(await ewm('run', '--market', path, '--strategy', rules, '--out', dir, ...more)) };
}

/** What every reader says of a run is that it is whole. */
async function expectReadByAll(dir: string): Promise<void> {
  for (const command of [
    ['verify', dir],
    ['verify', dir, '--chain-only'],
    ['replay', dir],
    ['replay', 'executions', '--executions', join(dir, 'executions.jsonl')],
    ['show', dir],
    ['report', dir, '--out', join(dir, '..', `${String((files += 1))}.html`)],
    ['diff', dir, dir],
  ])
    expect([command[0], (await ewm(...command)).exit]).toEqual([command[0], EXIT.ok]);
}

const symbols = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `S${String(index)}`);
const priced = (names: readonly string[]): object => ({
  symbols: names,
  steps: [Object.fromEntries(names.map((name) => [name, '1']))],
});
const wide = (names: readonly string[]): object => ({
  ...STRATEGY,
  universe: { symbols: names },
  rules: [{ ...STRATEGY.rules[0], symbol: 'S0' }],
});
const rules = (count: number): object => ({ ...STRATEGY, rules: Array.from({ length: count }, () => STRATEGY.rules[0]) });
const sma = (window: number): object => ({
  ...STRATEGY,
  rules: [{ type: 'sma_crossover', symbol: 'X', short_window: 1, long_window: window }],
});
const timed = (time: string): object => ({ symbols: ['X'], steps: [{ X: '1' }, { time, X: '2' }] });
const jsonl = (bytes: number): string => {
  const line = `{"prices":{"X":"1"},"time":""}`;
  return `{"symbols":["X"]}\n${line.replace('""', `"${'t'.repeat(bytes - line.length)}"`)}\n`;
};
const csv = (bytes: number): string => `time,X\n${'t'.repeat(bytes - 2)},1\n`;
const policy = (bytes: number): string =>
  padded(bytes, (policy_id) => ({
    costs: { fee_bps: '0' },
    policy_id,
    risk_limits: { max_leverage: '2', max_position_pct: '0.8', max_position_value: '5000' },
  }));
const PRICE_MOST = '999999999999999999.99999999';

/** Inside, outside, and what the outside is refused with. */
type Sides = readonly [limit: string, inside: () => Given, outside: () => Given, refused: RegExp];

describe('a run of a market', () => {
  it.each<Sides>([
    [
      'LINE_BYTES_MAX of a .jsonl',
      () => ({ market: written('.jsonl', jsonl(LINE_BYTES_MAX)) }),
      () => ({ market: written('.jsonl', jsonl(LINE_BYTES_MAX + 1)) }),
      /^ewm: \d+\.jsonl:2: a line longer than 1048576 bytes\n$/,
    ],
    [
      'LINE_BYTES_MAX of a .csv',
      () => ({ market: written('.csv', csv(LINE_BYTES_MAX)) }),
      () => ({ market: written('.csv', csv(LINE_BYTES_MAX + 1)) }),
      /^ewm: \d+\.csv:2: a line longer than 1048576 bytes\n$/,
    ],
    [
      'TIME_CHARS_MAX, each of which has to be escaped',
      () => ({ market: market(timed('\u0001'.repeat(TIME_CHARS_MAX))) }),
      () => ({ market: market(timed('\u0001'.repeat(TIME_CHARS_MAX + 1))) }),
      /^ewm: \d+\.json:1:\d+: \/steps\/1\/time: .*: a time of 1048577 characters; at most 1048576 are read\n$/,
    ],
    [
      'TIME_CHARS_MAX of three bytes each',
      () => ({ market: market(timed('時'.repeat(TIME_CHARS_MAX))) }),
      () => ({ market: market(timed('時'.repeat(TIME_CHARS_MAX + 1))) }),
      /a time of 1048577 characters/,
    ],
    [
      'DOCUMENT_BYTES_MAX of a strategy in its normal form',
      () => ({ strategy: written('.json', padded(DOCUMENT_BYTES_MAX - 1, normal)) }),
      () => ({ strategy: written('.json', padded(DOCUMENT_BYTES_MAX, normal)) }),
      /^ewm: \d+\.json:1:1: its normal form, with defaults filled in, has 33554433 bytes; at most 33554432 are read\n$/,
    ],
    [
      'DOCUMENT_BYTES_MAX of a policy in its normal form',
      () => ({ more: ['--policy', written('.json', policy(DOCUMENT_BYTES_MAX - 1))] }),
      () => ({ more: ['--policy', written('.json', policy(DOCUMENT_BYTES_MAX))] }),
      /^ewm: \d+\.json:1:1: its normal form, with defaults filled in, has 33554433 bytes; at most 33554432 are read\n$/,
    ],
    [
      'DOCUMENT_BYTES_MAX of a market',
      () => ({
        market: written(
          '.json',
          padded(DOCUMENT_BYTES_MAX, (description) => ({ ...MARKET, description })),
        ),
      }),
      () => ({
        market: written(
          '.json',
          padded(DOCUMENT_BYTES_MAX + 1, (description) => ({ ...MARKET, description })),
        ),
      }),
      /^ewm: \d+\.json: larger than 32 MiB, the most a JSON document may have; a longer market is read as \.jsonl or \.csv\n$/,
    ],
    [
      'SYMBOLS_MAX',
      () => ({ market: market(priced(symbols(SYMBOLS_MAX))), strategy: strategy(wide(symbols(SYMBOLS_MAX))) }),
      () => ({ market: market(priced(symbols(SYMBOLS_MAX + 1))), strategy: strategy(wide(['S0'])) }),
      /\/symbols: a list of 1001: expected at most 1000\n$/,
    ],
    [
      'SYMBOLS_MAX of a .csv',
      () => ({
        market: written(
          '.csv',
          `${symbols(SYMBOLS_MAX).join()}\n${symbols(SYMBOLS_MAX)
            .map(() => '1')
            .join()}\n`,
        ),
        strategy: strategy(wide(['S0'])),
      }),
      () => ({ market: written('.csv', `${symbols(SYMBOLS_MAX + 1).join()}\n`), strategy: strategy(wide(['S0'])) }),
      /^ewm: \d+\.csv:1:1: more than 1000 symbols\n$/,
    ],
    [
      'RULES_MAX',
      () => ({ strategy: strategy(rules(RULES_MAX)) }),
      () => ({ strategy: strategy(rules(RULES_MAX + 1)) }),
      /\/rules: a list of 1001: expected at most 1000\n$/,
    ],
    [
      'WINDOW_STEPS_MAX',
      () => ({ strategy: strategy(sma(WINDOW_STEPS_MAX)) }),
      () => ({ strategy: strategy(sma(WINDOW_STEPS_MAX + 1)) }),
      /\/rules\/0\/long_window: 1000001: expected an integer from 2 to 1000000\n$/,
    ],
    [
      'the largest amount',
      () => ({ market: market({ ...MARKET, steps: [{ X: PRICE_MOST }] }) }),
      () => ({ market: market({ ...MARKET, steps: [{ X: '1000000000000000000' }] }) }),
      /\/steps\/0\/X: "1000000000000000000": .*10\^18/,
    ],
    [
      'COUNT_MAX',
      () => ({ more: ['--max-steps', String(COUNT_MAX)] }),
      () => ({ more: ['--max-steps', '9007199254740992'] }),
      /--max-steps.*9007199254740992/,
    ],
  ])(
    '%s',
    async (_limit, inside, outside, refused) => {
      const made = await run(inside());
      expect([made.exit, made.err.replace(/^ewm: (?:\/rules|X has |S1, S2, ).*\n/gm, '')]).toEqual([EXIT.ok, '']);
      await expectReadByAll(made.dir);
      const not = await run(outside());
      expect(not.err).toMatch(refused);
      expect([not.exit, existsSync(not.dir)]).toEqual([EXIT.badInput, false]);
    },
    120_000,
  );

  it('a .json market is written as long as one is read, and not longer', async () => {
    const generate = (steps: number, out: string): Promise<Output> =>
      ewm('market', 'generate', '--symbols', symbols(100).join(), '--steps', String(steps), '--seed', '1', '--out', out);
    const [inside, outside] = [join(directory, 'inside.json'), join(directory, 'outside.json')];
    expect((await generate(2_000, inside)).exit).toBe(EXIT.ok);
    expect((await run({ market: inside, strategy: strategy(wide(['S0'])), more: ['--steps', '1'] })).exit).toBe(EXIT.ok);
    expect(await generate(30_000, outside)).toEqual({
      exit: EXIT.cannotWrite,
      out: '',
      err: 'ewm: outside.json: cannot be written: it would be longer than 33554432 bytes, the most that a .json market may have; write .jsonl or .csv\n',
    });
    expect(existsSync(outside)).toBe(false);
  }, 120_000);
});

const HOLD = `
export const meta = { name: 'hold', version: '1' };
export const init = ({ kept = 0 }) => ({ kept: 'k'.repeat(kept) });
export const legal = () => [];
export const step = (state) => ({ state });
export const observe = (state) => state;
`;
const ACT = (list: string): string => `export const decide = () => ${list};`;

async function runWorld(
  world: string,
  inputs: string,
  { params = '{}', policy = '', more = [] }: { readonly params?: string; readonly policy?: string; readonly more?: readonly string[] } = {},
): Promise<Output & { readonly dir: string }> {
  const dir = join(directory, `run-${String((files += 1))}`);
  const decide = policy === '' ? [] : ['--policy', written('.js', policy)];
  const args = [
    '--world',
    written('.js', world),
    '--inputs',
    written('.jsonl', inputs),
    '--params',
    written('.json', params),
    ...decide,
    ...more,
  ];
  return { dir, ...(await ewm('run', ...args, '--out', dir)) };
}

async function expectWorldReadByAll(dir: string): Promise<void> {
  for (const command of [
    ['verify', dir],
    ['verify', dir, '--chain-only'],
    ['show', dir],
    ['replay', dir],
    ['report', dir, '--out', `${dir}.html`],
    ['diff', dir, dir],
  ])
    expect([command[0], (await ewm(...command)).exit]).toEqual([command[0], EXIT.ok]);
}

const source = (bytes: number): string =>
  `${HOLD}//${'é'.repeat((bytes - HOLD.length - 2) >> 1)}${'x'.repeat((bytes - HOLD.length - 2) & 1)}`;
const params = (bytes: number): string => JSON.stringify({ pad: 'p'.repeat(bytes - '{"pad":""}'.length) });
/** 5 characters that are 17 in canonical form. */
const growing = (count: number): string => `[${Array.from({ length: count }, () => '9e15').join()}]\n`;

describe('a run of a world file', () => {
  it.each<[string, () => ReturnType<typeof runWorld>, () => ReturnType<typeof runWorld>, RegExp]>([
    [
      'SOURCE_BYTES_MAX',
      () => runWorld(source(SOURCE_BYTES_MAX), 'null\n'),
      () => runWorld(source(SOURCE_BYTES_MAX + 1), 'null\n'),
      /larger than 1048576 bytes, the most that a world or a policy may have/,
    ],
    [
      'PARAMS_BYTES_MAX',
      () => runWorld(HOLD, 'null\n', { params: params(PARAMS_BYTES_MAX) }),
      () => runWorld(HOLD, 'null\n', { params: params(PARAMS_BYTES_MAX + 1) }),
      /larger than 1048576 bytes/,
    ],
    [
      'LINE_BYTES_MAX of inputs',
      () => runWorld(HOLD, growing((LINE_BYTES_MAX - 2) / 5)),
      () => runWorld(HOLD, growing((LINE_BYTES_MAX + 5) / 5)),
      /:1: a line longer than 1048576 bytes/,
    ],
    [
      'STATE_BYTES_MOST',
      () => runWorld(HOLD, 'null\n', { more: ['--max-state-bytes', String(STATE_BYTES_MOST)] }),
      () => runWorld(HOLD, 'null\n', { more: ['--max-state-bytes', String(STATE_BYTES_MOST + 1)] }),
      /max_state_bytes/,
    ],
  ])(
    '%s',
    async (_limit, inside, outside, refused) => {
      const made = await inside();
      expect([made.exit, made.err]).toEqual([EXIT.ok, '']);
      await expectWorldReadByAll(made.dir);
      const not = await outside();
      expect(not.err).toMatch(refused);
      expect([not.exit, existsSync(not.dir)]).toEqual([EXIT.badInput, false]);
    },
    120_000,
  );

  it.each([
    ['ACTIONS_MAX', `Array(${String(ACTIONS_MAX)}).fill(1)`, `Array(${String(ACTIONS_MAX + 1)}).fill(1)`],
    ['ACTIONS_BYTES_MAX', `['a'.repeat(${String(ACTIONS_BYTES_MAX - 4)})]`, `['a'.repeat(${String(ACTIONS_BYTES_MAX - 3)})]`],
  ])('%s: more of them are a step that is refused and recorded', async (_limit, inside, outside) => {
    for (const [list, decision] of [
      [inside, 'APPROVED'],
      [outside, 'REJECTED'],
    ] as const) {
      const { dir, exit } = await runWorld(HOLD, 'null\n', { policy: ACT(list) });
      expect(exit).toBe(EXIT.ok);
      expect(readFileSync(join(dir, 'tape.jsonl'), 'utf8')).toContain(`"decision":"${decision}"`);
      await expectWorldReadByAll(dir);
    }
  });
});

/** A world whose step gives this. */
const giving = (step: string): string => HOLD.replace(/^export const step.*$/m, `export const step = (state) => (${step});`);

describe('what a step of a world says', () => {
  const steps = async (world: string): Promise<string> => {
    const { dir, exit } = await runWorld(world, 'null\n');
    expect(exit).toBe(EXIT.ok);
    await expectWorldReadByAll(dir);
    return readFileSync(join(dir, 'tape.jsonl'), 'utf8').split('\n')[1] ?? '';
  };

  it('OUTCOME_BYTES_MAX', async () => {
    const totals = (bytes: number): string =>
      giving(`{ state, totals: { t: 't'.repeat(${String(bytes - '{"final_totals":{"t":""}}'.length)}) } }`);
    expect(await steps(totals(OUTCOME_BYTES_MAX))).toContain('"decision":"HOLD"');
    expect(await steps(totals(OUTCOME_BYTES_MAX + 1))).toContain('totals_too_large');
  });

  it('REFUSALS_MAX and MESSAGE_CHARS_MAX: more is left out, and marked', async () => {
    const refused = (count: number, length: number): string =>
      giving(`{ refused: Array(${String(count)}).fill('m'.repeat(${String(length)})) }`);
    const messages = async (count: number, length: number): Promise<readonly { readonly message: string }[]> =>
      (JSON.parse(await steps(refused(count, length))) as { readonly verifier_errors: [] }).verifier_errors;
    expect(await messages(REFUSALS_MAX, MESSAGE_CHARS_MAX)).toEqual(
      Array(REFUSALS_MAX).fill(expect.objectContaining({ message: 'm'.repeat(MESSAGE_CHARS_MAX) })),
    );
    expect(await messages(REFUSALS_MAX + 1, MESSAGE_CHARS_MAX + 1)).toEqual(
      Array(REFUSALS_MAX).fill(expect.objectContaining({ message: `${'m'.repeat(MESSAGE_CHARS_MAX)}…` })),
    );
  });

  it('CALL_FUEL_MAX', async () => {
    expect(await steps(giving('(() => { for (;;); })()'))).toContain(`ran out at ${String(CALL_FUEL_MAX)} units`);
  });

  it.each([
    ['WORLD_MEMORY_BYTES_LEAST', WORLD_MEMORY_BYTES_LEAST, WORLD_MEMORY_BYTES_LEAST - 1],
    ['WORLD_MEMORY_BYTES_MOST', WORLD_MEMORY_BYTES_MOST, WORLD_MEMORY_BYTES_MOST + 1],
  ])('%s', async (_limit, inside, outside) => {
    const held = (bytes: number): ReturnType<typeof runWorld> =>
      runWorld(HOLD, 'null\n', { more: ['--max-world-memory-bytes', String(bytes)] });
    const made = await held(inside);
    expect(made.exit).toBe(EXIT.ok);
    await expectWorldReadByAll(made.dir);
    expect(await held(outside)).toMatchObject({ exit: EXIT.badInput, err: expect.stringContaining('max_world_memory_bytes') as string });
  });
});

describe('over HTTP', () => {
  const create = async (world: object): Promise<Readonly<Record<string, unknown>>> =>
    (await makeMcpSessions(() => Promise.resolve(sandbox())).callRoute('POST /sessions', {
      body: { name: 'w', world, budget: { max_steps: 9 } },
    })) as never;

  it.each([
    [
      'SOURCE_BYTES_MAX',
      { source: source(SOURCE_BYTES_MAX), steps: 1 },
      { source: source(SOURCE_BYTES_MAX + 1), steps: 1 },
      'at most 1048576 bytes',
    ],
    [
      'INPUT_BYTES_MAX',
      { source: HOLD, inputs: ['i'.repeat(INPUT_BYTES_MAX - 2)] },
      { source: HOLD, inputs: ['i'.repeat(INPUT_BYTES_MAX - 1)] },
      'an input of 4194305 bytes; at most 4194304 are taken',
    ],
  ])('%s', async (_limit, inside, outside, refused) => {
    expect(JSON.stringify(await create(inside))).toContain('"ok":true');
    expect(JSON.stringify(await create(outside))).toContain(refused);
  });

  it('PLAN_BYTES_MAX', async () => {
    const config = { bodyBytesMax: 64 * 1024 * 1024, ceilings: { ...CONFIG.ceilings, max_memory_bytes: COUNT_MAX } };
    const put = (bytes: number): object => ({ op: 'memory_put', key: 'k', value: 'v'.repeat(bytes) });
    const over = JSON.stringify(put(0)).length;
    const each = PLAN_BYTES_MAX / 4 - over;
    expect(each + 2).toBeLessThanOrEqual(CALL_BYTES_MAX);
    const post = async (last: number): ReturnType<typeof invoke> =>
      invoke(makeTestHandler('agentcore-memory', config), {
        budget: { max_memory_ops: 9, max_memory_bytes: COUNT_MAX },
        requests: [put(each), put(each), put(each), put(last)],
      });
    expect(await post(each)).toMatchObject({ ok: true });
    expect(await post(each + 1)).toMatchObject({
      ok: false,
      error: {
        problems: [
          { pointer: '/requests', message: expect.stringContaining('16777217 bytes together; at most 16777216 are taken') as string },
        ],
      },
    });
  }, 60_000);

  const noop = { name: 'get_price_context', args: { step: 0 } };
  it('CALLS_MAX of a plan', async () => {
    const config = { ceilings: { max_steps: 2_000, max_tool_calls: 2_000, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 } };
    const post = (count: number): ReturnType<typeof invoke> =>
      invoke(makeTestHandler('agentcore-tools', config), {
        budget: { max_steps: 2_000, max_tool_calls: 2_000 },
        tool_plan: Array.from({ length: count }, () => noop),
      });
    expect(await post(PLAN_CALLS_MAX)).toMatchObject({ ok: true, steps: 0 });
    expect(await post(PLAN_CALLS_MAX + 1)).toMatchObject({
      ok: false,
      error: { problems: [{ pointer: '/tool_plan', message: expect.stringContaining('at most 1000') as string }] },
    });
  });
});

describe('a session', () => {
  const data = join(directory, 'data');
  const ids = (answer: Output): { readonly session_id: string; readonly child?: { readonly session_id: string }; readonly head: string } =>
    JSON.parse(answer.out) as never;
  const session = (...args: readonly string[]): Promise<Output> => ewm('session', ...args, '--data', data, '--json');
  const create = async (name: string, budget: object): Promise<string> =>
    ids(await session('create', '--name', name, '--budget', JSON.stringify(budget))).session_id;
  const fork = (id: string, name: string): Promise<Output> => session('fork', id, '--name', name, '--budget', '{"max_steps":1}');

  async function expectSessionReadByAll(id: string): Promise<void> {
    const out = join(directory, `session-${String((files += 1))}`);
    expect((await session('close', id)).exit).toBe(EXIT.ok);
    expect((await session('pull', id, '--out', out)).exit).toBe(EXIT.ok);
    for (const command of [
      ['verify', out, '--open'],
      ['session', 'verify', out, '--open'],
      ['verify', out, '--chain-only'],
      ['show', out],
      ['replay', out],
      ['report', out, '--out', `${out}.html`],
    ])
      expect([command[0], (await ewm(...command)).exit]).toEqual([command[0], EXIT.ok]);
  }

  it('CALLS_MAX, HISTORY_MAX and the name', async () => {
    const id = await create('n'.repeat(256), { max_steps: 200, max_tool_calls: 200 });
    const calls = (count: number): string => JSON.stringify(Array.from({ length: count }, () => ({ name: 'get_price_context' })));
    expect((await session('call', id, calls(CALLS_MAX))).exit).toBe(EXIT.ok);
    expect(await session('call', id, calls(CALLS_MAX + 1))).toMatchObject({
      exit: EXIT.badInput,
      out: expect.stringContaining('expected at most 64') as string,
    });
    expect((await session('show', id, '--history', String(HISTORY_MAX))).exit).toBe(EXIT.ok);
    expect(await session('show', id, '--history', String(HISTORY_MAX + 1))).toMatchObject({
      exit: EXIT.badInput,
      out: expect.stringContaining('1000') as string,
    });
    expect(await session('create', '--name', 'n'.repeat(257))).toMatchObject({
      exit: EXIT.badInput,
      out: expect.stringContaining('1 to 256 characters') as string,
    });
    await expectSessionReadByAll(id);
  });

  it('CHILDREN_OPEN_MAX', async () => {
    const id = await create('parent', { max_steps: 200 });
    for (let child = 0; child < CHILDREN_OPEN_MAX; child += 1) expect((await fork(id, String(child))).exit).toBe(EXIT.ok);
    expect(await fork(id, 'one more')).toMatchObject({
      exit: EXIT.badInput,
      out: expect.stringContaining('64 children are open') as string,
    });
    await expectSessionReadByAll(id);
  }, 60_000);

  it('DEPTH_MAX', async () => {
    const root = await create('root', { max_steps: 200 });
    let id = root;
    for (let depth = 1; depth <= DEPTH_MAX; depth += 1) {
      const budget = JSON.stringify({ max_steps: 100 - depth });
      id = ids(await session('fork', id, '--name', String(depth), '--budget', budget)).child?.session_id ?? '';
    }
    expect(await fork(id, 'deeper')).toMatchObject({ exit: EXIT.badInput, out: expect.stringContaining('end at a depth of 16') as string });
    await expectSessionReadByAll(root);
  }, 60_000);

  it('REQUEST_BYTES_MAX: a call that begins below it is made whole, and what follows it is for another request', async () => {
    const names = symbols(SYMBOLS_MAX).map((name) => name.padEnd(32, '-'));
    const rule = { ...STRATEGY.rules[0], symbol: names[0] };
    const documents = ['--market', market(priced(names)), '--strategy', strategy({ ...wide(names), rules: [rule] })];
    const budget = ['--budget', '{"max_steps":99,"max_tool_calls":99}'];
    const id = ids(await session('create', '--name', 'long', ...documents, ...budget)).session_id;
    const calls = JSON.stringify(Array.from({ length: CALLS_MAX }, () => ({ name: 'evaluate_strategy' })));
    const answer = JSON.parse((await session('call', id, calls)).out) as { readonly error: object; readonly results: readonly object[] };
    expect(answer).toMatchObject({ ok: false, error: { code: 'payload_too_large' } });
    const rows = answer.results.map((result) => JSON.stringify(result).length);
    const most = rows.reduce((sum, length) => sum + length);
    expect(most - (rows.at(-1) ?? 0)).toBeLessThanOrEqual(REQUEST_BYTES_MAX);
    expect(most + 2 * (rows.at(-1) ?? 0)).toBeGreaterThan(REQUEST_BYTES_MAX);
    await expectSessionReadByAll(id);
  }, 60_000);
});

test('each limit of a row, a document, a world and a session has a case', () => {
  const cases = ['test/handlers/limits.test.ts', 'test/domain/run/limits.test.ts', 'test/domain/session/day.test.ts']
    .map((path) => readFileSync(join(__dirname, '../..', path), 'utf8'))
    .join('')
    // Neither what is brought nor what is taken out of it is a case.
    .replace(/^import .*$|^const \{[^}]*\} = .*$/gm, '');
  const limits = [coreLimits, worldLimits, sessionLimits]
    .flatMap((module) => Object.keys(module))
    .filter((name) => /_(?:MAX|MOST|LEAST)$/.test(name));
  // Times are no sizes; a row is as long as what goes into it, which the module of the limits adds up when it loads.
  expect(limits.filter((name) => !/_MS_MAX$|^ROW_BYTES_MAX$/.test(name) && !cases.includes(name))).toEqual([]);
});
