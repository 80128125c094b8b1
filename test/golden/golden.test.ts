/** Committed runs of every mode, run again: the same bytes in every file, for ever. See README.md beside this file. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeMemoryRunReader, makeMemoryRunWriter, type RunFileBytes } from '../../src/adapters/in-process/run-files';
import { filesOf, type Mode } from '../../src/domain/run/modes';
import { checkChains } from '../../src/domain/run/replay';
import { run } from '../../src/domain/run/run';
import type { RunFile } from '../../src/ports/run-files';
import { HANDLER_RUNS, handlerRun } from '../support/golden-runs';
import {
  bareOutcome,
  bareRow,
  bytesOf,
  elementAt,
  expectRight,
  fromText,
  linesOf,
  makePiecedMarket,
  rowsOf,
  textOf,
  verdictOn,
} from '../support/harness';
import { type Json, type JsonObject, type ReferenceRequest, referenceRun } from '../support/reference-model';
import { type ReferenceAnswer, type ReferencePlanRequest, referenceMemoryRun, referenceToolRun } from '../support/reference-plans';

/** Never shorter, and no hash ever another. */
const GOLDENS: Readonly<Record<string, string>> = {
  fixture: '69acae73272e8af13ba0c4e4370d44dc33468b13fc1a87b0a7a9c8de8bf09b41',
  'sma-demo': '8e2c4a965fd3cdd6ccba5f8aa1b1693a70545a84917356e9fce25b0c17f6925f',
  'zscore-fees': '0133ac4b2418c4760e6277fd44e77496a8f249c926699089c54e1c408ccc059b',
  'breakout-stops': '098c7eaf00ad354017acdad3e117f5ec6aee69529d1cba286f7bf72e9df553ff',
  'budget-stopped': '710744559bd80ebc09f87908376aa5b3150094c97a0d18c65f1d600fd8861896',
  'unicode-times': 'e5653512394dc4fe763e9d8af9e50febc8338b008a2dff983a0d76ee082959bd',
  'base-all-steps': '0a209f6c48d66e67bed61d6e7349a413f8528fdc15a6a3c22299c87158f9c451',
  'base-budget-stopped': 'a194ed3623a7c036ebc5778e2b59e1a1bb07a68405b29dd2dbe79c973f29f55e',
  'base-deadline': '51700f7d905d762e1f309e261401b3b958f20a10b2f701cdbda25664b07a0577',
  'tools-no-budget': '2dc87638d02c0eb4c546226b414caf9c173a7bb6425a54f310d21977b4b20f4e',
  'tools-look-only': '2d6df91a83b8502d301995a76a2c0c8f185dc4ff9a4eef18f7a94021c258df1b',
  'tools-rejected': '02a93b885211c39f9977d1cfb31708f3016ece7c6a5dd5003befae78d777a43d',
  'tools-failed-call': 'cf4ba8d03719d5baa19e140c4032f9f04278058e09d25ae1dd56670a43061c99',
  'tools-unknown-tool': '76cf2b1420ebcd7ebe1900c682a83ac9f1b12e864aba95e916e447f915f715c7',
  'tools-backwards': '96f2abc277e88587f7f42a9c81e151c2360df051f25853db864b71fd7c5adab7',
  'tools-execute': 'fc7d7e1ad9421284e9b4ff2873cd2eae0af6b7e28e4db474096c98b4ffcb7e4c',
  'tools-code': '57676553924aa8b351b047108a1b7caac12f785eefe6fbbb28a9d2fedd5ce06a',
  'tools-code-evidence': '94235b8e9fc1906773542b6c551020fe0330f54ddb3afa4a31a5b0e9d314e587',
  'tools-not-stopped': 'dcac3f04648ea9594676b0ad219cf415bbe8000df713933fd89a8dcd403deec0',
  'tools-code-withheld': 'beca99c2a30312b4c24f110f943e81701220aa486290219bb32bca9748b9445d',
  'tools-dependency-failed': 'fd5f1bdba55dd716a41d89569e08a9212c714fdb620e4f3155d9b0b174b008fd',
  'tools-not-enabled': 'b6dfabc601e21ee532aa88086c6a423aa444c41e15664947882555b75fc6e8d5',
  'tools-planner': 'fa129e53c47e889f02b00b51433063aec88dfcb287b4607278fab0eae02b41df',
  'tools-planner-rejected': '73f13a6f6c5f50f5de166c54e060eb52f85402ff06226e87f16e9e9996cd12b7',
  'tools-planner-malformed': '556c68bcaff71eed491d4dd4fec769de1d90519edb28eaf7aa651aeb6f9251c9',
  'tools-planner-price': 'd3c3f58bb7aaffd8b5102cb70135e6252d5c5503895666909cafe3b041b5b4af',
  'tools-deadline': '8958095e44573eebb62f573a7479bc0c66bef7fb28d9a5b28e3ad456e0418595',
  'tools-stopped': '1da6c52c0751b3bab0f89034bed5880fcf727d497517ab1e540e699b0ff8f77b',
  'tools-planner-stopped': '64e2888dbd240e91443bf777291c366ed87f0ccf49a9e42f10658d47bf6f0a28',
  'memory-stopped': 'fb08805ac39b05e6d889a5f98cc437816f028dde23f24e79e6f02d51d815ea93',
  'memory-nothing': 'fedf1a08aa0968d0b41612c2cb8c6cca3c7ce5e4c9ee49e285db6c7920cd2d3f',
  'memory-values': 'ada068bd0ee89ca96e71ee4008dffa4739f1a4a12d9aafd5f76154927d8cea6f',
  'memory-withheld': 'fea2c46ad07b5728c432e1ddb4531dcb12017882d606746cf0341945ba35ae82',
  'memory-refused': 'cad8968f6b84c99f31b3ac7430e90e74c602b19d3908b696957008f05b7a24f9',
  'memory-deadline': '071e78ea5ed577992163847b5f4f8b34a7c8f7555d27933c9963fe8cfd612c76',
  'memory-dependency-failed': '57517303db118b8fb16fca40132a97fafb10dc319f2bb0586b7134f490346a3d',
};

/** A handler golden that is in `HANDLER_RUNS` and not here yet is written by `EWM_NEW_GOLDENS=1`; one that is here is never written again. */
if (process.env['EWM_NEW_GOLDENS'] === '1') {
  test.each(Object.entries(HANDLER_RUNS).filter(([name]) => !existsSync(join(__dirname, name))))('writes %s', async (name, made) => {
    const files = await handlerRun(made, made.body);
    mkdirSync(join(__dirname, name));
    for (const file of filesOf(made.mode)) writeFileSync(join(__dirname, name, file), bytesOf(files ?? {}, file));
    expect(await verdictOn(files ?? {})).toMatchObject({ _tag: 'Proven' });
  });
}

function modeOf(name: string): Mode {
  return HANDLER_RUNS[name]?.mode ?? 'local';
}

function readGolden(name: string): RunFileBytes {
  return Object.fromEntries(filesOf(modeOf(name)).map((file) => [file, new Uint8Array(readFileSync(join(__dirname, name, file)))]));
}

const tapeOf = (files: RunFileBytes): readonly JsonObject[] => rowsOf(linesOf(files, 'tape.jsonl'));
const documentOf = (files: RunFileBytes, file: RunFile): JsonObject => JSON.parse(textOf(files, file)) as JsonObject;

function inputsOf(files: RunFileBytes): JsonObject {
  return elementAt(tapeOf(files), 0)['inputs'] as JsonObject;
}

/** The run of the inputs that stand in a directory, made anew; nothing when they are no longer inputs. */
async function runAgain(name: string, files: RunFileBytes): Promise<RunFileBytes | undefined> {
  const made = HANDLER_RUNS[name];
  return made === undefined ? localAgain(files) : handlerRun(made, bodyOf(files));
}

async function localAgain(files: RunFileBytes): Promise<RunFileBytes | undefined> {
  const [header = '', ...lines] = linesOf(files, 'market.jsonl');
  const { symbols } = JSON.parse(header) as { symbols: string[] };
  const { initial_state, steps, budget } = inputsOf(files);
  const writer = makeMemoryRunWriter();
  const request = {
    strategy: documentOf(files, 'strategy.json'),
    policy: documentOf(files, 'policy.json'),
    initialState: initial_state,
    steps: steps as number,
    maxSteps: (budget as Record<string, number>)['max_steps'] ?? 0,
  };
  const finished = await run(request, makePiecedMarket(symbols, lines, [7]), writer);
  return finished._tag === 'Left' ? undefined : writer.files();
}

/** The body of a request, from what a directory holds of it. */
function bodyOf(files: RunFileBytes): JsonObject {
  const { market_sha256, strategy_sha256, policy_sha256, steps, tool_plan, ...request } = documentOf(files, 'request.json');
  if (market_sha256 === undefined) return request;
  const [header, ...lines] = rowsOf(linesOf(files, 'market.jsonl'));
  const flat = lines.map(({ prices, ...time }): JsonObject => ({ ...(prices as JsonObject), ...time }));
  return {
    ...request,
    ...(tool_plan === undefined ? { steps: steps ?? null } : { tool_plan }),
    market: { symbols: header?.['symbols'] ?? null, steps: flat },
    strategy: documentOf(files, 'strategy.json'),
    policy: documentOf(files, 'policy.json'),
  };
}

/** The files that come out otherwise. */
async function differing(name: string, files: RunFileBytes): Promise<readonly RunFile[]> {
  const again = await runAgain(name, files);
  return filesOf(modeOf(name)).filter((file) => again === undefined || !Buffer.from(bytesOf(again, file)).equals(bytesOf(files, file)));
}

// ---- The models, asked about a directory ----

interface Modelled {
  readonly tape: JsonObject[];
  readonly executions: JsonObject[];
  readonly results?: JsonObject[];
  readonly request?: string;
}

function modelOf(files: RunFileBytes): Modelled {
  const inputs = inputsOf(files);
  const calls = tapeOf(files).filter(({ type }) => type === 'tool' || type === 'memory').length;
  const deadline = (documentOf(files, 'run.json')['error'] as JsonObject | null)?.['code'] === 'deadline_exceeded';
  // What came from outside is not for a model to know: it is taken from the rows, and everything else is worked out.
  const recorded = (type: string, index: number): ReferenceAnswer => {
    const row = tapeOf(files).find((candidate) => candidate['type'] === type && candidate['index'] === index);
    if (row === undefined) throw new Error(`no ${type} row ${String(index)}`);
    const source = row['source'] as 'local' | 'remote';
    const { ok, result, error } = bareOutcome(row);
    return ok === true || error === undefined || (error as JsonObject)['code'] === 'budget_exceeded'
      ? { source, ok: true, result: result ?? null }
      : { source, ok: false, error: error as JsonObject, ...(result === undefined ? {} : { result }) };
  };
  if (inputs['mode'] === 'agentcore-memory') {
    const { budget, requests } = documentOf(files, 'request.json') as unknown as Parameters<typeof referenceMemoryRun>[0];
    return referenceMemoryRun({
      budget,
      requests,
      requestId: inputs['invocation'] as string,
      outside: (index) => {
        const put = requests.slice(0, index).findLast(({ op, key }) => op !== 'memory_get' && key === requests[index]?.key);
        const answer = recorded('memory', index);
        if (!answer.ok || requests[index]?.op !== 'memory_get') return answer;
        // A withheld value is not on the tape; the put before it is.
        return { ...answer, result: put?.op === 'memory_put' ? { found: true, value: put.value as Json } : { found: false } };
      },
      ...(deadline ? { deadlineBefore: calls } : {}),
    });
  }
  const [header, ...steps] = rowsOf(linesOf(files, 'market.jsonl'));
  const world = {
    market: { symbols: header?.['symbols'] as string[], steps: steps as unknown as ReferenceRequest['market']['steps'] },
    strategy: documentOf(files, 'strategy.json') as unknown as ReferenceRequest['strategy'],
    policy: documentOf(files, 'policy.json') as unknown as ReferenceRequest['policy'],
    initialState: inputs['initial_state'] as unknown as ReferenceRequest['initialState'],
    budget: inputs['budget'] as unknown as ReferenceRequest['budget'],
  };
  if (inputs['mode'] === 'agentcore-tools') {
    const unstopped = tapeOf(files).findLast(({ type }) => type === 'tool')?.['sessions_not_stopped'];
    return referenceToolRun({
      ...world,
      plan: documentOf(files, 'request.json')['tool_plan'] as unknown as ReferencePlanRequest['plan'],
      requestId: (inputs['invocation'] ?? '') as string,
      outside: (index, kind) => recorded(kind === 'model' ? 'model' : 'tool', index),
      ...(unstopped === undefined ? {} : { unstopped: unstopped as number }),
      ...(deadline ? { deadlineBefore: calls } : {}),
    });
  }
  return referenceRun({
    ...world,
    steps: inputs['steps'] as number,
    ...(inputs['mode'] === 'agentcore-base' ? { mode: 'agentcore-base' } : {}),
    ...(deadline ? { deadlineBefore: elementAt(tapeOf(files), -1)['steps'] as number } : {}),
  });
}

test('every golden directory is in the table, and every one of the table is there', () => {
  // Those of worlds and of agents are the business of worlds.test.ts and guard-golden.test.ts.
  const directories = readdirSync(__dirname, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'worlds' && entry.name !== 'guard-acts',
  );
  expect(directories.map(({ name }) => name).sort()).toEqual(Object.keys(GOLDENS).sort());
  expect(Object.keys(GOLDENS)).toEqual(expect.arrayContaining(Object.keys(HANDLER_RUNS)));
  for (const { name } of directories) expect(readdirSync(join(__dirname, name)).sort()).toEqual([...filesOf(modeOf(name))].sort());
});

describe.each(Object.entries(GOLDENS))('%s', (name, headHash) => {
  const files = readGolden(name);

  test('run again gives the same bytes in every file', async () => {
    expect(await differing(name, files)).toEqual([]);
    expect(JSON.parse(textOf(files, 'run.json'))).toMatchObject({ head_hash: headHash, mode: modeOf(name) });
  });

  test('is proven, with whole chains', async () => {
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven', summary: { headHash } });
    expect(expectRight(await checkChains(makeMemoryRunReader(files)))).toMatchObject({
      tape: { broken: undefined, sealed: true, headHash },
      executions: { broken: undefined },
      unlinked: undefined,
    });
  });

  test('agrees with the reference model in every row', () => {
    const model = modelOf(files);
    expect(tapeOf(files).map(bareRow)).toEqual(model.tape);
    expect(rowsOf(linesOf(files, 'executions.jsonl')).map(bareRow)).toEqual(model.executions);
    if (model.request !== undefined) expect(textOf(files, 'request.json')).toBe(model.request);
    if (model.results !== undefined) {
      expect((documentOf(files, 'decision.json')['results'] as JsonObject[]).map(bareOutcome)).toEqual(model.results);
    }
  });

  test.each<[RunFile, RegExp, string]>(
    (
      [
        ['market.jsonl', /"(AAPL|X)":"([0-9])/, '"$1":"9$2'],
        ['strategy.json', /"order_qty":"[^"]+"/, '"order_qty":"0.375"'],
        ['policy.json', /"fee_bps":"[^"]+"/, '"fee_bps":"1"'],
        ['request.json', /"max_steps":/, '"max_steps":1'],
        ['request.json', /"(step|key|cash)":"?/, '$&1'],
        ['tape.jsonl', /"decision":"APPROVED"/, '"decision":"APPROVEd"'],
        ['tape.jsonl', /"max_steps":/, '"max_steps":1'],
        ['tape.jsonl', /"initial_state":\{"cash":"/, '"initial_state":{"cash":"1'],
        ['tape.jsonl', /"source":"(local|remote)"/, '"source":"else"'],
        ['tape.jsonl', /"invocation":(null|"[^"]*")/, '"invocation":"another"'],
        ['tape.jsonl', /"ok":(true|false)/, '"ok":null'],
        ['executions.jsonl', /"price":"/, '"price":"1'],
        ['memory.json', /"run_id":"/, '"run_id":"0'],
        ['decision.json', /"ok":(true|false)/, '"ok":null'],
        ['budgets.json', /"steps":/, '"steps":1'],
        ['report.md', /APPROVED|Budget/, 'REJECTED'],
        ['run.json', /"ok":(true|false)/, '"ok":null'],
      ] as [RunFile, RegExp, string][]
    ).filter(([file, pattern]) => files[file] !== undefined && pattern.test(textOf(files, file))),
  )('mutated in %s, %s fails', async (file, pattern, replacement) => {
    const text = textOf(files, file);
    const mutated = { ...files, [file]: fromText(text.replace(pattern, replacement)) };
    expect(textOf(mutated, file)).not.toBe(text);
    expect(await differing(name, mutated)).not.toEqual([]);
    expect(await verdictOn(mutated)).toMatchObject({ _tag: 'NotProven' });
  });
});

test('the goldens hold every decision, both sides, skips, codes, refusals, and every tool, operation and error', () => {
  const rows = Object.keys(GOLDENS).flatMap((name) => {
    const files = readGolden(name);
    return [...tapeOf(files), ...rowsOf(linesOf(files, 'executions.jsonl'))];
  });
  const seen = new Set(
    rows.flatMap((row) => [
      row['decision'],
      row['side'],
      row['ok'],
      row['type'],
      row['source'],
      row['name'],
      row['op'],
      ...[row['error']].map((error) => (error as JsonObject | null | undefined)?.['code']),
      ...[row['error']].map((error) => (error as JsonObject | null | undefined)?.['limiter']),
      ...((row['skipped'] ?? []) as JsonObject[]).map(({ reason }) => reason),
      ...((row['verifier_errors'] ?? []) as JsonObject[]).map(({ code }) => code),
    ]),
  );
  for (const kind of [
    ...['APPROVED', 'REJECTED', 'HOLD', 'BUY', 'SELL', true, false],
    ...['max_position_qty_per_symbol', 'insufficient_cash', 'no_position'],
    ...['position_concentration', 'leverage_limit', 'position_value_limit', 'insufficient_position'],
    ...['run', 'step', 'tool', 'model', 'memory', 'seal', 'fill', 'local', 'remote'],
    ...['get_price_context', 'evaluate_strategy', 'simulate_and_verify', 'execute', 'execute_code', 'propose_plan'],
    ...['memory_put', 'memory_get', 'memory_clear'],
    ...['budget_exceeded', 'deadline_exceeded', 'simulation_rejected', 'tool_failed', 'dependency_failed'],
    ...['max_steps', 'max_tool_calls', 'max_model_calls', 'max_memory_ops', 'max_memory_bytes'],
  ]) {
    expect(seen).toContain(kind);
  }
});
