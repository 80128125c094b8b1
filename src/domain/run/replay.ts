/** The use cases `replay` and `verify --chain-only`: rows read from the front, each checked against the chain as it goes by. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ByteCursor, RunReader, StoreError } from '../../ports/run-files';
import { isRecord } from '../codec/codec';
import { excerpt } from '../codec/problem';
import { genesisOf, makeChainCheck } from '../tape/chain-check';
import type { Row } from '../tape/chain';
import { withCursor } from './cursors';
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
  anchor?: (first: Row) => string,
): Promise<Either<StoreError, ChainStatus>> {
  const walk = makeChainWalk(cursor, kind, anchor);
  for (let index = 0; ;) {
    const lines = await walk.next();
    if (isLeft(lines)) return lines;
    if (lines.right.length === 0) return right(walk.status());
    for (const line of lines.right) {
      const pending = onLine(line, index);
      index += 1;
      if (pending !== undefined) await pending;
    }
  }
}

/** The one walk along a chain: lines as they come, each checked. */
export interface ChainWalk {
  /** The next lines; none at the end. */
  readonly next: () => Promise<Either<StoreError, readonly ChainLine[]>>;
  /** Of the lines so far. */
  readonly status: () => ChainStatus;
}

export function makeChainWalk(
  cursor: ByteCursor,
  kind: RowsOf,
  anchor: ((first: Row) => string) | undefined = kind === 'tape' ? genesisOf : undefined,
): ChainWalk {
  const text = makeTextReader(cursor);
  const check = makeChainCheck(anchor);
  let [rows, seals] = [0, 0];
  let last: unknown;
  let broken: ChainStatus['broken'];

  function lineAt(lines: string, at: number): ChainLine {
    const newline = lines.indexOf('\n', at);
    const { row, fault } = check.next(lines.slice(at, newline === -1 ? undefined : newline));
    const type = row?.['type'];
    const misplaced = kind === 'tape' ? tapeFault(rows, type, seals) : type === 'fill' || type === 'action' ? undefined : 'not a fill';
    const wrong = fault ?? misplaced ?? (newline === -1 ? 'the row is cut off' : undefined);
    if (wrong !== undefined) broken ??= { row: rows, fault: wrong };
    if (type === 'seal') seals += 1;
    last = type;
    rows += 1;
    return { text: lines.slice(at, newline === -1 ? undefined : newline + 1), row };
  }

  return {
    next: async () => {
      const lines = await text.next();
      if (isLeft(lines)) {
        if (lines.left._tag === 'Store') return left(lines.left.error);
        broken ??= { row: rows, fault: lines.left.error.message };
        return right([]);
      }
      const found: ChainLine[] = [];
      for (let at = 0; at < lines.right.length;) {
        const line = lineAt(lines.right, at);
        found.push(line);
        at += line.text.length;
      }
      return right(found);
    },
    status: () => ({ rows, broken, sealed: last === 'seal' && seals === 1, headHash: check.head() }),
  };
}

function tapeFault(index: number, type: unknown, seals: number): string | undefined {
  if (index === 0) return type === 'run' ? undefined : 'a tape begins with a run row';
  if (type === 'run') return 'a second run row';
  return seals > 0 ? 'a row behind the seal' : undefined;
}

export interface ChainsStatus {
  readonly tape: ChainStatus;
  readonly executions: ChainStatus;
  /** The first row of the tape. */
  readonly opening: Row | undefined;
  /** The sessions that grant rows name: a tape of any other mode has none. */
  readonly granted: readonly string[];
  /** How the ledger and the tape fail to fit together; nothing when they do. */
  readonly unlinked: string | undefined;
}

/** Checks both chains of a directory, and that the seal names the ledger. Nothing is re-executed. */
export async function checkChains(reader: RunReader): Promise<Either<StoreError, ChainsStatus>> {
  let first: Row | undefined;
  let seal: Row | undefined;
  const granted: string[] = [];
  const tape = await withCursor(reader.open('tape.jsonl'), (cursor) =>
    readChain(cursor, 'tape', (row, index) => {
      if (index === 0) first = row;
      if (row['type'] === 'seal') seal = row;
      if (row['type'] === 'grant' && typeof row['child'] === 'string') granted.push(row['child']);
    }),
  );
  if (isLeft(tape)) return tape;
  const anchor = typeof first?.['hash'] === 'string' ? first['hash'] : '';
  const executions = await withCursor(reader.open('executions.jsonl'), (cursor) =>
    readChain(
      cursor,
      'executions',
      () => undefined,
      () => anchor,
    ),
  );
  if (isLeft(executions)) return executions;
  const unlinked = unlinkedBy(seal, executions.right, anchor);
  return right({ tape: tape.right, executions: executions.right, unlinked, opening: first, granted });
}

function unlinkedBy(seal: Row | undefined, ledger: ChainStatus, anchor: string): string | undefined {
  const named = seal?.['executions'];
  if (seal === undefined) return undefined;
  if (!isRecord(named)) return 'the seal does not name the ledger';
  if (named['rows'] !== ledger.rows) return `the seal counts ${excerpt(named['rows'])} fills, the ledger holds ${String(ledger.rows)}`;
  return named['head_hash'] === (ledger.headHash ?? anchor) ? undefined : 'the seal names another head hash of the ledger';
}
