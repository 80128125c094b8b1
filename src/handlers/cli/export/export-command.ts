/** `ewm export`: a run of any mode in a format of others, each with the head hash, so that it leads back to what proves it. */
import { isLeft } from 'fp-ts/Either';
import { withCursor } from '../../../domain/run/cursors';
import { readChain } from '../../../domain/run/replay';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { openRun } from '../shared/page-run';
import { makeAtif } from './atif';
import { makeItf } from './itf';
import { makeOtel } from './otel';
import type { Trace } from './trace';

export type ExportFormat = 'atif' | 'otel' | 'itf';

const TRACES: Readonly<Record<ExportFormat, (version: string) => Trace>> = { atif: makeAtif, otel: makeOtel, itf: makeItf };

export async function exportCommand(directory: string, format: ExportFormat, io: Io): Promise<ExitCode> {
  const opened = await openRun(directory);
  if (isLeft(opened)) return fail(io, false, opened.left);
  const trace = TRACES[format](EWM_VERSION);
  const chain = await withCursor(opened.right.reader.open('tape.jsonl'), (cursor) =>
    readChain(cursor, 'tape', async (row, index) => {
      const part = index === 0 ? trace.open(row) : trace.row(row, index);
      if (part !== '') await io.stdout.write(part);
    }),
  );
  if (isLeft(chain)) return fail(io, false, storeFailure(chain.left));
  const { broken, sealed, headHash = '' } = chain.right;
  await io.stdout.write(trace.close({ headHash, sealed }));
  const doubt =
    broken !== undefined
      ? `the hash chain is BROKEN at row ${String(broken.row)} of tape.jsonl: ${broken.fault}`
      : sealed
        ? undefined
        : 'the tape is UNSEALED: the run did not finish';
  if (doubt === undefined) return EXIT.ok;
  await io.stderr.write(`ewm: ${doubt}\n`);
  return EXIT.notProven;
}
