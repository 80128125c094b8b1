/** Whether the comparison in a page follows from the two tapes in it. Invariant: made again with the code that made it, from the rows alone. */
import { canonical, type Json } from '../../../../domain/canonical/canonical';
import type { RunDiff } from '../../../../domain/report/page-data';
import { makeComparer, runEnd } from '../../../../domain/report/run-comparison';
import type { Check } from './check';
import { entriesOf, type RunModel } from '../shared/run-model';

/** Nothing where rows of a run are left out: then `ewm diff` has to be asked. */
export function comparisonCheck(diff: RunDiff, a: RunModel, b: RunModel): Check | undefined {
  if (a.page.sample !== null || b.page.sample !== null) return undefined;
  const comparer = makeComparer();
  const rowsB = new Map(entriesOf(b).map(({ point, row }) => [point.step, row]));
  const rowsA = new Map(entriesOf(a).map(({ point, row }) => [point.step, row]));
  const steps = [...new Set([...rowsA.keys(), ...rowsB.keys()])].sort((x, y) => x - y);
  for (const step of steps) comparer.steps(rowsA.get(step), rowsB.get(step));
  const final = { a: a.seal === undefined ? null : runEnd(a.seal), b: b.seal === undefined ? null : runEnd(b.seal) };
  const { diff: found } = comparer.result([], final, { a: [], b: [] });
  const wrong = (['divergence', 'decisions', 'final'] as const).find((part) => text(found[part]) !== text(diff[part]));
  return {
    what: 'where the two runs part, which decisions changed and how both ended follow from the two tapes',
    fault: wrong === undefined ? undefined : `${wrong} of the comparison is not what the two tapes come to`,
  };
}

function text(value: RunDiff['divergence'] | RunDiff['decisions'] | RunDiff['final']): string {
  return canonical(JSON.parse(JSON.stringify(value)) as Json);
}
