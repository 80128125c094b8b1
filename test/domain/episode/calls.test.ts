/** Calls of an episode beyond those of a plan: a tool that nobody else knows, what happens before an act leaves, and going on from a cursor. */
import { makeScriptedPlanner } from '../../../src/adapters/in-process/planner';
import { noDeadline } from '../../../src/adapters/in-process/clock';
import { type CallSource, type Intent, liveCalls, recordedCalls } from '../../../src/domain/agent/calls';
import type { RunStop } from '../../../src/domain/agent/stop';
import { type ToolCall, makeTool, type OutsidePorts, type Tool, TOOL_CALL } from '../../../src/domain/agent/tool';
import { planTools, reachesOutside, sessionTools } from '../../../src/domain/agent/tools';
import { type Budget, DEFAULT_BUDGET } from '../../../src/domain/budget/budget';
import { objectCodec, textCodec } from '../../../src/domain/codec/codec';
import type { Called, Episode } from '../../../src/domain/episode/episode';
import { makeEpisode } from '../../../src/domain/episode/episode';
import type { Row } from '../../../src/domain/tape/chain';
import { readPath } from '../../../src/domain/run/path';
import type { Plan, Proposal } from '../../../src/domain/world/market/market-world';
import type { State } from '../../../src/domain/world/market/state';
import { readFixture } from '../../support/fixture';
import {
  type Collected,
  expectRight,
  linesOf,
  makeCollected,
  makeTextPieces,
  type MarketCursor,
  marketRunOf,
  rowsOf,
  runCase,
} from '../../support/harness';

const PLENTY: Budget = { ...DEFAULT_BUDGET, max_steps: 20, max_tool_calls: 20, max_model_calls: 5 };

/** Answers what it was asked: a tool that leaves the process, and of which nothing but this value knows. */
function makeEcho(sent: string[]): Tool<Proposal> {
  return makeTool({
    name: 'echo',
    args: objectCodec('arguments', { required: { text: textCodec } }),
    attempt: TOOL_CALL,
    costs: () => ({ ...TOOL_CALL, model_calls: 1 }),
    reach: 'outside',
    recorded: { rowType: 'tool', result: objectCodec('echo', { required: { echo: textCodec } }), good: { echo: '' } },
    act: (_context, { text }) => ({
      sender: () => (operationId) => {
        sent.push(operationId);
        return Promise.resolve({ source: 'remote', recorded: { ok: true, result: { echo: text } } });
      },
    }),
  });
}

interface Options {
  readonly calls: CallSource;
  readonly tools?: readonly Tool<Proposal>[];
  readonly budget?: Budget;
  readonly from?: MarketCursor;
  readonly lookAhead?: boolean;
}

type Opened = { readonly episode: Episode<State, Plan, never>; readonly output: Collected };

async function open({ calls, tools, budget = PLENTY, from, lookAhead = true }: Options, output = makeCollected()): Promise<Opened> {
  const { files } = await runCase(readFixture());
  const { inputs, identity, world, initial } = await marketRunOf(files);
  const path = expectRight(await readPath(world, makeTextPieces(linesOf(files, 'market.jsonl').slice(1), [9])));
  const parts = {
    inputs,
    identity,
    budget,
    world: { world, initial, path, lookAhead },
    tools: tools ?? planTools(world.actions),
    calls,
    output,
  };
  return { episode: makeEpisode(from === undefined ? parts : { ...parts, from }), output };
}

function live(ports: OutsidePorts = {}, more: Partial<Parameters<typeof liveCalls>[0]> = {}): CallSource {
  return liveCalls({ runId: 'run', ports, deadline: noDeadline, ...more });
}

async function rowsAfter({ episode, output }: Opened): Promise<readonly Row[]> {
  expectRight(await episode.flush());
  return rowsOf(output.text('tape.jsonl').trimEnd().split('\n'));
}

const stopOf = (called: Called): unknown => called.stop;

describe('a tool that leaves the process, known by its value alone', () => {
  const echo: ToolCall = { name: 'echo', args: { text: 'x'.repeat(40) } };

  test('is one of its invocation, costs what it says, and its answers are within the ceiling on bytes', async () => {
    const sent: string[] = [];
    const tools = [...planTools((await marketRunOf((await runCase(readFixture())).files)).world.actions), makeEcho(sent)];
    expect([reachesOutside(tools, [echo]), reachesOutside(tools, [{ name: 'execute', args: {} }])]).toEqual([true, false]);
    const opened = await open({ tools, calls: live({}, { answers: { bytesMax: 100, limit: 'a test' } }) });
    expect(stopOf(await opened.episode.call(0, echo))).toBeUndefined();
    expect(stopOf(await opened.episode.call(1, echo))).toMatchObject({
      code: 'tool_failed',
      message: 'an answer of 51 bytes, withheld: 49 were left for answers from outside (a test)',
      index: 1,
      tool: 'echo',
    });
    expect(sent).toEqual(['run-0', 'run-1']);
    expect(opened.episode.breaker.state()).toMatchObject({ steps: 2, tool_calls: 2, model_calls: 2 });

    // Made again from what stands on the tape, without a port.
    const rows = await rowsAfter(opened);
    const again = await open({ tools, calls: recordedCalls(rows.slice(1), undefined) });
    for (const index of [0, 1]) await again.episode.call(index, echo);
    await again.episode.flush();
    expect(again.output.text('tape.jsonl')).toBe(opened.output.text('tape.jsonl'));
    expect(sent).toHaveLength(2);
  });

  test('whose arguments are wrong is a failed call that sends nothing and costs an attempt', async () => {
    const sent: string[] = [];
    const { episode } = await open({ tools: [makeEcho(sent)], calls: live() });
    expect(stopOf(await episode.call(0, { name: 'echo', args: {} }))).toMatchObject({ code: 'tool_failed', tool: 'echo' });
    expect([sent, episode.breaker.state().model_calls, episode.breaker.state().tool_calls]).toEqual([[], 0, 1]);
  });
});

describe('before an act leaves the process', () => {
  const propose: ToolCall = { name: 'propose_plan', args: { goal: 'grow' } };

  test('it is paid for, and rows can be put on the tape and stored', async () => {
    const intents: Intent[] = [];
    const output = makeCollected();
    const held: { opened?: Opened } = {};
    const beforeOutside = async (intent: Intent): Promise<undefined> => {
      intents.push(intent);
      const { episode } = held.opened ?? (await open({ calls: live() }));
      episode.append({ type: 'intent', index: intent.index });
      expectRight(await episode.flush());
      expect(output.text('tape.jsonl')).toContain('"type":"intent"');
      expect(episode.breaker.state().model_calls).toBe(1);
    };
    const opened = await open({ calls: live({ planner: makeScriptedPlanner() }, { beforeOutside }) }, output);
    held.opened = opened;
    await opened.episode.call(0, { name: 'evaluate_strategy', args: { step: 0 } });
    await opened.episode.call(1, propose);
    expect(intents).toMatchObject([{ index: 1, tool: 'propose_plan', costs: { steps: 1, tool_calls: 1, model_calls: 1 } }]);
    const types = (await rowsAfter(opened)).map(({ type }) => type);
    expect(types).toEqual(['run', 'tool', 'intent', 'model', 'tool']);
  });

  test('nothing is asked where nothing would be sent, and a stop sends nothing', async () => {
    const stop: RunStop = { code: 'deadline_exceeded', message: 'stopped' };
    let asked = 0;
    const beforeOutside = (): Promise<RunStop> => {
      asked += 1;
      return Promise.resolve(stop);
    };
    const without = await open({ calls: live({}, { beforeOutside }) });
    expect(stopOf(await without.episode.call(0, propose))).toMatchObject({ code: 'tool_failed' });
    expect(asked).toBe(0);
    const { episode, output } = await open({ calls: live({ planner: makeScriptedPlanner() }, { beforeOutside }) });
    expect(await episode.call(0, propose)).toEqual({ _tag: 'NotBegun', stop });
    expect((await rowsAfter({ episode, output })).map(({ type }) => type)).toEqual(['run']);
    // What was reserved for it stays charged.
    expect(episode.breaker.state().model_calls).toBe(1);
  });
});

describe('a session', () => {
  const sessionOf = async (from?: MarketCursor, output?: Collected): Promise<Opened> => {
    const { files } = await runCase(readFixture());
    const tools = sessionTools((await marketRunOf(files)).world.actions);
    return open({ calls: live(), tools, lookAhead: false, ...(from === undefined ? {} : { from }) }, output);
  };

  test('a call that names no step is about the next one; one about a later step is look-ahead', async () => {
    const { episode } = await sessionOf();
    expect(await episode.call(0, { name: 'get_price_context', args: {} })).toMatchObject({ result: { result: { step: 0 } } });
    expect(stopOf(await episode.call(1, { name: 'get_price_context', args: { step: 1 } }))).toMatchObject({ code: 'look_ahead', index: 1 });
    expect(stopOf(await episode.call(2, { name: 'execute', args: { actions: [] } }))).toBeUndefined();
    expect(await episode.call(3, { name: 'get_price_context', args: { step: 0 } })).toMatchObject({ result: { ok: true } });
    expect(await episode.call(4, { name: 'evaluate_strategy', args: {} })).toMatchObject({ result: { result: { step: 1 } } });
    for (let step = 1; step < 5; step += 1) await episode.call(4 + step, { name: 'execute', args: { actions: [] } });
    expect(stopOf(await episode.call(9, { name: 'execute', args: { actions: [] } }))).toMatchObject({
      code: 'tool_failed',
      message: 'the market has ended; step 5: the market has steps 0 to 4',
    });
  });

  test('goes on from a cursor, at any call, to the same rows', async () => {
    const calls: readonly ToolCall[] = [
      { name: 'evaluate_strategy', args: {} },
      { name: 'execute', args: {} },
      { name: 'evaluate_strategy', args: {} },
      { name: 'simulate_and_verify', args: {} },
      { name: 'execute', args: {} },
    ];
    const whole = await sessionOf();
    for (const [index, call] of calls.entries()) await whole.episode.call(index, call);
    expectRight(await whole.episode.seal(null));
    const output = makeCollected();
    let cursor: MarketCursor | undefined;
    for (const [index, call] of calls.entries()) {
      const { episode } = await sessionOf(cursor, output);
      await episode.call(index, call);
      expectRight(await episode.flush());
      // What a store keeps of it is text: the evaluation comes back from its own.
      const { world, ...rest } = structuredClone(episode.cursor());
      const market = (await marketRunOf((await runCase(readFixture())).files)).world;
      const evaluation = world?.evaluation;
      cursor = {
        ...rest,
        world:
          world === undefined || evaluation === undefined
            ? world
            : {
                ...world,
                evaluation: {
                  ...evaluation,
                  plan: expectRight(market.decodePlan(JSON.parse(JSON.stringify(market.planText(evaluation.plan))))),
                },
              },
      };
    }
    const { episode } = await sessionOf(cursor, output);
    expectRight(await episode.seal(null));
    expect(output.text('tape.jsonl')).toBe(whole.output.text('tape.jsonl'));
    expect(output.text('executions.jsonl')).toBe(whole.output.text('executions.jsonl'));
    expect(output.text('executions.jsonl')).not.toBe('');
  });

  test('a refusal of the budget latches, over a cursor, too', async () => {
    const first = await open({ calls: live(), budget: { ...PLENTY, max_tool_calls: 1 } });
    const look: ToolCall = { name: 'get_price_context', args: { step: 0 } };
    await first.episode.call(0, look);
    const refused = stopOf(await first.episode.call(1, look));
    expect(refused).toMatchObject({ code: 'budget_exceeded', limiter: 'max_tool_calls' });
    const second = await open({ calls: live(), budget: { ...PLENTY, max_tool_calls: 1 }, from: structuredClone(first.episode.cursor()) });
    expect(stopOf(await second.episode.call(2, look))).toEqual(refused);
  });
});
