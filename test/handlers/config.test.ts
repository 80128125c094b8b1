/** The environment of a deployment: what is needed, what is legal, and that each mistake is one line that names the variable. */
import { isLeft } from 'fp-ts/Either';
import { decodeHandlerConfig, decodeLambdaConfig, type Environment, type LambdaConfig } from '../../src/handlers/config';
import type { HttpMode } from '../../src/handlers/http/contract/response';

const BUCKET = { EWM_ARTIFACT_BUCKET: 'my-artifacts' };

function decoded(env: Environment, mode: HttpMode = 'agentcore-base'): LambdaConfig {
  const config = decodeLambdaConfig(mode, env);
  if (isLeft(config)) throw new Error(config.left.join('\n'));
  return config.right;
}

function mistakes(env: Environment, mode: HttpMode = 'agentcore-base'): readonly string[] {
  const config = decodeLambdaConfig(mode, env);
  return isLeft(config) ? config.left : [];
}

it('is small where nothing is said, and everything remote is off', () => {
  for (const mode of ['agentcore-base', 'agentcore-tools', 'agentcore-memory'] as const) {
    expect(decoded({ ...BUCKET, HOME: '/', AWS_REGION: 'us-east-1' }, mode)).toEqual({
      service: mode,
      spans: false,
      handler: {
        version: '0.0.0-test',
        ceilings: { max_steps: 100, max_tool_calls: 10, max_model_calls: 0, max_memory_ops: 10, max_memory_bytes: 65_536 },
        enabled: { memory: false, code_interpreter: false, planner: false },
        bodyBytesMax: 1_048_576,
        artifactBytesMax: Infinity,
        storeReserveMs: 3_000,
        basePath: '',
        corsOrigins: [],
      },
      artifacts: { bucket: 'my-artifacts', prefix: '', pathStyle: false },
      s3: { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 },
      agentcore: { connectTimeoutMs: 1_000, requestTimeoutMs: 20_000 },
    });
  }
});

it('takes what is set, and an empty variable for one that is not', () => {
  const env = {
    ...BUCKET,
    EWM_ARTIFACT_PREFIX: 'team/world/',
    EWM_MAX_STEPS: '5000',
    MEMORY_MAX_OPS: '0',
    MEMORY_MAX_BYTES: '',
    ENABLE_AGENTCORE_MEMORY: '1',
    AGENTCORE_MEMORY_ID: 'ewm_memory-0123456789',
    AGENTCORE_CODE_INTERPRETER_ID: 'aws.codeinterpreter.v1',
    AGENTCORE_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/planner-0123456789',
    AGENTCORE_RUNTIME_QUALIFIER: '',
  };
  expect(decoded(env, 'agentcore-memory')).toMatchObject({
    handler: {
      ceilings: { max_steps: 5_000, max_memory_ops: 0, max_memory_bytes: 65_536 },
      enabled: { memory: true, code_interpreter: true, planner: true },
    },
    artifacts: { prefix: 'team/world/' },
    memory: { memoryId: 'ewm_memory-0123456789', actorId: 'ewm' },
  });
  expect(decoded(env, 'agentcore-tools')).toMatchObject({
    codeInterpreterId: 'aws.codeinterpreter.v1',
    planner: { agentRuntimeArn: env.AGENTCORE_RUNTIME_ARN },
  });
  expect(decoded(env, 'agentcore-tools').planner).not.toHaveProperty('qualifier');
  // The memory function alone needs to know which memory it is.
  expect(decoded({ ...BUCKET, ENABLE_AGENTCORE_MEMORY: '1' }, 'agentcore-base')).not.toHaveProperty('memory');
});

it.each([
  ['0', false],
  ['true', false],
  ['01', false],
  ['1', true],
])('ENABLE_AGENTCORE_MEMORY=%s', (value, enabled) => {
  const config = decodeHandlerConfig({ ENABLE_AGENTCORE_MEMORY: value });
  expect(isLeft(config) ? config : config.right.enabled.memory).toBe(enabled);
});

it('a local server may ask its scripted planner, unless it is told otherwise; a function may not', () => {
  for (const [env, calls] of [
    [{}, 10],
    [{ EWM_MAX_MODEL_CALLS: '0' }, 0],
    [{ EWM_MAX_MODEL_CALLS: '3' }, 3],
  ] as const) {
    const config = decodeHandlerConfig(env);
    expect(isLeft(config) ? config : config.right.ceilings.max_model_calls).toBe(calls);
  }
  expect(decoded(BUCKET).handler.ceilings.max_model_calls).toBe(0);
});

it('what a deployment has is what it tells every function, and what the function has itself', () => {
  expect(decoded({ ...BUCKET, EWM_ENABLED: 'memory,planner' }).handler.enabled).toEqual({
    memory: true,
    code_interpreter: false,
    planner: true,
  });
  expect(mistakes({ ...BUCKET, EWM_ENABLED: 'memory,models' })).toEqual([
    'EWM_ENABLED: "memory,models": expected any of memory, code_interpreter, planner, separated by commas',
  ]);
});

it.each([
  ['EWM_BASE_PATH', 'v1'],
  ['EWM_BASE_PATH', '/v1/'],
  ['EWM_CORS_ORIGINS', '*'],
  ['EWM_CORS_ORIGINS', 'https://app.example/'],
  ['EWM_CORS_ORIGINS', 'https://app.example,null'],
])('%s may not be %s', (name, value) => {
  expect(mistakes({ ...BUCKET, [name]: value })).toEqual([expect.stringContaining(name)]);
});

it('origins are a list', () => {
  expect(decoded({ ...BUCKET, EWM_CORS_ORIGINS: 'https://app.example, http://localhost:5173' }).handler.corsOrigins).toEqual([
    'https://app.example',
    'http://localhost:5173',
  ]);
});

it.each([
  [{}, 'EWM_ARTIFACT_BUCKET'],
  [{ EWM_ARTIFACT_BUCKET: '' }, 'EWM_ARTIFACT_BUCKET'],
  [{ EWM_ARTIFACT_BUCKET: 's3://bucket' }, 'EWM_ARTIFACT_BUCKET'],
  [{ EWM_ARTIFACT_BUCKET: 'Upper' }, 'EWM_ARTIFACT_BUCKET'],
  [{ ...BUCKET, EWM_ARTIFACT_PREFIX: 'no-slash' }, 'EWM_ARTIFACT_PREFIX'],
  [{ ...BUCKET, EWM_ARTIFACT_PREFIX: '../' }, 'EWM_ARTIFACT_PREFIX'],
  [{ ...BUCKET, EWM_MAX_STEPS: '0' }, 'EWM_MAX_STEPS'],
  [{ ...BUCKET, EWM_MAX_STEPS: '1e3' }, 'EWM_MAX_STEPS'],
  [{ ...BUCKET, EWM_MAX_ARTIFACT_BYTES: '65535' }, 'EWM_MAX_ARTIFACT_BYTES'],
  [{ ...BUCKET, EWM_MAX_TOOL_CALLS: '-1' }, 'EWM_MAX_TOOL_CALLS'],
  [{ ...BUCKET, MEMORY_MAX_BYTES: '99999999999999999999' }, 'MEMORY_MAX_BYTES'],
  [{ ...BUCKET, MEMORY_MAX_OPS: ' 1' }, 'MEMORY_MAX_OPS'],
  [{ ...BUCKET, AGENTCORE_RUNTIME_ARN: 'planner' }, 'AGENTCORE_RUNTIME_ARN'],
  [{ ...BUCKET, AGENTCORE_MEMORY_ID: 'no_suffix_of_ten' }, 'AGENTCORE_MEMORY_ID'],
  [{ ...BUCKET, AGENTCORE_MEMORY_ID: 'arn:aws:s3:::memory/notes-0123456789' }, 'AGENTCORE_MEMORY_ID'],
  [{ ...BUCKET, AGENTCORE_CODE_INTERPRETER_ID: 'aws.codeinterpreter.v2' }, 'AGENTCORE_CODE_INTERPRETER_ID'],
  [{ ...BUCKET, AGENTCORE_CODE_INTERPRETER_ID: 'mine' }, 'AGENTCORE_CODE_INTERPRETER_ID'],
  [{ ...BUCKET, AGENTCORE_MEMORY_ACTOR_ID: 'a::b' }, 'AGENTCORE_MEMORY_ACTOR_ID'],
  [{ ...BUCKET, AGENTCORE_MEMORY_ACTOR_ID: 'a:' }, 'AGENTCORE_MEMORY_ACTOR_ID'],
  [{ ...BUCKET, AGENTCORE_MEMORY_ACTOR_ID: 'a'.repeat(256) }, 'AGENTCORE_MEMORY_ACTOR_ID'],
  [{ ...BUCKET, EWM_S3_TIMEOUT_MS: '999' }, 'EWM_S3_TIMEOUT_MS'],
  [{ ...BUCKET, ENABLE_AGENTCORE_MEMORY: '1' }, 'AGENTCORE_MEMORY_ID'],
])('%j is one line that names %s', (env, name) => {
  const lines = mistakes(env, 'agentcore-memory');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(new RegExp(`^${name}: [^\\n]+$`));
});

it('names every mistake at once', () => {
  expect(mistakes({ EWM_MAX_STEPS: 'many', MEMORY_MAX_OPS: 'few' }).map((line) => line.split(':')[0])).toEqual([
    'EWM_MAX_STEPS',
    'MEMORY_MAX_OPS',
    'EWM_ARTIFACT_BUCKET',
  ]);
});
