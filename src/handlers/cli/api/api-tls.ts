/**
 * Whom a client trusts. Invariant: certificates are always verified; what can be chosen is the file of authorities.
 * `REQUESTS_CA_BUNDLE`, then `AWS_CA_BUNDLE`, name the authorities in place of Node's own; `NODE_EXTRA_CA_CERTS` adds to them, as in Node.
 */
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { type Either, left, right } from 'fp-ts/Either';
import { isRecord } from '../../../domain/codec/codec';
import { local } from '../../compose';
import { type ApiProblem, misconfigured } from './api-problem';
import type { Environment } from '../../config';
import { variable } from '../shared/environment';

export interface Trust {
  /** For messages: where the authorities come from. */
  readonly source: string;
  /** PEM; absent is Node's own store. */
  readonly authorities?: readonly string[];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export async function readTrust(env: Environment): Promise<Either<ApiProblem, Trust>> {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    return left(
      misconfigured(
        'NODE_TLS_REJECT_UNAUTHORIZED=0 would accept any certificate, so anybody in between could read and change what is sent. ' +
          'Unset it; where a proxy or a private authority signs, put its certificate into a PEM file and name that in REQUESTS_CA_BUNDLE',
      ),
    );
  }
  for (const name of ['REQUESTS_CA_BUNDLE', 'AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'] as const) {
    const file = variable(env, name);
    if (file === undefined) continue;
    const read = await readAuthorities(name, file);
    if (read._tag === 'Left') return read;
    const authorities = name === 'NODE_EXTRA_CA_CERTS' ? [...rootCertificates, ...read.right] : read.right;
    return right({ source: `${name} (${file})`, authorities });
  }
  return right({ source: "Node's own store" });
}

async function readAuthorities(name: string, file: string): Promise<Either<ApiProblem, readonly string[]>> {
  let text: string;
  try {
    text = Buffer.from(await local.readFile(file)).toString('latin1');
  } catch (error) {
    const code = isRecord(error) ? String(error['code']) : String(error);
    return left(misconfigured(`${name}: ${file} cannot be read (${code}); expected a PEM file of certificates`));
  }
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0)
    return left(misconfigured(`${name}: ${file} holds no certificate; expected a PEM file with -----BEGIN CERTIFICATE-----`));
  const broken = blocks.findIndex((block) => !isCertificate(block));
  if (broken >= 0)
    return left(misconfigured(`${name}: certificate ${String(broken + 1)} of ${String(blocks.length)} in ${file} cannot be read`));
  return right(blocks);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}

/** A failed handshake in words; nothing where the error is another one. */
export function tlsProblem(error: unknown, host: string, trust: Trust): string | undefined {
  const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : '';
  const reason = REASONS[code];
  if (reason === undefined) return undefined;
  return `${host}: ${reason} (${code}); the authorities are those of ${trust.source}. ${ADVICE[code] ?? NAME_THE_CA}`;
}

const NAME_THE_CA = 'Name the file of the right authority in REQUESTS_CA_BUNDLE';

const REASONS: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate leads to an authority that is not trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that is not trusted',
  CERT_UNTRUSTED: 'its certificate is not trusted',
  CERT_SIGNATURE_FAILURE: 'its certificate has a signature that does not hold',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

const ADVICE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'Renew it, or set the clock of this machine',
  CERT_NOT_YET_VALID: 'Set the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Use a name that the certificate holds',
};
