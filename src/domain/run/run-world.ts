/**
 * The use case that writes a run in a world file: its documents in normal form, the steps of its policy over its inputs, and a directory that
 * proves itself. docs/spec.md section 14. A crash between two writes leaves no `run.json` and no file under its final name; see the port.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { MarketInputError } from '../../ports/market-input';
import type { RunWriter, StoreError } from '../../ports/run-files';
import type { Sandbox } from '../../ports/sandbox';
import type { WorldInputLines } from '../../ports/world-inputs';
import { type Budget, DEFAULT_BUDGET } from '../budget/budget';
import { canonical } from '../canonical/canonical';
import type { Problem } from '../codec/problem';
import type { StepsError, StepsWatch } from '../episode/episode';
import { appendAll, digested, type DigestedOutput } from '../episode/output';
import { makeTextReader } from '../episode/text-reader';
import { sha256Hex } from '../hash';
import { SPEC_VERSION } from '../limits';
import { countNewlines } from '../market/line-splitter';
import { type EngineLimiter, worldLimits } from '../world/file/budget';
import { engineSha256 } from '../world/file/definition';
import { committed } from './committed';
import { withCursor } from './cursors';
import { finish, type FinishedRun } from './finish';
import { type FileWorldInputs, identify } from './inputs';
import { MODES } from './modes';
import { stepsMistake } from './prepare';
import { takeSteps } from './take';
import { openWorld, type WorldDocuments } from './world-evidence';

export interface WorldRunRequest extends WorldDocuments {
  /** Steps to take; as many as there are inputs when absent. */
  readonly steps?: number;
  readonly maxSteps?: number;
  /** What its engine may take, where it is not the default. */
  readonly limits: Partial<Pick<Budget, EngineLimiter>>;
}

export interface InvalidWorldRequest {
  readonly _tag: 'InvalidRequest';
  readonly document: 'world' | 'policy' | 'params' | 'steps' | 'limits';
  readonly problems: readonly Problem[];
}

export type WorldRunError = MarketInputError | StoreError | StepsError | InvalidWorldRequest;

export function runWorld(
  request: WorldRunRequest,
  inputs: WorldInputLines,
  sandbox: Sandbox,
  writer: RunWriter,
  watch: StepsWatch = {},
): Promise<Either<WorldRunError, FinishedRun>> {
  return committed<WorldRunError>(inputs, writer, async () => {
    const output = digested(writer);
    const limits = worldLimits(request.limits);
    if (isLeft(limits))
      return invalid(
        'limits',
        limits.left.map(({ limiter, message }) => ({ pointer: '', message: `${limiter}: ${message}` })),
      );
    const opened = openWorld(sandbox, request, limits.right);
    if (isLeft(opened)) return invalid(opened.left.document, opened.left.problems);

    const params = `${canonical(request.params)}\n`;
    const written = await appendAll(output, [
      ['world.js', request.world],
      ['policy.js', request.policy],
      ['params.json', params],
    ]);
    if (isLeft(written)) return written;
    const lines = await writeInputs(inputs, output, watch);
    if (isLeft(lines)) return lines;
    const steps = request.steps ?? lines.right;
    const mistake = stepsMistake(steps, request.maxSteps ?? steps, lines.right, 'there are inputs for');
    if (mistake !== undefined) return invalid('steps', [{ pointer: '', message: mistake }]);

    const { world, initial } = opened.right;
    const named: FileWorldInputs = {
      spec_version: SPEC_VERSION,
      mode: 'world',
      world_sha256: sha256Hex(request.world),
      engine_sha256: engineSha256(sandbox),
      policy_sha256: sha256Hex(request.policy),
      params_sha256: sha256Hex(params),
      inputs_sha256: output.digest('inputs.jsonl'),
      seed: request.seed,
      initial_state: initial.value,
      steps,
      budget: { ...DEFAULT_BUDGET, max_steps: Math.min(steps, request.maxSteps ?? steps), ...request.limits },
      invocation: null,
    };
    const run = { mode: MODES.world, inputs: named, identity: identify(named), world, initial };
    const end = await withCursor(writer.readBack('inputs.jsonl', 0), (cursor) =>
      takeSteps(run, steps, makeTextReader(cursor), output, watch),
    );
    if (!isLeft(end)) return finish(output, end.right, output.digest);
    return end.left._tag === 'StartOutOfRange' ? invalid('params', [{ pointer: '', message: end.left.message }]) : left(end.left);
  });
}

function invalid(document: InvalidWorldRequest['document'], problems: readonly Problem[]): Either<InvalidWorldRequest, never> {
  return left({ _tag: 'InvalidRequest', document, problems });
}

/** Copies the normal form of the inputs; answers how many there are. */
async function writeInputs(
  inputs: WorldInputLines,
  output: DigestedOutput<StoreError>,
  watch: StepsWatch,
): Promise<Either<MarketInputError | StoreError | StepsError, number>> {
  let lines = 0;
  for (;;) {
    if (watch.interrupted?.() === true) return left({ _tag: 'Interrupted', steps: 0 });
    const text = await inputs.read()();
    if (isLeft(text)) return text;
    if (text.right === '') return right(lines);
    const appended = await output.append('inputs.jsonl', text.right);
    if (isLeft(appended)) return appended;
    lines += countNewlines(text.right);
  }
}
