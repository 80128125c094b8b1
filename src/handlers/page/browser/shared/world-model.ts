/** A run in a world file as the views need it. Invariant: what a world describes decides what is drawn, and every value is one of the tape. */
import { appliedActions, type DerivedAction } from '../../../../domain/report/derived-actions';
import type { PageRun, PageWorld } from '../../../../domain/report/page-data';
import { isWorldTape, makeWorldFigures, type WorldFigures, type WorldPoint } from '../../../../domain/report/world-figures';
import { makeWorldStates, type WorldStates } from '../../../../domain/report/world-states';
import type { Row } from '../../../../domain/tape/chain';

export interface WorldEntry {
  readonly rowIndex: number;
  readonly row: Row;
  readonly point: WorldPoint;
}

export interface WorldModel {
  readonly page: PageWorld;
  readonly entries: readonly WorldEntry[];
  readonly figures: WorldFigures;
  /** Applied, in order. */
  readonly actions: readonly DerivedAction[];
  /** By the place among the entries. */
  readonly states: WorldStates;
}

/** Nothing where the tape is of no world file. */
export function readWorld(
  { world }: PageRun,
  run: Row | undefined,
  rows: readonly { readonly row: Row; readonly rowIndex: number }[],
): WorldModel | undefined {
  if (!isWorldTape(run)) return undefined;
  const reader = makeWorldFigures(world?.charts);
  const entries: WorldEntry[] = [];
  for (const { row, rowIndex } of rows) {
    const point = reader.next(row);
    // Rows that stand elsewhere are named by the proof, and cannot be drawn.
    if (point !== undefined && point.step > (entries.at(-1)?.point.step ?? -1)) entries.push({ row, rowIndex, point });
  }
  const inputs = run?.['inputs'] as Row;
  return {
    page: { name: world?.name ?? 'world.js', version: world?.version ?? '', charts: reader.charts() },
    entries,
    figures: reader.figures(),
    actions: entries.flatMap(({ row }) => appliedActions(row)),
    states: makeWorldStates(
      inputs['initial_state'],
      entries.map(({ row }) => row),
    ),
  };
}
