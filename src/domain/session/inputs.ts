/** What a session is determined by, and its id: the same inputs are the same session. docs/spec.md section 8. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import type { Budget } from '../budget/budget';
import { fullBudgetCodec } from '../budget/budget-codec';
import { canonical, type JsonObject } from '../canonical/canonical';
import { type Codec, countCodec, isRecord, literalCodec, makeCodec, objectCodec, orNull, textCodec } from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import type { EpisodeIdentity } from '../episode/episode';
import { sha256Hex } from '../hash';
import type { SPEC_VERSION } from '../limits';
import { sha256Codec, specVersionCodec, WORLD_FILES, type WorldFiles } from '../run/inputs';

/** Where a fork comes from. */
export type Parent = {
  readonly session_id: string;
  /** Of the parent, on which the fork was made. */
  readonly head: string;
  /** The first step of the world that is the child's. */
  readonly step: number;
  /** 1 for a fork of a session without a parent. */
  readonly depth: number;
};

export type SessionInputs = {
  readonly spec_version: typeof SPEC_VERSION;
  readonly mode: 'session';
  readonly name: string;
  readonly budget: Budget;
  readonly parent: Parent | null;
  /** Of a session in a world file, and of no other. */
  readonly world?: WorldFiles;
  /** Of a session whose calls have prices. */
  readonly prices_sha256?: string;
  /** Null in a world file, and in a session without a world: the root of a day. */
  readonly market_sha256: string | null;
  readonly strategy_sha256: string | null;
  readonly policy_sha256: string | null;
  readonly initial_state: JsonObject | null;
};

const NAME_CHARS_MAX = 256;

/** What a caller may call a session. */
export const nameCodec: Codec<string> = makeCodec(
  'name of a session',
  { type: 'string', minLength: 1, maxLength: NAME_CHARS_MAX },
  (value, context) =>
    typeof value === 'string' && value.isWellFormed() && value.length >= 1 && value.length <= NAME_CHARS_MAX
      ? success(value)
      : failure(value, context, `expected text of 1 to ${String(NAME_CHARS_MAX)} characters`),
);

const SESSION_ID = /^(?:[0-9a-f]{32}|day-\d{4}-\d{2}-\d{2})$/;

export function isSessionId(text: string): boolean {
  return SESSION_ID.test(text);
}

/** Whether this is the root of a day, from which budgets are taken (`day.ts`). */
export function isDay(session: string): boolean {
  return session.startsWith('day-');
}

const stateCodec: Codec<JsonObject> = makeCodec('state', { type: 'object' }, (value, context) =>
  isRecord(value) ? success(value as JsonObject) : failure(value, context, 'expected an object'),
);

const parentCodec: Codec<Parent> = objectCodec('parent', {
  required: { session_id: textCodec, head: textCodec, step: countCodec(0), depth: countCodec(1) },
});

const worldFilesCodec: Codec<WorldFiles> = objectCodec('world files', { required: WORLD_FILES });

const sessionInputsCodec: Codec<SessionInputs> = objectCodec('session inputs', {
  required: {
    spec_version: specVersionCodec,
    mode: literalCodec('session'),
    name: textCodec,
    budget: fullBudgetCodec,
    parent: orNull(parentCodec),
    market_sha256: orNull(sha256Codec),
    strategy_sha256: orNull(sha256Codec),
    policy_sha256: orNull(sha256Codec),
    initial_state: orNull(stateCodec),
  },
  optional: { world: worldFilesCodec, prices_sha256: sha256Codec },
});

export function decodeSessionInputs(value: unknown): Either<readonly Problem[], SessionInputs> {
  const decoded = sessionInputsCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}

const ID_DIGITS = 32;

/** The root of a day: grants are all that happens in it. */
export function hasNoWorld({ market_sha256: market, world }: SessionInputs): boolean {
  return market === null && world === undefined;
}

/** The root of a day is found by its name, so its id is the name; every other id is a part of the genesis. */
export function identifySession(inputs: SessionInputs): EpisodeIdentity {
  const genesis = sha256Hex(canonical(inputs));
  return { genesis, runId: hasNoWorld(inputs) ? inputs.name : genesis.slice(0, ID_DIGITS) };
}
