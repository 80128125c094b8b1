/** A certificate authority of a test, made by openssl, and servers whose certificates it signed. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface Authority {
  readonly caFile: string;
  /** `days` from now; a negative number is a certificate that has expired. */
  readonly cert: (name: string, days: number, altNames: string) => { readonly cert: string; readonly key: string };
}

export function makeAuthority(directory: string): Authority {
  const path = (name: string): string => join(directory, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', [...args], { stdio: 'pipe', cwd: directory, timeout: 30_000 });
  };
  const key = (name: string): readonly string[] => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    path(name),
  ];
  openssl('req', '-x509', ...key('ca.key'), '-out', path('ca.pem'), '-days', '2', '-subj', '/CN=ewm test authority');
  return {
    caFile: path('ca.pem'),
    cert: (name, days, altNames) => {
      writeFileSync(path(`${name}.ext`), `subjectAltName=${altNames}\n`);
      openssl('req', '-new', ...key(`${name}.key`), '-out', path(`${name}.csr`), '-subj', `/CN=${name}`);
      const signed = [
        '-CA',
        path('ca.pem'),
        '-CAkey',
        path('ca.key'),
        '-CAcreateserial',
        '-days',
        String(days),
        '-extfile',
        path(`${name}.ext`),
      ];
      openssl('x509', '-req', '-in', path(`${name}.csr`), '-out', path(`${name}.pem`), ...signed);
      return { cert: readFileSync(path(`${name}.pem`), 'utf8'), key: readFileSync(path(`${name}.key`), 'utf8') };
    },
  };
}

export interface TlsStub {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Answers every request with the same JSON. */
export function startTlsStub(pair: { readonly cert: string; readonly key: string }): Promise<TlsStub> {
  const server = https.createServer(pair, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  });
  // A handshake that the client gives up is what these tests are about.
  server.on('tlsClientError', () => undefined);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            server.close(() => {
              closed();
            });
            server.closeAllConnections();
          }),
      });
    });
  });
}
