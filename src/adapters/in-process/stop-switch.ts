/** A stop switch of this process: for tests, for the library, and for whoever stops what runs in the same program. */
import { left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { DeadlineExceeded } from '../../ports/dependency';
import type { StopOrder, StopSwitch } from '../../ports/stop-switch';
import { isOver } from './clock';

const SERVICE = 'in process';

export function makeInProcessStopSwitch(): StopSwitch {
  let held: StopOrder | undefined;
  const put =
    (operation: string, order: StopOrder | undefined, deadline: Deadline): ReturnType<StopSwitch['clear']> =>
    () => {
      if (isOver(deadline)) return Promise.resolve(left(late(operation)));
      held = order;
      return Promise.resolve(right(undefined));
    };
  return {
    location: SERVICE,
    read: (deadline) => () =>
      Promise.resolve(isOver(deadline) ? left({ _tag: 'SwitchUnreadable', reason: 'no time was left' } as const) : right(held)),
    set: (order, deadline) => put('set', order, deadline),
    clear: (deadline) => put('clear', undefined, deadline),
  };
}

function late(operation: string): DeadlineExceeded {
  return { _tag: 'DeadlineExceeded', service: SERVICE, operation, effect: 'none' };
}
