/**
 * `GET /`, `/play`, `/runs` and what stands below the address of a run: its report and its files. The runs of this server are at `/runs/{run_id}`, those of
 * a directory that it was told to show at `/dirs/{number}/{folder}`.
 * Invariant: a path is matched as it came, against run ids or one folder's name, and the names of run files, so none leads anywhere else.
 */
import { type Either, isLeft, right } from 'fp-ts/Either';
import { isRecord } from '../../domain/codec/codec';
import { parseJson } from '../../domain/codec/parse';
import { eachChunk, withCursor } from '../../domain/run/cursors';
import { readText } from '../../domain/run/evidence';
import { RUN_FILES, type RunFile, type RunReader, type StoreError } from '../../ports/run-files';
import type { RunIndex } from '../../ports/run-index';
import { type ListedRun, RUN_FOLDER, type RunList } from '../page/markup/runs-table';
import { FILE_BYTES_MAX, RUNS_LISTED_MAX } from './limits';
import { jsonReply, NOT_FOUND, type Reply, reply, SERVICE_UNAVAILABLE } from './reply';

/** A place with runs in folders of their own. */
export interface RunSource {
  /** What stands before a folder in an address: `/runs`, `/dirs/0`. */
  readonly address: string;
  /** What the folders are in, as a reader is told it: `artifacts`, or a directory as it was given. */
  readonly label: string;
  readonly index: RunIndex;
  /** The files of a folder, in chunks: the tape of a long run is never held whole. */
  readonly reader: (folder: string) => RunReader;
  /** The receipt beside the files of a folder; nothing where there is none, or none that can be read. */
  readonly receipt: (folder: string) => Promise<string | undefined>;
}

/** That of this server first. */
export type RunCatalog = readonly RunSource[];

export interface InFolder {
  readonly source: string;
  /** The run's id, or what its folder is called. */
  readonly folder: string;
}

interface FileRoute extends InFolder {
  readonly _tag: 'File';
  readonly file: RunFile;
}

interface ReportRoute extends InFolder {
  readonly _tag: 'Report';
}

export type PageRoute =
  | { readonly _tag: 'Home' }
  | { readonly _tag: 'Play' }
  | { readonly _tag: 'Sessions'; readonly after: string }
  | { readonly _tag: 'List' }
  | ReportRoute
  | FileRoute;

/** `report` is the name of no file of a run. */
const FILE_PATH = new RegExp(`^(?:(/runs)/(${RUN_FOLDER})|(/dirs/[0-9]{1,2})/([^/]{1,768}))/([a-z.]{1,32})$`);

/** The route of a raw path, or nothing. */
export function pageRoute(path: string, query: string): PageRoute | undefined {
  if (path === '/') return { _tag: 'Home' };
  if (path === '/play') return { _tag: 'Play' };
  if (path === '/play/sessions') return { _tag: 'Sessions', after: new URLSearchParams(query).get('after') ?? '' };
  if (path === '/runs') return { _tag: 'List' };
  const [, runs, id, directory, encoded = '', name] = FILE_PATH.exec(path) ?? [];
  const source = runs ?? directory;
  const folder = id ?? folderOf(encoded);
  if (source === undefined || folder === undefined) return undefined;
  if (name === 'report') return { _tag: 'Report', source, folder };
  const file = RUN_FILES.find((known) => known === name);
  return file === undefined ? undefined : { _tag: 'File', source, folder, file };
}

/** The name of one folder, or nothing. */
function folderOf(encoded: string): string | undefined {
  try {
    const folder = decodeURIComponent(encoded);
    return folder === '' || folder.startsWith('.') || /[/\\\u0000]/.test(folder) ? undefined : folder;
  } catch {
    return undefined;
  }
}

/** The files of the run that an address leads to. */
export function readerOf(catalog: RunCatalog, { source, folder }: InFolder): RunReader | undefined {
  return catalog.find(({ address }) => address === source)?.reader(folder);
}

export function receiptOf(catalog: RunCatalog, { source, folder }: InFolder): Promise<string | undefined> | undefined {
  return catalog.find(({ address }) => address === source)?.receipt(folder);
}

export async function readRunFile(route: FileRoute, catalog: RunCatalog, note: (what: string) => void): Promise<Reply> {
  const { folder, file } = route;
  const reader = readerOf(catalog, route);
  if (reader === undefined) return NOT_FOUND;
  const size = await reader.size(file)();
  if (!isLeft(size) && size.right > FILE_BYTES_MAX) {
    const message = `${file} has ${String(size.right)} bytes, and ${String(FILE_BYTES_MAX)} are sent at most: open it where it is`;
    return jsonReply(413, { ok: false, error: { code: 'payload_too_large', message } });
  }
  const bytes = isLeft(size) ? size : await readWhole(reader, file);
  if (!isLeft(bytes)) return reply(200, bytes.right, { 'content-type': contentTypeOf(file) });
  if (bytes.left._tag === 'NotFound') return NOT_FOUND;
  note(`${folder}/${file} cannot be read: ${JSON.stringify(bytes.left)}`);
  return SERVICE_UNAVAILABLE;
}

function readWhole(reader: RunReader, file: RunFile): Promise<Either<StoreError, Uint8Array>> {
  return withCursor<StoreError, Uint8Array>(reader.open(file), async (cursor) => {
    const chunks: Uint8Array[] = [];
    const read = await eachChunk<StoreError>(cursor, (bytes) => {
      chunks.push(bytes.slice());
      return undefined;
    });
    return isLeft(read) ? read : right(Buffer.concat(chunks));
  });
}

export async function listRuns(catalog: RunCatalog, note: (what: string) => void): Promise<Reply> {
  const list = await readList(catalog, note);
  return list === undefined ? SERVICE_UNAVAILABLE : jsonReply(200, list);
}

/** The newest runs; nothing where they cannot be listed. */
export async function readList(catalog: RunCatalog, note: (what: string) => void): Promise<RunList | undefined> {
  const found: { readonly source: RunSource; readonly folder: string; readonly finishedAtMs: number }[] = [];
  let total = 0;
  for (const source of catalog) {
    const recent = await source.index.recent(RUNS_LISTED_MAX)();
    if (isLeft(recent)) {
      note(`the runs cannot be listed: ${JSON.stringify(recent.left)}`);
      return undefined;
    }
    total += recent.right.total;
    for (const run of recent.right.runs) found.push({ source, ...run });
  }
  found.sort((a, b) => b.finishedAtMs - a.finishedAtMs);
  const runs: ListedRun[] = [];
  const unreadable: string[] = [];
  for (const { source, folder, finishedAtMs } of found.slice(0, RUNS_LISTED_MAX)) {
    const reader = source.reader(folder);
    const listed = summaryOf(source, folder, await documentOf(reader, 'run.json'));
    if (listed === undefined) {
      unreadable.push(`${source.label}/${folder}`);
      continue;
    }
    const strategy = listed.files.includes('strategy.json') ? nameOf(await documentOf(reader, 'strategy.json')) : null;
    runs.push({ ...listed, strategy, finished_at: new Date(finishedAtMs).toISOString() });
  }
  return { runs, total, ...(unreadable.length === 0 ? {} : { unreadable }) };
}

function contentTypeOf(file: RunFile): string {
  if (file.endsWith('.jsonl')) return 'application/jsonl';
  return file.endsWith('.md') ? 'text/markdown; charset=utf-8' : 'application/json';
}

/** A document of a run; nothing where it cannot be read, or is none. */
async function documentOf(reader: RunReader, file: RunFile): Promise<unknown> {
  const text = await readText(reader, file);
  return isLeft(text) ? undefined : parseJson(text.right.text);
}

/** The name that a strategy gives itself; null where there is none that can be told. */
function nameOf(strategy: unknown): unknown {
  const metadata = isRecord(strategy) ? strategy['metadata'] : undefined;
  return isRecord(metadata) ? (metadata['name'] ?? null) : null;
}

/** Nothing for a folder that somebody else put there. */
function summaryOf({ address, label }: RunSource, folder: string, run: unknown): Omit<ListedRun, 'strategy' | 'finished_at'> | undefined {
  if (!isRecord(run)) return undefined;
  const { run_id: runId, mode, ok, error, decisions, digests, steps, final_equity: equity, budget_state: spent } = run;
  const { limiter = null, code = null } = isRecord(error) ? error : {};
  const files = isRecord(digests) ? RUN_FILES.filter((file) => file === 'run.json' || Object.hasOwn(digests, file)) : ['run.json'];
  return {
    run_id: runId,
    mode,
    ok,
    limiter,
    error: code,
    decisions,
    steps,
    final_equity: equity,
    budget_state: spent,
    artifact_dir: `${label}/${folder}`,
    address: `${address}/${encodeURIComponent(folder)}`,
    files,
  };
}
