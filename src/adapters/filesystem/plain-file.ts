/**
 * Opens what is to be read. Invariant: nobody waits here. A pipe without a writer or a device would hold a thread of Node for ever, and the
 * process with it, whatever signal it gets; so files are opened without blocking, and what is no regular file is refused.
 */
import { constants, type FileHandle, open } from 'node:fs/promises';

type Stats = Awaited<ReturnType<FileHandle['stat']>>;

/** Of an error that says that a path names no regular file. */
export const NO_FILE = 'NOFILE';

/** Windows has neither the flag nor pipes among its files. */
const READ = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);

export async function openPlainFile(path: string): Promise<FileHandle> {
  const handle = await open(path, READ);
  try {
    // Of the handle and not of the path, behind which another file may stand by now.
    assertPlain(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The whole of a small file. */
export async function readPlainFile(path: string): Promise<Uint8Array> {
  const handle = await openPlainFile(path);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Throws an error in the manner of Node's own. */
export function assertPlain(stats: Stats): void {
  if (stats.isFile()) return;
  const code = stats.isDirectory() ? 'EISDIR' : NO_FILE;
  throw Object.assign(new Error(`is ${kindOf(stats)}, not a regular file`), { code });
}

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return 'a pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}
