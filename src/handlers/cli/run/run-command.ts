/** `ewm run`: a strategy over a market, into a run directory. */
import { isLeft } from 'fp-ts/Either';
import type { Problem } from '../../../domain/codec/problem';
import { isRecord } from '../../../domain/codec/codec';
import { type Decimal, divHalfEven, exactDecimal, formatDecimal } from '../../../domain/decimal/decimal';
import type { RunRequest } from '../../../domain/run/prepare';
import { run } from '../../../domain/run/run';
import { stopName } from '../../../domain/agent/stop';
import { initialStateOf, runJson, type RunSummary } from '../../../domain/run/summary';
import { type RefusalCount, refusalText } from '../../../domain/report/refusals';
import type { StoreError } from '../../../ports/run-files';
import { decodeStrategy } from '../../../domain/world/market/strategy';
import { fillNote, strategyNotes } from '../../../domain/world/market/strategy-notes';
import { local } from '../../compose';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, inputFailure, runFailure, stdinTwice, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { makeProgress } from '../shared/progress';
import { stoppedIn } from '../shared/stopped';
import { writeLines } from '../shared/write-lines';
import { readSigner, signFinished } from '../shared/sign-run';
import { counted, shellWord } from '../shared/words';

export interface RunOptions {
  readonly market: string;
  readonly strategy: string;
  readonly policy?: string;
  readonly cash?: string;
  readonly steps?: number;
  readonly maxSteps?: number;
  readonly out: string;
  /** The data directory whose stop switch is looked at. */
  readonly data: string;
  /** A private key that signs the run. */
  readonly sign?: string;
  readonly force: boolean;
  readonly json: boolean;
}

const NO_POLICY = { value: {}, problemsAt: (problems: readonly Problem[]): readonly Problem[] => problems };

export async function runCommand(options: RunOptions, io: Io): Promise<ExitCode> {
  const twice = stdinTwice({ '--market': options.market, '--strategy': options.strategy, '--policy': options.policy });
  if (twice !== undefined) return fail(io, options.json, twice);
  const stopped = await stoppedIn(options.data);
  if (stopped !== undefined) return fail(io, options.json, stopped);
  const signer = options.sign === undefined ? undefined : await readSigner(options.sign);
  if (signer !== undefined && isLeft(signer)) return fail(io, options.json, signer.left);
  const strategy = await local.readDocument(options.strategy, io)();
  if (isLeft(strategy)) return fail(io, options.json, inputFailure(strategy.left));
  const policy = options.policy === undefined ? undefined : await local.readDocument(options.policy, io)();
  if (policy !== undefined && isLeft(policy)) return fail(io, options.json, inputFailure(policy.left));
  const documents = { strategy: strategy.right, policy: policy?.right ?? NO_POLICY };
  const interrupted = io.watchInterrupts();
  const writer = await local.writeRun(options.out, options.force)();
  if (isLeft(writer)) return fail(io, options.json, takenOr(writer.left));

  const request: RunRequest = {
    strategy: documents.strategy.value,
    policy: documents.policy.value,
    initialState: options.cash === undefined ? {} : { cash: options.cash },
    ...(options.steps === undefined ? {} : { steps: options.steps }),
    ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
  };
  const progress = await makeProgress(io, 'run');
  const outcome = await run(request, local.openMarket(options.market, io), writer.right, {
    onProgress: progress.update,
    interrupted,
  });
  progress.stop();
  if (isLeft(outcome)) {
    const failure = runFailure(outcome.left, {
      market: options.market,
      strategy: options.strategy,
      policy: options.policy ?? 'policy',
      out: options.out,
      locate: (document, problems) => documents[document].problemsAt(problems),
    });
    return fail(io, options.json, failure);
  }
  const { summary, digests, refusals } = outcome.right;
  const followed = decodeStrategy(documents.strategy.value);
  if (!isLeft(followed)) {
    const whole = options.steps === undefined && summary.error === null;
    await writeLines(strategyNotes(followed.right, { steps: summary.steps, name: whole ? 'the market' : 'the run' }), io);
  }
  const filled = isLeft(followed) ? '' : fillNote(followed.right);
  await io.stdout.write(options.json ? runJson(summary, digests) : renderSummary(summary, options.out, refusals, filled));
  const unsigned = await signFinished(options.out, signer?.right, io);
  if (unsigned !== undefined) return fail({ ...io, stdout: io.stderr }, false, unsigned);
  if (summary.error === null) return EXIT.ok;
  const remedy = summary.error.code === 'budget_exceeded' ? '; with a higher --max-steps it is a new run: another --out, or --force' : '';
  await io.stderr.write(`ewm: stopped by ${stopName(summary.error)}: ${summary.error.message}${remedy}\n`);
  return EXIT.refused;
}

/** A run is a whole: it is not gone on with, also where a limit stopped it and the limit was raised. */
function takenOr(error: StoreError): Failure {
  const failure = storeFailure(error);
  if (error._tag !== 'AlreadyExists') return failure;
  const advice =
    'a run is not continued: write the new one elsewhere with --out, or --force replaces it; what is to go on later is a session';
  return { ...failure, messages: [`${error.path}: ${error.reason}; ${advice}`] };
}

export function renderSummary(summary: RunSummary, directory: string, refusals: readonly RefusalCount[], filled: string): string {
  const { decisions } = summary;
  const initial = initialStateOf(summary.inputs);
  const cash = exactDecimal(isRecord(initial) && typeof initial['cash'] === 'string' ? initial['cash'] : '0');
  const equity = totalOf(summary, 'final_equity');
  const lines = [
    `run ${summary.runId}: ${counted(summary.steps, 'step')}, ${summary.error === null ? 'finished' : `stopped by ${stopName(summary.error)}`}`,
    `  decisions  ${String(decisions.APPROVED)} approved, ${String(decisions.REJECTED)} rejected, ${String(decisions.HOLD)} hold; ` +
      counted(summary.executions.rows, 'fill'),
    `  equity     ${formatDecimal(cash)} -> ${equity}${returnText(cash, exactDecimal(equity))}`,
    `  exposure   ${totalOf(summary, 'final_exposure')}`,
    ...(summary.executions.rows === 0 ? [] : [`  filled     ${filled}`]),
    `  head hash  ${summary.headHash}`,
    ...refusals.map((count, index) => `  ${index === 0 ? 'rejected ' : '         '}  ${refusalText(count)}`),
    `  next       ewm verify ${shellWord(directory)}`,
    `             ewm replay tape --tape ${shellWord(`${directory}/tape.jsonl`)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function totalOf({ final }: RunSummary, name: string): string {
  const total = final[name];
  return typeof total === 'string' ? total : '0';
}

/** ` (+3.17 %)`; display only, to two digits. */
function returnText(from: Decimal, to: Decimal): string {
  if (from === 0n) return '';
  const hundredths = divHalfEven((to - from) * 10_000n, from);
  const magnitude = hundredths < 0n ? -hundredths : hundredths;
  return ` (${hundredths < 0n ? '-' : '+'}${String(magnitude / 100n)}.${String(magnitude % 100n).padStart(2, '0')} %)`;
}
