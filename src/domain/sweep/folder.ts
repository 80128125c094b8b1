/**
 * A sweep as files that others run its cells from: its spec and its market in normal form, and an item for each cell. Invariant: whoever reads
 * them plans the sweep again and finds the id that the folder is named by, so the rows are those of the spec that was submitted.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { canonical } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { makeMarketForm } from '../market/market-form';
import { factsOf, type MarketBytes } from './market';
import { planSweep, specJson, type SweepPlan } from './plan';
import { decodeSweep } from './spec';

/** Keys below the folder of a sweep. `results`: a folder, which Step Functions writes into. */
export interface SweepKeys {
  readonly spec: string;
  readonly market: string;
  readonly items: string;
  readonly results: string;
}

export function sweepKeys(sweepId: string): SweepKeys {
  const at = (name: string): string => `sweeps/${sweepId}/${name}`;
  return { spec: at('spec.json'), market: at('market.jsonl'), items: at('items.jsonl'), results: at('results') };
}

/** What one invocation is handed. */
export interface CellItem {
  readonly sweep: string;
  readonly cell: number;
}

/** What it answers. `row`: the line of `cells.jsonl`, as text, so that its bytes stay what they are. */
export interface CellAnswer {
  readonly cell: number;
  readonly row: string;
}

export function decodeCellItem(event: unknown): CellItem | undefined {
  if (!isRecord(event)) return undefined;
  const { sweep, cell } = event;
  const legal =
    typeof sweep === 'string' && /^[0-9a-f]{32}$/.test(sweep) && typeof cell === 'number' && Number.isSafeInteger(cell) && cell >= 0;
  return legal ? { sweep, cell } : undefined;
}

export function decodeCellAnswer(value: unknown): CellAnswer | undefined {
  if (!isRecord(value)) return undefined;
  const { cell, row } = value;
  return typeof cell === 'number' && typeof row === 'string' ? { cell, row } : undefined;
}

export function specText({ spec }: SweepPlan): string {
  return `${canonical(specJson(spec))}\n`;
}

/** A line for each cell that the budget of the sweep grants. */
export function itemsText({ sweepId, granted }: SweepPlan): string {
  return Array.from({ length: granted }, (_, cell) => `{"cell":${String(cell)},"sweep":"${sweepId}"}\n`).join('');
}

export interface HeldSweep {
  readonly plan: SweepPlan;
  readonly market: MarketBytes;
}

/** The left says in a sentence why these files are not the sweep of that id. */
export function readSweepFolder(sweepId: string, spec: string, market: Uint8Array): Either<string, HeldSweep> {
  const decoded = decodeSweep(parseJson(spec));
  if (isLeft(decoded)) return left(`its spec is not one: ${decoded.left[0]?.message ?? ''}`);
  const bytes = marketBytesOf(market);
  if (bytes === undefined) return left('its market has no header');
  const plan = planSweep(decoded.right, factsOf(bytes));
  if (isLeft(plan)) return left(`its spec does not fit its market: ${plan.left[0]?.message ?? ''}`);
  return plan.right.sweepId === sweepId
    ? right({ plan: plan.right, market: bytes })
    : left(`its spec and its market are those of sweep ${plan.right.sweepId}`);
}

/** A market in normal form, header first. Its digest tells whether the lines are what they should be. */
function marketBytesOf(file: Uint8Array): MarketBytes | undefined {
  const end = file.indexOf(NEWLINE);
  const header = end === -1 ? undefined : parseJson(new TextDecoder().decode(file.subarray(0, end)));
  const symbols = isRecord(header) && Array.isArray(header['symbols']) ? (header['symbols'] as readonly unknown[]) : undefined;
  if (symbols?.every((symbol) => typeof symbol === 'string') !== true) return undefined;
  const lines = file.subarray(end + 1);
  const starts = [0];
  for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) starts.push(at + 1);
  return { symbols, lines, starts: Float64Array.from(starts) };
}

/** The file that `readSweepFolder` reads the market from. */
export function marketFile({ symbols, lines }: MarketBytes): Uint8Array {
  const header = new TextEncoder().encode(`${makeMarketForm(symbols).header}\n`);
  const file = new Uint8Array(header.length + lines.length);
  file.set(header);
  file.set(lines, header.length);
  return file;
}

const NEWLINE = 10;
