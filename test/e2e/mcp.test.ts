/** `ewm mcp` and `/mcp` of the built program, played by the official clients of both generations. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ewm, PROGRAM, serveBuilt, type Served } from '../support/built-cli';
import { type Body, connectMcp, type Generation, GENERATIONS, type McpClient } from '../support/mcp-clients';

const BUDGET = { max_steps: 6, max_tool_calls: 6 };

let directory = '';
let served: Served;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-mcp-'));
  served = await serveBuilt(join(directory, 'served'));
});

afterAll(async () => {
  await served.stop('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

const wait = { calls: [{ name: 'execute', args: { actions: [] } }] };

/** Makes a session, trades, forks with a grant, plays the child, takes back what is left, and proves it all. */
async function playWhole(client: McpClient, name: string): Promise<string> {
  const say = async (tool: string, args: Body): Promise<Body> => {
    const { body, isError, text } = await client.call(tool, args);
    expect([tool, body['error'], isError]).toEqual([tool, undefined, false]);
    expect(JSON.parse(text)).toEqual(body);
    expect(body['remaining']).toMatchObject({ steps: expect.any(Number) as number });
    return body;
  };
  const made = await say('world_create', { name, budget: BUDGET });
  const { session_id } = made;
  const buy = [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '1' }];
  const tried = await say('world_simulate', { session_id, head: made['head'], actions: buy });
  expect(tried).toMatchObject({ step: 0, state: { cash: '1000' } });
  const bought = await say('world_act', { session_id, head: tried['head'], calls: [{ name: 'execute', args: { actions: buy } }] });
  expect(bought).toMatchObject({ step: 1, state: { positions: { AAPL: '1' } }, remaining: { steps: 4, tool_calls: 4 } });
  const forked = await say('world_fork', {
    session_id,
    head: bought['head'],
    name: 'what if',
    budget: { max_steps: 2, max_tool_calls: 2 },
  });
  expect(forked['remaining']).toMatchObject({ steps: 2, tool_calls: 2 });
  const child = forked['child'] as { readonly session_id: string; readonly head: string };
  const acted = await say('world_act', { session_id: child.session_id, head: child.head, ...wait });
  await say('world_close', { session_id: child.session_id, head: acted['head'] });
  const back = await say('world_reclaim', { session_id, head: forked['head'], child: child.session_id });
  expect(back['remaining']).toMatchObject({ steps: 3, tool_calls: 3 });
  await say('world_close', { session_id, head: back['head'] });
  const verdict = await say('world_verify', { session_id });
  expect(verdict).toMatchObject({ verdict: 'proven', proof: { fills: 1, children: [{ session_id: child.session_id, sealed: true }] } });
  const history = await say('world_history', { session_id });
  expect((history['rows'] as readonly Body[]).at(-1)).toMatchObject({ type: 'seal', ok: true });
  return String(session_id);
}

/** Plays until the budget refuses, on a server that shows one session. */
async function playUntilRefused(client: McpClient): Promise<void> {
  expect((await client.tools()).map(({ name }) => name)).toEqual([
    'world_observe',
    'world_quote',
    'world_simulate',
    'world_act',
    'world_history',
    'world_verify',
  ]);
  let { head } = (await client.call('world_observe')).body;
  for (let step = 0; step < 3; step += 1) ({ head } = (await client.call('world_act', { head, ...wait })).body);
  expect((await client.call('world_quote', wait)).body).toMatchObject({ fits: false, needed: { max_steps: 4 } });
  const refused = await client.call('world_act', { head, ...wait });
  expect(refused).toMatchObject({
    isError: true,
    body: { ok: false, remaining: { steps: 0 }, error: { limiter: 'max_steps', needed: 4 } },
  });
  await expect(client.call('world_create', {})).rejects.toThrow('no tool world_create');
}

describe.each(GENERATIONS)('a client of %s', (generation: Generation) => {
  const protocol = generation === '2026' ? '2026-07-28' : '2025-11-25';

  it('plays a whole session over stdin and stdout, which ewm verify proves', async () => {
    const data = join(directory, `stdio ${generation}`);
    const client = await connectMcp(generation, { args: ['--data', data] });
    if (generation !== '2025') expect(client.protocol).toBe(protocol);
    const id = await playWhole(client, 'one');
    await client.close();
    const out = join(directory, `pulled ${generation}`);
    expect(await ewm(['session', 'pull', id, '--data', data, '--out', out])).toMatchObject({ exit: 0 });
    expect(await ewm(['verify', out])).toMatchObject({ exit: 0 });
  });

  it('plays a whole session over HTTP', async () => {
    const client = await connectMcp(generation, { url: `${served.url}/mcp` });
    if (generation !== '2025') expect(client.protocol).toBe(protocol);
    await playWhole(client, `over HTTP ${generation}`);
    expect(await client.prompt('play', { goal: 'hold' })).toContain('The goal: hold.');
    await client.close();
  });

  it('plays a whole session by way of the command, at an API', async () => {
    const client = await connectMcp(generation, { args: ['--api', served.url] });
    if (generation !== '2025') expect(client.protocol).toBe(protocol);
    const id = await playWhole(client, `by way of the command ${generation}`);
    await client.close();
    const agent = await connectMcp(generation, { args: ['--api', served.url, '--session', id] });
    expect((await agent.call('world_observe')).body).toMatchObject({ session_id: id, status: 'sealed' });
    await expect(agent.call('world_create', {})).rejects.toThrow('no tool world_create');
    await agent.close();
  });

  it('is given one session, whose budget neither a restart nor another plane refills', async () => {
    const args = ['--data', join(directory, `agent ${generation}`), '--budget', '{"max_steps":3,"max_tool_calls":3}'];
    const client = await connectMcp(generation, { args });
    await playUntilRefused(client);
    await client.close();
    const again = await connectMcp(generation, { args });
    const { body } = await again.call('world_observe');
    expect(body).toMatchObject({ step: 3, remaining: { steps: 0 } });
    const uris = await again.resources();
    expect(uris.map((uri) => uri.split('/').at(-1))).toEqual(['tape', 'report', 'budget']);
    expect((await again.read(uris[0] ?? '')).trim().split('\n').length).toBeGreaterThan(8);
    expect(await again.read(uris[1] ?? '')).toContain(`# Session ${String(body['session_id'])}`);
    expect(JSON.parse(await again.read(uris[2] ?? ''))).toMatchObject({ remaining: { steps: 0 }, budget: { max_steps: 3 } });
    await again.close();
  });
});

describe('the command', () => {
  it('says nothing on stdout but the protocol, and ends with its client', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'mcp', '--data', join(directory, 'quiet'), '--budget', '{"max_steps":1}'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.resume();
    const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
    child.stdin.write(`not json\n${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize })}\n`);
    while (!Buffer.concat(out).includes('\n')) await once(child.stdout, 'data');
    const ended = once(child, 'exit');
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
    const lines = Buffer.concat(out).toString('utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Body)['jsonrpc'])).toEqual(lines.map(() => '2.0'));
  });

  it('signs what it sends to an API that wants it, and tells a client whom IAM does not let in', async () => {
    const asked: (string | undefined)[] = [];
    const forbidding = createServer((request, response) => {
      asked.push(`${String(request.url)} ${String(request.headers.authorization)}`);
      response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"Forbidden"}');
    }).listen(0, '127.0.0.1');
    await once(forbidding, 'listening');
    const url = `http://127.0.0.1:${String((forbidding.address() as AddressInfo).port)}`;
    const child = spawn(process.execPath, [PROGRAM, 'mcp', '--api', url, '--session', 'one'], {
      env: {
        ...process.env,
        EWM_API_AUTH: 'iam',
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'secret',
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const out: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stdin.end(`${JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list' })}\n`);
    const ended = await once(child, 'close');
    forbidding.close();
    expect(ended).toEqual([0, null]);
    expect(asked).toEqual([
      expect.stringMatching(/^\/mcp\/one AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d+\/eu-west-1\/execute-api\/aws4_request/),
    ]);
    expect(JSON.parse(Buffer.concat(out).toString('utf8'))).toEqual({
      jsonrpc: '2.0',
      id: 7,
      error: { code: -32603, message: expect.stringContaining(`403 from ${url}/mcp/one: Forbidden: these credentials`) as string },
    });
  });

  it.each([
    [['--api', 'http://127.0.0.1:1', '--budget', '{}'], '--budget, --data cannot stand beside --api'],
    [['--plane', 'agent'], 'the agent plane is about one session'],
    [['--session', '0'.repeat(32)], 'no session 0'],
    [['--session', '0'.repeat(32), '--budget', '{}'], 'leave out what would make one'],
    [['--budget', '{"max_steps":0}'], '/budget/max_steps: 0: expected an integer of 1 or more'],
    [['--plane', 'other'], 'Allowed choices are agent, control, all'],
  ])('%j is refused with what is wrong', async (args, message) => {
    const { exit, out, err } = await ewm(['mcp', '--data', join(directory, 'refused'), ...args]);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});
