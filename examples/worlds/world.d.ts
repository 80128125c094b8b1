/**
 * Types for authors of worlds and policies. In a TypeScript world: `/// <reference path="world.d.ts" />`; in JavaScript the same line gives an editor
 * what it needs. Nothing of this is there at run time but the globals.
 */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A decimal as text, such as "99.86", or a number with at most 8 digits behind the point. Below 10^18. */
type DecimalInput = string | number;

/** Exact decimals with 8 digits behind the point; every result is text. What cannot be held throws. */
declare const decimal: {
  of(value: DecimalInput): string;
  add(...values: DecimalInput[]): string;
  sub(a: DecimalInput, b: DecimalInput): string;
  /** Rounded half to even, as a division is. */
  mul(a: DecimalInput, b: DecimalInput): string;
  div(a: DecimalInput, b: DecimalInput): string;
  neg(value: DecimalInput): string;
  abs(value: DecimalInput): string;
  cmp(a: DecimalInput, b: DecimalInput): -1 | 0 | 1;
  eq(a: DecimalInput, b: DecimalInput): boolean;
  lt(a: DecimalInput, b: DecimalInput): boolean;
  lte(a: DecimalInput, b: DecimalInput): boolean;
  gt(a: DecimalInput, b: DecimalInput): boolean;
  gte(a: DecimalInput, b: DecimalInput): boolean;
  min(first: DecimalInput, ...rest: DecimalInput[]): string;
  max(first: DecimalInput, ...rest: DecimalInput[]): string;
  /** Half to even, to 0 to 8 digits. */
  round(value: DecimalInput, digits?: number): string;
  floor(value: DecimalInput): string;
  ceil(value: DecimalInput): string;
  /** Rounded down, as a number. */
  toInteger(value: DecimalInput): number;
};

/** From 0 to below 1, from the seed of the run. In `init`, `step` and `decide`. */
declare function random(): number;
/** From `least` to `most`, both included. */
declare function randomInteger(least: number, most: number): number;

interface Meta {
  name: string;
  version: string;
  description?: string;
  /** Lines of charts for the report: JSON pointers into the row of a step, such as "/totals/cash" or "/input/demand"; "/score" and "/fuel", too. */
  charts?: { title: string; lines: string[] }[];
}

/** Text, or one or more of these. The step is refused whole, and the state stays as it was. */
type Refused = string | { action_index?: number; code?: string; message: string } | Refused[];

/** What a world file exports. `State` is a JSON object. */
interface World<State, Action = Json, Input = Json, Params = Json> {
  meta: Meta;
  init(params: Params): State;
  /** What could be done now: for agents, and for `ewm world check`. `step` decides. */
  legal(state: State): Action[];
  /** What a policy or an agent may know before it acts on an input. */
  observe(state: State, input: Input): Json;
  step(state: State, actions: Action[], input: Input): { state: State; totals?: { [name: string]: Json } } | { refused: Refused };
  /** Which of its rules a state breaks. */
  invariants?(state: State): string[] | boolean;
  score?(state: State): string | number | boolean | null;
  /** Whether the world has come to its end. */
  done?(state: State): boolean;
}

/** What a policy file exports. */
interface Policy<Observation = Json, Action = Json> {
  decide(observation: Observation): Action[] | undefined;
}
