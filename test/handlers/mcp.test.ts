/** The tools of MCP: what is published of them, and that every answer is what its schema says. The clients play them in test/e2e/mcp.test.ts. */
import Ajv2020 from 'ajv/dist/2020';
import type { JsonSchema } from '../../src/domain/codec/codec';
import { type CallParts, callTool } from '../../src/handlers/mcp/call';
import type { Scope } from '../../src/handlers/mcp/scope';
import { inputSchema, isOn, type ToolBody } from '../../src/handlers/mcp/tool';
import { TOOLS } from '../../src/handlers/mcp/tools';
import { sendEvent as askHandler, type HttpAnswer } from '../support/handlers';
import { httpEvent, type HttpRequest } from '../support/http-events';
import { INVOCATION, makeMcpSessions, type McpSessions } from '../support/mcp-sessions';

/** What a gateway puts before a name: that of its target, and three underscores. */
const GATEWAY_PREFIX_CHARS = 48;

const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allowUnionTypes: true });
const checks = new Map(
  TOOLS.map((tool) => [tool.name, { input: ajv.compile(inputSchema(tool, { plane: 'all' })), output: ajv.compile(tool.output) }]),
);

/** Calls a tool as a client does, and holds arguments that were taken and the answer to what is published. */
async function say(sessions: McpSessions, name: string, args: object, scope: Scope = { plane: 'all' }): Promise<ToolBody> {
  const tool = TOOLS.find((known) => known.name === name);
  if (tool === undefined) throw new Error(name);
  const { parts, callRoute, telemetry } = sessions;
  const context = { callRoute, prove: parts.prove, sessions: parts.sessions, deadline: INVOCATION.storing };
  const calling: CallParts = { scope, context, requestId: 'r', telemetry, bodyBytesMax: parts.bodyBytesMax };
  const { result, body } = await callTool(tool, args, calling);
  const report = { type: 'resource_link', uri: `ewm://sessions/${String(body['session_id'])}/report`, mimeType: 'text/markdown' };
  expect(result.content).toMatchObject([
    { type: 'text', text: JSON.stringify(result.structuredContent) },
    ...(body.ok && ['world_close', 'world_verify'].includes(name) ? [report] : []),
  ]);
  expect(result.isError).toBe(body.ok ? undefined : true);
  const check = checks.get(tool.name);
  expect([name, check?.output(result.structuredContent), check?.output.errors]).toEqual([name, true, null]);
  if (body.error?.code !== 'invalid_request' && scope.session === undefined) {
    expect([name, check?.input(args), check?.input.errors]).toEqual([name, true, null]);
  }
  return body;
}

describe('what is published', () => {
  it.each(TOOLS)('$name can be acted on', ({ name, description, title, input, output, kind, hints }) => {
    expect(name.length + GATEWAY_PREFIX_CHARS).toBeLessThanOrEqual(64);
    expect(title.length).toBeGreaterThan(3);
    expect(description).toMatch(/cost|budget|charged|limit/i);
    expect([input['type'], output['type']]).toEqual(['object', 'object']);
    expect(hints.destructive && kind === 'look').toBe(false);
  });

  it('leaves the agent plane no way to make, fork or close a session', () => {
    const shown = (plane: Scope['plane']): readonly string[] => TOOLS.filter((tool) => isOn(plane, tool)).map(({ name }) => name);
    const [look, act] = [
      ['world_observe', 'world_quote', 'world_history', 'world_verify'],
      ['world_simulate', 'world_act'],
    ];
    const control = ['world_create', 'world_fork', 'world_close', 'world_reclaim'];
    expect([...shown('agent')].sort()).toEqual([...look, ...act].sort());
    expect([...shown('control')].sort()).toEqual([...look, ...control].sort());
    expect([...shown('all')].sort()).toEqual([...look, ...act, ...control].sort());
  });

  it('is a list that a model can hold', () => {
    const inputs = TOOLS.map((tool) => JSON.stringify({ ...tool, input: inputSchema(tool, { plane: 'all' }), output: undefined }).length);
    expect(inputs.reduce((sum, length) => sum + length)).toBeLessThan(32_000);
    expect(JSON.stringify(TOOLS).length).toBeLessThan(82_000);
  });
});

describe('every answer', () => {
  const BUDGET = { max_steps: 5, max_tool_calls: 4, max_memory_ops: 2, max_memory_bytes: 100 };

  it('is what its schema says, with what is left of the budget', async () => {
    const sessions = makeMcpSessions();
    const made = await say(sessions, 'world_create', { name: 'one', budget: BUDGET });
    const { session_id } = made;
    let { head } = made;
    const next = async (name: string, args: object): Promise<ToolBody> => {
      const body = await say(sessions, name, { session_id, head, ...args });
      if (body['head'] !== undefined) ({ head } = body);
      expect([name, body['remaining']]).toEqual([name, expect.objectContaining({ steps: expect.any(Number) as number })]);
      return body;
    };
    const remember = { name: 'memory_put', args: { key: 'k', value: { any: ['thing', 1, null] } } };
    expect((await next('world_act', { calls: [{ name: 'evaluate_strategy' }, remember] }))['results']).toHaveLength(2);
    expect((await next('world_simulate', { actions: [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: 1_000 }] })).error).toMatchObject({
      code: 'simulation_rejected',
    });
    expect((await say(sessions, 'world_quote', { session_id, calls: [{ name: 'execute' }, { name: 'execute' }] }))['fits']).toBe(true);
    const forked = await next('world_fork', { budget: { max_steps: 1, max_tool_calls: 1 } });
    expect(forked['child']).toBeDefined();
    expect((await next('world_act', { calls: [{ name: 'execute', args: { actions: [] } }, { name: 'execute' }] })).error).toMatchObject({
      code: 'budget_exceeded',
      needed: 5,
    });
    const child = (forked['child'] as { readonly session_id: string }).session_id;
    expect((await next('world_reclaim', { child })).error).toMatchObject({ code: 'invalid_request' });
    // What a guarded run used is its own word: nobody who plays gives budget back to itself by it.
    const guard = { record: 'digest', prices_sha256: '0'.repeat(64) };
    const unknownGuard = { code: 'invalid_request', problems: [{ pointer: '/guard' }] };
    expect((await next('world_fork', { budget: { max_steps: 1 }, guard })).error).toMatchObject(unknownGuard);
    expect((await next('world_reclaim', { child, guard })).error).toMatchObject(unknownGuard);
    expect((await next('world_close', { head: `0-${'0'.repeat(64)}` })).error).toMatchObject({ code: 'head_moved' });
    expect((await say(sessions, 'world_verify', { session_id }))['verdict']).toBe('proven_so_far');
    expect((await next('world_close', {}))['status']).toBe('sealed');
    expect((await next('world_act', { calls: [{ name: 'execute' }] })).error).toMatchObject({ code: 'session_sealed' });
    const first = await say(sessions, 'world_history', { session_id, from_segment: 0, max_segments: 1 });
    expect(first).toMatchObject({ rows: [{ type: 'run' }], next_segment: 1, status: 'sealed' });
    expect((await say(sessions, 'world_observe', { session_id, history: 1 }))['observation']).toMatchObject({ history: [{ step: 0 }] });
    expect((await say(sessions, 'world_create', { budget: { max_steps: 1_000_000 } })).error).toMatchObject({
      code: 'budget_above_ceiling',
    });
  });

  it.each([
    ['world_observe', { history: 1_001 }, '/history'],
    ['world_simulate', { actions: [] }, '/head'],
    ['world_act', { head: 'x', calls: [] }, '/calls'],
    ['world_history', { max_segments: 0 }, '/max_segments'],
    ['world_verify', { deep: true }, '/deep'],
    ['world_fork', { head: 'x', budget: { max_step: 1 } }, '/budget/max_step'],
    ['world_act', { head: 'x', calls: [{ name: 'execute', args: { actions: JSON.parse('{"__proto__":1}') as object } }] }, ''],
  ])('%s of %j says where it is wrong, and what is left', async (name, args, pointer) => {
    const sessions = makeMcpSessions();
    const { session_id } = await sessions.create('one', BUDGET);
    const body = await say(sessions, name, { session_id, ...args });
    expect(body.error).toMatchObject({ code: 'invalid_request', problems: [{ pointer }] });
    if (pointer !== '') expect(body['remaining']).toMatchObject({ steps: 5 });
  });

  it('of a session that is not shown is that of one which is not there', async () => {
    const sessions = makeMcpSessions();
    const session = String((await sessions.create('mine', BUDGET))['session_id']);
    const other = String((await sessions.create('theirs', BUDGET))['session_id']);
    for (const id of [other, '0'.repeat(32)]) {
      const body = await say(sessions, 'world_observe', { session_id: id }, { plane: 'agent', session });
      expect(body).toEqual({ ok: false, error: { code: 'not_found', message: `no session ${id}` } });
    }
  });

  it('names the row of a tape that somebody changed', async () => {
    const sessions = makeMcpSessions();
    const { session_id: session } = await sessions.create('one', BUDGET);
    const key = { session: String(session), seq: 1 };
    const forged = '{"hash":"0","type":"resume"}\n';
    await sessions.log.create(key, new TextEncoder().encode(forged), INVOCATION.storing)();
    const body = await say(sessions, 'world_verify', { session_id: session });
    expect(body).toMatchObject({ ok: false, verdict: 'not_proven', where: [session], divergence: { file: 'segment 1', row: 0 } });
  });
});

describe('over HTTP', () => {
  const post = (sessions: McpSessions, body: object, more: HttpRequest = {}): Promise<HttpAnswer> =>
    askHandler(
      sessions.handle,
      httpEvent({
        path: '/mcp',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }),
        ...more,
      }),
    );
  const resultOf = ({ text }: HttpAnswer): JsonSchema => {
    const json =
      text
        .split('\n')
        .find((line) => line.startsWith('data: '))
        ?.slice(6) ?? text;
    return (JSON.parse(json) as { readonly result: JsonSchema }).result;
  };

  it('serves a session alone below its id, and logs what was answered without what was said', async () => {
    const sessions = makeMcpSessions();
    const { session_id, head } = await sessions.create('one', { max_steps: 1, max_tool_calls: 1 });
    const path = `/mcp/${String(session_id)}`;
    const { tools } = resultOf(await post(sessions, { method: 'tools/list' }, { path })) as unknown as {
      readonly tools: readonly object[];
    };
    expect(tools).toHaveLength(6);
    const calls = [{ name: 'execute', args: { actions: [] } }, { name: 'execute' }];
    const params = { name: 'world_act', arguments: { head, calls } };
    const { isError } = resultOf(await post(sessions, { method: 'tools/call', params }, { path }));
    expect(isError).toBe(true);
    const [logged] = sessions.telemetry.records().filter((record) => record.kind === 'note' && record.fields['code'] !== undefined);
    expect(logged).toMatchObject({ fields: { mode: 'mcp', route: 'POST /mcp/{id}', code: 'budget_exceeded', limiter: 'max_steps' } });
    expect((await post(sessions, { method: 'tools/list' }, { path: '/mcp/nothing' })).status).toBe(404);
  });

  it('takes messages by POST and holds no stream open', async () => {
    const sessions = makeMcpSessions();
    for (const method of ['GET', 'DELETE']) expect((await post(sessions, {}, { method })).status).toBe(405);
    const listen = await post(sessions, { method: 'subscriptions/listen', params: { notifications: {} } });
    expect([listen.status, JSON.parse(listen.text)]).toMatchObject([404, { id: 1, error: { code: -32601 } }]);
    expect((await post(sessions, {}, { body: '{"id":1,"id":2}' })).status).toBe(400);
    expect((await post(sessions, {}, { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  });
});
