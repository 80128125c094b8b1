/**
 * A step row as figures and charts need it: its amounts, exact. Invariant: a row that lacks one of them gives no point, so nothing is drawn
 * or summed up that does not stand on the tape.
 */
import { isLeft } from 'fp-ts/Either';
import { isRecord } from '../codec/codec';
import { type Decimal, decimalFromText, divHalfEven, ONE } from '../decimal/decimal';
import type { Row } from '../tape/chain';

export interface Amounts {
  readonly equity: Decimal;
  readonly cash: Decimal;
  readonly exposure: Decimal;
}

export interface StepPoint {
  readonly step: number;
  readonly time: string | undefined;
  readonly prices: ReadonlyMap<string, Decimal>;
  readonly decision: string;
  readonly before: Amounts;
  readonly after: Amounts;
}

/** The point of a step row; nothing for any other row. */
export function stepPoint(row: Row): StepPoint | undefined {
  const { type, step_index: step, time, prices, decision, state_delta: delta } = row;
  if (type !== 'step' || typeof step !== 'number' || typeof decision !== 'string' || !isRecord(delta)) return undefined;
  const [before, after, byName] = [amounts(delta, 'before'), amounts(delta, 'after'), decimals(prices)];
  if (before === undefined || after === undefined || byName === undefined) return undefined;
  return { step, time: typeof time === 'string' ? time : undefined, prices: byName, decision, before, after };
}

function amounts(delta: Readonly<Record<string, unknown>>, side: 'before' | 'after'): Amounts | undefined {
  const [equity, cash, exposure] = [amountOf(delta['equity'], side), amountOf(delta['cash'], side), amountOf(delta['exposure'], side)];
  return equity === undefined || cash === undefined || exposure === undefined ? undefined : { equity, cash, exposure };
}

/** The member of an object of decimal texts. */
export function amountOf(holder: unknown, key: string): Decimal | undefined {
  return isRecord(holder) ? decimalOf(holder[key]) : undefined;
}

function decimalOf(value: unknown): Decimal | undefined {
  if (typeof value !== 'string') return undefined;
  const decimal = decimalFromText(value);
  return isLeft(decimal) ? undefined : decimal.right;
}

/** Amounts by name; nothing when one of them is no decimal. */
export function decimals(value: unknown): ReadonlyMap<string, Decimal> | undefined {
  if (!isRecord(value)) return undefined;
  const byName = new Map<string, Decimal>();
  for (const key of Object.keys(value)) {
    const decimal = decimalOf(value[key]);
    if (decimal === undefined) return undefined;
    byName.set(key, decimal);
  }
  return byName;
}

/** A ratio for display: 0.0317 for 317 of 10000. The whole is more than 0. */
export function share(part: Decimal, whole: Decimal): Decimal {
  return divHalfEven(part * ONE, whole);
}
