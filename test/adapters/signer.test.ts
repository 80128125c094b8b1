import { generateKeyPairSync } from 'node:crypto';
import { CreateKeyCommand, GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { makeKmsClient } from '../../src/adapters/kms/client';
import { makeKmsSigner } from '../../src/adapters/kms/signer';
import { generateKeyPair, signerOf, verifierOf } from '../../src/adapters/keys/key-file';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeInProcessSigner } from '../../src/adapters/in-process/signer';
import type { Verifier } from '../../src/ports/signer';
import { describeSignerContract } from '../contracts/signer';
import { useStubEnvironment } from '../support/aws-environment';
import { executablePath } from '../support/executable';
import { startMoto } from '../support/moto';
import { leftOf, valueOfRight } from '../support/task';

const close = (): Promise<void> => Promise.resolve();

function ed25519(): { readonly privatePem: string; readonly publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

describeSignerContract('in process', () => {
  const { signer, verifier } = makeInProcessSigner();
  return Promise.resolve({ signer, verifier, stranger: makeInProcessSigner().verifier, remote: false, close });
});

for (const [name, make] of [
  ['key file, P-256', generateKeyPair],
  ['key file, Ed25519', ed25519],
] as const) {
  describeSignerContract(name, () => {
    const pair = make();
    return Promise.resolve({
      signer: valueOfRight(signerOf(pair.privatePem)),
      verifier: valueOfRight(verifierOf(pair.publicPem)),
      stranger: valueOfRight(verifierOf(make().publicPem)),
      remote: false,
      close,
    });
  });
}

const moto = executablePath('moto_server');
if (moto === undefined) {
  it.todo('signer contract: KMS on moto, skipped because moto_server is not on the PATH');
} else {
  describeSignerContract('KMS on moto', async () => {
    const server = await startMoto(moto);
    useStubEnvironment({ AWS_ENDPOINT_URL_KMS: server.url });
    const client = makeKmsClient({ connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 });
    const own = await newKey(client);
    const other = await newKey(client);
    return {
      signer: makeKmsSigner({ client, key: own.id }),
      verifier: own.verifier,
      stranger: other.verifier,
      remote: true,
      close: () => {
        client.destroy();
        return server.stop();
      },
    };
  });

  it('says of a KMS key of another kind what is needed', async () => {
    const server = await startMoto(moto);
    useStubEnvironment({ AWS_ENDPOINT_URL_KMS: server.url });
    const client = makeKmsClient({ connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 });
    const created = await client.send(new CreateKeyCommand({ KeyUsage: 'SIGN_VERIFY', KeySpec: 'RSA_2048' }));
    const signer = makeKmsSigner({ client, key: created.KeyMetadata?.KeyId ?? '' });
    expect(await leftOf(signer.sign(Buffer.from('x'), noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      service: 'kms',
      operation: 'GetPublicKey',
      reason: expect.stringContaining('ECC_NIST_P256') as string,
    });
    client.destroy();
    await server.stop();
  });
}

async function newKey(client: KMSClient): Promise<{ readonly id: string; readonly verifier: Verifier }> {
  const created = await client.send(new CreateKeyCommand({ KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256' }));
  const id = created.KeyMetadata?.KeyId ?? '';
  const { PublicKey: der } = await client.send(new GetPublicKeyCommand({ KeyId: id }));
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(der ?? []).toString('base64')}\n-----END PUBLIC KEY-----\n`;
  return { id, verifier: valueOfRight(verifierOf(pem)) };
}

describe('key files', () => {
  it('refuse what is no key, a private key where a public one belongs, and keys of other kinds', () => {
    const pair = generateKeyPair();
    expect(verifierOf(pair.privatePem)).toMatchObject({ left: expect.stringContaining('public half') as string });
    for (const text of ['', 'no key', pair.publicPem.slice(0, 60)]) {
      expect(signerOf(text)).toMatchObject({ _tag: 'Left' });
      expect(verifierOf(text)).toMatchObject({ _tag: 'Left' });
    }
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(signerOf(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toMatchObject({
      left: expect.stringContaining('P-256') as string,
    });
    expect(verifierOf(publicKey.export({ type: 'spki', format: 'pem' }).toString())).toMatchObject({
      left: expect.stringContaining('P-256') as string,
    });
  });
});
