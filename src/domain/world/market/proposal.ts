/** Actions as an outsider proposes them (a planner, a request): well-formed, not yet checked against the world. docs/spec.md sections 3 and 6. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { ANY, type Codec, decimalCodec, listCodec, makeCodec, objectCodec } from '../../codec/codec';
import { type Problem, problemsOf } from '../../codec/problem';
import type { Decimal } from '../../decimal/decimal';
import { symbolCodec } from '../../market/symbol';
import type { ActionType } from './plan';

/** The sign of quantity and price is the verifier's business: it refuses with `invalid_action`, which goes on the tape. */
export interface ProposedAction {
  readonly type: ActionType;
  readonly symbol: string;
  readonly quantity: Decimal;
  /** Absent: the market's price of the step. */
  readonly price?: Decimal;
}

export const PROPOSED_ACTIONS_MAX = 1_000;

const actionTypeCodec: Codec<ActionType> = makeCodec('action type', { enum: ['PlaceBuy', 'PlaceSell'] }, (value, context) =>
  value === 'PlaceBuy' || value === 'PlaceSell' ? success(value) : failure(value, context, 'expected "PlaceBuy" or "PlaceSell"'),
);

export const proposedActionCodec: Codec<ProposedAction> = objectCodec('proposed action', {
  required: { type: actionTypeCodec, symbol: symbolCodec, quantity: decimalCodec(ANY) },
  optional: { price: decimalCodec(ANY) },
});

export const proposalCodec: Codec<readonly ProposedAction[]> = listCodec(proposedActionCodec, { min: 0, max: PROPOSED_ACTIONS_MAX });

export function decodeProposal(value: unknown): Either<readonly Problem[], readonly ProposedAction[]> {
  const decoded = proposalCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}
