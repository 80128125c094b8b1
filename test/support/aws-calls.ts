/** Which IAM actions the requests that a stub recorded stand for. Source: "Actions, resources, and condition keys" of each service. */
import type { AwsCall } from './iam-policy';
import type { StubRequest } from './http-stub';

type Call = Pick<StubRequest, 'method' | 'segments' | 'query'> & Partial<Pick<StubRequest, 'headers'>>;

/** Account and Region that stubs and tests speak of. */
export const TEST_ACCOUNT = '123456789012';
export const TEST_REGION = 'us-east-1';
/** The access key of a test's own calls, by which they are told from those of a deployment. */
export const READER = 'reader';
/** The access key of a deployed function that a test runs. */
export const FUNCTION = 'ASIAEXAMPLE';

const OBJECT_ACTIONS = new Map([
  ['PUT', 's3:PutObject'],
  ['GET', 's3:GetObject'],
]);

const MEMORY_ACTIONS = new Map([
  ['POST events', 'CreateEvent'],
  ['POST actor/sessions', 'ListEvents'],
  ['DELETE actor/sessions/events', 'DeleteEvent'],
]);

const INTERPRETER_ACTIONS = new Map([
  ['sessions/start', 'StartCodeInterpreterSession'],
  ['tools/invoke', 'InvokeCodeInterpreter'],
  ['sessions/stop', 'StopCodeInterpreterSession'],
]);

/** Over TLS 1.2, as every client of ours speaks with S3. */
const BY_TLS = { 'aws:SecureTransport': 'true', 's3:TlsVersion': '1.2' };

export function s3Call({ method, segments, query, headers }: Call): AwsCall {
  const [bucket = '', ...path] = segments;
  if (query.get('list-type') === '2') {
    return {
      action: 's3:ListBucket',
      resource: `arn:aws:s3:::${bucket}`,
      context: { ...BY_TLS, 's3:prefix': query.get('prefix') ?? '' },
    };
  }
  const action = OBJECT_ACTIONS.get(method);
  if (action === undefined) throw new Error(`which action is ${method} ${segments.join('/')}?`);
  const once = headers?.['if-none-match'];
  return {
    action,
    resource: `arn:aws:s3:::${bucket}/${path.join('/')}`,
    context: { ...BY_TLS, ...(once === undefined ? {} : { 's3:if-none-match': once }) },
  };
}

const RUNTIME_ACTIONS = new Map([
  ['invocations', 'InvokeAgentRuntime'],
  ['stopruntimesession', 'StopRuntimeSession'],
]);

/** Invoking a runtime, or stopping a session of it, takes the permission on the runtime and on its endpoint: two calls. */
export function agentCoreCalls({ method, segments, query }: Call): readonly AwsCall[] {
  const [head, id = '', ...rest] = segments;
  const arn = (account: string, path: string): string => `arn:aws:bedrock-agentcore:${TEST_REGION}:${account}:${path}`;
  const kinds = rest.filter((_, index) => index % 2 === 0).join('/');
  if (head === 'memories') {
    return [{ action: known(MEMORY_ACTIONS.get(`${method} ${kinds}`), method, segments), resource: arn(TEST_ACCOUNT, `memory/${id}`) }];
  }
  if (head === 'code-interpreters') {
    const resource = id.startsWith('aws.') ? arn('aws', `code-interpreter/${id}`) : arn(TEST_ACCOUNT, `code-interpreter-custom/${id}`);
    return [{ action: known(INTERPRETER_ACTIONS.get(rest.join('/')), method, segments), resource }];
  }
  if (head === 'runtimes') {
    const action = known(RUNTIME_ACTIONS.get(rest.join('/')), method, segments);
    return [id, `${id}/runtime-endpoint/${query.get('qualifier') ?? 'DEFAULT'}`].map((resource) => ({ action, resource }));
  }
  throw new Error(`which action is ${method} ${segments.join('/')}?`);
}

function known(action: string | undefined, method: string, segments: readonly string[]): string {
  if (action === undefined) throw new Error(`which action is ${method} ${segments.join('/')}?`);
  return `bedrock-agentcore:${action}`;
}
