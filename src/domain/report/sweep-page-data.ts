/** What the page of a sweep holds: the contract between whoever makes it and the program inside it. Every value is a copy out of the files beside it. */
import type { Json } from '../canonical/canonical';

/** Cells that are drawn for a page, at most; a sweep of fewer is there whole. A cell takes some 90 bytes of the page. */
export const PAGE_CELLS_MAX = 20_000;
/** The best cells are in the page whatever was drawn. */
export const PAGE_BEST_MAX = 100;
/** Pairs of windows of a page, at most; of more it holds so many at equal distances. */
export const PAGE_PAIRS_MAX = 500;

export interface SweepPageData {
  readonly version: 1;
  /** Program and version that made the page. */
  readonly made_by: string;
  /** Where the pages of the kept runs are, from where this page is. */
  readonly runs: string;
  /** Members of `sweep.json`, by their names there. */
  readonly name: string;
  readonly sweep_id: string;
  readonly merkle_root: string;
  readonly market_sha256: string;
  readonly objective: { readonly figure: string; readonly prefer: 'more' | 'less' };
  readonly constraints: readonly string[];
  readonly sample: { readonly cells: number; readonly seed: string } | null;
  readonly points: number;
  readonly cells: number;
  readonly taken: number;
  /** Cells that a breaker stopped. */
  readonly stopped: number;
  readonly steps_granted: number;
  /** Why there are fewer cells than the spec has. */
  readonly error: { readonly message: string; readonly limiter: string } | null;
  readonly market: SweepPageMarket;
  readonly kept: readonly SweepPageChoice[];
  /** Means over all pairs, in the objective. */
  readonly decay: { readonly pairs: number; readonly in_sample: string; readonly out_of_sample: string } | null;
  readonly selections: readonly SweepPageSelection[];
  readonly selections_total: number;
  /** Names and titles of the figures, in the order of each cell's. */
  readonly figures: readonly (readonly [name: string, title: string, unit: string])[];
  /** Values that occur in the cells of the page. */
  readonly axes: readonly { readonly name: string; readonly values: readonly Json[] }[];
  /** Lines of JSON, a `SweepPageCell` each: gzip, then Base64. */
  readonly rows: string;
  /** How many lines that are; those that were drawn are all of them where the page is whole. */
  readonly rows_held: number;
  readonly rows_drawn: number;
}

export interface SweepPageMarket {
  readonly symbols: readonly string[];
  readonly steps: number;
  /** Times of the first and the last step, where steps have times. */
  readonly begins: string | null;
  readonly ends: string | null;
}

export interface SweepPageChoice {
  readonly cell: number;
  readonly point: Readonly<Record<string, Json>>;
  readonly run_id: string;
  readonly head_hash: string;
  /** The objective, decimal text. */
  readonly value: string | null;
}

export interface SweepPageWindow {
  readonly part: string;
  readonly from: number;
  readonly until: number;
  readonly begins: string | null;
  readonly ends: string | null;
}

/** What was chosen in a window, or in a pair of them. */
export interface SweepPageSelection {
  readonly pair: number;
  readonly windows: readonly SweepPageWindow[];
  readonly trials: number;
  readonly best: SweepPageChoice | null;
  readonly out_of_sample: SweepPageChoice | null;
  readonly deflated_sharpe: { readonly probability: string; readonly expected_maximum: string } | null;
  /** Out of sample: how many of the points did better than the one that was chosen, and how many there are. Counted over all cells. */
  readonly place: { readonly better: number; readonly of: number } | null;
}

export type SweepPageCell = readonly [
  cell: number,
  pair: number,
  part: string,
  /** 1 where it was drawn; 0 where it is there for what it is: one of the best, or a choice. */
  drawn: 0 | 1,
  stoppedBy: string | null,
  /** Places in the lists of the axes. */
  point: readonly number[],
  figures: readonly (string | null)[],
];
