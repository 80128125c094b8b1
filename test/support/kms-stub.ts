/** A stand-in for the API of AWS KMS: one key that signs, and what was asked of it. */
import { createHash, createPublicKey, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair } from '../../src/adapters/keys/key-file';

export const STUB_KEY_ARN = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';

export interface KmsStub {
  readonly url: string;
  readonly publicPem: string;
  /** Names of the operations, in order. */
  readonly asked: string[];
  /** From now on, signatures are refused. */
  readonly refuse: () => void;
  readonly close: () => Promise<void>;
}

export async function startKmsStub(): Promise<KmsStub> {
  const pair = generateKeyPair();
  const asked: string[] = [];
  let refused = false;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).replace('TrentService.', '');
      asked.push(operation);
      const body = JSON.parse(Buffer.concat(parts).toString()) as { KeyId: string; Message?: string; MessageType?: string };
      const answer = (status: number, json: object): void => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(json));
      };
      if (operation === 'GetPublicKey') {
        const der = createPublicKey(pair.publicPem).export({ type: 'spki', format: 'der' });
        answer(200, { KeyId: STUB_KEY_ARN, KeyUsage: 'SIGN_VERIFY', PublicKey: der.toString('base64') });
      } else if (refused || body.KeyId !== STUB_KEY_ARN || body.MessageType !== 'RAW') {
        // A digest is signed by those who hash it themselves; what is sent here is short.
        answer(400, { __type: 'DisabledException', message: 'the key is disabled' });
      } else {
        const signature = sign('sha256', Buffer.from(body.Message ?? '', 'base64'), pair.privatePem);
        answer(200, { KeyId: STUB_KEY_ARN, Signature: signature.toString('base64'), SigningAlgorithm: 'ECDSA_SHA_256' });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    publicPem: pair.publicPem,
    asked,
    refuse: () => {
      refused = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** The digest of a program of these files, as the lines of `sha256sum` give it. */
export function digestOfProgram(files: Readonly<Record<string, Uint8Array>>): string {
  const lines = Object.keys(files)
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(files[name] ?? '')
          .digest('hex')}  ${name}\n`,
    );
  return createHash('sha256').update(lines.join('')).digest('hex');
}
