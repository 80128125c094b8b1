/** The command line in process: what each command says, where it says it, and its exit code, for good and for bad input. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable } from '../../src/domain/codec/printable';
import { EXIT, EXIT_TABLE, type ExitCode } from '../../src/handlers/cli/shared/exit-codes';
import { type Io, makeSink } from '../../src/handlers/cli/shared/io';
import { runCli } from '../../src/handlers/cli/main';
import { makeTable } from '../../src/handlers/cli/shared/table';
import { counted, shellWord } from '../../src/handlers/cli/shared/words';

const EXAMPLES = join(__dirname, '../../examples');
const MARKET = join(EXAMPLES, 'fixtures/trading_path.json');
const STRATEGY = join(EXAMPLES, 'strategies/threshold_demo.json');
const DECEMBER = join(EXAMPLES, 'sources/stocks.csv');
const INDEX = join(EXAMPLES, 'sources/sp500-2007-2008.csv');

let directory = '';

interface Output {
  readonly exit: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

interface Setting {
  readonly stdin?: string;
  readonly interrupted?: boolean;
}

/** `@` in an argument, and in what comes back, is the directory of this test. */
async function ewm(args: readonly string[], { stdin, interrupted = false }: Setting = {}): Promise<Output> {
  const out: string[] = [];
  const err: string[] = [];
  const sink = (parts: string[]): Io['stdout'] => {
    const write = (text: string): Promise<void> => {
      parts.push(text);
      return Promise.resolve();
    };
    return { isTerminal: false, columns: 80, write, writeStyled: write };
  };
  const io: Io = { stdout: sink(out), stderr: sink(err), stdin: bytesOf(stdin ?? ''), watchInterrupts: () => () => interrupted };
  const exit = await runCli(
    args.map((arg) => arg.replaceAll('@', directory)),
    io,
  );
  const clean = (parts: readonly string[]): string => parts.join('').replaceAll(directory, '@');
  return { exit, stdout: clean(out), stderr: clean(err) };
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield await Promise.resolve(new TextEncoder().encode(text));
}

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'empty.json': '',
  'blank.json': ' \n',
  'cut.json': '{"symbols":["AAPL"],',
  'text.json': 'hello',
  'nan.json': '{"symbols":["AAPL"],"steps":[{"AAPL":NaN}]}',
  'negative.json': '{"symbols":["AAPL"],\n "steps":[{"AAPL":1},\n  {"AAPL":-1}]}',
  'zero.json': '{"symbols":["AAPL"],"steps":[{"AAPL":0}]}',
  'nine.json': '{"symbols":["AAPL"],"steps":[{"AAPL":1.123456789}]}',
  'huge.json': '{"symbols":["AAPL"],"steps":[{"AAPL":1e400}]}',
  'twice.json': '{"symbols":["AAPL","aapl "],"steps":[{"AAPL":1}]}',
  'proto.json': '{"symbols":["AAPL"],"steps":[{"AAPL":1,"__proto__":{}}]}',
  'deep.json': '['.repeat(10_000) + ']'.repeat(10_000),
  'latin.json': new Uint8Array([0xff, 0xfe]),
  'empty.jsonl': '',
  'headless.jsonl': '{"prices":{"AAPL":"1"}}\n',
  'stepless.jsonl': '{"symbols":["AAPL","MSFT"]}\n',
  'negative.jsonl': '{"symbols":["AAPL","MSFT"]}\n{"prices":{"AAPL":1,"MSFT":1}}\n{"prices":{"AAPL":1,"MSFT":-1}}\n',
  'long.jsonl': `{"symbols":["AAPL","MSFT"]}\n${'x'.repeat(17_000_000)}`,
  'endless.jsonl': 'x'.repeat(17_000_000),
  'empty.csv': '',
  'word.csv': 'time,AAPL,MSFT\n2020-01-01,1,2\n2020-01-02,1,two\n',
  'quote.csv': 'time,AAPL,MSFT\n2020-01-01,"1,2\n',
  'nothing.json': '{}',
  'mistakes.json': JSON.stringify({
    metadata: { name: 'x', version: '1', description: '' },
    universe: { symbols: ['AAPL'] },
    sizing: { order_qty: 0, max_position_qty_per_symbol: 1 },
    rules: [{ type: 'sma_crossover', symbol: 'MSFT', short_window: 5, long_window: 3 }],
  }),
  'policy.json': '{"policy_id":"p","costs":{"fee_bps":-1}}',
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-cli-'));
  for (const [name, content] of Object.entries(FILES)) await writeFile(join(directory, name), content);
  await mkdir(join(directory, 'void'));
  const made = await ewm(['run', '--market', MARKET, '--strategy', STRATEGY, '--out', '@/run']);
  expect(made.exit).toBe(EXIT.ok);
});
afterAll(() => rm(directory, { recursive: true }));

describe('usage', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['an unknown command', ['runn'], /^ewm: unknown command 'runn'\n\(Did you mean run\?\)\n\(ewm --help tells/],
    ['an unknown inner command', ['replay', 'tap'], /^ewm: unknown command 'tap'\n\(Did you mean tape\?\)\n\(ewm replay --help tells/],
    [
      'a misspelt option, before what is missing',
      ['run', '--markt', 'x'],
      /^ewm: unknown option '--markt'\n\(Did you mean --market\?\)\n\(ewm run --help/,
    ],
    ['everything that is missing', ['run'], /^ewm: ewm run needs --market <file>, --strategy <file>, --out <directory>\n/],
    [
      'a missing option of an inner command',
      ['replay', 'tape'],
      /^ewm: ewm replay tape needs a run directory, or --tape <file>\n\(ewm replay tape --help/,
    ],
    ['a missing argument', ['verify'], /^ewm: missing required argument 'directory'\n\(ewm verify --help/],
    ['an argument too many', ['verify', 'a', 'b'], /^ewm: too many arguments for 'verify'/],
    ['a group alone', ['market'], /^Usage: ewm market <command>/],
    ['an illegal choice', ['replay', 'tape', '--tape', 'x', '--format', 'xml'], /Allowed choices are table, json, csv\./],
    ['no path', ['run', '--market', ''], /expected a path/],
    ['a count of 0', ['run', '--steps', '0'], /option '--steps <n>' argument '0' is invalid\. expected an integer of 1 or more/],
    ['half a step', ['run', '--max-steps', '1.5'], /expected an integer of 1 or more/],
    ['more steps than there are numbers', ['run', '--steps', '9007199254740993'], /expected an integer of 1 or more/],
    ['jobs', ['verify', 'x', '--jobs', '65'], /expected an integer from 1 to 64/],
    ['no cash', ['run', '--cash', '-1'], /expected an amount of 0 or more/],
    ['cash that is no decimal', ['run', '--cash', '1e'], /expected an amount of 0 or more such as 99\.86/],
    ['nine decimals of cash', ['run', '--cash', '1.123456789'], /at most 8 decimals/],
    ['help of what is not there', ['help', 'replay', 'x'], /^ewm: ewm replay has no command 'x'; its commands are tape, executions\n/],
    [
      'stdin for two things',
      ['run', '--market', '-', '--strategy', '-', '--out', '@/o'],
      /^ewm: stdin can be read only once: --market and --strategy/,
    ],
    ['stdin for two things', ['strategy', 'check', '-', '--market', '-'], /^ewm: stdin can be read only once/],
  ])('%s', async (_, args, message) => {
    const output = await ewm(args);
    expect(output).toEqual({ exit: EXIT.badInput, stdout: '', stderr: expect.stringMatching(message) as unknown });
    expect(output.stderr).not.toMatch(/\n {4}at |undefined|null|NaN|\[object/);
  });

  it.each([
    [['runn', '--json'], /unknown command/],
    [['run', '--json'], /needs --market/],
    [['replay', 'tape', '--json', '--format', 'xml'], /Allowed choices/],
    [['market', '--json'], /unknown option/],
    [['verify', '--json', '@/void'], /holds no run/],
    [['market', 'generate', '--symbols', 'A', '--steps', '3', '--seed', '1', '--out', 'x.txt', '--json'], /must end in \.jsonl/],
  ])('a mistake as JSON: %j', async (args, message) => {
    const output = await ewm(args);
    expect(output.exit).toBe(EXIT.badInput);
    expect(JSON.parse(output.stdout)).toMatchObject({
      ok: false,
      error: { code: expect.any(String) as unknown, message: expect.stringMatching(message) as unknown },
    });
    expect(output.stderr).toMatch(message);
  });

  it('a word behind -- is no option', async () => {
    expect(await ewm(['verify', '--', '--json'])).toMatchObject({
      exit: EXIT.badInput,
      stdout: '',
      stderr: expect.stringMatching(/^ewm: --json: no such directory/) as unknown,
    });
  });

  it('prints the version', async () => {
    expect(await ewm(['--version'])).toEqual({ exit: EXIT.ok, stdout: `${EWM_VERSION}\n`, stderr: '' });
  });

  it.each([[[]], [['--help']], [['help']]])('prints help for %j', async (args) => {
    const output = await ewm(args);
    expect(output).toMatchObject({ exit: EXIT.ok, stderr: '' });
    for (const word of ['run', 'verify', 'replay', 'strategy', 'market']) expect(output.stdout).toContain(`\n  ${word} `);
    for (const [code, meaning] of EXIT_TABLE) expect(output.stdout).toContain(`${String(code).padStart(5)}  ${meaning}`);
  });

  it.each([
    [['run']],
    [['verify']],
    [['replay', 'tape']],
    [['replay', 'executions']],
    [['strategy', 'check']],
    [['market', 'import']],
    [['market', 'generate']],
  ])('help of %j has an example that parses', async (command) => {
    const output = await ewm([...command, '--help']);
    expect(output).toMatchObject({ exit: EXIT.ok, stderr: '' });
    expect(await ewm(['help', ...command])).toEqual(output);
    const example = /Example:\n {2}ewm (.*)/.exec(output.stdout)?.[1] ?? '';
    expect(example).toMatch(new RegExp(`^${command.join(' ')} `));
    expect(output.stdout).not.toMatch(/default: (false|null|undefined)/);
    expect(Math.max(...output.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('run', () => {
  it('says what a person wants to know', async () => {
    const output = await ewm(['run', '--market', MARKET, '--strategy', STRATEGY, '--out', '@/told']);
    expect(output.stderr).toBe('');
    expect(output.stdout).toMatch(
      /^run [0-9a-f]{32}: 5 steps, finished\n {2}decisions {2}4 approved, 0 rejected, 1 hold; 6 fills\n {2}equity {5}1000 -> 1031\.74 \(\+3\.17 %\)\n/,
    );
    expect(output.stdout).toContain('ewm verify @/told');
  });

  it('says it as JSON, the same as run.json', async () => {
    const output = await ewm(['run', '--market', MARKET, '--strategy', STRATEGY, '--out', '@/json', '--json']);
    expect(output.stdout).toBe(await readFile(join(directory, 'json/run.json'), 'utf8'));
  });

  it('stops at its budget, sealed and provable', async () => {
    const args = ['run', '--market', MARKET, '--strategy', STRATEGY, '--max-steps', '3'];
    const output = await ewm([...args, '--out', '@/stopped']);
    expect(output.exit).toBe(EXIT.refused);
    expect(output.stdout).toContain('3 steps, stopped by max_steps');
    expect(output.stderr).toBe(
      'ewm: stopped by max_steps: max_steps is 3: 3 spent, 1 more asked for; with a higher --max-steps it is a new run: another --out, or --force\n',
    );
    expect((await ewm(['verify', '@/stopped'])).exit).toBe(EXIT.ok);
    const json = await ewm([...args, '--out', '@/stopped-json', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, error: { code: 'budget_exceeded', limiter: 'max_steps', requested: 1 } });
  });

  it('does not overwrite a run unless told to', async () => {
    const before = await readFile(join(directory, 'run/run.json'), 'utf8');
    const args = ['run', '--market', MARKET, '--strategy', STRATEGY, '--steps', '2', '--out', '@/run'];
    expect(await ewm(args)).toEqual({
      exit: EXIT.cannotWrite,
      stdout: '',
      stderr:
        'ewm: @/run: holds a finished run; a run is not continued: write the new one elsewhere with --out, or --force replaces it; ' +
        'what is to go on later is a session\n',
    });
    expect(await readFile(join(directory, 'run/run.json'), 'utf8')).toBe(before);
    expect((await ewm([...args, '--force'])).exit).toBe(EXIT.ok);
    expect((await ewm(['run', '--market', MARKET, '--strategy', STRATEGY, '--out', '@/run', '--force'])).exit).toBe(EXIT.ok);
    expect(await readFile(join(directory, 'run/run.json'), 'utf8')).toBe(before);
  });

  it('does not take the files of somebody else for a run, nor write over them', async () => {
    await mkdir(join(directory, 'own'));
    await writeFile(join(directory, 'own/strategy.json'), await readFile(STRATEGY));
    const output = await ewm(['run', '--market', MARKET, '--strategy', '@/own/strategy.json', '--out', '@/own', '--force']);
    expect(output).toEqual({
      exit: EXIT.cannotWrite,
      stdout: '',
      stderr: 'ewm: @/own: cannot be written: holds a strategy.json that belongs to no run; choose another directory\n',
    });
    expect(await readdir(join(directory, 'own'))).toEqual(['strategy.json']);
    expect(await ewm(['verify', '@/own'])).toMatchObject({
      exit: EXIT.badInput,
      stderr: expect.stringContaining('holds no run') as unknown,
    });
  });

  it('leaves an interrupted run recognisable', async () => {
    const args = ['run', '--market', MARKET, '--strategy', STRATEGY, '--out', '@/stop'];
    const output = await ewm(args, { interrupted: true });
    expect(output).toEqual({ exit: EXIT.interrupted, stdout: '', stderr: 'ewm: interrupted before the first step\n' });
    expect(await ewm(['verify', '@/stop'])).toMatchObject({
      exit: EXIT.notProven,
      stdout: expect.stringContaining('unfinished run') as unknown,
    });
    expect(await ewm(['replay', 'tape', '--tape', '@/stop/tape.jsonl'])).toMatchObject({
      exit: EXIT.notProven,
      stderr: expect.stringContaining('UNFINISHED') as unknown,
    });
    expect(await ewm(args)).toMatchObject({ exit: EXIT.cannotWrite, stderr: expect.stringContaining('--force replaces it') as unknown });
    expect((await ewm([...args, '--force'])).exit).toBe(EXIT.ok);
    expect((await ewm(['verify', '@/stop'])).exit).toBe(EXIT.ok);
  });

  it.each<[string, string, RegExp]>([
    ['a market that is empty', 'empty.json', /: is empty; expected a JSON document/],
    ['only white space', 'blank.json', /: holds only white space/],
    ['a market that is cut off', 'cut.json', /:1:\d+: not JSON: the text ends too early/],
    ['no JSON', 'text.json', /:1:1: not JSON: "hello"/],
    ['NaN', 'nan.json', /:1:38: not JSON: "NaN"/],
    ['a negative price', 'negative.json', /:3:11: \/steps\/1\/AAPL: -1: a price must be more than 0/],
    ['a price of 0', 'zero.json', /:1:38: \/steps\/0\/AAPL: 0: a price must be more than 0/],
    ['nine decimals', 'nine.json', /:1:38: \/steps\/0\/AAPL: 1\.123456789: more than 8 fractional digits/],
    ['1e400', 'huge.json', /:1:38: \/steps\/0\/AAPL: 1e400: beyond what a JSON number holds; write it as a string/],
    ['a symbol twice', 'twice.json', /:1:20: \/symbols\/1: .*duplicate/],
    ['__proto__', 'proto.json', /:1:52: \/steps\/0\/__proto__: .*unknown field/],
    ['10,000 levels', 'deep.json', /:1:101: nested deeper than 100 levels/],
    ['bytes that are no text', 'latin.json', /:1:1: bytes that are not UTF-8/],
    ['an empty .jsonl', 'empty.jsonl', /: is empty; expected a header line/],
    ['no header', 'headless.jsonl', /:1:\d+: .*symbols/],
    ['a negative price in a line', 'negative.jsonl', /:3:\d+: \/prices\/MSFT: -1: a price must be more than 0/],
    ['no step', 'stepless.jsonl', /:1: expected at least one step/],
    ['a line without end', 'long.jsonl', /:2: a line longer than 1048576 bytes/],
    ['an empty .csv', 'empty.csv', /: is empty; expected a CSV header line/],
    ['a price in words', 'word.csv', /:3:\d+: .*"two"/],
    ['a quote without end', 'quote.csv', /:2: a quoted cell that does not end/],
    ['a directory', 'void', /: cannot be read: is a directory/],
    ['nothing', 'absent.csv', /: no such file or directory/],
  ])('refuses %s', async (_, name, message) => {
    const output = await ewm(['run', '--market', `@/${name}`, '--strategy', STRATEGY, '--out', '@/bad/run', '--json']);
    expect(output.exit).toBe(EXIT.badInput);
    expect(output.stderr).toMatch(new RegExp(`^ewm: @/${name}${message.source}`));
    expect(JSON.parse(output.stdout)).toMatchObject({ ok: false, error: { code: expect.any(String) as unknown } });
    // Nothing is left, and no directory either.
    expect(await readdir(directory)).not.toContain('bad');
  });

  it.each<[string, readonly string[], ExitCode, RegExp]>([
    ['a strategy that is not there', ['--strategy', '@/absent.json'], EXIT.badInput, /^ewm: @\/absent\.json: no such file or directory\n$/],
    ['a strategy with nothing in it', ['--strategy', '@/nothing.json'], EXIT.badInput, /nothing\.json:1:1: \/metadata: missing/],
    ['an illegal policy', ['--policy', '@/policy.json'], EXIT.badInput, /policy\.json:1:\d+: \/costs\/fee_bps: -1/],
    ['steps the market does not have', ['--steps', '6'], EXIT.badInput, /^ewm: --steps: 6 asked for, the market has 5\n$/],
    ['a file as the directory', ['--out', '@/empty.json'], EXIT.cannotWrite, /empty\.json: cannot be written: is not a directory\n$/],
    ['a file in the path', ['--out', '@/empty.json/a/b'], EXIT.cannotWrite, /a part of the path is not a directory\n$/],
    [
      'a place where nothing can be made',
      ['--out', '/proc/ewm'],
      EXIT.cannotWrite,
      /^ewm: \/proc\/ewm: cannot be written: no directory can be made here\n$/,
    ],
  ])('refuses %s', async (_, args, exit, message) => {
    const output = await ewm(['run', '--market', MARKET, '--strategy', STRATEGY, '--out', '@/bad', ...args]);
    expect(output).toEqual({ exit, stdout: '', stderr: expect.stringMatching(message) as unknown });
    expect(await readdir(directory)).not.toContain('bad');
  });
});

describe('verify', () => {
  it('proves', async () => {
    const output = await ewm(['verify', '@/run']);
    expect(output).toMatchObject({ exit: EXIT.ok, stderr: '' });
    expect(output.stdout).toMatch(/^proven: @\/run\n {2}run {8}[0-9a-f]{32}\n {2}replayed {3}5 steps and 6 fills;/);
    expect(JSON.parse((await ewm(['verify', '@/run', '--json'])).stdout)).toMatchObject({
      ok: true,
      verdict: 'proven',
      run: { steps: 5, fills: 6 },
    });
    expect((await ewm(['verify', '@/run', '--chain-only'])).stdout).toMatch(
      /^chain whole: @\/run\n {2}hash chain whole: 7 tape rows and 6 fills\n/,
    );
    const json = JSON.parse((await ewm(['verify', '@/run', '--chain-only', '--json'])).stdout) as unknown;
    expect(json).toMatchObject({
      ok: true,
      verdict: 'chain_whole',
      chain: { tape: { rows: 7, sealed: true, broken: null }, executions: { rows: 6, broken: null } },
    });
  });

  it('names the first difference, and lets nothing in it reach the terminal', async () => {
    await copyRun('tampered', (tape) => tape.replace('99.51', '99.52'));
    const output = await ewm(['verify', '@/tampered']);
    expect(output.exit).toBe(EXIT.notProven);
    expect(output.stdout).toMatch(
      /first divergence {2}tape\.jsonl, row 3 \(line 4\) at \/.*\n {2}expected {10}"99\.51"\n {2}actual {12}"99\.52"\n/,
    );
    expect(JSON.parse((await ewm(['verify', '@/tampered', '--json'])).stdout)).toMatchObject({
      ok: false,
      verdict: 'not_proven',
      divergence: { file: 'tape.jsonl', row: 3, expected: '"99.51"', actual: '"99.52"' },
      chain: { tape: { broken: { row: 3 } } },
    });
    expect(await ewm(['verify', '@/tampered', '--chain-only'])).toMatchObject({
      exit: EXIT.notProven,
      stdout: expect.stringContaining('breaks at row 3') as unknown,
    });

    await copyRun('escape', (tape) => tape.replace('the action passed', '\u009b31m\u001b[31m\u202e'));
    const escape = await ewm(['verify', '@/escape']);
    expect(escape.exit).toBe(EXIT.notProven);
    expect(escape.stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });

  it.each<[string, string, RegExp]>([
    ['nothing there', '@/absent', /^ewm: @\/absent: no such directory; expected a directory that `ewm run --out` wrote\n$/],
    ['no run in it', '@/void', /^ewm: @\/void: holds no run; expected/],
    ['a file', '@/empty.json', /^ewm: @\/empty\.json: cannot be read: is not a directory\n$/],
  ])('tells what cannot be read: %s', async (_, path, message) => {
    expect(await ewm(['verify', path])).toEqual({ exit: EXIT.badInput, stdout: '', stderr: expect.stringMatching(message) as unknown });
  });

  it('tells what is missing of a finished run', async () => {
    await copyRun('holed', (tape) => tape);
    await rm(join(directory, 'holed/tape.jsonl'));
    expect(await ewm(['verify', '@/holed'])).toEqual({
      exit: EXIT.badInput,
      stdout: '',
      stderr: 'ewm: @/holed/tape.jsonl: no such file or directory\n',
    });
  });

  it('says that it was interrupted', async () => {
    expect(await ewm(['verify', '@/run'], { interrupted: true })).toEqual({
      exit: EXIT.interrupted,
      stdout: '',
      stderr: 'ewm: interrupted after 0 steps; nothing is proven\n',
    });
  });
});

describe('replay', () => {
  const tape = ['replay', 'tape', '--tape'];

  it('shows the steps as a table, as CSV and as JSON', async () => {
    const table = await ewm([...tape, '@/run/tape.jsonl']);
    expect(table).toMatchObject({
      exit: EXIT.ok,
      stderr: expect.stringMatching(/^ewm: chain whole, sealed, 7 rows, head [0-9a-f]{64}\n$/) as unknown,
    });
    const lines = table.stdout.split('\n');
    expect(lines[0]).toMatch(/^step {2}prices +signals +actions +decision {2}why +exposure$/);
    expect(lines[2]).toMatch(/^1 +AAPL=99\.74 MSFT=194\.19 +AAPL=BUY MSFT=BUY +BUY 1 AAPL, BUY 1 MSFT +APPROVED .* 393\.67$/);
    const csv = await ewm([...tape, '@/run/tape.jsonl', '--format', 'csv']);
    expect(csv.stdout.split('\n')[2]).toBe(
      '1,AAPL=99.74 MSFT=194.19,AAPL=BUY MSFT=BUY,"BUY 1 AAPL, BUY 1 MSFT",APPROVED,all 2 actions passed verification,393.67',
    );
    const json = await ewm([...tape, '@/run/tape.jsonl', '--json']);
    expect(json).toEqual(await ewm([...tape, '@/run/tape.jsonl', '--format', 'json']));
    const rows = (await readFile(join(directory, 'run/tape.jsonl'), 'utf8')).trim().split('\n').slice(1, -1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      rows: rows.map((row) => JSON.parse(row) as unknown),
      ok: true,
      shown: 5,
      unfinished: false,
      sealed: true,
      chain: { rows: 7, broken: null },
    });
  });

  it('takes a run directory, whose tape it is unless the fills are asked for', async () => {
    const steps = await ewm([...tape, '@/run/tape.jsonl']);
    for (const args of [
      ['replay', '@/run'],
      ['replay', 'tape', '@/run'],
      ['replay', 'tape', '--tape', '@/run'],
    ])
      expect(await ewm(args)).toEqual(steps);
    const fills = await ewm(['replay', 'executions', '--executions', '@/run/executions.jsonl', '--json']);
    expect(await ewm(['replay', 'executions', '@/run', '--json'])).toEqual(fills);
    expect((await ewm(['replay', '@/run', '--max-steps', '1'])).stdout.split('\n')).toHaveLength(3);
  });

  it('and show tell when things were, where the market tells it', async () => {
    const golden = join(__dirname, '../golden/sma-demo');
    const lines = (await ewm(['replay', golden])).stdout.split('\n');
    expect(lines[0]).toMatch(/^step {2}time +prices/);
    expect(lines[1]).toMatch(/^0 +2000-01-01 /);
    const shown = (await ewm(['show', golden])).stdout;
    expect(shown).toMatch(/\n {2}period +2000-01-01 to 2010-03-01\n/);
    expect(shown).toMatch(/\n {2}drawdown .*, from step [0-9]+, [0-9]{4}-[0-9]{2}-01 to step [0-9]+, [0-9]{4}-[0-9]{2}-01\n/);
    const json = JSON.parse((await ewm(['show', golden, '--json'])).stdout) as Record<string, Record<string, unknown>>;
    const times = JSON.parse((await ewm(['replay', golden, '--json'])).stdout) as { rows: { step_index: number; time: string }[] };
    const at = (step: unknown): string | undefined => times.rows.find((row) => row.step_index === step)?.time;
    const { max_drawdown: fallen, max_exposure: most } = json;
    expect([json['first_time'], json['last_time']]).toEqual([times.rows[0]?.time, times.rows.at(-1)?.time]);
    expect([fallen?.['peak_time'], fallen?.['trough_time'], most?.['time']]).toEqual([
      at(fallen?.['peak_step']),
      at(fallen?.['trough_step']),
      at(most?.['step']),
    ]);
  });

  it('shows the fills', async () => {
    const output = await ewm(['replay', 'executions', '--executions', '@/run/executions.jsonl', '--format', 'csv']);
    expect(output.stdout.split('\n').slice(0, 2)).toEqual([
      'step,symbol,side,qty,price,cash_before,cash_after,exposure_before,exposure_after,positions,why',
      '0,AAPL,BUY,1,99.86,1000,900.14,0,99.86,0 -> 1,threshold_price: price at or below 100',
    ]);
    expect(output.stderr).toMatch(/^ewm: chain whole, 6 rows, head/);
  });

  it.each([
    ['table', 1],
    ['csv', 1],
    ['json', 0],
  ])('shows only as many rows as asked for, and checks the rest: %s', async (format, headers) => {
    const output = await ewm([...tape, '@/run/tape.jsonl', '--max-steps', '2', '--format', format]);
    expect(output.stderr).toMatch(/^ewm: chain whole, sealed, 7 rows \(3 not shown\)/);
    if (format === 'json') expect(JSON.parse(output.stdout)).toMatchObject({ shown: 2, chain: { rows: 7 } });
    else expect(output.stdout.trim().split('\n')).toHaveLength(2 + headers);
    const fills = await ewm(['replay', 'executions', '--executions', '@/run/executions.jsonl', '--max-rows', '1', '--format', format]);
    expect(fills.stderr).toMatch(/^ewm: chain whole, 6 rows \(5 not shown\)/);
  });

  it('reads stdin, and says plainly when the seal is missing or the chain broken', async () => {
    const whole = await readFile(join(directory, 'run/tape.jsonl'), 'utf8');
    expect(await ewm([...tape, '-'], { stdin: whole })).toEqual(await ewm([...tape, '@/run/tape.jsonl']));
    const unsealed = whole.split('\n').slice(0, 4).join('\n') + '\n';
    expect(await ewm([...tape, '-'], { stdin: unsealed })).toMatchObject({
      exit: EXIT.notProven,
      stderr: 'ewm: the tape is UNSEALED: the run did not finish, or its end was cut off.\n',
    });
    const broken = await ewm([...tape, '-', '--json'], { stdin: whole.replace('99.51', '99.52') });
    expect(broken).toMatchObject({
      exit: EXIT.notProven,
      stderr: expect.stringMatching(/^ewm: the hash chain is BROKEN at row 3 \(line 4\): /) as unknown,
    });
    expect(JSON.parse(broken.stdout)).toMatchObject({ ok: false, sealed: true, chain: { broken: { row: 3 } } });
    expect(JSON.parse((await ewm([...tape, '-', '--json'], { stdin: '' })).stdout)).toMatchObject({ rows: [], ok: false, sealed: false });
  });

  it.each<[string, readonly string[], ExitCode, RegExp]>([
    ['a directory without a run', [...tape, '@/void'], EXIT.badInput, /^ewm: @\/void\/tape\.jsonl: no such file or directory/],
    ['both at once', ['replay', 'tape', '@/run', '--tape', '@/run/tape.jsonl'], EXIT.badInput, /and not both/],
    ['nothing', [...tape, '@/absent'], EXIT.badInput, /^ewm: @\/absent: no such file or directory\n$/],
    [
      'a ledger for a tape',
      [...tape, '@/run/executions.jsonl'],
      EXIT.notProven,
      /this is a ledger: ewm replay executions --executions shows it\.\n$/,
    ],
    [
      'a tape for a ledger',
      ['replay', 'executions', '--executions', '@/run/tape.jsonl'],
      EXIT.notProven,
      /this is a tape: ewm replay tape --tape shows it\.\n$/,
    ],
    ['no rows at all', [...tape, MARKET], EXIT.notProven, /BROKEN at row 0 \(line 1\): not a JSON object/],
    ['a line without end', [...tape, '@/endless.jsonl'], EXIT.notProven, /BROKEN at row 0 \(line 1\): a line longer than 16777216 bytes/],
  ])('tells of %s', async (_, args, exit, message) => {
    expect(await ewm(args)).toMatchObject({ exit, stderr: expect.stringMatching(message) as unknown });
  });
});

describe('completion', () => {
  /** What bash offers behind these words, in an empty folder. */
  async function offered(...words: readonly string[]): Promise<readonly string[]> {
    const script = (await ewm(['completion', 'bash'])).stdout;
    const line = words.map((word) => `'${word}'`).join(' ');
    const query = `${script}\nCOMP_WORDS=(ewm ${line}); COMP_CWORD=${String(words.length)}; _ewm; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const output = spawnSync('bash', ['-c', query], { encoding: 'utf8', cwd: mkdtempSync(join(tmpdir(), 'ewm-completion-')) });
    expect(output.stderr).toBe('');
    return output.stdout.split('\n').filter((word) => word !== '');
  }

  it('offers commands, options, and choices', async () => {
    expect(await offered('ver')).toEqual(['verify']);
    expect(await offered('market', '')).toEqual(['import', 'generate']);
    expect(await offered('verify', '--ch')).toEqual(['--chain-only']);
    expect(await offered('replay', 'tape', 'runs/first', '--format', '')).toEqual(['table', 'json', 'csv']);
    expect(await offered('run', '--ma')).toContain('--market');
    expect(await offered('verify', 'here', '--js')).toEqual(['--json']);
  });

  it('is there for other shells, and no command is missing', async () => {
    const [zsh, fish] = [(await ewm(['completion', 'zsh'])).stdout, (await ewm(['completion', 'fish'])).stdout];
    expect(zsh).toMatch(/^autoload -Uz bashcompinit && bashcompinit\n_ewm\(\) \{/);
    expect(fish).toContain(
      "complete -c ewm -n '__fish_seen_subcommand_from replay; and __fish_seen_subcommand_from tape' -l format -r -x -a 'table json csv'",
    );
    const { help } = JSON.parse((await ewm(['help', '--json'])).stdout) as { readonly help: string };
    for (const [, name] of help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)) {
      expect(fish).toContain(`-a ${String(name)} -d `);
      expect(zsh).toContain(`' ${String(name)}'`);
    }
  });
});

describe('--json', () => {
  it('may stand before the command, and help has it', async () => {
    const behind = await ewm(['strategy', 'check', STRATEGY, '--json']);
    expect(await ewm(['--json', 'strategy', 'check', STRATEGY])).toEqual(behind);
    expect(await ewm(['--json', 'strategy', 'check', '--json', '--', STRATEGY])).toEqual(behind);
    const help = (await ewm(['verify', '--help'])).stdout;
    for (const query of [
      ['help', 'verify', '--json'],
      ['--json', 'help', 'verify'],
    ])
      expect(JSON.parse((await ewm(query)).stdout)).toEqual({ ok: true, command: 'ewm verify', help });
    expect((await ewm(['help', 'verify'])).stdout).toBe(help);
  });
});

describe('strategy check', () => {
  it('accepts', async () => {
    expect(await ewm(['strategy', 'check', STRATEGY, '--market', MARKET])).toMatchObject({
      exit: EXIT.ok,
      stdout: `${STRATEGY}: threshold_demo 1.0.0 is legal: 2 rules on AAPL, MSFT, against ${MARKET}\n`,
    });
    const stdin = await readFile(STRATEGY, 'utf8');
    expect(JSON.parse((await ewm(['strategy', 'check', '-', '--json'], { stdin })).stdout)).toEqual({
      ok: true,
      name: 'threshold_demo',
      version: '1.0.0',
      symbols: ['AAPL', 'MSFT'],
      rules: 2,
      notes: [],
    });
  });

  it('reports every mistake at once, each with its place', async () => {
    const output = await ewm(['strategy', 'check', '@/mistakes.json', '--json']);
    expect(output.exit).toBe(EXIT.badInput);
    const { error } = JSON.parse(output.stdout) as { error: { problems: { pointer: string; line: number }[] } };
    expect(error.problems.map(({ pointer }) => pointer)).toEqual(['/sizing/order_qty', '/rules/0/long_window', '/rules/0/symbol']);
    expect(error.problems.every(({ line }) => line === 1)).toBe(true);
    expect(output.stderr.trim().split('\n')).toHaveLength(3);
  });

  it('checks against a market', async () => {
    await writeFile(join(directory, 'one.csv'), 'time,AAPL\n2020-01-01,1\n');
    expect(await ewm(['strategy', 'check', STRATEGY, '--market', '@/one.csv'])).toMatchObject({
      exit: EXIT.badInput,
      stderr: expect.stringMatching(/\/universe\/symbols\/1: "MSFT": not in the market, which prices AAPL\n$/) as unknown,
    });
    expect((await ewm(['strategy', 'check', STRATEGY, '--market', '@/absent.csv'])).stderr).toBe(
      'ewm: @/absent.csv: no such file or directory\n',
    );
  });

  it('does not flood the terminal', async () => {
    const rules = Array.from({ length: 50 }, () => ({ type: 'nonsense' }));
    await writeFile(join(directory, 'flood.json'), JSON.stringify({ ...(JSON.parse(await readFile(STRATEGY, 'utf8')) as object), rules }));
    const output = await ewm(['strategy', 'check', '@/flood.json']);
    expect(output.stderr.trim().split('\n')).toHaveLength(21);
    expect(output.stderr).toMatch(/\newm: and \d+ more mistakes; --json lists them all\n$/);
  });
});

describe('market', () => {
  const generate = ['market', 'generate', '--symbols', 'A,B', '--steps', '3', '--seed', '7'];

  it('generates to stdout, with its words on stderr, or into a file', async () => {
    const piped = await ewm(generate);
    expect(piped).toMatchObject({ exit: EXIT.ok, stderr: 'ewm: generated 3 steps of A, B from seed 7\n' });
    expect(await ewm([...generate, '--out', '@/made.jsonl'])).toEqual({
      exit: EXIT.ok,
      stdout: 'generated 3 steps of A, B from seed 7 into @/made.jsonl\n',
      stderr: '',
    });
    expect(await readFile(join(directory, 'made.jsonl'), 'utf8')).toBe(piped.stdout);
    expect(await ewm([...generate, '--out', '@/made.jsonl'])).toMatchObject({
      exit: EXIT.cannotWrite,
      stderr: 'ewm: @/made.jsonl: is there already; --force replaces it\n',
    });
    expect(JSON.parse((await ewm([...generate, '--out', '@/made.jsonl', '--force', '--json'])).stdout)).toEqual({
      ok: true,
      out: '@/made.jsonl',
      symbols: ['A', 'B'],
      steps: 3,
      seed: '7',
    });
    const json = await ewm([...generate, '--json']);
    expect(json.stdout).toBe(piped.stdout);
    expect(JSON.parse(json.stderr)).toMatchObject({ ok: true, out: '-' });
  });

  it.each<[string, readonly string[], ExitCode, RegExp]>([
    [
      'a symbol twice and an illegal price',
      ['--symbols', 'a,a', '--start-price', 'x'],
      EXIT.badInput,
      /^ewm: --symbols "a": a duplicate of item 0\newm: --start-price "x": expected whole cents/,
    ],
    [
      'an ending it cannot write',
      ['--out', '@/x.txt'],
      EXIT.badInput,
      /^ewm: --out @\/x\.txt: must end in \.jsonl, \.json or \.csv, or be -/,
    ],
    [
      'a directory that is not there',
      ['--out', '@/absent/x.jsonl'],
      EXIT.cannotWrite,
      /x\.jsonl: cannot be written: a part of the path does not exist\n$/,
    ],
    ['a directory', ['--out', '@/void.jsonl', '--force'], EXIT.cannotWrite, /^ewm: @\/void\.jsonl: cannot be written: is a directory\n$/],
  ])('refuses to generate: %s', async (_, args, exit, message) => {
    await mkdir(join(directory, 'void.jsonl'), { recursive: true });
    expect(await ewm([...generate, ...args])).toEqual({ exit, stdout: '', stderr: expect.stringMatching(message) as unknown });
  });

  it('leaves no half of a file behind when it is interrupted', async () => {
    const output = await ewm([...generate, '--out', '@/half.jsonl'], { interrupted: true });
    expect(output).toEqual({ exit: EXIT.interrupted, stdout: '', stderr: 'ewm: interrupted; no file was written\n' });
    expect((await readdir(directory)).filter((name) => name.startsWith('half'))).toEqual([]);
  });

  it('imports', async () => {
    const output = await ewm(['market', 'import', DECEMBER, '--missing', 'drop', '--out', '@/five.csv']);
    expect(output).toMatchObject({ exit: EXIT.ok });
    expect(output.stderr.split('\n')).toEqual([
      'ewm: read as utf-8, lines end in LF',
      'ewm: cells separated by ",", decimal mark ".", 1 header line',
      'ewm: long form: time from "date"; symbol from "symbol"; price from "price"',
      'ewm: rows were sorted by time',
      '',
    ]);
    expect(output.stdout).toBe(
      'imported 560 long rows as 68 steps of AAPL, AMZN, GOOG, IBM, MSFT (55 steps dropped for want of a price) into @/five.csv\n',
    );
    const stdin = await readFile(join(directory, 'five.csv'), 'utf8');
    expect((await ewm(['market', 'import', '-', '--out', '-', '--json'], { stdin })).stdout).toMatch(
      /^\{"symbols":\["AAPL","AMZN","GOOG","IBM","MSFT"\]\}\n/,
    );
  });

  it.each<[string, readonly string[], RegExp]>([
    ['a gap', [DECEMBER], /stocks\.csv:2:1: no price for GOOG at 2000-01-01 \(and 54 more gaps\); say --missing drop \(leave/],
    ['no symbol', [INDEX], /sp500-2007-2008\.csv:1:1: the rows name no symbol; say --symbol\n$/],
    ['no such column', [INDEX, '--symbol', 'SPX', '--column', 'clos'], /:1:1: no price column "clos"; the columns are date, open/],
    ['half a date', [INDEX, '--symbol', 'SPX', '--from', '2010'], /^ewm: --from "2010": expected a date such as 2004-08-19/m],
    ['nothing left', [INDEX, '--symbol', 'SPX', '--from', '2010-01-01'], /:1:1: no step is left of 504 rows\n$/],
    ['an illegal symbol', [DECEMBER, '--symbols', 'A!'], /^ewm: --symbols "A!": expected a symbol/],
    ['no file', ['@/absent.csv'], /^ewm: @\/absent\.csv: no such file or directory\n$/],
    ['a directory', ['@/void'], /^ewm: @\/void: cannot be read: is a directory\n$/],
    ['a file that is no CSV', [MARKET], /trading_path\.json: cannot be read: is JSON: import reads CSV/],
    [
      'an ending it cannot write',
      [DECEMBER, '--out', 'x.txt'],
      /^ewm: --out x\.txt: must end in \.jsonl, \.json or \.csv, or be - for stdout\n$/,
    ],
  ])('refuses to import: %s', async (_, args, message) => {
    expect(await ewm(['market', 'import', '--out', '@/none.csv', ...args])).toEqual({
      exit: EXIT.badInput,
      stdout: '',
      stderr: expect.stringMatching(message) as unknown,
    });
    expect(await readdir(directory)).not.toContain('none.csv');
  });
});

describe('what reaches a terminal', () => {
  it('is printable', () => {
    expect(printable('a\u001b[31m\r\n\u0085\u009b\u202eb')).toBe('a\\u001b[31m\\u000d\\u000a\\u0085\\u009b\\u202eb');
    expect(printable('é 日本 👍')).toBe('é 日本 👍');
  });

  it('is so even where a command forgets', async () => {
    const written: string[] = [];
    const stream = {
      isTTY: true,
      columns: 120,
      on: () => stream,
      write: (text: string, done: () => void) => {
        written.push(text);
        done();
      },
    };
    const sink = makeSink(stream as unknown as NodeJS.WriteStream, () => undefined);
    await sink.write('a\u001b]0;title\u0007\tb\r\u009bc\n');
    expect(sink).toMatchObject({ isTerminal: true, columns: 120 });
    expect(written).toEqual(['a\\u001b]0;title\\u0007\tb\\u000d\\u009bc\n']);
    // Colours of our own, where what was read is printable already.
    await sink.writeStyled('\u001b[32mgreen\u001b[0m');
    expect(written.at(-1)).toBe('\u001b[32mgreen\u001b[0m');
  });

  it('keeps its columns, and does not hold the rows back for ever', async () => {
    const written: string[] = [];
    const table = makeTable(['a', 'b'], { write: (text) => Promise.resolve(void written.push(text)) });
    await table.row(['long', 'x\ny']);
    expect(written).toEqual([]);
    await table.flush();
    await table.row(['1', '2']);
    expect(written).toEqual(['a     b\nlong  x\\u000ay\n', '1     2\n']);
  });
});

describe('words', () => {
  it('counts', () => {
    expect([counted(0, 'step'), counted(1, 'step'), counted(2, 'step')]).toEqual(['0 steps', '1 step', '2 steps']);
  });

  it('quotes for a shell', () => {
    expect(['runs/a-1', 'a b', "it's", '-x', '$HOME'].map(shellWord)).toEqual(['runs/a-1', `'a b'`, `'it'\\''s'`, `'-x'`, `'$HOME'`]);
  });
});

async function copyRun(name: string, change: (tape: string) => string): Promise<void> {
  const from = join(directory, 'run');
  const to = join(directory, name);
  await mkdir(to, { recursive: true });
  for (const file of await readdir(from)) {
    const content = await readFile(join(from, file), 'utf8');
    await writeFile(join(to, file), file === 'tape.jsonl' ? change(content) : content);
  }
}
