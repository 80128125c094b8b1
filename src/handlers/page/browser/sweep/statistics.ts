/** Summaries of many numbers, for drawings. */

export interface Spread {
  readonly count: number;
  readonly lowest: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly highest: number;
  readonly mean: number;
}

/** Nothing of no number at all. Quartiles are interpolated between neighbours, as spreadsheets do. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  if (lowest === undefined || highest === undefined) return undefined;
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [below = lowest, above = highest] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (above - below) * (place - Math.floor(place));
  };
  return {
    count: sorted.length,
    lowest,
    lowerQuartile: at(0.25),
    median: at(0.5),
    upperQuartile: at(0.75),
    highest,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
  };
}

/** Round numbers between two others, about `wanted` of them, for the marks of a scale. */
export function ticks(low: number, high: number, wanted: number): readonly number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Neighbours in an axis of many values, taken together so that each group can be read. */
export interface Group {
  readonly label: string;
  readonly from: number;
  readonly until: number;
}

export function groupsOf(values: readonly string[], most: number): readonly Group[] {
  const size = Math.ceil(values.length / most);
  return Array.from({ length: Math.ceil(values.length / size) }, (_, k) => {
    const [from, until] = [k * size, Math.min(values.length, (k + 1) * size)];
    const [first = '', last = ''] = [values[from], values[until - 1]];
    return { label: first === last ? first : `${first} to ${last}`, from, until };
  });
}
