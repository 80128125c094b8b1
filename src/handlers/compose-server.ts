/** What the local server is built from: the handlers of AWS, and a stand-in in this process for everything that is remote there. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { basename, dirname, join, resolve } from 'node:path';
import { makeArtifactRunReader } from '../adapters/filesystem/artifact-run';
import { makeFilesystemArtifactStore } from '../adapters/filesystem/artifact-store';
import { prepareDataDirectory } from '../adapters/filesystem/data-directory';
import { makeFileStopSwitch } from '../adapters/filesystem/stop-switch';
import { makeFilesystemSessionLog } from '../adapters/filesystem/session-log';
import { readReceipt } from '../adapters/filesystem/receipt-file';
import { inspectRunDirectory } from '../adapters/filesystem/run-directory';
import { makeRunDirectoryIndex } from '../adapters/filesystem/run-index';
import { removeLeftovers } from '../adapters/filesystem/writing';
import { deadlineIn, systemClock } from '../adapters/in-process/clock';
import { makeScriptedCodeInterpreter } from '../adapters/in-process/code-interpreter';
import { makeInProcessMemory } from '../adapters/in-process/memory';
import { makeScriptedPlanner } from '../adapters/in-process/planner';
import { describeWith } from '../domain/run/describe-world';
import { makeSessionContext } from '../domain/session/worlds';
import type { StoreError } from '../ports/run-files';
import type { Telemetry } from '../ports/telemetry';
import { decodeHandlerConfig, type Environment } from './config';
import { memoryFunction, sessionCeilings, sessionsFunction, stoppableBaseFunction, toolsFunction } from './compose-http';
import { mcpFunction } from './compose-mcp';
import { type LocalSigning, localReceipts } from './compose-signing';
import { openFileWorlds } from './open-file-worlds';
import { openSandbox } from './open-sandbox';
import { openApi } from './http/contract/openapi';
import type { RunSource } from './server/runs';
import type { ServerDeps } from './server/server';

export interface LocalServer {
  readonly deps: Omit<ServerDeps, 'limits' | 'note'>;
  readonly about: Readonly<Record<string, string>>;
}

export interface BadConfig {
  readonly _tag: 'BadConfig';
  readonly messages: readonly string[];
}

/** Reading the list of sessions. */
const READ_TIMEOUT_MS = 10_000;

export interface ServedExtras {
  /** Directories whose runs are shown beside those of the server, as they were given. */
  readonly runs?: readonly string[] | undefined;
  readonly signing?: LocalSigning | undefined;
}

export function composeServer(
  directory: string,
  env: Environment,
  note: (what: string) => void,
  { runs = [], signing }: ServedExtras = {},
): TaskEither<StoreError | BadConfig, LocalServer> {
  return async () => {
    const decoded = decodeHandlerConfig(env);
    if (isLeft(decoded)) return left({ _tag: 'BadConfig', messages: decoded.left });
    // What is remote on AWS is in this process, and there: `/health` says so.
    const config = { ...decoded.right, enabled: { ...decoded.right.enabled, code_interpreter: true, planner: true } };
    const sessionConfig = { ...config, ceilings: sessionCeilings(config.ceilings, env) };
    const data = await prepareDataDirectory(directory)();
    if (isLeft(data)) return data;
    const removed = await removeLeftovers(data.right)();
    if (isLeft(removed)) return removed;
    if (removed.right > 0) note(`removed what a server that ended early was writing: ${String(removed.right)} (.writing-*)`);
    const shown = await shownRuns(runs);
    if (isLeft(shown)) return shown;
    const artifacts = makeFilesystemArtifactStore({ directory: data.right });
    const log = makeFilesystemSessionLog({ directory: data.right });
    const day = { log, documents: artifacts, clock: systemClock };
    const telemetry = linesOf(note);
    const receipts = localReceipts(signing, artifacts, telemetry);
    const stopSwitch = makeFileStopSwitch(data.right);
    const shared = { artifacts, receipts, day, stopSwitch, telemetry, openApi: () => JSON.stringify(openApi()) };
    const interpreter = makeScriptedCodeInterpreter();
    const planner = makeScriptedPlanner();
    const memory = makeInProcessMemory();
    const about = {
      artifacts: join(data.right, 'artifacts'),
      sessions: join(data.right, 'sessions'),
      memory: config.enabled.memory ? 'in this process, and gone with it' : 'disabled; ENABLE_AGENTCORE_MEMORY=1 switches it on',
      code_interpreter: interpreter.label,
      planner: planner.label,
      stop_switch: stopSwitch.location,
    };
    const sessionPorts = { ...shared, interpreter, planner, memory, log, clock: systemClock, fileWorlds: openFileWorlds };
    const deps: LocalServer['deps'] = {
      functions: {
        'agentcore-base': stoppableBaseFunction(config, shared),
        'agentcore-tools': toolsFunction(config, { ...shared, interpreter, planner }),
        'agentcore-memory': memoryFunction(config, { ...shared, memory }),
        sessions: sessionsFunction(sessionConfig, sessionPorts),
        mcp: mcpFunction(sessionConfig, sessionPorts),
      },
      spokesman: 'agentcore-base',
      basePath: config.basePath,
      corsOrigins: config.corsOrigins,
      about,
      catalog: [runsIn('/runs', 'artifacts', about.artifacts), ...shown.right],
      describeWorld: describeWith(openSandbox),
      sessions: {
        // It looks and never acts, so nothing outside is its business.
        context: makeSessionContext({ log, documents: artifacts, clock: systemClock, outside: {} }, openFileWorlds),
        deadline: () => deadlineIn(READ_TIMEOUT_MS),
      },
      clock: systemClock,
    };
    return right({ deps, about });
  };
}

function runsIn(address: string, label: string, directory: string, only?: string): RunSource {
  return {
    address,
    label,
    index: makeRunDirectoryIndex(directory, only),
    reader: (folder: string) => makeArtifactRunReader(directory, folder),
    receipt: async (folder: string) => {
      const text = await readReceipt(join(directory, folder))();
      return isLeft(text) ? undefined : text.right;
    },
  };
}

/** A directory of run directories, or one of them. What cannot be read is told now and not to the first who asks for the list. */
async function shownRuns(directories: readonly string[]): Promise<Either<StoreError, readonly RunSource[]>> {
  const sources: RunSource[] = [];
  for (const [number, given] of directories.entries()) {
    const content = await inspectRunDirectory(given)();
    if (isLeft(content)) return content;
    if (content.right === 'absent') return left({ _tag: 'NotFound', path: given });
    const address = `/dirs/${String(number)}`;
    const path = resolve(given);
    sources.push(
      content.right === 'finished' ? runsIn(address, dirname(given), dirname(path), basename(path)) : runsIn(address, given, path),
    );
  }
  return right(sources);
}

/** What would be an alarm on AWS is a line here; measures are for dashboards. */
function linesOf(note: (what: string) => void): Telemetry {
  return {
    note: (level, event, fields = {}) => {
      if (level !== 'info') note(`${level}: ${event} ${JSON.stringify(fields)}`);
    },
    measure: () => undefined,
  };
}
