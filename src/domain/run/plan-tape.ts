/** The tape of a plan of calls: rows go on as they happen, each linked to the one before. */
import type { Json } from '../canonical/canonical';
import { linkRow, type Row } from '../tape/chain';
import { makeRowBuffer, type RowBuffer } from '../tape/row-buffer';
import type { RunIdentity, RunInputs } from './inputs';
import { cell } from './report';

export interface PlanTape {
  readonly buffer: RowBuffer;
  readonly head: () => string;
  /** For rows that somebody else put into the buffer. */
  readonly advanceTo: (hash: string) => void;
  readonly append: (members: Row) => void;
  /** Hash of row 0, which anchors the ledger. */
  readonly anchor: string;
}

export function makePlanTape(inputs: RunInputs, identity: RunIdentity): PlanTape {
  const buffer = makeRowBuffer();
  const first = linkRow({ type: 'run', run_id: identity.runId, inputs }, identity.genesis);
  buffer.putLink(first);
  let head = first.hash;
  return {
    buffer,
    head: () => head,
    advanceTo: (hash) => {
      head = hash;
    },
    append: (members) => {
      const row = linkRow(members, head);
      buffer.putLink(row);
      head = row.hash;
    },
    anchor: first.hash,
  };
}

const ANSWER_CHARS = 120;

/** A row of the report's table of calls. */
export function callRow(index: number, what: string, ok: boolean, answer: string): string {
  const short = answer.length > ANSWER_CHARS ? `${answer.slice(0, ANSWER_CHARS).toWellFormed()}…` : answer;
  return `| ${String(index)} | ${cell(what)} | ${ok ? 'yes' : 'no'} | ${cell(short)} |`;
}

/** What a call leaves on the tape and in the answer: the result, or the error; both where a result had to be withheld. */
export type CallOutcome = { readonly ok: boolean; readonly result?: Json; readonly error?: Json };
