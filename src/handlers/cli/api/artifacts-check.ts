/** The artifacts of a run, from wherever this API keeps them, and the proof that they follow from what was asked. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { isRecord } from '../../../domain/codec/codec';
import { verify } from '../../../domain/run/verify';
import { RUN_FILES, type RunFile } from '../../../ports/run-files';
import { client } from '../../compose-client';
import type { ApiClient } from './api-client';

/** One file of a run, or why it did not come. */
export type FetchFile = (artifactDir: string, file: RunFile) => Promise<Either<string, Uint8Array>>;

/** A request of the fetching; a run has a dozen. */
const FETCH_TIMEOUT_MS = 30_000;

/** A directory that was given (what `aws s3 cp --recursive` left, say), else the bucket where there is one, else the server itself. */
export function artifactFetcher(api: ApiClient, directory: string | undefined): FetchFile {
  const { bucket, prefix, region } = api.target;
  if (directory === undefined && bucket === undefined) return (artifactDir, file) => fetchOverHttp(api, artifactDir, file);
  const place = {
    ...(prefix === undefined ? {} : { prefix }),
    ...(region === undefined ? {} : { region }),
    agents: api.agents,
  };
  const store = directory === undefined ? client.bucketStore({ bucket: bucket ?? '', ...place }) : client.directoryStore(directory);
  return async (artifactDir, file) => {
    const bytes = await store.get(`${artifactDir}/${file}`, client.deadlineIn(FETCH_TIMEOUT_MS))();
    return isLeft(bytes) ? left(`${store.location}: ${JSON.stringify(bytes.left)}`) : bytes;
  };
}

async function fetchOverHttp(api: ApiClient, artifactDir: string, file: RunFile): Promise<Either<string, Uint8Array>> {
  const path = `/runs/${artifactDir.replace(/^artifacts\//, '')}/${file}`;
  const answer = await api.get(path);
  if (isLeft(answer)) return left(answer.left.message);
  return answer.right.status === 200 ? right(answer.right.bytes) : left(`GET ${path} answers ${String(answer.right.status)}`);
}

export interface RunClaim {
  /** `artifacts/<run_id>` */
  readonly artifactDir: string;
  readonly runId: string | undefined;
  readonly headHash: string | undefined;
}

/** Nothing when the run is proven and is the one that the API claims it to be; else what is wrong. */
export async function checkArtifacts(fetch: FetchFile, { artifactDir, runId, headHash }: RunClaim): Promise<string | undefined> {
  const summary = await fetch(artifactDir, 'run.json');
  if (isLeft(summary)) return summary.left;
  const files: Partial<Record<RunFile, Uint8Array>> = { 'run.json': summary.right };
  for (const file of filesNamed(summary.right)) {
    const bytes = await fetch(artifactDir, file);
    if (isLeft(bytes)) return bytes.left;
    files[file] = bytes.right;
  }
  const verdict = await verify(client.runFromFiles(files, artifactDir));
  if (isLeft(verdict)) return JSON.stringify(verdict.left);
  if (verdict.right._tag === 'NotProven') return `not proven: ${JSON.stringify(verdict.right.divergence)}`;
  if (verdict.right._tag === 'Unfinished') return 'not proven: the run has no run.json';
  const proven = verdict.right.summary;
  return proven.runId === runId && proven.headHash === headHash
    ? undefined
    : `proven, but it is run ${proven.runId} with head ${proven.headHash}`;
}

/** The files that `run.json` gives a digest of. A file that it does not name is not part of the run. */
function filesNamed(runJson: Uint8Array): readonly RunFile[] {
  try {
    const run: unknown = JSON.parse(Buffer.from(runJson).toString('utf8'));
    const digests = isRecord(run) ? run['digests'] : undefined;
    return isRecord(digests) ? RUN_FILES.filter((file) => Object.hasOwn(digests, file)) : [];
  } catch {
    return [];
  }
}
