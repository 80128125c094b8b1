/** The use cases `replay` and `verify --chain-only`: rows read from the front, each checked against the chain as it goes by. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ByteCursor, RunReader, StoreError } from '../../ports/run-files';
import { isRecord } from '../codec/codec';
import { excerpt } from '../codec/problem';
import { genesisOf, makeChainCheck } from '../tape/chain-check';
import type { Row } from '../tape/chain';
import { makeTextReader } from '../episode/text-reader';

export interface ChainStatus {
  readonly rows: number;
  /** The first row (0-based) that breaks the chain, and how; nothing when the chain is whole. */
  readonly broken: { readonly row: number; readonly fault: string } | undefined;
  /** Whether the last row is a seal, and the only one. A ledger has none. */
  readonly sealed: boolean;
  readonly headHash: string | undefined;
}

export type RowsOf = 'tape' | 'executions';

/** Reads a chain to its end; `onRow` sees every row that can be read, also behind a fault. */
export function readChain(
  cursor: ByteCursor,
  kind: RowsOf,
  onRow: (row: Row, index: number) => Promise<void> | void,
  anchor?: (first: Row) => string,
): Promise<Either<StoreError, ChainStatus>> {
  return readChainLines(cursor, kind, ({ row }, index) => (row === undefined ? undefined : onRow(row, index)), anchor);
}

/** A line as it stands, with its newline where it has one; no row where it holds no JSON object. */
export interface ChainLine {
  readonly text: string;
  readonly row: Row | undefined;
}

/** The same, for who wants what cannot be read as a row, too. */
export async function readChainLines(
  cursor: ByteCursor,
  kind: RowsOf,
  onLine: (line: ChainLine, index: number) => Promise<void> | void,
  anchor: ((first: Row) => string) | undefined = kind === 'tape' ? genesisOf : undefined,
): Promise<Either<StoreError, ChainStatus>> {
  const text = makeTextReader(cursor);
  const check = makeChainCheck(anchor);
  let rows = 0;
  let seals = 0;
  let last: unknown;
  let broken: ChainStatus['broken'];
  for (;;) {
    const lines = await text.next();
    if (isLeft(lines)) {
      if (lines.left._tag === 'Store') return left(lines.left.error);
      broken ??= { row: rows, fault: lines.left.error.message };
      break;
    }
    if (lines.right === '') break;
    for (let at = 0; at < lines.right.length; rows += 1) {
      const newline = lines.right.indexOf('\n', at);
      const { row, fault } = check.next(lines.right.slice(at, newline === -1 ? undefined : newline));
      const type = row?.['type'];
      const misplaced = kind === 'tape' ? tapeFault(rows, type, seals) : type === 'fill' ? undefined : 'not a fill';
      const unended = newline === -1 ? 'the row is cut off' : undefined;
      const wrong = fault ?? misplaced ?? unended;
      if (wrong !== undefined) broken ??= { row: rows, fault: wrong };
      if (type === 'seal') seals += 1;
      last = type;
      const end = newline === -1 ? lines.right.length : newline + 1;
      const pending = onLine({ text: lines.right.slice(at, end), row }, rows);
      if (pending !== undefined) await pending;
      at = end;
    }
  }
  return right({ rows, broken, sealed: last === 'seal' && seals === 1, headHash: check.head() });
}

function tapeFault(index: number, type: unknown, seals: number): string | undefined {
  if (index === 0) return type === 'run' ? undefined : 'a tape begins with a run row';
  if (type === 'run') return 'a second run row';
  return seals > 0 ? 'a row behind the seal' : undefined;
}

export interface ChainsStatus {
  readonly tape: ChainStatus;
  readonly executions: ChainStatus;
  /** How the ledger and the tape fail to fit together; nothing when they do. */
  readonly unlinked: string | undefined;
}

/** Checks both chains of a directory, and that the seal names the ledger. Nothing is re-executed. */
export async function checkChains(reader: RunReader): Promise<Either<StoreError, ChainsStatus>> {
  let first: Row | undefined;
  let seal: Row | undefined;
  const tapeFile = await reader.open('tape.jsonl')();
  if (isLeft(tapeFile)) return tapeFile;
  const tape = await readChain(tapeFile.right, 'tape', (row, index) => {
    if (index === 0) first = row;
    if (row['type'] === 'seal') seal = row;
  });
  await tapeFile.right.close();
  if (isLeft(tape)) return tape;
  const anchor = typeof first?.['hash'] === 'string' ? first['hash'] : '';
  const ledgerFile = await reader.open('executions.jsonl')();
  if (isLeft(ledgerFile)) return ledgerFile;
  const executions = await readChain(
    ledgerFile.right,
    'executions',
    () => undefined,
    () => anchor,
  );
  await ledgerFile.right.close();
  if (isLeft(executions)) return executions;
  return right({ tape: tape.right, executions: executions.right, unlinked: unlinkedBy(seal, executions.right, anchor) });
}

function unlinkedBy(seal: Row | undefined, ledger: ChainStatus, anchor: string): string | undefined {
  const named = seal?.['executions'];
  if (seal === undefined) return undefined;
  if (!isRecord(named)) return 'the seal does not name the ledger';
  if (named['rows'] !== ledger.rows) return `the seal counts ${excerpt(named['rows'])} fills, the ledger holds ${String(ledger.rows)}`;
  return named['head_hash'] === (ledger.headHash ?? anchor) ? undefined : 'the seal names another head hash of the ledger';
}
