/** Which API is meant, and how it wants to be spoken to: `EWM_API_URL`, else what Terraform put up. */
import { execFile } from 'node:child_process';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { isRecord } from '../../domain/codec/codec';
import { type ApiProblem, misconfigured } from './api-problem';
import type { Environment } from '../config';
import { variable } from './environment';

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

const TERRAFORM_TIMEOUT_MS = 60_000;
const SET_IT = 'set EWM_API_URL (make serve prints the one of the local server), or apply the terraform directory';

interface Outputs {
  readonly url: string;
  readonly region?: string;
  readonly bucket?: string;
  readonly prefix?: string;
}

export async function findApi(env: Environment): Promise<Either<ApiProblem, ApiTarget>> {
  const given = variable(env, 'EWM_API_URL');
  const outputs = given === undefined ? await terraformOutputs(env) : right({ url: given });
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

/** `terraform output -json`, with what it says in the way when it fails. */
async function terraformOutputs(env: Environment): Promise<Either<ApiProblem, Outputs>> {
  const told = await runTerraform(env);
  if (isLeft(told)) return told;
  const outputs = parsed(told.right);
  const text = (name: string): string | undefined => {
    const output = isRecord(outputs) ? outputs[name] : undefined;
    const value = isRecord(output) ? output['value'] : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const url = text('api_url');
  if (url === undefined) return left(misconfigured(`which API? Terraform has no output api_url, so nothing is applied yet: ${SET_IT}`));
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

function runTerraform(env: Environment): Promise<Either<ApiProblem, string>> {
  return new Promise((resolve) => {
    const options = { env: { ...env }, timeout: TERRAFORM_TIMEOUT_MS, maxBuffer: 1024 * 1024 };
    execFile('terraform', ['-chdir=terraform', 'output', '-json', '-no-color'], options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(right(stdout));
        return;
      }
      const why = error.code === 'ENOENT' ? 'terraform is not installed' : `terraform says: ${errorLine(stderr) ?? error.message}`;
      resolve(left(misconfigured(`which API? ${why}: ${SET_IT}`)));
    });
  });
}

/** Terraform frames its errors with bars, and may say something before them. */
function errorLine(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.replace(/^[\s│╷╵|]+/, '').trim());
  return (lines.find((line) => line.startsWith('Error')) ?? lines.find((line) => line !== ''))?.replace(/[:.]$/, '');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
