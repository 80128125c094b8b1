/** Time as the use cases see it: a wall clock for what is sent to a service, and the time an invocation has left. Neither reaches a tape. */

export interface Clock {
  /** Milliseconds since the Unix epoch. May stand still and may jump back; whoever needs an order makes one. */
  readonly nowMs: () => number;
}

export interface Deadline {
  /** Milliseconds until the act must be over; 0 or less when it has passed, `Infinity` when there is none. Never grows. */
  readonly remainingMs: () => number;
}
