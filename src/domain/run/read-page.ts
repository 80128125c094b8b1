/**
 * The use case behind a report: a run read once from the front, its chain checked as it goes by, and what a page shows of it chosen on the way.
 * Invariant: memory does not grow with the number of steps; what cannot be read is left out by name and never made up.
 */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { RunReader, StoreError } from '../../ports/run-files';
import type { BudgetState } from '../budget/budget';
import { concatBytes, copyBytes } from '../bytes';
import { isRecord } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { type Figures, makeFigureReader, type SeriesPoint } from '../report/figures';
import { PAGE_FILES, type PageFile, type PageWorld, type TapeSample } from '../report/page-data';
import { makeTapeSelection, type TapeSelection } from '../report/sample';
import { makeSpending } from '../report/spending';
import { isWorldTape, makeWorldFigures, type WorldFigures, type WorldPoint } from '../report/world-figures';
import type { Row } from '../tape/chain';
import type { TradingCosts } from '../world/market/costs';
import { decodePolicy, DEFAULT_POLICY } from '../world/market/policy';
import { eachChunk, withCursor } from './cursors';
import { type ChainLine, type ChainStatus, readChainLines } from './replay';

/** A document beside the tape that is longer is left out of a page. Unit: bytes. */
export const PAGE_FILE_BYTES_MAX = 1_000_000;

export interface ReadRun {
  readonly files: Readonly<Partial<Record<PageFile, string>>>;
  /** Files that are there and too long or no text, with the reason. */
  readonly omitted: readonly { readonly file: PageFile; readonly reason: string }[];
  /** What a page holds of the tape. */
  readonly lines: readonly Uint8Array[];
  readonly sample: TapeSample | null;
  readonly chain: ChainStatus;
  readonly figures: Figures;
  readonly spent: BudgetState;
  readonly opening: Row | undefined;
  /** The last row, where it is a seal. */
  readonly seal: Row | undefined;
  /** Of a run in a world file: the figures that it has instead. */
  readonly world: WorldFigures | undefined;
  /** Of a run in a world file: how a page shows it, and why that is not as the world describes it. */
  readonly pageWorld: PageWorld | undefined;
  readonly worldFault: string | undefined;
  /** Step rows whose amounts cannot be read, so that no figure and no chart has them; the first by its 0-based row. */
  readonly unread: { readonly count: number; readonly firstRow: number } | undefined;
}

export interface ReadWatch {
  readonly onStep?: (point: SeriesPoint) => void;
  /** Steps of a world file, with their rows. */
  readonly onWorldStep?: (point: WorldPoint, row: Row) => void;
  /** Rows that are no steps. */
  readonly onOther?: (row: Row) => void;
  /** Steps read, and how many there are to be. */
  readonly onProgress?: (steps: number, total: number) => void;
}

/** What a world says of itself; `fault`: why there is nothing, or not all of it. Never runs more than the loading of its file. */
export type DescribeWorld = (source: string) => Promise<PageWorld & { readonly fault?: string }>;

export async function readRun(
  reader: RunReader,
  watch: ReadWatch = {},
  selection: TapeSelection = makeTapeSelection(),
  describeWorld: DescribeWorld = () => Promise.resolve(UNDESCRIBED),
): Promise<Either<StoreError, ReadRun>> {
  const files: Partial<Record<PageFile, string>> = {};
  const omitted: { readonly file: PageFile; readonly reason: string }[] = [];
  for (const file of PAGE_FILES) {
    const read = await readDocument(reader, file);
    if (isLeft(read)) return read;
    if (read.right._tag === 'Text') files[file] = read.right.text;
    else if (read.right._tag === 'Omitted') omitted.push({ file, reason: read.right.reason });
  }

  const figures = makeFigureReader(costsOf(files['policy.json']));
  const spending = makeSpending();
  const described = files['world.js'] === undefined ? UNDESCRIBED : await describeWorld(files['world.js']);
  const worldFigures = makeWorldFigures(described.charts);
  let opening: Row | undefined;
  let last: Row | undefined;
  let spent: BudgetState = spending.next({});
  let steps = 0;
  let unread: ReadRun['unread'];
  const onLine = (line: ChainLine, index: number): void => {
    const { row } = line;
    last = row;
    if (row === undefined) {
      selection.next(line, index, undefined);
      return;
    }
    if (index === 0) opening = row;
    spent = spending.next(row);
    const worldPoint = isWorldTape(opening) ? worldFigures.next(row) : undefined;
    const point = figures.next(row);
    selection.next(line, index, worldPoint ?? point);
    if (worldPoint !== undefined) watch.onWorldStep?.(worldPoint, row);
    else if (point !== undefined) watch.onStep?.(point);
    else {
      if (row['type'] === 'step') unread = { count: (unread?.count ?? 0) + 1, firstRow: unread?.firstRow ?? index };
      watch.onOther?.(row);
      return;
    }
    steps += 1;
    if (steps % PROGRESS_STEPS === 0) watch.onProgress?.(steps, stepsRequested(opening));
  };
  const chain = await withCursor(reader.open('tape.jsonl'), (cursor) => readChainLines(cursor, 'tape', onLine));
  if (isLeft(chain)) return chain;
  const total = figures.figures();
  const seal = chain.right.sealed ? last : undefined;
  const world = isWorldTape(opening) ? worldFigures.figures() : undefined;
  const { name, version, fault } = described;
  return right({
    files,
    omitted,
    ...selection.end(total, world),
    chain: chain.right,
    figures: total,
    world,
    pageWorld: world === undefined ? undefined : { name, version, charts: worldFigures.charts() },
    worldFault: world === undefined ? undefined : fault,
    spent,
    opening,
    seal,
    unread,
  });
}

const PROGRESS_STEPS = 1_000;
const UNDESCRIBED: Awaited<ReturnType<DescribeWorld>> = { name: 'world.js', version: '', charts: [] };

function stepsRequested(opening: Row | undefined): number {
  const inputs = opening?.['inputs'];
  const steps = isRecord(inputs) ? inputs['steps'] : undefined;
  return typeof steps === 'number' ? steps : 0;
}

export type Document =
  { readonly _tag: 'Text'; readonly text: string } | { readonly _tag: 'Omitted'; readonly reason: string } | { readonly _tag: 'Absent' };

/** A document beside the tape, as far as a page or a comparison holds it. */
export async function readDocument(reader: RunReader, file: PageFile): Promise<Either<StoreError, Document>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const read = await withCursor(reader.open(file), (cursor) =>
    eachChunk(cursor, (chunk) => {
      parts.push(copyBytes(chunk));
      bytes += chunk.length;
      return bytes > PAGE_FILE_BYTES_MAX ? right(undefined) : undefined;
    }),
  );
  if (isLeft(read)) return read.left._tag === 'NotFound' ? right({ _tag: 'Absent' }) : read;
  if (bytes > PAGE_FILE_BYTES_MAX) return right({ _tag: 'Omitted', reason: `longer than ${String(PAGE_FILE_BYTES_MAX)} bytes` });
  try {
    return right({ _tag: 'Text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(concatBytes(parts)) });
  } catch {
    return right({ _tag: 'Omitted', reason: 'not UTF-8' });
  }
}

/** The costs that the policy names; a run without one has no fills. */
function costsOf(policy: string | undefined): TradingCosts {
  const decoded = decodePolicy(parseJson(policy ?? ''));
  return isLeft(decoded) ? DEFAULT_POLICY.costs : decoded.right.costs;
}
