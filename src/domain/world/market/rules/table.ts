/** The kinds of rules there are. Codec, schema, normal form, lookback and signals of strategies follow from this table. */
import { type Codec, type Decoded, taggedCodec } from '../../../codec/codec';
import { assert } from '../../../assert';
import { donchianBreakout } from './donchian-breakout';
import { emaCrossover } from './ema-crossover';
import { meanReversionZscore } from './mean-reversion-zscore';
import { rebalance } from './rebalance';
import { rsiThreshold } from './rsi-threshold';
import type { RuleFields, RuleKind } from './rule';
import { smaCrossover } from './sma-crossover';
import { stopLoss } from './stop-loss';
import { takeProfit } from './take-profit';
import { thresholdPrice } from './threshold-price';

export const RULES = [
  thresholdPrice,
  smaCrossover,
  emaCrossover,
  meanReversionZscore,
  rsiThreshold,
  donchianBreakout,
  stopLoss,
  takeProfit,
  rebalance,
] as const;

/** A rule of any kind in the table. */
export type Rule = Decoded<(typeof RULES)[number]['codec']>;

export interface RuleTable<R extends RuleFields> {
  readonly codec: Codec<R>;
  /** The kind of a rule that the codec decoded. */
  readonly kindOf: (rule: R) => RuleKind<R>;
}

export function makeRuleTable<R extends RuleFields>(kinds: readonly RuleKind<R>[]): RuleTable<R> {
  const byType = new Map<string, RuleKind<R>>(kinds.map((kind) => [kind.type, kind]));
  return {
    codec: taggedCodec('rule', 'type', Object.fromEntries(kinds.map((kind) => [kind.type, kind.codec]))),
    kindOf: (rule) => {
      const kind = byType.get(rule.type);
      assert(kind !== undefined, `${rule.type} is in the table of rules`);
      return kind;
    },
  };
}

/** Each kind takes the rules of its own type, which is how `kindOf` finds it; that no type can say this is why the cast stands here, once. */
export const RULE_TABLE: RuleTable<Rule> = makeRuleTable<Rule>(RULES as unknown as readonly RuleKind<Rule>[]);
