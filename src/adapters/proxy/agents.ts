/**
 * Connections by way of the proxy that the environment names: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, in either case; hosts in `NO_PROXY`, and
 * the local server, are called directly. Decided for each connection, for the hosts of an SDK are its own.
 * Invariant: what is sent over TLS goes through a tunnel (CONNECT), so a proxy sees no more of it than the host.
 */
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { Agent, type AgentConnectOpts } from 'agent-base';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

export interface Agents {
  readonly http: http.Agent;
  readonly https: http.Agent;
}

/** `authorities`: PEM in place of Node's own; for servers, and for a proxy that is spoken to over TLS. */
export function makeProxyAgents(authorities?: readonly string[]): Agents {
  const agent = new EnvironmentAgent(authorities === undefined ? {} : { ca: [...authorities] });
  return { http: agent, https: agent };
}

/** Where a call of this URL goes first; nothing where it goes straight there. Without the password: it is for messages as well. */
export function proxyNameOf(url: URL): string | undefined {
  try {
    return proxyOf(url)?.origin;
  } catch {
    // Not an address: connecting says so.
    return undefined;
  }
}

interface Trusted {
  readonly ca?: string[];
}

/** A class because the library's agent is one: it is what Node asks for a connection. */
class EnvironmentAgent extends Agent {
  constructor(private readonly trusted: Trusted) {
    // A connection of its own for each request: a command that is done must not wait for one that is kept.
    super({ keepAlive: false });
  }

  override connect(request: http.ClientRequest, options: AgentConnectOpts): http.Agent | Promise<Duplex> {
    const { secureEndpoint, host, port } = options;
    const proxy = proxyOf(new URL(`${secureEndpoint ? 'https' : 'http'}://${host ?? request.host}:${String(port)}`));
    if (proxy === undefined) return secureEndpoint ? new https.Agent(this.trusted) : new http.Agent();
    if (!secureEndpoint) return new HttpProxyAgent(proxy, this.trusted);
    // Of the agent's own options none reaches the server behind the tunnel.
    return new HttpsProxyAgent(proxy, this.trusted).connect(request, { ...options, ...this.trusted });
  }
}

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

function proxyOf(url: URL): URL | undefined {
  // The local server: no proxy leads to it.
  if (url.protocol === 'http:' && LOOPBACK.test(url.hostname)) return undefined;
  if (getProxyForUrl(url.href) === '') return undefined;
  const scheme = url.protocol.replace(':', '');
  const named = variable(`${scheme}_proxy`) ?? variable('all_proxy') ?? '';
  // As curl has it: an address without a scheme is spoken to in plain HTTP, whatever is asked for through it.
  const address = named.includes('://') ? named : `http://${named}`;
  if (URL.canParse(address) && /^https?:/.test(address)) return new URL(address);
  throw new Error(`${scheme.toUpperCase()}_PROXY is no address of an HTTP proxy; expected one such as http://proxy:3128`);
}

/** As the library reads it, so that both mean the same. */
function variable(name: string): string | undefined {
  return [process.env[name], process.env[name.toUpperCase()]].find((value) => value !== undefined && value !== '');
}
