/** The ceiling on the bytes of a run's artifacts: at it a run is stored, one byte below nothing is, in any mode; and no evidence is lost silently. */
import type { S3Client } from '@aws-sdk/client-s3';
import { makeScriptedCodeInterpreter } from '../../src/adapters/in-process/code-interpreter';
import { silentTelemetry } from '../../src/adapters/in-process/telemetry';
import { makeS3ArtifactStore } from '../../src/adapters/s3/artifact-store';
import { makeS3Client } from '../../src/adapters/s3/client';
import { DEFAULT_LIMITS } from '../../src/domain/cost/limits';
import { memoryMightNotFit } from '../../src/handlers/http/modes/artifact-bytes';
import type { HandlerPorts } from '../../src/handlers/compose-http';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import type { ApiResponse } from '../../src/handlers/http/contract/response';
import { useStubEnvironment } from '../support/aws-environment';
import { answerOf, sendEvent, contextOf, invoke, makeTestHandler, provenHead, type TestHandler } from '../support/handlers';
import { httpEvent } from '../support/http-events';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';

/** Of a deployment: terraform/variables.tf. */
const DEFAULT = DEFAULT_LIMITS.max_artifact_bytes;
const BUDGET = { max_steps: 10, max_tool_calls: 10, max_memory_ops: 10, max_memory_bytes: 2_000 };
const BODIES: Readonly<Record<HttpMode, object>> = {
  'agentcore-base': { steps: 5, budget: { max_steps: 5 } },
  'agentcore-tools': { budget: BUDGET },
  'agentcore-memory': {
    budget: BUDGET,
    requests: [
      { op: 'memory_put', key: 'k', value: 'v' },
      { op: 'memory_get', key: 'k' },
    ],
  },
};
const MODES = Object.keys(BODIES) as HttpMode[];

let s3: S3Stub;
let client: S3Client;
beforeAll(async () => {
  s3 = await startS3Stub();
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: s3.url });
  client = makeS3Client({ connectTimeoutMs: 5_000, requestTimeoutMs: 10_000 });
});
afterAll(async () => {
  client.destroy();
  await s3.close();
});

function storedBytes({ puts }: TestHandler): number {
  return puts.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

async function bytesOf(mode: HttpMode, body: object, ports: Partial<HandlerPorts> = {}): Promise<number> {
  const test = makeTestHandler(mode, { artifactBytesMax: Infinity }, ports);
  expect(await invoke(test, body)).toMatchObject({ artifact_dir: expect.any(String) as string });
  return storedBytes(test);
}

async function overHttp(
  mode: HttpMode,
  artifactBytesMax: number,
): Promise<{ readonly status: number; readonly answer: ApiResponse; readonly puts: number }> {
  s3.reset();
  s3.objects.clear();
  const artifacts = makeS3ArtifactStore({ client, bucket: STUB_BUCKET, prefix: 'ewm/' });
  const { handle } = makeTestHandler(mode, { artifactBytesMax }, { artifacts, telemetry: silentTelemetry });
  const event = httpEvent({ path: `/agentcore/${mode.slice('agentcore-'.length)}`, body: JSON.stringify(BODIES[mode]) });
  const { status, text } = await sendEvent(handle, event);
  return { status, answer: answerOf(mode, JSON.parse(text)), puts: s3.requests().filter(({ method }) => method === 'PUT').length };
}

it.each(['agentcore-base', 'agentcore-tools'] as const)('%s is stored at the ceiling, and not one byte above it', async (mode) => {
  const bytes = await bytesOf(mode, BODIES[mode]);
  expect(await overHttp(mode, bytes)).toMatchObject({ status: 200, puts: 10, answer: { ok: true } });
  const { status, answer, puts } = await overHttp(mode, bytes - 1);
  expect([status, puts, s3.objects.size]).toEqual([413, 0, 0]);
  expect(answer).toMatchObject({
    ok: false,
    artifact_dir: null,
    run_id: expect.any(String) as string,
    error: { code: 'payload_too_large' },
  });
  expect(answer.error?.message).toContain(`${String(bytes)} bytes, and at most ${String(bytes - 1)} are stored`);
  expect(answer.error?.message).toContain('fewer steps or symbols, or raise EWM_MAX_ARTIFACT_BYTES');
});

describe('memory', () => {
  const mode = 'agentcore-memory';
  // Six copies of 2,000 bytes, two operations, and the rest.
  const needed = 6 * 2_000 + 2 * 2_048 + 32_768;

  it('sends nothing where its budget might not fit', async () => {
    const test = makeTestHandler(mode, { artifactBytesMax: needed - 1 });
    const answer = await invoke(test, BODIES[mode]);
    expect(answer).toMatchObject({ ok: false, run_id: null, budget_state: { memory_ops: 0 }, error: { code: 'payload_too_large' } });
    expect(answer.error?.message).toMatch(/nothing was sent.*lower max_memory_bytes.*EWM_MAX_ARTIFACT_BYTES/);
    expect([test.memoryCalls, test.puts]).toEqual([[], []]);
    expect(await overHttp(mode, needed - 1)).toMatchObject({ status: 413, puts: 0 });
    expect(await overHttp(mode, needed)).toMatchObject({ status: 200, puts: 8 });
  });

  it('refuses a list that is too long to be recorded, and that nothing was sent of', async () => {
    const requests = Array.from({ length: 1_000 }, (_, index) => ({
      op: 'memory_put',
      key: 'k',
      value: `${'x'.repeat(100)}${String(index)}`,
    }));
    const test = makeTestHandler(mode, { artifactBytesMax: 65_536 });
    const answer = await invoke(test, { budget: { ...BUDGET, max_memory_ops: 1, max_memory_bytes: 0 }, requests });
    expect(answer).toMatchObject({ artifact_dir: null, error: { code: 'payload_too_large' } });
    expect([test.memoryCalls, test.puts]).toEqual([[], []]);
  });

  it.each([
    ['values of quotes and control characters', ['\u0001"\\'.repeat(30)]],
    ['long keys', ['v']],
    ['a value of pipes, which a report escapes', ['|'.repeat(200)]],
  ])('is bounded by its budget: %s', async (name, [value]) => {
    const key = name === 'long keys' ? '|'.repeat(512) : 'k';
    const put = { op: 'memory_put', key, value };
    const requests = [put, { op: 'memory_get', key }, put, { op: 'memory_get', key }, { op: 'memory_clear', key }];
    const budget = { ...BUDGET, max_memory_bytes: requests.length * 600 + 2_000 };
    const bytes = await bytesOf(mode, { budget, requests });
    const most = { ...budget, max_model_calls: 0 };
    expect(memoryMightNotFit(most, requests.length, bytes)).toBeDefined();
    // Without the part that does not grow, it holds as well.
    expect(bytes).toBeLessThanOrEqual(6 * budget.max_memory_bytes + 2_048 * requests.length + 32_768);
  });
});

describe('tools that reach outside', () => {
  const program = { name: 'execute_code', args: { language: 'python', code: 'print()' } };
  const body = { budget: BUDGET, tool_plan: Array.from({ length: 6 }, () => program) };
  const saying = (stdout: string): Partial<HandlerPorts> => ({
    interpreter: makeScriptedCodeInterpreter(() => ({ stdout, stderr: '', exitCode: 0 })),
  });

  it('record that an answer was too long, and how long, and store that', async () => {
    const test = makeTestHandler('agentcore-tools', { artifactBytesMax: 400_000 }, saying('x'.repeat(40_000)));
    const answer = await invoke(test, body);
    // A quarter of the ceiling has room for two of them.
    expect(answer).toMatchObject({
      ok: false,
      budget_state: { tool_calls: 3 },
      error: { code: 'tool_failed', index: 2, tool: 'execute_code' },
    });
    expect(answer.error?.message).toMatch(/an answer of 400\d\d bytes, withheld: 199\d\d were left/);
    expect(storedBytes(test)).toBeLessThanOrEqual(400_000);
    await expect(provenHead(test.artifacts, answer)).resolves.toBe(answer.head_hash);
  });

  it('say what was answered where the rest is too long to be stored', async () => {
    const interpreter = saying('evidence');
    const padded = { ...body, tool_plan: [program, { name: 'no tool', args: { text: 'y'.repeat(60_000) } }] };
    const test = makeTestHandler('agentcore-tools', { artifactBytesMax: 65_536 }, interpreter);
    const answer = await invoke(test, padded, contextOf());
    expect(answer).toMatchObject({ ok: false, artifact_dir: null, budget_state: { tool_calls: 2 }, error: { code: 'payload_too_large' } });
    expect(answer.error?.message).toContain('What it called outside did happen');
    expect(JSON.stringify(answer.results)).toContain('evidence');
    expect(test.puts).toEqual([]);
  });
});

it('is far above ordinary runs', async () => {
  const symbols = ['AAPL', 'MSFT', 'GOOG', 'AMZN'];
  const base = {
    budget: { max_steps: 100 },
    steps: 100,
    market: {
      symbols,
      steps: Array.from({ length: 100 }, (_, step) => Object.fromEntries(symbols.map((symbol, k) => [symbol, 100 + k + (step % 7) / 4]))),
    },
    strategy: {
      metadata: { name: 'ordinary', version: '1', description: '' },
      universe: { symbols },
      sizing: { order_qty: 1, max_position_qty_per_symbol: 1_000 },
      rules: symbols.map((symbol) => ({ type: 'threshold_price', symbol, buy_below: 1_000 })),
    },
    initial_state: { cash: 100_000 },
    policy: { risk_limits: { max_position_value: 1_000_000 } },
  };
  const requests = Array.from({ length: 5 }, () => [
    { op: 'memory_put', key: 'k', value: 'x'.repeat(6_000) },
    { op: 'memory_get', key: 'k' },
  ]).flat();
  const sizes = {
    base: await bytesOf('agentcore-base', base),
    tools: await bytesOf('agentcore-tools', BODIES['agentcore-tools']),
    memory: await bytesOf('agentcore-memory', { budget: { max_memory_ops: 10, max_memory_bytes: 65_536 }, requests }),
  };
  for (const bytes of Object.values(sizes)) expect(bytes * 4).toBeLessThan(DEFAULT);
  // The most that the default budgets allow is taken, too.
  expect(
    memoryMightNotFit({ max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 10, max_memory_bytes: 65_536 }, 10, DEFAULT),
  ).toBeUndefined();
  expect(sizes.base).toBeGreaterThan(100 * symbols.length * 100);
});

it('covers every mode', () => {
  expect(MODES).toHaveLength(3);
});
