/** Verification on several cores: one worker thread a segment. */
import { isLeft } from 'fp-ts/Either';
import { join } from 'node:path';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import type { Evidence } from '../../domain/run/evidence';
import { digestFiles, joinProofs, planSegments, proveSegment, type Segment, type SegmentProof } from '../../domain/run/segments';
import type { RunSummary } from '../../domain/run/summary';
import type { RunReader } from '../../ports/run-files';
import { local } from '../compose';

interface Task {
  readonly location: string;
  readonly evidence: Evidence;
  readonly segment: Segment;
}

/** The proof of the whole, or nothing when any part of it did not come about. */
export async function proveInSegments(reader: RunReader, jobs: number): Promise<RunSummary | undefined> {
  const plan = await planSegments(reader, jobs);
  if (plan === undefined || plan.segments.length < 2) return undefined;
  const proofs = plan.segments.map((segment) => proveInWorker({ location: reader.location, evidence: plan.evidence, segment }));
  const digests = await digestFiles(reader);
  const proven: SegmentProof[] = [];
  for (const proof of await Promise.all(proofs)) if (proof !== undefined) proven.push(proof);
  return digests === undefined ? undefined : joinProofs(reader, plan, proven, digests);
}

/** Built from `verify-worker.ts`, into the same directory as this program. */
const WORKER_FILE = 'verify-worker.cjs';

function proveInWorker(task: Task): Promise<SegmentProof | undefined> {
  return new Promise((resolve) => {
    const worker = new Worker(join(__dirname, WORKER_FILE), { workerData: task });
    worker.once('message', resolve);
    // A worker that fails in any way proves nothing; the sequential pass will say why.
    worker.once('error', () => {
      resolve(undefined);
    });
    worker.once('exit', () => {
      resolve(undefined);
    });
  });
}

/** What a worker thread does. */
export async function workerMain(): Promise<void> {
  const task = workerData as Task;
  const proof = await proveSegment(local.readRun(task.location), task.evidence, task.segment);
  parentPort?.postMessage(isLeft(proof) ? undefined : proof.right);
}
