/** Bugs, planted one at a time: a text of the source and what takes its place. The simulator has to find each. */

export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const SESSION = 'src/domain/session';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the stop switch is read once, and what it said is kept',
    file: 'src/domain/agent/stop-switch.ts',
    from: `  return async (deadline) => {
    const state = await stopSwitch.read(deadline)();`,
    to: `  let kept: ReturnType<ReturnType<StopSwitch['read']>> | undefined;
  return async (deadline) => {
    const state = await (kept ??= stopSwitch.read(deadline)());`,
  },
  {
    name: 'a stop switch that cannot be read counts as not set',
    file: 'src/domain/agent/stop-switch.ts',
    from: `if (isLeft(state)) return stoppedBy(state.left);`,
    to: `if (isLeft(state)) return undefined;`,
  },
  {
    name: 'an act is sent though the stop switch is set',
    file: 'src/domain/agent/calls.ts',
    from: `if (halted !== undefined) return { source: 'local', recorded: { ok: false, error: halted } };`,
    to: ``,
  },
  {
    name: 'the stop switch is looked at before the act is written ahead, and not after',
    file: 'src/domain/agent/calls.ts',
    from: `const stopped = await beforeOutside?.(intent);
      if (stopped !== undefined) return { stopped };
      const halted = await look?.(acting);`,
    to: `const halted = await look?.(acting);
      const stopped = await beforeOutside?.(intent);
      if (stopped !== undefined) return { stopped };`,
  },
  {
    name: 'an act is sent before its intent is stored',
    file: `${SESSION}/act.ts`,
    from: `if (!(await store('an act'))) return LOST;`,
    to: ``,
  },
  {
    name: 'an act is sent though the intent of somebody else stands there',
    file: `${SESSION}/act.ts`,
    from: `if (!(await store('an act'))) return LOST;`,
    to: `await store('an act'); lost.seq = undefined; lost.failure = undefined;`,
  },
  {
    name: 'the same bytes count as ours in front of an act, too',
    file: `${SESSION}/act.ts`,
    from: `if (created.left.effect === 'none' || !sameIsOurs) return created;`,
    to: `if (created.left.effect === 'none') return created;`,
  },
  {
    name: 'a create whose answer was lost counts as done',
    file: `${SESSION}/act.ts`,
    from: `return isLeft(stored) ? created : right(bytesEqual(stored.right, bytes));`,
    to: `void stored; return right(true);`,
  },
  {
    name: 'a segment that is taken counts as ours',
    file: `${SESSION}/act.ts`,
    from: `if (!isLeft(created)) return right(created.right === 'created');`,
    to: `if (!isLeft(created)) return right(created.right !== 'contended');`,
  },
  {
    name: 'a segment that somebody else may still give up counts as ours',
    file: `${SESSION}/act.ts`,
    from: `if (!isLeft(created)) return right(created.right === 'created');`,
    to: `if (!isLeft(created)) return right(created.right !== 'taken');`,
  },
  {
    name: 'an act is ended while its maker may be at work',
    file: `${SESSION}/act.ts`,
    from: `if (waitMs > 0)`,
    to: `if (waitMs > Infinity)`,
  },
  {
    name: 'an announced act is forgotten by the next request',
    file: `${SESSION}/act.ts`,
    from: `if (pending !== undefined) return pendingAt(context, session.right, standing.right, requestSha256, deadline);`,
    to: ``,
  },
  {
    name: 'a sealed session takes calls',
    file: `${SESSION}/act.ts`,
    from: `if (sealed) return left({ _tag: 'SessionSealed', newest: standing.right });`,
    to: ``,
  },
  {
    name: 'a head is found by its number alone',
    file: `${SESSION}/act.ts`,
    from: `if (!isLeft(at) && headOf(at.right).hash === hash) return at;`,
    to: `if (!isLeft(at) && hash !== '') return at;`,
  },
  {
    name: 'whatever stands behind a head is the answer to every request on it',
    file: `${SESSION}/act.ts`,
    from: `if (loaded.right.requestSha256 !== requestSha256) return right(undefined);`,
    to: ``,
  },
  {
    name: 'a breaker that tripped is forgotten by the next request',
    file: `${SESSION}/rows.ts`,
    from: `...(refusal === undefined ? {} : { refusal: refusal as unknown as BudgetExceeded }),`,
    to: ``,
  },
  {
    name: 'a breaker that tripped holds for one request only',
    file: `${SESSION}/act.ts`,
    from: `if (cursor.refusal !== undefined && request.body`,
    to: `if (cursor.refusal?.limiter === '' && request.body`,
  },
  {
    name: 'the budget is one too large',
    file: 'src/domain/budget/breaker.ts',
    from: `if (amount <= (meter.row.kind === 'sum' ? meter.max - meter.spent : meter.max)) return undefined;`,
    to: `if (amount <= (meter.row.kind === 'sum' ? meter.max - meter.spent + 1 : meter.max)) return undefined;`,
  },
  {
    name: 'what is spent is not checked against what is left',
    file: 'src/domain/budget/breaker.ts',
    from: `if (amount <= (meter.row.kind === 'sum' ? meter.max - meter.spent : meter.max)) return undefined;`,
    to: `if (amount <= meter.max) return undefined;`,
  },
  {
    name: 'a call that fails is given back',
    file: `${SESSION}/act.ts`,
    from: `const called = await episode.call(index, call);`,
    to: `const called = await episode.call(index, call);
      if (called._tag !== 'NotBegun' && called.stop !== undefined && episode.breaker.state().tool_calls > 0)
        episode.breaker.settle({ tool_calls: 1 }, {});`,
  },
  {
    name: 'a grant costs its parent nothing',
    file: `${SESSION}/give.ts`,
    from: `const refused = late ?? refusedGrant(episode, grant, began === undefined ? 0 : elapsedMs(began, now));`,
    to: `const refused = late ?? episode.breaker.reserveAll({});`,
  },
  {
    name: 'a child need not be bound by all that binds its parent',
    file: `${SESSION}/grant.ts`,
    from: `return requested === undefined || (row.kind === 'peak' && requested > max);`,
    to: `return row.kind === 'peak' && requested !== undefined && requested > max;`,
  },
  {
    name: 'a child begins before its grant is stored',
    file: `${SESSION}/verbs.ts`,
    from: `const outcome = await actOn(\n    context,\n    {\n      session: id,\n      head,\n      body: { fork: { name, budget } },`,
    to: `const early = await observeSession(context, id, 0, deadline);
  if (!isLeft(early)) {
    const inputsEarly = childOf({ cursor: { world: { step: early.right.step, state: early.right.state } } } as never);
    const texts = await documentsOf(context, id, inputsEarly, deadline);
    if (!isLeft(texts)) await begin(context, texts.right, inputsEarly, deadline);
  }
  const outcome = await actOn(
    context,
    {
      session: id,
      head,
      body: { fork: { name, budget } },`,
  },
  {
    name: 'a grant is taken back twice',
    file: `${SESSION}/verbs.ts`,
    from: `if (!standing.children.includes(child)) {`,
    to: `if (child === '') {`,
  },
  {
    name: 'a child that may still spend gives back',
    file: `${SESSION}/verbs.ts`,
    from: `if (!found.right.standing.sealed) return invalid('is open: close it first');`,
    to: ``,
  },
  {
    name: 'a refund gives back all that was granted',
    file: `${SESSION}/verbs.ts`,
    from: `const spent = chargedOf(granted, found.right.standing.cursor.spent);`,
    to: `const spent = {};`,
  },
  {
    name: 'a child that was granted is not kept',
    file: `${SESSION}/give.ts`,
    from: `return { results: [], stop: null, children: [...children, grant.child] };`,
    to: `return { results: [], stop: null };`,
  },
  {
    name: 'the newest segment is taken to be the one that was known',
    file: `${SESSION}/context.ts`,
    from: `const newest = await context.log.newest(runId, known?.seq ?? -1, deadline)();`,
    to: `if (known !== undefined) return right(known);\n  const newest = await context.log.newest(runId, -1, deadline)();`,
  },
  {
    name: 'where a session stands is kept though its segment was not stored',
    file: `${SESSION}/act.ts`,
    from: `if (await store('the answer')) {`,
    to: `context.standings.set(session.identity.runId, { session: session.identity.runId, seq, cursor: episode.cursor(), children, sealed: false });\n    if (await store('the answer')) {`,
  },
  {
    name: 'two acts of one session have one name',
    file: `${SESSION}/act.ts`,
    from: '`${session.identity.runId}-${String(from.seq + 1)}`',
    to: '`${session.identity.runId}-1`',
  },
  {
    name: 'what stood behind the segment of an intent is not charged again',
    file: `${SESSION}/replay.ts`,
    from: `meter.row.kind === 'peak' ? meter : { ...meter, spent: Math.max(0, meter.spent - costOf(meter, costs)) },`,
    to: `meter,`,
  },
];
