/** The built `ewm` as a child process with real files: streams, signals, full disks, several forms of one market, several processes at once. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { filesOf } from '../../src/domain/run/modes';

const LOCAL_FILES = filesOf('local');
const ROOT = join(__dirname, '../..');
const EXAMPLES = join(ROOT, 'examples');
const PRICES = join(EXAMPLES, 'markets/stocks-2000-2010.csv');
const CROSSOVER = join(EXAMPLES, 'strategies/sma_crossover.json');
const FIXTURE = join(EXAMPLES, 'fixtures/trading_path.json');
const THRESHOLD = join(EXAMPLES, 'strategies/threshold_demo.json');

/** Enough for four checkpoints a segment of two; and enough to be caught in the middle. Unit: steps. */
const LONG_STEPS = 60_000;
const ENDLESS_STEPS = 200_000;

let directory = '';
let program = '';
const at = (name: string): string => join(directory, name);

interface Output {
  readonly exit: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], stdio: 'pipe' | 'ignore' = 'pipe'): ChildProcess {
  return spawn(process.execPath, [program, ...args], { cwd: directory, stdio: [stdio, 'pipe', 'pipe'] });
}

async function finish(child: ChildProcess): Promise<Output> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { exit: code ?? signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

async function ewm(args: readonly string[], stdin?: string): Promise<Output> {
  const child = start(args, stdin === undefined ? 'ignore' : 'pipe');
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  return finish(child);
}

/** A line of shell in which `ewm` is the program under test. */
async function shell(line: string): Promise<Output> {
  const ewmFunction = `ewm() { "${process.execPath}" "${program}" "$@"; }`;
  return finish(spawn('bash', ['-c', `${ewmFunction}\n${line}`], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] }));
}

async function untilThere(path: string, bytes = 1): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (existsSync(path) && statSync(path).size >= bytes) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${path} did not come about`);
}

async function bytesOfRun(name: string): Promise<readonly string[]> {
  return Promise.all(LOCAL_FILES.map((file) => readFile(join(at(name), file), 'utf8')));
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-e2e-'));
  execFileSync(process.execPath, [join(ROOT, '.config/build.mjs'), at('dist')], { cwd: ROOT });
  program = at('dist/ewm.cjs');
  for (const [name, steps] of [
    ['long.jsonl', LONG_STEPS],
    ['endless.jsonl', ENDLESS_STEPS],
  ] as const) {
    const made = await ewm(['market', 'generate', '--symbols', 'AAPL,MSFT', '--steps', String(steps), '--seed', '7', '--out', name]);
    expect(made).toMatchObject({ exit: EXIT.ok, stderr: '' });
  }
  expect(await ewm(['run', '--market', 'long.jsonl', '--strategy', THRESHOLD, '--out', 'long'])).toMatchObject({
    exit: EXIT.ok,
    stderr: '',
  });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the program', () => {
  it('is a command: executable, with the Node of the path', async () => {
    expect((await stat(program)).mode & 0o111).toBe(0o111);
    expect(execFileSync(program, ['--version'], { env: { PATH: join(ROOT, 'node_modules/.bin') } }).toString()).toMatch(
      /^\d+\.\d+\.\d+\n$/,
    );
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { bin: Record<string, string> };
    expect(manifest.bin).toEqual({ ewm: 'dist/ewm.cjs' });
  });

  it('keeps data on stdout and words on stderr', async () => {
    await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'short']);
    const replay = 'ewm replay tape --tape short/tape.jsonl --max-steps 1 --format csv';
    const output = await shell(`${replay} 2>/dev/null | wc -l; ${replay} 2>&1 >/dev/null`);
    expect(output.stdout).toMatch(/^2\newm: chain whole, sealed, 7 rows \(4 not shown\), head [0-9a-f]{64}\n$/);
  });

  it('ends quietly when nobody reads on', async () => {
    const output = await shell('ewm market generate --symbols A --steps 1000000 --seed 1 | head -1; echo "${PIPESTATUS[0]}"');
    expect(output).toEqual({ exit: 0, stdout: `{"symbols":["A"]}\n${String(EXIT.readerGone)}\n`, stderr: '' });
    const replay = await shell('ewm replay tape --tape long/tape.jsonl --format csv | head -1; echo "${PIPESTATUS[0]}"');
    expect(replay).toEqual({
      exit: 0,
      stdout: `step,prices,signals,actions,decision,why,exposure\n${String(EXIT.readerGone)}\n`,
      stderr: '',
    });
  });

  it('says so when stdout takes nothing', async () => {
    expect(await shell('ewm market generate --symbols A --steps 3 --seed 1 >/dev/full')).toEqual({
      exit: EXIT.cannotWrite,
      stdout: '',
      stderr: 'ewm: stdout: cannot be written: ENOSPC: no space left on device, write\n',
    });
    // Nowhere to say it, but the exit code is that of the command.
    expect((await shell('ewm verify absent 2>/dev/full')).exit).toBe(EXIT.badInput);
  });

  it('shows progress on a terminal only, and lets no tape drive it', async () => {
    // That a pipe shows none is in every other test here: their stderr is empty.
    const run = `run --market endless.jsonl --strategy '${THRESHOLD}' --out shown`;
    const line = `'${process.execPath}' '${program}' ${run}`;
    const shown = await shell(`script -qec "${line}" /dev/null </dev/null`);
    expect(shown.stdout).toMatch(/run [=-]{24} \d+ % \| \d+ of 200000 steps \| \d+ steps\/s \| \d+ s left/);
    await rm(at('shown'), { recursive: true });

    const row = (why: string): string => `${JSON.stringify({ type: 'step', step_index: 0, why })}\n`;
    await writeFile(at('hostile.jsonl'), row('\u001b]0;title\u0007\u009b31m\r\u202e') + row('\u001b[2J'));
    for (const format of ['table', 'csv', 'json']) {
      const replay = `'${process.execPath}' '${program}' replay tape --tape hostile.jsonl --format ${format}`;
      const terminal = await shell(`script -qec "${replay}" /dev/null </dev/null`);
      expect(terminal.stdout).toContain('step');
      // The terminal itself puts a carriage return before every newline.
      expect(terminal.stdout.replaceAll('\r\n', '\n')).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    }
  });
});

describe('one market in several forms', () => {
  it('gives one run, byte for byte, from files and from stdin', async () => {
    for (const form of ['csv', 'jsonl', 'json']) {
      expect(await ewm(['market', 'import', PRICES, '--out', `prices.${form}`])).toMatchObject({ exit: EXIT.ok });
      expect(await ewm(['run', '--market', `prices.${form}`, '--strategy', CROSSOVER, '--out', `from-${form}`])).toMatchObject({
        exit: EXIT.ok,
        stderr: '',
      });
      const stdin = await readFile(at(`prices.${form}`), 'utf8');
      expect(await ewm(['run', '--market', '-', '--strategy', CROSSOVER, '--out', `piped-${form}`], stdin)).toMatchObject({
        exit: EXIT.ok,
        stderr: '',
      });
    }
    const bytes = await bytesOfRun('from-csv');
    for (const name of ['from-jsonl', 'from-json', 'piped-csv', 'piped-jsonl', 'piped-json']) expect(await bytesOfRun(name)).toEqual(bytes);
    const strategy = await readFile(CROSSOVER, 'utf8');
    await ewm(['run', '--market', PRICES, '--strategy', '-', '--out', 'piped-strategy'], strategy);
    expect(await bytesOfRun('piped-strategy')).toEqual(bytes);
    expect(await ewm(['verify', 'piped-strategy'])).toMatchObject({ exit: EXIT.ok });
  });

  it('has a row that jq and sha256sum alone can check', async () => {
    await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'fixture']);
    const [, row] = (await readFile(at('fixture/tape.jsonl'), 'utf8')).split('\n');
    const { hash } = JSON.parse(row ?? '') as { hash: string };
    const without = (row ?? '').replace(`"hash":"${hash}",`, '');
    await writeFile(at('row.json'), without);
    expect((await shell('sha256sum < row.json')).stdout).toBe(`${hash}  -\n`);
  });
});

describe('verify on several threads', () => {
  it('proves what one thread proves', async () => {
    const alone = await ewm(['verify', 'long', '--json']);
    expect(alone.exit).toBe(EXIT.ok);
    expect(await ewm(['verify', 'long', '--json', '--jobs', '2'])).toEqual(alone);
  });

  it('starts them: a thread that does not come about is made good by the first one, and seen by nobody', async () => {
    const worker = join(at('dist'), 'shared/verify-worker.cjs');
    const code = await readFile(worker, 'utf8');
    await writeFile(worker, `require('node:fs').appendFileSync(${JSON.stringify(at('started'))}, 'x');${code}`);
    expect((await ewm(['verify', 'long', '--jobs', '2'])).exit).toBe(EXIT.ok);
    await writeFile(worker, code);
    expect(await readFile(at('started'), 'utf8')).toBe('xx');
  });

  it.each([
    ['tape.jsonl', 0.9],
    ['market.jsonl', 0.7],
  ] as const)('finds the same difference in %s at %d of it', async (file, share) => {
    const copy = `tampered-${file}-${String(share)}`;
    await shell(`cp -r long '${copy}'`);
    const path = join(at(copy), file);
    const bytes = await readFile(path);
    // A digit, so that the row stays JSON.
    let offset = Math.floor(bytes.length * share);
    while (!/[1-8]/.test(String.fromCharCode(bytes[offset] ?? 0))) offset += 1;
    bytes[offset] = (bytes[offset] ?? 0) + 1;
    await writeFile(path, bytes);
    const [alone, together] = await Promise.all([ewm(['verify', copy, '--json']), ewm(['verify', copy, '--json', '--jobs', '2'])]);
    expect(JSON.parse(alone.stdout)).toMatchObject({ ok: false, verdict: 'not_proven', divergence: { file } });
    expect(alone.exit).toBe(EXIT.notProven);
    expect(together).toEqual(alone);
    await rm(at(copy), { recursive: true });
  });
});

describe('a run that is stopped', () => {
  const args = ['run', '--market', 'endless.jsonl', '--strategy', THRESHOLD, '--out'];

  it.each(['SIGINT', 'SIGTERM'] as const)('by %s keeps what it did, and every reader says that it is unfinished', async (signal) => {
    const child = start([...args, signal], 'ignore');
    await untilThere(at(`${signal}/tape.jsonl.partial`), 1_000_000);
    child.kill(signal);
    const output = await finish(child);
    expect(output).toMatchObject({ exit: EXIT.interrupted, stdout: '' });
    expect(output.stderr).toMatch(
      new RegExp(`^ewm: interrupted after \\d+ steps; the unfinished, unsealed tape is ${signal}/tape\\.jsonl\\.partial\\n$`),
    );
    expect(await ewm(['verify', signal])).toMatchObject({
      exit: EXIT.notProven,
      stdout: expect.stringContaining('holds an unfinished run') as unknown,
    });
    const replay = await ewm(['replay', 'tape', '--tape', `${signal}/tape.jsonl`, '--max-steps', '1']);
    expect(replay.exit).toBe(EXIT.notProven);
    expect(replay.stderr).toMatch(/^ewm: UNFINISHED: .*\newm: the tape is UNSEALED: [^\n]*\n$/);
    expect(await ewm([...args, signal])).toMatchObject({
      exit: EXIT.cannotWrite,
      stderr: expect.stringContaining('--force replaces it') as unknown,
    });
    await rm(at(signal), { recursive: true });
  });

  it('while it waits for its input does not wait for ever', async () => {
    const child = start(['run', '--market', '-', '--strategy', THRESHOLD, '--out', 'waiting']);
    await untilThere(at('waiting'), 0);
    child.kill('SIGINT');
    expect(await finish(child)).toMatchObject({ exit: EXIT.interrupted, stderr: 'ewm: interrupted\n' });
    expect((await ewm(['verify', 'waiting'])).exit).toBe(EXIT.badInput);
  });

  it('dead in the middle leaves the old run, the new one, or an unfinished one; never a mixture that looks finished', async () => {
    const small = ['run', '--market', 'long.jsonl', '--strategy', THRESHOLD, '--steps', '20000', '--out', 'killed', '--force'];
    await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'killed']);
    const started = performance.now();
    await ewm(small);
    const took = performance.now() - started;
    const verdicts = new Set<string>();
    for (const share of [0.4, 0.9, 1]) {
      await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'killed', '--force']);
      const child = start(small, 'ignore');
      const dead = finish(child);
      await new Promise((resolve) => setTimeout(resolve, took * share));
      child.kill('SIGKILL');
      await dead;
      // Its unfinished files lie beside the old run: named and refused unless they are allowed.
      const output = JSON.parse((await ewm(['verify', 'killed', '--allow-extra', '--json'])).stdout) as {
        verdict: string;
        run?: { steps: number };
      };
      verdicts.add(output.verdict === 'proven' ? `proven ${String(output.run?.steps)}` : output.verdict);
    }
    for (const verdict of verdicts) expect(['proven 5', 'proven 20000', 'unfinished']).toContain(verdict);
    expect(verdicts).toContain('proven 5');
  });

  it('dead between two renames is unfinished', async () => {
    await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'halfway']);
    await shell('mv halfway/run.json halfway/run.json.partial');
    expect(await ewm(['verify', 'halfway'])).toMatchObject({
      exit: EXIT.notProven,
      stdout: expect.stringContaining('unfinished') as unknown,
    });
    expect(await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'halfway'])).toMatchObject({ exit: EXIT.cannotWrite });
  });

  it('by another one with --force gives way, and spoils nothing', async () => {
    const slow = start([...args, 'shared'], 'ignore');
    const slowOutput = finish(slow);
    await untilThere(at('shared/tape.jsonl.partial'), 1_000_000);
    // Held in the middle, however fast this machine is.
    slow.kill('SIGSTOP');
    expect((await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'shared'])).exit).toBe(EXIT.cannotWrite);
    expect((await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'shared', '--force'])).exit).toBe(EXIT.ok);
    slow.kill('SIGCONT');
    expect(await slowOutput).toEqual({
      exit: EXIT.cannotWrite,
      stdout: '',
      stderr: 'ewm: shared: cannot be written: another run took this directory over\n',
    });
    expect((await ewm(['verify', 'shared'])).exit).toBe(EXIT.ok);
    expect((await readdir(at('shared'))).sort()).toEqual([...LOCAL_FILES].sort());
  });
});

describe('a disk that is full', () => {
  it.each([
    [
      'a run',
      `ewm run --market endless.jsonl --strategy '${THRESHOLD}' --out big/run`,
      /^ewm: big\/run\/\w+\.jsonl\.partial: cannot be written: the file would be larger than the system allows\n$/,
    ],
    [
      'a market',
      'ewm market generate --symbols A --steps 100000 --seed 1 --out big.jsonl',
      /^ewm: big\.jsonl: cannot be written: the file would be larger than the system allows\n$/,
    ],
  ])('%s past the size the system allows leaves nothing behind', async (_, line, message) => {
    // Unit: 1024 bytes.
    expect(await shell(`ulimit -f 512; ${line}`)).toEqual({
      exit: EXIT.cannotWrite,
      stdout: '',
      stderr: expect.stringMatching(message) as unknown,
    });
    expect((await readdir(directory)).filter((name) => name.startsWith('big'))).toEqual([]);
  });

  it('keeps the old run when the new one does not fit', async () => {
    await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'kept']);
    const before = await bytesOfRun('kept');
    expect((await shell(`ulimit -f 512; ewm run --market endless.jsonl --strategy '${THRESHOLD}' --out kept --force`)).exit).toBe(
      EXIT.cannotWrite,
    );
    expect(await bytesOfRun('kept')).toEqual(before);
    expect((await readdir(at('kept'))).sort()).toEqual([...LOCAL_FILES].sort());
  });

  it('says so, where a small disk can be mounted', async () => {
    await mkdir(at('disk'));
    // Only root may; elsewhere the limits above stand for it.
    const mounted = (await shell('mount -t tmpfs -o size=512k none disk')).exit === 0;
    const output = mounted
      ? await shell(`ewm run --market endless.jsonl --strategy '${THRESHOLD}' --out disk/run; code=$?; ls disk; umount disk; exit $code`)
      : undefined;
    expect(output ?? { exit: EXIT.cannotWrite, stdout: '', stderr: 'no space left on the device' }).toEqual({
      exit: EXIT.cannotWrite,
      stdout: '',
      stderr: expect.stringContaining('no space left on the device') as unknown,
    });
  });

  it('says so of a read-only one, where that can be mounted', async () => {
    await mkdir(at('frozen'));
    const mounted = (await shell('mount -t tmpfs -o ro none frozen')).exit === 0;
    const output = mounted
      ? await shell(`ewm run --market '${FIXTURE}' --strategy '${THRESHOLD}' --out frozen/run; code=$?; umount frozen; exit $code`)
      : undefined;
    expect(output ?? { exit: EXIT.cannotWrite, stderr: 'the file system is read-only' }).toMatchObject({
      exit: EXIT.cannotWrite,
      stderr: expect.stringContaining('the file system is read-only') as unknown,
    });
  });
});

describe('input without end', () => {
  it.each([
    ['json', /^ewm: wide\.json: larger than 32 MiB/],
    ['jsonl', /^ewm: wide\.jsonl:1: a line longer than 1048576 bytes\n$/],
    ['csv', /^ewm: wide\.csv:1: a line longer than 1048576 bytes\n$/],
    ['txt', /^ewm: wide\.txt:1: a line longer than 1048576 bytes\n$/],
  ])('refuses a line of 200 MB in a .%s', async (ending, message) => {
    const file = `wide.${ending}`;
    await writeFile(at(file), '');
    await truncate(at(file), 200_000_000);
    expect(await ewm(['run', '--market', file, '--strategy', THRESHOLD, '--out', 'wide'])).toEqual({
      exit: EXIT.badInput,
      stdout: '',
      stderr: expect.stringMatching(message) as unknown,
    });
    expect((await ewm(['replay', 'tape', '--tape', file])).stderr).toMatch(/BROKEN at row 0 \(line 1\): a line longer than 16777216 bytes/);
    expect((await ewm(['market', 'import', file, '--out', 'x.csv'])).exit).toBe(EXIT.badInput);
    expect((await ewm(['strategy', 'check', file])).stderr).toMatch(/larger than 32 MiB/);
  });

  it('imports more than memory is given for', async () => {
    // Newest first, so that all of it has to be sorted.
    const rows = Array.from(
      { length: 700_000 },
      (_, row) => `${String(1_700_000_000 - row)},1,2,0.5,${String(1 + (row % 9))},${'1'.repeat(24)}\n`,
    );
    await writeFile(at('tall.csv'), `time,open,high,low,close,volume\n${rows.join('')}`);
    const output = await shell(
      `"${process.execPath}" --max-old-space-size=64 "${program}" market import tall.csv --symbol A --out tall.jsonl`,
    );
    expect(output).toMatchObject({ exit: EXIT.ok, stdout: 'imported 700000 ohlcv rows as 700000 steps of A into tall.jsonl\n' });
    expect(await shell('sed -n 2p tall.jsonl; tail -1 tall.jsonl')).toMatchObject({
      stdout: '{"prices":{"A":"7"},"time":"2023-11-06T19:46:41Z"}\n{"prices":{"A":"1"},"time":"2023-11-14T22:13:20Z"}\n',
    });
  });

  it('stops reading stdin once it knows', async () => {
    const output = await shell(`yes | tr -d '\\n' | ewm run --market - --strategy '${THRESHOLD}' --out endless`);
    expect(output).toEqual({ exit: EXIT.badInput, stdout: '', stderr: 'ewm: <stdin>:1: a line longer than 1048576 bytes\n' });
  });
});

it('reads a file that may not be read as one that cannot be', async () => {
  await writeFile(at('secret.csv'), 'time,AAPL\n');
  await chmod(at('secret.csv'), 0);
  const output = await ewm(['run', '--market', 'secret.csv', '--strategy', THRESHOLD, '--out', 'secret']);
  // Root reads it all the same, and finds that MSFT is not in it.
  expect(output).toMatchObject({
    exit: EXIT.badInput,
    stderr: expect.stringMatching(/permission denied|"MSFT": not in the market/) as unknown,
  });
});

describe('inputs that are no regular files', () => {
  const LIMIT_MS = 10_000;
  /** A command that waits is ended by the test, and not by its own. */
  async function within(child: ChildProcess): Promise<Output> {
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    try {
      return await finish(child);
    } finally {
      clearTimeout(timer);
    }
  }

  beforeAll(async () => {
    execFileSync('mkfifo', [at('pipe'), at('pipe.csv')]);
    await ewm(['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--out', 'piped', '--force']);
    await rm(at('piped/tape.jsonl'));
    execFileSync('mkfifo', [at('piped/tape.jsonl')]);
  });

  it.each<[name: string, args: readonly string[]]>([
    ['run, the market', ['run', '--market', 'pipe', '--strategy', THRESHOLD, '--out', 'none']],
    ['run, a market by its ending', ['run', '--market', 'pipe.csv', '--strategy', THRESHOLD, '--out', 'none']],
    ['run, the strategy', ['run', '--market', FIXTURE, '--strategy', 'pipe', '--out', 'none']],
    ['run, the policy', ['run', '--market', FIXTURE, '--strategy', THRESHOLD, '--policy', 'pipe', '--out', 'none']],
    ['strategy check', ['strategy', 'check', 'pipe']],
    ['market import', ['market', 'import', 'pipe', '--out', 'none.csv']],
    ['replay', ['replay', 'tape', '--tape', 'pipe']],
    ['verify', ['verify', 'piped']],
    ['verify with workers', ['verify', 'piped', '--jobs', '2']],
    ['verify of the chain', ['verify', 'piped', '--chain-only']],
    ['show', ['show', 'piped']],
    ['report', ['report', 'piped', '--out', 'none.html']],
  ])('%s: a pipe that nobody writes to is refused, not waited for', async (_name, args) => {
    const output = await within(start(args, 'ignore'));
    expect(output).toMatchObject({
      exit: EXIT.badInput,
      stderr: expect.stringMatching(/^ewm: \S+: (.*: )?is a pipe, not a regular file/) as string,
    });
    expect(existsSync(at('none'))).toBe(false);
  });

  it('says how a pipe is read, and that works', async () => {
    const output = await within(start(['strategy', 'check', 'pipe'], 'ignore'));
    expect(output.stderr).toBe(
      'ewm: pipe: cannot be read: is a pipe, not a regular file; where - stands for standard input, redirect it: - < pipe\n',
    );
    const read = await shell(`cat "${THRESHOLD}" > pipe & ewm strategy check - < pipe`);
    expect(read).toMatchObject({ exit: EXIT.ok });
  });

  it('refuses a device, a directory and a socket', async () => {
    execFileSync(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(at('socket'))}, () => process.exit())`]);
    const wanted: Readonly<Record<string, RegExp>> = { '/dev/zero': /is a device/, '.': /is a directory/, socket: /is a socket/ };
    for (const [path, message] of Object.entries(wanted)) {
      if (path === 'socket' && !existsSync(at(path))) continue;
      const output = await within(start(['run', '--market', path, '--strategy', THRESHOLD, '--out', 'none'], 'ignore'));
      expect(output).toMatchObject({ exit: EXIT.badInput, stderr: expect.stringMatching(message) as string });
    }
  });

  it.each<[name: string, args: readonly string[]]>([
    ['run, the market', ['run', '--market', '-', '--strategy', THRESHOLD, '--out', 'waits']],
    ['run, the strategy', ['run', '--market', FIXTURE, '--strategy', '-', '--out', 'waits']],
    ['strategy check', ['strategy', 'check', '-']],
    ['market import', ['market', 'import', '-', '--out', 'waits.csv']],
    ['replay', ['replay', 'tape', '--tape', '-']],
  ])('%s: a wait for standard input ends at SIGINT, with its exit code', async (_name, args) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const child = start(args);
      const end = within(child);
      // Its stdin stays open. It has begun once it has compiled itself; a signal before that would end it by default.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const askedAt = Date.now();
      child.kill(signal);
      const output = await end;
      child.stdin?.destroy();
      expect(output).toMatchObject({ exit: EXIT.interrupted, stderr: expect.stringContaining('interrupted') as string });
      expect(Date.now() - askedAt).toBeLessThan(5_000);
      await rm(at('waits'), { recursive: true, force: true });
    }
  });
});
