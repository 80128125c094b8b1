/**
 * The Agent Trajectory Interchange Format, ATIF-v1.4 (harbor, RFC 0001): a step of a world and an act of an agent are a step of the agent with its
 * tool calls and what came back. A tape has no times of day, so no step has one. Tokens and money are in `metrics`, where a tape of digests has no words.
 */
import type { Row } from '../../../domain/tape/chain';
import { makeCallReader } from '../../../domain/report/calls';
import { record } from './record';
import { agentOf, count, makeItems, text, type Trace } from './trace';

const MICRODOLLARS = 1_000_000;

export function makeAtif(version: string): Trace {
  const items = makeItems();
  const calls = makeCallReader();
  const totals = { steps: 0, prompt: 0, completion: 0, cached: 0, microusd: 0 };
  let runId = '';

  function step(members: object): object {
    totals.steps += 1;
    return { step_id: totals.steps, ...members };
  }

  function metricsOf(row: Row): object {
    const usage = record(row['usage'] ?? record(row['result'])['usage']);
    const [input, output, cached] = [count(usage['input_tokens']), count(usage['output_tokens']), count(usage['cache_read_tokens'])];
    const microusd = count(record(row['costs'])['cost_microusd']);
    totals.prompt += input ?? 0;
    totals.completion += output ?? 0;
    totals.cached += cached ?? 0;
    totals.microusd += microusd ?? 0;
    const metrics = {
      ...(input === undefined ? {} : { prompt_tokens: input }),
      ...(output === undefined ? {} : { completion_tokens: output }),
      ...(cached === undefined ? {} : { cached_tokens: cached }),
      ...(microusd === undefined ? {} : { cost_usd: microusd / MICRODOLLARS }),
    };
    return Object.keys(metrics).length === 0 ? {} : { metrics };
  }

  function callStep(call: Row, index: number): object {
    const id = `row-${String(index)}`;
    const name = text(call['name'] ?? call['op']);
    const answer = text(call['error'] ?? call['result'] ?? null);
    const extra = { extra: { row: index, hash: call['hash'], ok: call['ok'] === true, source: call['source'] } };
    if (call['type'] === 'model' && call['args'] !== undefined) {
      return step({ source: 'agent', model_name: name, message: answer, ...metricsOf(call), ...extra });
    }
    const { args, goal, context, key, value } = call;
    const request = record(args ?? (goal === undefined ? { key, value } : { goal, context }));
    return step({
      source: 'agent',
      message: '',
      tool_calls: [{ tool_call_id: id, function_name: name, arguments: Array.isArray(args) ? { arguments: args } : request }],
      observation: { results: [{ source_call_id: id, content: answer }] },
      ...metricsOf(call),
      ...extra,
    });
  }

  function worldStep(row: Row, index: number): object {
    const actions = Array.isArray(row['actions']) ? row['actions'] : [];
    const id = (at: number): string => `row-${String(index)}-${String(at)}`;
    const { prices, input, decision, verifier_errors: errors, state_delta: delta } = row;
    return step({
      source: 'agent',
      message: text(row['why'] ?? decision),
      ...(actions.length === 0
        ? {}
        : {
            tool_calls: actions.map((action, at) => {
              const { type, ...rest } = record(action);
              return { tool_call_id: id(at), function_name: text(type), arguments: rest };
            }),
          }),
      observation: {
        results: [{ content: text({ seen: prices ?? input ?? null, decision, errors: errors ?? [], state_delta: delta ?? null }) }],
      },
      extra: { row: index, hash: row['hash'], step_index: row['step_index'], time: row['time'] },
    });
  }

  return {
    open: (run) => {
      runId = text(run['run_id']);
      const inputs = record(run['inputs']);
      const agent = { name: agentOf(run), version, extra: { mode: inputs['mode'] } };
      const opening = step({ source: 'user', message: text(inputs), extra: { row: 0, hash: run['hash'] } });
      const head = JSON.stringify({ schema_version: 'ATIF-v1.4', session_id: runId, agent }).slice(0, -1);
      return `${head},"steps":[\n${items([opening])}`;
    },
    row: (row, index) => {
      if (row['type'] === 'step') return items([worldStep(row, index)]);
      const call = calls.next(row);
      return call === undefined ? '' : items([callStep(call, index)]);
    },
    close: ({ headHash, sealed }) => {
      const metrics = {
        total_prompt_tokens: totals.prompt,
        total_completion_tokens: totals.completion,
        total_cached_tokens: totals.cached,
        total_cost_usd: totals.microusd / MICRODOLLARS,
        total_steps: totals.steps,
      };
      return `\n],"final_metrics":${JSON.stringify(metrics)},"extra":${JSON.stringify({ run_id: runId, head_hash: headHash, sealed })}}\n`;
    },
  };
}
