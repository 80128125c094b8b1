/**
 * OpenTelemetry spans with the GenAI conventions, as OTLP JSON: one trace a run, a span an act. A tape holds no time of day: spans begin at the time
 * since the run began where it is limited (`wall_ms`), else one microsecond after the other, which is their order and nothing more.
 */
import type { Row } from '../../../domain/tape/chain';
import { agentSpan, otlpAttributes, SPAN_ID_CHARS, SPAN_KIND, SPAN_STATUS, type SpanAttributes, toolSpan } from '../../../domain/otlp';
import { makeCallReader } from '../../../domain/report/calls';
import { record } from './record';
import { agentOf, count, makeItems, text, type Trace } from './trace';

export function makeOtel(version: string): Trace {
  const items = makeItems();
  const calls = makeCallReader();
  const beganAt = new Map<unknown, bigint>();
  let root: Row = {};
  let seal: Row | undefined;
  let lastNs = 0n;

  /** Never back: spans of one trace are in the order of its rows. */
  function timeOf(row: Row, index: number): bigint {
    const wallMs = count(row['wall_ms']);
    const ns = wallMs === undefined ? BigInt(index) * 1_000n : BigInt(wallMs) * 1_000_000n;
    lastNs = ns > lastNs ? ns : lastNs;
    return lastNs;
  }

  function span(row: Row, name: string, kind: number, from: bigint, to: bigint, ok: boolean, attributes: SpanAttributes): object {
    return {
      traceId: text(root['run_id']),
      spanId: text(row['hash']).slice(0, SPAN_ID_CHARS),
      ...(row === root ? {} : { parentSpanId: text(root['hash']).slice(0, SPAN_ID_CHARS) }),
      name,
      kind,
      startTimeUnixNano: from.toString(),
      endTimeUnixNano: to.toString(),
      attributes: otlpAttributes(attributes),
      status: { code: ok ? SPAN_STATUS.ok : SPAN_STATUS.error },
    };
  }

  function callSpan(call: Row, index: number): object {
    const to = timeOf(call, index);
    const from = beganAt.get(call['index']) ?? to;
    beganAt.delete(call['index']);
    const name = text(call['name'] ?? call['op']);
    const common = {
      'ewm.row': index,
      'ewm.hash': text(call['hash']),
      'error.type': call['ok'] === true ? undefined : text(record(call['error'])['code']),
    };
    if (call['type'] !== 'model') {
      const tool = toolSpan(name);
      return span(call, tool.name, SPAN_KIND.internal, from, to, call['ok'] === true, { ...tool.attributes, ...common });
    }
    const usage = record(call['usage'] ?? record(call['result'])['usage']);
    return span(call, `chat ${name}`, SPAN_KIND.client, from, to, call['ok'] === true, {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': name,
      'gen_ai.request.max_tokens': count(call['max_output_tokens']),
      'gen_ai.usage.input_tokens': count(usage['input_tokens']),
      'gen_ai.usage.output_tokens': count(usage['output_tokens']),
      ...common,
    });
  }

  return {
    open: (run) => {
      root = run;
      const resource = { attributes: otlpAttributes({ 'service.name': 'executable-world-models', 'service.version': version }) };
      const scope = { name: 'executable-world-models', version };
      return `{"resourceSpans":[{"resource":${JSON.stringify(resource)},"scopeSpans":[{"scope":${JSON.stringify(scope)},"spans":[\n`;
    },
    row: (row, index) => {
      if (row['type'] === 'seal') seal = row;
      if (row['type'] === 'intent') beganAt.set(row['index'], timeOf(row, index));
      if (row['type'] === 'step') {
        const at = timeOf(row, index);
        const name = `step ${text(row['step_index'])}`;
        return items([
          span(row, name, SPAN_KIND.internal, at, at, row['decision'] !== 'REJECTED', {
            'ewm.decision': text(row['decision']),
            'ewm.row': index,
            'ewm.hash': text(row['hash']),
          }),
        ]);
      }
      const call = calls.next(row);
      return call === undefined ? '' : items([callSpan(call, index)]);
    },
    close: ({ headHash, sealed }) => {
      const agent = agentSpan(agentOf(root), text(root['run_id']));
      const whole = span(root, agent.name, SPAN_KIND.internal, 0n, lastNs + 1_000n, seal?.['ok'] === true, {
        ...agent.attributes,
        'ewm.head_hash': headHash,
        'ewm.sealed': sealed,
      });
      return `${items([whole])}\n]}]}]}\n`;
    },
  };
}
