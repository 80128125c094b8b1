/**
 * What a kind of rule is: how it is written, its normal form, and how it signals. A kind is a value in a file of its own and a line in
 * `table.ts`; everything else reads it from there.
 */
import type { Codec } from '../../../codec/codec';
import { type Decimal, formatDecimal } from '../../../decimal/decimal';
import type { Account } from './account';
import type { Windows } from './windows';

export interface RuleFields {
  readonly type: string;
  readonly symbol: string;
}

/** 1 is BUY, -1 is SELL, 0 is HOLD. */
export type Direction = -1 | 0 | 1;

export interface RuleLogic {
  /** What the rule says at the step whose price was observed last. */
  readonly side: () => Direction;
  /** Constant texts, so that a step need not make any. */
  readonly buyWhy: string;
  readonly sellWhy: string;
  /** What the order is for, instead of the sizing's `order_qty`; more than 0 where `side` is not 0. */
  readonly quantity?: () => Decimal;
}

/** The text of a rule in `strategy.json`: decimals as strings, counts as integers, what is absent left out. */
export type RuleText = Readonly<Record<string, string | number>>;

export interface RuleKind<R extends RuleFields> {
  readonly type: R['type'];
  readonly codec: Codec<R>;
  readonly normal: (rule: R) => RuleText;
  /** How far the rule looks back is what it asks of `windows`, and is stated nowhere else; whether the state keeps entries, what of `account`. */
  readonly make: (rule: R, windows: Windows, account: Account) => RuleLogic;
  /** What a legal rule decides that its reader may not see, a sentence each. */
  readonly notes?: (rule: R) => readonly string[];
}

export function optionalDecimal(key: string, value: Decimal | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [key]: formatDecimal(value) };
}
