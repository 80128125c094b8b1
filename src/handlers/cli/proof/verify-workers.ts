/** Verification on several cores: one worker thread a segment. */
import { isLeft } from 'fp-ts/Either';
import { join } from 'node:path';
import { parentPort, Worker } from 'node:worker_threads';
import type { Evidence } from '../../../domain/run/evidence';
import { checkFiles, joinProofs, planSegments, proveSegment, type Segment, type SegmentProof } from '../../../domain/run/segments';
import type { RunSummary } from '../../../domain/run/summary';
import type { RunReader } from '../../../ports/run-files';
import { local } from '../../compose';

interface Task {
  readonly location: string;
  readonly evidence: Evidence;
  readonly segment: Segment;
}

/** The proof of the whole, or nothing when any part of it did not come about. */
export async function proveInSegments(reader: RunReader, jobs: number): Promise<RunSummary | undefined> {
  // They start while the plan is made: on a long run both take a fifth of a second.
  const provers = Array.from({ length: jobs }, startProver);
  try {
    const plan = await planSegments(reader, jobs);
    if (plan === undefined || plan.segments.length < 2) return undefined;
    const { evidence, segments } = plan;
    const proofs = provers.flatMap((prover, index) => {
      const segment = segments[index];
      return segment === undefined ? [] : [prover.prove({ location: reader.location, evidence, segment })];
    });
    const digests = await checkFiles(reader, evidence);
    const proven: SegmentProof[] = [];
    for (const proof of await Promise.all(proofs)) if (proof !== undefined) proven.push(proof);
    return digests === undefined ? undefined : await joinProofs(reader, plan, proven, digests);
  } finally {
    await Promise.all(provers.map((prover) => prover.stop()));
  }
}

/** Built from `verify-worker.ts`, into the same directory as this file. */
const WORKER_FILE = 'verify-worker.cjs';

interface Prover {
  readonly prove: (task: Task) => Promise<SegmentProof | undefined>;
  readonly stop: () => Promise<unknown>;
}

function startProver(): Prover {
  const worker = new Worker(join(__dirname, WORKER_FILE));
  const message = new Promise<SegmentProof | undefined>((resolve) => {
    worker.once('message', resolve);
  });
  // A worker that fails in any way, also before it has a task, proves nothing; the sequential pass will say why.
  const gone = new Promise<undefined>((resolve) => {
    worker.on('error', () => {
      resolve(undefined);
    });
    worker.once('exit', () => {
      resolve(undefined);
    });
  });
  return {
    prove: (task) => {
      worker.postMessage(task);
      return Promise.race([message, gone]);
    },
    stop: () => worker.terminate(),
  };
}

/** What a worker thread does: it waits for one segment and answers its proof. */
export function workerMain(): void {
  parentPort?.once('message', (task: Task) => {
    void proveSegment(local.readRun(task.location), task.evidence, task.segment).then((proof) => {
      parentPort?.postMessage(isLeft(proof) ? undefined : proof.right);
    });
  });
}
