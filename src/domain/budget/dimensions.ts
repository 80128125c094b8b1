/**
 * What a budget can limit: one row a dimension. Codecs, breaker, API description, health, metrics, page, reports, CLI texts and configuration
 * read this table; adding a dimension is adding a row. docs/spec.md sections 5, 9 and 14.
 */

export interface DimensionRow {
  /** Its name in a budget, and in `error.limiter`. */
  readonly limiter: string;
  /** The lowest limit that may be asked for. */
  readonly least: 0 | 1;
  /** `sum`: acts add up. `peak`: the largest single amount counts, so an act is held to the whole limit. */
  readonly kind: 'sum' | 'peak';
  readonly noun: string;
  /** The noun in a narrow column. */
  readonly label: string;
  readonly unit: 'Count' | 'Bytes' | 'Milliseconds';
  /** Its metric, where every request has a value for it: CloudWatch bills each metric. The others are in the log line. */
  readonly metric?: string;
  /** The variable that sets the deployment's ceiling. */
  readonly variable: string;
}

/** Limits that every budget has. `fallback`: of a request that says nothing. `ceiling`: of a deployment that says nothing. */
export const REQUIRED = {
  steps: row('max_steps', { least: 1, fallback: 1, ceiling: 100, noun: 'steps', metric: 'Steps', variable: 'EWM_MAX_STEPS' }),
  tool_calls: row('max_tool_calls', {
    fallback: 0,
    ceiling: 10,
    noun: 'tool calls',
    metric: 'ToolCalls',
    variable: 'EWM_MAX_TOOL_CALLS',
  }),
  model_calls: row('max_model_calls', {
    fallback: 0,
    ceiling: 0,
    noun: 'model calls',
    label: 'models',
    metric: 'ModelCalls',
    variable: 'EWM_MAX_MODEL_CALLS',
  }),
  memory_ops: row('max_memory_ops', {
    fallback: 0,
    ceiling: 10,
    noun: 'memory operations',
    label: 'memory',
    metric: 'MemoryOps',
    variable: 'MEMORY_MAX_OPS',
  }),
  memory_bytes: row('max_memory_bytes', {
    fallback: 0,
    ceiling: 65_536,
    noun: 'memory bytes',
    label: 'bytes',
    unit: 'Bytes',
    metric: 'MemoryBytes',
    variable: 'MEMORY_MAX_BYTES',
  }),
} as const;

/** Limits that a budget may have. One that is not there limits nothing, and is in no byte that a hash covers. */
export const OPTIONAL = {
  input_tokens: row('max_input_tokens', {
    noun: 'input tokens',
    label: 'tokens in',
    variable: 'EWM_MAX_INPUT_TOKENS',
  }),
  output_tokens: row('max_output_tokens', {
    noun: 'output tokens',
    label: 'tokens out',
    variable: 'EWM_MAX_OUTPUT_TOKENS',
  }),
  /** Millionths of a US dollar, rounded up. */
  cost_microusd: row('max_cost_microusd', {
    noun: 'micro-dollars',
    label: 'cost µ$',
    variable: 'EWM_MAX_COST_MICROUSD',
  }),
  /** Since the episode began, so later acts do not add to it: the clock does. */
  wall_ms: row('max_wall_ms', {
    kind: 'peak',
    noun: 'milliseconds',
    label: 'time ms',
    unit: 'Milliseconds',
    variable: 'EWM_MAX_WALL_MS',
  }),
  /** Interrupt counts of the engine that runs a world file: deterministic, unlike time. */
  fuel: row('max_fuel', { noun: 'units of fuel', label: 'fuel', variable: 'EWM_MAX_FUEL' }),
  world_memory_bytes: row('max_world_memory_bytes', {
    kind: 'peak',
    noun: 'bytes of world memory',
    label: 'world bytes',
    unit: 'Bytes',
    variable: 'EWM_MAX_WORLD_MEMORY_BYTES',
  }),
  state_bytes: row('max_state_bytes', {
    kind: 'peak',
    noun: 'bytes of state',
    label: 'state bytes',
    unit: 'Bytes',
    variable: 'EWM_MAX_STATE_BYTES',
  }),
} as const;

export const DIMENSIONS = { ...REQUIRED, ...OPTIONAL } as const;

export type RequiredDimension = keyof typeof REQUIRED;
export type OptionalDimension = keyof typeof OPTIONAL;
export type Dimension = RequiredDimension | OptionalDimension;

/** In the order in which they are named and checked. */
export const REQUIRED_NAMES = Object.keys(REQUIRED) as readonly RequiredDimension[];
export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as readonly Dimension[];

interface RowInput {
  readonly least?: 0 | 1;
  readonly kind?: 'sum' | 'peak';
  readonly noun: string;
  readonly label?: string;
  readonly unit?: DimensionRow['unit'];
  readonly variable: string;
}

interface OfRequired {
  readonly metric: string;
  readonly fallback: number;
  readonly ceiling: number;
}

function row<L extends string, V extends string, I extends RowInput & Partial<OfRequired>>(
  limiter: L,
  input: I & { readonly variable: V },
): DimensionRow & { readonly limiter: L; readonly variable: V } & Pick<I, keyof I & keyof OfRequired> {
  return { least: 0, kind: 'sum', label: input.noun, unit: 'Count', ...input, limiter };
}
