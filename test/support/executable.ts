/** Where a program is that a test needs and this machine may not have. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export function executablePath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
