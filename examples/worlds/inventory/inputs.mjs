// Writes inputs.jsonl: a year of demand, weekdays busier than weekends, warm months thirstier. The same on every machine: integers only.
import { writeFileSync } from 'node:fs';

let seed = 20260101;
function draw(least, most) {
  // Of the multiplicative generator of Park and Miller.
  seed = (seed * 48271) % 2147483647;
  return least + (seed % (most - least + 1));
}

const lines = [];
for (let day = 0; day < 365; day += 1) {
  const date = new Date(Date.UTC(2026, 0, 1 + day));
  const weekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
  const warm = date.getUTCMonth() >= 4 && date.getUTCMonth() <= 8;
  const demand = {
    cola: draw(8, 24) + (warm ? 8 : 0) - (weekend ? 6 : 0),
    crisps: draw(4, 16) - (weekend ? 3 : 0),
    sandwich: weekend ? draw(0, 3) : draw(3, 10),
  };
  lines.push(JSON.stringify({ date: date.toISOString().slice(0, 10), demand }));
}
writeFileSync(new URL('inputs.jsonl', import.meta.url), `${lines.join('\n')}\n`);
