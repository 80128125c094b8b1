/** The zips that are deployed, under AWS's own runtime client: what API Gateway sends, what comes back, and what is left behind. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { filesOf } from '../../src/domain/run/modes';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import type { ApiResponse } from '../../src/handlers/http/contract/response';
import { type AgentCoreStub, resultFrame, startAgentCoreStub, STUB_CODE_INTERPRETER_ID, STUB_MEMORY_ID } from '../support/agentcore-stub';
import { answerOf, healthOf, invoke, makeTestHandler, provenHeadOf } from '../support/handlers';
import { httpEvent } from '../support/http-events';
import { describeWhere } from '../support/needs';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';
import { type LambdaFunction, missingRuntime, missingRuntimeClient, RUNTIMES, startFunction } from './runtime-client';

const ZIPS = join(__dirname, '../../dist/lambda');
const PREFIX = 'ewm/';
const MODES = ['base', 'tools', 'memory'] as const;
type Name = (typeof MODES)[number];

/** Each a request that succeeds, and one that its budget refuses. */
const GOOD: Readonly<Record<Name, object>> = {
  base: { steps: 3, budget: { max_steps: 3 } },
  tools: {
    budget: { max_steps: 2, max_tool_calls: 2 },
    tool_plan: [
      { name: 'get_price_context', args: { step: 0 } },
      { name: 'execute_code', args: { language: 'python', code: 'print(1)' } },
    ],
  },
  memory: { budget: { max_memory_ops: 1, max_memory_bytes: 100 }, requests: [{ op: 'memory_put', key: 'k', value: { n: 1 } }] },
};
const TOO_MUCH: Readonly<Record<Name, { readonly limiter: string; readonly body: object }>> = {
  base: { limiter: 'max_steps', body: { steps: 3, budget: { max_steps: 2 } } },
  tools: { limiter: 'max_tool_calls', body: { ...GOOD.tools, budget: { max_steps: 2, max_tool_calls: 1 } } },
  memory: { limiter: 'max_memory_ops', body: { ...GOOD.memory, budget: { max_memory_ops: 0, max_memory_bytes: 100 } } },
};

for (const runtime of Object.keys(RUNTIMES)) {
  describeWhere(missingRuntimeClient() ?? missingRuntime(runtime), `the zips under AWS's runtime client, ${runtime}`, () => {
    let directory: string;
    let s3: S3Stub;
    let agentCore: AgentCoreStub;
    const running: LambdaFunction[] = [];
    let requests = 0;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'ewm-zips-'));
      [s3, agentCore] = await Promise.all([startS3Stub(), startAgentCoreStub()]);
      for (const name of MODES) {
        await mkdir(join(directory, name, 'scratch'), { recursive: true });
        await mkdir(taskRoot(name));
        const files = unzipSync(await readFile(join(ZIPS, `${name}.zip`)));
        for (const [file, bytes] of Object.entries(files)) await writeFile(join(taskRoot(name), file), bytes);
      }
    });
    afterAll(async () => {
      await Promise.all([s3.close(), agentCore.close(), rm(directory, { recursive: true })]);
    });
    beforeEach(() => {
      s3.reset();
      s3.objects.clear();
      agentCore.reset();
      agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '1\n' })]);
    });
    afterEach(async () => {
      for (const started of running.splice(0)) await started.stop();
    });

    const taskRoot = (name: Name): string => join(directory, name, 'task');

    async function start(name: Name, env: Readonly<Record<string, string>> = {}): Promise<LambdaFunction> {
      const started = await startFunction({
        runtime,
        taskRoot: taskRoot(name),
        scratch: join(directory, name, 'scratch'),
        name: `ewm-${name}`,
        env: {
          EWM_ARTIFACT_BUCKET: STUB_BUCKET,
          EWM_ARTIFACT_PREFIX: PREFIX,
          ENABLE_AGENTCORE_MEMORY: '1',
          AGENTCORE_MEMORY_ID: STUB_MEMORY_ID,
          AGENTCORE_CODE_INTERPRETER_ID: STUB_CODE_INTERPRETER_ID,
          AWS_ENDPOINT_URL_S3: s3.url,
          AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.url,
          ...env,
        },
      });
      running.push(started);
      return started;
    }

    interface HttpAnswer {
      readonly status: number;
      readonly json: unknown;
    }

    const nextId = (): string => {
      requests += 1;
      return `8f5d3c1a-0000-4000-8000-${String(requests).padStart(12, '0')}`;
    };

    async function send(lambda: LambdaFunction, event: unknown, timeoutMs?: number): Promise<HttpAnswer> {
      const outcome = await lambda.invoke(event, nextId(), timeoutMs);
      if (outcome._tag === 'Failed') throw new Error(`the function failed: ${JSON.stringify(outcome)}`);
      const { statusCode, body } = outcome.payload as { readonly statusCode: number; readonly body: string };
      return { status: statusCode, json: JSON.parse(body) };
    }

    const post = (name: Name, body: object): unknown => httpEvent({ path: `/agentcore/${name}`, body: JSON.stringify(body) });
    const modeOf = (name: Name): HttpMode => `agentcore-${name}`;

    async function answered(lambda: LambdaFunction, name: Name, body: object): Promise<ApiResponse> {
      const { status, json } = await send(lambda, post(name, body));
      expect(status).toBe(200);
      return answerOf(modeOf(name), json);
    }

    /** The files of a run as the bucket has them. */
    function stored(name: Name, answer: ApiResponse): Readonly<Record<string, Uint8Array>> {
      const folder = `${PREFIX}${answer.artifact_dir ?? ''}/`;
      const files = Object.fromEntries([...s3.objects].map(([key, { bytes }]) => [key.slice(folder.length), bytes]));
      expect(Object.keys(files)).toEqual([...filesOf(modeOf(name))]);
      return files;
    }

    it.each(MODES)('%s: answers a cold start and then, in the same process, a warm one', async (name) => {
      const lambda = await start(name);
      const first = await answered(lambda, name, GOOD[name]);
      expect(await provenHeadOf(stored(name, first))).toBe(first.head_hash);
      s3.objects.clear();
      const second = await answered(lambda, name, GOOD[name]);
      expect(await provenHeadOf(stored(name, second))).toBe(second.head_hash);
      // The same run where nothing outside was asked, and another one where something was.
      expect(second.run_id === first.run_id).toBe(name === 'base');
      for (const { headers } of [...s3.requests(), ...agentCore.requests()]) {
        expect(headers).toMatchObject({
          authorization: expect.stringContaining('Credential=ASIAEXAMPLE/') as string,
          'x-amz-security-token': 'session-example',
        });
      }
    });

    it.each(MODES)('%s: a log line and a line of metrics for each invocation, none for health', async (name) => {
      const lambda = await start(name);
      await send(lambda, httpEvent({ method: 'GET', path: '/health' }));
      expect(lambda.lines()).toEqual([]);
      await send(lambda, post(name, GOOD[name]));
      await send(lambda, post(name, { no_such_field: 1 }));
      await send(lambda, post(name, TOO_MUCH[name].body));
      // The answer of an invocation may overtake its lines; one more has come after them.
      await send(lambda, httpEvent({ method: 'GET', path: '/health' }));
      const lines = lambda.lines().map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
      expect(lines).toMatchObject([
        { message: 'request', status: 200, ok: true, service: modeOf(name) },
        { Requests: 1, Refusals: 0, Failures: 0 },
        { message: 'request', status: 400, code: 'invalid_request' },
        { Requests: 1, Refusals: 0, Failures: 0 },
        { message: 'request', status: 422, code: 'budget_exceeded', limiter: TOO_MUCH[name].limiter },
        { Requests: 1, Refusals: 1, Failures: 0 },
      ]);
    });

    it.each(MODES)('%s: refuses a budget that trips, one above a ceiling, and what it cannot read', async (name) => {
      const lambda = await start(name);
      const { limiter, body } = TOO_MUCH[name];
      expect(await send(lambda, post(name, body))).toMatchObject({
        status: 422,
        json: { ok: false, error: { code: 'budget_exceeded', limiter } },
      });
      const above = { ...GOOD[name], budget: { max_steps: 101 } };
      expect(await send(lambda, post(name, above))).toMatchObject({
        status: 422,
        json: { error: { code: 'budget_above_ceiling', limiter: 'max_steps' } },
      });
      expect(await send(lambda, post(name, { no_such_field: 1 }))).toMatchObject({
        status: 400,
        json: { error: { code: 'invalid_request' } },
      });
      expect(await send(lambda, httpEvent({ path: `/agentcore/${name}`, body: '{' }))).toMatchObject({ status: 400 });
      expect(await send(lambda, httpEvent({ path: '/agentcore/none', body: '{}' }))).toMatchObject({ status: 404 });
      // Memory looks at its whole list before it calls anything; the one call that the budget of tools had is a local one.
      expect(agentCore.requests()).toEqual([]);
    });

    it.each(MODES)('%s: tells its health and touches nothing', async (name) => {
      const { status, json } = await send(await start(name), httpEvent({ method: 'GET', path: '/health' }));
      expect(status).toBe(200);
      expect(healthOf(json)).toMatchObject({ ok: true, mode: modeOf(name), enabled: { memory: true, planner: false } });
      expect([s3.requests(), agentCore.requests()]).toEqual([[], []]);
    });

    it.each(MODES)('%s: stops where the time of its invocation ends, and says so', async (name) => {
      // Less than is kept back for storing: the work has no time at all.
      const { status, json } = await send(await start(name), post(name, GOOD[name]), 2_500);
      expect(status).toBe(504);
      expect(json).toMatchObject({ ok: false, error: { code: 'deadline_exceeded' } });
      expect(agentCore.requests()).toEqual([]);
    });

    it.each(MODES)('%s: a start without its configuration fails with one line', async (name) => {
      const lambda = await start(name, { EWM_ARTIFACT_BUCKET: '' });
      expect(await lambda.invoke({}, nextId())).toMatchObject({
        _tag: 'Failed',
        during: 'init',
        error: { errorMessage: expect.stringMatching(/^configuration: EWM_ARTIFACT_BUCKET: missing[^\n]*$/) as string },
      });
    });

    it.each(MODES)('%s: writes to no disk and needs no package beside it', async (name) => {
      for (let folder = taskRoot(name); folder !== dirname(folder); folder = dirname(folder)) {
        expect(existsSync(join(folder, 'node_modules'))).toBe(false);
      }
      const before = await stateOf(taskRoot(name));
      expect(before.map(({ file }) => file)).toEqual(['.', 'index.js']);
      await answered(await start(name), name, GOOD[name]);
      expect(await stateOf(taskRoot(name))).toEqual(before);
      expect(await readdir(join(directory, name, 'scratch'))).toEqual([]);
    });

    it('base: answers a direct invocation with the bare response, the same as over HTTP and as the handler of this checkout', async () => {
      const lambda = await start('base');
      const overHttp = await answered(lambda, 'base', GOOD.base);
      const direct = await lambda.invoke(GOOD.base, nextId());
      expect(direct).toEqual({ _tag: 'Response', payload: overHttp });
      expect(await invoke(makeTestHandler('agentcore-base'), GOOD.base)).toEqual(overHttp);
    });

    it('base: reads a body that API Gateway encoded', async () => {
      const body = Buffer.from(JSON.stringify(GOOD.base)).toString('base64');
      const event = httpEvent({ path: '/agentcore/base', body, isBase64Encoded: true });
      expect(await send(await start('base'), event)).toMatchObject({ status: 200, json: { ok: true, steps: 3 } });
    });

    it('tools: runs a program in a session of the code interpreter and ends the session', async () => {
      const answer = await answered(await start('tools'), 'tools', GOOD.tools);
      expect(answer.results).toMatchObject([{ ok: true }, { ok: true, result: { stdout: '1\n', exit_code: 0 } }]);
      const calls = agentCore.requests().map(({ segments }) => segments.slice(2).join('/'));
      expect(calls).toEqual(['sessions/start', 'tools/invoke', 'sessions/stop']);
      expect(agentCore.openSessions()).toEqual([]);
    });

    it('memory: what one invocation puts the next one gets', async () => {
      const lambda = await start('memory');
      await answered(lambda, 'memory', GOOD.memory);
      // A put lists the key, writes, and removes what it supersedes: a test before this one left a value.
      expect(agentCore.requests().map(({ method }) => method)).toEqual(['POST', 'POST', 'DELETE']);
      s3.objects.clear();
      const got = await answered(lambda, 'memory', {
        budget: { max_memory_ops: 1, max_memory_bytes: 100 },
        requests: [{ op: 'memory_get', key: 'k' }],
      });
      expect(got.results).toMatchObject([{ ok: true, result: { found: true, value: { n: 1 } } }]);
    });
  });
}

interface FileState {
  readonly file: string;
  readonly mtimeMs: number;
  readonly bytes: number;
}

async function stateOf(folder: string): Promise<readonly FileState[]> {
  const files = ['.', ...(await readdir(folder, { recursive: true }))];
  return Promise.all(
    files.map(async (file) => {
      const { mtimeMs, size } = await stat(join(folder, file));
      return { file, mtimeMs, bytes: size };
    }),
  );
}
