/**
 * The settings of a deployment, decoded once from the environment. The only reader of it for the handlers.
 * Invariant: what is missing or not legal is one line that names the variable; what is left out is small, or off.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import { type Budget, CEILINGS } from '../domain/budget/budget';
import { partialBudgetCodec } from '../domain/budget/budget-codec';
import { type Dimension, DIMENSIONS, OPTIONAL, REQUIRED, type RequiredDimension } from '../domain/budget/dimensions';
import { type Codec, type Decoded, makeCodec, objectCodec } from '../domain/codec/codec';
import { problemsOf } from '../domain/codec/problem';
import type { SegmentsSigned } from '../domain/receipt/statement';
import type { Service } from './http/contract/routes';
import type { EdgeSettings } from './http/edge/handler';
import type { ModeSettings } from './http/modes/mode';

/** What a handler is set to: its edge, and its mode. */
export type HandlerConfig = EdgeSettings &
  ModeSettings & {
    /** What a day may grant to all sessions and requests together; absent: nothing caps it. */
    readonly dayBudget?: Partial<Budget>;
  };

export type Environment = Readonly<Record<string, string | undefined>>;

/** An integer of at least `min`, as text. */
function countText(min: number): Codec<number> {
  const legal = `an integer of ${String(min)} or more`;
  return makeCodec(legal, { type: 'string' }, (value, context) => {
    const count = typeof value === 'string' && /^(0|[1-9][0-9]*)$/.test(value) ? Number(value) : NaN;
    return Number.isSafeInteger(count) && count >= min ? success(count) : failure(value, context, `expected ${legal}`);
  });
}

function patternText(legal: string, pattern: RegExp): Codec<string> {
  return makeCodec(legal, { type: 'string' }, (value, context) =>
    typeof value === 'string' && pattern.test(value) ? success(value) : failure(value, context, `expected ${legal}`),
  );
}

/** On is `1` and nothing else, so that a typing mistake leaves things off. */
const switchText: Codec<boolean> = makeCodec('1 for on, anything else for off', { type: 'string' }, (value) => success(value === '1'));

const commonCodecs = {
  ...ceilingCodecs(REQUIRED),
  ENABLE_AGENTCORE_MEMORY: switchText,
  EWM_MAX_BODY_BYTES: countText(1),
  EWM_STORE_RESERVE_MS: countText(0),
};

/** What a browser sends as `Origin`: scheme, host and port, and nothing behind them. */
const ORIGIN = /^https?:\/\/[a-z0-9.-]+(?::[0-9]{1,5})?$/;

const originsText: Codec<readonly string[]> = makeCodec(
  'origins such as https://app.example, separated by commas',
  { type: 'string' },
  (value, context) => {
    const origins = typeof value === 'string' ? value.split(',').map((origin) => origin.trim()) : [];
    const legal = origins.length > 0 && origins.every((origin) => ORIGIN.test(origin));
    return legal ? success(origins) : failure(value, context, 'expected origins such as https://app.example, separated by commas; no *');
  },
);

const PARTS = ['memory', 'code_interpreter', 'planner'] as const;

const enabledText: Codec<readonly string[]> = makeCodec(
  `any of ${PARTS.join(', ')}, separated by commas`,
  { type: 'string' },
  (value, context) => {
    const parts = typeof value === 'string' ? value.split(',') : [];
    const legal = parts.length > 0 && parts.every((part) => PARTS.some((known) => known === part));
    return legal ? success(parts) : failure(value, context, `expected any of ${PARTS.join(', ')}, separated by commas`);
  },
);

const dayBudgetText: Codec<Partial<Budget>> = makeCodec(
  'limits as JSON, such as {"max_model_calls":50}',
  { type: 'string' },
  (value, context) => {
    const limits = partialBudgetCodec.decode(typeof value === 'string' ? parsedJson(value) : undefined);
    if (!isLeft(limits) && Object.keys(limits.right).length > 0) return success(limits.right);
    const why = isLeft(limits) ? (problemsOf(limits.left)[0]?.message ?? '') : 'no limit is named';
    return failure(value, context, `expected limits as JSON, such as {"max_model_calls":50}: ${why}`);
  },
);

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const commonOptionalCodecs = {
  EWM_DAY_BUDGET: dayBudgetText,
  ...ceilingCodecs(OPTIONAL),
  // Less would refuse runs of a few steps.
  EWM_MAX_ARTIFACT_BYTES: countText(65_536),
  EWM_BASE_PATH: patternText('a path such as /v1', /^(?:\/[A-Za-z0-9._~-]+)+$/),
  EWM_CORS_ORIGINS: originsText,
  EWM_ENABLED: enabledText,
};

const COMMON_DEFAULTS = {
  ...ceilingDefaults(),
  ENABLE_AGENTCORE_MEMORY: false,
  EWM_MAX_BODY_BYTES: 1_048_576,
  EWM_STORE_RESERVE_MS: 3_000,
};

const bucketText = patternText('the name of an S3 bucket', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/);
const prefixText = patternText('a prefix of letters, digits and - _ . / that ends in "/"', /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)+$/);

const stopKeyText = patternText('the key of an object: letters, digits and - _ . /', /^[A-Za-z0-9_-][A-Za-z0-9._/-]{0,511}$/);

const storeCodecs = {
  EWM_SPANS: switchText,
  EWM_ARTIFACT_PREFIX: prefixText,
  EWM_STOP_KEY: stopKeyText,
  EWM_S3_PATH_STYLE: switchText,
  EWM_CONNECT_TIMEOUT_MS: countText(1),
  EWM_S3_TIMEOUT_MS: countText(1),
};
const STORE_DEFAULTS = { EWM_SPANS: false, EWM_S3_PATH_STYLE: false, EWM_CONNECT_TIMEOUT_MS: 1_000, EWM_S3_TIMEOUT_MS: 5_000 };

const remoteCodecs = {
  // The service's own patterns: what it would refuse at the first request is refused at the start.
  AGENTCORE_MEMORY_ID: patternText(
    'the id or the ARN of a memory, such as notes-0123456789',
    /^(?:arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:memory\/)?[a-zA-Z][a-zA-Z0-9_-]{0,99}-[a-zA-Z0-9]{10}$/,
  ),
  AGENTCORE_CODE_INTERPRETER_ID: patternText(
    'the id of a code interpreter, such as aws.codeinterpreter.v1',
    /^(?:aws\.codeinterpreter\.v1|[a-zA-Z][a-zA-Z0-9_]{0,47}-[a-zA-Z0-9]{10})$/,
  ),
  AGENTCORE_RUNTIME_ARN: patternText('the ARN of an agent runtime', /^arn:[A-Za-z0-9:/_-]{1,512}$/),
  AGENTCORE_RUNTIME_QUALIFIER: patternText('the name of an endpoint of the runtime', /^[A-Za-z0-9_-]{1,64}$/),
};
const signingCodecs = {
  EWM_SIGNING_KEY: patternText('the ARN, the id or the alias of a KMS key, such as alias/ewm-signing', /^[A-Za-z0-9:/_-]{1,2048}$/),
};
const actorText = patternText(
  '1 to 255 letters, digits and - _ /, and single : between them',
  /^(?=.{1,255}$)[a-zA-Z0-9][a-zA-Z0-9_/-]*(?::[a-zA-Z0-9_/-]+)*[a-zA-Z0-9_/-]*$/,
);
const REMOTE_DEFAULTS = { AGENTCORE_MEMORY_ACTOR_ID: 'ewm', EWM_AGENTCORE_TIMEOUT_MS: 20_000 };

const { EWM_ARTIFACT_PREFIX: prefixCodec, EWM_STOP_KEY: stopKeyCodec, ...defaultedStoreCodecs } = storeCodecs;

const LAMBDA_DEFAULTS = { ...COMMON_DEFAULTS, ...STORE_DEFAULTS, ...REMOTE_DEFAULTS, EWM_SIGN_SEGMENTS: false };

/** The planner of the local server is a script: asking it costs nothing, so it may be asked. */
export const LOCAL_MODEL_CALLS = 10;

const handlerCodec = objectCodec('environment', {
  required: {},
  optional: commonOptionalCodecs,
  defaulted: commonCodecs,
  defaults: { ...COMMON_DEFAULTS, EWM_MAX_MODEL_CALLS: LOCAL_MODEL_CALLS },
});

const lambdaCodec = objectCodec('environment', {
  required: { EWM_ARTIFACT_BUCKET: bucketText },
  optional: { EWM_ARTIFACT_PREFIX: prefixCodec, EWM_STOP_KEY: stopKeyCodec, ...commonOptionalCodecs, ...remoteCodecs, ...signingCodecs },
  defaulted: {
    ...commonCodecs,
    ...defaultedStoreCodecs,
    AGENTCORE_MEMORY_ACTOR_ID: actorText,
    EWM_AGENTCORE_TIMEOUT_MS: countText(1),
    EWM_SIGN_SEGMENTS: switchText,
  },
  defaults: LAMBDA_DEFAULTS,
});

/** Everything that can be set, and how it is described; `docs/configuration.md` is made of it. */
export const VARIABLES = {
  EWM_ARTIFACT_BUCKET: bucketText,
  ...storeCodecs,
  ...commonCodecs,
  ...commonOptionalCodecs,
  ...remoteCodecs,
  ...signingCodecs,
  EWM_SIGN_SEGMENTS: switchText,
  AGENTCORE_MEMORY_ACTOR_ID: actorText,
  EWM_AGENTCORE_TIMEOUT_MS: countText(1),
} satisfies Readonly<Record<string, Codec<unknown>>>;

export type VariableName = keyof typeof VARIABLES;

/** What stands where a variable is left out; nothing here means that it is needed, or off. */
export const DEFAULTS: Partial<Readonly<Record<VariableName, string | number | boolean>>> = LAMBDA_DEFAULTS;

export interface Timeouts {
  readonly connectTimeoutMs: number;
  /** The connection included. */
  readonly requestTimeoutMs: number;
}

/** What a Lambda function is composed of. */
export interface LambdaConfig {
  readonly service: Service;
  readonly handler: HandlerConfig;
  readonly artifacts: { readonly bucket: string; readonly prefix: string; readonly pathStyle: boolean };
  /** Key of the stop switch in that bucket; absent: there is none. */
  readonly stopKey?: string;
  /** Whether spans are written beside the metrics. */
  readonly spans: boolean;
  readonly s3: Timeouts;
  readonly agentcore: Timeouts;
  /** Absent: off. */
  readonly memory?: { readonly memoryId: string; readonly actorId: string };
  readonly codeInterpreterId?: string;
  readonly planner?: { readonly agentRuntimeArn: string; readonly qualifier?: string };
  /** Absent: nothing is signed. */
  readonly signing?: { readonly key: string; readonly segments: SegmentsSigned };
}

/** Ceilings and limits alone, for a server that runs the handlers on ports of its own. The left has a line for each mistake. */
export function decodeHandlerConfig(env: Environment): Either<readonly string[], HandlerConfig> {
  const decoded = decodeEnvironment(handlerCodec, env, [...Object.keys(commonCodecs), ...Object.keys(commonOptionalCodecs)]);
  return isLeft(decoded) ? decoded : right(handlerConfigOf(decoded.right));
}

export function decodeLambdaConfig(service: Service, env: Environment): Either<readonly string[], LambdaConfig> {
  const decoded = decodeEnvironment(lambdaCodec, env, Object.keys(VARIABLES));
  if (isLeft(decoded)) return decoded;
  const vars = decoded.right;
  const memory = ['agentcore-memory', 'sessions', 'mcp'].includes(service) && vars.ENABLE_AGENTCORE_MEMORY;
  const mistakes = [
    ...(memory && vars.AGENTCORE_MEMORY_ID === undefined ? ['AGENTCORE_MEMORY_ID: missing, and ENABLE_AGENTCORE_MEMORY is 1'] : []),
    ...tooShort(vars, 'EWM_S3_TIMEOUT_MS'),
    ...tooShort(vars, 'EWM_AGENTCORE_TIMEOUT_MS'),
  ];
  if (mistakes.length > 0) return left(mistakes);
  const { AGENTCORE_MEMORY_ID: memoryId, AGENTCORE_CODE_INTERPRETER_ID: codeInterpreterId, AGENTCORE_RUNTIME_ARN: agentRuntimeArn } = vars;
  // Of the deployment, as it tells every function, and in any case what this one has.
  const has = (part: (typeof PARTS)[number]): boolean => vars.EWM_ENABLED?.includes(part) === true;
  const enabled = {
    memory: vars.ENABLE_AGENTCORE_MEMORY || has('memory'),
    code_interpreter: codeInterpreterId !== undefined || has('code_interpreter'),
    planner: agentRuntimeArn !== undefined || has('planner'),
  };
  const { EWM_CONNECT_TIMEOUT_MS: connectTimeoutMs, AGENTCORE_RUNTIME_QUALIFIER: qualifier, EWM_SIGNING_KEY: key } = vars;
  return right({
    service,
    handler: { ...handlerConfigOf(vars), enabled },
    artifacts: { bucket: vars.EWM_ARTIFACT_BUCKET, prefix: vars.EWM_ARTIFACT_PREFIX ?? '', pathStyle: vars.EWM_S3_PATH_STYLE },
    spans: vars.EWM_SPANS,
    s3: { connectTimeoutMs, requestTimeoutMs: vars.EWM_S3_TIMEOUT_MS },
    agentcore: { connectTimeoutMs, requestTimeoutMs: vars.EWM_AGENTCORE_TIMEOUT_MS },
    ...(vars.EWM_STOP_KEY === undefined ? {} : { stopKey: vars.EWM_STOP_KEY }),
    ...(memory && memoryId !== undefined ? { memory: { memoryId, actorId: vars.AGENTCORE_MEMORY_ACTOR_ID } } : {}),
    ...(codeInterpreterId === undefined ? {} : { codeInterpreterId }),
    ...(key === undefined ? {} : { signing: { key, segments: vars.EWM_SIGN_SEGMENTS ? 'each' : 'seal' } }),
    ...(agentRuntimeArn === undefined ? {} : { planner: { agentRuntimeArn, ...(qualifier === undefined ? {} : { qualifier }) } }),
  });
}

/** For a process that can do nothing without its settings. */
export function readLambdaConfig(service: Service): LambdaConfig {
  const decoded = decodeLambdaConfig(service, process.env);
  if (isLeft(decoded)) throw new Error(`configuration: ${decoded.left.join('; ')}`);
  return decoded.right;
}

/** `X-Amzn-Trace-Id` of the invocation at work, as Lambda tells it: another one each time. */
export function lambdaTraceHeader(): string | undefined {
  return process.env['_X_AMZN_TRACE_ID'];
}

function handlerConfigOf(vars: Decoded<typeof handlerCodec>): HandlerConfig {
  return {
    version: EWM_VERSION,
    ...(vars.EWM_DAY_BUDGET === undefined ? {} : { dayBudget: vars.EWM_DAY_BUDGET }),
    ceilings: ceilingsOf(vars),
    enabled: { memory: vars.ENABLE_AGENTCORE_MEMORY, code_interpreter: false, planner: false },
    basePath: vars.EWM_BASE_PATH ?? '',
    corsOrigins: vars.EWM_CORS_ORIGINS ?? [],
    bodyBytesMax: vars.EWM_MAX_BODY_BYTES,
    // Not set where storage costs nothing, as on a machine of one's own; Terraform always sets it.
    artifactBytesMax: vars.EWM_MAX_ARTIFACT_BYTES ?? Infinity,
    storeReserveMs: vars.EWM_STORE_RESERVE_MS,
  };
}

function ceilingsOf(vars: Readonly<Partial<Record<Row['variable'], number>>>): Budget {
  const set = Object.values(DIMENSIONS).flatMap(({ limiter, variable }) =>
    vars[variable] === undefined ? [] : [[limiter, vars[variable]]],
  );
  return { ...CEILINGS, ...(Object.fromEntries(set) as Partial<Budget>) };
}

type Row = (typeof DIMENSIONS)[Dimension];
type RequiredRow = (typeof REQUIRED)[RequiredDimension];

/** A variable for the ceiling of each dimension. */
function ceilingCodecs<T extends Readonly<Record<string, Row>>>(table: T): Readonly<Record<T[keyof T]['variable'], Codec<number>>> {
  const codecs = Object.values(table).map(({ variable, least }) => [variable, countText(least)] as const);
  return Object.fromEntries(codecs) as Readonly<Record<T[keyof T]['variable'], Codec<number>>>;
}

function ceilingDefaults(): Readonly<Record<RequiredRow['variable'], number>> {
  const ceilings = Object.values(REQUIRED).map(({ variable, ceiling }) => [variable, ceiling] as const);
  return Object.fromEntries(ceilings) as Readonly<Record<RequiredRow['variable'], number>>;
}

/** Variables that are set to nothing count as not set: that is how Terraform leaves one out. */
function decodeEnvironment<A>(codec: Codec<A>, env: Environment, names: readonly string[]): Either<readonly string[], A> {
  const set = Object.fromEntries(names.flatMap((name) => (env[name] === undefined || env[name] === '' ? [] : [[name, env[name]]])));
  const decoded = codec.decode(set);
  if (!isLeft(decoded)) return right(decoded.right);
  return left(problemsOf(decoded.left).map(({ pointer, message }) => `${pointer.slice(1)}: ${message}`));
}

type TimeoutVariables = Pick<Decoded<typeof lambdaCodec>, 'EWM_CONNECT_TIMEOUT_MS' | 'EWM_S3_TIMEOUT_MS' | 'EWM_AGENTCORE_TIMEOUT_MS'>;

function tooShort(vars: TimeoutVariables, name: 'EWM_S3_TIMEOUT_MS' | 'EWM_AGENTCORE_TIMEOUT_MS'): readonly string[] {
  if (vars[name] >= vars.EWM_CONNECT_TIMEOUT_MS) return [];
  return [
    `${name}: ${String(vars[name])} is less than EWM_CONNECT_TIMEOUT_MS (${String(vars.EWM_CONNECT_TIMEOUT_MS)}), which is a part of it`,
  ];
}
