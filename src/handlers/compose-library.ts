/** The composition of the package `.`: what a program that imports it finds on this machine. */
import { makeFilesystemArtifactStore } from '../adapters/filesystem/artifact-store';
import { makeFilesystemSessionLog } from '../adapters/filesystem/session-log';
import { systemClock } from '../adapters/in-process/clock';
import type { SessionContext } from '../domain/session/context';
import { makeSessionContext } from '../domain/session/worlds';
import { openFileWorlds } from './open-file-worlds';

export { makeRunDirectoryReader, openRunDirectoryWriter } from '../adapters/filesystem/run-directory';
export { makeFileStopSwitch } from '../adapters/filesystem/stop-switch';
export { noDeadline, stopwatch } from '../adapters/in-process/clock';
export { makeMarketDocument } from '../adapters/in-process/market-document';

/** Sessions in a data directory of `ewm session`, for those who take a budget from one: nothing is called outside. */
export function sessionsIn(directory: string): SessionContext {
  const ports = {
    log: makeFilesystemSessionLog({ directory }),
    documents: makeFilesystemArtifactStore({ directory }),
    clock: systemClock,
    outside: {},
  };
  return makeSessionContext(ports, openFileWorlds);
}
