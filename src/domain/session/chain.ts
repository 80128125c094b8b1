/**
 * The segments of a session, one after the other, each held to where the one before it ended. Pulling and proving share it.
 * Invariant: the first byte that does not follow is named; nothing behind it is looked at.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { compareRows } from '../run/divergence';
import { linkRow, type Row } from '../tape/chain';
import { headOf } from './answer';
import { headText } from './head';
import { type OpenSession, replaySegment, type Replayed, type SegmentFault, type Standing } from './replay';
import { decodeGrant, decodeRefund, decodeResume, type Grant, type Refund, resumeRow } from './rows';

export interface SegmentChain {
  /** The next segment, whole. */
  readonly push: (text: string) => Promise<Either<SegmentFault, Replayed>>;
  readonly standing: () => Standing | undefined;
  readonly facts: () => ChainFacts;
  /** The head behind the first segment. */
  readonly opening: () => string | undefined;
}

/** What a whole session is summed up by. */
export interface ChainFacts {
  readonly segments: number;
  readonly calls: number;
  /** Acts of which nobody knows what became of them. */
  readonly unknown: number;
  readonly grants: readonly (Grant & { readonly parentHead: string })[];
  readonly refunds: readonly Refund[];
  readonly seal: Row | undefined;
}

export function makeSegmentChain(session: OpenSession): SegmentChain {
  let standing: Standing | undefined;
  let opening: string | undefined;
  let facts: ChainFacts = { segments: 0, calls: 0, unknown: 0, grants: [], refunds: [], seal: undefined };

  /** What the first row has to be, where the segment before it is known. */
  function openingFault(text: string): SegmentFault | undefined {
    if (standing === undefined) return undefined;
    if (standing.sealed) return { row: 0, pointer: '', expected: 'nothing: the session is sealed', actual: text.slice(0, 200) };
    const line = text.slice(0, text.indexOf('\n'));
    const resume = decodeResume(parsed(line));
    if (isLeft(resume)) return undefined;
    const { seq, cursor, children, pending, began } = standing;
    const expected = linkRow(
      resumeRow({
        seq: seq + 1,
        requestSha256: resume.right.requestSha256,
        cursor,
        children,
        pending: pending === undefined ? null : { index: pending.index, costs: pending.costs },
        began,
      }),
      cursor.tapeHead,
    ).line.trimEnd();
    return expected === line ? undefined : { row: 0, ...compareRows(expected, line) };
  }

  return {
    push: async (text) => {
      const fault = openingFault(text);
      if (fault !== undefined) return left(fault);
      const before = standing;
      const replayed = await replaySegment(session, facts.segments, text, before?.cursor.tapeHead);
      if (isLeft(replayed)) return replayed;
      ({ standing } = replayed.right);
      opening ??= headText(headOf(standing));
      facts = counted(facts, text, before);
      return right(replayed.right);
    },
    standing: () => standing,
    facts: () => facts,
    opening: () => opening,
  };
}

function counted(facts: ChainFacts, text: string, before: Standing | undefined): ChainFacts {
  let { calls, unknown, seal } = facts;
  const grants = [...facts.grants];
  const refunds = [...facts.refunds];
  for (const line of text.split('\n')) {
    const row = parsed(line) as Row | undefined;
    switch (row?.['type']) {
      case 'tool':
      case 'memory': {
        calls += 1;
        const error = row['error'] as { readonly effect?: unknown } | undefined;
        if (error?.effect === 'unknown') unknown += 1;
        break;
      }
      case 'grant': {
        const grant = decodeGrant(row);
        if (!isLeft(grant) && before !== undefined)
          grants.push({ ...grant.right, parentHead: `${String(before.seq)}-${before.cursor.tapeHead}` });
        break;
      }
      case 'refund': {
        const refund = decodeRefund(row);
        if (!isLeft(refund)) refunds.push(refund.right);
        break;
      }
      case 'seal':
        seal = row;
        break;
      default:
        break;
    }
  }
  return { segments: facts.segments + 1, calls, unknown, grants, refunds, seal };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
