/** `runStrategy`: a strategy over a market that is at hand as a document. Nothing is written but to the writer that is handed in. */
import { type Either, isLeft, left } from 'fp-ts/Either';
import { problemsOf } from '../../domain/codec/problem';
import { marketPathCodec } from '../../domain/market/market-path';
import type { FinishedRun } from '../../domain/run/finish';
import type { RunError, RunRequest } from '../../domain/run/prepare';
import { run } from '../../domain/run/run';
import type { RunWriter } from '../../ports/run-files';
import { makeMarketDocument } from '../compose-library';

/** The documents are those of the command line, as values: docs/spec.md section 2. */
export interface StrategyRun {
  /** `{symbols, steps}`, as in `examples/fixtures`. */
  readonly market: unknown;
  readonly strategy: unknown;
  /** Risk limits and fees; the defaults where absent. */
  readonly policy?: unknown;
  /** Cash and positions; cash of 1000 where absent. */
  readonly initialState?: unknown;
  /** Steps to take; all of the market where absent. */
  readonly steps?: number;
  /** Most steps to grant; as many as asked for where absent. */
  readonly maxSteps?: number;
}

/**
 * Runs a strategy and leaves a run directory behind `writer`: that of `openRunDirectoryWriter`, or one in memory (`./testing`). A budget that
 * trips is no failure: the run is sealed, and `summary.error` names the limit.
 */
export async function runStrategy(
  { market, strategy, policy = {}, initialState = {}, steps, maxSteps }: StrategyRun,
  writer: RunWriter,
): Promise<Either<RunError, FinishedRun>> {
  const path = marketPathCodec.decode(market);
  if (isLeft(path)) {
    await writer.abandon('remove');
    return left({ _tag: 'InvalidInput', source: 'market', problems: problemsOf(path.left) });
  }
  const request: RunRequest = {
    strategy,
    policy,
    initialState,
    ...(steps === undefined ? {} : { steps }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
  };
  return run(request, makeMarketDocument(path.right), writer);
}
