/** Sessions under losses, crashes, throttles and clocks that are set. A seed is one history: EWM_SEED=n runs it alone, EWM_SIMULATIONS how many there are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { history, planOf, shrink } from './history';
import { MUTANTS } from './mutants';

const SEED = process.env['EWM_SEED'];
const SEEDS = Number(process.env['EWM_SIMULATIONS'] ?? 150);
const seeds = SEED === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(SEED)];

test(`${String(seeds.length)} histories hold, and each is the same twice`, async () => {
  const seen = new Map<string, number>();
  for (const seed of seeds) {
    const plan = planOf(seed);
    const told = await history(plan).catch(async () => {
      const { plan: smallest, error } = await shrink(plan);
      throw new Error(
        `EWM_SEED=${String(seed)}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nthe smallest: ${JSON.stringify(smallest)}`,
      );
    });
    for (const kind of ['crash', 'lost before', 'lost after', 'throttled', 'HeadMoved', 'SessionBusy', 'SessionSealed', 'operator stops'])
      if (told.text.includes(kind)) seen.set(kind, (seen.get(kind) ?? 0) + 1);
    if (seed % 10 === 0) expect((await history(plan)).text).toBe(told.text);
  }
  if (seeds.length < 100) return;
  for (const [kind, count] of seen) expect([kind, count > seeds.length / 30]).toEqual([kind, true]);
  expect(seen.size).toBe(8);
});

test('each bug that make simulate plants has its place in the source', () => {
  for (const { name, file, from } of MUTANTS) {
    const times = readFileSync(join(__dirname, '../..', file), 'utf8').split(from).length - 1;
    expect([name, times]).toEqual([name, 1]);
  }
});
