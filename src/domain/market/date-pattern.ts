/** Date formats that somebody states as a pattern: `DD.MM.YY HH:mm`, or with the letters of strptime, `%d.%m.%y %H:%M`. */
import { type Either, left, right } from 'fp-ts/Either';
import { quoted } from '../codec/printable';
import { monthNumber } from './month-names';

/** What a pattern finds in a cell. */
export interface PatternFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Absent when the pattern has no clock. */
  readonly clock?: { readonly hour: number; readonly minute: number; readonly second: number; readonly nanos: number };
  readonly zone?: string;
}

export type DatePattern = (cell: string) => PatternFields | undefined;

const STRPTIME: Readonly<Record<string, string>> = {
  Y: 'YYYY',
  y: 'YY',
  m: 'MM',
  d: 'DD',
  e: 'D',
  b: 'MMM',
  B: 'MMM',
  h: 'MMM',
  H: 'HH',
  I: 'hh',
  M: 'mm',
  S: 'ss',
  f: 'SSS',
  p: 'A',
  z: 'Z',
  Z: 'Z',
  F: 'YYYY-MM-DD',
  T: 'HH:mm:ss',
  '%': '%',
};

const TOKENS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>[0-9]{4})',
  YY: '(?<shortYear>[0-9]{2})',
  MMMM: '(?<monthName>\\p{L}{3,10})\\.?',
  MMM: '(?<monthName>\\p{L}{3,10})\\.?',
  MM: '(?<month>[0-9]{1,2})',
  M: '(?<month>[0-9]{1,2})',
  DD: '(?<day>[0-9]{1,2})',
  D: '(?<day>[0-9]{1,2})',
  HH: '(?<hour>[0-9]{1,2})',
  H: '(?<hour>[0-9]{1,2})',
  hh: '(?<hour12>[0-9]{1,2})',
  h: '(?<hour12>[0-9]{1,2})',
  mm: '(?<minute>[0-9]{2})',
  ss: '(?<second>[0-9]{2})',
  S: '(?<fraction>[0-9]{1,9})',
  A: '(?<half>[AaPp]\\.?[Mm]\\.?)',
  a: '(?<half>[AaPp]\\.?[Mm]\\.?)',
  Z: '(?<zone>[A-Za-z][A-Za-z0-9_+/-]*|[+-][0-9]{1,2}(?::?[0-9]{2})?)',
};
const TOKEN = /YYYY|YY|M{1,4}|DD?|HH?|hh?|mm|ss|S+|[Aa]|Z/g;

/** Years of two digits are 1969 to 2068, as POSIX has it. */
const CENTURY_PIVOT = 69;

export function datePattern(text: string): Either<string, DatePattern> {
  const own = text.replaceAll(/%(.)/g, (whole, letter: string) => STRPTIME[letter] ?? whole);
  let source = '';
  let at = 0;
  const seen = new Set<string>();
  for (const match of own.matchAll(TOKEN)) {
    source += literal(own.slice(at, match.index));
    at = match.index + match[0].length;
    const token = TOKENS[match[0].startsWith('S') ? 'S' : match[0]] ?? '';
    const group = /<(\w+)>/.exec(token)?.[1] ?? '';
    if (seen.has(group)) return left(`${quoted(text)}: names ${match[0]} twice`);
    seen.add(group);
    source += token;
  }
  source += literal(own.slice(at));
  const dated = (seen.has('year') || seen.has('shortYear')) && (seen.has('month') || seen.has('monthName')) && seen.has('day');
  if (!dated || (seen.has('hour12') && !seen.has('half'))) {
    return left(
      `${quoted(text)}: expected mdy, dmy, ymd, epoch-s, epoch-ms, epoch-us, epoch-ns, excel, or a pattern of YYYY or YY, MM or MMM, DD, and HH (or hh with A), mm, ss, S, Z, such as DD.MM.YYYY HH:mm`,
    );
  }
  return right(matcher(new RegExp(`^${source}$`, 'u')));
}

function matcher(expression: RegExp): DatePattern {
  return (cell) => {
    const found = expression.exec(cell.trim())?.groups;
    if (found === undefined) return undefined;
    const short = number(found['shortYear']);
    const year = found['year'] === undefined ? short + (short < CENTURY_PIVOT ? 2000 : 1900) : number(found['year']);
    const month = found['monthName'] === undefined ? number(found['month']) : monthNumber(found['monthName']);
    if (month === undefined) return undefined;
    const day = { year, month, day: number(found['day']), ...(found['zone'] === undefined ? {} : { zone: found['zone'] }) };
    const hour = found['hour'] === undefined ? hourOfHalf(found['hour12'], found['half']) : number(found['hour']);
    if (hour === undefined) return undefined;
    if (found['hour'] === undefined && found['hour12'] === undefined) return day;
    const nanos = number((found['fraction'] ?? '').padEnd(9, '0'));
    return { ...day, clock: { hour, minute: number(found['minute']), second: number(found['second']), nanos } };
  };
}

/** An hour of a clock of 12, from 0 to 23; `undefined` when it is not from 1 to 12. */
export function hourOfHalf(hourText: string | undefined, half: string | undefined): number | undefined {
  if (hourText === undefined) return 0;
  const hour = number(hourText);
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (/^p/i.test(half ?? '') ? 12 : 0);
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replaceAll(/\s+/g, '\\s+');
}

function number(text: string | undefined): number {
  let value = 0;
  for (const char of text ?? '') value = value * 10 + (char.charCodeAt(0) - 48);
  return value;
}
