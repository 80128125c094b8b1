/** One of the processes that share the seeds: plays from `first` on, every `step`th, and tells the first that fails. */
import { history, planOf, shrink } from './history';

interface SeedResult {
  readonly played: number;
  readonly events: number;
  readonly simulatedMs: number;
  readonly failure?: string;
}

async function playSeeds([first = 0, step = 1, count = 0]: readonly number[]): Promise<SeedResult> {
  let events = 0;
  let simulatedMs = 0;
  let played = 0;
  for (let seed = first; seed < count; seed += step) {
    try {
      const result = await history(planOf(seed));
      events += result.events;
      simulatedMs += result.simulatedMs;
      played += 1;
    } catch {
      const { plan, error } = await shrink(planOf(seed));
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { played, events, simulatedMs, failure: `EWM_SEED=${String(seed)}: ${why}\nthe smallest: ${JSON.stringify(plan)}` };
    }
  }
  return { played, events, simulatedMs };
}

void playSeeds(process.argv.slice(2).map(Number)).then((result) => {
  process.stdout.write(JSON.stringify(result));
});
