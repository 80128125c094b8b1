/**
 * The use case `run`, local or for the base handler: normalises the inputs, takes the steps, seals the tape, and leaves a directory that
 * proves itself. A crash between two writes leaves no `run.json` and no file under its final name; see the port.
 */
import { type Either, isLeft, left } from 'fp-ts/Either';
import type { MarketInput } from '../../ports/market-input';
import type { RunWriter } from '../../ports/run-files';
import { type EngineWatch, makeEngine } from './engine';
import { finish, type FinishedRun } from './finish';
import { filesOf } from './inputs';
import { digested } from './output';
import { initialOutOfRange, openSteps, prepare, type RunError, type RunRequest } from './prepare';
import { makeReportRows } from './report';
import { summarise } from './summary';

/** Runs and commits. Whatever fails, the writer is closed and nothing looks finished. */
export async function run(
  request: RunRequest,
  market: MarketInput,
  writer: RunWriter,
  watch: EngineWatch = {},
): Promise<Either<RunError, FinishedRun>> {
  return committed(market, writer, () => runInto(request, market, writer, watch));
}

/** Closes what a run leaves open, whichever way it ends, and makes a finished one visible. */
export async function committed<E extends { readonly _tag: string }>(
  market: MarketInput | undefined,
  writer: RunWriter,
  act: () => Promise<Either<E, FinishedRun>>,
): Promise<Either<E | RunError, FinishedRun>> {
  const outcome = await act();
  await market?.close();
  // An interrupted run keeps what it did, under names that say it is unfinished; a failed one has nothing worth keeping.
  if (isLeft(outcome)) {
    await writer.abandon(outcome.left._tag === 'Interrupted' ? 'keep' : 'remove');
    return outcome;
  }
  const visible = await writer.commit(filesOf(outcome.right.summary.inputs.mode))();
  if (!isLeft(visible)) return outcome;
  await writer.abandon('remove');
  return visible;
}

async function runInto(
  request: RunRequest,
  market: MarketInput,
  writer: RunWriter,
  watch: EngineWatch,
): Promise<Either<RunError, FinishedRun>> {
  const output = digested(writer);
  const prepared = await prepare(request, market, output, watch);
  if (isLeft(prepared)) return prepared;
  const { inputs, identity, world, initial } = prepared.right;

  const engine = makeEngine(inputs, identity, world);
  const start = engine.start(initial);
  const opened = await output.append('tape.jsonl', start.row.line);
  if (isLeft(opened)) return opened;

  const prices = await openSteps(world.symbols, writer);
  if (isLeft(prices)) return prices;
  const report = makeReportRows(world, Math.min(inputs.steps, inputs.budget.max_steps));
  const end = await engine.advance(start.cursor, inputs.steps, prices.right, output, { ...watch, onStep: report.onStep });
  await prices.right.close();
  if (isLeft(end)) return end;
  if (end.right.t === 0 && end.right.outOfRange !== undefined) return left(initialOutOfRange(end.right.outOfRange.message));
  // Stopped by the clock before anything was done: there is nothing to seal.
  if (end.right.t === 0) return left({ _tag: 'Interrupted', steps: 0 });

  const seal = engine.seal(end.right);
  const summary = summarise(inputs, identity, world.symbols, end.right, { headHash: seal.row.hash, error: seal.error });
  return finish(output, { summary, seal: seal.row, lines: report.rows(), callRows: [] }, output.digest);
}
