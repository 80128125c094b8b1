/**
 * What can be asked for over HTTP: one table. A row is a route: which function serves it, and what the OpenAPI document says of it. The
 * function needs an act for each of its routes, or does not compile. `{name}` in a path is a parameter: one segment, any text but a slash.
 */
import type { Json } from '../../../domain/canonical/canonical';
import type { RequestRefused } from './errors';
import type { HttpMode } from './response';

/** The functions of a deployment, by what they are called in answers and logs. */
export type Service = HttpMode | 'sessions' | 'mcp';

/** Components by their names in `openapi.ts`, which does not compile where it has none of that name. */
export interface RouteRow {
  /** `every`: each function answers, about the whole deployment; API Gateway asks the one of base. */
  readonly service: Service | 'every';
  readonly id: string;
  readonly summary: string;
  /** Absent: the request has no body. */
  readonly request?: { readonly schema: string; readonly example: Json };
  /** Parameters of the query, all optional: what each means. */
  readonly query?: Readonly<Record<string, string>>;
  /** Absent: a document that needs no schema of ours. */
  readonly answer?: string;
  /** The status of success; 200 where it says nothing. */
  readonly done?: 200 | 201;
}

export const ROUTES = {
  'GET /health': {
    service: 'every',
    id: 'health',
    summary: 'Version, ceilings, and what is enabled in this deployment.',
    answer: 'Health',
  },
  'GET /openapi.json': { service: 'every', id: 'openApi', summary: 'This document.' },
  'POST /agentcore/base': {
    service: 'agentcore-base',
    id: 'runBase',
    summary: 'Run a strategy over a market under a budget of steps.',
    request: {
      schema: 'BaseRequest',
      example: { market: 'trading_path', strategy: 'threshold_demo', steps: 5, budget: { max_steps: 5 } },
    },
    answer: 'BaseAnswer',
  },
  'POST /agentcore/tools': {
    service: 'agentcore-tools',
    id: 'runTools',
    summary: 'Take a plan of tool calls, each of which takes a step and a tool call of the budget.',
    request: {
      schema: 'ToolsRequest',
      example: {
        budget: { max_steps: 2, max_tool_calls: 2 },
        tool_plan: [
          { name: 'evaluate_strategy', args: { step: 0 } },
          { name: 'execute', args: { step: 0 } },
        ],
      },
    },
    answer: 'ToolsAnswer',
  },
  'POST /agentcore/memory': {
    service: 'agentcore-memory',
    id: 'runMemory',
    summary: 'Put, get and clear values in memory; nothing is sent where the budget does not cover the whole list.',
    request: {
      schema: 'MemoryRequest',
      example: {
        budget: { max_memory_ops: 1, max_memory_bytes: 100 },
        requests: [{ op: 'memory_put', key: 'note', value: 'remember me' }],
      },
    },
    answer: 'MemoryAnswer',
  },
  'POST /sessions': {
    service: 'sessions',
    id: 'createSession',
    summary: 'Make a session: a world that lives across requests, under one budget for its whole life.',
    request: { schema: 'CreateSession', example: { name: 'first', budget: { max_steps: 20, max_tool_calls: 20 } } },
    answer: 'SessionAnswer',
    done: 201,
  },
  'GET /sessions': {
    service: 'sessions',
    id: 'listSessions',
    summary: 'Ids of sessions in order, 1,000 at a time.',
    query: { after: 'The last id of the page before: what follows it is told. Left out: from the first.' },
    answer: 'SessionList',
  },
  'GET /sessions/{id}/inputs/{file}': {
    service: 'sessions',
    id: 'sessionInput',
    summary: 'A document of a session as it is stored: session.json, market.jsonl, strategy.json or policy.json.',
  },
  'GET /sessions/{id}/segments/{seq}': {
    service: 'sessions',
    id: 'sessionSegment',
    summary: 'A segment of a session as it is stored: rows of its tape.',
  },
  'GET /sessions/{id}/receipts/{seq}': {
    service: 'sessions',
    id: 'sessionReceipt',
    summary: 'The receipt of a segment, where it was signed: a DSSE envelope.',
  },
  'GET /sessions/{id}': {
    service: 'sessions',
    id: 'observeSession',
    summary: 'Where a session stands, and what is to be seen at its next step.',
    query: { history: 'Steps before the next one to be shown too: 0 to 1,000.' },
    answer: 'SessionAnswer',
  },
  'POST /sessions/{id}/calls': {
    service: 'sessions',
    id: 'callSession',
    summary: 'Make calls on the newest head. The very same request again is answered from the record.',
    request: {
      schema: 'SessionCalls',
      example: {
        head: '0-…',
        calls: [
          { name: 'evaluate_strategy', args: {} },
          { name: 'execute', args: {} },
        ],
      },
    },
    answer: 'SessionAnswer',
  },
  'POST /sessions/{id}/quote': {
    service: 'sessions',
    id: 'quoteSession',
    summary: 'What calls would take at the least and at the most. Nothing is done, and nothing is charged.',
    request: { schema: 'SessionQuote', example: { calls: [{ name: 'execute', args: {} }] } },
    answer: 'Quote',
  },
  'POST /sessions/{id}/fork': {
    service: 'sessions',
    id: 'forkSession',
    summary: 'Make a child that goes on from here, with a budget taken from this one.',
    request: { schema: 'SessionFork', example: { head: '0-…', name: 'what if', budget: { max_steps: 5, max_tool_calls: 5 } } },
    answer: 'SessionAnswer',
  },
  'POST /sessions/{id}/reclaim': {
    service: 'sessions',
    id: 'reclaimSession',
    summary: 'Take back what a sealed child did not use, once.',
    request: { schema: 'SessionReclaim', example: { head: '2-…', child: '0123456789abcdef0123456789abcdef' } },
    answer: 'SessionAnswer',
  },
  'POST /sessions/{id}/close': {
    service: 'sessions',
    id: 'closeSession',
    summary: 'Seal a session: nothing follows.',
    request: { schema: 'SessionClose', example: { head: '3-…' } },
    answer: 'SessionAnswer',
  },
  'POST /mcp': {
    service: 'mcp',
    id: 'mcp',
    summary: 'The sessions as tools of the Model Context Protocol: a JSON-RPC message over streamable HTTP, stateless.',
  },
  'POST /mcp/{id}': {
    service: 'mcp',
    id: 'mcpAgent',
    summary: 'The same for an agent that plays one session and can make no other.',
  },
} as const satisfies Readonly<Record<`${Method} /${string}`, RouteRow>>;

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Route = keyof typeof ROUTES;

/** The routes that a function needs an act for. */
export type RouteOf<S extends Service> = { [R in Route]: (typeof ROUTES)[R]['service'] extends S ? R : never }[Route];

export type Parameters = Readonly<Record<string, string>>;

export type Match =
  | { readonly _tag: 'Route'; readonly route: Route; readonly parameters: Parameters; readonly withBody: boolean }
  /** OPTIONS: which methods the path takes. */
  | { readonly _tag: 'Options'; readonly allow: string }
  | { readonly _tag: 'Refused'; readonly error: RequestRefused; readonly allow?: string };

/** `path` is without a stage or a base path. */
export function matchRoute(service: Service, method: string, path: string): Match {
  const known = routesOf(service);
  const served = known.flatMap((route) => {
    const parameters = parametersOf(pathOf(route), path);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  if (served.length === 0) {
    return { _tag: 'Refused', error: { code: 'not_found', message: `this function serves ${known.join(', ')}` } };
  }
  // HEAD is GET without its body.
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = served.find(({ route }) => methodOf(route) === wanted);
  if (found !== undefined) return { _tag: 'Route', ...found, withBody: method !== 'HEAD' };
  const methods = served.flatMap(({ route }) => (methodOf(route) === 'GET' ? ['GET', 'HEAD'] : [methodOf(route)]));
  const allow = [...new Set(methods), 'OPTIONS'].join(', ');
  if (method === 'OPTIONS') return { _tag: 'Options', allow };
  return { _tag: 'Refused', allow, error: { code: 'method_not_allowed', message: `this path takes ${allow}` } };
}

export function routesOf(service: Service): readonly Route[] {
  return (Object.keys(ROUTES) as Route[]).filter((route) => [service, 'every'].includes(ROUTES[route].service));
}

/** Which function answers for a path, whatever the method. */
export function serviceOf(path: string): Service | 'every' | undefined {
  const route = (Object.keys(ROUTES) as Route[]).find((candidate) => parametersOf(pathOf(candidate), path) !== undefined);
  return route === undefined ? undefined : ROUTES[route].service;
}

export function isRoutePath(path: string): boolean {
  return serviceOf(path) !== undefined;
}

export function methodOf(route: Route): string {
  return route.slice(0, route.indexOf(' '));
}

export function pathOf(route: Route): string {
  return route.slice(route.indexOf(' ') + 1);
}

/** The parameters of a path that fits the pattern; nothing where it does not. */
export function parametersOf(pattern: string, path: string): Parameters | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    const name = PARAMETER.exec(segment)?.[1];
    if (name === undefined ? segment !== value : value === '') return undefined;
    if (name !== undefined) parameters[name] = decoded(value);
  }
  return parameters;
}

const PARAMETER = /^\{([a-z_]+)\}$/;

/** What is no percent-encoding is taken as it stands: it names nothing that exists. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The parameters of a path pattern, in order. */
export function namesIn(pattern: string): readonly string[] {
  return pattern.split('/').flatMap((segment) => PARAMETER.exec(segment)?.[1] ?? []);
}
