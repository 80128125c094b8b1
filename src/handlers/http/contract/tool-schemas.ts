/** Calls of tools as a schema: which tools there are, and what each takes. For the published contract; the handlers record a wrong call as failed. */
import type { Tool } from '../../../domain/agent/tool';
import type { JsonSchema } from '../../../domain/codec/codec';

/** The schema of one call of these tools. */
export function callSchema(tools: readonly Pick<Tool<never>, 'name' | 'schema'>[]): JsonSchema {
  return {
    type: 'object',
    description: 'A call of a tool. Another name, or other arguments, is a failed call: it is charged, recorded and ends the plan.',
    properties: { name: { enum: tools.map(({ name }) => name) }, args: { type: 'object' } },
    required: ['name'],
    additionalProperties: false,
    oneOf: tools.map(({ name, schema }) => ({
      properties: { name: { const: name }, args: schema },
      required: Array.isArray(schema['required']) && schema['required'].length > 0 ? ['name', 'args'] : ['name'],
    })),
  };
}
