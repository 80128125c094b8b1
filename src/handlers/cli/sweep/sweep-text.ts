/** What a sweep came to, for a terminal. */
import { isRecord } from '../../../domain/codec/codec';
import { parseJson } from '../../../domain/codec/parse';
import { printable } from '../../../domain/codec/printable';
import { canonical } from '../../../domain/canonical/canonical';
import { formatDecimal } from '../../../domain/decimal/decimal';
import type { SweepPlan } from '../../../domain/sweep/plan';
import type { CellRow, SweepSummary } from '../../../domain/sweep/summary';
import { counted, shellWord } from '../shared/words';

export function sweepText(out: string, plan: SweepPlan, { kept, json, merkleRoot }: SweepSummary): string {
  const { spec, grid, windows, granted, cells, stepsGranted } = plan;
  const summary = parseJson(json);
  const selections = isRecord(summary) && Array.isArray(summary['selections']) ? (summary['selections'] as readonly unknown[]) : [];
  const lines = [
    `sweep ${plan.sweepId}: ${counted(granted, 'cell')}${granted === cells ? '' : ` of ${String(cells)}: the budget of the sweep grants no more`}`,
    `  points     ${String(grid.points)} of ${grid.axes.join(', ')}; ${counted(windows.length, 'window')}; ${counted(stepsGranted, 'step')}`,
    `  objective  ${spec.objective.prefer} ${spec.objective.figure}`,
    ...kept.map((row, rank) => `  ${`best ${String(rank + 1)}`.padEnd(10)} ${rowText(row)}`),
    ...selections.flatMap((selection) => (isRecord(selection) ? selectionLines(selection, selections.length > 1) : [])),
    `  merkle root ${merkleRoot}`,
    `  next       ewm verify ${shellWord(out)}`,
    `             open ${shellWord(`${out}/report.html`)} in a browser`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function rowText({ cell, point, value, runId }: CellRow): string {
  return `${value === undefined ? '-' : formatDecimal(value)}  cell ${String(cell)} ${canonical(point)}  run ${runId}`;
}

function selectionLines(selection: Readonly<Record<string, unknown>>, many: boolean): readonly string[] {
  const { windows, best, out_of_sample: out, deflated_sharpe: deflated, trials } = selection;
  const value = (row: unknown): string => (isRecord(row) && typeof row['value'] === 'string' ? row['value'] : '-');
  const [first] = Array.isArray(windows) ? (windows as readonly unknown[]) : [];
  const at = isRecord(first) ? `steps ${String(first['from'])} to ${String(first['until'])}: ` : '';
  const forward = many || isRecord(out) ? [`  window     ${at}in sample ${value(best)}, out of sample ${value(out)}`] : [];
  const chance = isRecord(deflated)
    ? [`  deflated   Sharpe of the best is above luck with probability ${String(deflated['probability'])}, of ${String(trials)} trials`]
    : [];
  return [...forward, ...chance];
}
