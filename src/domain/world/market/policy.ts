/** Risk policy: the limits a BUY must keep and the cost of a fill. docs/spec.md section 2. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { canonical } from '../../canonical/canonical';
import { type Codec, decimalCodec, type Decoded, describedCodec, makeCodec, NOT_NEGATIVE, objectCodec, textCodec } from '../../codec/codec';
import { type Problem, problemsOf } from '../../codec/problem';
import { otherKind } from '../../codec/document-kind';
import { type Decimal, exactDecimal, formatDecimal, ONE } from '../../decimal/decimal';
import { failure, success } from 'io-ts';
import { BPS_PER_UNIT, type TradingCosts } from './costs';

const notNegative = decimalCodec(NOT_NEGATIVE);

/** A fee above the notional would let a sale take cash away, and slippage above the price would give it a negative one. */
function basisPointsCodec(name: string, whole: string): Codec<Decimal> {
  return makeCodec<Decimal>(`${name} in basis points`, { ...notNegative.schema }, (value, context) => {
    const bps = notNegative.validate(value, context);
    if (isLeft(bps)) return bps;
    return bps.right <= BPS_PER_UNIT * ONE
      ? success(bps.right)
      : failure(value, context, `must be 10000 basis points (the whole ${whole}) or less`);
  });
}

const RISK_DEFAULTS = { max_leverage: exactDecimal('2'), max_position_pct: exactDecimal('0.8'), max_position_value: exactDecimal('5000') };
const COST_DEFAULTS = { fee_bps: 0n };

const policyCodec = objectCodec('policy', {
  description:
    'Risk limits of a run and the costs of each fill. Every field has a default. Limits bind what adds risk and never block a sale.',
  required: {},
  optional: { $schema: textCodec },
  defaulted: {
    policy_id: describedCodec(textCodec, 'A name for the policy.', 'default'),
    risk_limits: objectCodec('risk limits', {
      required: {},
      defaulted: {
        max_leverage: describedCodec(
          notNegative,
          'Most exposure after a BUY, as a multiple of equity; beyond it the step is refused with leverage_limit.',
          formatDecimal(RISK_DEFAULTS.max_leverage),
        ),
        max_position_pct: describedCodec(
          notNegative,
          'Most value of one position after a BUY, as a share of equity (0.8 is 80 %); beyond it: position_concentration.',
          formatDecimal(RISK_DEFAULTS.max_position_pct),
        ),
        max_position_value: describedCodec(
          notNegative,
          'Most value of one position after a BUY, in cash; beyond it: position_value_limit.',
          formatDecimal(RISK_DEFAULTS.max_position_value),
        ),
      },
      defaults: RISK_DEFAULTS,
    }),
    costs: objectCodec('costs', {
      description: 'The fee of a fill, and the slippage that moves its price against the order; none by default.',
      required: {},
      optional: {
        slippage_bps: describedCodec(
          basisPointsCodec('slippage', 'price'),
          'How far a fill is moved against the order, in hundredths of a percent of the price, from 0 to 10000.',
          '0',
        ),
      },
      defaulted: {
        fee_bps: describedCodec(
          basisPointsCodec('fee', 'notional'),
          'Fee of each fill in hundredths of a percent of its notional, from 0 to 10000. Rebates (below 0) are not supported.',
          formatDecimal(COST_DEFAULTS.fee_bps),
        ),
      },
      defaults: COST_DEFAULTS,
    }),
  },
  defaults: { policy_id: 'default', risk_limits: RISK_DEFAULTS, costs: COST_DEFAULTS },
});

export type RiskPolicy = Omit<Decoded<typeof policyCodec>, '$schema' | 'costs'> & { readonly costs: TradingCosts };

export const policySchema = policyCodec.schema;

export function decodePolicy(value: unknown): Either<readonly Problem[], RiskPolicy> {
  const decoded = policyCodec.decode(value);
  if (isLeft(decoded)) {
    const other = otherKind(value, 'a policy');
    return left(other === undefined ? problemsOf(decoded.left) : [other]);
  }
  const { $schema: _schema, costs, ...policy } = decoded.right;
  // No slippage is one policy, however it is written.
  const { slippage_bps: slippageBps, ...fee } = costs;
  return right({ ...policy, costs: slippageBps === undefined || slippageBps === 0n ? fee : costs });
}

export const DEFAULT_POLICY: RiskPolicy = { policy_id: 'default', risk_limits: RISK_DEFAULTS, costs: COST_DEFAULTS };

/** The one line of `policy.json`, without its newline. */
export function normalPolicy(policy: RiskPolicy): string {
  return canonical({
    policy_id: policy.policy_id,
    risk_limits: {
      max_leverage: formatDecimal(policy.risk_limits.max_leverage),
      max_position_pct: formatDecimal(policy.risk_limits.max_position_pct),
      max_position_value: formatDecimal(policy.risk_limits.max_position_value),
    },
    costs: costsText(policy.costs),
  });
}

/** Slippage that there is none of is in no byte. */
function costsText({ fee_bps: feeBps, slippage_bps: slippageBps }: TradingCosts): Readonly<Record<string, string>> {
  const fee = { fee_bps: formatDecimal(feeBps) };
  return slippageBps === undefined ? fee : { ...fee, slippage_bps: formatDecimal(slippageBps) };
}
