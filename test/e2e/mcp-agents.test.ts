/** The agents of examples/agents/mcp-player, as their README says to run them: each is stopped by its budget, and what it did is proven. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ewm } from '../support/built-cli';

const AGENTS = join(__dirname, '../../examples/agents/mcp-player');
const run = promisify(execFile);

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-agents-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function play(agent: string, data: string): Promise<string> {
  return (await run(process.execPath, [join(AGENTS, agent), data], { timeout: 30_000 })).stdout;
}

async function provenBy(id: string, data: string): Promise<string> {
  const out = `${data}-pulled`;
  expect(await ewm(['session', 'pull', id, '--data', data, '--out', out])).toMatchObject({ exit: 0 });
  const { out: output } = await ewm(['verify', out, '--open']);
  return output;
}

it('the player takes the 50 acts it was granted and no more, and the whole tree is proven', async () => {
  const data = join(directory, 'player');
  const output = await play('player.mjs', data);
  const [, child = ''] =
    /^player {2}([0-9a-f]{32}): 50 acts, then max_steps: max_steps is 50: 50 spent, 1 more asked for$/m.exec(output) ?? [];
  const [, id = ''] = /^session ([0-9a-f]{32}): proven, 50 calls/m.exec(output) ?? [];
  const proof = await provenBy(id, data);
  expect(proof).toContain(`proven`);
  expect(proof).toContain(child);
});

it('a Strands agent plays ten acts, is told that its budget is used up, and ends', async () => {
  const data = join(directory, 'strands');
  expect(await play('strands.mjs', data)).toMatch(/^I was stopped: budget_exceeded, max_steps is 10: 10 spent, 1 more asked for\./);
  const { out } = await ewm(['session', 'list', '--data', data]);
  expect(await provenBy(out.trim(), data)).toContain('proven');
});
