/** The only reader of the environment. */
import type { HandlerConfig } from './http/handler';

/** Ceilings of a deployment that says nothing: small, and everything remote off. */
export const CEILING_DEFAULTS = { max_steps: 100, max_tool_calls: 10, max_model_calls: 0, max_memory_ops: 10, max_memory_bytes: 65_536 };

/** What the handlers of the local server run under: ceilings and limits, from the same variables as on AWS. */
export type LocalConfig = HandlerConfig;
