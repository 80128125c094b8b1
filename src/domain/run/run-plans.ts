/** The use cases of the tools and the memory handler: a plan of calls, and the directory that proves what came of it. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { MarketInput } from '../../ports/market-input';
import type { MemoryOperation } from '../../ports/memory';
import type { RunWriter, StoreError } from '../../ports/run-files';
import type { Budget } from '../budget/budget';
import { sha256Hex } from '../hash';
import { SPEC_VERSION } from '../limits';
import { makeMarketForm, makeScannedStep } from '../market/market-form';
import type { MarketStep } from '../market/market-path';
import { formatDecimal, inRange } from '../decimal/decimal';
import { stateText, valueOf } from '../world/state';
import { beyondRange } from '../world/verification';
import type { EngineError } from './engine';
import { finish, type FinishedRun, NO_LINES, type RunEnd } from './finish';
import { identify, type MemoryInputs, type RunIdentity } from './inputs';
import { takeMemoryPlan, type MemoryEnd } from './memory-plan';
import { appendAll, digested } from './output';
import { initialOutOfRange, openSteps, prepare, type RunError, type RunRequest } from './prepare';
import type { OutsideMemory, OutsideTools } from './recorded';
import { memoryRequestJson, type PlanItem } from './request';
import { committed } from './run';
import { NO_DECISIONS, sealRow } from './seal';
import { summarise } from './summary';
import type { TextReader } from './text-reader';
import { type PlanEnd, type PlannedRun, takeToolPlan } from './tool-plan';

/** Takes a tool plan. `outside` is made once the run has its id. */
export async function runToolPlan(
  request: RunRequest,
  plan: readonly PlanItem[],
  market: MarketInput,
  writer: RunWriter,
  outside: (runId: string) => OutsideTools,
): Promise<Either<RunError, FinishedRun>> {
  return committed<RunError>(market, writer, async () => {
    const output = digested(writer);
    const prepared = await prepare(request, market, output, {});
    if (isLeft(prepared)) return prepared;
    const { inputs, identity, world, initial } = prepared.right;
    const lines = await openSteps(world.symbols, writer);
    if (isLeft(lines)) return lines;
    const steps = await readSteps(world.symbols, lines.right);
    await lines.right.close();
    if (isLeft(steps)) return steps;
    if (!inRange(valueOf(initial, steps.right[0]?.prices ?? []).equity)) return left(initialOutOfRange(`step 0: ${beyondRange('equity')}`));
    const planned = { inputs, identity, world, steps: steps.right, initial, plan };
    const end = await takeToolPlan(planned, outside(identity.runId));
    const written = await appendAll(output, [
      ['tape.jsonl', end.tape],
      ['executions.jsonl', end.ledger],
    ]);
    return isLeft(written) ? written : finish(output, toolPlanEnd(planned, end), output.digest);
  });
}

/** What sums up a tool plan: the same for whoever writes it and whoever verifies it. */
export function toolPlanEnd({ inputs, identity, world }: PlannedRun, end: PlanEnd): RunEnd {
  const { cursor, stop } = end;
  const seal = sealRow(
    {
      stop,
      steps: cursor.t,
      decisions: cursor.decisions,
      finalState: stateText(cursor.state, world.symbols),
      finalEquity: formatDecimal(cursor.value.equity),
      finalExposure: formatDecimal(cursor.value.exposure),
      spent: cursor.spent,
      fills: cursor.fills,
      ledgerHead: cursor.ledgerHead,
    },
    cursor.tapeHead,
  );
  const summary = summarise(inputs, identity, world.symbols, cursor, { headHash: seal.hash, error: stop }, end.results);
  return { summary, seal, lines: end.lines, callRows: end.callRows };
}

/** Takes a memory plan. `outside` is made once the run has its id. */
export async function runMemoryPlan(
  budget: Budget,
  requests: readonly MemoryOperation[],
  invocation: string,
  writer: RunWriter,
  outside: (runId: string) => OutsideMemory,
): Promise<Either<RunError, FinishedRun>> {
  return committed<RunError>(undefined, writer, async () => {
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
    const end = await takeMemoryPlan(inputs, identity, requests, outside(identity.runId));
    const written = await output.append('tape.jsonl', end.tape);
    return isLeft(written) ? written : finish(output, memoryPlanEnd(inputs, identity, end), output.digest);
  });
}

export function memoryPlanEnd(inputs: MemoryInputs, identity: RunIdentity, end: MemoryEnd): RunEnd {
  const nothing = { finalState: null, finalEquity: null, finalExposure: null };
  const seal = sealRow(
    { stop: end.stop, steps: 0, decisions: NO_DECISIONS, ...nothing, spent: end.spent, fills: 0, ledgerHead: end.anchor },
    end.tapeHead,
  );
  const summary = {
    runId: identity.runId,
    genesis: identity.genesis,
    inputs,
    error: end.stop,
    steps: 0,
    decisions: NO_DECISIONS,
    ...nothing,
    budgetState: end.spent,
    executions: { rows: 0, head_hash: end.anchor },
    headHash: seal.hash,
    results: end.results,
  };
  return { summary, seal, lines: NO_LINES, callRows: end.callRows };
}

/** All steps of a market in normal form: a plan may ask for any of them. A plan's market fits into a request, so it fits into memory. */
export async function readSteps(
  symbols: readonly string[],
  text: TextReader,
): Promise<Either<EngineError | StoreError, readonly MarketStep[]>> {
  const form = makeMarketForm(symbols);
  const steps: MarketStep[] = [];
  for (;;) {
    const lines = await text.next();
    if (isLeft(lines)) return { _tag: 'Left', left: { _tag: 'MarketUnreadable', error: lines.left } };
    if (lines.right === '') return right(steps);
    for (const line of lines.right.split('\n')) {
      if (line === '') continue;
      const scanned = makeScannedStep(symbols);
      if (!form.scan(line, 0, line.length, scanned)) {
        return { _tag: 'Left', left: { _tag: 'MarketBroken', line: steps.length + 2, message: 'not a line of the normal form' } };
      }
      steps.push({ prices: scanned.prices, time: scanned.timeText === '' ? undefined : (JSON.parse(scanned.timeText) as string) });
    }
  }
}
