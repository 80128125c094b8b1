/** ISO dates and instants as the times of a market hold them: a date is its midnight, no offset is UTC. docs/spec.md section 2. */
import { daysFromCivil, isDay, SECONDS_PER_DAY } from './calendar';

export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-])(\d{2}):?(\d{2}))?)?$/;

/** Nothing where the text is no ISO date or instant, or of no day of the calendar: a label. */
export function instantOf(text: string): Instant | undefined {
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

const ZERO = '0'.charCodeAt(0);
