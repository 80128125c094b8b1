// The same inputs give the same bytes on every Node given: `node test/e2e/node-versions.mjs <node> <node> ...`, after `make build`.
// Prints one line a version, and ends with 1 where two of them differ or one of them fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const EWM = join(ROOT, 'dist/ewm.cjs');
const example = (path) => join(ROOT, 'examples', path);

/** Each is a command line of `ewm`; what it writes, prints and answers is compared. `stdin` names a file of an earlier one. */
const COMMANDS = [
  { args: ['market', 'import', example('sources/stocks.csv'), '--missing', 'drop', '--out', 'stocks.csv'] },
  { args: ['market', 'import', example('sources/stocks.csv'), '--missing', 'drop', '--out', 'stocks.jsonl', '--json'] },
  { args: ['market', 'import', example('sources/stocks.csv'), '--missing', 'drop', '--out', 'stocks.json'] },
  { args: ['market', 'import', example('sources/sp500-2007-2008.csv'), '--symbol', 'SPX', '--column', 'close', '--out', 'index.jsonl'] },
  { args: ['market', 'generate', '--symbols', 'AAPL,MSFT', '--steps', '25000', '--seed', 'seed', '--out', 'random.jsonl'] },
  ...['csv', 'jsonl', 'json'].map((form) => ({
    args: ['run', '--market', `stocks.${form}`, '--strategy', example('strategies/sma_crossover.json'), '--out', `run-${form}`],
  })),
  {
    args: ['run', '--market', '-', '--strategy', example('strategies/mean_reversion_zscore.json'), '--out', 'run-stdin', '--json'],
    stdin: 'stocks.csv',
  },
  { args: ['run', '--market', 'random.jsonl', '--strategy', example('strategies/threshold_demo.json'), '--out', 'run-random'] },
  {
    args: [
      'run',
      '--market',
      'random.jsonl',
      '--strategy',
      example('strategies/threshold_demo.json'),
      '--max-steps',
      '3',
      '--out',
      'run-refused',
    ],
    exit: 3,
  },
  ...['run-csv', 'run-stdin', 'run-random', 'run-refused'].map((run) => ({ args: ['verify', run, '--json'] })),
  { args: ['verify', 'run-random', '--jobs', '2'] },
  { args: ['replay', 'tape', '--tape', 'run-csv/tape.jsonl'] },
  { args: ['replay', 'executions', '--executions', 'run-csv/executions.jsonl', '--format', 'csv'] },
  { args: ['strategy', 'check', 'stocks.json', '--json'], exit: 2 },
  { args: ['run', '--market', 'stocks.csv', '--strategy', 'stocks.csv', '--out', 'none', '--json'], exit: 2 },
];

const nodes = process.argv.slice(2).map((node) => resolve(node));
if (nodes.length < 2) {
  console.error('usage: node test/e2e/node-versions.mjs <node> <node> ...');
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), 'ewm-node-versions-'));
let failed = false;
try {
  const outcomes = nodes.map((node, index) => onNode(node, join(scratch, String(index))));
  const [first] = outcomes;
  for (const { version, files, faults } of outcomes) {
    const names = [...new Set([...first.files.keys(), ...files.keys()])];
    const differing = names.filter((name) => files.get(name) !== first.files.get(name));
    if (faults.length > 0 || differing.length > 0) failed = true;
    const verdict = differing.length === 0 ? `the same as ${first.version}` : `DIFFERS from ${first.version} in ${differing.join(', ')}`;
    console.log(`${version.padEnd(10)} ${files.size} files and outputs, SHA-256 ${digestOf(files)}: ${verdict}`);
    for (const fault of faults) console.log(`           ${fault}`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

function onNode(node, directory) {
  mkdirSync(directory);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const faults = [];
  for (const [index, { args, stdin, exit = 0 }] of COMMANDS.entries()) {
    const input = stdin === undefined ? '' : readFileSync(join(directory, stdin));
    const said = spawnSync(node, [EWM, ...args], { cwd: directory, input, encoding: 'utf8' });
    writeFileSync(join(directory, `said-${String(index).padStart(2, '0')}.txt`), `${said.status}\n${said.stdout}\n${said.stderr}`);
    if (said.status !== exit) faults.push(`ewm ${args.join(' ')}: exit ${said.status}, expected ${exit}: ${said.stderr.trim()}`);
  }
  const files = new Map();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(directory.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex'));
  }
  return { version, files, faults };
}

function digestOf(files) {
  const lines = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, hash]) => `${hash}  ${name}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16);
}
