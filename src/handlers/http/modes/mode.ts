/** What the modes have in common: what they are made of, and the way of a request to the point where it may run. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Look } from '../../../domain/agent/stop';
import { type Budget, type BudgetState, NOTHING_SPENT } from '../../../domain/budget/budget';
import type { Receipts } from '../../../domain/run/receipts';
import type { MarketPath } from '../../../domain/market/market-path';
import type { ArtifactStore } from '../../../ports/artifact-store';
import type { CodeInterpreter } from '../../../ports/code-interpreter';
import type { DayGrant, Holder } from '../../../domain/session/day';
import type { Deadline } from '../../../ports/clock';
import type { MarketInput } from '../../../ports/market-input';
import type { Memory } from '../../../ports/memory';
import type { Planner } from '../../../ports/planner';
import type { RunFile, RunWriter } from '../../../ports/run-files';
import type { Tracing } from '../../../ports/tracing';
import type { Decode } from '../contract/body';
import type { ApiError } from '../contract/errors';
import { invalidRequest } from '../contract/problems';
import type { Invocation } from '../edge/act';
import type { ApiResponse, HttpMode } from '../contract/response';
import { aboveCeiling } from './ceilings';
import { refused } from './respond';

export interface ModeSettings {
  /** A request whose budget names more than this of anything is refused whole. */
  readonly ceilings: Budget;
  /** The most that the files of one run have together; a run with more stores nothing. Unit: bytes. */
  readonly artifactBytesMax: number;
}

/** Where a run's files are kept while it runs. */
export interface HeldRunWriter extends RunWriter {
  /** The committed files; empty before `commit`. */
  readonly files: () => Readonly<Partial<Record<RunFile, Uint8Array>>>;
}

/** How a request takes its budget from the day, and gives back what it did not use. */
export interface Day {
  /** Why nothing may be done, if so. */
  readonly take: (holder: Holder, deadline: Deadline) => Promise<Either<ApiError, DayGrant | undefined>>;
  readonly giveBack: (
    grant: DayGrant,
    used: { readonly head: string; readonly spent: BudgetState },
    deadline: Deadline,
  ) => Promise<unknown>;
}

export interface BaseParts {
  /** Absent: nothing caps the day. */
  readonly day?: Day | undefined;
  readonly settings: ModeSettings;
  readonly artifacts: ArtifactStore;
  /** Absent: runs are not signed. */
  readonly receipts?: Promise<Receipts> | undefined;
  readonly marketOf: (market: MarketPath) => MarketInput;
  readonly runWriter: () => HeldRunWriter;
}

/** A port that is absent is not enabled: a call of it is a failed call. */
export interface ToolsParts extends BaseParts {
  /** At the stop switch; absent: there is none. */
  readonly look: Look | undefined;
  readonly tracing?: Tracing | undefined;
  readonly interpreter: CodeInterpreter | undefined;
  readonly planner: Planner | undefined;
}

export interface MemoryParts extends Omit<BaseParts, 'marketOf'> {
  /** At the stop switch; absent: there is none. */
  readonly look: Look | undefined;
  readonly tracing?: Tracing | undefined;
  /** Absent: requests are answered and nothing is called. */
  readonly memory: Memory | undefined;
}

/**
 * A run under the cap of the day: its budget is taken before anything is done, and what it did not use is given back at its end. A process that dies
 * between the two leaves the grant spent.
 */
export async function underDay(
  mode: HttpMode,
  { day }: { readonly day?: Day | undefined },
  budget: Budget,
  { requestId, storing }: Pick<Invocation, 'requestId' | 'storing'>,
  run: () => Promise<ApiResponse>,
): Promise<ApiResponse> {
  if (day === undefined) return run();
  const granted = await day.take({ child: `request-${requestId}`, name: mode, budget }, storing);
  if (isLeft(granted)) return refused(mode, granted.left, budget);
  const response = await run();
  if (granted.right !== undefined) {
    const used = { head: response.head_hash ?? 'nothing ran', spent: response.budget_state ?? NOTHING_SPENT };
    await day.giveBack(granted.right, used, storing);
  }
  return response;
}

/** Decoded, or the answer that says what is wrong. */
export function decoded<A>(mode: HttpMode, decode: Decode<A>, body: unknown): Either<ApiResponse, A> {
  const request = decode(body);
  return isLeft(request) ? left(refused(mode, invalidRequest(request.left))) : right(request.right);
}

/** Decoded and within the ceilings. */
export function authorized<A extends { readonly budget: Budget }>(
  mode: HttpMode,
  decode: Decode<A>,
  body: unknown,
  ceilings: Budget,
): Either<ApiResponse, A> {
  const request = decoded(mode, decode, body);
  if (isLeft(request)) return request;
  const { budget } = request.right;
  const above = aboveCeiling(budget, ceilings);
  return above === undefined ? request : left(refused(mode, above, budget));
}
