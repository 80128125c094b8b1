/**
 * The figures of a run in a world file, from the rows of its tape and nothing else: no code of a world runs where a run is shown. Totals are what
 * the world itself sums up at each step; those that are amounts can be drawn. Memory does not grow with the rows.
 */
import { isRecord } from '../codec/codec';
import type { Decimal } from '../decimal/decimal';
import type { Row } from '../tape/chain';
import { makeRefusals, type Refusals } from './refusals';
import { amountOf, defaultCharts, makeLineReader, timeOf, type WorldChart } from './world-charts';

export interface WorldFigures {
  readonly steps: number;
  readonly decisions: { readonly APPROVED: number; readonly REJECTED: number; readonly HOLD: number };
  readonly refusals: ReturnType<Refusals['counts']>;
  /** That were applied. */
  readonly actions: number;
  readonly fuel: number;
  readonly fuelMost: { readonly fuel: number; readonly step: number } | undefined;
  /** Of the last step that was not refused. */
  readonly totals: Readonly<Record<string, unknown>> | undefined;
  readonly score: unknown;
}

export interface WorldPoint {
  readonly step: number;
  readonly decision: string;
  readonly time: string | undefined;
  /** Totals that are amounts, by name; none where the step was refused. */
  readonly amounts: ReadonlyMap<string, Decimal>;
  /** Of the lines drawn, in turn; nothing where the row has no amount there. */
  readonly values: readonly (Decimal | undefined)[];
}

export interface WorldFigureReader {
  /** The point of a step of a world file; nothing for any other row. */
  readonly next: (row: Row) => WorldPoint | undefined;
  readonly figures: () => WorldFigures;
  /** What is drawn: the charts given, or those that the rows so far suggest. */
  readonly charts: () => readonly WorldChart[];
}

export function isWorldTape(opening: Row | undefined): boolean {
  const inputs = opening?.['inputs'];
  return isRecord(inputs) && inputs['mode'] === 'world';
}

/** `charts`: none where the world describes none. */
export function makeWorldFigures(charts: readonly WorldChart[] = []): WorldFigureReader {
  const decisions: Record<'APPROVED' | 'REJECTED' | 'HOLD', number> = { APPROVED: 0, REJECTED: 0, HOLD: 0 };
  const refusals = makeRefusals();
  let [steps, actions, fuel] = [0, 0, 0];
  let fuelMost: WorldFigures['fuelMost'];
  let totals: WorldFigures['totals'];
  let score: unknown;
  let drawn = charts;
  let valuesOf = makeLineReader(drawn);
  return {
    next: (row) => {
      const { type, step_index: step, decision, fuel: taken, totals: given } = row;
      if (type !== 'step' || typeof step !== 'number' || typeof decision !== 'string' || typeof taken !== 'number') return undefined;
      steps += 1;
      refusals.addRow(row);
      if (decision === 'APPROVED' || decision === 'REJECTED' || decision === 'HOLD') decisions[decision] += 1;
      if (decision === 'APPROVED' && Array.isArray(row['actions'])) actions += row['actions'].length;
      fuel += taken;
      if (fuelMost === undefined || taken > fuelMost.fuel) fuelMost = { fuel: taken, step };
      if (isRecord(given)) totals = given;
      if (row['score'] !== undefined) score = row['score'];
      if (drawn.length === 0) {
        drawn = defaultCharts(row) ?? drawn;
        valuesOf = makeLineReader(drawn);
      }
      return { step, decision, time: timeOf(row), amounts: amountsOf(given), values: valuesOf(row) };
    },
    figures: () => ({ steps, decisions: { ...decisions }, refusals: refusals.counts(), actions, fuel, fuelMost, totals, score }),
    charts: () => drawn,
  };
}

function amountsOf(totals: unknown): ReadonlyMap<string, Decimal> {
  const amounts = new Map<string, Decimal>();
  if (!isRecord(totals)) return amounts;
  for (const [name, value] of Object.entries(totals)) {
    const amount = amountOf(value);
    if (amount !== undefined) amounts.set(name, amount);
  }
  return amounts;
}
