/**
 * Sweep specifications: base documents, what is varied in them, over which part of the market, what is looked for and what it may cost.
 * docs/spec.md section 13; docs/sweeps.md explains each field.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { type Json, hasCanonicalForm } from '../canonical/canonical';
import {
  ANY,
  type Codec,
  countCodec,
  decimalCodec,
  type Decoded,
  isRecord,
  listCodec,
  makeCodec,
  objectCodec,
  POSITIVE,
  refinedCodec,
  textCodec,
} from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { FIGURES } from '../report/figure-table';

/** The most cells of a sweep, and of its points drawn from a grid. */
export const CELLS_MAX = 1_000_000;
/** What a sweep may have where its budget says nothing: more is asked for by a number. */
const CELLS_DEFAULT = 10_000;
const AXES_MAX = 32;
const AXIS_VALUES_MAX = 100_000;
const KEEP_MAX = 1_000;
const CONSTRAINTS_MAX = 100;

/** A name that a constraint can hold. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const POINTER = /^(\/([^~/]|~[01])*)+$/;
const ROOTS = ['strategy', 'policy', 'initial_state'] as const;

const nameCodec: Codec<string> = makeCodec('axis name', { type: 'string', pattern: NAME.source }, (value, context) =>
  typeof value === 'string' && NAME.test(value)
    ? success(value)
    : failure(value, context, 'expected letters, digits and _, not beginning with a digit'),
);

const pointerCodec: Codec<string> = makeCodec('JSON pointer', { type: 'string', pattern: POINTER.source }, (value, context) => {
  if (typeof value !== 'string' || !POINTER.test(value)) return failure(value, context, 'expected a JSON pointer (RFC 6901)');
  const inBudget = value.startsWith('/budget/');
  if (inBudget && value !== '/budget/max_steps') return failure(value, context, 'of the budget a run has max_steps: /budget/max_steps');
  return inBudget || ROOTS.some((root) => value.startsWith(`/${root}/`))
    ? success(value)
    : failure(
        value,
        context,
        `expected a pointer that begins with one of ${ROOTS.map((root) => `/${root}/`).join(', ')}, or /budget/max_steps`,
      );
});

const jsonCodec: Codec<Json> = makeCodec<Json>('JSON value', {}, (value, context) =>
  hasCanonicalForm(value) ? success(value) : failure(value, context, 'expected a JSON value'),
);

const listedCodec = listCodec(jsonCodec, { min: 1, max: AXIS_VALUES_MAX });

const rangeCodec = refinedCodec(
  objectCodec('range', {
    description: 'from, from + step, and so on, up to and including to.',
    required: { from: decimalCodec(ANY), to: decimalCodec(ANY), step: decimalCodec(POSITIVE) },
  }),
  ({ from, to, step }) => {
    if (to < from) return [{ path: ['to'], message: 'must not be less than from' }];
    return (to - from) / step >= AXIS_VALUES_MAX ? [{ path: ['step'], message: `gives more than ${String(AXIS_VALUES_MAX)} values` }] : [];
  },
);

export type Range = Decoded<typeof rangeCodec>;
export type AxisValues = readonly Json[] | Range;

const valuesCodec: Codec<AxisValues> = makeCodec<AxisValues>(
  'values',
  { anyOf: [listedCodec.schema, rangeCodec.schema] },
  (value, context) => (isRecord(value) ? rangeCodec.validate(value, context) : listedCodec.validate(value, context)),
);

const axisCodec = objectCodec('axis', {
  description: 'One thing that is varied: every pointer takes the same value.',
  required: {
    name: nameCodec,
    pointers: listCodec(pointerCodec, { min: 1, max: 1_000, uniqueBy: (pointer) => pointer }),
    values: valuesCodec,
  },
});

export type Axis = Decoded<typeof axisCodec>;

const fixedCodec = objectCodec('fixed window', {
  description: 'A part of the market: `steps` steps from step `from` on.',
  required: { from: countCodec(0), steps: countCodec(1) },
});

const walkForwardCodec = objectCodec('walk-forward windows', {
  description:
    'In-sample windows of in_sample steps, each followed by an out-of-sample window of out_of_sample steps; each pair begins step steps after ' +
    'the one before (out_of_sample by default). anchored: every in-sample window begins at step 0.',
  required: { in_sample: countCodec(1), out_of_sample: countCodec(1) },
  optional: { step: countCodec(1) },
  defaulted: {
    anchored: makeCodec<boolean>('true or false', { type: 'boolean' }, (value, context) =>
      typeof value === 'boolean' ? success(value) : failure(value, context, 'expected true or false'),
    ),
  },
  defaults: { anchored: false },
});

export type SweepWindows = Decoded<typeof fixedCodec> | Decoded<typeof walkForwardCodec>;

const windowsCodec: Codec<SweepWindows> = makeCodec<SweepWindows>(
  'windows',
  { anyOf: [fixedCodec.schema, walkForwardCodec.schema] },
  (value, context) =>
    isRecord(value) && Object.hasOwn(value, 'from') ? fixedCodec.validate(value, context) : walkForwardCodec.validate(value, context),
);

const figureCodec: Codec<string> = makeCodec('figure', { enum: FIGURES.map(({ name }) => name) }, (value, context) =>
  FIGURES.some(({ name }) => name === value)
    ? success(value as string)
    : failure(value, context, `expected one of ${FIGURES.map(({ name }) => name).join(', ')}`),
);

const preferCodec: Codec<'more' | 'less'> = makeCodec<'more' | 'less'>('preference', { enum: ['more', 'less'] }, (value, context) =>
  value === 'more' || value === 'less' ? success(value) : failure(value, context, 'expected "more" or "less"'),
);

const OBJECTIVE = { figure: 'return_over_drawdown' };
const BUDGET = { max_cells: CELLS_DEFAULT };

const specCodec = refinedCodec(
  objectCodec('sweep', {
    description:
      'A sweep of Executable World Models: base documents, what is varied in them, and what the best of it is. See docs/sweeps.md.',
    required: {
      name: textCodec,
      strategy: jsonCodec,
      axes: listCodec(axisCodec, { min: 1, max: AXES_MAX, uniqueBy: ({ name }) => name }),
    },
    optional: {
      $schema: textCodec,
      description: textCodec,
      market: textCodec,
      sample: objectCodec('sample', {
        description: 'So many points of the grid, drawn without return by a seed; all of the grid where absent.',
        required: { cells: countCodec(1, CELLS_MAX), seed: textCodec },
      }),
      windows: windowsCodec,
    },
    defaulted: {
      policy: jsonCodec,
      initial_state: jsonCodec,
      constraints: listCodec(textCodec, { min: 0, max: CONSTRAINTS_MAX }),
      objective: objectCodec('objective', { required: { figure: figureCodec }, optional: { prefer: preferCodec } }),
      keep: countCodec(0, KEEP_MAX),
      budget: objectCodec('budget', {
        description: 'What the whole sweep may take: cells, and steps over all cells. Every cell gets a grant of it before it begins.',
        required: {},
        optional: { max_steps: countCodec(1) },
        defaulted: { max_cells: countCodec(1, CELLS_MAX) },
        defaults: BUDGET,
      }),
    },
    defaults: { policy: {}, initial_state: {}, constraints: [], objective: OBJECTIVE, keep: 3, budget: BUDGET },
  }),
  ({ objective }) =>
    objective.prefer === undefined && betterOf(objective.figure) === undefined
      ? [{ path: ['objective', 'prefer'], message: `neither more nor less of ${objective.figure} is better: say which, "more" or "less"` }]
      : [],
);

type Document = Decoded<typeof specCodec>;

/** What a sweep is made from. `market` and `description` name nothing of it. */
export type SweepSpec = Omit<Document, '$schema' | 'market' | 'description' | 'objective'> & {
  readonly objective: { readonly figure: string; readonly prefer: 'more' | 'less' };
};

export const sweepSchema = specCodec.schema;

export function decodeSweep(value: unknown): Either<readonly Problem[], SweepSpec> {
  const decoded = specCodec.decode(value);
  if (isLeft(decoded)) return left(problemsOf(decoded.left));
  const { $schema: _schema, market: _market, description: _description, objective, ...spec } = decoded.right;
  return right({ ...spec, objective: { figure: objective.figure, prefer: objective.prefer ?? betterOf(objective.figure) ?? 'more' } });
}

function betterOf(figure: string): 'more' | 'less' | undefined {
  return FIGURES.find(({ name }) => name === figure)?.better;
}
