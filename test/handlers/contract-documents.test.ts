import Ajv2020 from 'ajv/dist/2020';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planTools } from '../../src/domain/agent/tools';
import type { Json } from '../../src/domain/canonical/canonical';
import { isRecord } from '../../src/domain/codec/codec';
import { proposalCodec } from '../../src/domain/world/market/proposal';
import { configurationDoc } from '../../src/handlers/config-doc';
import { type ErrorCode, STATUS_OF } from '../../src/handlers/http/contract/errors';
import { errorSchema, openApi } from '../../src/handlers/http/contract/openapi';
import { ROUTES } from '../../src/handlers/http/contract/routes';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import { gatewayTools } from '../../src/handlers/mcp/gateway';
import { invoke, makeTestHandler } from '../support/handlers';

const DOCS = join(__dirname, '../../docs');
const UPDATE = process.env['UPDATE'] === '1';

function pretty(document: Json): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

describe('documents made of the code', () => {
  it.each([
    ['openapi.json', pretty(openApi())],
    ['schema/error.schema.json', pretty(errorSchema())],
    ['schema/gateway-tools.json', pretty(gatewayTools())],
    ['configuration.md', configurationDoc()],
  ])('docs/%s is up to date (UPDATE=1 writes it)', (file, expected) => {
    const path = join(DOCS, file);
    if (UPDATE) writeFileSync(path, expected);
    expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(expected);
  });
});

describe('OpenAPI document', () => {
  const document = openApi() as Readonly<Record<string, Record<string, Record<string, never>>>>;
  const text = JSON.stringify(document);

  it('resolves every reference it makes', () => {
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([A-Za-z]+)"/g)].map((match) => match[1] ?? '');
    expect(references.length).toBeGreaterThan(40);
    const schemas = Object.keys(document['components']?.['schemas'] ?? {});
    expect(references.filter((name) => !schemas.includes(name))).toEqual([]);
    expect(schemas.filter((name) => !references.includes(name))).toEqual([]);
  });

  it('has an operation for each route, each with an id of its own and an answer for each status', () => {
    const operations = Object.keys(ROUTES).map((route) => {
      const [method = '', path = ''] = route.split(' ');
      return (document['paths']?.[path] as unknown as Readonly<Record<string, { operationId: string; responses: object }>>)[
        method.toLowerCase()
      ];
    });
    expect(new Set(operations.map((operation) => operation?.operationId)).size).toBe(operations.length);
    const statuses = [...new Set(['200', ...Object.values(STATUS_OF).map(String)])].sort();
    for (const operation of operations) {
      const bare = ['health', 'openApi', 'sessionInput', 'sessionSegment', 'sessionReceipt', 'mcp', 'mcpAgent'].includes(
        operation?.operationId ?? '',
      );
      const refusals = bare ? [] : statuses.slice(1);
      const done = operation?.operationId === 'createSession' ? '201' : '200';
      expect(Object.keys(operation?.responses ?? {}).sort()).toEqual([done, ...refusals]);
    }
    expect(document['openapi']).toBe('3.1.0');
  });

  it('holds schemas that compile in strict mode, and examples that they accept', () => {
    const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, strictTypes: false });
    ajv.addVocabulary(['components']);
    ajv.addSchema({ $id: 'openapi', components: document['components'] ?? {} }, 'openapi', false, false);
    for (const name of Object.keys(document['components']?.['schemas'] ?? {})) {
      expect(ajv.compile({ $ref: `openapi#/components/schemas/${name}` })).toBeDefined();
    }
    let examples = 0;
    for (const path of Object.values(document['paths'] ?? {})) {
      const body: unknown = isRecord(path['post']) ? path['post']['requestBody'] : undefined;
      const media = isRecord(body) && isRecord(body['content']) ? body['content']['application/json'] : undefined;
      if (!isRecord(media) || !isRecord(media['schema'])) continue;
      const validate = ajv.compile({ $ref: `openapi${String(media['schema']['$ref'])}` });
      expect([validate(media['example']), validate.errors]).toEqual([true, null]);
      expect(validate({ unknown_field: 1 })).toBe(false);
      examples += 1;
    }
    expect(examples).toBe(9);
  });

  it('names the tools, and says what each takes', () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema({ $id: 'openapi', components: document['components'] ?? {} }, 'openapi', false, false);
    const validate = ajv.compile({ $ref: 'openapi#/components/schemas/ToolPlan' });
    for (const [name, args] of [
      ['get_price_context', { step: 0 }],
      ['execute', { step: 0, actions: [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '1' }] }],
      ['execute_code', { language: 'python', code: 'print(1)' }],
      ['propose_plan', { goal: 'grow' }],
    ] as const)
      expect([name, validate([{ name, args }]), validate.errors]).toEqual([name, true, null]);
    for (const call of [
      { name: 'no_such_tool', args: {} },
      { name: 'get_price_context' },
      { name: 'get_price_context', args: { step: -1 } },
      { name: 'execute', args: { step: 0, action: [] } },
      { name: 'execute_code', args: { language: 'cobol', code: '' } },
      { name: 'propose_plan', args: { step: 0 } },
      { name: 'propose_plan', args: { goal: 'grow' }, more: 1 },
    ])
      expect([call, validate([call])]).toEqual([call, false]);
    const { items } = document['components']?.['schemas']?.['ToolPlan'] as unknown as { readonly items: { readonly properties: object } };
    expect(items.properties).toMatchObject({ name: { enum: planTools(proposalCodec).map(({ name }) => name) } });
  });

  it('describes the answers that are given', async () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema({ $id: 'openapi', components: document['components'] ?? {} }, 'openapi', false, false);
    const error = new Ajv2020({ strict: false }).compile(errorSchema() as object);
    const asked: readonly (readonly [HttpMode, string, unknown])[] = [
      ['agentcore-base', 'BaseAnswer', {}],
      ['agentcore-base', 'BaseAnswer', { steps: 2 }],
      ['agentcore-base', 'BaseAnswer', { steps: 0, budget: 1 }],
      ['agentcore-base', 'BaseAnswer', { budget: { max_steps: 1_000 } }],
      ['agentcore-tools', 'ToolsAnswer', {}],
      ['agentcore-tools', 'ToolsAnswer', { budget: { max_steps: 3, max_tool_calls: 3 } }],
      [
        'agentcore-tools',
        'ToolsAnswer',
        { budget: { max_steps: 3, max_tool_calls: 3 }, tool_plan: [{ name: 'execute', args: { step: 9 } }] },
      ],
      ['agentcore-memory', 'MemoryAnswer', {}],
      ['agentcore-memory', 'MemoryAnswer', { requests: [{ op: 'memory_get', key: 'k' }] }],
    ];
    for (const [mode, name, body] of asked) {
      const answer = await invoke(makeTestHandler(mode), body);
      const validate = ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
      expect([validate(answer), validate.errors]).toEqual([true, null]);
      if (answer.error !== undefined) expect([error(answer.error), error.errors]).toEqual([true, null]);
    }
  });

  it('has an error schema with a variant for every code', () => {
    const variants = (errorSchema() as { oneOf: { properties: { code: { const: ErrorCode } } }[] }).oneOf;
    expect(variants.map((variant) => variant.properties.code.const).sort()).toEqual(Object.keys(STATUS_OF).sort());
  });
});
