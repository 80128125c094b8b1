/** Constraints on the points of a grid: `short < long`, `window >= 2`. Both sides are an axis or a number, compared exactly. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Json } from '../canonical/canonical';
import { type Decimal, decimalFromJson, decimalFromText } from '../decimal/decimal';

/** Whether the values of a point, in the order of the axes, satisfy it. */
export type Constraint = (point: readonly Json[]) => boolean;

const TEXT = /^\s*([A-Za-z0-9_.-]+)\s*(<=|>=|==|!=|<|>)\s*([A-Za-z0-9_.-]+)\s*$/;

const HOLDS: Readonly<Record<string, (difference: bigint) => boolean>> = {
  '<': (difference) => difference < 0n,
  '<=': (difference) => difference <= 0n,
  '>': (difference) => difference > 0n,
  '>=': (difference) => difference >= 0n,
  '==': (difference) => difference === 0n,
  '!=': (difference) => difference !== 0n,
};

/** `numeric[i]`: whether every value of axis i is a number. */
export function readConstraint(text: string, names: readonly string[], numeric: readonly boolean[]): Either<string, Constraint> {
  const [, first = '', operator = '', second = ''] = TEXT.exec(text) ?? [];
  const holds = Object.hasOwn(HOLDS, operator) ? HOLDS[operator] : undefined;
  if (holds === undefined) return left('expected two axes or numbers with <, <=, >, >=, == or != between, such as short < long');
  const [a, b] = [sideOf(first, names, numeric), sideOf(second, names, numeric)];
  if (isLeft(a)) return a;
  if (isLeft(b)) return b;
  return right((point) => holds(a.right(point) - b.right(point)));
}

function sideOf(text: string, names: readonly string[], numeric: readonly boolean[]): Either<string, (point: readonly Json[]) => Decimal> {
  const index = names.indexOf(text);
  if (index !== -1) {
    if (numeric[index] !== true) return left(`${text} has values that are no numbers`);
    return right((point) => {
      const value = decimalFromJson(point[index]);
      return isLeft(value) ? 0n : value.right;
    });
  }
  const constant = decimalFromText(text);
  return isLeft(constant) ? left(`${text} is neither an axis (${names.join(', ')}) nor a number`) : right(() => constant.right);
}
