/** `ewm sweep check`: every mistake of a spec before anything is run, and how much there is to run. */
import { isLeft } from 'fp-ts/Either';
import { canonical } from '../../../domain/canonical/canonical';
import { prepareCell } from '../../../domain/sweep/cell';
import { makeCellMarket, type MarketBytes } from '../../../domain/sweep/market';
import type { SweepPlan } from '../../../domain/sweep/plan';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, invalidFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { counted } from '../shared/words';
import { readSweep } from './sweep-input';

export interface SweepCheckOptions {
  readonly market?: string;
  readonly json: boolean;
}

/** Cells whose documents are decoded: each point once. */
const CHECKED_MAX = 10_000;
const PROBLEMS_MAX = 20;

export async function sweepCheckCommand(file: string, options: SweepCheckOptions, io: Io): Promise<ExitCode> {
  const input = await readSweep(file, options.market, io);
  if (isLeft(input)) return fail(io, options.json, input.left);
  const { plan, market } = input.right;
  const wrong = checkPoints(file, plan, market);
  if (wrong !== undefined) return fail(io, options.json, wrong);
  await io.stdout.write(options.json ? `${JSON.stringify(checkJson(plan))}\n` : `${file}: ${checkText(plan)}\n`);
  return EXIT.ok;
}

/** Mistakes of the points, each decoded once. */
export function checkPoints(file: string, plan: SweepPlan, market: MarketBytes): Failure | undefined {
  const cellMarket = makeCellMarket(market);
  const problems: { readonly pointer: string; readonly message: string }[] = [];
  const parts = plan.windows.length === 1 ? 1 : 2;
  for (let point = 0; point < Math.min(plan.grid.points, CHECKED_MAX) && problems.length < PROBLEMS_MAX; point += 1) {
    const cell = plan.cellAt(point * parts);
    const prepared = prepareCell(cell, cellMarket);
    if (!isLeft(prepared)) continue;
    for (const { pointer, message } of prepared.left)
      problems.push({
        pointer: '/axes',
        message: `at ${canonical(cell.point)}: ${pointer}: ${message}; a constraint leaves such points out`,
      });
  }
  return problems.length > 0 ? invalidFailure(file, problems) : undefined;
}

function checkText({ spec, grid, windows, cells, granted, steps }: SweepPlan): string {
  const budget = granted === cells ? '' : `; max_steps of its budget grants ${String(granted)} of them`;
  return (
    `${spec.name} is legal: ${counted(grid.points, 'point')} of ${grid.axes.join(', ')} over ${counted(windows.length, 'window')}, ` +
    `${counted(cells, 'cell')}, ${counted(steps, 'step')}${budget}`
  );
}

function checkJson({ sweepId, spec, grid, windows, cells, granted, steps }: SweepPlan): object {
  return { ok: true, name: spec.name, sweep_id: sweepId, points: grid.points, windows: windows.length, cells, granted, steps };
}
