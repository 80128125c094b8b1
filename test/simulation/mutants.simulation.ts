/** A simulator that finds nothing proves nothing: each planted bug is found, and named by the promise that it breaks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleSimulator } from './bundle';
import type * as Histories from './history';
import { MUTANTS } from './mutants';

const SEEDS_MAX = 3_000;

describe('planted bugs are found', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ewm-mutants-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test.each(MUTANTS.map((mutant, at) => [mutant.name, mutant, at] as const))('%s', async (_name, mutant, at) => {
    const file = join(directory, `${String(at)}.cjs`);
    await bundleSimulator('history.ts', file, mutant);
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- made a moment ago
    const { history, planOf } = require(file) as typeof Histories;
    let found: string | undefined;
    for (let seed = 0; seed < SEEDS_MAX && found === undefined; seed += 1) {
      await history(planOf(seed)).catch((error: unknown) => {
        found = `seed ${String(seed)}: ${error instanceof Error ? error.message.slice(0, 160) : String(error)}`;
      });
    }
    expect(found).toBeDefined();
  });
});
