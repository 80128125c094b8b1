/**
 * Who may talk to a local server: whoever reaches it and calls it by a name that is its own, and pages that it served itself.
 * A browser can reach it and lends itself to any page: a page of another origin may post here, and a name of a foreign domain may be made to
 * resolve to any address that the browser reaches (DNS rebinding), not to 127.0.0.1 alone. Both say so in a header.
 */
import { jsonReply, type Reply } from './reply';

const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/i;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host) || host === '::1';
}

/** The refusal, or nothing. `allowHosts` are the names beside those of the loopback address, in small letters. */
export function refuseForeign(host: string | undefined, origin: string | undefined, allowHosts: readonly string[]): Reply | undefined {
  const called = hostName(host ?? '').toLowerCase();
  if (!LOOPBACK.test(called) && !allowHosts.includes(called)) {
    const names = ['localhost', '127.0.0.1', ...allowHosts].join(', ');
    return jsonReply(421, { message: `Misdirected Request: this server answers to ${names}; ewm serve --allow-host adds a name` });
  }
  if (origin !== undefined && origin !== `http://${host ?? ''}`) {
    return jsonReply(403, { message: 'Forbidden: a page of another origin may not use this server' });
  }
  return undefined;
}

const NAME = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])$/;

/** A name or an address as a Host header has it; nothing for what can stand in none. */
export function allowedHost(text: string): string | undefined {
  const name = text.toLowerCase();
  const shown = /^[0-9a-f.]*:[0-9a-f:.]*$/.test(name) ? `[${name}]` : name;
  return NAME.test(shown) ? shown : undefined;
}

/** Without the port. */
function hostName(host: string): string {
  return host.replace(/:[0-9]{1,5}$/, '');
}
