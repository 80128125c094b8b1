/**
 * A sweep made ready: every cell by its number, before any of them is run. A cell is one point of the grid over one window of the market.
 * Cells go window by window, and in a pair of windows each point in-sample and then out-of-sample.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { assert } from '../assert';
import { canonical, type Json } from '../canonical/canonical';
import type { Problem } from '../codec/problem';
import { formatDecimal } from '../decimal/decimal';
import { sha256Hex } from '../hash';
import { SPEC_VERSION } from '../limits';
import { type Grid, makeGrid } from './grid';
import { withValue } from './pointer';
import type { SweepSpec } from './spec';
import { type Window, windowsOf } from './windows';

export interface SweepMarket {
  readonly sha256: string;
  readonly symbols: readonly string[];
  readonly steps: number;
}

/** The documents of a cell, as somebody would have written them. */
export interface CellDocuments {
  readonly strategy: Json;
  readonly policy: Json;
  readonly initialState: Json;
  /** The budget of the run, where it is varied; else the steps of the window. */
  readonly maxSteps: Json | undefined;
}

export interface Cell {
  readonly index: number;
  readonly point: Readonly<Record<string, Json>>;
  readonly window: Window;
  readonly documents: CellDocuments;
}

export interface SweepPlan {
  readonly sweepId: string;
  readonly spec: SweepSpec;
  readonly market: SweepMarket;
  readonly grid: Grid;
  readonly windows: readonly Window[];
  readonly cells: number;
  /** How many of them the budget grants, from the first on. */
  readonly granted: number;
  /** Steps over all cells, and over those granted. */
  readonly steps: number;
  readonly stepsGranted: number;
  readonly cellAt: (index: number) => Cell;
}

const SWEEP_ID_DIGITS = 32;

export function planSweep(spec: SweepSpec, market: SweepMarket): Either<readonly Problem[], SweepPlan> {
  const grid = makeGrid(spec);
  if (isLeft(grid)) return grid;
  const windows = windowsOf(spec.windows, market.steps);
  if (isLeft(windows)) return windows;
  const { points, pointAt, axes } = grid.right;
  const cells = points * windows.right.length;
  if (cells > spec.budget.max_cells) {
    const message = `the sweep has ${String(cells)} cells, and max_cells is ${String(spec.budget.max_cells)}: raise it, or take a sample`;
    return left([{ pointer: '/budget/max_cells', message }]);
  }
  // Where a pointer leads does not depend on the value.
  const misplaced = spec.axes.flatMap(({ pointers }, axis) =>
    pointers.flatMap((pointer, at) => {
      const put = withValue(bases(spec), pointer, null);
      return isLeft(put) ? [{ pointer: `/axes/${String(axis)}/pointers/${String(at)}`, message: `"${pointer}": ${put.left}` }] : [];
    }),
  );
  if (misplaced.length > 0) return left(misplaced);

  const parts = windows.right[0]?.part === 'whole' ? 1 : 2;
  const inOrder = windows.right;
  function cellAt(index: number): Cell {
    const pair = Math.floor(index / (points * parts));
    const within = index % (points * parts);
    const window = inOrder[pair * parts + (within % parts)];
    const values = pointAt(Math.floor(within / parts));
    assert(window !== undefined, 'a cell is asked for by its number');
    return {
      index,
      point: Object.fromEntries(axes.map((name, axis) => [name, values[axis] ?? null])),
      window,
      documents: documentsAt(spec, values),
    };
  }

  const { granted, stepsGranted, steps } = grant(spec, windows.right, points, parts);
  const sweepId = sha256Hex(canonical(identity(spec, market))).slice(0, SWEEP_ID_DIGITS);
  return right({
    sweepId,
    spec,
    market,
    grid: grid.right,
    windows: windows.right,
    cells,
    granted,
    steps,
    stepsGranted,
    cellAt,
  });
}

function bases({ strategy, policy, initial_state }: SweepSpec): Json {
  return { strategy, policy, initial_state, budget: {} };
}

function documentsAt(spec: SweepSpec, values: readonly Json[]): CellDocuments {
  let documents = bases(spec);
  spec.axes.forEach(({ pointers }, axis) => {
    for (const pointer of pointers) {
      const put = withValue(documents, pointer, values[axis] ?? null);
      if (!isLeft(put)) documents = put.right;
    }
  });
  const { strategy, policy, initial_state, budget } = documents as Readonly<Record<string, Json>>;
  return {
    strategy: strategy ?? null,
    policy: policy ?? null,
    initialState: initial_state ?? null,
    maxSteps: (budget as Readonly<Record<string, Json>>)['max_steps'],
  };
}

/** Each cell is granted the steps of its window, in the order of the cells, until the budget of the sweep has no grant left. */
function grant(
  { budget }: SweepSpec,
  windows: readonly Window[],
  points: number,
  parts: number,
): Pick<SweepPlan, 'granted' | 'stepsGranted' | 'steps'> {
  const left = budget.max_steps ?? Infinity;
  let [granted, stepsGranted, steps] = [0, 0, 0];
  let open = true;
  for (let pair = 0; pair < windows.length; pair += parts) {
    const takes = windows.slice(pair, pair + parts).map(({ from, until }) => until - from);
    const both = takes.reduce((sum, take) => sum + take, 0);
    steps += both * points;
    if (!open) continue;
    const whole = Math.min(points, Math.floor((left - stepsGranted) / both));
    granted += whole * parts;
    stepsGranted += whole * both;
    if (whole === points) continue;
    open = false;
    const first = takes[0] ?? 0;
    if (parts === 2 && stepsGranted + first <= left) {
      granted += 1;
      stepsGranted += first;
    }
  }
  return { granted, stepsGranted, steps };
}

/** What makes a sweep this one, as JSON: it stands in `sweep.json`, and its hash is the id. */
export function identity(spec: SweepSpec, market: SweepMarket): { readonly [key: string]: Json } {
  return { spec_version: SPEC_VERSION, market_sha256: market.sha256, spec: specJson(spec) };
}

/** The spec in its normal form, which decodes to itself. */
export function specJson({ axes, ...spec }: SweepSpec): Json {
  const { sample, windows, ...rest } = spec;
  return {
    ...rest,
    axes: axes.map(({ name, pointers, values }) => ({
      name,
      pointers,
      values:
        'from' in values ? { from: formatDecimal(values.from), to: formatDecimal(values.to), step: formatDecimal(values.step) } : values,
    })),
    ...(sample === undefined ? {} : { sample }),
    ...(windows === undefined ? {} : { windows }),
  };
}
