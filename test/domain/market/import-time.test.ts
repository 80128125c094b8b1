/** Dates of price files to ISO 8601; the calendar is checked against Date, which the domain does not use. */
import fc from 'fast-check';
import { type DateOrder, importTimeText, parseImportTime } from '../../../src/domain/market/import-time';

const SEED = 20_240_204;

function read(text: string, order?: DateOrder): string {
  const time = parseImportTime(text, { order });
  return time._tag === 'Right' ? importTimeText(time.right) : `error: ${time.left}`;
}

describe('parseImportTime', () => {
  test.each([
    ['2004-08-19', '2004-08-19'],
    ['2004/8/9', '2004-08-09'],
    ['20040819', '2004-08-19'],
    ['Jan 1 2000', '2000-01-01'],
    ['January 1, 2000', '2000-01-01'],
    ['sept 3 2001', '2001-09-03'],
    ['1 Jan 2000', '2000-01-01'],
    ['1-Feb-2000', '2000-02-01'],
    ['01/31/2000', '2000-01-31'],
    ['31.01.2000', '2000-01-31'],
    ['05/05/2000', '2000-05-05'],
    ['2000-02-29', '2000-02-29'],
    [' 2004-08-19 ', '2004-08-19'],
    ['2004-08-19T16:00:00', '2004-08-19T16:00:00Z'],
    ['2004-08-19 16:00', '2004-08-19T16:00:00Z'],
    ['2004-08-19t16:00:00z', '2004-08-19T16:00:00Z'],
    ['2004-08-19T16:00:00-04:00', '2004-08-19T20:00:00Z'],
    ['2004-08-19 00:30:00+0200', '2004-08-18T22:30:00Z'],
    ['1999-12-31T23:59:59.5-01', '2000-01-01T00:59:59.5Z'],
    ['2004-08-19T16:00:00.120000000Z', '2004-08-19T16:00:00.12Z'],
    ['2004-08-19T16:00:00.000', '2004-08-19T16:00:00Z'],
    ['Oct 1 2000 16:00', '2000-10-01T16:00:00Z'],
    ['1969-12-31T23:00:00Z', '1969-12-31T23:00:00Z'],
  ])('%s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  test('a stated order settles what is ambiguous', () => {
    expect(read('01/02/2000')).toMatch(/could mean two days/);
    expect(read('01/02/2000', 'mdy')).toBe('2000-01-02');
    expect(read('01/02/2000', 'dmy')).toBe('2000-02-01');
    expect(read('01/31/2000', 'dmy')).toMatch(/not a date in the order dmy/);
  });

  test.each([
    ['', /no time/],
    ['yesterday', /expected a date/],
    ['2001-02-29', /not a day of the calendar/],
    ['1900-02-29', /not a day of the calendar/],
    ['2004-13-01', /not a day of the calendar/],
    ['2004-00-10', /not a day of the calendar/],
    ['Apr 31 2000', /not a day of the calendar/],
    ['31/31/2000', /not a day of the calendar/],
    ['0000-01-01', /not a day of the calendar/],
    ['Foo 1 2000', /no month is called "Foo"/],
    ['01/02/00', /a year of two digits; say --date-format/],
    ['2004-08/19', /expected a date/],
    ['2004-08-19T24:00:00', /not a time of day/],
    ['2004-08-19T16:60', /not a time of day/],
    ['2004-08-19T16:00:60', /not a time of day/],
    ['2004-08-19T16:00:00+19:00', /not an offset/],
    ['0001-01-01T00:00:00+01:00', /outside the years/],
    ['9999-12-31T23:00:00-02:00', /outside the years/],
    ['109287', /expected a date/],
    ['4:00 PM Aug 19 2004', /expected a date/],
    [' '.repeat(100_000) + 'x', /expected a date/],
    [`1${' '.repeat(40)}:`, /expected a date/],
  ])('%j is refused', (text, reason) => {
    expect(read(text)).toMatch(reason);
  });

  test('the calendar is that of Date, over all four-digit years', () => {
    // 0001-01-02 to 9999-12-30, so that an offset does not leave the range.
    const instant = fc.integer({ min: -62_135_510_400, max: 253_402_214_400 });
    fc.assert(
      fc.property(instant, fc.integer({ min: -18 * 60, max: 18 * 60 }), (seconds, offsetMinutes) => {
        const local = new Date((seconds + offsetMinutes * 60) * 1000).toISOString().slice(0, 19);
        const [hours, minutes] = [Math.trunc(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
        const offset = `${offsetMinutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        const time = parseImportTime(local + offset);
        expect(time).toMatchObject({
          _tag: 'Right',
          right: { precision: 'timestamp', seconds, nanos: 0 },
        });
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});
