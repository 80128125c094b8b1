/** Every limit of a row from both sides: what is just allowed is written, and read by everything that reads runs; what is more is refused before. */
import { makeScriptedCodeInterpreter } from '../../../src/adapters/in-process/code-interpreter';
import { makeMemoryRunReader, type RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { CALL_BYTES_MAX, DOCUMENT_BYTES_MAX, LINE_BYTES_MAX } from '../../../src/domain/limits';
import { compareRuns } from '../../../src/domain/run/diff';
import { readRun } from '../../../src/domain/run/read-page';
import { checkChains } from '../../../src/domain/run/replay';
import { type HandlerRun, handlerRun } from '../../support/golden-runs';
import { expectRight, linesOf, runCase, textOf, verdictOn } from '../../support/harness';
import { readFixture } from '../../support/fixture';
import type { JsonObject } from '../../support/reference-model';

const MIB = 1024 * 1024;
const budget = { max_steps: 9, max_tool_calls: 9, max_memory_ops: 9, max_memory_bytes: 100 * MIB };
const ceilings = { max_steps: 99, max_tool_calls: 99, max_model_calls: 9, max_memory_ops: 9, max_memory_bytes: 200 * MIB };
const config = { ceilings, bodyBytesMax: 64 * MIB };

/** Verify, the chains alone, what shows a run, and a comparison of the run with itself. */
async function expectReadByAll(files: RunFileBytes): Promise<void> {
  expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
  const whole = { broken: undefined };
  expect(expectRight(await checkChains(makeMemoryRunReader(files)))).toMatchObject({ tape: whole, executions: whole, unlinked: undefined });
  expect(expectRight(await readRun(makeMemoryRunReader(files)))).toMatchObject({ chain: whole });
  expect(expectRight(await compareRuns(makeMemoryRunReader(files), makeMemoryRunReader(files)))).toMatchObject({
    same: true,
    doubts: { a: [], b: [] },
  });
}

const programRun = (length: number, printed = 1): HandlerRun => ({
  mode: 'agentcore-tools',
  body: {
    budget: { max_steps: 9, max_tool_calls: 9 },
    tool_plan: [{ name: 'execute_code', args: { language: 'python', code: 'x'.repeat(length) } }],
  },
  outside: () => ({ config, ports: { interpreter: makeScriptedCodeInterpreter(() => ({ stdout: 'y'.repeat(printed) })) } }),
});
const argsOver = JSON.stringify({ language: 'python', code: '' }).length;
const resultOver = JSON.stringify({ stdout: '', stderr: '', exit_code: 0 }).length;

const files = async (run: HandlerRun): Promise<RunFileBytes | undefined> => handlerRun(run, run.body);
const errorOf = (made: RunFileBytes | undefined): JsonObject => (JSON.parse(textOf(made ?? {}, 'run.json')) as { error: JsonObject }).error;

test('arguments and an answer of the most bytes are a row that everything reads', async () => {
  const made = await files(programRun(CALL_BYTES_MAX - argsOver, CALL_BYTES_MAX - resultOver));
  expect(linesOf(made ?? {}, 'tape.jsonl')[1]?.length).toBeGreaterThan(2 * CALL_BYTES_MAX);
  await expectReadByAll(made ?? {});
}, 60_000);

test('arguments of a byte more are refused before anything is done', async () => {
  expect(await files(programRun(CALL_BYTES_MAX - argsOver + 1))).toBeUndefined();
});

test('an answer of a byte more is a failed call, and a proof of one', async () => {
  const made = await files(programRun(1, CALL_BYTES_MAX - resultOver + 1));
  expect(errorOf(made)).toMatchObject({
    code: 'tool_failed',
    message: expect.stringContaining(`an answer of ${String(CALL_BYTES_MAX + 1)} bytes, withheld`) as string,
  });
  await expectReadByAll(made ?? {});
});

test('a value of the most bytes is put, and a byte more is refused', async () => {
  const memory = (length: number): HandlerRun => ({
    mode: 'agentcore-memory',
    body: { budget, requests: [{ op: 'memory_put', key: 'k', value: 'v'.repeat(length - 2) }] },
    outside: () => ({ config }),
  });
  await expectReadByAll((await files(memory(CALL_BYTES_MAX))) ?? {});
  expect(await files(memory(CALL_BYTES_MAX + 1))).toBeUndefined();
}, 60_000);

test('a step whose time is as long as a line of a market may be', async () => {
  const fixture = readFixture();
  const steps = fixture.market.steps.map((step, index) => (index === 1 ? { ...step, time: '\u0001'.repeat(LINE_BYTES_MAX) } : step));
  const { files: made } = await runCase({ ...fixture, market: { ...fixture.market, steps } });
  expect(linesOf(made, 'tape.jsonl')[2]?.length).toBeGreaterThan(6 * LINE_BYTES_MAX);
  await expectReadByAll(made);
}, 60_000);

test.each(['strategy.json', 'policy.json'] as const)('bytes far behind the document in %s are not passed over', async (file) => {
  const { files: made } = await runCase(readFixture());
  const behind = Buffer.concat([Buffer.from(made[file] ?? []), Buffer.alloc(DOCUMENT_BYTES_MAX, ' '), Buffer.from('{}')]);
  expect(await verdictOn({ ...made, [file]: behind })).toMatchObject({
    _tag: 'NotProven',
    divergence: { file, expected: `at most ${String(DOCUMENT_BYTES_MAX)} bytes` },
  });
});
