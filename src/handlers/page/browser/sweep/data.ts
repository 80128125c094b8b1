/** What a sweep's page holds, as `sweep-html.ts` writes it, and how its values are shown. */

export type Value = string | number | boolean | null | object;

export interface DrawnCell {
  readonly index: number;
  readonly point: Readonly<Record<string, Value>>;
  readonly pair: number;
  readonly part: string;
  readonly runId: string;
  readonly figures: readonly (string | null)[];
}

export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
}

export interface SweepPage {
  readonly summary: Readonly<Record<string, unknown>>;
  readonly figures: readonly Figure[];
  readonly cells: readonly DrawnCell[];
  readonly total: number;
  readonly axes: readonly string[];
  readonly objective: { readonly figure: string; readonly prefer: string };
}

export function readData(text: string): SweepPage {
  const { summary, figures, cells, total } = JSON.parse(text) as {
    summary: SweepPage['summary'];
    figures: readonly (readonly [string, string, string])[];
    cells: readonly (readonly [number, DrawnCell['point'], number, string, string, DrawnCell['figures']])[];
    total: number;
  };
  const spec = summary['spec'] as { readonly axes: readonly { readonly name: string }[]; readonly objective: SweepPage['objective'] };
  return {
    summary,
    figures: figures.map(([name, title, unit]) => ({ name, title, unit })),
    cells: cells.map(([index, point, pair, part, runId, values]) => ({ index, point, pair, part, runId, figures: values })),
    total,
    axes: spec.axes.map(({ name }) => name),
    objective: spec.objective,
  };
}

export function valueText(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** For reading: a share as per cent, and no more digits than an eye takes in. */
export function figureText(value: string | null | undefined, unit: string): string {
  if (value === null || value === undefined) return '–';
  if (unit === 'share') return `${(Number(value) * 100).toFixed(2)} %`;
  return unit === 'count' ? value : Number(value).toFixed(2);
}

/** Numbers by their size, everything else by its text; what is missing comes last. */
export function compareValues(a: Value | undefined, b: Value | undefined): number {
  const missing = (value: Value | undefined): boolean => value === null || value === undefined;
  if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b));
  const [first, second] = [Number(a), Number(b)];
  if (!Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return valueText(a ?? '') < valueText(b ?? '') ? -1 : 1;
}
