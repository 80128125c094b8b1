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
  /** Entry price per market symbol, 0 where nothing is held; absent where no rule asks for them. See `entries.ts`. */
  readonly entries?: readonly Decimal[];
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
  readonly entries?: Readonly<Record<string, string>>;
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

export function stateText({ cash, positions, entries }: State, symbols: readonly string[]): StateText {
  const text = { cash: formatDecimal(cash), positions: bySymbol(positions, symbols) };
  return entries === undefined ? text : { ...text, entries: bySymbol(entries, symbols) };
}

/** What is zero is absent. */
function bySymbol(amounts: readonly Decimal[], symbols: readonly string[]): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  symbols.forEach((symbol, index) => {
    const amount = amounts[index] ?? 0n;
    if (amount !== 0n) texts[symbol] = formatDecimal(amount);
  });
  return texts;
}

export function canonicalState(state: State, symbols: readonly string[]): string {
  return canonical(stateText(state, symbols));
}

export interface StateShape {
  /** Whether the state may hold entry prices: one that a run wrote may, one that a run begins with may not. */
  readonly entries: boolean;
}

/** Decodes `{cash, positions}`; both may be absent (1000, none). Positions must be in symbols that the market prices. */
export function decodeState(
  value: unknown,
  symbols: readonly string[],
  shape: StateShape = { entries: false },
): Either<readonly Problem[], State> {
  if (!isRecord(value)) return left([{ pointer: '', message: `${excerpt(value)}: expected an object with cash and positions` }]);
  const legal = ['cash', 'positions', ...(shape.entries ? ['entries'] : [])];
  const problems: Problem[] = Object.keys(value)
    .filter((key) => !legal.includes(key))
    .map((key) => ({ pointer: pointerStep(key), message: `unknown field; legal here: ${legal.join(', ')}` }));
  const amount = (raw: unknown, pointer: string): Decimal => {
    const decimal = decimalFromJson(raw);
    if (isLeft(decimal)) problems.push({ pointer, message: `${excerpt(raw)}: ${decimal.left}` });
    else if (decimal.right < 0n) problems.push({ pointer, message: `${excerpt(raw)}: must be 0 or more` });
    return isLeft(decimal) ? 0n : decimal.right;
  };
  const amounts = (field: 'positions' | 'entries', called: string): readonly Decimal[] => {
    const bySymbol = symbols.map(() => 0n);
    const raw = Object.hasOwn(value, field) ? value[field] : {};
    if (!isRecord(raw)) {
      problems.push({ pointer: `/${field}`, message: `${excerpt(raw)}: expected an object of ${called} by symbol` });
      return bySymbol;
    }
    const seen = new Set<number>();
    for (const key of Object.keys(raw)) {
      const pointer = `/${field}${pointerStep(key)}`;
      const index = symbols.indexOf(normalSymbol(key) ?? '');
      if (index === -1) problems.push({ pointer, message: `not in the market, which prices ${symbols.join(', ')}` });
      else if (seen.has(index)) problems.push({ pointer, message: `a second position in ${symbols[index] ?? ''}` });
      else bySymbol[index] = amount(raw[key], pointer);
      seen.add(index);
    }
    return bySymbol;
  };
  const cash = Object.hasOwn(value, 'cash') ? amount(value['cash'], '/cash') : DEFAULT_CASH;
  const state = { cash, positions: amounts('positions', 'quantities') };
  const whole = shape.entries && Object.hasOwn(value, 'entries') ? { ...state, entries: amounts('entries', 'prices') } : state;
  return problems.length > 0 ? left(problems) : right(whole);
}
