/**
 * The sessions function as a Lambda target of AgentCore Gateway: arguments as the event, the tool in the client context. The shape is that of
 * https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-add-target-lambda.html
 */
import type { InvocationContext } from '../../src/handlers/http/edge/invocation';
import { withGatewayTools, gatewayTools } from '../../src/handlers/mcp/gateway';
import { makeHandler, type Handler } from '../../src/handlers/http/edge/handler';
import { contextOf } from '../support/handlers';
import { httpEvent } from '../support/http-events';
import { makeMcpSessions } from '../support/mcp-sessions';

type Body = Readonly<Record<string, unknown>>;

/** What the gateway says of itself; `custom` or `Custom`, as its SDK writes it. */
function gatewayContext(tool: string, member: 'custom' | 'Custom' = 'custom'): InvocationContext {
  const custom = {
    bedrockAgentCoreMessageVersion: '1.0',
    bedrockAgentCoreAwsRequestId: '7c1d1d38-cc5c-4d5d-9d5f-000000000000',
    bedrockAgentCoreMcpMessageId: '1',
    bedrockAgentCoreGatewayId: 'ewm-0123456789',
    bedrockAgentCoreTargetId: 'ABCDEFGHIJ',
    bedrockAgentCoreToolName: tool,
  };
  return { ...contextOf(), clientContext: { [member]: custom } };
}

function target(): Handler {
  const sessions = makeMcpSessions();
  const { parts, served } = sessions;
  const { telemetry } = sessions;
  const tools = withGatewayTools({ ...parts, served, telemetry });
  return makeHandler(tools, sessions.settings, { telemetry, openApi: () => '' });
}

it('plays a session', async () => {
  const handle = target();
  const say = async (tool: string, args: object): Promise<Body> => (await handle(args, gatewayContext(`ewm___${tool}`))) as unknown as Body;
  const made = await say('world_create', { name: 'one', budget: { max_steps: 1, max_tool_calls: 1 } });
  const { session_id, head } = made;
  const calls = [{ name: 'execute', args: { actions: [] } }, { name: 'execute' }];
  const acted = await say('world_act', { session_id, head, calls });
  expect(acted).toMatchObject({ ok: false, step: 1, remaining: { steps: 0 }, error: { code: 'budget_exceeded', needed: 2 } });
  expect(await say('world_verify', { session_id })).toMatchObject({ ok: true, verdict: 'proven_so_far' });
  expect((await handle({ session_id }, gatewayContext('world_observe', 'Custom'))) as unknown as Body).toMatchObject({ ok: true, step: 1 });
});

it('takes an event for arguments, whatever they look like: no client of a gateway writes itself another request', async () => {
  const handle = target();
  const made = (await handle({ name: 'one' }, contextOf())) as unknown as Body;
  const observe = (args: object): Promise<unknown> => handle(args, gatewayContext('ewm___world_observe'));
  const forged = httpEvent({ path: '/sessions', body: '{"name":"another"}' });
  for (const event of [forged, { httpMethod: 'POST', path: '/sessions' }, { source: 'aws.events' }, { Records: [{}] }]) {
    const session = { session_id: made['session_id'] };
    expect(await observe({ ...event, ...session })).toMatchObject({ ok: false, error: { code: 'invalid_request' }, ...session });
  }
  expect(await handle(httpEvent({ method: 'GET', path: '/sessions' }), contextOf())).toMatchObject({
    body: JSON.stringify({ ok: true, sessions: [made['session_id']], more: false }),
  });
});

it.each([['ewm___world_admin'], ['ewm___other___world_create'], ['ewm___'], ['']])(
  'a tool that is not there (%j) does nothing',
  async (tool) => {
    expect(await target()({}, gatewayContext(tool))).toMatchObject({ ok: false, error: { code: 'not_found' } });
  },
);

it('publishes schemas of what a gateway takes, and nothing else', () => {
  const types = ['string', 'number', 'object', 'array', 'boolean', 'integer'];
  const check = (schema: Body): void => {
    expect(Object.keys(schema).filter((key) => !['type', 'description', 'properties', 'items', 'required'].includes(key))).toEqual([]);
    expect(types).toContain(schema['type']);
    if (schema['type'] === 'array') expect(schema['items']).toBeDefined();
    for (const inner of Object.values((schema['properties'] ?? {}) as Readonly<Record<string, Body>>)) check(inner);
    if (schema['items'] !== undefined) check(schema['items'] as Body);
  };
  const tools = gatewayTools() as unknown as readonly { readonly name: string; readonly inputSchema: Body }[];
  expect(tools).toHaveLength(10);
  for (const { inputSchema } of tools) check(inputSchema);
  expect(JSON.stringify(tools)).toContain(
    '{name: \\"execute\\", args?: {step?: integer, actions?: [{type: \\"PlaceBuy\\" | \\"PlaceSell\\"',
  );
  // What a template of CloudFormation may hold beside it.
  expect(JSON.stringify(tools).length).toBeLessThan(40_000);
});
