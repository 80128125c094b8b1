/**
 * That the times of a market go forward. Every way into a run asks here, step by step; docs/spec.md section 2. Times are ISO dates and
 * instants (a date is its midnight, no offset is UTC); any other text is a label, which may come in any order.
 */
import { excerpt } from '../codec/problem';
import { instantOf } from './instant';

export interface TimeOrder {
  /** What is wrong with the time of the next step, or nothing. `step` is its 0-based index. */
  readonly next: (time: string | undefined, step: number) => string | undefined;
}

/** Texts of these lengths that are dates or UTC instants of whole seconds are in order as they stand. */
const [DATE_CHARS, INSTANT_CHARS] = ['2024-01-02'.length, '2024-01-02T16:00:00Z'.length];

export function makeTimeOrder(): TimeOrder {
  let last = '';
  let lastStep = 0;

  function next(time: string | undefined, step: number): string | undefined {
    if (time === undefined) return undefined;
    if (!inOrderAsTexts(last, time)) {
      const [before, now] = [instantOf(last), instantOf(time)];
      if (now === undefined) return undefined;
      const order = before === undefined ? 1 : now.seconds - before.seconds || now.nanos - before.nanos;
      if (order <= 0) {
        const fault = order === 0 ? 'has the time of' : 'is before';
        return `step ${String(step)} ${fault} step ${String(lastStep)}, ${excerpt(last)}; times go forward (ewm market import sorts a file)`;
      }
    }
    last = time;
    lastStep = step;
    return undefined;
  }

  return { next };
}

/** Spares the parsing of nearly every step: two texts of one canonical form, the second of which is greater. */
function inOrderAsTexts(last: string, time: string): boolean {
  return time.length === last.length && time > last && (time.length === DATE_CHARS || time.length === INSTANT_CHARS) && isPlain(time);
}

/** `2024-01-02` or `2024-01-02T16:00:00Z`, by the places of what is no digit. */
function isPlain(time: string): boolean {
  for (let at = 0; at < time.length; at += 1) {
    const code = time.charCodeAt(at);
    const expected = PLAIN.charCodeAt(at);
    if (expected === ZERO ? code < ZERO || code > NINE : code !== expected) return false;
  }
  return true;
}

const PLAIN = '0000-00-00T00:00:00Z';
const [ZERO, NINE] = [48, 57] as const;
