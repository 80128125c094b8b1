/**
 * `GET /`, `/play`, `/runs`, `/runs/{run_id}/report` and `/runs/{run_id}/{file}`: what the runs of this server left.
 * Invariant: a path is matched as it came, against run ids and the names of run files and nothing else, so none leads anywhere else.
 */
import { isLeft } from 'fp-ts/Either';
import { isRecord } from '../../domain/codec/codec';
import type { ArtifactStore } from '../../ports/artifact-store';
import type { Deadline } from '../../ports/clock';
import { RUN_FILES, type RunFile, type RunReader } from '../../ports/run-files';
import type { RunIndex } from '../../ports/run-index';
import { type ListedRun, RUN_FOLDER, type RunList } from '../page/markup/runs-table';
import { RUNS_LISTED_MAX } from './limits';
import { jsonReply, NOT_FOUND, type Reply, reply, SERVICE_UNAVAILABLE } from './reply';

export interface RunCatalog {
  readonly index: RunIndex;
  readonly store: ArtifactStore;
  /** The files of a folder, in chunks: the tape of a long run is never held whole. */
  readonly reader: (folder: string) => RunReader;
  /** What one request gets. */
  readonly deadline: () => Deadline;
}

interface FileRoute {
  readonly _tag: 'File';
  /** The run's id, or what its folder is called. */
  readonly folder: string;
  readonly file: RunFile;
}

export type PageRoute =
  | { readonly _tag: 'Home' }
  | { readonly _tag: 'Play' }
  | { readonly _tag: 'Sessions'; readonly after: string }
  | { readonly _tag: 'List' }
  | { readonly _tag: 'Report'; readonly folder: string }
  | FileRoute;

/** `report` is the name of no file of a run. */
const FILE_PATH = new RegExp(`^/runs/(${RUN_FOLDER})/([a-z.]{1,32})$`);

/** The route of a raw path, or nothing. */
export function pageRoute(path: string, query: string): PageRoute | undefined {
  if (path === '/') return { _tag: 'Home' };
  if (path === '/play') return { _tag: 'Play' };
  if (path === '/play/sessions') return { _tag: 'Sessions', after: new URLSearchParams(query).get('after') ?? '' };
  if (path === '/runs') return { _tag: 'List' };
  const [, folder, name] = FILE_PATH.exec(path) ?? [];
  if (folder === undefined) return undefined;
  if (name === 'report') return { _tag: 'Report', folder };
  const file = RUN_FILES.find((known) => known === name);
  return file === undefined ? undefined : { _tag: 'File', folder, file };
}

export async function readRunFile({ folder, file }: FileRoute, catalog: RunCatalog, note: (what: string) => void): Promise<Reply> {
  const bytes = await catalog.store.get(`artifacts/${folder}/${file}`, catalog.deadline())();
  if (!isLeft(bytes)) return reply(200, bytes.right, { 'content-type': contentTypeOf(file) });
  if (bytes.left._tag === 'NotFound') return NOT_FOUND;
  note(`${folder}/${file} cannot be read: ${JSON.stringify(bytes.left)}`);
  return SERVICE_UNAVAILABLE;
}

export async function listRuns(catalog: RunCatalog, note: (what: string) => void): Promise<Reply> {
  const list = await readList(catalog, note);
  return list === undefined ? SERVICE_UNAVAILABLE : jsonReply(200, list);
}

/** The newest runs; nothing where they cannot be listed. */
export async function readList(catalog: RunCatalog, note: (what: string) => void): Promise<RunList | undefined> {
  const recent = await catalog.index.recent(RUNS_LISTED_MAX)();
  if (isLeft(recent)) {
    note(`the runs cannot be listed: ${JSON.stringify(recent.left)}`);
    return undefined;
  }
  const { total } = recent.right;
  const runs: ListedRun[] = [];
  for (const { folder, finishedAtMs } of recent.right.runs) {
    const bytes = await catalog.store.get(`artifacts/${folder}/run.json`, catalog.deadline())();
    const listed = isLeft(bytes) ? undefined : summaryOf(folder, Buffer.from(bytes.right).toString('utf8'));
    if (listed === undefined) continue;
    const strategy = listed.files.includes('strategy.json') ? await strategyOf(folder, catalog) : null;
    runs.push({ ...listed, strategy, finished_at: new Date(finishedAtMs).toISOString() });
  }
  return { runs, total };
}

function contentTypeOf(file: RunFile): string {
  if (file.endsWith('.jsonl')) return 'application/jsonl';
  return file.endsWith('.md') ? 'text/markdown; charset=utf-8' : 'application/json';
}

/** The name that a strategy gives itself; null where there is none that can be told. */
async function strategyOf(folder: string, catalog: RunCatalog): Promise<unknown> {
  const bytes = await catalog.store.get(`artifacts/${folder}/strategy.json`, catalog.deadline())();
  const strategy = isLeft(bytes) ? undefined : parsed(Buffer.from(bytes.right).toString('utf8'));
  const metadata = isRecord(strategy) ? strategy['metadata'] : undefined;
  return isRecord(metadata) ? (metadata['name'] ?? null) : null;
}

/** Nothing for a folder that somebody else put there. */
function summaryOf(folder: string, runJson: string): Omit<ListedRun, 'strategy' | 'finished_at'> | undefined {
  const run = parsed(runJson);
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
    artifact_dir: `artifacts/${folder}`,
    files,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
