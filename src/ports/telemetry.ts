/** What operators see of a run: events and measures. It never changes a run: no method throws, waits or answers anything. */

/** Scalars only, so that no body and no document can pass. Values of keys and secrets do not belong here either. */
export type TelemetryFields = Readonly<Record<string, string | number | boolean>>;

export type Unit = 'Count' | 'Milliseconds' | 'Bytes';

/** Sessions that calls began outside and that may still run: written where there are some, and an alarm looks at it. */
export const SESSIONS_NOT_STOPPED = 'SessionsNotStopped';

/** Runs and segments that are stored and could not be signed: written where there are some, and an alarm looks at it. */
export const NOT_SIGNED = 'NotSigned';

export interface Telemetry {
  /** Something that happened, as one structured line. `event` is a constant in snake_case that an alarm can match. */
  readonly note: (level: 'info' | 'warn' | 'error', event: string, fields?: TelemetryFields) => void;
  /** One sample of a metric. */
  readonly measure: (metric: string, unit: Unit, value: number) => void;
}
