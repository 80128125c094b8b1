/**
 * Stopping and resuming a place: a data directory, or a deployment. A stop sets the switch first, which ends what runs, then holds the functions off; a
 * resume lets them in first and clears the switch last, so that a half that is left undone is a stopped one. Both may be done again at any time.
 */
import { isLeft } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import type { CallFailure } from '../../ports/dependency';
import type { FunctionConcurrency } from '../../ports/function-concurrency';
import type { StopOrder, StopSwitch } from '../../ports/stop-switch';

/** A function, and what is reserved for it where nothing is stopped; null: nothing. */
export interface HeldFunction {
  readonly name: string;
  readonly reserved: number | null;
}

export interface Place {
  readonly stopSwitch: StopSwitch;
  /** Of a deployment. */
  readonly functions?: { readonly concurrency: FunctionConcurrency; readonly all: readonly HeldFunction[] };
}

/** What became of one part. `failed`: it is as it was, or nobody knows. */
export interface Part {
  /** Where the switch lies, or the name of a function. */
  readonly name: string;
  readonly outcome: 'done' | 'already' | 'failed';
  /** For a person: what was done, or what was in the way. */
  readonly message: string;
}

export async function stopPlace({ stopSwitch, functions }: Place, order: StopOrder, deadline: Deadline): Promise<readonly Part[]> {
  const set = await setSwitch(stopSwitch, order, deadline);
  const held = functions?.all.map(({ name }) => reserve(functions.concurrency, name, 0, deadline)) ?? [];
  return [set, ...(await Promise.all(held))];
}

/** The same by whoever may not look: whatever is there, the switch is set and the functions are held off. */
export async function pullPlace({ stopSwitch, functions }: Place, order: StopOrder, deadline: Deadline): Promise<readonly Part[]> {
  const set = async (): Promise<Part> => {
    const name = stopSwitch.location;
    const done = await stopSwitch.set(order, deadline)();
    return isLeft(done) ? failed(name, done.left) : { name, outcome: 'done', message: 'is set' };
  };
  const held = functions?.all.map(async ({ name }): Promise<Part> => {
    const done = await functions.concurrency.reserve(name, 0, deadline)();
    return isLeft(done) ? failed(name, done.left) : { name, outcome: 'done', message: `has ${reservedText(0)} now` };
  });
  return Promise.all([set(), ...(held ?? [])]);
}

export async function resumePlace({ stopSwitch, functions }: Place, deadline: Deadline): Promise<readonly Part[]> {
  const held = functions?.all.map(({ name, reserved }) => reserve(functions.concurrency, name, reserved, deadline)) ?? [];
  const released = await Promise.all(held);
  return [...released, await clearSwitch(stopSwitch, deadline)];
}

async function setSwitch(stopSwitch: StopSwitch, order: StopOrder, deadline: Deadline): Promise<Part> {
  const name = stopSwitch.location;
  const before = await stopSwitch.read(deadline)();
  if (!isLeft(before) && before.right !== undefined) {
    return { name, outcome: 'already', message: `is set already, by ${before.right.who} at ${before.right.at}: ${before.right.why}` };
  }
  const set = await stopSwitch.set(order, deadline)();
  return isLeft(set) ? failed(name, set.left) : { name, outcome: 'done', message: 'is set' };
}

async function clearSwitch(stopSwitch: StopSwitch, deadline: Deadline): Promise<Part> {
  const name = stopSwitch.location;
  const before = await stopSwitch.read(deadline)();
  if (!isLeft(before) && before.right === undefined) return { name, outcome: 'already', message: 'is not set' };
  const cleared = await stopSwitch.clear(deadline)();
  if (isLeft(cleared)) return failed(name, cleared.left);
  const was = isLeft(before) ? 'it could not be read' : `it was set by ${before.right?.who ?? ''}: ${before.right?.why ?? ''}`;
  return { name, outcome: 'done', message: `is cleared; ${was}` };
}

async function reserve(concurrency: FunctionConcurrency, name: string, reserved: number | null, deadline: Deadline): Promise<Part> {
  const before = await concurrency.read(name, deadline)();
  const text = reservedText(reserved);
  if (!isLeft(before) && before.right === reserved) return { name, outcome: 'already', message: `has ${text}` };
  const changed = await concurrency.reserve(name, reserved, deadline)();
  return isLeft(changed) ? failed(name, changed.left) : { name, outcome: 'done', message: `has ${text} now` };
}

export function reservedText(reserved: number | null): string {
  return reserved === null ? 'no reserved concurrency' : `reserved concurrency ${String(reserved)}${reserved === 0 ? ': held off' : ''}`;
}

function failed(name: string, failure: CallFailure): Part {
  const why = failure._tag === 'DependencyFailed' ? failure.reason : 'no time was left';
  return { name, outcome: 'failed', message: `${failure.service} ${failure.operation}: ${why}` };
}
