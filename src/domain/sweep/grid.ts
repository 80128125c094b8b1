/**
 * The points of a sweep: the grid of its axes, the first one turning slowest, less what the constraints refuse; or a sample of it.
 * Invariant: the same spec gives the same points in the same order on every machine.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { Json } from '../canonical/canonical';
import type { Problem } from '../codec/problem';
import { type Decimal, decimalFromJson, formatDecimal } from '../decimal/decimal';
import { seededGenerator } from '../market/generate';
import { type Constraint, readConstraint } from './constraint';
import { type Axis, type AxisValues, CELLS_MAX, type SweepSpec } from './spec';

export interface Grid {
  readonly axes: readonly string[];
  /** The values of each axis. */
  readonly values: readonly (readonly Json[])[];
  readonly points: number;
  /** The values of a point, in the order of the axes. */
  readonly pointAt: (index: number) => readonly Json[];
}

/** Draws for a sample before it is given up: so many for each point that is wanted. */
const DRAWS_PER_POINT = 1_000;

export function makeGrid({ axes, constraints, sample }: SweepSpec): Either<readonly Problem[], Grid> {
  const names = axes.map(({ name }) => name);
  const values = axes.map(valuesOf);
  const numeric = values.map((list) => list.every((value) => !isLeft(decimalFromJson(value))));
  const problems: Problem[] = [];
  const checks: Constraint[] = [];
  constraints.forEach((text, index) => {
    const read = readConstraint(text, names, numeric);
    if (isLeft(read)) problems.push({ pointer: `/constraints/${String(index)}`, message: `"${text}": ${read.left}` });
    else checks.push(read.right);
  });
  if (problems.length > 0) return left(problems);

  const total = values.reduce((product, list) => product * list.length, 1);
  const valuesAt = (index: number): readonly Json[] => {
    const point: Json[] = [];
    let rest = index;
    for (const list of [...values].reverse()) {
      point.unshift(list[rest % list.length] ?? null);
      rest = Math.floor(rest / list.length);
    }
    return point;
  };
  const allowed = (index: number): boolean => checks.length === 0 || checks.every((holds) => holds(valuesAt(index)));
  const chosen = sample === undefined ? whole(total, allowed) : drawn(total, allowed, sample.cells, sample.seed);
  if (isLeft(chosen)) return left([chosen.left]);
  return right({ axes: names, values, points: chosen.right.length, pointAt: (index) => valuesAt(chosen.right[index] ?? 0) });
}

/** The values of an axis, as they go into a document. */
function valuesOf({ values }: Axis): readonly Json[] {
  if (!isRange(values)) return values;
  const list: Json[] = [];
  for (let value = values.from; value <= values.to; value += values.step) list.push(jsonOf(value));
  return list;
}

function isRange(values: AxisValues): values is Exclude<AxisValues, readonly Json[]> {
  return !Array.isArray(values);
}

/** A number where a double holds it exactly, for counts are numbers; else its text. */
function jsonOf(value: Decimal): Json {
  const text = formatDecimal(value);
  const number = JSON.parse(text) as number;
  const back = decimalFromJson(number);
  return !isLeft(back) && back.right === value ? number : text;
}

type Chosen = Either<Problem, readonly number[]>;

function whole(total: number, allowed: (index: number) => boolean): Chosen {
  if (total > CELLS_MAX)
    return left({ pointer: '/axes', message: `${String(total)} points; at most ${String(CELLS_MAX)}: fewer values, or a sample of them` });
  const points = all(total, allowed);
  return points.length === 0 ? left({ pointer: '/constraints', message: 'no point satisfies them all' }) : right(points);
}

function all(total: number, allowed: (index: number) => boolean): readonly number[] {
  const points: number[] = [];
  for (let index = 0; index < total; index += 1) if (allowed(index)) points.push(index);
  return points;
}

/** In the order of the grid, so that what was drawn first does not show. */
function drawn(total: number, allowed: (index: number) => boolean, wanted: number, seed: string): Chosen {
  if (total > Number.MAX_SAFE_INTEGER) return left({ pointer: '/axes', message: 'more points than a seed can draw from: fewer values' });
  const generator = seededGenerator(`ewm sweep 1\n${seed}\n`);
  const chosen = total <= CELLS_MAX ? shuffled([...all(total, allowed)], wanted, generator) : rejected(total, allowed, wanted, generator);
  return chosen.length < wanted
    ? left({
        pointer: '/sample/cells',
        message: `${String(wanted)} asked for, and only ${String(chosen.length)} points satisfy the constraints`,
      })
    : right([...chosen].sort((a, b) => a - b));
}

function shuffled(points: number[], wanted: number, generator: RandomGenerator): readonly number[] {
  const count = Math.min(wanted, points.length);
  for (let k = 0; k < count; k += 1) {
    const other = uniformInt(generator, k, points.length - 1);
    [points[k], points[other]] = [points[other] ?? 0, points[k] ?? 0];
  }
  return points.slice(0, count);
}

function rejected(total: number, allowed: (index: number) => boolean, wanted: number, generator: RandomGenerator): readonly number[] {
  const chosen = new Set<number>();
  for (let draws = 0; chosen.size < wanted && draws < wanted * DRAWS_PER_POINT; draws += 1) {
    const index = uniformInt(generator, 0, total - 1);
    if (allowed(index)) chosen.add(index);
  }
  return [...chosen];
}
