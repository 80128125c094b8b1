/** Sessions in a directory of this machine, answered by the handler that answers on AWS; and the reading and writing of those that were pulled. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { join } from 'node:path';
import { makeFilesystemArtifactStore } from '../adapters/filesystem/artifact-store';
import { prepareDataDirectory } from '../adapters/filesystem/data-directory';
import { directoryEntries } from '../adapters/filesystem/directory-entries';
import { readTextFile } from '../adapters/filesystem/receipt-file';
import { inspectRunDirectory, makeRunDirectoryReader } from '../adapters/filesystem/run-directory';
import { makeFilesystemSessionLog } from '../adapters/filesystem/session-log';
import { makeFileStopSwitch } from '../adapters/filesystem/stop-switch';
import { systemClock } from '../adapters/in-process/clock';
import { makeScriptedCodeInterpreter } from '../adapters/in-process/code-interpreter';
import { makeInProcessMemory } from '../adapters/in-process/memory';
import { makeScriptedPlanner } from '../adapters/in-process/planner';
import { silentTelemetry } from '../adapters/in-process/telemetry';
import { withoutListing } from '../domain/run/listing';
import { verify } from '../domain/run/verify';
import { segmentReceiptFile } from '../domain/run/receipts';
import { CHILDREN, RECEIPTS, receiptSeq } from '../domain/session/listing';
import type { SessionDirectory } from '../domain/session/prove';
import type { DirectoryEntry, StoreError } from '../ports/run-files';
import type { Telemetry } from '../ports/telemetry';
import { sessionCeilings, type SessionFunctionPorts, sessionsFunction } from './compose-http';
import { type LocalSigning, localReceipts } from './compose-signing';
import { decodeHandlerConfig, type Environment, type HandlerConfig } from './config';
import type { Handler } from './http/edge/handler';
import { openFileWorlds } from './open-file-worlds';

export type SessionsProblem = StoreError | { readonly _tag: 'BadConfig'; readonly messages: readonly string[] };

export function composeSessions(directory: string, env: Environment, signing?: LocalSigning): TaskEither<SessionsProblem, Handler> {
  return async () => {
    const found = await sessionsIn(directory, env, silentTelemetry, signing)();
    return isLeft(found) ? found : right(sessionsFunction(found.right.settings, found.right.ports));
  };
}

/** What sessions in a directory are served with: the settings, and stand-ins for everything that is remote on AWS. */
export function sessionsIn(
  directory: string,
  env: Environment,
  telemetry: Telemetry,
  signing?: LocalSigning,
): TaskEither<SessionsProblem, { readonly settings: HandlerConfig; readonly ports: SessionFunctionPorts }> {
  return async () => {
    const decoded = decodeHandlerConfig(env);
    if (isLeft(decoded)) return left({ _tag: 'BadConfig', messages: decoded.left });
    const data = await prepareDataDirectory(directory)();
    if (isLeft(data)) return data;
    const settings = { ...decoded.right, ceilings: sessionCeilings(decoded.right.ceilings, env) };
    const artifacts = makeFilesystemArtifactStore({ directory: data.right });
    const ports: SessionFunctionPorts = {
      artifacts,
      receipts: localReceipts(signing, artifacts, telemetry),
      log: makeFilesystemSessionLog({ directory: data.right }),
      clock: systemClock,
      stopSwitch: makeFileStopSwitch(data.right),
      fileWorlds: openFileWorlds,
      interpreter: makeScriptedCodeInterpreter(),
      planner: makeScriptedPlanner(),
      memory: makeInProcessMemory(),
      telemetry,
      openApi: () => '',
    };
    return right({ settings, ports });
  };
}

export interface PulledOptions {
  /** Whether files that are no part of it may stand there. */
  readonly allowExtra: boolean;
}

export function pulledSession(directory: string, options: PulledOptions): SessionDirectory {
  const { allowExtra } = options;
  const reader = makeRunDirectoryReader(directory);
  const entriesOf = async (folder: string): Promise<Either<StoreError, readonly DirectoryEntry[]>> => {
    const entries = await directoryEntries(join(directory, folder))();
    return isLeft(entries) && entries.left._tag === 'NotFound' ? right([]) : entries;
  };
  return {
    reader: allowExtra ? withoutListing(reader) : reader,
    below: () => (allowExtra ? Promise.resolve(right([])) : entriesOf(CHILDREN)),
    receipts: {
      entries: async () => {
        const entries = await entriesOf(RECEIPTS);
        return isLeft(entries) || !allowExtra ? entries : right(entries.right.filter((entry) => receiptSeq(entry) !== undefined));
      },
      read: (seq) => readTextFile(join(directory, segmentReceiptFile(seq)))(),
    },
    child: async (session) => {
      const below = join(directory, CHILDREN, session);
      const content = await inspectRunDirectory(below)();
      return !isLeft(content) && content.right === 'absent' ? undefined : pulledSession(below, options);
    },
    guard: async (holder) => {
      const below = join(directory, CHILDREN, holder);
      const content = await inspectRunDirectory(below)();
      if (!isLeft(content) && content.right === 'absent') return right(undefined);
      const run = makeRunDirectoryReader(below);
      const verdict = await verify(allowExtra ? withoutListing(run) : run);
      return isLeft(verdict) ? verdict : right({ verdict: verdict.right, reader: run });
    },
  };
}
