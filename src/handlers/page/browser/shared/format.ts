/** Values for reading. Invariant: exact texts of the tape are only grouped, never rounded; what was rounded for a drawing is never in a table. */

const GROUPED = /\B(?=(\d{3})+$)/g;

/** `1234567.89` as `1,234,567.89`. */
export function grouped(decimal: string): string {
  const [integer = '', fraction] = decimal.split('.');
  const text = integer.replace(GROUPED, ',');
  return (fraction === undefined ? text : `${text}.${fraction}`).replace('-', '−');
}

/** With a sign, for changes. */
export function signed(decimal: string): string {
  return decimal === '0' || decimal.startsWith('-') ? grouped(decimal) : `+${grouped(decimal)}`;
}

/** A number of a drawing: five digits that count. */
export function decimalForReading(value: number): string {
  const digits = Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 1 ? 2 : 6;
  return grouped(String(Number(value.toFixed(digits))));
}

export function percentForReading(value: number): string {
  return `${value.toFixed(2).replace('-', '−')} %`;
}

export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${grouped(String(count))} ${count === 1 ? one : many}`;
}

/** The beginning of a hash, enough to tell it from others. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
