/**
 * The dates and timestamps that price files hold, as instants. Invariant: integer arithmetic on the proleptic Gregorian calendar only, and a
 * date that could mean two days, or a clock that could mean two instants, is an error until somebody says which.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { quoted } from '../codec/printable';
import { type CivilDay, dateText, daysFromCivil, instantText, isDay, SECONDS_PER_DAY } from './calendar';
import { type DatePattern, datePattern, hourOfHalf } from './date-pattern';
import { fixedOffset, NO_ZONES, type Zone, type ZoneLookup, zoneNamed } from './import-zone';
import { monthNumber } from './month-names';

/** Which number of `01/02/2000` is the month. */
export type DateOrder = 'mdy' | 'dmy';

/** How the file writes a time, for the report. */
export type TimeShape = 'text' | 'compact' | EpochUnit;

export const EPOCH_UNITS = ['epoch-s', 'epoch-ms', 'epoch-us', 'epoch-ns'] as const;
export type EpochUnit = (typeof EPOCH_UNITS)[number];

export interface ImportTime {
  readonly precision: 'date' | 'timestamp';
  /** Seconds since 1970-01-01T00:00:00Z, and the nanoseconds on top. */
  readonly seconds: number;
  readonly nanos: number;
  /** The order that a numeric date showed by itself, for the check that a file has only one. */
  readonly order: DateOrder | undefined;
  readonly shape: TimeShape;
  /** A clock without an offset: the zone was taken from the rules. */
  readonly naive: boolean;
}

/** What is known of the times of a file before one of them is read. */
export interface TimeRules {
  readonly order?: DateOrder | undefined;
  /** Stated: nothing else is a time then. */
  readonly format?: TimeFormat | undefined;
  /** Of clocks without an offset; UTC when absent. */
  readonly zone?: Zone | undefined;
  readonly zones?: ZoneLookup | undefined;
}

export type TimeFormat =
  | { readonly _tag: 'Order'; readonly order: DateOrder | 'ymd' }
  | { readonly _tag: 'Epoch'; readonly unit: EpochUnit }
  | { readonly _tag: 'Excel' }
  | { readonly _tag: 'Pattern'; readonly text: string; readonly pattern: DatePattern };

/** What `--date-format` says. */
export function timeFormat(text: string): Either<string, TimeFormat> {
  const name = text.trim().toLowerCase();
  if (name === 'mdy' || name === 'dmy' || name === 'ymd') return right({ _tag: 'Order', order: name });
  if (name === 'iso') return right({ _tag: 'Order', order: 'ymd' });
  if (name === 'excel') return right({ _tag: 'Excel' });
  const unit = EPOCH_UNITS.find((legal) => legal === name);
  if (unit !== undefined) return right({ _tag: 'Epoch', unit });
  const pattern = datePattern(text);
  return isLeft(pattern) ? pattern : right({ _tag: 'Pattern', text, pattern: pattern.right });
}

const LEGAL = 'a date such as 2004-08-19, Aug 19 2004, 19 Aug 2004 or 08/19/2004, or a timestamp such as 2004-08-19T16:00:00-04:00';
const TEXT_CHARS_MAX = 96;

const ZONE = '(Z|[A-Za-z][A-Za-z0-9_]*(?:[+/-][A-Za-z0-9_+-]+)*|[+-]\\d{1,2}(?::?\\d{2})?)';
const CLOCK = new RegExp(
  `^(.+?)(?:[Tt]|,?\\s+|;|(?<=^\\d{8})-)(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?(?:\\s?([ap]\\.?m\\.?))?(?:\\s*${ZONE})?(?:\\s*\\([^)]*\\))?$`,
  'i',
);
/** `20240102 093000`, `20120201 000003660`, `20240102T093000Z`, and `20240102;093000` as IBKR has it. */
const COMPACT_CLOCK = new RegExp(`^(\\d{8})(?:[Tt]|\\s+|-|;)(\\d{2})(\\d{2})(?:(\\d{2})(?:\\.?(\\d{1,9}))?)?(?:\\s*${ZONE})?$`, 'i');
const DIGITS = /^(\d+)(?:\.(\d+))?$/;
const EXPONENT = /^\d(?:\.\d+)?e\+?\d+$/i;
const WEEKDAY = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+/i;
const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})$/;
const MONTH_NAME_FIRST = /^(\p{L}{3,10})\.?[ -]+(\d{1,2}),?[ -]+(\d{4})$/u;
const DAY_FIRST_MONTH_NAME = /^(\d{1,2})\.?[ -]*(\p{L}{3,10})\.?,?[ -]*(\d{4})$/u;
const NUMERIC = /^(\d{1,2})([-/.]) ?(\d{1,2})\2 ?(\d{4})$/;
const SHORT_YEAR = /^(?:\d{1,2}([-/.])\d{1,2}\1\d{2}|\d{1,2}[ -](?:\p{L}{3,10})[ -]'?\d{2}|\p{L}{3,10} \d{1,2},? '?\d{2})$/u;

interface Day extends CivilDay {
  readonly order?: DateOrder;
}

interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanos: number;
}

/** ISO 8601: `2004-08-19`, or `2004-08-19T20:00:00Z`. */
export function importTimeText({ precision, seconds, nanos }: Pick<ImportTime, 'precision' | 'seconds' | 'nanos'>): string {
  return precision === 'date' ? dateText(seconds) : (instantText(seconds, nanos) ?? '');
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

/** Reads one cell. The left says what is wrong; the caller adds where. */
export function parseImportTime(cell: string, rules: TimeRules = {}): Either<string, ImportTime> {
  const text = cell.trim();
  const wrong = (reason: string): Either<string, never> => left(`${quoted(cell)}: ${reason}`);
  if (text === '') return wrong(`no time; expected ${LEGAL}`);
  if (text.length > TEXT_CHARS_MAX) return wrong(`expected ${LEGAL}`);
  const time = rules.format === undefined ? guessedTime(text, rules) : statedTime(text, rules.format, rules);
  return isLeft(time) ? wrong(time.left) : time;
}

// ---- A format that was stated ----

function statedTime(text: string, format: TimeFormat, rules: TimeRules): Either<string, ImportTime> {
  switch (format._tag) {
    case 'Order':
      if (format.order === 'ymd') {
        if (NUMERIC.test(text.split(/[\sT]/)[0] ?? '')) return left('not a date in the stated format ymd');
        return guessedTime(text, rules);
      }
      return guessedTime(text, { ...rules, order: format.order });
    case 'Epoch': {
      const digits = DIGITS.exec(text);
      return digits === null ? left(`not a number of ${format.unit}`) : epochTime(digits[1] ?? '', digits[2] ?? '', format.unit);
    }
    case 'Excel':
      return excelTime(text, rules);
    case 'Pattern': {
      const fields = format.pattern(text);
      if (fields === undefined) return left(`not a date in the stated format ${quoted(format.text)}`);
      return instantOf(fields, fields.clock, fields.zone, rules);
    }
  }
}

/** Days since 1899-12-30, and a fraction of a day, to the second; spreadsheets keep no more of it. */
function excelTime(text: string, rules: TimeRules): Either<string, ImportTime> {
  const digits = DIGITS.exec(text);
  if (digits === null || (digits[1] ?? '').length > 6) return left('not a day number of a spreadsheet, such as 45293');
  const days = integer(digits[1] ?? '') - 25_569;
  const fraction = (digits[2] ?? '').slice(0, 9).padEnd(9, '0');
  const second = Math.round((integer(fraction) * SECONDS_PER_DAY) / 1_000_000_000);
  const dated = { seconds: days * SECONDS_PER_DAY, nanos: 0, order: undefined, shape: 'text' } as const;
  if (digits[2] === undefined || second === 0) return right({ ...dated, precision: 'date', naive: false });
  return inZone(dated.seconds + second, 0, undefined, rules);
}

// ---- A format that shows itself ----

function guessedTime(text: string, rules: TimeRules): Either<string, ImportTime> {
  const digits = DIGITS.exec(text);
  if (digits !== null) return numberTime(digits[1] ?? '', digits[2], rules);
  if (EXPONENT.test(text)) return left('a time with an exponent has lost digits; export the column as text');
  const compact = COMPACT_CLOCK.exec(text);
  if (compact !== null) {
    const [, date = '', hour, minute, second, fraction, zone] = compact;
    return instantOf(compactDay(date), clockOf(hour, minute, second, fraction), zone, rules);
  }
  const clock = CLOCK.exec(text);
  const day = parseDay((clock?.[1] ?? text).replace(WEEKDAY, ''), rules.order);
  if (isLeft(day)) return day;
  if (clock === null) return instantOf(day.right, undefined, undefined, rules);
  const [, , hourText, minute, second, fraction, half, zone] = clock;
  const hour = half === undefined ? hourText : hourOfHalf(hourText, half);
  if (hour === undefined) return left('not an hour of a clock of 12; legal from 1 to 12');
  return instantOf(
    day.right,
    { ...clockOf('0', minute, second, fraction), hour: typeof hour === 'number' ? hour : integer(hour) },
    zone,
    rules,
  );
}

/** Digits alone: a date, a date and a clock, or a count since 1970. Lengths that could be two of them are refused. */
function numberTime(whole: string, fraction: string | undefined, rules: TimeRules): Either<string, ImportTime> {
  const { length } = whole;
  const calendar = /^(?:19|20)/.test(whole) && fraction === undefined && isCompact(whole);
  if (length === 8 && fraction === undefined && /^[12]/.test(whole)) return instantOf(compactDay(whole), undefined, undefined, rules);
  if (calendar && (length === 14 || length === 17)) {
    const clock = clockOf(whole.slice(8, 10), whole.slice(10, 12), whole.slice(12, 14), whole.slice(14));
    return instantOf(compactDay(whole), clock, undefined, rules, 'compact');
  }
  if (calendar && (length === 10 || length === 12)) {
    const unit = length === 10 ? 'epoch-s' : 'epoch-ms';
    return left(
      `could be ${length === 10 ? 'YYYYMMDDHH' : 'YYYYMMDDHHmm'} or a count since 1970; say --date-format ${length === 10 ? 'YYYYMMDDHH' : 'YYYYMMDDHHmm'} or ${unit}`,
    );
  }
  const unit = UNIT_BY_LENGTH[length];
  if (unit !== undefined) return epochTime(whole, fraction ?? '', unit);
  const hint = length === 5 ? '; if it is a day number of a spreadsheet, say --date-format excel' : '';
  return left(`expected ${LEGAL}, or seconds, milli-, micro- or nanoseconds since 1970${hint}`);
}

/** From 1973 on, the number of digits tells the unit until the year 5138. */
const UNIT_BY_LENGTH: Readonly<Record<number, EpochUnit>> = {
  9: 'epoch-s',
  10: 'epoch-s',
  11: 'epoch-s',
  12: 'epoch-ms',
  13: 'epoch-ms',
  15: 'epoch-us',
  16: 'epoch-us',
  18: 'epoch-ns',
  19: 'epoch-ns',
};
const UNIT_DIGITS: Readonly<Record<EpochUnit, number>> = { 'epoch-s': 0, 'epoch-ms': 3, 'epoch-us': 6, 'epoch-ns': 9 };

function epochTime(whole: string, fraction: string, unit: EpochUnit): Either<string, ImportTime> {
  const below = UNIT_DIGITS[unit];
  const padded = whole.padStart(below + 1, '0');
  const cut = padded.length - below;
  const seconds = padded.slice(0, cut).replace(/^0+(?=\d)/, '');
  if (seconds.length > 12) return left(`not a time in ${unit}: after the year 9999`);
  const rest = padded.slice(cut) + fraction;
  // What is below a nanosecond no clock of a venue holds: it comes of a float.
  const nanos = integer(rest.slice(0, 9).padEnd(9, '0'));
  const at = integer(seconds);
  if (instantText(at, nanos) === undefined) return left(`not a time in ${unit}: after the year 9999`);
  return right({ precision: 'timestamp', seconds: at, nanos, order: undefined, shape: unit, naive: false });
}

function instantOf(
  day: Day,
  clock: Clock | undefined,
  zone: string | undefined,
  rules: TimeRules,
  shape: TimeShape = 'text',
): Either<string, ImportTime> {
  if (!isDay(day)) return left('not a day of the calendar');
  const midnight = daysFromCivil(day) * SECONDS_PER_DAY;
  if (clock === undefined) return right({ precision: 'date', seconds: midnight, nanos: 0, order: day.order, shape, naive: false });
  const { hour, minute, second, nanos } = clock;
  if (hour > 23 || minute > 59 || second > 59) return left('not a time of day; legal from 00:00:00 to 23:59:59');
  const time = inZone(midnight + hour * 3600 + minute * 60 + second, nanos, zone, rules);
  return isLeft(time) ? time : right({ ...time.right, order: day.order, shape });
}

/** A wall clock as an instant. */
function inZone(local: number, nanos: number, zone: string | undefined, rules: TimeRules): Either<string, ImportTime> {
  const offset = offsetOf(local, zone, rules);
  if (isLeft(offset)) return offset;
  const seconds = local - offset.right;
  if (instantText(seconds, nanos) === undefined) return left('its UTC time is outside the years 0001 to 9999');
  return right({ precision: 'timestamp', seconds, nanos, order: undefined, shape: 'text', naive: zone === undefined });
}

function offsetOf(local: number, text: string | undefined, { zone, zones }: TimeRules): Either<string, number> {
  if (text === undefined && zone === undefined) return right(0);
  if (text !== undefined && /^[+-]/.test(text)) {
    const offset = fixedOffset(text);
    return offset === undefined ? left('not an offset from UTC; legal from -18:00 to +18:00') : right(offset);
  }
  const named = text === undefined ? zone : zoneNamed(text, zones ?? NO_ZONES);
  if (named === undefined) return abbreviated(local, text ?? '', zone);
  const offsets = named.offsetsAt(local);
  if (offsets === undefined)
    return left(`the rules of ${named.name} are known from 1970 to 2029; say an offset with --zone, such as --zone -05:00`);
  const [first, second] = offsets;
  if (first === undefined) return left(`there was no such time in ${named.name}: the clock was put forward`);
  if (second === undefined || second.offset === first.offset) return right(first.offset);
  return left(
    `two instants in ${named.name}, where the clock was put back (${[first, second].map(({ abbreviation }) => abbreviation).join(' or ')}); export with offsets, or say one with --zone`,
  );
}

/** `EST` behind a clock: the stated zone knows which of its own it is; without one, several places use the same letters. */
function abbreviated(local: number, text: string, zone: Zone | undefined): Either<string, number> {
  const found = zone?.offsetsAt(local)?.find(({ abbreviation }) => abbreviation.toUpperCase() === text.toUpperCase());
  if (found !== undefined) return right(found.offset);
  return left(
    zone === undefined
      ? `${quoted(text)} is no offset and no zone by its full name; say --zone, such as --zone America/New_York`
      : `${quoted(text)} is not what ${zone.name} calls that time`,
  );
}

function parseDay(text: string, order: DateOrder | undefined): Either<string, Day> {
  const yearFirst = YEAR_FIRST.exec(text);
  if (yearFirst !== null) return right({ year: integer(yearFirst[1]), month: integer(yearFirst[3]), day: integer(yearFirst[4]) });
  if (COMPACT.test(text)) return right(compactDay(text));
  const nameFirst = MONTH_NAME_FIRST.exec(text);
  if (nameFirst !== null) return namedDay(nameFirst[3], nameFirst[1], nameFirst[2]);
  const dayFirst = DAY_FIRST_MONTH_NAME.exec(text);
  if (dayFirst !== null) return namedDay(dayFirst[3], dayFirst[2], dayFirst[1]);
  const numeric = NUMERIC.exec(text);
  if (numeric !== null) return numericDay(integer(numeric[4]), integer(numeric[1]), integer(numeric[3]), order);
  if (SHORT_YEAR.test(text)) return left('a year of two digits; say --date-format, such as DD.MM.YY or MM/DD/YY');
  return left(`expected ${LEGAL}`);
}

function namedDay(year: string | undefined, name: string | undefined, day: string | undefined): Either<string, Day> {
  const month = monthNumber(name ?? '');
  return month === undefined ? left(`no month is called ${quoted(name ?? '')}`) : right({ year: integer(year), month, day: integer(day) });
}

function numericDay(year: number, first: number, second: number, order: DateOrder | undefined): Either<string, Day> {
  const shown = first > 12 && second <= 12 ? 'dmy' : second > 12 && first <= 12 ? 'mdy' : undefined;
  if (order !== undefined && shown !== undefined && shown !== order) return left(`not a date in the order ${order}`);
  const chosen = order ?? shown;
  // 05/05/2000 is the same day either way; with both over 12 it is no day, which the caller finds.
  if (chosen === undefined && first !== second && first <= 12) return left('could mean two days; say --date-format mdy or dmy');
  const [month, day] = chosen === 'dmy' ? [second, first] : [first, second];
  return right({ year, month, day, ...(shown === undefined ? {} : { order: shown }) });
}

function compactDay(text: string): Day {
  return { year: integer(text.slice(0, 4)), month: integer(text.slice(4, 6)), day: integer(text.slice(6, 8)) };
}

/** Whether digits can be `YYYYMMDD` and a clock. */
function isCompact(digits: string): boolean {
  const [hour, minute, second] = [digits.slice(8, 10), digits.slice(10, 12), digits.slice(12, 14)].map(integer);
  return isDay(compactDay(digits)) && (hour ?? 0) < 24 && (minute ?? 0) < 60 && (second ?? 0) < 60;
}

function clockOf(hour: string | undefined, minute: string | undefined, second: string | undefined, fraction: string | undefined): Clock {
  return { hour: integer(hour), minute: integer(minute), second: integer(second), nanos: integer((fraction ?? '').padEnd(9, '0')) };
}

/** Digits to an integer that a double holds exactly: at most fifteen of them. */
function integer(digits: string | undefined): number {
  let value = 0;
  for (const digit of digits ?? '') value = value * 10 + (digit.charCodeAt(0) - 48);
  return value;
}
