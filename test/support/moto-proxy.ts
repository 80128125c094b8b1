/**
 * In front of a `moto_server`: what moto 5.2 lacks and a deployment of ours needs, answered here; everything else goes through untouched.
 * - Lambda's recursion settings, and how many executions the account may have at once;
 * - the outputs of a CloudFormation stack with an AgentCore Memory or Gateway, which moto cannot make;
 * - the logging settings of a function, which moto forgets;
 * - the object of the stop switch: moto reads a policy of a bucket without its conditions, and so denies every object of ours;
 * - where the code of a function can be fetched: AWS answers a URL, moto one that leads nowhere;
 * - whether a state machine is valid, and its versions, which Terraform asks about the one that it makes.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { escapeHtml } from '../../src/handlers/page/markup/markup';
import { STUB_MEMORY_ID } from './agentcore-stub';
import { FUNCTION, READER } from './aws-calls';
import { deployerAction } from './deployer-calls';

export interface MotoProxy {
  readonly url: string;
  /** By function name: what Terraform set. */
  readonly recursion: ReadonlyMap<string, string>;
  /** By function name: how it was made. moto keeps no logging settings. */
  readonly created: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** By stack name: the template as it was sent. */
  readonly templates: ReadonlyMap<string, StackTemplate>;
  /** The IAM actions that the requests of the deployment so far stand for, in order. */
  readonly actions: () => readonly string[];
  /** What functions asked of keys since the last time that this was asked: action, and the key as they named it. */
  readonly keyCalls: () => readonly { readonly action: string; readonly key: string }[];
  /** What the outputs of every stack with a memory say. */
  readonly memoryId: string;
  readonly close: () => Promise<void>;
}

export interface StackTemplate {
  readonly text: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** What an account that was asked for more has. */
const CONCURRENT_EXECUTIONS = 1_000;
const ACCOUNT_PATH = /^\/[0-9-]+\/account-settings\/?$/;

const AGENTCORE_TYPE = 'AWS::BedrockAgentCore::';
const RECURSION_PATH = /^\/[0-9-]+\/functions\/([^/]+)\/recursion-config$/;
const CODE_PATH = /^\/function-code\/([^/?]+)$/;
const SWITCH_PATH = /^\/[^/]+\/stop\.json(\?.*)?$/;
const FUNCTION_PATH = /^\/2015-03-31\/functions\/([^/?]+)\/?(\?.*)?$/;

const MACHINE_ANSWERS: ReadonlyMap<string, object> = new Map([
  ['AWSStepFunctions.ValidateStateMachineDefinition', { result: 'OK', diagnostics: [], truncated: false }],
  ['AWSStepFunctions.ListStateMachineVersions', { stateMachineVersions: [] }],
]);

interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body: Buffer;
}

export async function startMotoProxy(motoUrl: string, concurrentExecutions = CONCURRENT_EXECUTIONS): Promise<MotoProxy> {
  const recursion = new Map<string, string>();
  const actions = new Set<string>();
  const keyCalls: { action: string; key: string }[] = [];
  const created = new Map<string, Readonly<Record<string, unknown>>>();
  const code = new Map<string, Buffer>();
  const templates = new Map<string, StackTemplate>();
  let url = '';
  let stopSwitch: Buffer | undefined;

  async function answer(request: Incoming): Promise<Answer> {
    const [, who] = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    if (who === FUNCTION)
      keyCalls.push({ action: deployerAction(request), key: (JSON.parse(request.body.toString('utf8')) as { KeyId: string }).KeyId });
    else if (!CODE_PATH.test(request.path) && who !== READER) actions.add(deployerAction(request));
    if (ACCOUNT_PATH.test(request.path)) {
      const left = concurrentExecutions - created.size;
      return json({ AccountLimit: { ConcurrentExecutions: concurrentExecutions, UnreservedConcurrentExecutions: left }, AccountUsage: {} });
    }
    if (SWITCH_PATH.test(request.path)) return switchObject(request);
    const machine = MACHINE_ANSWERS.get(String(request.headers['x-amz-target']));
    if (machine !== undefined) return json(machine);
    const [, recursive] = RECURSION_PATH.exec(request.path) ?? [];
    if (recursive !== undefined) return recursionOf(recursive, request);
    const [, wanted] = CODE_PATH.exec(request.path) ?? [];
    if (wanted !== undefined)
      return { status: 200, headers: { 'content-type': 'application/zip' }, body: code.get(wanted) ?? Buffer.alloc(0) };
    rememberCode(request);
    const form = formOf(request);
    if (form?.get('Action') === 'CreateStack' || form?.get('Action') === 'UpdateStack') return stackWithoutOutputs(request, form);
    const real = await forward(motoUrl, request);
    const [, name] = FUNCTION_PATH.exec(request.path) ?? [];
    if (name !== undefined && request.method === 'GET' && real.status === 200) return withLocation(real, name);
    if (form?.get('Action') === 'DescribeStacks') return withOutputs(real);
    if (form?.get('Action') === 'GetTemplate') return asSent(real, form.get('StackName') ?? '');
    return real;
  }

  function switchObject({ method, path, body }: Incoming): Answer {
    const none = Buffer.alloc(0);
    if (path.includes('tagging')) {
      const tags = '<?xml version="1.0" encoding="UTF-8"?><Tagging><TagSet></TagSet></Tagging>';
      return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(tags) };
    }
    if (method === 'DELETE') {
      stopSwitch = undefined;
      return { status: 204, headers: {}, body: none };
    }
    if (method === 'PUT') stopSwitch = body;
    if (stopSwitch === undefined) return { status: 404, headers: {}, body: none };
    const headers = { etag: '"stop-switch"', 'x-amz-version-id': '1', 'content-type': 'application/json' };
    return { status: 200, headers, body: method === 'GET' ? stopSwitch : none };
  }

  function recursionOf(name: string, request: Incoming): Answer {
    if (request.method === 'PUT')
      recursion.set(name, (JSON.parse(request.body.toString('utf8')) as { RecursiveLoop: string }).RecursiveLoop);
    return json({ RecursiveLoop: recursion.get(name) ?? 'Terminate' });
  }

  function rememberCode(request: Incoming): void {
    if (request.method === 'DELETE' || request.body.length === 0 || !request.path.startsWith('/2015-03-31/functions')) return;
    const sent = JSON.parse(request.body.toString('utf8')) as { FunctionName?: string; Code?: { ZipFile?: string }; ZipFile?: string };
    const name = sent.FunctionName ?? /functions\/([^/]+)\/code$/.exec(request.path)?.[1];
    const zip = sent.Code?.ZipFile ?? sent.ZipFile;
    if (sent.FunctionName !== undefined && request.method === 'POST') created.set(sent.FunctionName, { ...sent });
    if (name !== undefined && zip !== undefined) code.set(name, Buffer.from(zip, 'base64'));
  }

  function withLocation(real: Answer, name: string): Answer {
    const told = JSON.parse(real.body.toString('utf8')) as { Code?: object; Configuration?: object };
    const { LoggingConfig: logging } = created.get(name) ?? {};
    return json({
      ...told,
      Configuration: { ...told.Configuration, LoggingConfig: logging },
      Code: { ...told.Code, Location: `${url}/function-code/${name}` },
    });
  }

  async function stackWithoutOutputs(request: Incoming, form: URLSearchParams): Promise<Answer> {
    const text = form.get('TemplateBody') ?? '{}';
    const template = { ...(JSON.parse(text) as Omit<StackTemplate, 'text' | 'parameters'>), text, parameters: parametersOf(form) };
    if (!Object.values(template.Resources).some(({ Type }) => Type.startsWith(AGENTCORE_TYPE))) return forward(motoUrl, request);
    templates.set(form.get('StackName') ?? '', template);
    const { Outputs: _, text: __, parameters: ___, ...rest } = template;
    form.set('TemplateBody', JSON.stringify(rest));
    return forward(motoUrl, { ...request, body: Buffer.from(form.toString()) });
  }

  /** The stack may be asked for by its name or by its ARN. */
  function asSent(real: Answer, stack: string): Answer {
    const sent = [...templates].find(([name]) => stack === name || stack.includes(`stack/${name}/`))?.[1];
    if (sent === undefined) return real;
    const body = `<TemplateBody>${escapeHtml(sent.text)}</TemplateBody>`;
    return { ...real, body: Buffer.from(real.body.toString('utf8').replace(/<TemplateBody>[\s\S]*?<\/TemplateBody>/, () => body)) };
  }

  function withOutputs(real: Answer): Answer {
    const xml = real.body.toString('utf8');
    const stack = [...templates].find(([name]) => xml.includes(`<StackName>${name}</StackName>`));
    if (stack === undefined) return real;
    const members = Object.entries(stack[1].Outputs).map(
      ([key, { Value: value }]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${outputOf(value)}</OutputValue></member>`,
    );
    const outputs = `<Outputs>${members.join('')}</Outputs>`;
    const told = /<Outputs>[\s\S]*?<\/Outputs>|<Outputs\s*\/>/.test(xml)
      ? xml.replace(/<Outputs>[\s\S]*?<\/Outputs>|<Outputs\s*\/>/, outputs)
      : xml.replace('<StackName>', `${outputs}<StackName>`);
    return { ...real, body: Buffer.from(told) };
  }

  const server = http.createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = 'GET', url: path = '/', headers } = incoming;
      answer({ method, path, headers, body: Buffer.concat(chunks) }).then(
        ({ status, headers: answered, body }) => {
          outgoing.writeHead(status, { ...answered, 'content-length': body.length }).end(body);
        },
        (error: unknown) => {
          outgoing.writeHead(502, { 'content-type': 'text/plain' }).end(String(error));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url,
    actions: () => [...actions].sort(),
    keyCalls: () => keyCalls.splice(0),
    recursion,
    created,
    templates,
    memoryId: STUB_MEMORY_ID,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

const STUB_GATEWAY_ID = 'ewm-0123456789';
export const STUB_OUTPUTS: Readonly<Record<string, string>> = {
  MemoryId: STUB_MEMORY_ID,
  MemoryArn: `arn:aws:bedrock-agentcore:us-east-1:123456789012:memory/${STUB_MEMORY_ID}`,
  GatewayIdentifier: STUB_GATEWAY_ID,
  GatewayArn: `arn:aws:bedrock-agentcore:us-east-1:123456789012:gateway/${STUB_GATEWAY_ID}`,
  GatewayUrl: `https://${STUB_GATEWAY_ID}.gateway.bedrock-agentcore.us-east-1.amazonaws.com/mcp`,
};

/** `Fn::GetAtt` of what a stack of ours makes, and nothing else: another output fails here rather than being made up. */
function outputOf(value: unknown): string {
  const attribute = (value as { readonly 'Fn::GetAtt'?: unknown })['Fn::GetAtt'];
  const [, name] = Array.isArray(attribute) ? (attribute as readonly unknown[]) : String(attribute).split('.');
  const known = typeof name === 'string' ? STUB_OUTPUTS[name] : undefined;
  if (known !== undefined) return known;
  throw new Error(`an output that the proxy does not know: ${JSON.stringify(value)}`);
}

function parametersOf(form: URLSearchParams): Readonly<Record<string, string>> {
  const names = [...form].flatMap(([key, name]) => (/^Parameters\.member\.\d+\.ParameterKey$/.test(key) ? [[key, name] as const] : []));
  return Object.fromEntries(names.map(([key, name]) => [name, form.get(key.replace(/Key$/, 'Value')) ?? '']));
}

function formOf({ method, headers, body }: Incoming): URLSearchParams | undefined {
  const isForm = method === 'POST' && (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return isForm ? new URLSearchParams(body.toString('utf8')) : undefined;
}

function json(value: unknown): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) };
}

function forward(motoUrl: string, { method, path, headers, body }: Incoming): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // The body is whole by now, whatever way it came.
    const { 'transfer-encoding': _, expect: __, ...sent } = headers;
    const request = http.request(motoUrl + path, { method, headers: { ...sent, 'content-length': String(body.length) } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { 'transfer-encoding': _, ...kept } = response.headers;
        resolve({ status: response.statusCode ?? 502, headers: kept, body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
