/**
 * What a sweep comes to: the content of `sweep.json`, made from the rows of its cells and nothing else, one at a time. Invariant: the same rows
 * give the same bytes, so whoever has the rows can hold the file against them.
 */
import { isLeft } from 'fp-ts/Either';
import { canonical, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { type Decimal, decimalFromText, divHalfEven, formatDecimal } from '../decimal/decimal';
import { makeDigest } from '../hash';
import type { Moments } from '../report/returns';
import { makeTrials, type Trials } from './deflated-sharpe';
import { makeMerkleTree } from './merkle';
import { identity, type SweepPlan } from './plan';

/** What is read of a row. */
export interface CellRow {
  readonly cell: number;
  readonly point: Json;
  readonly pair: number;
  readonly part: string;
  readonly runId: string;
  readonly headHash: string;
  /** The figure that is looked for; nothing where the run does not have it. */
  readonly value: Decimal | undefined;
  readonly moments: Moments | undefined;
  readonly ok: boolean;
}

/** Nothing where the line is no row. */
export function readCellRow(line: string, figure: string): CellRow | undefined {
  const row = parseJson(line);
  if (!isRecord(row) || !isRecord(row['window']) || !isRecord(row['figures'])) return undefined;
  const { cell, point, window, run_id: runId, head_hash: headHash, figures, moments } = row;
  const { pair, part } = window;
  if (typeof cell !== 'number' || typeof pair !== 'number' || typeof part !== 'string') return undefined;
  if (typeof runId !== 'string' || typeof headHash !== 'string') return undefined;
  return {
    cell,
    point: point as Json,
    pair,
    part,
    runId,
    headHash,
    value: decimalIn(figures[figure]),
    moments: momentsIn(moments),
    ok: row['ok'] === true,
  };
}

function momentsIn(value: unknown): Moments | undefined {
  if (!isRecord(value) || typeof value['returns'] !== 'number') return undefined;
  const [sharpe, skewness, kurtosis] = [decimalIn(value['sharpe']), decimalIn(value['skewness']), decimalIn(value['kurtosis'])];
  if (sharpe === undefined || skewness === undefined || kurtosis === undefined) return undefined;
  return { count: value['returns'], sharpe, skewness, kurtosis };
}

function decimalIn(value: unknown): Decimal | undefined {
  const decimal = typeof value === 'string' ? decimalFromText(value) : undefined;
  return decimal === undefined || isLeft(decimal) ? undefined : decimal.right;
}

/** The choice in one window, or in one pair of windows. */
interface Selection {
  readonly pair: number;
  readonly trials: Trials;
  cells: number;
  best: CellRow | undefined;
  /** The same point out of sample. */
  out: CellRow | undefined;
}

export interface SweepSummary {
  /** The cells to keep whole, the best first. */
  readonly kept: readonly CellRow[];
  /** `sweep.json`, its newline included. */
  readonly json: string;
  readonly merkleRoot: string;
}

export interface SummaryReader {
  /** The next row, in the order of the cells. False where it is no row, or not the next one. */
  readonly next: (line: string) => boolean;
  readonly rows: () => number;
  /** The best so far of those that are chosen from. */
  readonly best: () => CellRow | undefined;
  readonly summary: () => SweepSummary;
}

export function makeSummary(plan: SweepPlan): SummaryReader {
  const { objective, keep } = plan.spec;
  const tree = makeMerkleTree();
  const digest = makeDigest();
  const encoder = new TextEncoder();
  const selections: Selection[] = [];
  const kept: CellRow[] = [];
  let [rows, failed] = [0, 0];

  /** Better first; what has no value comes last, and of equals the first cell. */
  function compare(a: CellRow, b: CellRow): number {
    if (a.value === undefined || b.value === undefined)
      return (a.value === undefined ? 1 : 0) - (b.value === undefined ? 1 : 0) || a.cell - b.cell;
    const difference = objective.prefer === 'more' ? b.value - a.value : a.value - b.value;
    return difference === 0n ? a.cell - b.cell : difference < 0n ? -1 : 1;
  }

  function take(row: CellRow): void {
    let selection = selections.at(-1);
    if (selection?.pair !== row.pair) {
      selection = { pair: row.pair, trials: makeTrials(), cells: 0, best: undefined, out: undefined };
      selections.push(selection);
    }
    if (row.part === 'out') {
      if (selection.best !== undefined && row.cell === selection.best.cell + 1) selection.out = row;
      return;
    }
    selection.cells += 1;
    if (row.moments !== undefined) selection.trials.add(row.moments.sharpe);
    if (row.value !== undefined && (selection.best === undefined || compare(row, selection.best) < 0)) {
      selection.best = row;
      selection.out = undefined;
    }
    if (keep === 0 || row.value === undefined) return;
    kept.push(row);
    kept.sort(compare);
    if (kept.length > keep) kept.pop();
  }

  return {
    next: (line) => {
      const row = readCellRow(line, objective.figure);
      if (row?.cell !== rows) return false;
      rows += 1;
      const bytes = encoder.encode(line);
      tree.add(bytes);
      digest.update(bytes);
      digest.update(NEWLINE);
      if (!row.ok) failed += 1;
      take(row);
      return true;
    },
    rows: () => rows,
    best: () => kept[0] ?? selections.at(-1)?.best,
    summary: () => {
      const merkleRoot = tree.root();
      const { cells, granted, steps, stepsGranted, sweepId, grid, market } = plan;
      const json = canonical({
        ...identity(plan.spec, market),
        sweep_id: sweepId,
        market: { symbols: market.symbols, steps: market.steps },
        ok: granted === cells,
        error:
          granted === cells
            ? null
            : {
                code: 'budget_exceeded',
                limiter: 'max_steps',
                message: `max_steps of the sweep grants ${String(granted)} of ${String(cells)} cells; all of them take ${String(steps)} steps`,
              },
        points: grid.points,
        cells,
        taken: rows,
        stopped: failed,
        steps_granted: stepsGranted,
        cells_sha256: digest.hex(),
        merkle_root: merkleRoot,
        selections: selections.map((selection) => selectionJson(selection, plan)),
        decay: decayJson(selections),
        kept: kept.map(cellJson),
      });
      return { kept, json: `${json}\n`, merkleRoot };
    },
  };
}

const NEWLINE = Uint8Array.of(10);

function cellJson({ cell, point, runId, headHash, value }: CellRow): Json {
  return { cell, point, run_id: runId, head_hash: headHash, value: text(value) };
}

function selectionJson({ pair, trials, cells, best, out }: Selection, { windows }: SweepPlan): Json {
  const deflated = best?.moments === undefined ? undefined : trials.deflated(best.moments);
  const chosen = windows.filter((window) => window.pair === pair);
  return {
    windows: chosen.map(({ part, from, until }) => ({ part, from, until })),
    cells,
    trials: trials.count(),
    best: best === undefined ? null : cellJson(best),
    out_of_sample: out === undefined ? null : cellJson(out),
    deflated_sharpe: deflated === undefined ? null : { expected_maximum: text(deflated.expected), probability: text(deflated.probability) },
  };
}

/** What the choices came to in sample and out of sample, on average; of the pairs that have both values. */
function decayJson(selections: readonly Selection[]): Json {
  const both = selections.flatMap(({ best, out }) =>
    best?.value === undefined || out?.value === undefined ? [] : [[best.value, out.value] as const],
  );
  if (both.length === 0) return null;
  const mean = (of: 0 | 1): string =>
    formatDecimal(
      divHalfEven(
        both.reduce((sum, pair) => sum + pair[of], 0n),
        BigInt(both.length),
      ),
    );
  return { pairs: both.length, in_sample: mean(0), out_of_sample: mean(1) };
}

function text(value: Decimal | undefined): string | null {
  return value === undefined ? null : formatDecimal(value);
}
