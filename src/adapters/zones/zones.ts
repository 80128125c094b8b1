/** Time zones by their names in the time zone database, from the data of moment-timezone and not of the machine: the same on every one. */
import moment from 'moment-timezone/builds/moment-timezone-with-data-1970-2030';
import type { Zone, ZoneLookup, ZoneOffset } from '../../domain/market/import-zone';

/** What the data covers. Unit: seconds since 1970. */
const KNOWN_UNTIL = Date.UTC(2030, 0, 1) / 1000;

const found = new Map<string, Zone | undefined>();

export const zoneByName: ZoneLookup = (name) => {
  const key = name.toLowerCase();
  if (!found.has(key)) found.set(key, makeZone(name));
  return found.get(key);
};

function makeZone(name: string): Zone | undefined {
  // `EST5EDT` and the like are zones; three letters are what several places call their own time.
  if (!name.includes('/') && !/^(?:UTC|GMT|UCT|Zulu|EST5EDT|CST6CDT|MST7MDT|PST8PDT)$/i.test(name)) return undefined;
  const zone = moment.tz.zone(name);
  if (zone === null) return undefined;
  const { untils, offsets, abbrs } = zone;

  function offsetsAt(local: number): readonly ZoneOffset[] | undefined {
    if (local < 0 || local >= KNOWN_UNTIL) return undefined;
    const readings: ZoneOffset[] = [];
    // Offsets are below a day: only the spans around the same count of UTC can hold this wall clock.
    let span = firstUntilAfter(untils, (local - 86_400) * 1000);
    for (; span < untils.length && (span === 0 || (untils[span - 1] ?? 0) <= (local + 86_400) * 1000); span += 1) {
      // Minutes west, as JavaScript has them.
      const offset = -Math.round((offsets[span] ?? 0) * 60);
      const utc = (local - offset) * 1000;
      if (utc >= (span === 0 ? -Infinity : (untils[span - 1] ?? 0)) && utc < (untils[span] ?? Infinity)) {
        readings.push({ offset, abbreviation: abbrs[span] ?? '' });
      }
    }
    return readings.sort((a, b) => b.offset - a.offset);
  }

  return { name: zone.name, offsetsAt };
}

function firstUntilAfter(untils: readonly (number | null)[], ms: number): number {
  let [low, high] = [0, untils.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((untils[middle] ?? Infinity) > ms) high = middle;
    else low = middle + 1;
  }
  return low;
}
