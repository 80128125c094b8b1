/** Risk policy: the limits a BUY must keep and the cost of a fill. docs/spec.md section 2. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { canonical } from '../../canonical/canonical';
import { decimalCodec, type Decoded, makeCodec, NOT_NEGATIVE, objectCodec, textCodec } from '../../codec/codec';
import { type Problem, problemsOf } from '../../codec/problem';
import { type Decimal, exactDecimal, formatDecimal, ONE } from '../../decimal/decimal';
import { failure, success } from 'io-ts';

const notNegative = decimalCodec(NOT_NEGATIVE);

/** 10^4 basis points are the whole notional. */
export const BPS_PER_UNIT = 10_000n;

/** A fee above the notional would let a sale take cash away, and cash could turn negative. */
const feeCodec = makeCodec<Decimal>('fee in basis points', { ...notNegative.schema }, (value, context) => {
  const fee = notNegative.validate(value, context);
  if (isLeft(fee)) return fee;
  return fee.right <= BPS_PER_UNIT * ONE
    ? success(fee.right)
    : failure(value, context, 'must be 10000 basis points (the whole notional) or less');
});

const RISK_DEFAULTS = { max_leverage: exactDecimal('2'), max_position_pct: exactDecimal('0.8'), max_position_value: exactDecimal('5000') };
const COST_DEFAULTS = { fee_bps: 0n };

const policyCodec = objectCodec('policy', {
  description: 'Risk limits of a run and the fee of each fill. Every field has a default.',
  required: {},
  optional: { $schema: textCodec },
  defaulted: {
    policy_id: textCodec,
    risk_limits: objectCodec('risk limits', {
      required: {},
      defaulted: { max_leverage: notNegative, max_position_pct: notNegative, max_position_value: notNegative },
      defaults: RISK_DEFAULTS,
    }),
    costs: objectCodec('costs', { required: {}, defaulted: { fee_bps: feeCodec }, defaults: COST_DEFAULTS }),
  },
  defaults: { policy_id: 'default', risk_limits: RISK_DEFAULTS, costs: COST_DEFAULTS },
});

export type Policy = Omit<Decoded<typeof policyCodec>, '$schema'>;

export const policySchema = policyCodec.schema;

export function decodePolicy(value: unknown): Either<readonly Problem[], Policy> {
  const decoded = policyCodec.decode(value);
  if (isLeft(decoded)) return left(problemsOf(decoded.left));
  const { $schema: _schema, ...policy } = decoded.right;
  return right(policy);
}

export const DEFAULT_POLICY: Policy = { policy_id: 'default', risk_limits: RISK_DEFAULTS, costs: COST_DEFAULTS };

/** The one line of `policy.json`, without its newline. */
export function normalPolicy(policy: Policy): string {
  return canonical({
    policy_id: policy.policy_id,
    risk_limits: {
      max_leverage: formatDecimal(policy.risk_limits.max_leverage),
      max_position_pct: formatDecimal(policy.risk_limits.max_position_pct),
      max_position_value: formatDecimal(policy.risk_limits.max_position_value),
    },
    costs: { fee_bps: formatDecimal(policy.costs.fee_bps) },
  });
}
