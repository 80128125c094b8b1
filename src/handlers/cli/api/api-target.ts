/** Which API is meant, and how it wants to be spoken to: `EWM_API_URL`, else what Terraform put up. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { type ApiProblem, misconfigured } from './api-problem';
import type { Environment } from '../../config';
import { variable } from '../shared/environment';
import { terraformOutputs } from '../shared/terraform-output';

export interface ApiTarget {
  /** Without a slash at the end; may have a path, the stage of an API. */
  readonly url: string;
  readonly auth: 'iam' | 'none';
  /** Where requests are signed for. */
  readonly region?: string;
  /** Where the artifacts of this API are; absent where it serves them itself. */
  readonly bucket?: string;
  /** Before every key in the bucket; ends in a slash. */
  readonly prefix?: string;
}

const NONE = 'EWM_API_URL is not set, and nothing is deployed from ./terraform';
const SET_IT = 'set EWM_API_URL (make serve prints the one of the local server), or deploy one (make deploy-agentcore-base)';

interface Outputs {
  readonly url: string;
  readonly region?: string;
  readonly bucket?: string;
  readonly prefix?: string;
}

export async function findApi(env: Environment): Promise<Either<ApiProblem, ApiTarget>> {
  const given = variable(env, 'EWM_API_URL');
  const outputs = given === undefined ? await deployed(env) : right({ url: given });
  if (isLeft(outputs)) return outputs;
  const found: Outputs = outputs.right;
  const source = given === undefined ? 'the Terraform output api_url' : 'EWM_API_URL';
  const url = URL.canParse(found.url) ? new URL(found.url) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return left(misconfigured(`${source} is ${JSON.stringify(found.url)}: expected a URL such as http://127.0.0.1:3000`));
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return left(misconfigured(`${source} must hold a scheme, a host and maybe a path, and nothing else`));
  }
  const auth = authOf(variable(env, 'EWM_API_AUTH'), url);
  if (isLeft(auth)) return auth;
  const hostRegion = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(url.hostname)?.[1];
  const region = hostRegion ?? found.region ?? variable(env, 'AWS_REGION') ?? variable(env, 'AWS_DEFAULT_REGION');
  const bucket = found.bucket ?? variable(env, 'EWM_ARTIFACT_BUCKET');
  const prefix = found.prefix ?? variable(env, 'EWM_ARTIFACT_PREFIX');
  if (prefix !== undefined && !prefix.endsWith('/'))
    return left(misconfigured(`the prefix of the artifacts is ${JSON.stringify(prefix)}: it ends in "/"`));
  return right({
    url: url.origin + url.pathname.replace(/\/+$/, ''),
    auth: auth.right,
    ...(region === undefined ? {} : { region }),
    ...(bucket === undefined ? {} : { bucket }),
    ...(prefix === undefined ? {} : { prefix }),
  });
}

function authOf(given: string | undefined, url: URL): Either<ApiProblem, 'iam' | 'none'> {
  const onAws = /\.amazonaws\.com(\.cn)?$/.test(url.hostname);
  const auth = given ?? (onAws ? 'iam' : 'none');
  if (auth !== 'iam' && auth !== 'none') return left(misconfigured(`EWM_API_AUTH is ${JSON.stringify(given)}: expected iam or none`));
  if (auth === 'iam' && url.protocol === 'http:' && !/^(localhost|127\.[0-9.]+|\[::1\])$/.test(url.hostname)) {
    return left(misconfigured(`${url.origin}: a signed request is sent over https only; use an https URL, or EWM_API_AUTH=none`));
  }
  return right(auth);
}

/** What Terraform put up, with what it says in the way when it fails. */
async function deployed(env: Environment): Promise<Either<ApiProblem, Outputs>> {
  const outputs = await terraformOutputs(env);
  if (isLeft(outputs)) return left(misconfigured(`which API? ${outputs.left._tag === 'Failed' ? outputs.left.why : NONE}: ${SET_IT}`));
  const text = (name: string): string | undefined => {
    const value = outputs.right[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const url = text('api_url');
  if (url === undefined) return left(misconfigured(`which API? ${NONE}: ${SET_IT}`));
  const region = text('region');
  const bucket = text('artifact_bucket');
  const prefix = text('artifact_prefix');
  return right({
    url,
    ...(region === undefined ? {} : { region }),
    ...(bucket === undefined ? {} : { bucket }),
    ...(prefix === undefined ? {} : { prefix }),
  });
}
