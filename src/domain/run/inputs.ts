/** Run identity: the inputs of a run, its genesis and its id. Same inputs, same id, same bytes, on every machine. docs/spec.md section 2. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { type Budget, DEFAULT_BUDGET } from '../budget/budget';
import { budgetCodec } from '../budget/budget-codec';
import { canonical, hasCanonicalForm, type JsonObject } from '../canonical/canonical';
import {
  type Codec,
  countCodec,
  isRecord,
  literalCodec,
  makeCodec,
  objectCodec,
  orNull,
  refinedCodec,
  taggedCodec,
  textCodec,
} from '../codec/codec';
import { type Problem, problemsOf } from '../codec/problem';
import { sha256Hex } from '../hash';
import { SPEC_VERSION } from '../limits';
import { ENGINE_LIMITERS, worldLimits } from '../world/file/budget';
import type { StateText } from '../world/market/state';

/** What the inputs of every run hold, whatever else its mode adds. */
export type EpisodeInputs = JsonObject & {
  readonly spec_version: typeof SPEC_VERSION;
  readonly mode: string;
  readonly budget: Budget;
  /** The request id where something remote is touched, else null. */
  readonly invocation: string | null;
};

/** The inputs of a run that has a world. */
export type WorldInputs = {
  readonly spec_version: typeof SPEC_VERSION;
  readonly mode: 'local' | 'agentcore-base' | 'agentcore-tools';
  readonly market_sha256: string;
  readonly strategy_sha256: string;
  readonly policy_sha256: string;
  readonly initial_state: StateText;
  readonly steps: number;
  readonly budget: Budget;
  /** The request id where something remote is touched, else null. */
  readonly invocation: string | null;
  /** Digest of `request.json`; absent in a local run. */
  readonly request_sha256?: string;
};

/** A memory run has no world: no market, no strategy, no state. */
export type MemoryInputs = {
  readonly spec_version: typeof SPEC_VERSION;
  readonly mode: 'agentcore-memory';
  readonly budget: Budget;
  readonly invocation: string;
  readonly request_sha256: string;
};

/** A guarded run has no world of ours: an agent acts, and its acts are paid for. docs/spec.md section 10. */
export type GuardInputs = {
  readonly spec_version: typeof SPEC_VERSION;
  readonly mode: 'guard';
  readonly name: string;
  readonly budget: Budget;
  /** Of what is sent and comes back: a digest, or all of it. */
  readonly record: 'digest' | 'full';
  readonly prices_sha256: string;
  /** Where its budget was taken from: another guarded run or a session, as it stood before the grant. */
  readonly parent: { readonly run_id: string; readonly head: string } | null;
  readonly invocation: null;
};

/** The files of a run or a session in a world file, by their digests; `policy_sha256` is that of an empty file where there is none. */
export type WorldFiles = {
  readonly world_sha256: string;
  /** Of all that decides what a world does beside the file: see `engineSha256`. */
  readonly engine_sha256: string;
  readonly policy_sha256: string;
  readonly params_sha256: string;
  readonly inputs_sha256: string;
  readonly seed: string | null;
};

/** A run in a world file. */
export type FileWorldInputs = WorldFiles & {
  readonly spec_version: typeof SPEC_VERSION;
  readonly mode: 'world';
  /** What `init` gave. */
  readonly initial_state: JsonObject;
  readonly steps: number;
  readonly budget: Budget;
  readonly invocation: null;
};

export type RunInputs = WorldInputs | MemoryInputs | FileWorldInputs | GuardInputs;

export interface RunIdentity {
  /** `prev_hash` of tape row 0. */
  readonly genesis: string;
  readonly runId: string;
}

const RUN_ID_DIGITS = 32;

export function identify(inputs: JsonObject): RunIdentity {
  const genesis = sha256Hex(canonical(inputs));
  return { genesis, runId: genesis.slice(0, RUN_ID_DIGITS) };
}

export const sha256Codec = makeCodec<string>('SHA-256', { type: 'string' }, (value, context) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? success(value) : failure(value, context, 'expected 64 hex digits'),
);

const stateTextCodec = makeCodec<StateText>('state', { type: 'object' }, (value, context) => {
  const positions = isRecord(value) ? value['positions'] : undefined;
  const wellFormed = isRecord(value) && typeof value['cash'] === 'string' && isRecord(positions);
  return wellFormed ? success(value as unknown as StateText) : failure(value, context, 'expected cash and positions');
});

export const specVersionCodec = makeCodec<typeof SPEC_VERSION>('spec version', { const: SPEC_VERSION }, (value, context) =>
  value === SPEC_VERSION ? success(SPEC_VERSION) : failure(value, context, `this program verifies spec_version ${String(SPEC_VERSION)}`),
);

const SEED_CHARS_MAX = 256;

/** What `random()` draws from: any text. */
export const seedCodec: Codec<string> = makeCodec('seed', { type: 'string', minLength: 1, maxLength: SEED_CHARS_MAX }, (value, context) =>
  typeof value === 'string' && value.isWellFormed() && value.length >= 1 && value.length <= SEED_CHARS_MAX
    ? success(value)
    : failure(value, context, `expected text of 1 to ${String(SEED_CHARS_MAX)} characters`),
);

const fileStateCodec: Codec<JsonObject> = makeCodec('state', { type: 'object' }, (value, context) =>
  isRecord(value) && hasCanonicalForm(value) ? success(value) : failure(value, context, 'expected a JSON object'),
);

const nullCodec = makeCodec<null>('null', { type: 'null' }, (value, context) =>
  value === null ? success(null) : failure(value, context, 'expected null'),
);

const textOrNullCodec = makeCodec<string | null>('string or null', {}, (value, context) =>
  value === null ? success(null) : requestIdCodec.validate(value, context),
);

const world = {
  spec_version: specVersionCodec,
  market_sha256: sha256Codec,
  strategy_sha256: sha256Codec,
  policy_sha256: sha256Codec,
  initial_state: stateTextCodec,
  steps: countCodec(1),
  budget: budgetCodec,
};

type Mistakes = readonly { path: readonly string[]; message: string }[];

/** The budget that `ewm run` makes: it grants steps, at most those asked for, and nothing else but what `more` names. */
function localMistakes({ steps, budget }: Pick<WorldInputs, 'steps' | 'budget'>, more: readonly string[] = []): Mistakes {
  const legal: Readonly<Record<string, unknown>> = { ...DEFAULT_BUDGET, max_steps: Math.min(budget.max_steps, steps) };
  return Object.entries(budget)
    .filter(([key, limit]) => legal[key] !== limit && !more.includes(key))
    .map(([key]) => ({
      path: ['budget', key],
      message: key in legal ? `a local run has at most ${String(legal[key])}` : 'a local run has no such limit',
    }));
}

/** And what its engine may take, within what the engine can do. */
function fileWorldMistakes(inputs: FileWorldInputs): Mistakes {
  const limits = worldLimits(inputs.budget);
  const mistakes = isLeft(limits) ? limits.left.map(({ limiter, message }) => ({ path: ['budget', limiter], message })) : [];
  return [...localMistakes(inputs, ENGINE_LIMITERS), ...mistakes];
}

/** Lambda, and the local server like it, name every request. */
const requestIdCodec = makeCodec<string>('request id', { type: 'string', minLength: 1 }, (value, context) =>
  value === '' ? failure(value, context, 'expected the id of a request') : textCodec.validate(value, context),
);

export const recordCodec = makeCodec<'digest' | 'full'>('record', { enum: ['digest', 'full'] }, (value, context) =>
  value === 'digest' || value === 'full' ? success(value) : failure(value, context, 'expected "digest" or "full"'),
);

export const WORLD_FILES = {
  world_sha256: sha256Codec,
  engine_sha256: sha256Codec,
  policy_sha256: sha256Codec,
  params_sha256: sha256Codec,
  inputs_sha256: sha256Codec,
  seed: orNull(seedCodec),
} as const;

const inputsCodec: Codec<RunInputs> = taggedCodec<RunInputs>('run inputs', 'mode', {
  local: refinedCodec(
    objectCodec('local inputs', { required: { ...world, mode: literalCodec('local'), invocation: nullCodec } }),
    (inputs) => localMistakes(inputs),
  ),
  'agentcore-base': objectCodec('base inputs', {
    required: { ...world, mode: literalCodec('agentcore-base'), invocation: nullCodec, request_sha256: sha256Codec },
  }),
  'agentcore-tools': objectCodec('tools inputs', {
    required: { ...world, mode: literalCodec('agentcore-tools'), invocation: textOrNullCodec, request_sha256: sha256Codec },
  }),
  'agentcore-memory': objectCodec('memory inputs', {
    required: {
      spec_version: specVersionCodec,
      mode: literalCodec('agentcore-memory'),
      budget: budgetCodec,
      invocation: requestIdCodec,
      request_sha256: sha256Codec,
    },
  }),
  guard: objectCodec('guard inputs', {
    required: {
      spec_version: specVersionCodec,
      mode: literalCodec('guard'),
      name: textCodec,
      budget: budgetCodec,
      record: recordCodec,
      prices_sha256: sha256Codec,
      parent: orNull(objectCodec('parent', { required: { run_id: textCodec, head: textCodec } })),
      invocation: nullCodec,
    },
  }),
  world: refinedCodec(
    objectCodec('world inputs', {
      required: {
        spec_version: specVersionCodec,
        mode: literalCodec('world'),
        ...WORLD_FILES,
        initial_state: fileStateCodec,
        steps: countCodec(1),
        budget: budgetCodec,
        invocation: nullCodec,
      },
    }),
    fileWorldMistakes,
  ),
});

/** Decodes the `inputs` of a tape's row 0. Whether they are in normal form shows when row 0 is written again and compared. */
export function decodeInputs(value: unknown): Either<readonly Problem[], RunInputs> {
  const decoded = inputsCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}
