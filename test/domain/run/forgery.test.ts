/**
 * What a forger with our own program can pass off as proven, and what not. Everything that is accepted is a class of the table in
 * docs/tape-format.md, "What verification takes on trust"; receipts are there to close it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeMarketDocument } from '../../../src/adapters/in-process/market-document';
import { makeMemoryRunWriter, type RunFileBytes } from '../../../src/adapters/in-process/run-files';
import type { CallSource } from '../../../src/domain/agent/calls';
import { DEADLINE } from '../../../src/domain/agent/stop';
import { stoppedBy } from '../../../src/domain/agent/stop-switch';
import type { OutsideAnswer, ToolCall } from '../../../src/domain/agent/tool';
import type { Budget } from '../../../src/domain/budget/budget';
import { run, runMemoryPlan, runToolPlan } from '../../../src/domain/run/run';
import type { MemoryOperation } from '../../../src/ports/memory';
import { RUN_FILES } from '../../../src/ports/run-files';
import { readFixture } from '../../support/fixture';
import { changed, type Edits, forge, forgeries } from '../../support/forge';
import { HANDLER_RUNS, handlerRun } from '../../support/golden-runs';
import { decodedMarket, expectRight, makePiecedMarket, runCase, verdictOn } from '../../support/harness';
import { canonicalText, type Json, type JsonObject } from '../../support/reference-model';
import { stoppedCase, tamperCase } from '../../support/tamper-cases';

const CALLS: Budget = { max_steps: 20, max_tool_calls: 20, max_model_calls: 5, max_memory_ops: 0, max_memory_bytes: 0 };
const MEMORY: Budget = { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 5, max_memory_bytes: 300 };
const PUT: MemoryOperation = { op: 'memory_put', key: 'a', value: 'first' };
const GET: MemoryOperation = { op: 'memory_get', key: 'a' };
const CODE: ToolCall = { name: 'execute_code', args: { language: 'python', code: 'print(1)' } };
const PROPOSE: ToolCall = { name: 'propose_plan', args: { goal: 'grow' } };

type Recorded = readonly [Json] | { readonly error: Json; readonly result?: Json };

/** An outside that answers whatever it is told to, legal or not; `undefined` tells it nothing more: the clock ran out. */
function outsideOf(answers: readonly Recorded[], source: 'local' | 'remote' = 'remote', stopAt?: number): CallSource {
  let next = 0;
  return {
    refuses: (index) => (index === stopAt ? DEADLINE : undefined),
    answer: () => {
      const lie = answers[next++];
      if (lie === undefined) throw new Error('the run asks for more answers than it was given');
      const recorded = 'error' in lie ? { ok: false, ...lie } : { ok: true, result: lie[0] };
      return Promise.resolve({ source, recorded } as OutsideAnswer);
    },
    close: () => Promise.resolve(0),
  };
}

interface PlanLie {
  readonly plan?: readonly ToolCall[];
  readonly budget?: Budget;
  readonly invocation?: string | null;
}

async function toolRun(
  calls: CallSource,
  { plan = [CODE], budget = CALLS, invocation = 'request-1' }: PlanLie = {},
): Promise<RunFileBytes> {
  const writer = makeMemoryRunWriter();
  const { strategy, policy, initialState } = readFixture();
  const handler = { mode: 'agentcore-tools', budget, plan, invocation } as const;
  const request = { strategy, policy, initialState, handler };
  expectRight(await runToolPlan(request, plan, makeMarketDocument(decodedMarket(readFixture())), writer, () => calls));
  return writer.files();
}

async function memoryRun(calls: CallSource, requests: readonly MemoryOperation[] = [GET], invocation = 'request-1'): Promise<RunFileBytes> {
  const writer = makeMemoryRunWriter();
  expectRight(await runMemoryPlan(MEMORY, requests, invocation, writer, () => calls));
  return writer.files();
}

const code = (stdout: string): Recorded => [{ stdout, stderr: '', exit_code: 0 }];
const found = (value: Json): Recorded => [{ found: true, value, bytes: Buffer.byteLength(canonicalText(value)) }];
const failedService = {
  code: 'dependency_failed',
  message: 'bedrock-agentcore Invoke: hung up',
  service: 'bedrock-agentcore',
  operation: 'Invoke',
  effect: 'unknown',
};

const stale = {
  code: 'stale_read',
  message: 'bedrock-agentcore ListEvents: late',
  service: 'bedrock-agentcore',
  operation: 'ListEvents',
  effect: 'none',
};

const stopped = { ...stoppedBy({ who: 'ops', why: 'too dear', at: '2026-11-26T09:30:00.000Z' }) };
const unread = { ...stoppedBy({ _tag: 'SwitchUnreadable', reason: 'the network is gone' }) };

/** A base run that says that the clock stopped it. */
async function stoppedBase(looks: number): Promise<RunFileBytes> {
  const writer = makeMemoryRunWriter();
  const { strategy, policy, initialState, market } = readFixture();
  const lines = market.steps.map(({ prices }) => JSON.stringify({ prices }));
  let looked = 0;
  const handler = { mode: 'agentcore-base', budget: { ...CALLS, max_steps: 5 }, invocation: null } as const;
  // A piece of the market a step, so that the clock may stop before any of them.
  const pieces = makePiecedMarket(market.symbols, lines, [1]);
  const watch = { deadlinePassed: () => looked++ >= looks };
  expectRight(await run({ strategy, policy, initialState, steps: 5, handler }, pieces, writer, watch));
  return writer.files();
}

/** Lies that nobody but the outside could contradict, by the class of the table that they fall into. */
const TRUSTED: readonly (readonly [trust: string, what: string, make: () => Promise<RunFileBytes>])[] = [
  ['answers', 'another output of a program', () => toolRun(outsideOf([code('2')]))],
  ['answers', 'another proposal', () => toolRun(outsideOf([[{ actions: [] }]]), { plan: [PROPOSE] })],
  ['answers', 'another value', () => memoryRun(outsideOf([[null], found('second')]), [PUT, GET])],
  ['answers', 'a value that is gone', () => memoryRun(outsideOf([[null], [{ found: false, bytes: 0 }]]), [PUT, GET])],
  ['withheld', 'another size of a value that was not handed out', () => memoryRun(outsideOf([found('x'.repeat(400))]))],
  ['failures', 'a service that did not fail', () => toolRun(outsideOf([{ error: failedService }]))],
  ['failures', 'a memory that did not fail', () => memoryRun(outsideOf([{ error: failedService }]))],
  ['failures', 'a memory that was not stale', () => memoryRun(outsideOf([{ error: stale }]))],
  ['failures', 'a clear that was not stale', () => memoryRun(outsideOf([{ error: stale }]), [{ op: 'memory_clear', key: 'a' }])],
  ['answers', 'another end of a program', () => toolRun(outsideOf([leaving({ stdout: output('other') })]))],
  [
    'failures',
    'a program that did not fail',
    () => toolRun(outsideOf([{ error: { code: 'tool_failed', message: 'the program failed: no' } }])),
  ],
  ['unstopped', 'a session that could not be stopped', () => toolRun({ ...outsideOf([code('1')]), close: () => Promise.resolve(1) })],
  ['source', 'an answer from here', () => toolRun(outsideOf([code('1')], 'local'))],
  ['deadline', 'a plan that the clock stopped', () => toolRun(outsideOf([code('1')], 'remote', 1), { plan: [CODE, CODE] })],
  ['deadline', 'a list that the clock stopped', () => memoryRun(outsideOf([], 'remote', 0))],
  ['deadline', 'a request that the clock stopped', () => stoppedBase(2)],
  ['deadline', 'a call that the clock ended', () => toolRun(outsideOf([{ error: { ...DEADLINE } }]))],
  ['stopped', 'a call that an operator stopped', () => toolRun(outsideOf([{ error: stopped }], 'local'))],
  ['stopped', 'a call that a switch stopped which nobody could read', () => toolRun(outsideOf([{ error: unread }], 'local'))],
  ['stopped', 'a list that an operator stopped', () => memoryRun(outsideOf([[null], { error: stopped }], 'local'), [PUT, GET])],
  ['stopped', 'a planner that an operator stopped', () => toolRun(outsideOf([{ error: stopped }], 'local'), { plan: [PROPOSE] })],
  ['inputs', 'a larger budget', () => toolRun(outsideOf([code('1')]), { budget: { ...CALLS, max_steps: 21 } })],
  ['invocation', 'another request', () => toolRun(outsideOf([code('1')]), { invocation: 'request-2' })],
];

const output = (text: string): Record<string, Json> => ({
  head: text,
  bytes: Buffer.byteLength(text),
  sha256: createHash('sha256').update(text).digest('hex'),
});
const programFailed = { code: 'tool_failed', message: 'the program failed: exit code 3' };
const leaving = (change: Json, error: Json = programFailed): Recorded => ({
  error,
  result: { exit_code: 3, stdout: output('half'), stderr: output('no'), ...(change as object) },
});

/** What a program that failed cannot have left. */
const EVIDENCE_LIES: readonly (readonly [what: string, pointer: string, lie: Recorded])[] = [
  ['an exit code of success', '/exit_code', leaving({ exit_code: 0 })],
  ['an exit code that is text', '/exit_code', leaving({ exit_code: '3' })],
  ['a length that is not that of what is shown', '/stdout/bytes', leaving({ stdout: { ...output('half'), bytes: 5 } })],
  ['a digest of something else', '/stderr/sha256', leaving({ stderr: { ...output('no'), sha256: '0'.repeat(64) } })],
  ['a tail behind a short head', '/stdout/tail', leaving({ stdout: { ...output('ab'), head: 'a', tail: 'b' } })],
  ['an end that is too long', '/stdout/head', leaving({ stdout: output('x'.repeat(2_049)) })],
  ['nothing of what it wrote', '/stderr', { error: programFailed, result: { exit_code: 3, stdout: output('half') } }],
  ['more content than it names', '/dropped/count', leaving({ dropped: { count: 2, first: [{ type: 'image' }] } })],
  ['content of no kind', '/dropped/first/0/type', leaving({ dropped: { count: 1, first: [{}] } })],
  ['a word on what was read', '/complete', leaving({ complete: true })],
  ['a service that failed', '', leaving({}, failedService)],
];

/** Lies that no port can tell, whatever else agrees with them. */
const REFUSED: readonly (readonly [what: string, pointer: string, make: () => Promise<RunFileBytes>])[] = [
  ['neither found nor not', '/result/found', () => memoryRun(outsideOf([[{ found: 'maybe', bytes: 0, value: 'x'.repeat(5_000) }]]))],
  ['found is missing', '/result/found', () => memoryRun(outsideOf([[{ bytes: 0 }]]))],
  ['found, and no value', '/result/value', () => memoryRun(outsideOf([[{ found: true, bytes: 9 }]]))],
  ['found at no bytes', '/result/bytes', () => memoryRun(outsideOf([[{ found: true }]]))],
  ['not found, with a value', '/result/value', () => memoryRun(outsideOf([[{ found: false, bytes: 0, value: 1 }]]))],
  ['not found, at a price', '/result/bytes', () => memoryRun(outsideOf([[{ found: false, bytes: 3 }]]))],
  ['a get that answers nothing', '/result', () => memoryRun(outsideOf([[null]]))],
  ['a put with a result', '/result', () => memoryRun(outsideOf([['done']]), [PUT])],
  ['a clear with a result', '/result', () => memoryRun(outsideOf([[{}]]), [{ op: 'memory_clear', key: 'a' }])],
  ['a program that answers text', '/result', () => toolRun(outsideOf([['1\n']]))],
  ['a program that answers nothing', '/result', () => toolRun(outsideOf([[null]]))],
  ['output that is a number', '/result/stdout', () => toolRun(outsideOf([[{ stdout: 1, stderr: '', exit_code: 0 }]]))],
  ['an exit code that is a failure', '/result/exit_code', () => toolRun(outsideOf([[{ stdout: '', stderr: '', exit_code: 1 }]]))],
  ['an exit code that is text', '/result/exit_code', () => toolRun(outsideOf([[{ stdout: '', stderr: '', exit_code: '0' }]]))],
  ['no exit code', '/result/exit_code', () => toolRun(outsideOf([[{ stdout: '', stderr: '' }]]))],
  ['more than a program leaves', '/result/cost', () => toolRun(outsideOf([[{ stdout: '', stderr: '', exit_code: 0, cost: 1 }]]))],
  ...EVIDENCE_LIES.map(([what, pointer, lie]) => [`evidence with ${what}`, `/result${pointer}`, () => toolRun(outsideOf([lie]))] as const),
  ['an error code that does not exist', '/error/code', () => toolRun(outsideOf([{ error: { code: 'gave_up', message: 'no' } }]))],
  [
    'a refusal of the budget by a program',
    '/error/code',
    () => toolRun(outsideOf([{ error: { code: 'budget_exceeded', message: 'no', limiter: 'max_steps' } }])),
  ],
  [
    'a failure without its members',
    '/error/service',
    () => toolRun(outsideOf([{ error: { code: 'dependency_failed', message: 'a b: c' } }])),
  ],
  ['a failure with more members', '/error/hint', () => toolRun(outsideOf([{ error: { ...failedService, hint: 1 } }]))],
  ['an effect that does not exist', '/error/effect', () => toolRun(outsideOf([{ error: { ...failedService, effect: 'some' } }]))],
  ['a status that is text', '/error/http_status', () => toolRun(outsideOf([{ error: { ...failedService, http_status: '503' } }]))],
  ['a message of another service', '/error/message', () => toolRun(outsideOf([{ error: { ...failedService, service: 's3' } }]))],
  ['a put that read something stale', '/error/code', () => memoryRun(outsideOf([{ error: stale }]), [PUT])],
  ['a program that read something stale', '/error/code', () => toolRun(outsideOf([{ error: stale }]))],
  ['a stale read that did something', '/error/effect', () => memoryRun(outsideOf([{ error: { ...stale, effect: 'unknown' } }]))],
  ['a stale read with a status', '/error/http_status', () => memoryRun(outsideOf([{ error: { ...stale, http_status: 503 } }]))],
  ['an operator elsewhere', '/error/code', () => toolRun(outsideOf([{ error: stopped }]))],
  ['an operator without a name', '/error/message', () => toolRun(outsideOf([{ error: { ...stopped, who: null } }], 'local'))],
  ['an operator of two lines', '/error/who', () => toolRun(outsideOf([{ error: { ...stopped, who: 'a\nb' } }], 'local'))],
  ['an operator at no time', '/error/at', () => toolRun(outsideOf([{ error: { ...stopped, at: 'noon' } }], 'local'))],
  ['another word of an operator', '/error/message', () => toolRun(outsideOf([{ error: { ...stopped, message: 'go' } }], 'local'))],
  ['a switch that was read', '/error/message', () => toolRun(outsideOf([{ error: { ...unread, why: 'too dear' } }], 'local'))],
  ['a stop with more members', '/error/effect', () => toolRun(outsideOf([{ error: { ...stopped, effect: 'none' } }], 'local'))],
  ['another deadline', '/error/message', () => toolRun(outsideOf([{ error: { code: DEADLINE.code, message: 'soon' } }]))],
  ['a failure that the tool cannot tell', '/error/message', () => toolRun(outsideOf([{ error: { code: 'tool_failed', message: 'no' } }]))],
  [
    'a memory that fails like a program',
    '/error/message',
    () => memoryRun(outsideOf([{ error: { code: 'tool_failed', message: 'the program failed: no' } }])),
  ],
  [
    'not enabled, and from afar',
    '/error/message',
    () => toolRun(outsideOf([{ error: { code: 'tool_failed', message: 'execute_code is not enabled in this deployment' } }])),
  ],
  [
    'withheld, and it fitted',
    '/error/message',
    () =>
      toolRun(
        outsideOf([
          { error: { code: 'tool_failed', message: 'an answer of 5 bytes, withheld: 9 were left for answers from outside (x)' } },
        ]),
      ),
  ],
  ['a plan with extra members', '/result/by', () => toolRun(outsideOf([[{ actions: [], by: 'me' }]]), { plan: [PROPOSE] })],
  [
    'an action with extra members',
    '/result/actions/0/why',
    () => toolRun(outsideOf([[{ actions: [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '1', why: 'x' }] }]]), { plan: [PROPOSE] }),
  ],
  [
    'an amount in another spelling',
    '/result/actions',
    () => toolRun(outsideOf([[{ actions: [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '1.0' }] }]]), { plan: [PROPOSE] }),
  ],
  ['a plan that is a list', '/result', () => toolRun(outsideOf([[[]]]), { plan: [PROPOSE] })],
  [
    'a planner that fails like a program',
    '/error/message',
    () => toolRun(outsideOf([{ error: { code: 'tool_failed', message: 'the program failed: no' } }]), { plan: [PROPOSE] }),
  ],
  ['no invocation where a program ran', '/inputs/invocation', () => toolRun(outsideOf([code('1')]), { invocation: null })],
  ['an empty invocation', '/inputs/invocation', () => toolRun(outsideOf([code('1')]), { invocation: '' })],
  [
    'an invocation where nothing ran outside',
    '/inputs/invocation',
    () => toolRun(outsideOf([]), { plan: [{ name: 'evaluate_strategy', args: { step: 0 } }] }),
  ],
  ['a memory run of no invocation', '/inputs/invocation', () => memoryRun(outsideOf([[null]]), [PUT], '')],
];

const inputs = (change: (from: JsonObject) => JsonObject): Edits => ({
  tape: changed(0, (row) => ({ ...row, inputs: change(row['inputs'] as JsonObject) })),
});
const budget = (change: JsonObject): Edits => inputs((from) => ({ ...from, budget: { ...(from['budget'] as JsonObject), ...change } }));

/** Rows that a program could not even have written, made to agree with everything around them. */
const MALFORMED: readonly (readonly [what: string, pointer: string, make: () => Promise<RunFileBytes>])[] = [
  ...([{}, { message: 7 }, { message: null }] as JsonObject[]).map(
    (message) =>
      [
        `an error whose message is ${canonicalText(message['message'] ?? 'missing')}`,
        '/error/message',
        async () => {
          const files = await toolRun(outsideOf([{ error: failedService }]));
          const { message: _message, ...rest } = failedService;
          return forge(files, { tape: changed(1, (row) => ({ ...row, error: { ...rest, ...message } })) });
        },
      ] as const,
  ),
  [
    'an error that is text',
    '/error',
    async () => forge(await toolRun(outsideOf([{ error: failedService }])), { tape: changed(1, (row) => ({ ...row, error: 'no' })) }),
  ],
  [
    'neither good nor bad',
    '/ok',
    async () => forge(await toolRun(outsideOf([code('1')])), { tape: changed(1, (row) => ({ ...row, ok: 'yes' })) }),
  ],
  [
    'an error beside an answer',
    '/error',
    async () => forge(await toolRun(outsideOf([code('1')])), { tape: changed(1, (row) => ({ ...row, error: failedService })) }),
  ],
  [
    'an index that is none',
    '/index',
    async () => forge(await toolRun(outsideOf([code('1')])), { tape: changed(1, (row) => ({ ...row, index: '0' })) }),
  ],
  [
    'a memory of a tool',
    '/type',
    async () => forge(await toolRun(outsideOf([code('1')])), { tape: changed(1, (row) => ({ ...row, type: 'memory' })) }),
  ],
  [
    'steps that are not the length of the plan',
    '/inputs/steps',
    async () =>
      forge(
        await toolRun(outsideOf([code('1')])),
        inputs((from) => ({ ...from, steps: 2 })),
      ),
  ],
  [
    'a local budget with tools',
    '/inputs/budget/max_tool_calls',
    async () => forge((await runCase(readFixture())).files, budget({ max_tool_calls: 1 })),
  ],
  [
    'a local budget beyond its steps',
    '/inputs/budget/max_steps',
    async () => forge((await runCase(readFixture())).files, budget({ max_steps: 6 })),
  ],
];

function same(one: RunFileBytes, other: RunFileBytes): boolean {
  return RUN_FILES.every((file) => Buffer.from(one[file] ?? []).equals(Buffer.from(other[file] ?? [])));
}

function trustTable(): readonly string[] {
  const text = readFileSync(join(__dirname, '../../../docs/tape-format.md'), 'utf8');
  const section = text.split('### What verification takes on trust')[1]?.split('\n#')[0] ?? '';
  return [...section.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name = '']) => name);
}

test.each(TRUSTED)('%s are taken on trust: %s', async (_trust, _what, make) => {
  expect(await verdictOn(await make())).toMatchObject({ _tag: 'Proven' });
});

test('the table of what is taken on trust has these classes and no other', () => {
  expect([...new Set(TRUSTED.map(([trust]) => trust))].sort()).toEqual([...trustTable()].sort());
});

test.each([...REFUSED, ...MALFORMED])('refused: %s', async (_what, pointer, make) => {
  expect(await verdictOn(await make())).toMatchObject({ _tag: 'NotProven', divergence: { file: 'tape.jsonl', pointer } });
});

/** Where a single value can be changed, with everything else made to agree, and nothing, or only the report's table of calls, shows it. */
const TRUSTED_VALUES: Readonly<Record<string, readonly string[]>> = {
  // Other inputs that lead to the same rows: another run, just as valid.
  inputs: [
    ...['memory_bytes', 'memory_ops', 'model_calls', 'steps', 'tool_calls'].map((limit) => `run/inputs/budget/max_${limit}`),
    'run/inputs/steps',
  ],
  invocation: ['run/inputs/invocation'],
  answers: [
    'memory memory_get/result/value/list',
    'tool execute_code/result/stderr',
    'tool execute_code/result/stdout',
    // Of a program that failed: what is not shown of its output, and of what came besides.
    'tool execute_code/result/exit_code',
    'tool execute_code/result/stdout/bytes',
    ...['bytes', 'media_type', 'name', 'type'].map((member) => `tool execute_code/result/dropped/first/${member}`),
  ],
  failures: [
    'memory memory_get/error/message',
    'model propose_plan/error/message',
    'tool execute_code/error/http_status',
    'tool execute_code/error/message',
  ],
  source: [
    'memory memory_clear/source',
    'memory memory_get/source',
    'memory memory_put/source',
    'model propose_plan/source',
    'tool execute_code/source',
  ],
};

test('every value of every row of every mode, changed alone: nothing is accepted that is not taken on trust', async () => {
  const accepted = new Set<string>();
  let tried = 0;
  const runs = [(await runCase(tamperCase)).files, (await runCase(stoppedCase)).files];
  const names = [
    'base-budget-stopped',
    'tools-execute',
    'tools-code',
    'tools-code-evidence',
    'tools-not-stopped',
    'tools-planner',
    'tools-planner-malformed',
    'tools-dependency-failed',
  ];
  for (const name of [...names, 'tools-deadline', 'memory-values', 'memory-withheld', 'memory-dependency-failed', 'memory-deadline']) {
    const made = HANDLER_RUNS[name];
    if (made !== undefined) runs.push((await handlerRun(made, made.body)) ?? {});
  }
  for (const files of runs) {
    for (const { kind, files: forged } of forgeries(files)) {
      // Digests and ids follow from what they are of, whatever was written there.
      if (same(forged, files)) continue;
      tried += 1;
      const verdict = await verdictOn(forged);
      if (verdict._tag === 'Proven' || (verdict._tag === 'NotProven' && verdict.divergence.file === 'report.md')) accepted.add(kind);
    }
  }
  process.stdout.write(`forgeries: ${String(tried)} tried, accepted kinds: ${[...accepted].sort().join(', ')}\n`);
  expect([...accepted].sort()).toEqual(Object.values(TRUSTED_VALUES).flat().sort());
  expect(trustTable()).toEqual(expect.arrayContaining(Object.keys(TRUSTED_VALUES)));
  expect(tried).toBeGreaterThan(2_000);
}, 240_000);
