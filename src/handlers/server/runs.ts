/**
 * `GET /runs` and `GET /runs/{run_id}/{file}`: what the runs of this server left.
 * Invariant: a path is matched as it came, against run ids and the names of run files and nothing else, so none leads anywhere else.
 */
import { isLeft } from 'fp-ts/Either';
import { isRecord } from '../../domain/codec/codec';
import type { ArtifactStore } from '../../ports/artifact-store';
import type { Deadline } from '../../ports/clock';
import { RUN_FILES, type RunFile } from '../../ports/run-files';
import type { RunIndex } from '../../ports/run-index';
import { RUNS_LISTED_MAX } from './limits';
import { jsonReply, NOT_FOUND, type Reply, reply, SERVICE_UNAVAILABLE } from './reply';

export interface RunShelf {
  readonly index: RunIndex;
  readonly store: ArtifactStore;
  /** What one request gets. */
  readonly deadline: () => Deadline;
}

interface FileRoute {
  readonly _tag: 'File';
  /** The run's id, or what its folder is called. */
  readonly folder: string;
  readonly file: RunFile;
}

export type RunsRoute = { readonly _tag: 'List' } | FileRoute;

/** A run that the clock stopped is kept beside the whole one, in a folder that says so. */
const FOLDER = '[0-9a-f]{32}(?:-stopped-[0-9a-f]{16})?';
const FILE_PATH = new RegExp(`^/runs/(${FOLDER})/([a-z.]{1,32})$`);

/** The route of a raw path, or nothing. */
export function runsRoute(path: string): RunsRoute | undefined {
  if (path === '/runs') return { _tag: 'List' };
  const [, folder, name] = FILE_PATH.exec(path) ?? [];
  const file = RUN_FILES.find((known) => known === name);
  return folder === undefined || file === undefined ? undefined : { _tag: 'File', folder, file };
}

export function answerRuns(route: RunsRoute, shelf: RunShelf, note: (what: string) => void): Promise<Reply> {
  return route._tag === 'List' ? listRuns(shelf, note) : readRunFile(route, shelf, note);
}

async function readRunFile({ folder, file }: FileRoute, shelf: RunShelf, note: (what: string) => void): Promise<Reply> {
  const bytes = await shelf.store.get(`artifacts/${folder}/${file}`, shelf.deadline())();
  if (!isLeft(bytes)) return reply(200, bytes.right, { 'content-type': contentTypeOf(file) });
  if (bytes.left._tag === 'NotFound') return NOT_FOUND;
  note(`${folder}/${file} cannot be read: ${JSON.stringify(bytes.left)}`);
  return SERVICE_UNAVAILABLE;
}

async function listRuns(shelf: RunShelf, note: (what: string) => void): Promise<Reply> {
  const recent = await shelf.index.recent(RUNS_LISTED_MAX)();
  if (isLeft(recent)) {
    note(`the runs cannot be listed: ${JSON.stringify(recent.left)}`);
    return SERVICE_UNAVAILABLE;
  }
  const { folders, total } = recent.right;
  const runs: object[] = [];
  for (const folder of folders) {
    const bytes = await shelf.store.get(`artifacts/${folder}/run.json`, shelf.deadline())();
    const listed = isLeft(bytes) ? undefined : summaryOf(folder, Buffer.from(bytes.right).toString('utf8'));
    if (listed !== undefined) runs.push(listed);
  }
  return jsonReply(200, { runs, total });
}

function contentTypeOf(file: RunFile): string {
  if (file.endsWith('.jsonl')) return 'application/jsonl';
  return file.endsWith('.md') ? 'text/markdown; charset=utf-8' : 'application/json';
}

/** Nothing for a folder that somebody else put there. */
function summaryOf(folder: string, runJson: string): object | undefined {
  const run = parsed(runJson);
  if (!isRecord(run)) return undefined;
  const { run_id: runId, mode, ok, error, decisions } = run;
  const limiter = isRecord(error) ? (error['limiter'] ?? null) : null;
  return { run_id: runId, mode, ok, limiter, decisions, artifact_dir: `artifacts/${folder}` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
