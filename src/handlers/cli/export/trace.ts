/** A run in a format of others, row by row: what it begins with, what a row adds, and what it ends with. Memory does not grow with the tape. */
import type { Row } from '../../../domain/tape/chain';
import { record } from './record';

/** What is known of the tape as a whole, at its end. */
export interface TapeEnd {
  /** Hash of the last row: the one value that stands for the whole run. */
  readonly headHash: string;
  readonly sealed: boolean;
}

export interface Trace {
  readonly open: (run: Row) => string;
  /** Each row but the run row; `index` is its place on the tape. */
  readonly row: (row: Row, index: number) => string;
  readonly close: (end: TapeEnd) => string;
}

/** Items of a JSON list, a comma before each but the first. */
export function makeItems(): (items: readonly unknown[]) => string {
  let first = true;
  return (items) =>
    items
      .map((item) => {
        const comma = first ? '' : ',\n';
        first = false;
        return comma + JSON.stringify(item);
      })
      .join('');
}

/** The name of a guarded run or a session; the mode of any other. */
export function agentOf(run: Row): string {
  const inputs = record(run['inputs']);
  return typeof inputs['name'] === 'string' ? inputs['name'] : text(inputs['mode']);
}

export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

export function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
