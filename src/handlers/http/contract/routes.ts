/**
 * What can be asked for over HTTP: one table. A row is a route; the function that serves it has an act for it, or does not compile, and the
 * same row is its entry in the OpenAPI document. `{name}` in a path is a parameter: one segment, any text but a slash.
 */
import type { RequestRefused } from './errors';
import type { Mode } from './response';

/** The functions of a deployment, by what they are called in answers and logs. */
export type Service = Mode;

/** Each function serves its own routes and its health. */
export const ROUTES = {
  'GET /health': 'every',
  'POST /agentcore/base': 'agentcore-base',
  'POST /agentcore/tools': 'agentcore-tools',
  'POST /agentcore/memory': 'agentcore-memory',
} as const satisfies Readonly<Record<`${Method} /${string}`, Service | 'every'>>;

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Route = keyof typeof ROUTES;

/** The routes that a function needs an act for. */
export type RouteOf<S extends Service> = { [R in Route]: (typeof ROUTES)[R] extends S ? R : never }[Route];

export type Parameters = Readonly<Record<string, string>>;

export type Match =
  | { readonly _tag: 'Route'; readonly route: Route; readonly parameters: Parameters; readonly withBody: boolean }
  /** OPTIONS: which methods the path takes. */
  | { readonly _tag: 'Options'; readonly allow: string }
  | { readonly _tag: 'Refused'; readonly error: RequestRefused; readonly allow?: string };

/** `path` is without the stage. */
export function matchRoute(service: Service, method: string, path: string): Match {
  const known = routesOf(service);
  const served = known.flatMap((route) => {
    const parameters = parametersOf(pathOf(route), path);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  if (served.length === 0) {
    return { _tag: 'Refused', error: { code: 'not_found', message: `no such path; this function serves ${known.join(', ')}` } };
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
  return (Object.keys(ROUTES) as Route[]).filter((route) => ROUTES[route] === 'every' || ROUTES[route] === service);
}

/** The route whose path that is, whatever the method: which function answers for it. */
export function serviceOf(path: string): Service | 'every' | undefined {
  const route = (Object.keys(ROUTES) as Route[]).find((candidate) => parametersOf(pathOf(candidate), path) !== undefined);
  return route === undefined ? undefined : ROUTES[route];
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
