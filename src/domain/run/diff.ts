/**
 * The use case `diff`: two run directories read side by side from the front, each chain checked as it goes by. Invariant: memory does not grow
 * with the number of steps; a run that did not finish is compared as far as it goes.
 */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { ByteCursor, RunFile, RunReader, StoreError } from '../../ports/run-files';
import { isRecord } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { decodeMarketHeader } from '../market/market-path';
import { jsonDifferences } from '../report/json-difference';
import type { RunDiff } from '../report/page-data';
import { type Comparer, makeComparer, type RunComparison, runEnd, stepIndex } from '../report/run-comparison';
import type { Row } from '../tape/chain';
import { withCursor } from './cursors';
import { readDocument } from './read-page';
import { type ChainLine, makeChainWalk } from './replay';
import { makeTextReader } from '../episode/text-reader';

export interface ComparedRuns extends RunComparison {
  /** What keeps a run from being trusted, by side. */
  readonly doubts: { readonly a: readonly string[]; readonly b: readonly string[] };
}

export async function compareRuns(a: RunReader, b: RunReader): Promise<Either<StoreError, ComparedRuns>> {
  const documents = await compareDocuments(a, b);
  if (isLeft(documents)) return documents;
  const [symbolsA, symbolsB] = [await symbolsOf(a), await symbolsOf(b)];
  return withCursor(a.open('tape.jsonl'), (cursorA) =>
    withCursor(b.open('tape.jsonl'), async (cursorB) => {
      const [rowsA, rowsB] = [makeRows(cursorA), makeRows(cursorB)];
      const comparer = makeComparer();
      const walked = await walk(rowsA, rowsB, comparer);
      if (isLeft(walked)) return walked;

      const inputs = [...inputDifferences(rowsA.opening(), rowsB.opening(), documents.right), ...documents.right];
      const final = { a: endOf(rowsA), b: endOf(rowsB) };
      const comparison = comparer.result(inputs, final, { a: symbolsA, b: symbolsB });
      const doubts = { a: rowsA.doubts(), b: rowsB.doubts() };
      // Rows that say the same behind a broken chain are not the same run.
      return right({ ...comparison, same: comparison.same && doubts.a.length === 0 && doubts.b.length === 0, doubts });
    }),
  );
}

/** Takes both tapes in step: whichever is behind is read on, steps by index and calls by order. */
async function walk(a: Rows, b: Rows, comparer: Comparer): Promise<Either<StoreError, void>> {
  const [callsA, callsB]: [Row[], Row[]] = [[], []];
  const nextStep = async (rows: Rows, calls: Row[]): Promise<Either<StoreError, Row | undefined>> => {
    for (;;) {
      const row = await rows.next();
      if (isLeft(row) || row.right === undefined || row.right['type'] === 'step') return row;
      const { type } = row.right;
      if (type !== 'tool' && type !== 'model' && type !== 'memory') continue;
      calls.push(row.right);
      while (callsA.length > 0 && callsB.length > 0) comparer.calls(callsA.shift(), callsB.shift());
    }
  };
  let stepA = await nextStep(a, callsA);
  let stepB = await nextStep(b, callsB);
  for (;;) {
    if (isLeft(stepA)) return stepA;
    if (isLeft(stepB)) return stepB;
    const [rowA, rowB] = [stepA.right, stepB.right];
    if (rowA === undefined && rowB === undefined) break;
    const order = rowA === undefined ? 1 : rowB === undefined ? -1 : stepIndex(rowA) - stepIndex(rowB);
    comparer.steps(order <= 0 ? rowA : undefined, order >= 0 ? rowB : undefined);
    if (order <= 0) stepA = await nextStep(a, callsA);
    if (order >= 0) stepB = await nextStep(b, callsB);
  }
  for (const row of callsA) comparer.calls(row, undefined);
  for (const row of callsB) comparer.calls(undefined, row);
  return right(undefined);
}

interface Rows {
  /** The next row that can be read; nothing at the end. */
  readonly next: () => Promise<Either<StoreError, Row | undefined>>;
  readonly opening: () => Row | undefined;
  readonly seal: () => Row | undefined;
  readonly doubts: () => readonly string[];
}

function makeRows(cursor: ByteCursor): Rows {
  const chain = makeChainWalk(cursor, 'tape');
  let lines: readonly ChainLine[] = [];
  let at = 0;
  let opening: Row | undefined;
  let last: Row | undefined;
  let first = true;

  async function next(): Promise<Either<StoreError, Row | undefined>> {
    for (;;) {
      const line = lines[at];
      if (line === undefined) {
        const more = await chain.next();
        if (isLeft(more)) return more;
        if (more.right.length === 0) return right(undefined);
        lines = more.right;
        at = 0;
        continue;
      }
      at += 1;
      last = line.row;
      if (first) opening = line.row;
      first = false;
      if (line.row !== undefined) return right(line.row);
    }
  }

  const seal = (): Row | undefined => (last?.['type'] === 'seal' ? last : undefined);
  return {
    next,
    opening: () => opening,
    seal,
    doubts: () => {
      const { broken } = chain.status();
      return [
        ...(broken === undefined ? [] : [`the hash chain of its tape.jsonl is BROKEN at row ${String(broken.row)}: ${broken.fault}`]),
        ...(seal() === undefined ? ['its tape is UNSEALED: the run did not finish, or its end was cut off'] : []),
      ];
    },
  };
}

function endOf(rows: Rows): ReturnType<typeof runEnd> | null {
  const seal = rows.seal();
  return seal === undefined ? null : runEnd(seal);
}

const DOCUMENTS = ['strategy.json', 'policy.json', 'request.json'] as const;
/** Of a request, what is not said elsewhere. */
const REQUESTED = ['tool_plan', 'requests'];

async function compareDocuments(a: RunReader, b: RunReader): Promise<Either<StoreError, RunDiff['inputs']>> {
  const found: RunDiff['inputs'][number][] = [];
  for (const file of DOCUMENTS) {
    const [docA, docB] = [await readDocument(a, file), await readDocument(b, file)];
    if (isLeft(docA)) return docA;
    if (isLeft(docB)) return docB;
    const [valueA, valueB] = [documentOf(file, docA.right), documentOf(file, docB.right)];
    for (const difference of jsonDifferences(valueA, valueB)) found.push({ file, ...difference });
  }
  return right(found);
}

function documentOf(file: RunFile, document: { readonly _tag: string; readonly text?: string; readonly reason?: string }): unknown {
  if (document.text === undefined) return document.reason;
  const value = parseJson(document.text);
  if (file !== 'request.json' || !isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => REQUESTED.includes(key)));
}

/** The inputs of the two run rows; a digest is left out where the document behind it says more. */
function inputDifferences(a: Row | undefined, b: Row | undefined, documents: RunDiff['inputs']): RunDiff['inputs'] {
  const documented = new Set(documents.map(({ file }) => `/inputs/${file.replace('.json', '')}_sha256`));
  return jsonDifferences(a?.['inputs'], b?.['inputs'], '/inputs')
    .filter(({ pointer }) => !documented.has(pointer))
    .map((difference) => ({ file: 'tape.jsonl', ...difference }));
}

/** The symbols of the market; none where there is none that can be read. */
async function symbolsOf(reader: RunReader): Promise<readonly string[]> {
  const lines = await withCursor(reader.open('market.jsonl'), (cursor) => makeTextReader(cursor).next());
  if (isLeft(lines)) return [];
  const symbols = decodeMarketHeader(parseJson(lines.right.slice(0, Math.max(0, lines.right.indexOf('\n')))));
  return isLeft(symbols) ? [] : symbols.right;
}
