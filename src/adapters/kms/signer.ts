/**
 * Signatures by an asymmetric key of AWS KMS: the private half never leaves the service.
 * The public half is asked for once a process; it gives the key id, the algorithm and the ARN. Each signature is one request, sent once.
 * Invariant: what signs is the key whose id was told. An alias that moves to another key in between does not change it: signatures are asked
 * of the ARN. Where that is refused, the next one asks for the public half again.
 */
import { createHash } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand, type SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { Signature, SignatureAlgorithm, Signer } from '../../ports/signer';
import { attempt, type AwsCall, unusable } from '../aws/attempt';
import { type PublicHalf, publicHalfOfDer } from '../keys/key-file';

export interface KmsSignerDeps {
  readonly client: KMSClient;
  /** Id, ARN or alias of the key. */
  readonly key: string;
}

const SERVICE = 'kms';

/** The longest message that KMS takes whole; of a longer one it signs the digest. Unit: bytes. */
const RAW_BYTES_MAX = 4096;

const SPECS: Readonly<Record<SignatureAlgorithm, SigningAlgorithmSpec>> = {
  'ecdsa-p256-sha256': 'ECDSA_SHA_256',
  ed25519: 'ED25519_SHA_512',
};

/** A public half, and the key that it is of. */
interface Known extends PublicHalf {
  readonly arn: string;
}

export function makeKmsSigner({ client, key }: KmsSignerDeps): Signer {
  let known: Known | undefined;

  async function publicHalf(deadline: Deadline): Promise<Either<CallFailure, Known>> {
    if (known !== undefined) return right(known);
    const call: AwsCall = { service: SERVICE, operation: 'GetPublicKey', kind: 'read', deadline };
    const answer = await attempt(call, (signal) => client.send(new GetPublicKeyCommand({ KeyId: key }), { abortSignal: signal }));
    if (isLeft(answer)) return answer;
    const { PublicKey: spki, KeyUsage: usage, KeyId: arn = key } = answer.right;
    const half = spki === undefined || usage !== 'SIGN_VERIFY' ? undefined : publicHalfOfDer(spki);
    known = half === undefined ? undefined : { ...half, arn };
    if (known === undefined)
      return left(unusable(call, `key ${key} cannot sign receipts: KeyUsage SIGN_VERIFY and KeySpec ECC_NIST_P256 are needed`));
    return right(known);
  }

  async function sign(bytes: Uint8Array, deadline: Deadline): Promise<Either<CallFailure, Signature>> {
    const half = await publicHalf(deadline);
    if (isLeft(half)) return half;
    const { algorithm, keyId, arn } = half.right;
    const call: AwsCall = { service: SERVICE, operation: 'Sign', kind: 'write', deadline };
    const raw = bytes.length <= RAW_BYTES_MAX;
    if (!raw && algorithm === 'ed25519') {
      return left({ ...unusable(call, `KMS signs at most ${String(RAW_BYTES_MAX)} bytes with an Ed25519 key; use P-256`), effect: 'none' });
    }
    const answer = await attempt(call, (signal) =>
      client.send(
        new SignCommand({
          KeyId: arn,
          Message: raw ? bytes : createHash('sha256').update(bytes).digest(),
          MessageType: raw ? 'RAW' : 'DIGEST',
          SigningAlgorithm: SPECS[algorithm],
        }),
        { abortSignal: signal },
      ),
    );
    if (isLeft(answer)) {
      known = undefined;
      return answer;
    }
    const { Signature: signature } = answer.right;
    return signature === undefined ? left(unusable(call, 'the answer holds no signature')) : right({ keyId, algorithm, bytes: signature });
  }

  async function keyIdOf(deadline: Deadline): Promise<Either<CallFailure, string>> {
    const half = await publicHalf(deadline);
    return isLeft(half) ? half : right(half.right.keyId);
  }

  return { keyId: (deadline) => () => keyIdOf(deadline), sign: (bytes, deadline) => () => sign(bytes, deadline) };
}
