/**
 * The chain of a tape, row by row: canonical, hashed over itself, linked to the row before it. Invariant: the fault named is that of the first
 * row that has one.
 */
import { canonical, hasCanonicalForm, type Json } from '../../../../domain/canonical/canonical';
import { splitAtHash, withHash } from '../../../../domain/tape/row-text';
import { plural } from '../shared/format';
import { turn } from '../shared/painted';
import { type RunModel, type PageLine, text } from '../shared/run-model';

/** Rows hashed at a time. */
const BATCH_ROWS = 256;

export async function firstBadRow(model: RunModel): Promise<string | undefined> {
  const { lines } = model;
  const genesis = await sha256(canonicalOrEmpty(model.inputs as Json));
  for (let from = 0; from < lines.length; from += BATCH_ROWS) {
    const faults = await Promise.all(lines.slice(from, from + BATCH_ROWS).map((line, k) => rowFault(lines, from + k, line, genesis)));
    const at = faults.findIndex((fault) => fault !== undefined);
    const line = lines[from + at];
    if (at !== -1 && line !== undefined) return `${rowName(line)}: ${faults[at] ?? ''}`;
    await turn();
  }
  const total = model.page.sample?.rows_total ?? lines.length;
  if (lines.length === 0) return 'the tape has no row that can be read';
  if (model.page.sample !== null && lines.at(-1)?.index !== total - 1) return `the page names ${plural(total, 'row')} and holds others`;
  return undefined;
}

async function rowFault(
  lines: readonly PageLine[],
  at: number,
  { row, text: line, index }: PageLine,
  genesis: string,
): Promise<string | undefined> {
  if (row === undefined || !hasCanonicalForm(row)) return 'not a JSON object';
  const before = lines[at - 1];
  const linked = index === 0 ? genesis : before?.index === index - 1 ? before.row?.['hash'] : undefined;
  if (linked !== undefined && row['prev_hash'] !== linked) {
    return index === 0 ? 'prev_hash is not the SHA-256 of the inputs' : 'prev_hash is not the hash of the row before it';
  }
  const around = splitAtHash(row);
  if (row['hash'] !== (await sha256(around.before + around.after))) return 'hash is not the SHA-256 of the row';
  if (withHash(around, text(row['hash'])) !== line) return 'not canonical JSON';
  if ((row['type'] === 'run') !== (index === 0)) return index === 0 ? 'the first row is not the run row' : 'a second run row';
  if (before?.row?.['type'] === 'seal') return 'a row behind the seal';
  return undefined;
}

function rowName({ index, row }: PageLine): string {
  const step = row?.['step_index'];
  return `row ${String(index)}${typeof step === 'number' ? ` (step ${String(step)})` : typeof row?.['type'] === 'string' ? ` (${row['type']})` : ''}`;
}

/** Whatever a page holds may be no JSON of ours. */
export function canonicalOrEmpty(value: Json): string {
  return hasCanonicalForm(value) ? canonical(value) : '';
}

const encoder = new TextEncoder();
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export async function sha256(content: string): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(content))));
}

export function hexOf(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += HEX[byte] ?? '';
  return hex;
}
