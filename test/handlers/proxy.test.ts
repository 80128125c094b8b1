/** The API and S3 by way of the proxy that the environment names: what it sees, and what is called without it. */
import { isLeft } from 'fp-ts/Either';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadlineIn } from '../../src/adapters/in-process/clock';
import { openApi } from '../../src/handlers/cli/api/api-client';
import { client } from '../../src/handlers/compose-client';
import type { Environment } from '../../src/handlers/config';
import { type Authority, makeAuthority, startTlsStub, type TlsStub } from '../support/authority';
import { useStubEnvironment } from '../support/aws-environment';
import { rightOf } from '../support/task';

const directory = mkdtempSync(join(tmpdir(), 'ewm-proxy-'));
const VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy'];

interface Proxy {
  readonly url: string;
  readonly seen: string[];
  readonly close: () => void;
}

/** Whatever host is asked for is the stub: the names of these tests do not exist. */
function startProxy(targetPort: () => number): Promise<Proxy> {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true,"proxied":true}');
  });
  server.on('connect', (request, socket, head) => {
    seen.push(`CONNECT ${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    const upstream = net.connect(targetPort(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [socket, upstream]) end.on('error', () => end.destroy());
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
        seen,
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

let authority: Authority;
let stub: TlsStub;
let proxy: Proxy;

beforeAll(async () => {
  authority = makeAuthority(directory);
  stub = await startTlsStub(authority.cert('api', 1, 'DNS:api.example,DNS:s3.example,IP:127.0.0.1'));
  proxy = await startProxy(() => stub.port);
});
afterAll(async () => {
  proxy.close();
  await stub.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  proxy.seen.length = 0;
  for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
});
afterEach(() => {
  for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
});

async function health(env: Environment): Promise<string> {
  const api = await openApi({ REQUESTS_CA_BUNDLE: authority.caFile, ...env });
  if (isLeft(api)) return api.left.message;
  const answer = await api.right.get('/health');
  return isLeft(answer) ? answer.left.message : String(answer.right.status);
}

it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])(
  'G01: the API is called through a tunnel of %s, and its certificate is verified',
  async (name) => {
    process.env[name] = proxy.url;
    expect(await health({ EWM_API_URL: 'https://api.example' })).toBe('200');
    expect(proxy.seen).toEqual(['CONNECT api.example:443']);
    expect(await health({ EWM_API_URL: 'https://other.example' })).toContain('its certificate is for another name');
  },
);

it('an address without a scheme is a proxy in plain HTTP, and a name and a password are for the proxy alone', async () => {
  const { port } = new URL(proxy.url);
  process.env['HTTPS_PROXY'] = `user:secret@127.0.0.1:${port}`;
  expect(await health({ EWM_API_URL: 'https://api.example' })).toBe('200');
  expect(proxy.seen).toEqual([`CONNECT api.example:443 Basic ${Buffer.from('user:secret').toString('base64')}`]);
});

it('S3 is called through it as well', async () => {
  process.env['HTTPS_PROXY'] = proxy.url;
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: 'https://s3.example' });
  const api = await openApi({ EWM_API_URL: 'https://api.example', REQUESTS_CA_BUNDLE: authority.caFile });
  if (isLeft(api)) throw new Error(api.left.message);
  const store = client.bucketStore({ bucket: '127.0.0.1', region: 'eu-west-1', agents: api.right.agents });
  expect(Buffer.from(await rightOf(store.get('key', deadlineIn(5_000)))).toString()).toBe('{"ok":true}');
  expect(proxy.seen).toEqual([expect.stringMatching(/^CONNECT .*s3\.example:443$/)]);
});

it.each(['api.example', '.example', '*', 'other.example, api.example'])('NO_PROXY=%s is called directly', async (none) => {
  process.env['HTTPS_PROXY'] = proxy.url;
  process.env['NO_PROXY'] = none;
  // The name does not exist, so without the proxy nobody is there.
  expect(await health({ EWM_API_URL: 'https://api.example' })).toMatch(/^GET https:\/\/api\.example\/health: /);
  expect(proxy.seen).toEqual([]);
});

it('an API in plain HTTP goes by HTTP_PROXY, and the local server by none', async () => {
  process.env['HTTP_PROXY'] = proxy.url;
  expect(await health({ EWM_API_URL: 'http://api.example', EWM_API_AUTH: 'none' })).toBe('200');
  expect(proxy.seen).toEqual(['GET http://api.example/health']);
  expect(await health({ EWM_API_URL: 'http://127.0.0.1:9' })).toBe('GET http://127.0.0.1:9/health: nothing listens there');
  expect(proxy.seen).toHaveLength(1);
});

it('a proxy that is not there, or is no address, is named', async () => {
  process.env['HTTPS_PROXY'] = 'http://user:secret@127.0.0.1:9';
  expect(await health({ EWM_API_URL: 'https://api.example' })).toBe(
    'GET https://api.example/health: nothing listens there (by way of the proxy http://127.0.0.1:9; NO_PROXY=api.example calls it directly)',
  );
  process.env['HTTPS_PROXY'] = 'socks5://127.0.0.1:9';
  expect(await health({ EWM_API_URL: 'https://api.example' })).toBe(
    'GET https://api.example/health: HTTPS_PROXY is no address of an HTTP proxy; expected one such as http://proxy:3128',
  );
});
