/** `ewm run --world`: the policy of a world file over its inputs, into a run directory. */
import { isLeft } from 'fp-ts/Either';
import { assertNever } from '../../../domain/assert';
import { canonical, type Json } from '../../../domain/canonical/canonical';
import { stopName } from '../../../domain/agent/stop';
import { runWorld, type WorldRunError } from '../../../domain/run/run-world';
import { runJson, type RunSummary } from '../../../domain/run/summary';
import type { WorldInputLines } from '../../../ports/world-inputs';
import { local } from '../../compose';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import {
  fail,
  type Failure,
  inputFailure,
  interruptedFailure,
  invalidFailure,
  stdinTwice,
  storeFailure,
  usageFailure,
} from '../shared/failure';
import type { Io } from '../shared/io';
import { makeProgress } from '../shared/progress';
import { readSigner, signFinished } from '../shared/sign-run';
import { stoppedIn } from '../shared/stopped';
import { counted, shellWord } from '../shared/words';

export interface RunWorldOptions {
  readonly world: string;
  readonly out: string;
  /** The data directory whose stop switch is looked at. */
  readonly data: string;
  /** A private key that signs the run. */
  readonly sign?: string;
  readonly inputs?: string;
  readonly policy?: string;
  readonly params?: string;
  readonly seed?: string;
  readonly steps?: number;
  readonly maxSteps?: number;
  readonly maxFuel?: number;
  readonly maxWorldMemoryBytes?: number;
  readonly maxStateBytes?: number;
  readonly force: boolean;
  readonly json: boolean;
}

export async function runWorldCommand(options: RunWorldOptions, io: Io): Promise<ExitCode> {
  const refuse = (failure: Failure): Promise<ExitCode> => fail(io, options.json, failure);
  const twice = stdinTwice({ '--inputs': options.inputs, '--params': options.params });
  if (twice !== undefined) return refuse(twice);
  if (options.inputs === undefined && options.steps === undefined) {
    return refuse(usageFailure('ewm run --world needs --inputs <file>, or --steps <n> for a world that takes none'));
  }
  const stopped = await stoppedIn(options.data);
  if (stopped !== undefined) return refuse(stopped);
  const signer = options.sign === undefined ? undefined : await readSigner(options.sign);
  if (signer !== undefined && isLeft(signer)) return refuse(signer.left);
  const { worlds } = await import('../../compose-worlds');
  const world = await worlds.readSource(options.world);
  if (isLeft(world)) return refuse(inputFailure(world.left));
  const policy = options.policy === undefined ? undefined : await worlds.readSource(options.policy);
  if (policy !== undefined && isLeft(policy)) return refuse(inputFailure(policy.left));
  const params = options.params === undefined ? undefined : await local.readDocument(options.params, io)();
  if (params !== undefined && isLeft(params)) return refuse(inputFailure(params.left));
  const inputs: WorldInputLines =
    options.inputs === undefined ? worlds.noInputs(options.steps ?? 0) : worlds.openInputs(options.inputs, io);
  const interrupted = io.watchInterrupts();
  const writer = await local.writeRun(options.out, options.force)();
  if (isLeft(writer)) return refuse(storeFailure(writer.left));

  const progress = await makeProgress(io, 'run');
  const outcome = await runWorld(
    {
      world: world.right,
      policy: policy?.right ?? '',
      params: (params?.right.value ?? {}) as Json,
      seed: options.seed ?? null,
      ...(options.steps === undefined ? {} : { steps: options.steps }),
      ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
      limits: {
        ...(options.maxFuel === undefined ? {} : { max_fuel: options.maxFuel }),
        ...(options.maxWorldMemoryBytes === undefined ? {} : { max_world_memory_bytes: options.maxWorldMemoryBytes }),
        ...(options.maxStateBytes === undefined ? {} : { max_state_bytes: options.maxStateBytes }),
      },
    },
    inputs,
    worlds.sandbox(),
    writer.right,
    { onProgress: progress.update, interrupted },
  );
  progress.stop();
  if (isLeft(outcome)) return refuse(worldRunFailure(outcome.left, options));
  const { summary, digests } = outcome.right;
  await io.stdout.write(options.json ? runJson(summary, digests) : renderWorldSummary(summary, options.out));
  const unsigned = await signFinished(options.out, signer?.right, io);
  if (unsigned !== undefined) return fail({ ...io, stdout: io.stderr }, false, unsigned);
  if (summary.error === null) return EXIT.ok;
  await io.stderr.write(`ewm: stopped by ${stopName(summary.error)}: ${summary.error.message}\n`);
  return EXIT.refused;
}

function worldRunFailure(error: WorldRunError, options: RunWorldOptions): Failure {
  switch (error._tag) {
    case 'InvalidRequest':
      switch (error.document) {
        case 'world':
          return invalidFailure(options.world, error.problems);
        case 'policy':
          return invalidFailure(options.policy ?? '--policy', error.problems);
        case 'params':
          return invalidFailure(options.params ?? '--params', error.problems);
        case 'steps':
          return invalidFailure('--steps', error.problems);
        case 'limits':
          return invalidFailure('', error.problems);
        default:
          return assertNever(error.document);
      }
    case 'MarketUnreadable':
      return error.error._tag === 'Store'
        ? storeFailure(error.error.error)
        : invalidFailure(`${options.out}/inputs.jsonl`, [{ pointer: '', ...error.error.error }]);
    case 'MarketBroken':
      return invalidFailure(`${options.out}/inputs.jsonl`, [{ pointer: '', line: error.line, message: error.message }]);
    case 'Interrupted':
      return interruptedFailure(error.steps, options.out);
    default:
      return inputFailure(error);
  }
}

const TOTAL_CHARS = 100;

export function renderWorldSummary(summary: RunSummary, directory: string): string {
  const { decisions, final } = summary;
  const shown = (value: Json): string => {
    const text = typeof value === 'string' ? value : canonical(value);
    return text.length > TOTAL_CHARS ? `${text.slice(0, TOTAL_CHARS)}…` : text;
  };
  const lines = [
    `run ${summary.runId}: ${counted(summary.steps, 'step')}, ${summary.error === null ? 'finished' : `stopped by ${stopName(summary.error)}`}`,
    `  decisions  ${String(decisions.APPROVED)} approved, ${String(decisions.REJECTED)} rejected, ${String(decisions.HOLD)} hold; ` +
      counted(summary.executions.rows, 'action'),
    ...(final['final_score'] === undefined ? [] : [`  score      ${shown(final['final_score'])}`]),
    ...(final['final_totals'] === undefined || final['final_totals'] === null ? [] : [`  totals     ${shown(final['final_totals'])}`]),
    `  head hash  ${summary.headHash}`,
    `  next       ewm verify ${shellWord(directory)}`,
    `             ewm show ${shellWord(directory)}`,
  ];
  return `${lines.join('\n')}\n`;
}
