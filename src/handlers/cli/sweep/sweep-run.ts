/** `ewm sweep`: every cell of a spec, into a directory that proves itself; goes on where an earlier one was stopped. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { join } from 'node:path';
import { isRecord } from '../../../domain/codec/codec';
import { parseJson } from '../../../domain/codec/parse';
import { formatDecimal } from '../../../domain/decimal/decimal';
import type { CellProblem } from '../../../domain/sweep/batch';
import type { MarketBytes } from '../../../domain/sweep/market';
import type { SweepPlan } from '../../../domain/sweep/plan';
import { type CellRow, makeSummary } from '../../../domain/sweep/summary';
import { local } from '../../compose';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { makeProgress } from '../shared/progress';
import { counted, shellWord } from '../shared/words';
import { startCells, takeInOrder } from './cells';
import { type AllRows, finishSweep, resumeRows, writeMarket } from './sweep-finish';
import { readSweep } from './sweep-input';

export interface SweepOptions {
  readonly spec: string;
  readonly out: string;
  readonly market?: string;
  readonly jobs: number;
  readonly force: boolean;
  readonly json: boolean;
}

export async function sweepCommand(options: SweepOptions, io: Io): Promise<ExitCode> {
  const interrupted = io.watchInterrupts();
  const input = await readSweep(options.spec, options.market, io);
  if (isLeft(input)) return fail(io, options.json, input.left);
  const { plan, market } = input.right;
  const there = await whatIsThere(options, plan);
  if (isLeft(there)) return fail(io, options.json, there.left);
  if (there.right === 'finished') {
    await io.stderr.write(`ewm: ${options.out} holds this very sweep, finished; ewm verify ${shellWord(options.out)} proves it\n`);
    return EXIT.ok;
  }

  const taken = await takeCells(options, plan, market, io, interrupted);
  return isLeft(taken) ? fail(io, options.json, taken.left) : finishSweep(options, plan, market, taken.right, io);
}

export async function whatIsThere(
  { out, force }: Pick<SweepOptions, 'out' | 'force'>,
  { sweepId }: SweepPlan,
): Promise<Either<Failure, 'finished' | 'open'>> {
  const path = join(out, local.sweep.SWEEP_FILE);
  const exists = await local.sweep.exists(path)();
  if (isLeft(exists)) return left(storeFailure(exists.left));
  if (!exists.right || force) return right('open');
  const held = parseJson(new TextDecoder().decode(await local.readFile(path)));
  if (isRecord(held) && held['sweep_id'] === sweepId) return right('finished');
  const messages = [`${out}: holds another sweep; write this one elsewhere with --out, or --force replaces it`];
  return left({ exit: EXIT.cannotWrite, code: 'already_exists', messages });
}

/** All rows; those of an earlier, stopped attempt are taken as they are. */
async function takeCells(
  { out, jobs }: SweepOptions,
  plan: SweepPlan,
  market: MarketBytes,
  io: Io,
  interrupted: () => boolean,
): Promise<Either<Failure, AllRows>> {
  const summary = makeSummary(plan);
  const before = await resumeRows(out, plan, summary);
  if (isLeft(before)) return before;
  const writer = await local.sweep.open(out, plan.sweepId, before.right)();
  if (isLeft(writer)) return left(storeFailure(writer.left));
  if (summary.rows() > 0) await io.stderr.write(`ewm: goes on behind ${counted(summary.rows(), 'cell')} that are there\n`);
  const held = await writeMarket(out, market);
  if (isLeft(held)) return held;

  const progress = await makeProgress(io, 'sweep', 'cells');
  const cells = await startCells(plan, market, jobs);
  let failure: Failure | undefined;
  const problem = await takeInOrder(cells, plan, summary.rows(), jobs, async (rows) => {
    for (const row of rows) summary.next(row);
    const appended = await writer.right.append(rows)();
    if (isLeft(appended)) failure = storeFailure(appended.left);
    progress.update(summary.rows(), plan.granted, bestText(plan, summary.best()));
    return failure === undefined && !interrupted();
  });
  await cells.close();
  progress.stop();
  const stopped = failure ?? (problem === undefined ? interruption(summary.rows(), plan) : problemFailure(problem));
  if (stopped === undefined) return right({ summary: summary.summary(), writer: writer.right });
  await writer.right.close()();
  return left(stopped);
}

function bestText({ spec }: SweepPlan, best: CellRow | undefined): string {
  return best?.value === undefined ? '' : ` | best ${spec.objective.figure} ${formatDecimal(best.value)}`;
}

function interruption(rows: number, { granted }: SweepPlan): Failure | undefined {
  if (rows === granted) return undefined;
  const message = `interrupted after ${String(rows)} of ${String(granted)} cells; the same command goes on from there`;
  return { exit: EXIT.interrupted, code: 'interrupted', messages: [message] };
}

function problemFailure({ cell, point, problems }: CellProblem): Failure {
  const messages = problems.map(({ pointer, message }) => `cell ${String(cell)}, ${point}: ${pointer}: ${message}`);
  return {
    exit: EXIT.badInput,
    code: 'invalid_input',
    messages: [...messages, 'a constraint leaves such points out: "short < long"'],
    problems,
  };
}
