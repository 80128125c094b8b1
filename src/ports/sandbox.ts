/** A place for code that nobody trusts: it computes a text from texts, and can do nothing else. */
import type { Either } from 'fp-ts/Either';

/** Names what runs the code. Under another digest the same code may give other bytes, or take other fuel. */
export interface Engine {
  /** For people: what it is, and which release. */
  readonly name: string;
  readonly sha256: string;
}

export interface Code {
  /**
   * A script of ours, evaluated first: a function `(module, ...texts) => text`. It is what is called; `module` is the namespace of the source.
   */
  readonly guest: string;
  /** One ES module without imports. */
  readonly source: string;
  /** What messages call it, such as `world.js`. */
  readonly file: string;
}

export interface SandboxLimits {
  /** Of the engine's heap, the code itself included; rounded up to 64 KiB. */
  readonly memoryBytes: number;
  /** For evaluating the module. Units: loop turns and calls of the engine, deterministic. */
  readonly loadFuel: number;
}

/** How code came to an end without a result. `Threw` is the code's own error. */
export type GuestFailure =
  | { readonly _tag: 'Threw'; readonly message: string }
  | { readonly _tag: 'OutOfFuel' }
  | { readonly _tag: 'OutOfMemory' }
  | { readonly _tag: 'TooDeep' };

export type GuestOutcome = { readonly fuel: number } & (
  { readonly _tag: 'Returned'; readonly text: string } | { readonly _tag: 'Failed'; readonly failure: GuestFailure }
);

/** Loaded code. Not for concurrent use; nothing to close: its memory goes with it. */
export interface GuestProgram {
  /**
   * Calls the guest. A pure function of code, limits, texts and fuel: whatever a call did is gone before the next one. Never throws for what the
   * code does, and ends in bounded time and memory whatever that is. `fuelMax`: from 1 to 2^31 - 1.
   */
  readonly call: (texts: readonly string[], fuelMax: number) => GuestOutcome;
}

export interface Sandbox {
  readonly engine: Engine;
  /** Evaluates the code in a memory of its own. */
  readonly load: (code: Code, limits: SandboxLimits) => Either<GuestFailure, GuestProgram>;
}
