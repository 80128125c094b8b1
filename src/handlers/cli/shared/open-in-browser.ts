/** Opens a file in the browser of whoever sits at this machine. Never through a shell: a path is a path, whatever characters it is made of. */
import { spawn } from 'node:child_process';
import type { Environment } from '../../config';

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: 'open', win32: 'explorer.exe' };
/** An opener that has not failed by then is showing the file; some of them stay as long as the browser does. */
const WAIT_MS = 2_000;

/** Why it could not be opened; nothing when it was, as far as one can know. `path` is absolute, so it is never taken for an option. */
export function openInBrowser(path: string, env: Environment): Promise<string | undefined> {
  const opener = OPENERS[process.platform] ?? 'xdg-open';
  return new Promise((resolve) => {
    const child = spawn(opener, [path], { detached: true, stdio: 'ignore', env });
    const timer = setTimeout(resolve, WAIT_MS, undefined);
    const done = (failure: string | undefined): void => {
      clearTimeout(timer);
      resolve(failure);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      done(`${opener} cannot be started (${error.code ?? error.message})`);
    });
    child.once('exit', (code) => {
      // The explorer answers 1 when all went well.
      done(code === 0 || opener === 'explorer.exe' ? undefined : `${opener} failed (exit code ${String(code)})`);
    });
    child.unref();
  });
}
