/** A handler in a test: in-process ports that can be looked into, and calls that are counted. */
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { makeMemoryRunReader, type RunFileBytes } from '../../src/adapters/in-process/run-files';
import { makeRecordingTelemetry, type RecordingTelemetry } from '../../src/adapters/in-process/telemetry';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { filesOf } from '../../src/domain/run/modes';
import { verify } from '../../src/domain/run/verify';
import { CEILINGS } from '../../src/domain/budget/budget';
import { ANSWERS, healthCodec } from '../../src/handlers/http/contract/answer-codecs';
import type { Handler } from '../../src/handlers/http/edge/handler';
import type { HandlerConfig } from '../../src/handlers/config';
import type { HandlerPorts } from '../../src/handlers/compose-http';
import type { InvocationContext } from '../../src/handlers/http/edge/invocation';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import { openApi } from '../../src/handlers/http/contract/openapi';
import { FUNCTIONS } from '../../src/handlers/compose-http';
import type { ApiResponse, HealthResponse } from '../../src/handlers/http/contract/response';
import type { Artifact, ArtifactStore } from '../../src/ports/artifact-store';
import type { Memory, MemoryOperation } from '../../src/ports/memory';
import { isLeft } from 'fp-ts/Either';
import { rightOf } from './task';

export const CONFIG: HandlerConfig = {
  version: '1.2.3',
  ceilings: { ...CEILINGS, max_model_calls: 2 },
  enabled: { memory: true, code_interpreter: false, planner: false },
  bodyBytesMax: 1_048_576,
  artifactBytesMax: Infinity,
  storeReserveMs: 3_000,
  basePath: '',
  corsOrigins: [],
};

export function contextOf(
  awsRequestId = '5f2c8d1e-0000-4000-8000-000000000001',
  remainingMs: number | (() => number) = 29_000,
): InvocationContext {
  return { awsRequestId, getRemainingTimeInMillis: typeof remainingMs === 'number' ? () => remainingMs : remainingMs };
}

export interface TestHandler {
  readonly handle: Handler;
  readonly artifacts: ArtifactStore;
  readonly puts: Artifact[];
  readonly memoryCalls: MemoryOperation[];
  readonly telemetry: RecordingTelemetry;
  readonly mode: HttpMode;
}

export function makeTestHandler(mode: HttpMode, config: Partial<HandlerConfig> = {}, ports: Partial<HandlerPorts> = {}): TestHandler {
  const puts: Artifact[] = [];
  const memoryCalls: MemoryOperation[] = [];
  const telemetry = makeRecordingTelemetry();
  const artifacts = ports.artifacts ?? countedStore(puts);
  const memory = countedMemory(ports.memory ?? makeInProcessMemory(), memoryCalls);
  const handle = FUNCTIONS[mode](
    { ...CONFIG, ...config },
    { telemetry, openApi: () => JSON.stringify(openApi()), ...ports, artifacts, ...(mode === 'agentcore-memory' ? { memory } : {}) },
  );
  return { handle, artifacts, puts, memoryCalls, telemetry, mode };
}

function countedStore(puts: Artifact[]): ArtifactStore {
  const store = makeMemoryArtifactStore();
  return {
    ...store,
    putFolder: (artifacts, deadline) => {
      puts.push(...artifacts);
      return store.putFolder(artifacts, deadline);
    },
    put: (artifact, deadline) => {
      puts.push(artifact);
      return store.put(artifact, deadline);
    },
  };
}

function countedMemory(memory: Memory, calls: MemoryOperation[]): Memory {
  const counted = <A>(operation: MemoryOperation, task: A): A => {
    calls.push(operation);
    return task;
  };
  return {
    source: memory.source,
    put: (operation, operationId, deadline) => counted(operation, memory.put(operation, operationId, deadline)),
    get: (operation, deadline) => counted(operation, memory.get(operation, deadline)),
    clear: (operation, deadline) => counted(operation, memory.clear(operation, deadline)),
  };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** What the handler answers to an HTTP event. */
export async function sendEvent(handle: Handler, event: unknown, context: InvocationContext = contextOf()): Promise<HttpAnswer> {
  const result = await handle(event, context);
  if (typeof result !== 'object' || !('statusCode' in result)) throw new Error(`not an answer over HTTP: ${JSON.stringify(result)}`);
  return { status: result.statusCode ?? 0, headers: result.headers ?? {}, text: result.body ?? '' };
}

/** The body of an answer, which has to be what the contract says. */
export function answerOf(mode: HttpMode, value: unknown): ApiResponse {
  const decoded = ANSWERS[mode].decode(value);
  if (isLeft(decoded)) throw new Error(`not an answer of ${mode}: ${JSON.stringify(value)}`);
  return decoded.right;
}

export function healthOf(value: unknown): HealthResponse {
  const decoded = healthCodec.decode(value);
  if (isLeft(decoded)) throw new Error(`not an answer of health: ${JSON.stringify(value)}`);
  return decoded.right;
}

/** A direct invocation. */
export async function invoke(
  { handle, mode }: Pick<TestHandler, 'handle' | 'mode'>,
  body: unknown,
  context: InvocationContext = contextOf(),
): Promise<ApiResponse> {
  return answerOf(mode, await handle(body, context));
}

/** Every file of a stored run. */
export async function storedFiles(artifacts: ArtifactStore, mode: HttpMode, folder: string): Promise<RunFileBytes> {
  const files: RunFileBytes = {};
  for (const file of filesOf(mode)) files[file] = await rightOf(artifacts.get(`${folder}/${file}`, noDeadline));
  return files;
}

/** Verifies what is stored at the folder of an answer; the head hash of the proof. */
export async function provenHead(artifacts: ArtifactStore, { mode, artifact_dir: folder }: ApiResponse): Promise<string> {
  return provenHeadOf(await storedFiles(artifacts, mode, folder ?? ''));
}

export async function provenHeadOf(files: RunFileBytes): Promise<string> {
  const verdict = await rightOf(() => verify(makeMemoryRunReader(files)));
  if (verdict._tag !== 'Proven') throw new Error(`not proven: ${JSON.stringify(verdict)}`);
  return verdict.summary.headHash;
}
