/** One history of sessions under everything that can go wrong, decided by a seed; it throws where a promise of docs/spec.md section 8 is broken. */
import assert from 'node:assert/strict';
import { type Either, isLeft } from 'fp-ts/Either';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { decodeBudget } from '../../src/domain/budget/budget-codec';
import { marketPathCodec } from '../../src/domain/market/market-path';
import { makeSegmentChain } from '../../src/domain/session/chain';
import { openSession, type SessionContext } from '../../src/domain/session/context';
import { makeSessionContext } from '../../src/domain/session/worlds';
import { createSession, observeSession } from '../../src/domain/session/verbs';
import { makeLedger, type Ledger, sorted } from './ledger';
import { type Faults, makeOutside, type Outside, type Process } from './outside';
import { type SessionRequest, sendRequest, play, type Table } from './players';
import { randomOf } from './random';

/** What a history is made of. A history that fails is made smaller in these. */
export interface Plan {
  readonly seed: number;
  readonly players: number;
  readonly requests: number;
  readonly faults: Faults;
}

export function planOf(seed: number): Plan {
  const random = randomOf(seed ^ 0x2545f491);
  return {
    seed,
    players: 1 + random(4),
    requests: 2 + random(5),
    faults: {
      lostBefore: random(8),
      lostAfter: random(8),
      throttled: random(6),
      contended: random(6),
      crashes: random(25),
      clockSets: random(25),
      operator: random(3) === 0 ? 1 + random(40) : 0,
    },
  };
}

const LIMITS = { max_steps: 40, max_tool_calls: 40, max_memory_ops: 10, max_memory_bytes: 500, tools: { execute_code: 3 } };
const WORK_MS = 2_000;
const EVENTS_MAX = 5_000;

const market = right(marketPathCodec.decode({ symbols: ['A'], steps: Array.from({ length: 40 }, (_, step) => ({ A: 100 + (step % 7) })) }));
const budget = right(decodeBudget(LIMITS));
const documents = {
  policy: {},
  initialState: {},
  strategy: {
    metadata: { name: 's', version: '1', description: '' },
    universe: { symbols: ['A'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 9 },
    rules: [{ type: 'threshold_price', symbol: 'A', buy_below: 102, sell_above: 105 }],
  },
};

interface Given {
  readonly asked: SessionRequest;
  readonly head: string;
  readonly text: string;
}

export interface History {
  /** What happened, in order: the same for the same plan. */
  readonly text: string;
  readonly events: number;
  readonly simulatedMs: number;
}

export async function history({ seed, players, requests, faults }: Plan): Promise<History> {
  const random = randomOf(seed);
  const events: string[] = [];
  const ledger = makeLedger();
  const outside: Outside = makeOutside(random, faults, {
    event: (what) => events.push(what),
    created: ({ session, seq }, text) => {
      ledger.created(session, seq, text, outside.latestMs());
    },
    acted: ledger.acted,
    // After the switch no act begins: each has a look of its own, at the instant at which it is sent, that found it not set.
    sent: (looked) => {
      assert(looked, 'an act is sent without a look at the stop switch right before it');
    },
  });
  const given: Given[] = [];
  const root = await makeRoot(outside, ledger);
  const told = new Map<string, number>([[root, 0]]);
  const hear = (session: string, head: string): void => {
    told.set(session, Math.max(told.get(session) ?? 0, Number(head.split('-')[0])));
  };
  const table: Table = {
    random,
    deadlines: () => ({ work: outside.deadlineIn(WORK_MS), storing: outside.deadlineIn(WORK_MS + 500) }),
    known: () => [...told.keys()],
    told: (session) => told.get(session) ?? 0,
    observed: (answer, before) => {
      assert(Number(answer.head.split('-')[0]) >= before, 'a head is told that was not the newest when it was asked for');
      assert(ledger.headsOf(answer.session_id).includes(answer.head), 'a head is told that is not stored');
      hear(answer.session_id, answer.head);
    },
    answered: (asked, answer) => {
      assert(ledger.headsOf(asked.session).includes(asked.head), 'a head that never was is answered');
      assert(ledger.headsOf(answer.session_id).includes(answer.head), 'an answer tells a head that is not stored');
      const { repeated: _repeated, ...rest } = answer;
      given.push({ asked, head: answer.head, text: sorted(rest) });
      hear(answer.session_id, answer.head);
      if (answer.child !== undefined) hear(answer.child.session_id, answer.child.head);
    },
    refused: (asked, error) => {
      events.push(`${asked.verb}: ${error._tag}`);
      assert(error._tag !== 'SessionCorrupt', `a session is corrupt: ${JSON.stringify(error)}`);
    },
  };

  let left = players;
  let failure: unknown;
  const processes = Array.from({ length: players }, () => outside.process());
  for (const process of processes) {
    play(process, table, requests).then(
      () => {
        left -= 1;
      },
      (error: unknown) => {
        failure ??= error;
      },
    );
  }
  let count = 0;
  for (; left > 0 && count < EVENTS_MAX && failure === undefined; count += 1) {
    await settled();
    if (random(1_000) < faults.clockSets) outside.moveClock(random(3) === 0 ? -60_000 * random(20) : 60_000 * random(20));
    if (random(1_000) < faults.operator) outside.setSwitch(!outside.isStopped());
    if (random(1_000) < faults.crashes) left -= crashOne(processes[random(processes.length)], events);
    if (!outside.turn()) break;
  }
  outside.calm();
  await settled();
  if (failure instanceof Error) throw failure;
  assert.equal(failure, undefined);
  await checkRecord(outside, ledger, given);
  await checkStops(outside, ledger);
  await checkGoesOn(outside, ledger);
  await checkRefuses(outside, ledger);
  ledger.checkTrees();
  return {
    text: `${events.join('; ')} ${outside.acts.join()} ${given.map(({ head }) => head).join()}`,
    events: count,
    simulatedMs: outside.ranMs(),
  };
}

async function makeRoot(outside: Outside, ledger: Ledger): Promise<string> {
  const context = makeSessionContext(outside.quiet);
  const made = right(await createSession(context, { name: 'one', documents, market: makeMarketDocument(market), budget }, noDeadline));
  ledger.created(made.session_id, 0, await segment(outside, made.session_id, 0), outside.latestMs());
  return made.session_id;
}

function crashOne(victim: Process | undefined, events: string[]): 0 | 1 {
  if (victim === undefined || victim.crashed()) return 0;
  events.push('crash');
  victim.crash();
  return 1;
}

/** Every promise that can go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function segment({ quiet }: Outside, session: string, seq: number): Promise<string> {
  return new TextDecoder().decode(right(await quiet.log.read({ session, seq }, noDeadline)()));
}

/** What is stored follows from the inputs, and the very same request has the very same answer, with nothing done again. */
async function checkRecord(outside: Outside, ledger: Ledger, given: readonly Given[]): Promise<void> {
  const context = makeSessionContext(outside.quiet);
  for (const id of ledger.sessions()) {
    const chain = makeSegmentChain(right(await openSession(context, id, noDeadline)));
    for (const [seq] of ledger.headsOf(id).entries()) right(await chain.push(await segment(outside, id, seq)));
  }
  const winners = new Map<string, string>();
  for (const { asked, head, text } of given) {
    const again = right(await sendRequest(context, asked, { work: noDeadline, storing: noDeadline }));
    const { repeated: _repeated, ...rest } = again;
    if (rest.head === head) assert.equal(sorted(rest), text, 'the very same request is answered otherwise');
    else assert.fail(`the very same request ends at ${rest.head}, and before at ${head}`);
    // Of all requests on one head one has won; a breaker that tripped answers without a new segment.
    if (head === asked.head) continue;
    const from = `${asked.session} ${asked.head}`;
    const request = JSON.stringify(asked);
    assert.equal(winners.get(from) ?? request, request, 'two requests have won on one head');
    winners.set(from, request);
  }
}

/** What is asked while the switch is set reaches nothing outside, and says why. */
async function checkStops(outside: Outside, ledger: Ledger): Promise<void> {
  outside.setSwitch(true);
  const before = outside.acts.length;
  const context: SessionContext = makeSessionContext(outside.process().ports);
  for (const session of ledger.sessions()) {
    if (ledger.isSealed(session) || ledger.isLatched(session)) continue;
    const { head } = right(await observeSession(context, session, 0, noDeadline));
    const calls = [{ name: 'memory_put', args: { key: 'k', value: 2 } }];
    const answer = await sendRequest(context, { verb: 'call', session, head, calls }, { work: noDeadline, storing: noDeadline });
    if (isLeft(answer)) continue;
    assert(['stopped_by_operator', 'budget_exceeded'].includes(answer.right.error?.code ?? ''), 'an act is not stopped by the switch');
  }
  assert.equal(outside.acts.length, before, 'an act happens while the switch is set');
  outside.setSwitch(false);
}

/** Nothing is left that only a person can clean: each session that may go on goes on. */
async function checkGoesOn(outside: Outside, ledger: Ledger): Promise<void> {
  const context: SessionContext = makeSessionContext(outside.process().ports);
  for (const session of ledger.sessions()) {
    if (ledger.isSealed(session) || ledger.isLatched(session)) continue;
    for (let attempt = 0; ; attempt += 1) {
      const { head } = right(await observeSession(context, session, 0, noDeadline));
      const answer = await sendRequest(
        context,
        { verb: 'call', session, head, calls: [{ name: 'get_price_context', args: {} }] },
        { work: noDeadline, storing: noDeadline },
      );
      if (!isLeft(answer)) break;
      assert(attempt < 3, `a session does not go on: ${answer.left._tag}`);
      if (answer.left._tag === 'SessionBusy') outside.moveClock(answer.left.retryAfterMs);
      else assert.equal(answer.left._tag, 'HeadMoved');
    }
  }
}

/** What was sealed or taken back stays so. */
async function checkRefuses({ quiet }: Outside, ledger: Ledger): Promise<void> {
  const context = makeSessionContext(quiet);
  const deadlines = { work: noDeadline, storing: noDeadline };
  for (const session of ledger.sessions()) {
    const head = ledger.headsOf(session).at(-1) ?? '';
    const asked: readonly SessionRequest[] = [
      ...ledger.refundedOf(session).map((child) => ({ verb: 'reclaim', session, head, child }) as const),
      ...(ledger.isSealed(session) ? [{ verb: 'close', session, head } as const] : []),
    ];
    for (const one of asked) {
      const answer = await sendRequest(context, one, deadlines);
      assert(isLeft(answer), `${one.verb} is answered again`);
    }
  }
}

function right<A>(either: Either<unknown, A>): A {
  if (either._tag === 'Left') assert.fail(JSON.stringify(either.left));
  return either.right;
}

/** A smaller plan that fails, too: fewer players and requests, and none of the faults that do not matter. */
export async function shrink(plan: Plan): Promise<{ readonly plan: Plan; readonly error: unknown }> {
  let smallest = plan;
  let error = await failureOf(plan);
  for (let again = true; again;) {
    again = false;
    for (const candidate of smaller(smallest)) {
      const failed = await failureOf(candidate);
      if (failed === undefined) continue;
      [smallest, error, again] = [candidate, failed, true];
      break;
    }
  }
  return { plan: smallest, error };
}

function smaller(plan: Plan): readonly Plan[] {
  const faults = Object.entries(plan.faults).flatMap(([fault, often]) =>
    often === 0 ? [] : [{ ...plan, faults: { ...plan.faults, [fault]: 0 } }],
  );
  return [
    ...faults,
    ...(plan.players > 1 ? [{ ...plan, players: plan.players - 1 }] : []),
    ...(plan.requests > 1 ? [{ ...plan, requests: plan.requests - 1 }] : []),
  ];
}

async function failureOf(plan: Plan): Promise<unknown> {
  try {
    await history(plan);
    return undefined;
  } catch (error) {
    return error;
  }
}
