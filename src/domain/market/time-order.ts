/**
 * That the times of a market go forward. Every way into a run asks here, step by step; docs/spec.md section 2. Times are ISO dates and
 * instants (a date is its midnight, no offset is UTC); any other text is a label, which may come in any order.
 */
import { excerpt } from '../codec/problem';
import { daysFromCivil, isDay, SECONDS_PER_DAY } from './calendar';

export interface TimeOrder {
  /** What is wrong with the time of the next step, or nothing. `step` is its 0-based index. */
  readonly next: (time: string | undefined, step: number) => string | undefined;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-])(\d{2}):?(\d{2}))?)?$/;
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

/** Nothing where the text is no ISO date or instant, or of no day of the calendar: a label. */
function instantOf(text: string): { readonly seconds: number; readonly nanos: number } | undefined {
  const fields = ISO.exec(text);
  if (fields === null) return undefined;
  const [, year, month, dayOfMonth, hour, minute, second, fraction = '', sign, offsetHours, offsetMinutes] = fields;
  const day = { year: count(year), month: count(month), day: count(dayOfMonth) };
  const clock = [count(hour), count(minute), count(second)] as const;
  const offset = 3_600 * count(offsetHours) + 60 * count(offsetMinutes);
  if (!isDay(day) || clock[0] > 23 || clock[1] > 59 || clock[2] > 59) return undefined;
  const local = SECONDS_PER_DAY * daysFromCivil(day) + 3_600 * clock[0] + 60 * clock[1] + clock[2];
  return { seconds: sign === '-' ? local + offset : local - offset, nanos: count(fraction.padEnd(9, '0')) };
}

function count(digits = ''): number {
  let value = 0;
  for (let at = 0; at < digits.length; at += 1) value = 10 * value + digits.charCodeAt(at) - ZERO;
  return value;
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
