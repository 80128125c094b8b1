/** Pages of other origins: none may read an answer, but those that the deployment lists. https://fetch.spec.whatwg.org/#http-cors-protocol */
import type { Inbound } from './inbound';

/** What a signed request of a browser sends beside its type. */
const HEADERS_ALLOWED = 'authorization, content-type, x-amz-content-sha256, x-amz-date, x-amz-security-token';
/** How long a browser may remember the answer to a preflight. Unit: s. */
const MAX_AGE_SECONDS = 600;

export function corsHeaders(
  origins: readonly string[],
  { origin, route, allow }: Pick<Inbound, 'origin' | 'route' | 'allow'>,
): Record<string, string> {
  if (origins.length === 0) return {};
  // Also without an origin: a cache in between must not give one page's answer to another.
  const vary = { vary: 'origin' };
  if (origin === undefined || !origins.includes(origin)) return vary;
  const preflight = {
    'access-control-allow-methods': allow ?? '',
    'access-control-allow-headers': HEADERS_ALLOWED,
    'access-control-max-age': String(MAX_AGE_SECONDS),
  };
  return { ...vary, 'access-control-allow-origin': origin, ...(route === 'OPTIONS' ? preflight : {}) };
}
