/**
 * The published contract: OpenAPI 3.1 and the JSON Schema of the error, both made of the codecs that check requests and describe answers.
 * `docs/openapi.json` and `docs/schema/error.schema.json` are this text; a test holds them to it and writes them with UPDATE=1.
 */
import { budgetCodec, budgetStateCodec, fullBudgetCodec } from '../../../domain/budget/budget-codec';
import type { Json } from '../../../domain/canonical/canonical';
import { isRecord, type JsonSchema } from '../../../domain/codec/codec';
import { SPEC_VERSION } from '../../../domain/limits';
import { marketPathCodec } from '../../../domain/market/market-path';
import { memoryRequestsCodec, planCodec } from '../../../domain/run/request-codecs';
import { strategySchema } from '../../../domain/strategy/strategy';
import { policySchema } from '../../../domain/world/policy';
import { ANSWERS, errorCodec, healthCodec, problemCodec } from './answer-codecs';
import { baseBodyCodec } from './body-base';
import { memoryBodyCodec } from './body-memory';
import { toolsBodyCodec } from './body-tools';
import { type ErrorCode, STATUS_OF } from './errors';
import { methodOf, pathOf, type Route, ROUTES } from './routes';
import type { Mode } from './response';

const JSON_SCHEMA = 'https://json-schema.org/draft/2020-12/schema';

/** Schemas that stand once and are referred to by name. */
const COMPONENTS: Readonly<Record<string, JsonSchema>> = {
  Error: errorCodec.schema,
  Problem: problemCodec.schema,
  Budget: budgetCodec.schema,
  FullBudget: fullBudgetCodec.schema,
  BudgetState: budgetStateCodec.schema,
  Market: marketPathCodec.schema,
  Strategy: strategySchema,
  Policy: policySchema,
  ToolPlan: planCodec.schema,
  MemoryRequests: memoryRequestsCodec.schema,
  BaseRequest: baseBodyCodec.schema,
  ToolsRequest: toolsBodyCodec.schema,
  MemoryRequest: memoryBodyCodec.schema,
  BaseAnswer: ANSWERS['agentcore-base'].schema,
  ToolsAnswer: ANSWERS['agentcore-tools'].schema,
  MemoryAnswer: ANSWERS['agentcore-memory'].schema,
  Health: healthCodec.schema,
};

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly request: string;
  readonly answer: string;
  readonly example: Json;
}

const OPERATIONS: Readonly<Record<Mode, Operation>> = {
  'agentcore-base': {
    id: 'runBase',
    summary: 'Run a strategy over a market under a budget of steps.',
    request: 'BaseRequest',
    answer: 'BaseAnswer',
    example: { market: 'trading_path', strategy: 'threshold_demo', steps: 5, budget: { max_steps: 5 } },
  },
  'agentcore-tools': {
    id: 'runTools',
    summary: 'Take a plan of tool calls, each of which takes a step and a tool call of the budget.',
    request: 'ToolsRequest',
    answer: 'ToolsAnswer',
    example: {
      budget: { max_steps: 2, max_tool_calls: 2 },
      tool_plan: [
        { name: 'evaluate_strategy', args: { step: 0 } },
        { name: 'execute', args: { step: 0 } },
      ],
    },
  },
  'agentcore-memory': {
    id: 'runMemory',
    summary: 'Put, get and clear values in memory; nothing is sent where the budget does not cover the whole list.',
    request: 'MemoryRequest',
    answer: 'MemoryAnswer',
    example: {
      budget: { max_memory_ops: 1, max_memory_bytes: 100 },
      requests: [{ op: 'memory_put', key: 'note', value: 'remember me' }],
    },
  },
};

const REASONS: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  404: 'No such path',
  405: 'The path takes other methods',
  409: 'Other bytes are stored for this run',
  413: 'The body is too long, or the artifacts of the run would be',
  415: 'The body is not JSON in UTF-8',
  422: 'Refused: by a budget, a ceiling, the verifier or a failed call',
  500: 'A fault of the service',
  503: 'S3 or AgentCore failed',
  504: 'The time ran out',
};

export function openApi(): Json {
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: JSON_SCHEMA,
    info: {
      title: 'Executable World Models',
      version: String(SPEC_VERSION),
      summary: 'Stateful planning runs whose every state transition can be proved, under explicit budgets.',
      description: 'The same functions answer a direct Lambda invocation with the bare body and give the bare answer.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:3000', description: 'the local server' }],
    security: [{ sigv4: [] }],
    paths: pathsOf(),
    components: {
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, referring(schema, schema)])),
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          name: 'Authorization',
          in: 'header',
          description: 'AWS Signature Version 4 for execute-api; the local server asks for none.',
        },
      },
    },
  };
}

/** One schema for the error of handlers, CLI and library; self-contained. */
export function errorSchema(): Json {
  return { $schema: JSON_SCHEMA, title: 'Error of Executable World Models', ...errorCodec.schema };
}

function pathsOf(): Record<string, Json> {
  return Object.fromEntries(
    (Object.keys(ROUTES) as Route[]).map((route) => {
      const service = ROUTES[route];
      return [
        pathOf(route),
        { [methodOf(route).toLowerCase()]: service === 'every' ? healthOperation() : operationOf(OPERATIONS[service]) },
      ];
    }),
  );
}

function healthOperation(): Json {
  return {
    operationId: 'health',
    summary: 'Version, mode, ceilings, and what is enabled.',
    responses: { 200: { description: 'Up', content: content('Health') } },
  };
}

function operationOf({ id, summary, request, answer, example }: Operation): Json {
  return {
    operationId: id,
    summary,
    requestBody: {
      description: 'An empty body is the request of all defaults.',
      required: false,
      content: { 'application/json': { schema: ref(request), example } },
    },
    responses: { 200: { description: 'Done: `ok` is true', content: content(answer) }, ...refusals(answer) },
  };
}

function refusals(answer: string): Record<string, Json> {
  const codes = Object.keys(STATUS_OF) as ErrorCode[];
  return Object.fromEntries(
    Object.entries(REASONS).map(([status, reason]) => {
      const those = codes.filter((code) => String(STATUS_OF[code]) === status).map((code) => `\`${code}\``);
      return [status, { description: `${reason}: ${those.join(', ')}`, content: content(answer) }];
    }),
  );
}

function content(name: string): Json {
  return { 'application/json': { schema: ref(name) } };
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** The schema with every part that is a component replaced by its name; codecs hold each other's schemas by reference. */
function referring(schema: Json, root: Json): Json {
  const name = schema === root ? undefined : Object.keys(COMPONENTS).find((candidate) => COMPONENTS[candidate] === schema);
  if (name !== undefined) return ref(name);
  if (Array.isArray(schema)) return schema.map((item: Json) => referring(item, root));
  if (!isRecord(schema)) return schema;
  return Object.fromEntries(Object.entries(schema as Readonly<Record<string, Json>>).map(([key, value]) => [key, referring(value, root)]));
}
