/** Many seeds, shared between the cores. EWM_SIMULATIONS says how many. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleSimulator } from './bundle';

const SEEDS = Number(process.env['EWM_SIMULATIONS'] ?? 10_000);

interface SeedResult {
  readonly played: number;
  readonly events: number;
  readonly simulatedMs: number;
  readonly failure?: string;
}

test(`${String(SEEDS)} histories hold`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-seeds-'));
  const file = join(directory, 'worker.cjs');
  await bundleSimulator('worker.ts', file);
  const cores = availableParallelism();
  const startedMs = performance.now();
  const results = await Promise.all(
    Array.from({ length: cores }, async (_, first) => {
      const { stdout } = await promisify(execFile)(process.execPath, [file, String(first), String(cores), String(SEEDS)]);
      return JSON.parse(stdout) as SeedResult;
    }),
  );
  await rm(directory, { recursive: true, force: true });
  const sum = (of: (one: SeedResult) => number): number => results.reduce((total, one) => total + of(one), 0);
  const seconds = (performance.now() - startedMs) / 1_000;
  process.stdout.write(
    `${String(sum(({ played }) => played))} histories, ${String(sum(({ events }) => events))} events, ` +
      `${(sum(({ simulatedMs }) => simulatedMs) / 3_600_000).toFixed(1)} simulated hours in ${seconds.toFixed(1)} s: ` +
      `${(sum(({ played }) => played) / seconds).toFixed(0)} seeds/s\n`,
  );
  expect(results.flatMap(({ failure }) => failure ?? [])).toEqual([]);
  expect(sum(({ played }) => played)).toBe(SEEDS);
});
