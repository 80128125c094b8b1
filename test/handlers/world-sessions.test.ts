/** Sessions in world files: made, played, forked and proven like those in a market; over HTTP and over MCP. */
import type { Json } from '../../src/domain/canonical/canonical';
import { bodyOf, type ToolBody } from '../../src/handlers/mcp/tool';
import { TOOLS } from '../../src/handlers/mcp/tools';
import { callTool } from '../../src/handlers/mcp/call';
import { INVOCATION, makeMcpSessions, type McpSessions } from '../support/mcp-sessions';
import { sandbox, shipped } from '../support/world-runs';

const opened = (): McpSessions => makeMcpSessions(() => Promise.resolve(sandbox()));
const { world: source, policy, inputs } = shipped('inventory');
const DAYS = 30;
const WORLD = { source, policy, inputs: inputs.slice(0, DAYS) };
const BUDGET = { max_steps: 100, max_tool_calls: 100, max_fuel: 50_000_000, max_state_bytes: 20_000 };

type Body = Readonly<Record<string, unknown>>;

async function create(sessions: McpSessions, body: Body): Promise<ToolBody> {
  return bodyOf(await sessions.callRoute('POST /sessions', { body }));
}

/** As a client of MCP says it. */
async function say({ parts, callRoute, telemetry }: McpSessions, name: string, args: object): Promise<ToolBody> {
  const tool = TOOLS.find((known) => known.name === name);
  if (tool === undefined) throw new Error(name);
  const context = { callRoute, prove: parts.prove, sessions: parts.sessions, deadline: INVOCATION.storing };
  const calling = { scope: { plane: 'all' as const }, context, requestId: 'r', telemetry, bodyBytesMax: parts.bodyBytesMax };
  return (await callTool(tool, args, calling)).body;
}

interface Seen {
  readonly in_stock: Readonly<Record<string, number>>;
  readonly ordered: Readonly<Record<string, number>>;
  readonly cash: string;
}

/** A player that knows what it is shown, and nothing else. */
function ordersFor({ in_stock: stock, ordered, cash }: Seen): readonly Json[] {
  let money = Number(cash) - 60;
  return ['cola', 'crisps', 'sandwich'].flatMap((sku, index) => {
    const [level, cost] = [
      [60, 0.8],
      [30, 0.6],
      [12, 1.9],
    ][index] as [number, number];
    const quantity = Math.min(level - ((stock[sku] ?? 0) + (ordered[sku] ?? 0)), Math.floor((money - 5) / cost));
    if (quantity < level / 3) return [];
    money -= 5 + quantity * cost;
    return [{ type: 'order', sku, quantity }];
  });
}

test('a scripted player over MCP plays inventory for 30 days under a budget, and its session is proven', async () => {
  const sessions = opened();
  let at = await say(sessions, 'world_create', { name: 'vending', world: WORLD, budget: BUDGET });
  expect(at).toMatchObject({ ok: true, step: 0, state: { cash: '500' }, observation: { step: 0, observation: { cash: '500' } } });
  const id = at['session_id'] as string;
  for (let day = 0; day < DAYS; day += 1) {
    const observation = at['observation'] as { readonly observation: Seen };
    const actions = ordersFor(observation.observation);
    at = await say(sessions, 'world_act', { session_id: id, head: at['head'], calls: [{ name: 'execute', args: { actions } }] });
    expect(at).toMatchObject({
      ok: true,
      step: day + 1,
      results: [{ ok: true, result: { decision: actions.length === 0 ? 'HOLD' : 'APPROVED' } }],
    });
  }
  expect(at).toMatchObject({ observation: null, budget_state: { steps: DAYS, tool_calls: DAYS } });
  expect((at['budget_state'] as unknown as Record<string, number>)['fuel']).toBeGreaterThan(100_000);
  expect(Number((at['state'] as { cash: string }).cash)).toBeGreaterThan(500);
  const closed = await say(sessions, 'world_close', { session_id: id, head: at['head'] });
  expect(closed).toMatchObject({ ok: true, status: 'sealed' });
  expect(await say(sessions, 'world_verify', { session_id: id })).toMatchObject({ ok: true, verdict: 'proven' });
});

test('its policy, what it refuses, a fork, and the same body again', async () => {
  const sessions = opened();
  const made = await create(sessions, { name: 'one', world: WORLD, budget: BUDGET });
  expect(await create(sessions, { name: 'one', world: WORLD, budget: BUDGET })).toEqual(made);
  const id = made['session_id'] as string;
  const act = (head: unknown, calls: readonly object[], session = id): Promise<ToolBody> =>
    sessions.callRoute('POST /sessions/{id}/calls', { parameters: { id: session }, body: { head, calls } }).then(bodyOf);
  const first = await act(made['head'], [
    { name: 'evaluate_strategy', args: {} },
    { name: 'simulate_and_verify', args: {} },
    { name: 'execute', args: {} },
  ]);
  expect(first).toMatchObject({
    ok: true,
    step: 1,
    results: [{}, { result: { decision: 'APPROVED' } }, { result: { decision: 'APPROVED' } }],
  });
  const refused = await act(first['head'], [{ name: 'execute', args: { actions: [{ type: 'order', sku: 'cola', quantity: 9_999 }] } }]);
  expect(refused).toMatchObject({
    ok: false,
    step: 2,
    error: { code: 'simulation_rejected', verifier_errors: [{ code: 'storage_full' }] },
  });

  const fork = await sessions
    .callRoute('POST /sessions/{id}/fork', {
      parameters: { id },
      body: { head: refused['head'], budget: { ...BUDGET, max_steps: 5, max_tool_calls: 5, max_fuel: 2_000_000 } },
    })
    .then(bodyOf);
  expect(fork).toMatchObject({ ok: true, child: {} });
  const { session_id: child, head } = fork['child'] as { readonly session_id: string; readonly head: string };
  expect(await act(head, [{ name: 'execute', args: { actions: [] } }], child)).toMatchObject({ ok: true, step: 3 });
  expect(await say(sessions, 'world_verify', { session_id: id })).toMatchObject({ verdict: 'proven_so_far' });
});

test('fuel that a session does not have refuses the act before it begins', async () => {
  const sessions = opened();
  const made = await create(sessions, { name: 'short', world: WORLD, budget: { ...BUDGET, max_fuel: 300_000 } });
  const calls = Array.from({ length: 8 }, () => ({ name: 'execute', args: { actions: [] } }));
  const done = bodyOf(
    await sessions.callRoute('POST /sessions/{id}/calls', {
      parameters: { id: made['session_id'] as string },
      body: { head: made['head'], calls },
    }),
  );
  expect(done).toMatchObject({ ok: false });
  expect((done['budget_state'] as unknown as Record<string, number>)['fuel']).toBeLessThanOrEqual(300_000);
});

test('what is no world is said with its place; a deployment without an engine says so', async () => {
  const wrong = async (world: object, more: object = {}): Promise<unknown> =>
    (await create(opened(), { name: 'x', world, budget: BUDGET, ...more }))['error'];
  const at = (pointer: string): unknown => ({ code: 'invalid_request', problems: [expect.objectContaining({ pointer })] });
  expect(await wrong({ ...WORLD, source: 'export const x = 1' })).toMatchObject({ code: 'invalid_request' });
  expect(await wrong({ ...WORLD, params: { cash: 'much' } })).toMatchObject(at('/world/params') as object);
  expect(await wrong({ source })).toMatchObject(at('/world') as object);
  expect(await wrong(WORLD, { strategy: 'threshold_demo' })).toMatchObject(at('/strategy') as object);
  expect((await create(makeMcpSessions(), { name: 'x', world: WORLD, budget: BUDGET }))['error']).toMatchObject(at('/world') as object);
  expect((await create(opened(), { name: 'x', budget: { ...BUDGET } }))['error']).toMatchObject({ code: 'invalid_request' });
});
