/** Reads a tape in parts that fit an answer: whole segments, from the one that was asked for or so many from the end. */
import { isLeft } from 'fp-ts/Either';
import { parseHead } from '../../domain/session/head';
import { decodeWith } from '../http/contract/body';
import { invalidRequest } from '../http/contract/problems';
import { historyCodec } from './schemas';
import type { Arguments } from './scope';
import { type RouteAccess, bodyOf, type ToolBody } from './tool';

const SEGMENTS_SHOWN = 8;
/** Of the rows in one answer; the first segment is shown whatever its length. Unit: characters. */
const ROWS_CHARS_MAX = 262_144;

export async function readHistory({ callRoute }: RouteAccess, session: string, args: Arguments): Promise<ToolBody> {
  const request = decodeWith(historyCodec, args);
  if (isLeft(request)) return { ok: false, error: invalidRequest(request.left) };
  const seen = bodyOf(await callRoute('GET /sessions/{id}', { parameters: { id: session } }));
  const newest = typeof seen['head'] === 'string' ? parseHead(seen['head']) : undefined;
  if (newest === undefined) return seen;
  const { max_segments: wanted = SEGMENTS_SHOWN } = request.right;
  const { from_segment: from = Math.max(0, newest.seq + 1 - wanted) } = request.right;
  const rows: Arguments[] = [];
  let [next, chars] = [from, 0];
  while (next <= newest.seq && next < from + wanted) {
    const { document, body } = await callRoute('GET /sessions/{id}/segments/{seq}', { parameters: { id: session, seq: String(next) } });
    if (document === undefined) return (body ?? { ok: false }) as ToolBody;
    if (rows.length > 0 && chars + document.text.length > ROWS_CHARS_MAX) break;
    rows.push(...rowsOf(document.text));
    chars += document.text.length;
    next += 1;
  }
  return {
    ok: true,
    ...standingOf(seen),
    segments: newest.seq + 1,
    from_segment: from,
    rows,
    next_segment: next <= newest.seq ? next : null,
  };
}

/** What every answer tells of a session. */
export function standingOf({ session_id, head, status, remaining }: Arguments): Arguments {
  return { session_id, head, status, remaining };
}

function rowsOf(text: string): readonly Arguments[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Arguments);
}
