/**
 * 10,000 seeded requests of somebody who means harm, or of a broken client, on the agent plane: over one connection of stdin and stdout, and
 * over HTTP. No crash, no effect without a charge, no more spent than the budget, and nothing of another session.
 */
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { isLeft } from 'fp-ts/Either';
import fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeMcpServer } from '../../src/handlers/mcp/server';
import { bodyOf } from '../../src/handlers/mcp/tool';
import { TOOLS } from '../../src/handlers/mcp/tools';
import { sendEvent as askHandler } from '../support/handlers';
import { sampleSeed } from '../support/harness';
import { HOSTILE_KEYS, HOSTILE_VALUES } from '../support/hostile-values';
import { httpEvent } from '../support/http-events';
import { INVOCATION, makeMcpSessions, type McpSessions } from '../support/mcp-sessions';

const OVER_STDIO = 2_500;
const OVER_HTTP = 7_500;
const AT_ONCE = 16;
const BUDGET = { max_steps: 900, max_tool_calls: 1_000, max_memory_ops: 20, max_memory_bytes: 2_000 };
const SECRET = 'a-name-that-nobody-else-may-read';

interface Known {
  readonly id: string;
  readonly head: string;
  readonly other: string;
}

/** Parameters of a message, once the session and its newest head are known. */
type Params = (known: Known) => unknown;

const hostile = fc.constantFrom(...HOSTILE_VALUES);
const key = fc.constantFrom(...HOSTILE_KEYS, 'session_id', 'head', 'calls', 'budget', 'history');
const junk = fc.dictionary(key, hostile, { maxKeys: 4 });
const toolName = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...TOOLS.map(({ name }) => name as string).filter((name) => name !== 'world_verify')) },
  { weight: 30, arbitrary: fc.constantFrom('world_act', 'world_simulate') },
  // It reads everything that was ever done.
  { weight: 1, arbitrary: fc.constant('world_verify') },
  { weight: 10, arbitrary: fc.constantFrom(...HOSTILE_KEYS, 'world_admin', 'x'.repeat(10_000)) },
);
const callOf = fc.oneof(
  fc.constantFrom(
    { name: 'execute', args: { actions: [] } },
    { name: 'execute', args: { actions: [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '0.5' }] } },
    { name: 'execute', args: { actions: [{ type: 'PlaceSell', symbol: 'MSFT', quantity: '-1e18' }] } },
    { name: 'evaluate_strategy' },
    { name: 'get_price_context', args: { step: 4 } },
    { name: 'memory_put', args: { key: 'k', value: 'v' } },
    { name: 'memory_get', args: { key: 'k' } },
    { name: 'no_such_tool' },
  ),
  fc.record({ name: fc.constantFrom('execute', 'simulate_and_verify'), args: junk }),
);
const calls = fc.array(callOf, { minLength: 1, maxLength: 3 });
const which = fc.constantFrom('newest', 'newest', 'newest', 'old', 'junk');
const OLD_HEAD = `0-${'0'.repeat(64)}`;

const toolParams: fc.Arbitrary<Params> = fc.oneof(
  // What is nearly right: the newest head or not, the session of others or not.
  {
    weight: 5,
    arbitrary: fc
      .tuple(toolName, calls, which, fc.constantFrom('none', 'own', 'other', 'other'), junk, fc.nat(9))
      .map(([name, made, head, session, extra, luck]): Params => ({ id, head: newest, other }) => ({
        name,
        arguments: {
          ...(session === 'none' ? {} : { session_id: session === 'own' ? id : other }),
          ...(name === 'world_observe' || name === 'world_history' || name === 'world_verify'
            ? {}
            : { head: head === 'newest' ? newest : head === 'old' ? OLD_HEAD : 'junk' }),
          ...(name === 'world_act' || name === 'world_quote' ? { calls: made } : {}),
          ...(luck === 0 ? extra : {}),
        },
      })),
  },
  { weight: 2, arbitrary: fc.tuple(toolName, junk).map(([name, args]): Params => () => ({ name, arguments: args })) },
  { weight: 1, arbitrary: fc.tuple(hostile, hostile).map(([name, args]): Params => () => ({ name, arguments: args })) },
);
const readParams: fc.Arbitrary<Params> = fc.constantFrom<Params>(
  ({ id }) => ({ uri: `ewm://sessions/${id}/budget` }),
  ({ other }) => ({ uri: `ewm://sessions/${other}/tape` }),
  ({ other }) => ({ uri: `ewm://sessions/${other}/budget` }),
  ({ id, other }) => ({ uri: `ewm://sessions/${id}/../${other}/tape` }),
  ({ id }) => ({ uri: `ewm://sessions/${id}/toString` }),
  () => ({ uri: 'file:///etc/passwd' }),
  () => ({ uri: 7 }),
);
const request: fc.Arbitrary<{ readonly method: string; readonly params: Params }> = fc.oneof(
  { weight: 12, arbitrary: toolParams.map((params) => ({ method: 'tools/call', params })) },
  { weight: 2, arbitrary: readParams.map((params) => ({ method: 'resources/read', params })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          'tools/list',
          'resources/list',
          'resources/templates/list',
          'prompts/list',
          'prompts/get',
          'ping',
          'server/discover',
          'logging/setLevel',
          'completion/complete',
          'tasks/get',
          'sampling/createMessage',
          'subscriptions/unlisten',
          'toString',
          '',
        ),
        fc.oneof(hostile, junk),
      )
      .map(([method, params]) => ({ method, params: () => params })),
  },
);
/** Bytes that are no message, or one of another make. */
const noise = fc.constantFrom(
  'not json',
  '{}',
  '[]',
  'null',
  '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
  '{"jsonrpc":"1.0","id":1,"method":"ping"}',
  '{"jsonrpc":"2.0","id":{},"method":"ping"}',
  '{"jsonrpc":"2.0","id":9,"result":{}}',
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
  '{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}',
  '['.repeat(5_000),
  '\u0000\u0001',
);
const cancelled = fc.nat(9).map((luck) => luck === 0);

interface Setup extends McpSessions {
  readonly known: () => Promise<Known>;
  readonly check: () => Promise<void>;
}

/** One session to play, another that must stay as it is. */
async function setUp(): Promise<Setup> {
  const sessions = makeMcpSessions();
  const id = String((await sessions.create('played', BUDGET))['session_id']);
  const other = await sessions.create(SECRET, { max_steps: 5, max_tool_calls: 5 });
  const observe = async (session: string): Promise<Readonly<Record<string, unknown>>> =>
    bodyOf(await sessions.callRoute('GET /sessions/{id}', { parameters: { id: session } }));
  const check = async (): Promise<void> => {
    expect(await observe(String(other['session_id']))).toEqual(other);
    expect((await sessions.callRoute('GET /sessions')).body).toMatchObject({ sessions: [id, String(other['session_id'])].sort() });
    const proof = await sessions.parts.prove(id, noDeadline);
    if (isLeft(proof) || proof.right._tag !== 'Proven') throw new Error(`not proven: ${JSON.stringify(proof)}`);
    // What is on the tape was charged, all of it, and the budget was never passed.
    const rows = new TextDecoder().decode(proof.right.files['tape.jsonl']).trim().split('\n');
    const made = rows.map((row) => JSON.parse(row) as { readonly type: string });
    const count = (wanted: string): number => made.filter(({ type }) => type === wanted).length;
    const { budget_state: spent } = (await observe(id)) as { readonly budget_state: Readonly<Record<string, number>> };
    expect(spent).toMatchObject({ tool_calls: count('tool'), memory_ops: count('memory') });
    expect(spent['steps']).toBeLessThanOrEqual(BUDGET.max_steps);
    expect(count('tool')).toBeGreaterThan(30);
    expect(sessions.telemetry.records().filter((record) => record.kind === 'note' && record.event === 'fault')).toEqual([]);
  };
  return {
    ...sessions,
    check,
    known: async () => ({ id, other: String(other['session_id']), head: String((await observe(id))['head']) }),
  };
}

/** The name of the other session, where it was thrown, a fault of ours. */
const HARMFUL = [new RegExp(SECRET), /\\n\s+at |node_modules|\.ts:\d/, /\\?"code\\?":\\?"internal_error/];

function harmIn(text: string): string | undefined {
  const found = HARMFUL.find((pattern) => pattern.test(text));
  return found === undefined ? undefined : `${String(found)} in ${text.slice(0, 2_000)}`;
}

test(`${String(OVER_STDIO)} messages over one connection`, async () => {
  const { parts, known, check } = await setUp();
  const [input, output] = [new PassThrough(), new PassThrough()];
  const waiting = new Map<string, () => void>();
  let harm: string | undefined;
  let answers = 0;
  let rest = '';
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      harm ??= harmIn(line);
      const { id } = JSON.parse(line) as { readonly id?: unknown };
      answers += 1;
      waiting.get(String(id))?.();
    }
  });
  const { id: session } = await known();
  const scope = { plane: 'agent', session } as const;
  const handle = serveStdio(() => makeMcpServer(parts, { scope, invocation: () => INVOCATION }), {
    transport: new StdioServerTransport(input, output),
  });
  const send = (message: unknown): void => {
    input.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  };
  const answered = (id: string, message: object): Promise<void> =>
    new Promise((resolve) => {
      waiting.set(id, resolve);
      send({ jsonrpc: '2.0', id, ...message });
    });
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'hostile', version: '1' } };
  await answered('hello', { method: 'initialize', params: hello });

  const messages = fc.sample(fc.tuple(request, cancelled, noise, fc.nat(12)), { numRuns: OVER_STDIO, seed: sampleSeed() });
  for (let at = 0; at < messages.length; at += AT_ONCE) {
    const now = await known();
    await Promise.all(
      messages.slice(at, at + AT_ONCE).map(([{ method, params }, cancel, bytes, luck], index) => {
        if (luck === 0) send(bytes);
        const id = `m${String(at + index)}`;
        const made = params(now);
        // What has no object of parameters is no message: it is dropped, and nobody answers it.
        const whole = typeof made === 'object' && made !== null && !Array.isArray(made);
        if (cancel || !whole) {
          send({ jsonrpc: '2.0', id, method, params: made });
          if (cancel) send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
          return Promise.resolve();
        }
        return answered(id, { method, params: made });
      }),
    );
  }
  await answered('last', { method: 'ping' });
  expect(harm).toBeUndefined();
  expect(answers).toBeGreaterThan(OVER_STDIO / 2);
  await handle.close();
  await check();
});

test(`${String(OVER_HTTP)} requests over HTTP, of both generations`, async () => {
  const { handle, known, check } = await setUp();
  const versions = ['2026-07-28', '2025-11-25', '2024-11-05', '1999-01-01', ''];
  const drawn = fc.sample(fc.tuple(request, noise, fc.constantFrom(...versions), fc.boolean(), fc.nat(12)), {
    numRuns: OVER_HTTP,
    seed: sampleSeed(),
  });
  let done = 0;
  for (let at = 0; at < drawn.length; at += AT_ONCE) {
    const now = await known();
    await Promise.all(
      drawn.slice(at, at + AT_ONCE).map(async ([{ method, params }, bytes, version, honest, luck], index) => {
        const made = params(now);
        const meta = {
          'io.modelcontextprotocol/protocolVersion': version,
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 'hostile', version: '1' },
        };
        const modern = version.startsWith('2026');
        const given = modern && typeof made === 'object' && made !== null ? { ...made, _meta: meta } : made;
        const body = luck === 0 ? bytes : JSON.stringify({ jsonrpc: '2.0', id: at + index, method, params: given });
        const named = (made as { readonly name?: unknown } | null)?.name ?? (made as { readonly uri?: unknown } | null)?.uri;
        const name = typeof named === 'string' && /^[\x21-\x7e]*$/.test(named) ? { 'mcp-name': named } : {};
        const headers = {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          ...(version === '' ? {} : { 'mcp-protocol-version': version }),
          ...(modern && honest ? { 'mcp-method': method, ...name } : {}),
        };
        const answer = await askHandler(handle, httpEvent({ path: `/mcp/${now.id}`, headers, body }));
        expect(harmIn(answer.text)).toBeUndefined();
        expect(answer.status).toBeLessThan(500);
        if (answer.status === 200) done += 1;
      }),
    );
  }
  expect(done).toBeGreaterThan(OVER_HTTP / 4);
  await check();
});
