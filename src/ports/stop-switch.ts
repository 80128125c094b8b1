/** The stop switch: one place that an operator sets and that is looked at before each act that leaves the process. docs/spec.md section 12. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from './clock';
import type { CallFailure } from './dependency';

/** Who pulled it, and why. Bounded: `domain/agent/stop-switch.ts` has the form in which it is stored. */
export interface StopOrder {
  readonly who: string;
  readonly why: string;
  /** UTC, ISO 8601 with milliseconds. */
  readonly at: string;
}

/** Nobody knows whether it is set, which counts as set. */
export interface SwitchUnreadable {
  readonly _tag: 'SwitchUnreadable';
  /** One line. */
  readonly reason: string;
}

export interface StopSwitch {
  /** Where it is, for messages: a path, `s3://bucket/key`, `in process`. */
  readonly location: string;
  /**
   * The order that is set; nothing where none is. Reads after write, across processes: an answer is never older than the call. Whatever is in the
   * way, a malformed order or a deadline that has passed included, is `SwitchUnreadable`. Cost: one request.
   */
  readonly read: (deadline: Deadline) => TaskEither<SwitchUnreadable, StopOrder | undefined>;
  /** Sets it, whatever is there. Atomic: a reader meets the old order or the new one. Idempotent. Cost: one request, sent once. */
  readonly set: (order: StopOrder, deadline: Deadline) => TaskEither<CallFailure, void>;
  /** The same, to where nothing is set. */
  readonly clear: (deadline: Deadline) => TaskEither<CallFailure, void>;
}
