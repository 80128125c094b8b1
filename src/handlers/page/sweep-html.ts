/**
 * The page of a sweep: what it chose, every cell in a table to sort, and a heat map of any two axes.
 */
import type { Json } from '../../domain/canonical/canonical';
import { isRecord } from '../../domain/codec/codec';
import { parseJson } from '../../domain/codec/parse';
import { FIGURES } from '../../domain/report/figure-table';
import { drawnPage } from './drawn-page';

/** What the build puts in: the files of `browser/`, bundled. */
declare const EWM_SWEEP_SCRIPT: string;
declare const EWM_SWEEP_STYLE: string;

const [script, style] = [EWM_SWEEP_SCRIPT, EWM_SWEEP_STYLE];

/** What the program of the page reads; the same shape stands in `browser/sweep/data.ts`. */
export interface SweepPageData {
  /** `sweep.json`. */
  readonly summary: Json;
  /** Names and titles of the figures, in the order of each cell's. */
  readonly figures: readonly (readonly [name: string, title: string, unit: string])[];
  readonly cells: readonly SweepPageCell[];
  /** How many cells there are; more than are in the page where they are too many. */
  readonly total: number;
}

export type SweepPageCell = readonly [cell: number, point: Json, pair: number, part: string, runId: string, figures: readonly Json[]];

/** `rows`: lines of `cells.jsonl`. */
export function renderSweepPage(summary: string, rows: readonly string[], total: number): string {
  const data: SweepPageData = {
    summary: parseJson(summary) as Json,
    figures: FIGURES.map(({ name, title, unit }) => [name, title, unit]),
    cells: rows.flatMap((line) => cellOf(parseJson(line))),
    total,
  };
  return drawnPage({
    title: 'Sweep',
    script,
    style,
    data,
    without:
      'This page draws itself with the program inside it: allow scripts for this file, or read sweep.json and cells.jsonl beside it.',
  });
}

function cellOf(row: unknown): readonly SweepPageCell[] {
  if (!isRecord(row) || !isRecord(row['window']) || !isRecord(row['figures'])) return [];
  const { cell, point, window, run_id: runId, figures } = row;
  const values = FIGURES.map(({ name }) => (figures as Readonly<Record<string, Json>>)[name] ?? null);
  return [[cell as number, point as Json, window['pair'] as number, window['part'] as string, runId as string, values]];
}
