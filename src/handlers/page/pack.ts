/** Lines as a page holds them: gzip, then Base64. Invariant: the same run gives the same page, on every machine. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { PageRun } from '../../domain/report/page-data';
import type { ReadRun } from '../../domain/run/read-page';

const compress = promisify(gzip);

/** `receipt`: the text of it, where there is one. */
export async function packRun(name: string, { lines, files, sample, pageWorld: world }: ReadRun, receipt?: string): Promise<PageRun> {
  return {
    name,
    tape: await pack(Buffer.concat(lines)),
    files,
    sample,
    ...(world === undefined ? {} : { world }),
    ...(receipt === undefined ? {} : { receipt }),
  };
}

/** Lines without their newlines. */
export function packLines(lines: readonly string[]): Promise<string> {
  return pack(Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

async function pack(bytes: Uint8Array): Promise<string> {
  return (await compress(bytes, { level: 9 })).toString('base64');
}
