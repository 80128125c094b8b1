/** The windows of the market that a sweep runs over: all of it, a part, or pairs of in-sample and out-of-sample windows that walk forward. */
import { type Either, left, right } from 'fp-ts/Either';
import type { Problem } from '../codec/problem';
import type { SweepWindows } from './spec';

export type WindowPart = 'whole' | 'in' | 'out';

/** Steps `[from, until)` of the market. */
export interface Window {
  /** Which pair it belongs to, from 0. */
  readonly pair: number;
  readonly part: WindowPart;
  readonly from: number;
  readonly until: number;
}

/** In order; an out-of-sample window comes right behind its in-sample window. */
export function windowsOf(windows: SweepWindows | undefined, marketSteps: number): Either<readonly Problem[], readonly Window[]> {
  if (windows === undefined) return right([{ pair: 0, part: 'whole', from: 0, until: marketSteps }]);
  if ('from' in windows) {
    const until = windows.from + windows.steps;
    return until > marketSteps
      ? left([{ pointer: '/windows', message: `ends before step ${String(until)}, the market has ${String(marketSteps)} steps` }])
      : right([{ pair: 0, part: 'whole', from: windows.from, until }]);
  }
  const { in_sample: inSteps, out_of_sample: outSteps, step = outSteps, anchored } = windows;
  const list: Window[] = [];
  for (let pair = 0; pair * step + inSteps + outSteps <= marketSteps; pair += 1) {
    const split = pair * step + inSteps;
    list.push({ pair, part: 'in', from: anchored ? 0 : pair * step, until: split });
    list.push({ pair, part: 'out', from: split, until: split + outSteps });
  }
  return list.length > 0
    ? right(list)
    : left([{ pointer: '/windows', message: `one pair takes ${String(inSteps + outSteps)} steps, the market has ${String(marketSteps)}` }]);
}
