/** The bundles that Lambda loads: small, without what their mode does not use, and working where Lambda's environment is all there is. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Mode } from '../../src/handlers/http/handler';
import {
  type AgentCoreStub,
  resultFrame,
  startAgentCoreStub,
  STUB_CODE_INTERPRETER_ID,
  STUB_MEMORY_ID,
  STUB_RUNTIME_ARN,
} from '../support/agentcore-stub';
import { answerOf } from '../support/handlers';
import { httpEvent } from '../support/http-events';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
/** Unit: bytes, zipped. */
const SIZE_MAX = { base: 180_000, tools: 220_000, memory: 220_000 } as const;
type Name = keyof typeof SIZE_MAX;

const BUILD = "import { buildLambda } from './.config/build-lambda.mjs'; await buildLambda('1.2.3', { outdir: process.argv[1] });";
/** What the Lambda runtime does with a bundle, as far as it matters here. */
const INVOKE = `
const { handler } = require(process.argv[1]);
const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 29000, functionName: 'ewm' };
handler(JSON.parse(process.argv[2]), context).then((answer) => console.log('ANSWER ' + JSON.stringify(answer)));
`;

let directory: string;
let s3: S3Stub;
let agentCore: AgentCoreStub;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-lambda-'));
  [s3, agentCore] = await Promise.all([startS3Stub(), startAgentCoreStub()]);
  await run(process.execPath, ['--input-type=module', '-e', BUILD, directory], { cwd: ROOT });
});
afterAll(async () => {
  await Promise.all([s3.close(), agentCore.close(), rm(directory, { recursive: true })]);
});
beforeEach(() => {
  s3.reset();
  agentCore.reset();
});

async function invoke(
  name: Name,
  event: unknown,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly answer: unknown; readonly lines: readonly string[] }> {
  const { stdout } = await run(process.execPath, ['-e', INVOKE, join(directory, name), JSON.stringify(event)], {
    timeout: 30_000,
    env: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret-example',
      AWS_SESSION_TOKEN: 'session-example',
      AWS_LAMBDA_FUNCTION_NAME: 'ewm',
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.url,
      ...env,
    },
  });
  const lines = stdout.trim().split('\n');
  const answer = lines.find((line) => line.startsWith('ANSWER '));
  return { answer: JSON.parse(answer?.slice('ANSWER '.length) ?? 'null'), lines };
}

describe.each(Object.keys(SIZE_MAX) as Name[])('%s', (name) => {
  it('is small', async () => {
    const bundle = await readFile(join(directory, name, 'index.js'));
    expect(gzipSync(bundle, { level: 9 }).length).toBeLessThanOrEqual(SIZE_MAX[name]);
    expect(bundle.includes('bedrock-agentcore')).toBe(name !== 'base');
    // Neither stays in the chain of credentials.
    expect(bundle.includes('sso-oidc')).toBe(false);
  });

  it('says in one line what its environment lacks', async () => {
    await expect(invoke(name, {}, {})).rejects.toMatchObject({
      stderr: expect.stringContaining('configuration: EWM_ARTIFACT_BUCKET: missing') as string,
    });
    expect(s3.requests()).toEqual([]);
  });

  it('works on the credentials of the environment, session token included', async () => {
    agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '1\n' })]);
    agentCore.replies.splice(0, Infinity, { contentType: 'application/json', chunks: ['[]'] });
    const budget = { max_steps: 2, max_tool_calls: 2, max_model_calls: 1, max_memory_ops: 1, max_memory_bytes: 100 };
    const bodies = {
      base: { budget: { max_steps: 2 } },
      tools: {
        budget,
        tool_plan: [
          { name: 'execute_code', args: { language: 'python', code: 'print(1)' } },
          { name: 'propose_plan', args: { goal: 'hold' } },
        ],
      },
      memory: { budget, requests: [{ op: 'memory_put', key: 'k', value: 1 }] },
    };
    const { answer, lines } = await invoke(name, httpEvent({ path: `/agentcore/${name}`, body: JSON.stringify(bodies[name]) }), {
      EWM_ARTIFACT_BUCKET: STUB_BUCKET,
      EWM_MAX_MODEL_CALLS: '1',
      ENABLE_AGENTCORE_MEMORY: '1',
      AGENTCORE_MEMORY_ID: STUB_MEMORY_ID,
      AGENTCORE_CODE_INTERPRETER_ID: STUB_CODE_INTERPRETER_ID,
      AGENTCORE_RUNTIME_ARN: STUB_RUNTIME_ARN,
    });
    const mode: Mode = `agentcore-${name}`;
    const { body } = answer as { readonly body: string };
    expect(answer).toMatchObject({ statusCode: 200 });
    expect(answerOf(mode, JSON.parse(body))).toMatchObject({ ok: true });
    expect(agentCore.requests()).toHaveLength({ base: 0, tools: 4, memory: 1 }[name]);
    for (const { headers } of [...s3.requests(), ...agentCore.requests()]) {
      expect(headers).toMatchObject({
        authorization: expect.stringContaining('Credential=ASIAEXAMPLE/') as string,
        'x-amz-security-token': 'session-example',
      });
    }
    // A log line and one line of metrics, and nothing else.
    expect(lines.filter((line) => line.startsWith('{'))).toHaveLength(2);
    expect(JSON.parse(lines.find((line) => line.includes('"_aws"')) ?? '{}')).toMatchObject({ service: mode, Requests: 1, Failures: 0 });
  });

  it('answers its health without a request', async () => {
    const { answer } = await invoke(name, httpEvent({ method: 'GET', path: '/health' }), { EWM_ARTIFACT_BUCKET: STUB_BUCKET });
    const { body } = answer as { readonly body: string };
    expect(JSON.parse(body)).toMatchObject({
      ok: true,
      version: '1.2.3',
      mode: `agentcore-${name}`,
      enabled: { memory: false, code_interpreter: false, planner: false },
    });
    expect([s3.requests(), agentCore.requests()]).toEqual([[], []]);
  });
});
