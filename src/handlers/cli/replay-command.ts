/** `ewm replay`: the rows of a tape or a ledger for a person or a program, and plainly whether they can be trusted. */
import { stringify } from 'csv-stringify/sync';
import { type Either, isLeft, right } from 'fp-ts/Either';
import { isRecord } from '../../domain/codec/codec';
import { type ChainStatus, readChain, type RowsOf } from '../../domain/run/replay';
import type { Row } from '../../domain/tape/chain';
import type { ByteCursor, StoreError } from '../../ports/run-files';
import { local } from '../compose';
import { EXIT, type ExitCode } from './exit-codes';
import { fail, storeFailure } from './failure';
import type { Io } from './io';
import { makeTable } from './table';

export type ReplayFormat = 'table' | 'json' | 'csv';
export const REPLAY_FORMATS: readonly ReplayFormat[] = ['table', 'json', 'csv'];

export interface ReplayOptions {
  readonly file: string;
  readonly format: ReplayFormat;
  /** Rows shown; the chain is checked to the end all the same. */
  readonly rowsMax: number;
}

interface View {
  readonly rowType: string;
  readonly columns: readonly string[];
  readonly cells: (row: Row) => readonly string[];
}

const VIEWS: Readonly<Record<RowsOf, View>> = {
  tape: {
    rowType: 'step',
    columns: ['step', 'prices', 'signals', 'actions', 'decision', 'why', 'exposure'],
    cells: (row) => [
      text(row['step_index']),
      pairs(row['prices']),
      pairs(row['signals']),
      actionsText(row['actions']),
      text(row['decision']),
      text(row['why']),
      text(field(field(row['state_delta'], 'exposure'), 'after')),
    ],
  },
  executions: {
    rowType: 'fill',
    columns: ['step', 'symbol', 'side', 'qty', 'price', 'cash_before', 'cash_after', 'exposure_before', 'exposure_after', 'positions', 'why'],
    cells: (row) => [
      text(row['step_index']),
      text(row['symbol']),
      text(row['side']),
      text(row['quantity']),
      text(row['price']),
      text(row['cash_before']),
      text(row['cash_after']),
      text(row['exposure_before']),
      text(row['exposure_after']),
      `${text(row['position_before'])} -> ${text(row['position_after'])}`,
      text(row['reason']),
    ],
  },
};

export async function replayCommand(kind: RowsOf, options: ReplayOptions, io: Io): Promise<ExitCode> {
  const opened = await openRows(options.file, io);
  if (isLeft(opened)) return fail(io, options.format === 'json', storeFailure(opened.left));
  const { cursor, partial } = opened.right;
  const view = VIEWS[kind];
  const printer = makePrinter(options.format, view, io);
  let shown = 0;
  const status = await readChain(cursor, kind, async (row) => {
    if (row['type'] !== view.rowType || shown >= options.rowsMax) return;
    shown += 1;
    await printer.row(row);
  });
  await cursor.close();
  if (isLeft(status)) return fail(io, false, storeFailure(status.left));
  await printer.end(status.right);
  return tellStatus(kind, status.right, partial, io);
}

async function tellStatus(kind: RowsOf, status: ChainStatus, partial: boolean, io: Io): Promise<ExitCode> {
  if (partial) await io.stderr.write(`ewm: this run did not finish: what is shown is its *${local.partialSuffix} file\n`);
  if (status.broken !== undefined) {
    await io.stderr.write(`ewm: the hash chain is BROKEN at row ${String(status.broken.row)}: ${status.broken.fault}. Do not trust what follows it.\n`);
  }
  if (kind === 'tape' && !status.sealed) await io.stderr.write('ewm: the tape is UNSEALED: the run did not finish, or its end was cut off.\n');
  const whole = status.broken === undefined && (kind === 'executions' || status.sealed);
  if (whole) await io.stderr.write(`ewm: chain whole, ${kind === 'tape' ? 'sealed, ' : ''}${String(status.rows)} rows, head ${status.headHash ?? 'none'}\n`);
  return whole && !partial ? EXIT.ok : EXIT.notProven;
}

interface OpenedRows {
  readonly cursor: ByteCursor;
  readonly partial: boolean;
}

/** A file of an interrupted run still has its temporary name. */
async function openRows(file: string, io: Io): Promise<Either<StoreError, OpenedRows>> {
  const finished = await local.openBytes(file, io)();
  if (!isLeft(finished)) return right({ cursor: finished.right, partial: file.endsWith(local.partialSuffix) });
  if (finished.left._tag !== 'NotFound') return finished;
  const partial = await local.openBytes(file + local.partialSuffix, io)();
  return isLeft(partial) ? finished : right({ cursor: partial.right, partial: true });
}

interface Printer {
  readonly row: (row: Row) => Promise<void>;
  readonly end: (status: ChainStatus) => Promise<void>;
}

function makePrinter(format: ReplayFormat, view: View, io: Io): Printer {
  const { stdout } = io;
  switch (format) {
    case 'table': {
      const table = makeTable(view.columns, stdout);
      return { row: (row) => table.row(view.cells(row)), end: () => table.end() };
    }
    case 'csv': {
      let header = true;
      const line = async (cells: readonly string[]): Promise<void> => stdout.write(stringify([[...cells]]));
      return {
        row: async (row) => {
          if (header) await line(view.columns);
          header = false;
          await line(view.cells(row));
        },
        end: async () => {
          if (header) await line(view.columns);
        },
      };
    }
    case 'json': {
      let separator = '{"rows":[\n';
      return {
        row: async (row) => {
          await stdout.write(separator + JSON.stringify(row));
          separator = ',\n';
        },
        end: async (status) => {
          const open = separator.startsWith('{') ? separator : '\n';
          const tail = { sealed: status.sealed, chain: status.broken ?? 'whole', head_hash: status.headHash ?? null };
          await stdout.write(`${open}],${JSON.stringify(tail).slice(1)}\n`);
        },
      };
    }
  }
}

function field(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function pairs(value: unknown): string {
  if (!isRecord(value)) return '';
  return Object.entries(value)
    .map(([key, member]) => `${key}=${text(member)}`)
    .join(' ');
}

function actionsText(value: unknown): string {
  if (!Array.isArray(value)) return '';
  return value
    .map((action: unknown) => `${text(field(action, 'type')) === 'PlaceSell' ? 'SELL' : 'BUY'} ${text(field(action, 'quantity'))} ${text(field(action, 'symbol'))}`)
    .join(', ');
}
