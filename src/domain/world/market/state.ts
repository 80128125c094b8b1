/** The state of a world and what it is worth. Invariant: cash and positions are never negative; a position of zero is absent in every text. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { assert } from '../../assert';
import { canonical } from '../../canonical/canonical';
import { type Problem, excerpt, pointerStep } from '../../codec/problem';
import { isRecord } from '../../codec/codec';
import { type Decimal, decimalFromJson, exactDecimal, formatDecimal, mul } from '../../decimal/decimal';
import { normalSymbol } from '../../market/symbol';

export interface State {
  readonly cash: Decimal;
  /** Quantity per market symbol, in the order of the market header. */
  readonly positions: readonly Decimal[];
}

export interface Valuation {
  /** Sum of |quantity| x price over all positions. */
  readonly exposure: Decimal;
  /** Cash plus the value of all positions. */
  readonly equity: Decimal;
}

export const DEFAULT_CASH: Decimal = exactDecimal('1000');

/** The text form of a state, as it stands in inputs, checkpoints, seals and under `state_hash`. */
export type StateText = {
  readonly cash: string;
  readonly positions: Readonly<Record<string, string>>;
};

export function valueOf(state: State, prices: readonly Decimal[]): Valuation {
  let exposure = 0n;
  for (let index = 0; index < state.positions.length; index += 1) {
    const quantity = state.positions[index] ?? 0n;
    if (quantity !== 0n) exposure += mul(quantity, prices[index] ?? 0n);
  }
  // Positions are never negative, so their value is the exposure.
  return { exposure, equity: state.cash + exposure };
}

export function assertState(state: State): void {
  assert(state.cash >= 0n, 'cash is never negative');
  for (const quantity of state.positions) assert(quantity >= 0n, 'a position is never negative');
}

export function stateText(state: State, symbols: readonly string[]): StateText {
  const positions: Record<string, string> = {};
  symbols.forEach((symbol, index) => {
    const quantity = state.positions[index] ?? 0n;
    if (quantity !== 0n) positions[symbol] = formatDecimal(quantity);
  });
  return { cash: formatDecimal(state.cash), positions };
}

export function canonicalState(state: State, symbols: readonly string[]): string {
  return canonical(stateText(state, symbols));
}

/** Decodes `{cash, positions}`; both may be absent (1000, none). Positions must be in symbols that the market prices. */
export function decodeState(value: unknown, symbols: readonly string[]): Either<readonly Problem[], State> {
  if (!isRecord(value)) return left([{ pointer: '', message: `${excerpt(value)}: expected an object with cash and positions` }]);
  const problems: Problem[] = Object.keys(value)
    .filter((key) => key !== 'cash' && key !== 'positions')
    .map((key) => ({ pointer: pointerStep(key), message: 'unknown field; legal here: cash, positions' }));
  const amount = (raw: unknown, pointer: string): Decimal => {
    const decimal = decimalFromJson(raw);
    if (isLeft(decimal)) problems.push({ pointer, message: `${excerpt(raw)}: ${decimal.left}` });
    else if (decimal.right < 0n) problems.push({ pointer, message: `${excerpt(raw)}: must be 0 or more` });
    return isLeft(decimal) ? 0n : decimal.right;
  };
  const cash = Object.hasOwn(value, 'cash') ? amount(value['cash'], '/cash') : DEFAULT_CASH;
  const positions = symbols.map(() => 0n);
  const raw = Object.hasOwn(value, 'positions') ? value['positions'] : {};
  if (!isRecord(raw)) {
    problems.push({ pointer: '/positions', message: `${excerpt(raw)}: expected an object of quantities by symbol` });
    return left(problems);
  }
  const seen = new Set<number>();
  for (const key of Object.keys(raw)) {
    const pointer = `/positions${pointerStep(key)}`;
    const index = symbols.indexOf(normalSymbol(key) ?? '');
    if (index === -1) problems.push({ pointer, message: `not in the market, which prices ${symbols.join(', ')}` });
    else if (seen.has(index)) problems.push({ pointer, message: `a second position in ${symbols[index] ?? ''}` });
    else positions[index] = amount(raw[key], pointer);
    seen.add(index);
  }
  return problems.length > 0 ? left(problems) : right({ cash, positions });
}
