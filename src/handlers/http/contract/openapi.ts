/**
 * The published contract: OpenAPI 3.1 and the JSON Schema of the error, both made of the codecs that check requests and describe answers.
 * `docs/openapi.json` and `docs/schema/error.schema.json` are this text; a test holds them to it and writes them with UPDATE=1.
 */
import { budgetCodec, budgetStateCodec, fullBudgetCodec } from '../../../domain/budget/budget-codec';
import { planTools } from '../../../domain/agent/tools';
import type { Json } from '../../../domain/canonical/canonical';
import { isRecord, type JsonSchema } from '../../../domain/codec/codec';
import { SPEC_VERSION } from '../../../domain/limits';
import { marketPathCodec } from '../../../domain/market/market-path';
import { memoryRequestsCodec, planCodec } from '../../../domain/run/request-codecs';
import { strategySchema } from '../../../domain/world/market/strategy';
import { proposalCodec } from '../../../domain/world/market/proposal';
import { policySchema } from '../../../domain/world/market/policy';
import { ANSWERS, errorCodec, healthCodec, problemCodec, quoteCodec, sessionAnswerCodec, sessionListCodec } from './answer-codecs';
import { callsBodyCodec, closeBodyCodec, createBodyCodec, forkBodyCodec, quoteBodyCodec, reclaimBodyCodec } from './body-session';
import { baseBodyCodec } from './body-base';
import { memoryBodyCodec } from './body-memory';
import { toolsBodyCodec } from './body-tools';
import { type ErrorCode, STATUS_OF } from './errors';
import { callSchema } from './tool-schemas';
import { methodOf, namesIn, pathOf, type Route, type RouteRow, ROUTES } from './routes';

const JSON_SCHEMA = 'https://json-schema.org/draft/2020-12/schema';

/** Schemas that stand once and are referred to by name. */
const COMPONENTS = {
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
  CreateSession: createBodyCodec.schema,
  SessionCalls: callsBodyCodec.schema,
  SessionQuote: quoteBodyCodec.schema,
  SessionFork: forkBodyCodec.schema,
  SessionReclaim: reclaimBodyCodec.schema,
  SessionClose: closeBodyCodec.schema,
  SessionAnswer: sessionAnswerCodec.schema,
  Quote: quoteCodec.schema,
  SessionList: sessionListCodec.schema,
} as const satisfies Readonly<Record<string, JsonSchema>>;

/** Components that say more than their codec checks. */
const PUBLISHED: Partial<Readonly<Record<Component, JsonSchema>>> = {
  ToolPlan: { ...planCodec.schema, items: callSchema(planTools(proposalCodec)) },
};

type Component = keyof typeof COMPONENTS;

/** The rows, held to the components: a name that is none does not compile. */
interface Operation extends RouteRow {
  readonly request?: { readonly schema: Component; readonly example: Json };
  readonly answer?: Component;
}
const OPERATIONS: Readonly<Record<Route, Operation>> = ROUTES;

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
      schemas: Object.fromEntries(
        Object.entries(COMPONENTS).map(([name, schema]) => [name, referring(PUBLISHED[name as Component] ?? schema, schema)]),
      ),
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

function pathsOf(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of Object.keys(OPERATIONS) as Route[]) {
    const path = (paths[pathOf(route)] ??= {});
    path[methodOf(route).toLowerCase()] = operationOf(route, OPERATIONS[route]);
  }
  return paths;
}

function operationOf(route: Route, { service, id, summary, request, query = {}, answer, done = 200 }: Operation): Json {
  const parameters: readonly Json[] = [
    ...namesIn(pathOf(route)).map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...Object.entries(query).map(([name, description]) => ({ name, in: 'query', description, schema: { type: 'string' } })),
  ];
  const success = {
    [String(done)]: {
      description: request === undefined ? 'Done' : 'Done: `ok` is true',
      content: answer === undefined ? { 'application/json': {} } : content(answer),
    },
  };
  return {
    operationId: id,
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(request === undefined ? {} : { requestBody: requestBody(request) }),
    responses: { ...success, ...(service === 'every' || answer === undefined ? {} : refusals(answer)) },
  };
}

function requestBody({ schema, example }: NonNullable<Operation['request']>): Json {
  return {
    description: 'An empty body is the request of all defaults.',
    required: false,
    content: { 'application/json': { schema: ref(schema), example } },
  };
}

function refusals(answer: Component): Record<string, Json> {
  const codes = Object.keys(STATUS_OF) as ErrorCode[];
  return Object.fromEntries(
    Object.entries(REASONS).map(([status, reason]) => {
      const those = codes.filter((code) => String(STATUS_OF[code]) === status).map((code) => `\`${code}\``);
      return [status, { description: `${reason}: ${those.join(', ')}`, content: content(answer) }];
    }),
  );
}

function content(name: Component): Json {
  return { 'application/json': { schema: ref(name) } };
}

function ref(name: Component): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** The schema with every part that is a component replaced by its name; codecs hold each other's schemas by reference. */
function referring(schema: Json, root: Json): Json {
  const name = schema === root ? undefined : (Object.keys(COMPONENTS) as Component[]).find((candidate) => COMPONENTS[candidate] === schema);
  if (name !== undefined) return ref(name);
  if (Array.isArray(schema)) return schema.map((item: Json) => referring(item, root));
  if (!isRecord(schema)) return schema;
  return Object.fromEntries(Object.entries(schema as Readonly<Record<string, Json>>).map(([key, value]) => [key, referring(value, root)]));
}
