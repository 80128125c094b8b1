/**
 * The use cases that write a run: they normalise the inputs, take the run through its episode, and leave a directory that proves itself.
 * A crash between two writes leaves no `run.json` and no file under its final name; see the port.
 */
import { type Either, isLeft, left } from 'fp-ts/Either';
import type { MarketInput } from '../../ports/market-input';
import type { MemoryOperation } from '../../ports/memory';
import type { RunWriter, StoreError } from '../../ports/run-files';
import type { CallSource } from '../agent/calls';
import type { ToolCall } from '../agent/tool';
import type { Budget } from '../budget/budget';
import type { StepsWatch } from '../episode/episode';
import { digested } from '../episode/output';
import { sha256Hex } from '../hash';
import { SPEC_VERSION } from '../limits';
import { makeTextReader } from '../episode/text-reader';
import { committed } from './committed';
import { withCursor } from './cursors';
import { finish, type FinishedRun } from './finish';
import { identify, type MemoryInputs } from './inputs';
import { readPath } from './path';
import { marketLines, type InvalidDocument, prepare, type RunError, type RunRequest } from './prepare';
import { memoryRequestJson } from './request';
import { type StartOutOfRange, takeMemoryPlan, takeSteps, takeToolPlan } from './take';

/** Takes steps, locally or for the base handler. Whatever fails, the writer is closed and nothing looks finished. */
export function run(
  request: RunRequest,
  market: MarketInput,
  writer: RunWriter,
  watch: StepsWatch = {},
): Promise<Either<RunError, FinishedRun>> {
  return committed(market, writer, async () => {
    const output = digested(writer);
    const prepared = await prepare(request, market, output, watch);
    if (isLeft(prepared)) return prepared;
    const end = await withCursor(marketLines(prepared.right.symbols, writer), (cursor) =>
      takeSteps(prepared.right, prepared.right.inputs.steps, makeTextReader(cursor), output, watch),
    );
    return isLeft(end) ? left(startMistake(end.left)) : finish(output, end.right, output.digest);
  });
}

/** Takes a tool plan. `calls` is made once the run has its id. */
export function runToolPlan(
  request: RunRequest,
  plan: readonly ToolCall[],
  market: MarketInput,
  writer: RunWriter,
  calls: (runId: string) => CallSource,
): Promise<Either<RunError, FinishedRun>> {
  return committed(market, writer, async () => {
    const output = digested(writer);
    const prepared = await prepare(request, market, output, {});
    if (isLeft(prepared)) return prepared;
    const { identity, symbols, world } = prepared.right;
    const path = await withCursor(marketLines(symbols, writer), (cursor) => readPath(world, makeTextReader(cursor)));
    if (isLeft(path)) return path;
    const end = await takeToolPlan(prepared.right, path.right, plan, calls(identity.runId), output);
    return isLeft(end) ? left(startMistake(end.left)) : finish(output, end.right, output.digest);
  });
}

/** Takes a memory plan. `calls` is made once the run has its id. */
export function runMemoryPlan(
  budget: Budget,
  requests: readonly MemoryOperation[],
  invocation: string,
  writer: RunWriter,
  calls: (runId: string) => CallSource,
): Promise<Either<StoreError, FinishedRun>> {
  return committed(undefined, writer, async () => {
    const output = digested(writer);
    const line = memoryRequestJson(budget, requests);
    const inputs: MemoryInputs = {
      spec_version: SPEC_VERSION,
      mode: 'agentcore-memory',
      budget,
      invocation,
      request_sha256: sha256Hex(line),
    };
    const identity = identify(inputs);
    const named = await output.append('request.json', line);
    if (isLeft(named)) return named;
    const end = await takeMemoryPlan(inputs, identity, requests, calls(identity.runId), output);
    return isLeft(end) ? end : finish(output, end.right, output.digest);
  });
}

/** A state that cannot be valued at the first prices is an input like any other that is too large: nothing is left to seal. */
function startMistake<E extends { readonly _tag: string }>(error: E | StartOutOfRange): Exclude<E, StartOutOfRange> | InvalidDocument {
  if (error._tag !== 'StartOutOfRange') return error as Exclude<E, StartOutOfRange>;
  const { message } = error as StartOutOfRange;
  return { _tag: 'InvalidRequest', document: 'initial_state', problems: [{ pointer: '', message }] };
}
