/**
 * Whether the data in a page has the shape that the program reads. Invariant: what passes can be drawn and proven without a script error, so
 * whoever writes into the block gets a verdict and the place of the mistake.
 */
import { PAGE_FILES } from '../../../../domain/report/page-data';
import { record } from './run-model';

/** Rows that a page may hold: far above what `ewm report` puts in, far below what would hold up a browser. */
const ROWS_MAX = 1_000_000;

type Shape = (value: unknown, at: string) => string | undefined;

/** The first thing that is wrong, with its JSON pointer. */
export function pageFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'it is not JSON';
  if (record(value)['version'] !== 1) return 'it is of another version, or damaged';
  return PAGE(value, '');
}

const TEXT: Shape = (value, at) => (typeof value === 'string' ? undefined : expected(at, 'text'));
const COUNT: Shape = (value, at) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : expected(at, 'a whole number of 0 or more');
const FLAG: Shape = (value, at) => (typeof value === 'boolean' ? undefined : expected(at, 'true or false'));
const ANY: Shape = () => undefined;

const COUNTS = each(COUNT);
const RANGES: Shape = (value, at) =>
  listOf(tuple(COUNT, COUNT))(value, at) ??
  ((value as [number, number][]).reduce((sum, [, count]) => sum + count, 0) > ROWS_MAX ? expected(at, 'fewer rows') : undefined);
const SAMPLE = object({
  rows_total: COUNT,
  steps_total: COUNT,
  ranges: RANGES,
  bucket_steps: COUNT,
  fills: COUNT,
  fees: TEXT,
  max_drawdown: orNull(object({ peak_step: COUNT, trough_step: COUNT })),
  marks: orNull(listOf(object({ first_step: COUNT, steps: COUNT, buys: COUNTS, sells: COUNTS, rejected: COUNT }))),
  world: orAbsent(object({ actions: COUNT, fuel: COUNT })),
});
const FILES: Shape = (value, at) => {
  const fault = each(TEXT)(value, at);
  const unknown = Object.keys(record(value)).find((name) => !(PAGE_FILES as readonly string[]).includes(name));
  return fault ?? (unknown === undefined ? undefined : expected(at, `no other files than ${PAGE_FILES.join(', ')}`));
};
const WORLD = object({ name: TEXT, version: TEXT, charts: listOf(object({ title: TEXT, lines: listOf(TEXT) })) });
const RUN = object({ name: TEXT, tape: TEXT, files: FILES, sample: orNull(SAMPLE), world: orAbsent(WORLD), receipt: orAbsent(TEXT) });
const END = orNull(object({ ok: FLAG, stopped_by: orNull(TEXT), steps: COUNT, final_equity: orNull(TEXT), head_hash: orNull(TEXT) }));
const DIFF = object({
  inputs: listOf(object({ file: TEXT, pointer: TEXT, a: orNull(TEXT), b: orNull(TEXT) })),
  divergence: orNull(object({ step_index: COUNT, pointers: listOf(TEXT), why: TEXT })),
  decisions: object({
    compared: COUNT,
    changed: COUNT,
    listed: listOf(object({ step_index: COUNT, a: orNull(TEXT), b: orNull(TEXT), why: TEXT })),
  }),
  final: object({ a: END, b: END }),
});
const PAGE = object({ version: ANY, made_by: TEXT, a: RUN, b: orNull(RUN), diff: orNull(DIFF) });

function object(members: Readonly<Record<string, Shape>>): Shape {
  return (value, at) => {
    if (!isObject(value)) return expected(at, 'an object');
    for (const [name, shape] of Object.entries(members)) {
      const fault = shape(value[name], `${at}/${name}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

function each(shape: Shape): Shape {
  return (value, at) => (isObject(value) ? firstFault(Object.entries(value), shape, at) : expected(at, 'an object'));
}

function listOf(shape: Shape): Shape {
  return (value, at) => (Array.isArray(value) ? firstFault([...value.entries()], shape, at) : expected(at, 'a list'));
}

function tuple(...shapes: readonly Shape[]): Shape {
  return (value, at) => {
    if (!Array.isArray(value) || value.length !== shapes.length) return expected(at, `a list of ${String(shapes.length)}`);
    return shapes.map((shape, index) => shape(value[index], `${at}/${String(index)}`)).find((fault) => fault !== undefined);
  };
}

function orNull(shape: Shape): Shape {
  return (value, at) => (value === null ? undefined : shape(value, at));
}

function orAbsent(shape: Shape): Shape {
  return (value, at) => (value === undefined ? undefined : shape(value, at));
}

function firstFault(entries: readonly (readonly [string | number, unknown])[], shape: Shape, at: string): string | undefined {
  for (const [name, value] of entries) {
    const fault = shape(value, `${at}/${String(name)}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function expected(at: string, what: string): string {
  return `${at === '' ? 'it' : at}: expected ${what}`;
}
