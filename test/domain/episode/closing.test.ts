/** Sessions that calls began outside are ended once, whichever way the calls ended, and what could not be ended stands on the tape. */
import { left } from 'fp-ts/Either';
import { makeMemoryArtifactStore } from '../../../src/adapters/in-process/artifact-store';
import { makeManualClock, noDeadline } from '../../../src/adapters/in-process/clock';
import { makeScriptedCodeInterpreter } from '../../../src/adapters/in-process/code-interpreter';
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import { makeScriptedPlanner } from '../../../src/adapters/in-process/planner';
import { makeMemoryRunWriter, type RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { makeInProcessSessionLog } from '../../../src/adapters/in-process/session-log';
import { liveCalls } from '../../../src/domain/agent/calls';
import type { ToolCall, OutsidePorts } from '../../../src/domain/agent/tool';
import { runToolPlan } from '../../../src/domain/run/run';
import { makeSessionContext } from '../../../src/domain/session/worlds';
import { loadSegment, openSession } from '../../../src/domain/session/context';
import { callSession, createSession } from '../../../src/domain/session/verbs';
import type { Deadline } from '../../../src/ports/clock';
import { decodedMarket, expectLeft, expectRight, linesOf, rowsOf, textOf, verdictOn } from '../../support/harness';
import { readFixture } from '../../support/fixture';
import { changed, forge } from '../../support/forge';

const code = (text: string): ToolCall => ({ name: 'execute_code', args: { language: 'python', code: text } });
const PROPOSE: ToolCall = { name: 'propose_plan', args: { goal: 'grow' } };
const LOOK: ToolCall = { name: 'get_price_context', args: { step: 0 } };
const BUDGET = { max_steps: 9, max_tool_calls: 9, max_model_calls: 2, max_memory_ops: 0, max_memory_bytes: 0 };

interface Watched {
  readonly ports: OutsidePorts;
  /** `open code run`, `code 1`, `close code`: what was asked of the ports, in order. */
  readonly log: string[];
}

/** Ports that write down what is asked of them; `unstopped`: how many of the sessions of each cannot be ended. */
function watched(unstopped = 0, during: () => void = () => undefined): Watched {
  const log: string[] = [];
  const interpreter = makeScriptedCodeInterpreter(({ code: text }) => {
    log.push(`code ${text}`);
    during();
    if (text === 'throw') throw new Error('a bug of the port');
    return { stdout: text, ...(text === 'fail' ? { exitCode: 1 } : {}) };
  });
  const planner = makeScriptedPlanner(() => {
    log.push('goal');
    during();
    return [];
  });
  const close = (what: string) => (): Promise<number> => {
    log.push(`close ${what}`);
    return Promise.resolve(log.some((line) => line.startsWith(what === 'code' ? 'code' : 'goal')) ? unstopped : 0);
  };
  const ports: OutsidePorts = {
    interpreter: { ...interpreter, source: 'remote', open: (runId) => ({ ...interpreter.open(runId), close: close('code') }) },
    planner: { ...planner, source: 'remote', open: (runId) => ({ ...planner.open(runId), close: close('planner') }) },
  };
  return { ports, log };
}

async function planRun(
  plan: readonly ToolCall[],
  ports: OutsidePorts,
  { budget = BUDGET, deadline = noDeadline }: { readonly budget?: typeof BUDGET; readonly deadline?: Deadline } = {},
): Promise<RunFileBytes> {
  const writer = makeMemoryRunWriter();
  const { strategy, policy, initialState } = readFixture();
  const handler = { mode: 'agentcore-tools', budget, plan, invocation: 'request-1' } as const;
  const request = { strategy, policy, initialState, handler };
  const calls = (runId: string): ReturnType<typeof liveCalls> => liveCalls({ runId, ports, deadline });
  expectRight(await runToolPlan(request, plan, makeMarketDocument(decodedMarket(readFixture())), writer, calls));
  return writer.files();
}

const unstoppedIn = (files: RunFileBytes): readonly unknown[] =>
  rowsOf(linesOf(files, 'tape.jsonl'))
    .map(({ type, index, sessions_not_stopped: count }) => (count === undefined ? undefined : [type, index, count]))
    .filter((found) => found !== undefined);

const ENDINGS: readonly (readonly [string, readonly ToolCall[], readonly string[], typeof BUDGET])[] = [
  ['at the end', [code('1'), LOOK, code('2'), PROPOSE], ['code 1', 'code 2', 'goal'], BUDGET],
  ['at a failure', [code('1'), code('fail'), code('3')], ['code 1', 'code fail'], BUDGET],
  ['at a refusal of the budget', [code('1'), PROPOSE, code('2')], ['code 1', 'goal'], { ...BUDGET, max_tool_calls: 2 }],
  ['at a call that is none', [PROPOSE, { name: 'nothing', args: {} }, code('1')], ['goal'], BUDGET],
  ['where nothing was begun', [LOOK, code('1')], [], { ...BUDGET, max_tool_calls: 1 }],
];

test.each(ENDINGS)('%s, once', async (_what, plan, acts, budget) => {
  const { ports, log } = watched();
  const files = await planRun(plan, ports, { budget });
  expect(log).toEqual([...acts, 'close code', 'close planner']);
  expect(unstoppedIn(files)).toEqual([]);
  expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
});

test('at the deadline: no act gets the time that is kept back for it', async () => {
  let leftMs = 10_000;
  const seen: number[] = [];
  const { ports, log } = watched(0, () => {
    leftMs = 1_000;
  });
  const { interpreter } = ports;
  const timed: OutsidePorts = {
    ...ports,
    ...(interpreter === undefined
      ? {}
      : {
          interpreter: {
            ...interpreter,
            open: (runId) => {
              const session = interpreter.open(runId);
              return {
                ...session,
                execute: (program, operationId, deadline) => {
                  seen.push(deadline.remainingMs());
                  return session.execute(program, operationId, deadline);
                },
              };
            },
          },
        }),
  };
  const files = await planRun([code('1'), code('2')], timed, { deadline: { remainingMs: () => leftMs } });
  expect([seen, log]).toEqual([[8_000], ['code 1', 'close code', 'close planner']]);
  expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven', summary: { error: { code: 'deadline_exceeded' } } });
});

test('when a port has a bug', async () => {
  const { ports, log } = watched();
  await expect(planRun([code('1'), code('throw')], ports)).rejects.toThrow('a bug of the port');
  expect(log.slice(-2)).toEqual(['close code', 'close planner']);
});

test('what could not be ended stands in the row of the last call and in its result, and is proven', async () => {
  const { ports } = watched(1);
  const files = await planRun([code('1'), PROPOSE, LOOK], ports);
  expect(unstoppedIn(files)).toEqual([['tool', 2, 2]]);
  const { results } = JSON.parse(textOf(files, 'decision.json')) as { readonly results: readonly object[] };
  expect(results.map((result) => 'sessions_not_stopped' in result)).toEqual([false, false, true]);
  expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
});

test.each([
  ['more than can have been begun', [code('1'), LOOK], 1, 2],
  ['none of them', [code('1'), LOOK], 1, 0],
  ['where no session can be', [LOOK, code('1')], 0, 1],
  ['before the last call', [code('1'), LOOK], 0, 1],
  ['a text', [code('1'), LOOK], 1, '1'],
] as const)('a tape that says %s is not proven', async (_what, plan, index, count) => {
  const files = await planRun(plan, watched().ports);
  const forged = forge(files, { tape: changed(1 + index, (row) => ({ ...row, sessions_not_stopped: count })) });
  expect(await verdictOn(forged)).toMatchObject({ _tag: 'NotProven', divergence: { file: 'tape.jsonl', row: 1 + index } });
});

describe('in a session', () => {
  const NO_DEADLINES = { work: noDeadline, storing: noDeadline };

  test('each request ends what it began, and says so on its segment and when it is repeated', async () => {
    const { ports, log } = watched(1);
    const context = makeSessionContext({
      log: makeInProcessSessionLog(),
      documents: makeMemoryArtifactStore(),
      clock: makeManualClock(1_000_000),
      outside: ports,
    });
    const { strategy, policy, initialState } = readFixture();
    const market = makeMarketDocument(decodedMarket(readFixture()));
    const documents = { strategy, policy, initialState };
    const made = expectRight(
      await createSession(context, { name: 'one', documents, market, budget: { ...BUDGET, max_steps: 3 } }, noDeadline),
    );
    const { session_id: session, head } = made;
    const first = { session, head, calls: [code('1'), code('2')] };
    const answer = expectRight(await callSession(context, first, NO_DEADLINES));
    expect(answer.results).toMatchObject([{ ok: true }, { ok: true, sessions_not_stopped: 1 }]);
    expect(log).toEqual(['code 1', 'code 2', 'close code', 'close planner']);
    expect(expectRight(await callSession(context, first, NO_DEADLINES)).results).toEqual(answer.results);
    // One more than the budget: the row that says so comes behind what became of the session.
    const second = expectRight(await callSession(context, { session, head: answer.head, calls: [code('3'), code('4')] }, NO_DEADLINES));
    expect(second).toMatchObject({ ok: false, results: [{ sessions_not_stopped: 1 }], error: { limiter: 'max_steps' } });
    // A repeat loses the race for the segment before it sends anything.
    expect(log.slice(6)).toEqual(['code 3', 'close code', 'close planner']);
    const opened = expectRight(await openSession(context, session, noDeadline));
    for (const seq of [1, 2, 3, 4, 5]) expectRight(await loadSegment(context, opened, seq, noDeadline));
  });

  test('a segment that holds an answer which no port can leave is refused', async () => {
    const lie = watched();
    const { interpreter } = lie.ports;
    if (interpreter === undefined) throw new Error('there is one');
    const lying: OutsidePorts = {
      interpreter: {
        ...interpreter,
        open: () => ({
          execute: () => () => Promise.resolve(left({ _tag: 'DependencyFailed', service: '', operation: '', reason: 'x', effect: 'none' })),
          close: () => Promise.resolve(0),
        }),
      },
    };
    const log = makeInProcessSessionLog();
    const parts = { log, documents: makeMemoryArtifactStore(), clock: makeManualClock(1_000_000), outside: lying };
    const { strategy, policy, initialState } = readFixture();
    const documents = { strategy, policy, initialState };
    const market = makeMarketDocument(decodedMarket(readFixture()));
    const made = expectRight(
      await createSession(makeSessionContext(parts), { name: 'one', documents, market, budget: BUDGET }, noDeadline),
    );
    const { session_id: session, head } = made;
    expectRight(await callSession(makeSessionContext(parts), { session, head, calls: [code('1')] }, NO_DEADLINES));
    const fresh = makeSessionContext(parts);
    const opened = expectRight(await openSession(fresh, session, noDeadline));
    expect(expectLeft(await loadSegment(fresh, opened, 2, noDeadline))).toMatchObject({
      _tag: 'SessionCorrupt',
      pointer: '/error/operation',
      expected: 'an answer that can have come from outside',
    });
  });
});
