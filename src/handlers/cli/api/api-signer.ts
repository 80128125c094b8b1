/** Signature Version 4, for an API that lets in who IAM knows. Credentials come from where the AWS SDK looks for them. */
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Sha256Node } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { type Either, left, right } from 'fp-ts/Either';
import { isRecord } from '../../../domain/codec/codec';
import type { Agents } from '../../../adapters/proxy/agents';
import { type ApiProblem, misconfigured } from './api-problem';
import type { ApiTarget } from './api-target';

export type Headers = Readonly<Record<string, string>>;

/** Adds what proves who asks; `headers` must hold `host`. */
export type Sign = (method: string, url: URL, headers: Headers, body: string) => Promise<Either<ApiProblem, Headers>>;

/** What API Gateway is called in a signature. */
const SERVICE = 'execute-api';

export function makeSigner(target: ApiTarget, agents: Agents): Either<ApiProblem, Sign> {
  if (target.auth === 'none') return right((_method, _url, headers) => Promise.resolve(right(headers)));
  const { region } = target;
  if (region === undefined) return left(misconfigured(`${target.url}: a signature names a region: set AWS_REGION, or EWM_API_AUTH=none`));
  // Single sign-on and roles ask AWS for them.
  const credentials = defaultProvider({ clientConfig: { requestHandler: { httpAgent: agents.http, httpsAgent: agents.https } } });
  const signer = new SignatureV4({ credentials, region, service: SERVICE, sha256: Sha256Node });
  return right(async (method, url, headers, body) => {
    const { protocol, hostname, pathname: path } = url;
    try {
      const signed = await signer.sign({ method, protocol, hostname, path, headers: { ...headers }, body, query: {} });
      return right(signed.headers);
    } catch (error) {
      const why = isRecord(error) && typeof error['message'] === 'string' ? error['message'] : String(error);
      return left(misconfigured(`the request cannot be signed: ${why} (aws sts get-caller-identity shows who you are)`));
    }
  });
}
