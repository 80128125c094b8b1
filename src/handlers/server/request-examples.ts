/** Requests to begin with, a few for each handler: those of docs/curl-examples.md and some more. A test sends each of them. */
import thresholdDemo from '../../../examples/strategies/threshold_demo.json';
import tradingPath from '../../../examples/fixtures/trading_path.json';
import type { RequestForm } from '../page/server-html';

const put = { op: 'memory_put', key: 'greeting', value: 'hello' };
const get = { op: 'memory_get', key: 'greeting' };

export const REQUEST_FORMS: readonly RequestForm[] = [
  form('base', 'Steps of the world: a strategy over a market. Every step is paid for.', [
    ['Five steps, enough budget', { steps: 5, budget: { max_steps: 5 } }],
    ['A budget that is too small', { steps: 5, budget: { max_steps: 2 } }],
    ['One step, the default budget', {}],
    ['A market and a strategy of your own', { steps: 5, budget: { max_steps: 5 }, market: tradingPath, strategy: thresholdDemo }],
    ['A request that is not legal', { budget: { max_steps: 0 } }],
  ]),
  form('tools', 'A plan of tool calls. Each takes a step and a tool call.', [
    ['Evaluate, then commit', { budget: { max_steps: 2, max_tool_calls: 2 }, tool_plan: [call('evaluate_strategy'), call('execute')] }],
    ['The default plan', { budget: { max_steps: 3, max_tool_calls: 3 } }],
    ['A budget that is too small', { budget: { max_steps: 3, max_tool_calls: 1 } }],
  ]),
  form('memory', 'A list of memory requests, checked against the budget before the first is sent.', [
    ['Put and get', { budget: { max_memory_ops: 2, max_memory_bytes: 200 }, requests: [put, get] }],
    ['A plan that cannot finish', { budget: { max_memory_ops: 1, max_memory_bytes: 200 }, requests: [{ ...put, value: 'bye' }, get] }],
  ]),
];

function call(name: string): object {
  return { name, args: { step: 0 } };
}

function form(name: string, about: string, examples: readonly (readonly [string, object])[]): RequestForm {
  return {
    name,
    path: `/agentcore/${name}`,
    about,
    examples: examples.map(([title, body]) => ({ title, body: JSON.stringify(body, null, 2) })),
  };
}
