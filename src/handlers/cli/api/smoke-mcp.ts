/** The smoke test of MCP: a session made on the whole server and played by its agent, to its budget and no further, and its proof. */
import { at, briefly, textAt } from './api-answer';
import type { ApiAnswer } from './api-client';
import { mcpMessage } from './mcp-message';
import { type Expectation, request, type Smoke } from './smoke-check';

const BUDGET = { max_steps: 1, max_tool_calls: 1 };
const WAIT = [{ name: 'execute', args: { actions: [] } }];
/** What makes a session, or ends one: an agent has none of them. */
const CONTROL_TOOLS = ['world_create', 'world_fork', 'world_close', 'world_reclaim'];

export async function smokeMcp(smoke: Smoke): Promise<void> {
  await rpc(smoke, 'tools/list', {}, 'the tools', 'those of both planes', (answer) =>
    CONTROL_TOOLS.every((name) => toolsIn(answer).includes(name)) && toolsIn(answer).includes('world_act') ? undefined : briefly(answer),
  );
  const made = await callTool(smoke, 'world_create', { budget: BUDGET }, 'an open session, nothing spent', ok);
  const id = textAt(bodyIn(made), 'session_id');
  const head = textAt(bodyIn(made), 'head');
  if (id === undefined || head === undefined) return;
  const agent: Smoke = { ...smoke, path: `${smoke.path}/${encodeURIComponent(id)}` };
  await rpc(agent, 'tools/list', {}, 'the tools of its agent', 'none that makes a session or ends one', (answer) =>
    toolsIn(answer).includes('world_act') && !CONTROL_TOOLS.some((name) => toolsIn(answer).includes(name)) ? undefined : briefly(answer),
  );
  await rpc(agent, 'tools/call', { name: 'world_create', arguments: {} }, 'its agent makes a session', 'error -32602', (answer) =>
    at(answer.json, 'error', 'code') === -32602 ? undefined : briefly(answer),
  );
  const step = { head, calls: WAIT };
  const stepped = await callTool(agent, 'world_act', step, 'ok, one step done', ok);
  await callTool(agent, 'world_act', step, 'the same head, repeated, nothing charged', (again) =>
    at(bodyIn(again), 'repeated') === true && textAt(bodyIn(again), 'head') === textAt(bodyIn(stepped), 'head')
      ? undefined
      : briefly(again),
  );
  const more = { head: textAt(bodyIn(stepped), 'head'), calls: WAIT };
  const tripped = await callTool(agent, 'world_act', more, 'a tool error, budget_exceeded by max_steps', (answer) =>
    at(answer.json, 'result', 'isError') === true && at(bodyIn(answer), 'error', 'limiter') === 'max_steps' ? undefined : briefly(answer),
  );
  const end = { session_id: id, head: textAt(bodyIn(tripped), 'head') };
  await callTool(smoke, 'world_close', end, 'sealed', (answer) =>
    at(bodyIn(answer), 'status') === 'sealed' ? undefined : briefly(answer),
  );
  await callTool(smoke, 'world_verify', { session_id: id }, 'proven', (answer) =>
    at(bodyIn(answer), 'verdict') === 'proven' ? undefined : briefly(answer),
  );
}

const ok: Expectation = (answer) => (at(bodyIn(answer), 'ok') === true ? undefined : briefly(answer));

function callTool(smoke: Smoke, name: string, args: object, expected: string, expectation: Expectation): Promise<ApiAnswer | undefined> {
  return rpc(smoke, 'tools/call', { name, arguments: args }, name, expected, expectation);
}

function rpc(
  smoke: Smoke,
  method: string,
  params: { readonly name?: string; readonly arguments?: object },
  check: string,
  expected: string,
  expectation: Expectation,
): Promise<ApiAnswer | undefined> {
  const { headers, body } = mcpMessage(method, params);
  return request({ ...smoke, headers }, `${check} (POST ${smoke.path})`, body, expected, expectation);
}

function bodyIn(answer: ApiAnswer | undefined): unknown {
  return at(answer?.json, 'result', 'structuredContent');
}

function toolsIn({ json }: ApiAnswer): readonly (string | undefined)[] {
  const tools = at(json, 'result', 'tools');
  return Array.isArray(tools) ? tools.map((tool: unknown) => textAt(tool, 'name')) : [];
}
