/** `ewm market import` as a command: what it says, its dry run, its JSON; and what `ewm run` says of a raw price file. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import type { Io, TextSink } from '../../src/handlers/cli/shared/io';
import { runCli } from '../../src/handlers/cli/main';

const CASES = join(__dirname, '../fixtures/cases');
const STRATEGY = join(__dirname, '../../examples/strategies/threshold_demo.json');

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-cli-import-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function ewm(...args: readonly string[]): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> {
  const output = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof output): TextSink => {
    const write = (text: string): Promise<void> => {
      output[name] += text;
      return Promise.resolve();
    };
    return { write, writeStyled: write, isTerminal: false, columns: 100 };
  };
  const nothing: Io['stdin'] = (async function* () {
    await Promise.resolve();
    yield* [];
  })();
  const exit = await runCli(args, { stdout: sink('stdout'), stderr: sink('stderr'), stdin: nothing, watchInterrupts: () => () => false });
  return { exit, ...output };
}

const at = (name: string): string => join(directory, name);
const of = (name: string): string => join(CASES, name);

it('shows the first rows as understood, and writes nothing', async () => {
  const output = await ewm('market', 'import', of('a10-german-semicolon.csv'), '--symbol', 'DAX', '--dry-run');
  expect(output).toMatchObject({ exit: EXIT.ok });
  expect(output.stdout.split('\n').map((line) => line.trim().split(/\s+/))).toEqual([
    ['line', 'time', 'DAX'],
    ['2', '2024-01-02', '16769.36'],
    ['3', '2024-01-03', '16538.39'],
    [''],
  ]);
  expect(output.stderr).toContain('cells separated by ";", decimal mark ","');
  const json = await ewm('market', 'import', of('a13-yahoo-null.csv'), '--symbol', 'X', '--dry-run', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    ok: true,
    dry_run: true,
    symbols: ['X'],
    rows: [
      { line: 2, time: '2019-06-03', prices: { X: '31.2' } },
      { line: 3, time: '2019-06-04', prices: { X: null } },
      { line: 4, time: '2019-06-05', prices: { X: '31.7' } },
    ],
  });
});

it('says in JSON how it was read and what was chosen', async () => {
  const output = await ewm('market', 'import', of('a14-adjclose.csv'), '--symbol', 'X', '--out', at('a14.jsonl'), '--json');
  expect(JSON.parse(output.stdout)).toMatchObject({
    ok: true,
    form: 'ohlcv',
    rows: 2,
    steps: 2,
    symbols: ['X'],
    dialect: { encoding: 'utf-8', delimiter: ',', decimal: '.', header_lines: 1, price_columns: ['Close'] },
    notes: ['took "Close"; "Adj Close" is there: --column "Adj Close"'],
  });
  // The market on stdout leaves stderr to the document.
  const piped = await ewm('market', 'import', of('a14-adjclose.csv'), '--symbol', 'X', '--out', '-', '--json');
  expect(JSON.parse(piped.stderr)).toMatchObject({ ok: true, out: '-' });
  expect(piped.stdout).toBe(await readFile(at('a14.jsonl'), 'utf8'));
});

it('lets no control character of a file through', async () => {
  const output = await ewm('market', 'import', of('a54-esc.csv'), '--symbol', 'X', '--out', '-');
  expect(output.stderr).toContain('"Cl\\u001b[31mose\\u0007"');
  expect(output.stdout + output.stderr).not.toMatch(/[^\P{Cc}\n]/u);
});

it.each(['a34-date-price-volume.csv', 'a37-date-close.csv', 'a14-adjclose.csv'])('run refuses the raw price file %s', async (name) => {
  const output = await ewm('run', '--market', of(name), '--strategy', STRATEGY, '--out', at('raw'));
  expect(output).toMatchObject({ exit: EXIT.badInput, stdout: '' });
  expect(output.stderr).toMatch(
    /column kinds, not symbols; this is a price file, not a market yet: ewm market import \S+ --symbol NAME --out market\.jsonl/,
  );
});

it('generates in every form that it imports into', async () => {
  for (const form of ['jsonl', 'json', 'csv']) {
    expect(
      await ewm('market', 'generate', '--symbols', 'AAPL,MSFT', '--steps', '50', '--seed', '7', '--out', at(`g.${form}`)),
    ).toMatchObject({ exit: EXIT.ok });
    const ran = await ewm('run', '--market', at(`g.${form}`), '--strategy', STRATEGY, '--cash', '1e9', '--out', at(`g-${form}`), '--json');
    expect(ran.exit).toBe(EXIT.ok);
  }
  const market = (form: string): Promise<string> => readFile(at(`g-${form}/market.jsonl`), 'utf8');
  expect(await market('csv')).toBe(await market('jsonl'));
  expect(await market('json')).toBe(await market('jsonl'));
  expect(await readFile(at('g-csv/tape.jsonl'), 'utf8')).toContain('"cash":"1000000000"');
});

it('writes no .csv that run would take for a price file', async () => {
  await writeFile(at('wide.csv'), 'time,CLOSE,OPEN\n2024-01-02,1,2\n');
  const output = await ewm('market', 'import', at('wide.csv'), '--form', 'wide', '--out', at('out.csv'));
  expect(output).toMatchObject({ exit: EXIT.badInput });
  expect(output.stderr).toMatch(/write \.jsonl or \.json, or --rename them/);
  expect(await ewm('market', 'import', at('wide.csv'), '--form', 'wide', '--out', at('out.jsonl'))).toMatchObject({ exit: EXIT.ok });
});
