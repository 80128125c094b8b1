/** What somebody probably meant by a name that is not known. */

/** `; did you mean "x"?`, where one of the names is close to what was written; else nothing. */
export function didYouMean(written: unknown, names: readonly string[]): string {
  const nearest = typeof written === 'string' ? nearestName(written, names) : undefined;
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`;
}

/** A third of a name may be mistyped, and at least one letter of it. */
const LETTERS_PER_MISTAKE = 3;
/** Longer texts are no slips of a name. */
const NAME_CHARS_MAX = 64;

export function nearestName(written: string, names: readonly string[]): string | undefined {
  if (written.length > NAME_CHARS_MAX) return undefined;
  const plain = plainOf(written);
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(plain.length / LETTERS_PER_MISTAKE)) + 1;
  for (const name of names) {
    const distance = mistakes(plain, plainOf(name));
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest;
}

/** `buyBelow`, `buy-below` and `BUY_BELOW` are `buy_below` written otherwise. */
function plainOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Letters to insert, drop, replace or swap with their neighbour. */
function mistakes(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
