/** What can be asked for over HTTP: one table, and what is answered where it has no row. */
import type { RequestRefused } from './errors';
import type { Mode } from './response';

export type Target = 'health' | Mode;

/** Each function serves its own mode and its health. */
export const ROUTES = {
  'GET /health': 'health',
  'POST /agentcore/base': 'agentcore-base',
  'POST /agentcore/tools': 'agentcore-tools',
  'POST /agentcore/memory': 'agentcore-memory',
} as const satisfies Readonly<Record<string, Target>>;

export type Route = keyof typeof ROUTES;

export type Match =
  | { readonly _tag: 'Target'; readonly target: Target; readonly route: Route; readonly withBody: boolean }
  /** OPTIONS: which methods the path takes. */
  | { readonly _tag: 'Options'; readonly allow: string }
  | { readonly _tag: 'Refused'; readonly error: RequestRefused; readonly allow?: string };

/** `path` is without the stage. */
export function matchRoute(mode: Mode, method: string, path: string): Match {
  const served = servedBy(mode).filter((route) => pathOf(route) === path);
  if (served.length === 0) {
    const known = servedBy(mode).join(', ');
    return { _tag: 'Refused', error: { code: 'not_found', message: `no such path; this function serves ${known}` } };
  }
  // HEAD is GET without its body.
  const wanted = method === 'HEAD' ? 'GET' : method;
  const route = served.find((candidate) => methodOf(candidate) === wanted);
  if (route !== undefined) return { _tag: 'Target', target: ROUTES[route], route, withBody: method !== 'HEAD' };
  const methods = served.flatMap((candidate) => (methodOf(candidate) === 'GET' ? ['GET', 'HEAD'] : [methodOf(candidate)]));
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (method === 'OPTIONS') return { _tag: 'Options', allow };
  return { _tag: 'Refused', allow, error: { code: 'method_not_allowed', message: `this path takes ${allow}` } };
}

function servedBy(mode: Mode): readonly Route[] {
  return (Object.keys(ROUTES) as Route[]).filter((route) => ROUTES[route] === 'health' || ROUTES[route] === mode);
}

function methodOf(route: Route): string {
  return route.slice(0, route.indexOf(' '));
}

function pathOf(route: Route): string {
  return route.slice(route.indexOf(' ') + 1);
}
