/** `ewm replay`: the rows of a tape or a ledger for a person or a program, and plainly whether they can be trusted. */
import { stringify } from 'csv-stringify/sync';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { dirname, join } from 'node:path';
import { isRecord } from '../../../domain/codec/codec';
import { printable } from '../../../domain/codec/printable';
import { jsonText } from '../../../domain/report/json-difference';
import { isWorldTape } from '../../../domain/report/world-figures';
import { type ChainStatus, readChain, type RowsOf } from '../../../domain/run/replay';
import type { Row } from '../../../domain/tape/chain';
import type { ByteCursor } from '../../../ports/run-files';
import { local } from '../../compose';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { makeTable } from '../shared/table';
import { counted } from '../shared/words';

export type ReplayFormat = 'table' | 'json' | 'csv';

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

/** Of runs in world files: their first rows say that they are. */
const WORLD_VIEWS: Readonly<Record<RowsOf, View>> = {
  tape: {
    rowType: 'step',
    columns: ['step', 'input', 'actions', 'decision', 'refused', 'totals', 'fuel'],
    cells: (row) => [
      text(row['step_index']),
      jsonText(row['input']) ?? '',
      listed(row['actions']),
      text(row['decision']),
      listed(row['verifier_errors'], (error) => text(field(error, 'code'))),
      row['totals'] === null ? '' : (jsonText(row['totals']) ?? ''),
      text(row['fuel']),
    ],
  },
  executions: {
    rowType: 'action',
    columns: ['step', 'action', 'what'],
    cells: (row) => [text(row['step_index']), text(row['action_index']), jsonText(row['action']) ?? ''],
  },
};

function listed(items: unknown, of: (item: unknown) => string = (item) => jsonText(item) ?? ''): string {
  return Array.isArray(items) ? items.map((item: unknown) => of(item)).join('; ') : '';
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
    columns: [
      'step',
      'symbol',
      'side',
      'qty',
      'price',
      'cash_before',
      'cash_after',
      'exposure_before',
      'exposure_after',
      'positions',
      'why',
    ],
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

/** A market that tells times tells one at every step, or a reader looks for the step by its number. */
function withTime({ rowType, columns, cells }: View): View {
  const [step = '', ...others] = columns;
  return {
    rowType,
    columns: [step, 'time', ...others],
    cells: (row) => {
      const [index = '', ...rest] = cells(row);
      return [index, text(row['time']), ...rest];
    },
  };
}

export async function replayCommand(kind: RowsOf, options: ReplayOptions, io: Io): Promise<ExitCode> {
  const opened = await openRows(options.file, kind, io);
  if (isLeft(opened)) return fail(io, options.format === 'json', opened.left);
  const { cursor, partial } = opened.right;
  let view = VIEWS[kind];
  let printer: Printer | undefined;
  let shown = 0;
  let found = 0;
  let opening: unknown;
  const status = await readChain(cursor, kind, async (row, index) => {
    if (index === 0) {
      opening = row['type'];
      if (isWorldTape(row) || opening === WORLD_VIEWS.executions.rowType) view = WORLD_VIEWS[kind];
    }
    if (row['type'] !== view.rowType) return;
    found += 1;
    if (shown >= options.rowsMax) return;
    shown += 1;
    printer ??= makePrinter(options.format, row['time'] === undefined ? view : withTime(view), io);
    await printer.row(row);
    // What was asked for is there to read while the rest of the chain is checked.
    if (shown === options.rowsMax) await printer.flush();
  });
  await cursor.close();
  printer ??= makePrinter(options.format, view, io);
  if (isLeft(status)) {
    const failure = storeFailure(status.left);
    await printer.end({ ok: false, shown, error: { code: failure.code, message: failure.messages.join('\n') } });
    return fail(io, false, failure);
  }
  const { rows, broken, sealed, headHash } = status.right;
  const whole = broken === undefined && (kind === 'executions' || sealed) && !partial;
  const seal = kind === 'tape' ? { sealed } : {};
  await printer.end({
    ok: whole,
    shown,
    unfinished: partial,
    ...seal,
    chain: { rows, broken: broken ?? null },
    head_hash: headHash ?? null,
  });
  await printStatus(kind, status.right, { whole, partial, opening, left: found - shown }, io);
  return whole ? EXIT.ok : EXIT.notProven;
}

interface Shown {
  readonly whole: boolean;
  readonly partial: boolean;
  /** Rows of the kind asked for that were not shown. */
  readonly left: number;
  /** Type of the first row. */
  readonly opening: unknown;
}

async function printStatus(kind: RowsOf, status: ChainStatus, { whole, partial, left: more, opening }: Shown, io: Io): Promise<void> {
  const print = (words: string): Promise<void> => io.stderr.write(`ewm: ${printable(words)}\n`);
  const { broken, sealed, rows, headHash } = status;
  if (partial) await print(`UNFINISHED: the run was interrupted or is still going on; this is its *${local.partialSuffix} file.`);
  if (broken !== undefined) {
    const where = `row ${String(broken.row)} (line ${String(broken.row + 1)})`;
    await print(`the hash chain is BROKEN at ${where}: ${broken.fault}. Do not trust it from there on.`);
  }
  const other = kind === 'tape' ? 'executions' : 'tape';
  if (rows > 0 && (kind === 'tape' ? opening === 'fill' || opening === 'action' : opening === 'run')) {
    await print(`this is ${kind === 'tape' ? 'a ledger' : 'a tape'}: ewm replay ${other} --${other} shows it.`);
  } else if (kind === 'tape' && !sealed) {
    await print('the tape is UNSEALED: the run did not finish, or its end was cut off.');
  }
  const sealedText = kind === 'tape' ? 'sealed, ' : '';
  if (whole)
    await print(
      `chain whole, ${sealedText}${counted(rows, 'row')}${more > 0 ? ` (${String(more)} not shown)` : ''}, head ${headHash ?? 'none'}`,
    );
}

interface OpenedRows {
  readonly cursor: ByteCursor;
  readonly partial: boolean;
}

/** A run directory stands for its file. A file of an interrupted run still has its temporary name. */
async function openRows(path: string, kind: RowsOf, io: Io): Promise<Either<Failure, OpenedRows>> {
  const around = path === '-' ? undefined : await local.inspectRun(path)();
  const file = around === undefined || isLeft(around) || around.right === 'absent' ? path : join(path, `${kind}.jsonl`);
  const finished = await local.openBytes(file, io)();
  if (!isLeft(finished)) return right({ cursor: finished.right, partial: file.endsWith(local.partialSuffix) });
  if (finished.left._tag !== 'NotFound') return left(storeFailure(finished.left));
  const partial = await local.openBytes(file + local.partialSuffix, io)();
  if (!isLeft(partial)) return right({ cursor: partial.right, partial: true });
  const beside = await local.inspectRun(dirname(file))();
  if (isLeft(beside) || beside.right !== 'unfinished') return left(storeFailure(finished.left));
  const messages = [`${file}: not there: the run is UNFINISHED and has not got that far`];
  return left({ exit: EXIT.notProven, code: 'unfinished', messages });
}

interface Printer {
  readonly row: (row: Row) => Promise<void>;
  readonly flush: () => Promise<void>;
  /** `tail`: what a program should know of the whole. */
  readonly end: (tail: Readonly<Record<string, unknown>>) => Promise<void>;
}

function makePrinter(format: ReplayFormat, view: View, io: Io): Printer {
  const { stdout } = io;
  switch (format) {
    case 'table': {
      const table = makeTable(view.columns, stdout);
      return { row: (row) => table.row(view.cells(row)), flush: table.flush, end: table.flush };
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
        flush: () => Promise.resolve(),
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
        flush: () => Promise.resolve(),
        end: async (tail) => {
          const open = separator.startsWith('{') ? separator : '\n';
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
    .map(
      (action: unknown) =>
        `${text(field(action, 'type')) === 'PlaceSell' ? 'SELL' : 'BUY'} ${text(field(action, 'quantity'))} ${text(field(action, 'symbol'))}`,
    )
    .join(', ');
}
