/** The parts of a step in a world file: what comes in, what is to be done, and what came of it. */
import type { RefusedAction } from '../../agent/stop';
import type { Json } from '../../canonical/canonical';
import type { Decision } from '../../episode/world';
import type { FileState } from './state';

export interface FileInput {
  value: Json;
  /** The line, canonical. */
  text: string;
}

export interface FilePlan {
  readonly actions: readonly Json[];
  /** Why the policy has none. */
  readonly failed?: RefusedAction;
  /** What the policy took to say so. */
  readonly fuel: number;
}

export interface FileTransition {
  readonly decision: Decision;
  readonly before: FileState;
  readonly after: FileState;
  readonly actions: readonly Json[];
  readonly refused: readonly RefusedAction[];
  /** Policy and step. */
  readonly fuel: number;
}
