/** Committed runs, run again: the same bytes in every file, for ever. See README.md beside this file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeMemoryRunReader, makeMemoryRunWriter, type RunFileBytes } from '../../src/adapters/memory/run-files';
import { checkChains } from '../../src/domain/run/replay';
import { run } from '../../src/domain/run/run';
import { filesOf } from '../../src/domain/run/inputs';
import type { RunFile } from '../../src/ports/run-files';
import {
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
import {
  type JsonObject,
  type ReferenceBudget,
  type ReferencePolicy,
  referenceRun,
  type ReferenceState,
  type ReferenceStrategy,
} from '../support/reference-model';

const LOCAL_FILES = filesOf('local');

/** Never shorter, and no hash ever another. */
const GOLDENS: Readonly<Record<string, string>> = {
  fixture: '69acae73272e8af13ba0c4e4370d44dc33468b13fc1a87b0a7a9c8de8bf09b41',
  'sma-demo': '8e2c4a965fd3cdd6ccba5f8aa1b1693a70545a84917356e9fce25b0c17f6925f',
  'zscore-fees': '0133ac4b2418c4760e6277fd44e77496a8f249c926699089c54e1c408ccc059b',
  'budget-stopped': '710744559bd80ebc09f87908376aa5b3150094c97a0d18c65f1d600fd8861896',
  'unicode-times': 'e5653512394dc4fe763e9d8af9e50febc8338b008a2dff983a0d76ee082959bd',
};

function readGolden(name: string): RunFileBytes {
  return Object.fromEntries(LOCAL_FILES.map((file) => [file, new Uint8Array(readFileSync(join(__dirname, name, file)))]));
}

interface Inputs {
  readonly initial_state: ReferenceState;
  readonly steps: number;
  readonly budget: ReferenceBudget;
}

function inputsOf(files: RunFileBytes): Inputs {
  return elementAt(rowsOf(linesOf(files, 'tape.jsonl')), 0)['inputs'] as unknown as Inputs;
}

/** The run of these inputs, made anew; nothing when they are no longer inputs. */
async function runAgain(files: RunFileBytes): Promise<RunFileBytes | undefined> {
  const [header = '', ...lines] = linesOf(files, 'market.jsonl');
  const { symbols } = JSON.parse(header) as { symbols: string[] };
  const { initial_state, steps, budget } = inputsOf(files);
  const writer = makeMemoryRunWriter();
  const request = {
    strategy: JSON.parse(textOf(files, 'strategy.json')) as unknown,
    policy: JSON.parse(textOf(files, 'policy.json')) as unknown,
    initialState: initial_state,
    steps,
    maxSteps: budget.max_steps,
  };
  const finished = await run(request, makePiecedMarket(symbols, lines, [7]), writer);
  return finished._tag === 'Left' ? undefined : writer.files();
}

/** The files that come out otherwise. */
async function differing(files: RunFileBytes): Promise<readonly RunFile[]> {
  const again = await runAgain(files);
  return LOCAL_FILES.filter((file) => again === undefined || !Buffer.from(bytesOf(again, file)).equals(bytesOf(files, file)));
}

test('every golden directory is in the table, and every one of the table is there', () => {
  const directories = readdirSync(__dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(directories.map(({ name }) => name).sort()).toEqual(Object.keys(GOLDENS).sort());
  for (const { name } of directories) expect(readdirSync(join(__dirname, name)).sort()).toEqual([...LOCAL_FILES].sort());
  expect(existsSync(join(__dirname, 'fixture', 'run.json'))).toBe(true);
});

describe.each(Object.entries(GOLDENS))('%s', (name, headHash) => {
  const files = readGolden(name);

  test('run again gives the same bytes in every file', async () => {
    expect(await differing(files)).toEqual([]);
    expect(JSON.parse(textOf(files, 'run.json'))).toMatchObject({ head_hash: headHash });
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
    const [header, ...steps] = rowsOf(linesOf(files, 'market.jsonl'));
    const { initial_state, steps: count, budget } = inputsOf(files);
    const model = referenceRun({
      market: { symbols: header?.['symbols'] as string[], steps: steps as unknown as { time?: string; prices: Record<string, string> }[] },
      strategy: JSON.parse(textOf(files, 'strategy.json')) as ReferenceStrategy,
      policy: JSON.parse(textOf(files, 'policy.json')) as ReferencePolicy,
      initialState: initial_state,
      steps: count,
      budget,
    });
    expect(rowsOf(linesOf(files, 'tape.jsonl')).map(bareRow)).toEqual(model.tape);
    expect(rowsOf(linesOf(files, 'executions.jsonl')).map(bareRow)).toEqual(model.executions);
  });

  test.each<[RunFile, RegExp, string]>([
    ['market.jsonl', /"AAPL":"([0-9])/, '"AAPL":"9$1'],
    ['strategy.json', /"order_qty":"[^"]+"/, '"order_qty":"0.5"'],
    ['policy.json', /"fee_bps":"[^"]+"/, '"fee_bps":"1"'],
    ['tape.jsonl', /"decision":"APPROVED"/, '"decision":"APPROVEd"'],
    ['tape.jsonl', /"max_steps":/, '"max_steps":1'],
    ['tape.jsonl', /"initial_state":\{"cash":"/, '"initial_state":{"cash":"1'],
    ['executions.jsonl', /"price":"/, '"price":"1'],
    ['report.md', /APPROVED/, 'REJECTED'],
    ['run.json', /"ok":(true|false)/, '"ok":null'],
  ])('mutated in %s, %s fails', async (file, pattern, replacement) => {
    const text = textOf(files, file);
    const mutated = { ...files, [file]: fromText(text.replace(pattern, replacement)) };
    expect(textOf(mutated, file)).not.toBe(text);
    expect(await differing(mutated)).not.toEqual([]);
    expect(await verdictOn(mutated)).toMatchObject({ _tag: 'NotProven' });
  });
});

test('the goldens hold every decision, both sides, skips, codes and a refusal', () => {
  const rows = Object.keys(GOLDENS).flatMap((name) =>
    LOCAL_FILES.filter((file) => file === 'tape.jsonl' || file === 'executions.jsonl').flatMap((file) =>
      rowsOf(linesOf(readGolden(name), file)),
    ),
  );
  const seen = new Set(
    rows.flatMap((row) => [
      row['decision'],
      row['side'],
      row['ok'],
      ...((row['skipped'] ?? []) as JsonObject[]).map(({ reason }) => reason),
      ...((row['verifier_errors'] ?? []) as JsonObject[]).map(({ code }) => code),
    ]),
  );
  for (const kind of [
    'APPROVED',
    'REJECTED',
    'HOLD',
    'BUY',
    'SELL',
    true,
    false,
    'max_position_qty_per_symbol',
    'insufficient_cash',
    'no_position',
    'position_concentration',
    'leverage_limit',
    'position_value_limit',
  ]) {
    expect(seen).toContain(kind);
  }
});
