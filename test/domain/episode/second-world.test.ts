/** The seam of a world is real: a counter with a limit goes through runner, tape, verification and report, and no line of theirs knows it. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import { makeMemoryRunReader, makeMemoryRunWriter, type RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { NO_CALLS } from '../../../src/domain/agent/calls';
import type { ToolCall } from '../../../src/domain/agent/tool';
import { DEFAULT_BUDGET } from '../../../src/domain/budget/budget';
import type { StepsError } from '../../../src/domain/episode/episode';
import { digested, type DigestedOutput } from '../../../src/domain/episode/output';
import { makeTextReader, type TextReader } from '../../../src/domain/episode/text-reader';
import { sha256Hex } from '../../../src/domain/hash';
import { SPEC_VERSION } from '../../../src/domain/limits';
import { finish, type SealedRun } from '../../../src/domain/run/finish';
import { type EpisodeInputs, identify } from '../../../src/domain/run/inputs';
import type { ModeRow } from '../../../src/domain/run/modes';
import { readPath } from '../../../src/domain/run/path';
import { checkChains } from '../../../src/domain/run/replay';
import { openSteps, type StartOutOfRange, takeSteps, takeToolPlan, type WorldRun } from '../../../src/domain/run/take';
import { overMarket, type Provable, verifyAs } from '../../../src/domain/run/verify';
import { type Counted, makeCounterWorld } from '../../support/counter-world';
import { expectRight, linesOf, makeCollected, makeTextPieces, rowsOf, textOf } from '../../support/harness';

type CounterInputs = EpisodeInputs & { readonly steps: number; readonly limit: number };
type CounterRun = WorldRun<number, { add: number }, number, number, Counted>;

const ADDS = [3, 0, 4, 9, 2];
const HEADER = '{"adds":1}\n';
const PATH = ADDS.map((add) => `{"add":${String(add)}}\n`).join('');
const COUNTING: ModeRow = {
  files: ['market.jsonl', 'tape.jsonl', 'executions.jsonl', 'decision.json', 'report.md', 'run.json'],
  named: ['market.jsonl'],
  finished: (_calls, steps) => `${String(steps)} steps`,
  effect: 'fill',
};

function runOf(inputs: CounterInputs): CounterRun {
  return { mode: COUNTING, inputs, identity: identify(inputs), world: makeCounterWorld(inputs.limit), initial: 0 };
}

function inputsOf(mode: string, budget: Partial<typeof DEFAULT_BUDGET>): CounterInputs {
  return {
    spec_version: SPEC_VERSION,
    mode,
    budget: { ...DEFAULT_BUDGET, ...budget },
    invocation: null,
    market_sha256: sha256Hex(HEADER + PATH),
    steps: ADDS.length,
    limit: 10,
  };
}

type Take = <E>(
  run: CounterRun,
  lines: TextReader,
  output: DigestedOutput<E>,
) => Promise<Either<E | StepsError | StartOutOfRange, SealedRun>>;

const steps: Take = (run, lines, output) => takeSteps(run, run.inputs.steps, lines, output, {});

const PLAN: readonly ToolCall[] = [
  { name: 'get_price_context', args: { step: 1 } },
  { name: 'evaluate_strategy', args: { step: 2 } },
  { name: 'execute', args: { step: 2 } },
  { name: 'execute', args: { step: 3, actions: 7 } },
];

const calls: Take = async (run, lines, output) => {
  const path = await readPath(run.world, lines);
  return isLeft(path) ? path : takeToolPlan(run, path.right, PLAN, NO_CALLS, output);
};

const lines = (sizes: readonly number[]): TextReader => makeTextPieces(PATH.trimEnd().split('\n'), sizes);

async function written(inputs: CounterInputs, take: Take): Promise<RunFileBytes> {
  const writer = makeMemoryRunWriter();
  const output = digested(writer);
  expectRight(await output.append('market.jsonl', HEADER + PATH));
  const finished = expectRight(await finish(output, expectRight(await take(runOf(inputs), lines([2]), output)), output.digest));
  expectRight(await writer.commit(finished.files)());
  return writer.files();
}

/** Taken again from the files alone. */
function provable(take: Take): Provable<CounterInputs> {
  return {
    decodeInputs: (value) => right(value as CounterInputs),
    retake: (reader, inputs, output) => overMarket(reader, HEADER.length, (path) => take(runOf(inputs), path, output)),
  };
}

const CASES = [
  ['steps', inputsOf('counting', { max_steps: 5 }), steps],
  ['a budget that stops it', inputsOf('counting', { max_steps: 3 }), steps],
  ['a plan of calls', inputsOf('counting-tools', { max_steps: 5, max_tool_calls: 5 }), calls],
] as const;

describe('a counter with a limit', () => {
  test.each(CASES)('%s: rows are chained, and the run is proven', async (_name, inputs, take) => {
    const files = await written(inputs, take);
    const chains = expectRight(await checkChains(makeMemoryRunReader(files)));
    expect([chains.tape.broken, chains.executions.broken, chains.unlinked, chains.tape.sealed]).toEqual([
      undefined,
      undefined,
      undefined,
      true,
    ]);
    expect(expectRight(await verifyAs(provable(take), makeMemoryRunReader(files)))._tag).toBe('Proven');
  });

  test.each(CASES)('%s: a changed row is found', async (_name, inputs, take) => {
    const files = await written(inputs, take);
    for (const file of ['tape.jsonl', 'executions.jsonl', 'report.md', 'run.json'] as const) {
      const bytes = Buffer.from(textOf(files, file).replace(/[1-9](?=[^0-9]*$)/, '0'));
      const verdict = expectRight(await verifyAs(provable(take), makeMemoryRunReader({ ...files, [file]: bytes })));
      expect(verdict).toMatchObject({ _tag: 'NotProven', divergence: { file } });
    }
  });

  test('steps: the limit refuses one, the seal sums them up, and the report shows the counter in its own words', async () => {
    const files = await written(inputsOf('counting', { max_steps: 5 }), steps);
    const rows = rowsOf(linesOf(files, 'tape.jsonl'));
    expect(rows.map(({ decision, after }) => [decision, after]).slice(1, -1)).toEqual([
      ['APPROVED', 3],
      ['HOLD', 3],
      ['APPROVED', 7],
      ['REJECTED', 7],
      ['APPROVED', 9],
    ]);
    expect(rows.at(-1)).toMatchObject({
      type: 'seal',
      ok: true,
      steps: 5,
      final_state: { count: 9 },
      final_left: 1,
      executions: { rows: 3 },
    });
    const report = textOf(files, 'report.md');
    for (const line of [
      'Finished: 5 steps.',
      '| limit | 10 |',
      '| left | 1 |',
      '| 3 | 9 | 7 |',
      '| 3 | | limit | 7 and 9 are more than 10 |',
    ])
      expect(report).toContain(`${line}\n`);
    expect(report).not.toMatch(/cash|equity|exposure/);
  });

  test('calls: looked at, evaluated, executed, and refused', async () => {
    const files = await written(inputsOf('counting-tools', { max_steps: 5, max_tool_calls: 5 }), calls);
    const { results, error } = JSON.parse(textOf(files, 'decision.json')) as { readonly results: unknown; readonly error: unknown };
    expect(results).toMatchObject([
      { ok: true, result: { step: 1, add: 0 } },
      { ok: true, result: { step: 2, added: 4 } },
      { ok: true, result: { step: 2, decision: 'APPROVED', count: 4 } },
      { ok: false, result: { step: 3, decision: 'REJECTED', count: 4 } },
    ]);
    expect(error).toMatchObject({ code: 'simulation_rejected', message: 'the plan was refused: limit', index: 3 });
  });

  test('goes on from a cursor as if it had not stopped', async () => {
    const run = runOf(inputsOf('counting', { max_steps: 5 }));
    const [whole, split] = [makeCollected(), makeCollected()];
    await steps(run, lines([5]), whole);
    const rest = PATH.trimEnd().split('\n').slice(3);
    const first = openSteps(run, split).episode;
    expectRight(await first.advance(3, lines([1])));
    const cursor = first.cursor();
    const second = openSteps(run, split, structuredClone(cursor)).episode;
    expectRight(await second.advance(5, makeTextPieces(rest, [1])));
    expectRight(await second.seal(null));
    expect(split.text('tape.jsonl')).toBe(whole.text('tape.jsonl'));
    expect(split.text('executions.jsonl')).toBe(whole.text('executions.jsonl'));
  });
});

test('a line of the path that is not in normal form is named with what it should be', async () => {
  const reader = makeMemoryRunReader({ 'market.jsonl': Buffer.from(`${HEADER}{"add":1}\n{"add":01}\n`) });
  const path = makeTextReader(expectRight(await reader.open('market.jsonl', HEADER.length)()));
  expect(await readPath(makeCounterWorld(1), path)).toMatchObject({
    left: { line: 3, message: 'not a line of the normal form {"add":n}' },
  });
});
