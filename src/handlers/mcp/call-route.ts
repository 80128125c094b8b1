/** How a tool gets its answer: from the acts of the HTTP API, called in this process, so that both say the same. */
import type { RouteOf } from '../http/contract/routes';
import type { Act, Answer, Call, Invocation } from '../http/edge/act';

export type SessionRoute = RouteOf<'sessions'>;

/** Asks one route. What is left out of the call is empty. */
export type CallRoute = (route: SessionRoute, call?: Partial<Call>) => Promise<Answer>;

export type SessionActs = Readonly<Record<SessionRoute, Act>>;

export function routeCaller(acts: SessionActs, invocation: Invocation): CallRoute {
  return (route, call = {}) => acts[route]({ parameters: {}, query: {}, headers: {}, body: {}, ...call }, invocation);
}
