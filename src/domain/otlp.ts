/** What spans of an agent are called and how OTLP writes them as JSON: the GenAI conventions of OpenTelemetry, for what is exported and for what is live. */

export type SpanValue = string | number | boolean;
export type SpanAttributes = Readonly<Record<string, SpanValue | undefined>>;

export const SPAN_KIND = { internal: 1, client: 3 } as const;
export const SPAN_STATUS = { ok: 1, error: 2 } as const;
/** Of hex digits. */
export const TRACE_ID_CHARS = 32;
export const SPAN_ID_CHARS = 16;

/** The name of a span and its attributes, a call of a tool. */
export function toolSpan(tool: string): { readonly name: string; readonly attributes: SpanAttributes } {
  return {
    name: `execute_tool ${tool}`,
    attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool, 'gen_ai.tool.type': 'function' },
  };
}

/** The name of a span and its attributes, an agent at work. */
export function agentSpan(agent: string, id: string | undefined): { readonly name: string; readonly attributes: SpanAttributes } {
  return {
    name: `invoke_agent ${agent}`,
    attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': agent, 'gen_ai.agent.id': id },
  };
}

/** A 64-bit integer is a text in OTLP. What is undefined is left out. */
export function otlpAttributes(attributes: SpanAttributes): readonly object[] {
  return Object.entries(attributes).flatMap(([key, value]): readonly object[] => {
    if (value === undefined) return [];
    if (typeof value === 'string') return [{ key, value: { stringValue: value } }];
    return [{ key, value: typeof value === 'boolean' ? { boolValue: value } : { intValue: String(value) } }];
  });
}
