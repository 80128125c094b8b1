// What a guard adds to one act, one after the other: in process (a tape in memory), and with the tape on the disk, with and without its sync.
// `node test/bench/guard-overhead.mjs [acts]`; a median of rounds, because a machine is never idle.
import { guard } from 'executable-world-models';
import { makeMemoryRunWriter } from 'executable-world-models/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const acts = Number(process.argv[2] ?? 2_000);
const ROUNDS = 15;
const directory = mkdtempSync(join(tmpdir(), 'ewm-overhead-'));
const budget = { max_tool_calls: 1e9, max_model_calls: 1e9, max_input_tokens: 1e12, max_output_tokens: 1e12, max_cost_microusd: 1e12 };
const request = { messages: [{ role: 'user', content: 'a question of some length, as they are'.repeat(4) }] };
const usage = { input_tokens: 40, output_tokens: 20 };

async function round(tape, durable, count) {
  const around = guard({ budget, tape, durable });
  const ask = () =>
    around.model({ model: 'gpt-5-mini', request, maxOutputTokens: 100 }, () => Promise.resolve({ result: 'an answer', usage }));
  for (let act = 0; act < 50; act += 1) await ask();
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  for (let act = 0; act < count; act += 1) await ask();
  const { user, system } = process.cpuUsage(cpu);
  const took = { wall: ((performance.now() - start) * 1_000) / count, cpu: (user + system) / count };
  await around.close();
  return took;
}

async function measure(name, tapeOf, durable, count) {
  const rounds = [];
  for (let at = 0; at < ROUNDS; at += 1) rounds.push(await round(tapeOf(`${name}-${at}`), durable, count));
  const middle = (of) =>
    rounds
      .map(of)
      .sort((a, b) => a - b)
      [ROUNDS >> 1].toFixed(1);
  console.log(`${name}: ${middle(({ wall }) => wall)} µs an act, ${middle(({ cpu }) => cpu)} of it at work`);
}

await measure('in memory', () => makeMemoryRunWriter(), true, acts);
await measure('on the disk, not synced', (name) => join(directory, name), false, Math.ceil(acts / 4));
await measure('on the disk, synced', (name) => join(directory, name), true, Math.ceil(acts / 40));
rmSync(directory, { recursive: true });
