/** A part of a session's budget given to a child: the act that a fork and a guard elsewhere share. docs/spec.md section 8. */
import type { JsonObject } from '../canonical/canonical';
import type { Impossible, Performed } from './act';
import { elapsedMs, tick } from './elapsed';
import { TOO_MANY_CHILDREN } from './grant';
import type { SessionInputs } from './inputs';
import { CHILDREN_OPEN_MAX } from './limits';
import { FORK, refusedGrant, type Standing } from './replay';
import { type Grant, grantRow, stopRow } from './rows';
import type { SessionEpisode } from './session-world';

export interface Giver {
  readonly episode: SessionEpisode<never>;
  readonly inputs: SessionInputs;
  readonly standing: Standing;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** Reserves the grant and puts it on the tape; a refusal, with what was asked for, latches. */
export function give({ episode, inputs, standing, nowMs }: Giver, grant: Grant, args: JsonObject): Performed | Impossible {
  const { children, began } = standing;
  if (children.length >= CHILDREN_OPEN_MAX) return { impossible: TOO_MANY_CHILDREN };
  const now = Math.floor(nowMs);
  const late = began === undefined ? undefined : tick(episode, inputs, began, now);
  const refused = late ?? refusedGrant(episode, grant, began === undefined ? 0 : elapsedMs(began, now));
  if (refused !== undefined) {
    episode.append(stopRow({ index: 0, call: { name: FORK, args }, error: refused }));
    return { results: [], stop: refused };
  }
  episode.append(grantRow(grant));
  return { results: [], stop: null, children: [...children, grant.child] };
}
