/** A run as a page holds it. Invariant: the same run gives the same page, on every machine. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { PageRun } from '../../domain/report/page-data';
import type { ReadRun } from '../../domain/run/read-page';

const compress = promisify(gzip);

/** `receipt`: the text of it, where there is one. */
export async function packRun(name: string, { lines, files, sample, pageWorld: world }: ReadRun, receipt?: string): Promise<PageRun> {
  const tape = await compress(Buffer.concat(lines), { level: 9 });
  return {
    name,
    tape: tape.toString('base64'),
    files,
    sample,
    ...(world === undefined ? {} : { world }),
    ...(receipt === undefined ? {} : { receipt }),
  };
}
