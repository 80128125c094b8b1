/** The cap of a day as the modes use it: what the day cannot grant is an error of the API. */
import { isLeft, left } from 'fp-ts/Either';
import type { SessionContext } from '../../../domain/session/context';
import { giveBack, takeFromDay } from '../../../domain/session/day';
import type { Day } from './mode';
import { problemOf } from './session-errors';

export function makeDay(sessions: SessionContext): Day {
  return {
    take: async (holder, deadline) => {
      const granted = await takeFromDay(sessions, holder, deadline);
      return isLeft(granted) ? left(problemOf(granted.left)) : granted;
    },
    giveBack: (grant, used, deadline) => giveBack(sessions, grant, used, deadline),
  };
}
