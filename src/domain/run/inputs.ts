/** Run identity: the inputs of a run, its genesis and its id. Same inputs, same id, same bytes, on every machine. SPEC.md section 2. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { type Budget, budgetCodec } from '../budget/budget';
import { canonical } from '../canonical/canonical';
import { countCodec, isRecord, literalCodec, makeCodec, objectCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { sha256Hex } from '../hash';
import { SPEC_VERSION } from '../limits';
import type { StateText } from '../world/state';
import { failure, success } from 'io-ts';

export type RunInputs = {
  readonly spec_version: typeof SPEC_VERSION;
  readonly mode: 'local';
  readonly market_sha256: string;
  readonly strategy_sha256: string;
  readonly policy_sha256: string;
  readonly initial_state: StateText;
  readonly steps: number;
  readonly budget: Budget;
  readonly invocation: null;
};

export interface RunIdentity {
  /** `prev_hash` of tape row 0. */
  readonly genesis: string;
  readonly runId: string;
}

const RUN_ID_DIGITS = 32;

export function identify(inputs: RunInputs): RunIdentity {
  const genesis = sha256Hex(canonical(inputs));
  return { genesis, runId: genesis.slice(0, RUN_ID_DIGITS) };
}

const sha256Codec = makeCodec<string>('SHA-256', { type: 'string' }, (value, context) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? success(value) : failure(value, context, 'expected 64 hex digits'),
);

const stateTextCodec = makeCodec<StateText>('state', { type: 'object' }, (value, context) => {
  const positions = isRecord(value) ? value['positions'] : undefined;
  const wellFormed = isRecord(value) && typeof value['cash'] === 'string' && isRecord(positions);
  return wellFormed ? success(value as unknown as StateText) : failure(value, context, 'expected cash and positions');
});

const specVersionCodec = makeCodec<typeof SPEC_VERSION>('spec version', { const: SPEC_VERSION }, (value, context) =>
  value === SPEC_VERSION ? success(SPEC_VERSION) : failure(value, context, `this program verifies spec_version ${String(SPEC_VERSION)}`),
);

const nullCodec = makeCodec<null>('null', { type: 'null' }, (value, context) =>
  value === null ? success(null) : failure(value, context, 'expected null'),
);

const inputsCodec = objectCodec('run inputs', {
  required: {
    spec_version: specVersionCodec,
    mode: literalCodec('local'),
    market_sha256: sha256Codec,
    strategy_sha256: sha256Codec,
    policy_sha256: sha256Codec,
    initial_state: stateTextCodec,
    steps: countCodec(1),
    budget: budgetCodec,
    invocation: nullCodec,
  },
});

/** Decodes the `inputs` of a tape's row 0. Whether they are in normal form shows when row 0 is written again and compared. */
export function decodeInputs(value: unknown): Either<readonly Problem[], RunInputs> {
  const decoded = inputsCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}
