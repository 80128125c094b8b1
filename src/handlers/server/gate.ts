/**
 * Who may talk to a server on this machine's own address: programs on this machine, and pages that it served itself.
 * A browser is such a program and lends itself to any page: a page of another origin may post here, and a name of a foreign domain may
 * be made to resolve to 127.0.0.1. Both say so in a header.
 */
import { jsonReply, type Reply } from './reply';

const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/i;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host) || host === '::1';
}

/** The refusal, or nothing. `loopbackOnly` is how the server was started. */
export function refuseForeign(host: string | undefined, origin: string | undefined, loopbackOnly: boolean): Reply | undefined {
  if (loopbackOnly && !LOOPBACK.test(hostName(host ?? ''))) {
    return jsonReply(421, {
      message: 'Misdirected Request: this server listens on the loopback address and answers to localhost and 127.0.0.1 only',
    });
  }
  if (origin !== undefined && origin !== `http://${host ?? ''}`) {
    return jsonReply(403, { message: 'Forbidden: a page of another origin may not use this server' });
  }
  return undefined;
}

/** Without the port. */
function hostName(host: string): string {
  return host.replace(/:[0-9]{1,5}$/, '');
}
