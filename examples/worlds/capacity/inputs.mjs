// Writes inputs.jsonl: a day of load, a minute a line: a slow wave, noise, and three bursts. The same on every machine: integers only.
import { writeFileSync } from 'node:fs';

let seed = 4242;
function draw(most) {
  // Of the multiplicative generator of Park and Miller.
  seed = (seed * 48271) % 2147483647;
  return seed % (most + 1);
}

const MINUTES = 1440;
const BURSTS = [
  [420, 30, 6000],
  [760, 15, 14000],
  [1130, 60, 3500],
];
const lines = [];
for (let minute = 0; minute < MINUTES; minute += 1) {
  // A parabola over the day stands for the wave.
  const wave = Math.floor((6000 * minute * (MINUTES - minute)) / ((MINUTES / 2) * (MINUTES / 2)));
  const burst = BURSTS.reduce((sum, [from, length, load]) => (minute >= from && minute < from + length ? sum + load : sum), 0);
  lines.push(JSON.stringify({ load: 500 + wave + burst + draw(400) }));
}
writeFileSync(new URL('inputs.jsonl', import.meta.url), `${lines.join('\n')}\n`);
