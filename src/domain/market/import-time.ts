/**
 * The dates and timestamps that price files hold, as ISO 8601. Invariant: integer arithmetic on the proleptic Gregorian calendar only, and
 * a date that could mean two days is an error until somebody says which.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { excerpt } from '../codec/problem';

/** Which number of `01/02/2000` is the month. */
export type DateOrder = 'mdy' | 'dmy';

export interface ImportTime {
  /** `2004-08-19`, or `2004-08-19T20:00:00Z`. */
  readonly text: string;
  readonly precision: 'date' | 'timestamp';
  /** Seconds since 1970-01-01T00:00:00Z, and the nanoseconds on top. */
  readonly seconds: number;
  readonly nanos: number;
  /** The order that a numeric date showed by itself, for the check that a file has only one. */
  readonly order: DateOrder | undefined;
}

const LEGAL = 'a date such as 2004-08-19, Aug 19 2004, 19 Aug 2004 or 08/19/2004, or a timestamp such as 2004-08-19T16:00:00-04:00';
const TEXT_CHARS_MAX = 64;
const SECONDS_PER_DAY = 86_400;

const CLOCK = /^(.+?)(?:[Tt ]|, )(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i;
const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})$/;
const MONTH_NAME_FIRST = /^([a-z]{3,9})\.?[ -](\d{1,2}),?[ -](\d{4})$/i;
const DAY_FIRST_MONTH_NAME = /^(\d{1,2})\.?[ -]([a-z]{3,9})\.?,?[ -](\d{4})$/i;
const NUMERIC = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})$/;
const OFFSET = /^([+-])(\d{2}):?(\d{2})?$/;

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly order?: DateOrder;
}

/** Reads one cell. A timestamp without an offset is taken as UTC. The left says what is wrong; the caller adds where. */
export function parseImportTime(cell: string, order?: DateOrder): Either<string, ImportTime> {
  const text = cell.trim();
  const wrong = (reason: string): Either<string, never> => left(`${excerpt(cell)}: ${reason}`);
  if (text === '') return wrong(`no time; expected ${LEGAL}`);
  if (text.length > TEXT_CHARS_MAX) return wrong(`expected ${LEGAL}`);
  const clock = CLOCK.exec(text);
  const day = parseDay(clock?.[1] ?? text, order);
  if (isLeft(day)) return wrong(day.left);
  const { year, month, day: dayOfMonth, order: shown } = day.right;
  if (month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > daysInMonth(year, month) || year < 1)
    return wrong('not a day of the calendar');
  const daySeconds = daysFromCivil(year, month, dayOfMonth) * SECONDS_PER_DAY;
  if (clock === null) return right({ text: dateText(day.right), precision: 'date', seconds: daySeconds, nanos: 0, order: shown });

  const [, , hourText = '', minuteText = '', secondText = '0', fraction = '', zone = 'Z'] = clock;
  const [hour, minute, second] = [integer(hourText), integer(minuteText), integer(secondText)];
  if (hour > 23 || minute > 59 || second > 59) return wrong('not a time of day; legal from 00:00:00 to 23:59:59');
  const offset = offsetSeconds(zone);
  if (offset === undefined) return wrong('not an offset from UTC; legal from -18:00 to +18:00');
  const seconds = daySeconds + hour * 3600 + minute * 60 + second - offset;
  const digits = fraction.replace(/0+$/, '');
  const utc = timestampText(seconds, digits);
  if (utc === undefined) return wrong('its UTC time is outside the years 0001 to 9999');
  return right({ text: utc, precision: 'timestamp', seconds, nanos: integer(digits.padEnd(9, '0')), order: shown });
}

/** Orders by instant. */
export function compareImportTimes(a: ImportTime, b: ImportTime): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}

/** Whether a time lies in the day or the instant that a bound names, or on the stated side of it. Bounds are inclusive. */
export function withinBounds(time: ImportTime, from: ImportTime | undefined, to: ImportTime | undefined): boolean {
  if (from !== undefined && compareImportTimes(time, from) < 0) return false;
  if (to === undefined) return true;
  if (to.precision === 'date') return time.seconds < to.seconds + SECONDS_PER_DAY;
  return compareImportTimes(time, to) <= 0;
}

function parseDay(text: string, order: DateOrder | undefined): Either<string, Day> {
  const yearFirst = YEAR_FIRST.exec(text);
  if (yearFirst !== null) return right(dayOf(yearFirst[1], yearFirst[3], yearFirst[4]));
  const compact = COMPACT.exec(text);
  if (compact !== null) return right(dayOf(compact[1], compact[2], compact[3]));
  const nameFirst = MONTH_NAME_FIRST.exec(text);
  if (nameFirst !== null) return namedDay(nameFirst[3], nameFirst[1], nameFirst[2]);
  const dayFirst = DAY_FIRST_MONTH_NAME.exec(text);
  if (dayFirst !== null) return namedDay(dayFirst[3], dayFirst[2], dayFirst[1]);
  const numeric = NUMERIC.exec(text);
  if (numeric !== null) return numericDay(numeric[4], integer(numeric[1] ?? ''), integer(numeric[3] ?? ''), order);
  return left(`expected ${LEGAL}`);
}

function dayOf(year: string | undefined, month: string | undefined, day: string | undefined): Day {
  return { year: integer(year ?? ''), month: integer(month ?? ''), day: integer(day ?? '') };
}

function namedDay(year: string | undefined, name: string | undefined, day: string | undefined): Either<string, Day> {
  const plain = (name ?? '').toLowerCase();
  const month = MONTHS.findIndex((full) => full.startsWith(plain)) + 1;
  return month === 0 ? left(`no month is called ${excerpt(name)}`) : right({ ...dayOf(year, '', day), month });
}

function numericDay(year: string | undefined, first: number, second: number, order: DateOrder | undefined): Either<string, Day> {
  const shown = first > 12 && second <= 12 ? 'dmy' : second > 12 && first <= 12 ? 'mdy' : undefined;
  if (order !== undefined && shown !== undefined && shown !== order) return left(`not a date in the stated date-order ${order}`);
  const chosen = order ?? shown;
  // 05/05/2000 is the same day either way; with both over 12 it is no day, which the caller finds.
  if (chosen === undefined && first !== second && first <= 12) return left('could mean two days; state date-order: mdy or dmy');
  const [month, day] = chosen === 'dmy' ? [second, first] : [first, second];
  return right({ year: integer(year ?? ''), month, day, ...(shown === undefined ? {} : { order: shown }) });
}

/** `undefined` when it is not an offset. */
function offsetSeconds(zone: string): number | undefined {
  const match = OFFSET.exec(zone);
  // Z and UTC.
  if (match === null) return 0;
  const [hours, minutes] = [integer(match[2] ?? ''), integer(match[3] ?? '')];
  const seconds = hours * 3600 + minutes * 60;
  if (minutes > 59 || seconds > 18 * 3600) return undefined;
  return match[1] === '-' ? -seconds : seconds;
}

/** Digits to an integer; at most nine of them. */
function integer(digits: string): number {
  let value = 0;
  for (let at = 0; at < digits.length; at += 1) value = value * 10 + (digits.charCodeAt(at) - 48);
  return value;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01. Years start in March here, so that the leap day comes last; 400 years are 146,097 days. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

function civilFromDays(days: number): Day {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1 };
}

function timestampText(seconds: number, fraction: string): string | undefined {
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const rest = seconds - days * SECONDS_PER_DAY;
  const day = civilFromDays(days);
  if (day.year < 1 || day.year > 9999) return undefined;
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map((part) => padded(part, 2)).join(':');
  return `${dateText(day)}T${clock}${fraction === '' ? '' : `.${fraction}`}Z`;
}

function dateText({ year, month, day }: Day): string {
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
