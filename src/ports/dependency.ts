/** How a call to something outside the process fails, the same for every port: which, at what, why, and whether it may have taken effect. */

/** `none`: the service did not act, for certain. `unknown`: it may have, and only the service knows. Nothing is ever sent twice to find out. */
export type Effect = 'none' | 'unknown';

export interface DependencyFailed {
  readonly _tag: 'DependencyFailed';
  /** `s3`, `bedrock-agentcore`, `filesystem`. */
  readonly service: string;
  /** The service's own name for what was asked of it, such as `PutObject`. */
  readonly operation: string;
  /** One line for a person. Never holds a body, a key's value or a credential. */
  readonly reason: string;
  /** Where the service answered. */
  readonly httpStatus?: number;
  readonly effect: Effect;
}

/** The time of the invocation ran out before or during the call; the call was given up. */
export interface DeadlineExceeded {
  readonly _tag: 'DeadlineExceeded';
  readonly service: string;
  readonly operation: string;
  readonly effect: Effect;
}

export type CallFailure = DependencyFailed | DeadlineExceeded;

/** Where an answer comes from; what a tape row names as its `source`. */
export type Source = 'local' | 'remote';
