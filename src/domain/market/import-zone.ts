/** What a time zone says of a wall clock: a fixed offset from UTC, or the rules of a place, which are handed in. */

/** One reading of a wall clock. Unit: seconds east of UTC. */
export interface ZoneOffset {
  readonly offset: number;
  /** `CET`, where the zone has a name for it. */
  readonly abbreviation: string;
}

export interface Zone {
  readonly name: string;
  /**
   * The offsets under which a wall clock shows this time, earliest instant first: one, none where the clock was put forward, two where it
   * was put back; `undefined` outside the years that the zone is known for. `localSeconds` counts from 1970-01-01T00:00:00 on that clock.
   */
  readonly offsetsAt: (localSeconds: number) => readonly ZoneOffset[] | undefined;
}

/** Looks a zone up by its name in the time zone database, such as `Europe/Berlin`. */
export type ZoneLookup = (name: string) => Zone | undefined;

export const NO_ZONES: ZoneLookup = () => undefined;

const OFFSET = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i;
const SECONDS_MAX = 18 * 3600;

/** `+05:30`, `-0400`, `UTC+1`, `Z`; `undefined` when it is none. */
export function fixedOffset(text: string): number | undefined {
  if (/^(?:Z|UTC|GMT|Etc\/UTC|Etc\/GMT)$/i.test(text)) return 0;
  const match = OFFSET.exec(text);
  if (match === null) return undefined;
  const [hours, minutes] = [digits(match[2] ?? ''), digits(match[3] ?? '')];
  const seconds = hours * 3600 + minutes * 60;
  if (minutes > 59 || seconds > SECONDS_MAX) return undefined;
  return match[1] === '-' ? -seconds : seconds;
}

/** A zone as the command line or a cell names it. */
export function zoneNamed(text: string, lookup: ZoneLookup): Zone | undefined {
  const offset = fixedOffset(text);
  if (offset === undefined) return lookup(text);
  const offsets = [{ offset, abbreviation: '' }];
  return { name: text, offsetsAt: () => offsets };
}

function digits(text: string): number {
  let value = 0;
  for (const char of text) value = value * 10 + (char.charCodeAt(0) - 48);
  return value;
}
