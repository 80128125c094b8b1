/** `ewm sweep` with threads: the built program says with two what it says with one. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../..');
const ewm = (...argv: readonly string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [join(ROOT, 'dist/ewm.cjs'), ...argv], { cwd: ROOT });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-sweep-e2e-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('two threads leave the bytes of one', async () => {
  const spec = 'examples/sweeps/walk-forward.json';
  for (const jobs of ['1', '2']) await ewm('sweep', '--spec', spec, '--out', join(directory, jobs), '--jobs', jobs);
  for (const file of ['cells.jsonl', 'sweep.json', 'report.html'])
    expect([file, await readFile(join(directory, '2', file), 'utf8')]).toEqual([file, await readFile(join(directory, '1', file), 'utf8')]);
  expect((await ewm('verify', join(directory, '2'), '--cells', 'all')).stdout).toContain('every one run again to the byte');
}, 60_000);
