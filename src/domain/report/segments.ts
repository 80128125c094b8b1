/**
 * The segments of a session as they are shown: which request each belongs to, where it began, and what was done in it. Invariant: nothing is taken
 * from a row that is not there, so a page of a changed tape shows what it can.
 */
import { isRecord } from '../codec/codec';
import type { Row } from '../tape/chain';
import type { Costs } from '../budget/budget';
import { grantCosts, refundCosts } from './spending';

export interface SegmentEntry {
  readonly seq: number;
  /** Row of the tape, 0-based, with which it begins. */
  readonly rowIndex: number;
  /** SHA-256 of the request; several segments of one request name the same. */
  readonly request: string;
  /** The next step of the world when it began; nothing in a session without a world. */
  readonly step: number | undefined;
  readonly acts: readonly SegmentAct[];
}

export type SegmentAct =
  | { readonly kind: 'call'; readonly name: string; readonly unknown: boolean }
  /** Written ahead of an act that leaves the process. */
  | { readonly kind: 'intent'; readonly name: string }
  | { readonly kind: 'grant' | 'refund'; readonly child: string; readonly costs: Costs }
  /** Why the request ended before its next act. */
  | { readonly kind: 'stop'; readonly code: string }
  | { readonly kind: 'seal' };

export interface SegmentReader {
  readonly next: (row: Row, rowIndex: number) => void;
  readonly segments: () => readonly SegmentEntry[];
}

export function makeSegmentReader(): SegmentReader {
  const segments: (SegmentEntry & { readonly acts: SegmentAct[] })[] = [];
  return {
    next: (row, rowIndex) => {
      if (row['type'] === 'resume') {
        const { seq, request_sha256: request, step } = row;
        const at = typeof step === 'number' ? step : undefined;
        segments.push({ seq: typeof seq === 'number' ? seq : segments.length + 1, rowIndex, request: textOf(request), step: at, acts: [] });
        return;
      }
      const act = actOf(row);
      if (act !== undefined) segments.at(-1)?.acts.push(act);
    },
    segments: () => segments,
  };
}

function actOf(row: Row): SegmentAct | undefined {
  const { type, error } = row;
  switch (type) {
    case 'tool':
    case 'memory':
      return { kind: 'call', name: textOf(row['name'] ?? row['op']), unknown: isUnknown(row) };
    case 'intent':
      return { kind: 'intent', name: textOf(row['name']) };
    case 'grant':
      return { kind: 'grant', child: textOf(row['child']), costs: grantCosts(row) };
    case 'refund':
      return { kind: 'refund', child: textOf(row['child']), costs: refundCosts(row) };
    case 'stop':
      return { kind: 'stop', code: isRecord(error) ? textOf(error['code']) : '' };
    case 'seal':
      return { kind: 'seal' };
    default:
      return undefined;
  }
}

/** Whether nobody knows what became of a call: it stays charged. */
export function isUnknown({ error }: Row): boolean {
  return isRecord(error) && error['effect'] === 'unknown';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
