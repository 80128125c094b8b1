/** The cap of a day as the modes use it: what the day cannot grant is an error of the API. */
import { isLeft, left } from 'fp-ts/Either';
import type { SessionContext } from '../../../domain/session/context';
import { giveBack, takeFromDay } from '../../../domain/session/day';
import type { Day } from './mode';
import { errorAnswer } from './session-errors';
import { InvariantError } from '../../../domain/assert';

export function makeDay(sessions: SessionContext): Day {
  return {
    take: async (holder, deadline) => {
      const granted = await takeFromDay(sessions, holder, deadline);
      if (!isLeft(granted)) return granted;
      const { error } = await errorAnswer(sessions, granted.left, deadline);
      if (error === undefined) throw new InvariantError('a refusal has an error');
      return left(error);
    },
    giveBack: (grant, used, deadline) => giveBack(sessions, grant, used, deadline),
  };
}
