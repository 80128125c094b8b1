/**
 * OpenTelemetry spans with the GenAI conventions, as OTLP JSON: one trace a run, a span an act. A tape holds no time of day: spans begin at the time
 * since the run began where it is limited (`wall_ms`), else one microsecond after the other, which is their order and nothing more.
 */
import type { Row } from '../../../domain/tape/chain';
import { makeCallReader } from '../../../domain/report/calls';
import { record } from './record';
import { agentOf, count, makeItems, text, type Trace } from './trace';

const SPAN_DIGITS = 16;
const INTERNAL = 1;
const CLIENT = 3;
const OK = 1;
const ERROR = 2;

type Value = string | number | boolean;

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

  function span(
    row: Row,
    name: string,
    kind: number,
    from: bigint,
    to: bigint,
    ok: boolean,
    attributes: Readonly<Record<string, Value | undefined>>,
  ): object {
    return {
      traceId: text(root['run_id']),
      spanId: text(row['hash']).slice(0, SPAN_DIGITS),
      ...(row === root ? {} : { parentSpanId: text(root['hash']).slice(0, SPAN_DIGITS) }),
      name,
      kind,
      startTimeUnixNano: from.toString(),
      endTimeUnixNano: to.toString(),
      attributes: attributesOf(attributes),
      status: { code: ok ? OK : ERROR },
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
      const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name, 'gen_ai.tool.type': 'function', ...common };
      return span(call, `execute_tool ${name}`, INTERNAL, from, to, call['ok'] === true, attributes);
    }
    const usage = record(call['usage'] ?? record(call['result'])['usage']);
    return span(call, `chat ${name}`, CLIENT, from, to, call['ok'] === true, {
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
      const resource = { attributes: attributesOf({ 'service.name': 'executable-world-models', 'service.version': version }) };
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
          span(row, name, INTERNAL, at, at, row['decision'] !== 'REJECTED', {
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
      const name = agentOf(root);
      const whole = span(root, `invoke_agent ${name}`, INTERNAL, 0n, lastNs + 1_000n, seal?.['ok'] === true, {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': name,
        'gen_ai.agent.id': text(root['run_id']),
        'ewm.head_hash': headHash,
        'ewm.sealed': sealed,
      });
      return `${items([whole])}\n]}]}]}\n`;
    },
  };
}

function attributesOf(attributes: Readonly<Record<string, Value | undefined>>): readonly object[] {
  return Object.entries(attributes).flatMap(([key, value]): readonly object[] => {
    if (value === undefined) return [];
    if (typeof value === 'string') return [{ key, value: { stringValue: value } }];
    return [{ key, value: typeof value === 'boolean' ? { boolValue: value } : { intValue: String(value) } }];
  });
}
