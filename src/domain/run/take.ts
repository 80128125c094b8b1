/**
 * The three ways to take a run through its episode: steps of the world, a plan of tool calls, a list of memory operations. Whoever writes a
 * run and whoever verifies it take it in the same way; they differ in the answers of the outside and in where the rows go.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { MemoryOperation } from '../../ports/memory';
import type { CallSource } from '../agent/calls';
import { callOf, requestBytes } from '../agent/memory-tools';
import type { ToolCall } from '../agent/tool';
import { memoryTools, planTools } from '../agent/tools';
import type { Cursor } from '../episode/cursor';
import { type Episode, makeEpisode, type StepsError, type StepsWatch, stepsStop } from '../episode/episode';
import type { DigestedOutput } from '../episode/output';
import { takeCalls } from '../episode/plan';
import type { TextReader } from '../episode/text-reader';
import type { Transitioned, World } from '../episode/world';
import type { SealedRun } from './finish';
import type { EpisodeInputs, MemoryInputs, RunIdentity } from './inputs';
import { MODES, type ModeRow } from './modes';
import { makeReportRows, NO_LINES, type ReportLines, type ReportRows } from './report';
import { summarise } from './summary';

/** A world, and the run in it. */
export interface WorldRun<S, I, P, A, T extends Transitioned<S>> {
  readonly mode: ModeRow;
  readonly inputs: EpisodeInputs & { readonly steps: number };
  readonly identity: RunIdentity;
  readonly world: World<S, I, P, A, T>;
  readonly initial: S;
}

/** The state that a run was to start with cannot be held at the first input: an input like any other that is too large. */
export interface StartOutOfRange {
  readonly _tag: 'StartOutOfRange';
  readonly message: string;
}

/** The episode of a run of steps, from its beginning or from a cursor. */
export interface StepsRun<S, I, T, P, E> {
  readonly episode: Episode<S, P, E>;
  readonly report: ReportRows<I, T>;
}

export function openSteps<S, I, P, A, T extends Transitioned<S>, E>(
  { inputs, identity, world, initial }: WorldRun<S, I, P, A, T>,
  output: DigestedOutput<E>,
  from?: Cursor<S, P>,
): StepsRun<S, I, T, P, E> {
  const report = makeReportRows(world, Math.min(inputs.steps, inputs.budget.max_steps));
  const parts = { inputs, identity, budget: inputs.budget, world: { world, initial, onStep: report.onStep }, output };
  return { episode: makeEpisode(from === undefined ? parts : { ...parts, from }), report };
}

/** Takes steps up to `until`: all that were asked for, unless the clock stopped the run earlier. */
export async function takeSteps<S, I, P, A, T extends Transitioned<S>, E>(
  run: WorldRun<S, I, P, A, T>,
  until: number,
  lines: TextReader,
  output: DigestedOutput<E>,
  watch: StepsWatch,
): Promise<Either<E | StepsError | StartOutOfRange, SealedRun>> {
  const { episode, report } = openSteps(run, output);
  const taken = await episode.advance(until, lines, watch);
  if (isLeft(taken)) return taken;
  const { steps, outOfRange } = episode.cursor();
  if (steps === 0 && outOfRange !== undefined) return left({ _tag: 'StartOutOfRange', message: outOfRange.message });
  // Stopped by the clock before anything was done: there is nothing to seal.
  if (steps === 0) return left({ _tag: 'Interrupted', steps: 0 });
  return sealSteps(run, episode, report.rows());
}

export async function sealSteps<S, I, P, A, T extends Transitioned<S>, E>(
  { mode, inputs, identity, world }: WorldRun<S, I, P, A, T>,
  episode: Episode<S, P, E>,
  lines: ReportLines,
): Promise<Either<E, SealedRun>> {
  const sealed = await episode.seal(stepsStop(episode, inputs.steps));
  if (isLeft(sealed)) return sealed;
  return right({ mode, summary: summarise(inputs, identity, sealed.right, []), report: world.report, lines, callRows: [] });
}

/** Takes a tool plan in a world whose path is held whole: a plan may be about any step of it. */
export async function takeToolPlan<S, I, P, A, T extends Transitioned<S>, E>(
  { mode, inputs, identity, world, initial }: WorldRun<S, I, P, A, T>,
  path: readonly I[],
  plan: readonly ToolCall[],
  calls: CallSource,
  output: DigestedOutput<E>,
): Promise<Either<E | StartOutOfRange, SealedRun>> {
  const beyond = path[0] === undefined ? undefined : world.beyondRangeAt(initial, path[0]);
  if (beyond !== undefined) return left({ _tag: 'StartOutOfRange', message: `step 0: ${beyond[0]?.message ?? ''}` });
  const report = makeReportRows(world, plan.length);
  const episode = makeEpisode({
    inputs,
    identity,
    budget: inputs.budget,
    world: { world, initial, path, onStep: report.onStep },
    tools: planTools(world.actions),
    calls,
    output,
  });
  const taken = await takeCalls(episode, plan);
  const sealed = await episode.seal(taken.stop);
  if (isLeft(sealed)) return sealed;
  const summary = summarise(inputs, identity, sealed.right, taken.results);
  return right({ mode, summary, report: world.report, lines: report.rows(), callRows: taken.rows });
}

/** Takes a memory plan. The whole list is held against the budget first: nothing is sent when it cannot finish. */
export async function takeMemoryPlan<E>(
  inputs: MemoryInputs,
  identity: RunIdentity,
  requests: readonly MemoryOperation[],
  calls: CallSource,
  output: DigestedOutput<E>,
): Promise<Either<E, SealedRun>> {
  const episode = makeEpisode({ inputs, identity, budget: inputs.budget, tools: memoryTools(), calls, output });
  const bytes = requests.reduce((sum, operation) => sum + requestBytes(operation), 0);
  const refused = episode.breaker.preflight({ memory_ops: requests.length, memory_bytes: bytes });
  const taken = await takeCalls(episode, requests.map(callOf), refused ?? null);
  const sealed = await episode.seal(taken.stop);
  if (isLeft(sealed)) return sealed;
  return right({
    mode: MODES['agentcore-memory'],
    summary: summarise(inputs, identity, sealed.right, taken.results),
    report: undefined,
    lines: NO_LINES,
    callRows: taken.rows,
  });
}
