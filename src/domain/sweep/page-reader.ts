/**
 * What a page shows of a sweep, out of its rows, one at a time. Invariant: a page is bounded, however many cells there are. Of more than it holds
 * it has a sample, drawn by the id of the sweep (so that the same sweep gives the same page, and no axis is favoured), and besides, whatever was
 * drawn, the best cells and the choices of each window.
 */
import { isLeft } from 'fp-ts/Either';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { canonical, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { type Decimal, decimalFromText } from '../decimal/decimal';
import { seededGenerator } from '../market/generate';
import { FIGURES } from '../report/figure-table';
import {
  PAGE_BEST_MAX,
  PAGE_CELLS_MAX,
  PAGE_PAIRS_MAX,
  type SweepPageCell,
  type SweepPageData,
  type SweepPageSelection,
} from '../report/sweep-page-data';
import { type MarketBytes, timeOfStep } from './market';
import type { SweepPlan } from './plan';

/** All but what the handler adds: who made it, and the rows as they are packed. */
export interface SweepPageContent {
  readonly data: Omit<SweepPageData, 'made_by' | 'runs' | 'rows'>;
  readonly cells: readonly SweepPageCell[];
}

export interface PageReader {
  /** The next row, in the order of the cells. */
  readonly next: (line: string) => void;
  readonly content: () => SweepPageContent;
}

/** `sweep.json`, as far as the page has it. */
type Document = Pick<
  SweepPageData,
  'sweep_id' | 'merkle_root' | 'market_sha256' | 'points' | 'cells' | 'taken' | 'stopped' | 'steps_granted' | 'error' | 'kept' | 'decay'
> & { readonly selections: readonly Omit<SweepPageSelection, 'pair' | 'place'>[] };

interface Row {
  readonly cell: number;
  readonly point: Readonly<Record<string, Json>>;
  readonly window: { readonly pair: number; readonly part: string };
  readonly stopped_by: string | null;
  readonly figures: Readonly<Record<string, string | null>>;
}

/** `summary`: `sweep.json` of these rows. */
export function makePageReader(plan: SweepPlan, market: MarketBytes, summary: string): PageReader {
  const { spec, granted, sweepId, windows } = plan;
  const document = parseJson(summary) as Document;
  const parts = windows.length > 1 || windows[0]?.part !== 'whole' ? 2 : 1;
  const isDrawn = drawGroups(sweepId, Math.ceil(granted / parts), Math.floor(PAGE_CELLS_MAX / parts));
  const selections = atEqualDistances(
    document.selections.map((selection, pair) => ({ ...selection, pair })),
    PAGE_PAIRS_MAX,
  );
  const chosen = new Set(
    [...document.kept, ...selections.flatMap(({ best, out_of_sample: out }) => [best, out])].flatMap((choice) =>
      choice === null ? [] : [choice.cell],
    ),
  );
  const places = selections.map(({ pair, out_of_sample: out }) => ({ pair, value: decimalOf(out?.value), better: 0, of: 0 }));
  const placeOf = new Map(places.map((place) => [place.pair, place]));
  const axes = spec.axes.map(({ name }) => ({ name, places: new Map<string, number>(), values: [] as Json[] }));
  const sign = spec.objective.prefer === 'more' ? 1n : -1n;
  const held: Row[] = [];
  /** Better first; of equals the first cell. */
  const best: { readonly row: Row; readonly value: Decimal }[] = [];

  function count({ window }: Row, value: Decimal): void {
    const place = placeOf.get(window.pair);
    if (place?.value === undefined) return;
    place.of += 1;
    if (sign * value > sign * place.value) place.better += 1;
  }

  function rank(row: Row, value: Decimal): void {
    const last = best.at(-1);
    if (best.length === PAGE_BEST_MAX && last !== undefined && sign * value <= sign * last.value) return;
    const at = best.findIndex((other) => sign * value > sign * other.value);
    best.splice(at === -1 ? best.length : at, 0, { row, value });
    if (best.length > PAGE_BEST_MAX) best.pop();
  }

  function cellOf({ cell, point, window, stopped_by: stoppedBy, figures }: Row): SweepPageCell {
    const places_ = axes.map(({ name, places, values }) => {
      const key = canonical(point[name] ?? null);
      const known = places.get(key) ?? values.push(point[name] ?? null) - 1;
      places.set(key, known);
      return known;
    });
    const drawn = isDrawn(Math.floor(cell / parts)) ? 1 : 0;
    return [cell, window.pair, window.part, drawn, stoppedBy, places_, FIGURES.map(({ name }) => figures[name] ?? null)];
  }

  return {
    next: (line) => {
      const parsed = parseJson(line);
      if (!isRecord(parsed)) return;
      // No more of a row than the page has: its inputs are most of it.
      const { cell, point, window, stopped_by, figures } = parsed as unknown as Row;
      const row = { cell, point, window, stopped_by, figures };
      const value = decimalOf(figures[spec.objective.figure]);
      if (value !== undefined && window.part === 'out') count(row, value);
      else if (value !== undefined) rank(row, value);
      if (isDrawn(Math.floor(cell / parts)) || chosen.has(cell)) held.push(row);
    },
    content: () => {
      const known = new Set(held.map(({ cell }) => cell));
      const rows = [...held, ...best.flatMap(({ row }) => (known.has(row.cell) ? [] : [row]))].sort((a, b) => a.cell - b.cell);
      const cells = rows.map(cellOf);
      const [first, last] = [timeOfStep(market, 0), timeOfStep(market, plan.market.steps - 1)];
      return {
        cells,
        data: {
          version: 1,
          name: spec.name,
          sweep_id: document.sweep_id,
          merkle_root: document.merkle_root,
          market_sha256: document.market_sha256,
          objective: spec.objective,
          constraints: spec.constraints,
          sample: spec.sample ?? null,
          points: document.points,
          cells: document.cells,
          taken: document.taken,
          stopped: document.stopped,
          steps_granted: document.steps_granted,
          error: document.error,
          market: { symbols: plan.market.symbols, steps: plan.market.steps, begins: first, ends: last },
          kept: document.kept,
          decay: document.decay,
          selections: selections.map(({ pair, windows: own, trials, best: choice, out_of_sample: out, deflated_sharpe: deflated }, at) => ({
            pair,
            windows: own.map(({ part, from, until }) => ({
              part,
              from,
              until,
              begins: timeOfStep(market, from),
              ends: timeOfStep(market, until - 1),
            })),
            trials,
            best: choice,
            out_of_sample: out,
            deflated_sharpe: deflated,
            place: places[at]?.value === undefined ? null : { better: places[at].better, of: places[at].of },
          })),
          selections_total: document.selections.length,
          figures: FIGURES.map(({ name, title, unit }) => [name, title, unit]),
          axes: axes.map(({ name, values }) => ({ name, values })),
          rows_held: cells.length,
          rows_drawn: cells.filter(([, , , drawn]) => drawn === 1).length,
        },
      };
    },
  };
}

/** Which of `groups` are in the page: a point with both of its windows is drawn as one. */
function drawGroups(sweepId: string, groups: number, wanted: number): (group: number) => boolean {
  if (groups <= wanted) return () => true;
  const generator = seededGenerator(`ewm sweep page 1\n${sweepId}\n`);
  const drawn = new Set<number>();
  while (drawn.size < wanted) drawn.add(uniformInt(generator, 0, groups - 1));
  return (group) => drawn.has(group);
}

function atEqualDistances<T>(list: readonly T[], most: number): readonly T[] {
  return list.length <= most ? list : Array.from({ length: most }, (_, at) => list[Math.floor((at * list.length) / most)] as T);
}

function decimalOf(text: string | null | undefined): Decimal | undefined {
  const decimal = text === null || text === undefined ? undefined : decimalFromText(text);
  return decimal === undefined || isLeft(decimal) ? undefined : decimal.right;
}
