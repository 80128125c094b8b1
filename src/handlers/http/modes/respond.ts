/** From what a use case left to the answer: the run is stored, and its summary told. */
import { type Either, isLeft } from 'fp-ts/Either';
import { assertNever, InvariantError } from '../../../domain/assert';
import { type Budget, nothingSpent, NOTHING_SPENT } from '../../../domain/budget/budget';
import { fitted, type Quoted } from '../../../domain/episode/quote';
import type { Json } from '../../../domain/canonical/canonical';
import type { FinishedRun } from '../../../domain/run/finish';
import type { RunError } from '../../../domain/run/prepare';
import type { Receipts } from '../../../domain/run/receipts';
import type { RunSummary } from '../../../domain/run/summary';
import type { ArtifactStore } from '../../../ports/artifact-store';
import type { RunFile } from '../../../ports/run-files';
import type { ApiError } from '../contract/errors';
import { invalidRequest } from '../contract/problems';
import type { ApiResponse, HttpMode } from '../contract/response';
import type { Invocation } from '../edge/act';
import { storeRun } from './store';

/** An answer without a run. */
export function refused(mode: HttpMode, error: ApiError, budget: Budget | null = null): ApiResponse {
  return {
    ok: false,
    run_id: null,
    mode,
    artifact_dir: null,
    budget,
    budget_state: budget === null ? null : NOTHING_SPENT,
    head_hash: null,
    error,
  };
}

/** An answer to a quote. */
export function quoted(mode: HttpMode, budget: Budget, outcome: Either<RunError, Quoted>): ApiResponse {
  if (isLeft(outcome)) return refused(mode, runError(outcome.left), budget);
  return {
    ok: true,
    run_id: null,
    mode,
    artifact_dir: null,
    budget,
    budget_state: nothingSpent(budget),
    head_hash: null,
    quote: fitted(outcome.right, budget),
  };
}

interface Finished {
  readonly files: () => Readonly<Partial<Record<RunFile, Uint8Array>>>;
}

interface Stores {
  readonly settings: { readonly artifactBytesMax: number };
  readonly artifacts: ArtifactStore;
  /** Absent: runs are not signed. */
  readonly receipts?: Promise<Receipts> | undefined;
}

export async function respond(
  mode: HttpMode,
  budget: Budget,
  outcome: Either<RunError, FinishedRun>,
  writer: Finished,
  { settings, artifacts, receipts }: Stores,
  { storing }: Pick<Invocation, 'storing'>,
): Promise<ApiResponse> {
  if (isLeft(outcome)) return refused(mode, runError(outcome.left), budget);
  const { summary } = outcome.right;
  const stored = await storeRun(outcome.right, writer.files(), {
    artifacts,
    deadline: storing,
    bytesMax: settings.artifactBytesMax,
  });
  const receipt = isLeft(stored) ? undefined : await (await receipts)?.ofRun(stored.right, writer.files(), storing);
  // A run that is not stored did happen: what it spent and what it answered is told, and why nobody can look it up.
  const error = isLeft(stored) ? stored.left : summary.error;
  return {
    ok: error === null,
    run_id: summary.runId,
    mode,
    artifact_dir: isLeft(stored) ? null : stored.right,
    budget: summary.inputs.budget,
    budget_state: summary.budgetState,
    head_hash: summary.headHash,
    ...(error === null ? {} : { error }),
    ...(receipt && { receipt }),
    ...describeRun(mode, summary),
  };
}

function describeRun(mode: HttpMode, summary: RunSummary): Partial<ApiResponse> {
  const { steps, decisions } = summary;
  const world = { steps, decisions, ...summary.final };
  switch (mode) {
    case 'agentcore-base':
      return world;
    case 'agentcore-tools':
      return { ...world, results: withinAnswer(summary.results) };
    case 'agentcore-memory':
      return { results: withinAnswer(summary.results) };
  }
}

/** Lambda answers with 6 MB at most; the rest of an answer is small. Unit: UTF-8 bytes. */
const RESULTS_BYTES_MAX = 5 * 1024 * 1024;

function withinAnswer(results: readonly Json[]): readonly Json[] | null {
  return Buffer.byteLength(JSON.stringify(results)) <= RESULTS_BYTES_MAX ? results : null;
}

function runError(error: RunError): ApiError {
  switch (error._tag) {
    case 'InvalidRequest':
      return invalidRequest(error.problems.map((problem) => ({ ...problem, pointer: `/${error.document}${problem.pointer}` })));
    case 'InvalidInput':
      return invalidRequest(error.problems);
    case 'MarketUnreadable':
      // A line of its normal form is too long: that is what was sent, not a fault of ours.
      if (error.error._tag === 'Line') return invalidRequest([{ pointer: '/market/steps', message: error.error.error.message }]);
      throw new InvariantError('a market held in memory could not be read');
    case 'Interrupted':
      return { code: 'deadline_exceeded', message: 'the time of the invocation ran out before the first step; nothing was done' };
    case 'MarketBroken':
    case 'NotFound':
    case 'AlreadyExists':
    case 'Unreadable':
    case 'Unwritable':
      throw new InvariantError(`a run in memory ended with ${error._tag}`);
    default:
      return assertNever(error);
  }
}
