/** Inputs from public reports that broke an earlier version, each with the answer that is right. The files are in test/fixtures/cases. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { runCli } from '../../src/handlers/cli/main';
import { captureIo } from '../support/captured-io';
import type { RunFileBytes } from '../../src/adapters/in-process/run-files';
import { filesOf } from '../../src/domain/run/modes';
import { changed, forge } from '../support/forge';
import { sendEvent, invoke, makeTestHandler, provenHead } from '../support/handlers';
import { httpEvent } from '../support/http-events';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import { rowsOf } from '../support/harness';
import type { JsonObject } from '../support/reference-model';

const CASES = join(__dirname, '../fixtures/cases');
const directory = mkdtempSync(join(tmpdir(), 'ewm-cases-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

interface Output {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function ewm(...args: readonly string[]): Promise<Output> {
  const { io, out, err } = captureIo();
  const exit = await runCli(args, io);
  return { exit, out: out(), err: err().replaceAll(CASES, '') };
}

const runDirectory = (name: string): string => join(directory, name);

/** `ewm run` on the files of a case; the run is left in `runDirectory(name)`. */
function runCase(name: string, market = `${name}-market.csv`, ...more: readonly string[]): Promise<Output> {
  const strategy = join(CASES, `${name}-strategy.json`);
  return ewm('run', '--market', join(CASES, market), '--strategy', strategy, '--out', runDirectory(name), ...more);
}

function rows(name: string, file: string): readonly JsonObject[] {
  return rowsOf(
    readFileSync(join(runDirectory(name), file), 'utf8')
      .trimEnd()
      .split('\n'),
  );
}

const verified = async (name: string): Promise<number> => (await ewm('verify', runDirectory(name))).exit;

describe('amounts at either end of the range', () => {
  test('B01: eight digits are enough for prices far below a cent', async () => {
    const policy = join(CASES, 'b01-policy.json');
    expect((await runCase('b01', undefined, '--policy', policy)).exit).toBe(EXIT.ok);
    expect(rows('b01', 'executions.jsonl')[0]).toMatchObject({ notional: '450', fee: '0.45', cash_after: '549.55' });
    expect(await verified('b01')).toBe(EXIT.ok);
  });

  test('B02: a fill that would cost nothing is an invalid action, so no unit comes free', async () => {
    expect((await runCase('b02')).exit).toBe(EXIT.ok);
    const steps = rows('b02', 'tape.jsonl').filter(({ type }) => type === 'step');
    expect(steps[0]).toMatchObject({ decision: 'REJECTED', verifier_errors: [{ action_index: 0, code: 'invalid_action' }] });
    expect(JSON.stringify(steps[0]?.['verifier_errors'])).toContain('quantity 0.0005 at price 0.000009 comes to 0');
    expect(readFileSync(join(runDirectory('b02'), 'executions.jsonl'), 'utf8')).toBe('');
    expect(rows('b02', 'tape.jsonl').at(-1)).toMatchObject({ final_state: { cash: '1000', positions: {} } });
    expect(await verified('b02')).toBe(EXIT.ok);
  });

  test('B07: a price that takes the worth of the state to 10^18 ends the run before that step, and every reader shows what was done', async () => {
    const ran = await runCase('b07', undefined, '--cash', '100000', '--policy', join(CASES, 'b07-policy.json'));
    expect(ran.exit).toBe(EXIT.refused);
    expect(ran.err).toBe(
      'ewm: stopped by out_of_range: step 4: at the prices of this step, equity would be 10^18 or more; amounts stay below it\n',
    );
    const tape = rows('b07', 'tape.jsonl');
    expect(tape.filter(({ type }) => type === 'step')).toHaveLength(4);
    expect(tape.at(-1)).toMatchObject({
      ok: false,
      error: { code: 'out_of_range', step_index: 4 },
      steps: 4,
      final_equity: '1500000000000000',
      budget_state: { steps: 5 },
    });
    expect(await verified('b07')).toBe(EXIT.ok);
    expect((await ewm('verify', '--chain-only', runDirectory('b07'))).exit).toBe(EXIT.ok);
    const shown = JSON.parse((await ewm('show', '--json', runDirectory('b07'))).out) as JsonObject;
    expect(JSON.stringify(shown)).toContain('1500000000000000');
    const replayed = await ewm('replay', 'tape', '--tape', join(runDirectory('b07'), 'tape.jsonl'), '--format', 'csv');
    expect(replayed.out.trimEnd().split('\n')).toHaveLength(1 + 4);
  });

  test('B07 as an earlier version wrote it: a row whose amounts nobody can read is named, never left out', async () => {
    const files = Object.fromEntries(
      filesOf('local').map((file) => [file, readFileSync(join(runDirectory('b07'), file))]),
    ) as unknown as RunFileBytes;
    const huge = changed(4, (row) => {
      (row['state_delta'] as Record<string, JsonObject>)['equity'] = {
        before: '2000000000000000000',
        after: '2000000000000000000',
        delta: '0',
      };
      return row;
    });
    mkdirSync(runDirectory('b07-old'));
    for (const [file, bytes] of Object.entries(forge(files, { tape: huge }))) writeFileSync(join(runDirectory('b07-old'), file), bytes);
    for (const command of ['show', 'report'] as const) {
      const output = await ewm(command, runDirectory('b07-old'), ...(command === 'report' ? ['--out', join(directory, 'page.html')] : []));
      expect(output.err).toContain('the amounts of 1 step row CANNOT BE READ, first of row 4 (line 5) of tape.jsonl');
      expect(output.exit).toBe(EXIT.notProven);
    }
  });

  test('B07 as a tool plan: the verifier refuses the step, and nothing that it comes to is answered', async () => {
    const test = makeTestHandler('agentcore-tools');
    const strategy = JSON.parse(readFileSync(join(CASES, 'b03-strategy.json'), 'utf8')) as JsonObject;
    const market = { symbols: ['X'], steps: [{ X: '1' }, { X: '999999999999999999' }] };
    const answer = await invoke(test, {
      budget: { max_steps: 5, max_tool_calls: 5, max_model_calls: 1 },
      market,
      strategy,
      initial_state: { cash: 10, positions: { X: 2 } },
      tool_plan: [
        { name: 'execute', args: { step: 0, actions: [] } },
        { name: 'simulate_and_verify', args: { step: 1, actions: [] } },
      ],
    });
    expect(answer).toMatchObject({
      ok: false,
      error: { code: 'simulation_rejected', index: 1, verifier_errors: [{ action_index: 0, code: 'out_of_range' }] },
      final_equity: '12',
      steps: 1,
    });
    expect(JSON.stringify(answer)).not.toMatch(/[0-9]{19}/);
    expect(await provenHead(test.artifacts, answer)).toBe(answer.head_hash);
    const first = await invoke(test, {
      budget: { max_steps: 5 },
      market,
      strategy,
      initial_state: { positions: { X: '999999999999999999.5' } },
    });
    expect(first).toMatchObject({ ok: false, error: { code: 'invalid_request', problems: [{ pointer: '/initial_state' }] } });
  });

  test('B04: a rebate is refused, with what a fee may be', async () => {
    const output = await runCase('b03', undefined, '--policy', join(CASES, 'b04-policy.json'), '--out', runDirectory('b04'));
    expect(output.exit).toBe(EXIT.badInput);
    expect(output.err).toMatch(/\/b04-policy\.json:1:\d+: \/costs\/fee_bps: -2\.5: must be 0 or more\n$/);
    expect(readFileSync(join(__dirname, '../../docs/strategies.md'), 'utf8')).toContain('a rebate (below 0) is not supported');
  });

  test.each([
    ['B03', 'fills: an order takes the last of the cash', 0, [{ notional: '1000', fee: '0', cash_after: '0' }], 1],
    ['B03', 'is skipped: with a fee on top the cash does not cover it', 10, [], 2],
  ])('%s %s', async (_case, _name, fee, fills, skipped) => {
    const policy = join(directory, `b03-${String(fee)}.json`);
    writeFileSync(policy, JSON.stringify({ policy_id: 'all in', risk_limits: { max_position_pct: 1 }, costs: { fee_bps: fee } }));
    const name = `b03-${String(fee)}`;
    expect((await runCase('b03', undefined, '--policy', policy, '--out', runDirectory(name))).exit).toBe(EXIT.ok);
    expect(
      readFileSync(join(runDirectory(name), 'executions.jsonl'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject(fills);
    const skips = rows(name, 'tape.jsonl').filter(
      (row) => JSON.stringify(row['skipped']) === '[{"reason":"insufficient_cash","symbol":"X"}]',
    );
    expect(skips).toHaveLength(skipped);
    expect(await verified(name)).toBe(EXIT.ok);
  });

  test('B05: half a unit is an order', async () => {
    const market = join(directory, 'b05.csv');
    writeFileSync(market, 'time,X\n2024-01-02,10\n2024-01-03,10\n2024-01-04,5\n');
    const strategy = join(CASES, 'b05-strategy.json');
    expect((await ewm('run', '--market', market, '--strategy', strategy, '--out', runDirectory('b05'))).exit).toBe(EXIT.ok);
    expect(rows('b05', 'executions.jsonl')).toMatchObject([{ step_index: 2, quantity: '0.5', notional: '2.5', cash_after: '997.5' }]);
    expect(await verified('b05')).toBe(EXIT.ok);
  });
});

test('C07: a run that was stopped is not continued, which the message says with what can be done; a session goes on from its head', async () => {
  const out = runDirectory('c07');
  const run = (steps: string): Promise<Output> => runCase('b03', 'b10-market.csv', '--max-steps', steps, '--out', out);
  const stopped = await run('2');
  expect([stopped.exit, stopped.err]).toEqual([
    EXIT.refused,
    'ewm: stopped by max_steps: max_steps is 2: 2 spent, 1 more asked for; with a higher --max-steps it is a new run: another --out, or --force\n',
  ]);
  const head = rows('c07', 'tape.jsonl').at(-1)?.['hash'];
  const again = await run('3');
  expect([again.exit, again.err.replace(out, 'out')]).toEqual([
    EXIT.cannotWrite,
    'ewm: out: holds a finished run; a run is not continued: write the new one elsewhere with --out, or --force replaces it; what is to go on later is a session\n',
  ]);
  expect(rows('c07', 'tape.jsonl').at(-1)?.['hash']).toBe(head);

  const session = async (...args: readonly string[]): Promise<JsonObject> =>
    JSON.parse((await ewm('session', ...args, '--data', join(directory, 'c07-data'), '--json')).out) as JsonObject;
  const documents = ['--market', join(CASES, 'b10-market.csv'), '--strategy', join(CASES, 'b03-strategy.json')];
  const made = await session('create', '--name', 'c07', ...documents, '--budget', '{"max_steps":3,"max_tool_calls":3}');
  const id = made['session_id'] as string;
  const step = '[{"name":"execute","args":{"actions":[]}}]';
  expect(await session('call', id, `[${step.slice(1, -1)},${step.slice(1, -1)}]`)).toMatchObject({ step: 2, budget_state: { steps: 2 } });
  expect(await session('call', id, step)).toMatchObject({ ok: true, step: 3, budget_state: { steps: 3 } });
  await session('close', id);
  await session('pull', id, '--out', runDirectory('c07-session'));
  expect(await verified('c07-session')).toBe(EXIT.ok);
});

describe('what a strategy chooses without saying so', () => {
  test('B10: a window that is longer than the market', async () => {
    const output = await runCase('b10');
    expect(output.exit).toBe(EXIT.ok);
    expect(output.err).toBe('ewm: /rules/0 (sma_crossover, X): long_window 50 is longer than the market (3 steps), so it is never full\n');
    expect(output.out).not.toContain('filled');
  });

  /** Mean of one price against that of two: BUY from step 1 on, at the price of that step or of the one after it. */
  test.each([
    ['signal_step', '2', 1, 'at the prices of the step that signals'],
    ['next_step', '3', 2, 'at the prices of the step after their signal'],
  ])('B11: orders fill at %s', async (fillAt, price, step, sentence) => {
    const strategy = JSON.parse(readFileSync(join(CASES, 'b11-strategy.json'), 'utf8')) as JsonObject;
    const file = join(directory, `b11-${fillAt}.json`);
    writeFileSync(file, JSON.stringify({ ...strategy, timing: { fill_at: fillAt } }));
    const out = runDirectory(`b11-${fillAt}`);
    const output = await ewm('run', '--market', join(CASES, 'b10-market.csv'), '--strategy', file, '--out', out);
    expect([output.exit, output.err]).toEqual([EXIT.ok, '']);
    expect(output.out).toContain(`filled     ${sentence}`);
    expect(rows(`b11-${fillAt}`, 'executions.jsonl')[0]).toMatchObject({ step_index: step, price });
    // The default is not written, so digests of before this choice stay.
    expect(readFileSync(join(out, 'strategy.json'), 'utf8').includes('fill_at')).toBe(fillAt === 'next_step');
    expect(await verified(`b11-${fillAt}`)).toBe(EXIT.ok);
  });

  test('rules that overwrite each other, that hold both ways, and that nobody can follow', async () => {
    const rule = (symbol: string, more: object): object => ({ type: 'threshold_price', symbol, ...more });
    const file = join(directory, 'quarrel.json');
    writeFileSync(
      file,
      JSON.stringify({
        metadata: { name: 'n', version: '1', description: '' },
        universe: { symbols: ['X', 'Y', 'Z'] },
        timing: { evaluation_frequency_steps: 3 },
        sizing: { order_qty: 2, max_position_qty_per_symbol: 1 },
        rules: [
          rule('X', { buy_below: 5, sell_above: 4.5 }),
          rule('X', { buy_below: 1, sell_above: 1 }),
          { type: 'sma_crossover', symbol: 'Y', short_window: 1, long_window: 3 },
        ],
      }),
    );
    const market = join(directory, 'quarrel.csv');
    writeFileSync(market, `time,X,Y,Z\n2024-01-01,1,1,1\n2024-01-02,1,1,1\n2024-01-03,1,1,1\n`);
    const notes = [
      '/rules/2 (sma_crossover, Y): long_window 3 needs 3 prices and is not full at evaluation_frequency_steps 3 in the market (3 steps)',
      '/rules/0 (threshold_price, X): buy_below 5 is above sell_above 4.5: from 4.5 to 5 both hold, and BUY wins',
      '/rules/1 (threshold_price, X): buy_below and sell_above are both 1: at that price BUY wins',
      'X has 2 rules; where they disagree at a step, the last that signals wins: /rules/0 (threshold_price, X), /rules/1 (threshold_price, X)',
      'Z is in the universe, and no rule speaks of it',
      'sizing: order_qty 2 is above max_position_qty_per_symbol 1, so every BUY of that quantity is skipped',
    ];
    const ran = await ewm('run', '--market', market, '--strategy', file, '--out', runDirectory('quarrel'));
    expect(ran.err).toBe(notes.map((note) => `ewm: ${note}\n`).join(''));
    const checked = await ewm('strategy', 'check', file, '--market', market, '--json');
    expect(JSON.parse(checked.out)).toMatchObject({ ok: true, notes });
    expect(checked.err).toBe(ran.err);
    expect(JSON.parse((await ewm('strategy', 'check', file, '--json')).out)).toMatchObject({ notes: notes.slice(1) });
  });
});

describe('numbers that a double does not hold as they are written', () => {
  const bodyOf = (name: string): string => readFileSync(join(CASES, name), 'utf8');
  const post = async (mode: HttpMode, name: string): Promise<{ readonly status: number; readonly text: string }> =>
    sendEvent(makeTestHandler(mode).handle, httpEvent({ path: `/agentcore/${mode.slice('agentcore-'.length)}`, body: bodyOf(name) }));

  test('B08: a price in a market file', async () => {
    const output = await runCase('b08', 'b08-market.json');
    expect(output.exit).toBe(EXIT.badInput);
    expect(output.err).toMatch(
      /\/b08-market\.json:1:32: \/steps\/0\/A: 123456789012\.12345678: more digits than a JSON number keeps \(.*\); write it as a string\n/,
    );
  });

  test('D01: in a memory value; nothing is put', async () => {
    const { status, text } = await post('agentcore-memory', 'd01-body.json');
    const problem = {
      pointer: '/requests/0/value/id',
      message: '9007199254740993: a JSON number keeps an integer of at most 9007199254740991 as it is written; write it as a string',
      line: 1,
    };
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'invalid_request', problems: [problem] }, run_id: null });
  });

  test('C09: in a budget: the number as it was sent, and the most there is', async () => {
    const { status, text } = await post('agentcore-base', 'c09-body.json');
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({
      error: { problems: [{ pointer: '/budget/max_steps', message: expect.stringContaining('9007199254740993: ') as string }] },
    });
    expect(text).toContain('at most 9007199254740991');
  });

  test('D01 without its text, as Lambda has parsed it', async () => {
    const answer = await invoke(makeTestHandler('agentcore-memory'), JSON.parse(bodyOf('d01-body.json')));
    expect(answer).toMatchObject({ error: { code: 'invalid_request', problems: [{ pointer: '/requests/0/value/id' }] } });
  });

  test('D05 and D06 stay: a lone surrogate is refused with its place; -0 and 1.0 are the numbers that they are', async () => {
    const refused = await post('agentcore-memory', 'd05-body.json');
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.text)).toMatchObject({ error: { problems: [{ pointer: '/requests/0/value' }] } });
    const { status, text } = await post('agentcore-memory', 'd06-body.json');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ results: [{ ok: true }, { result: { value: { a: 0, b: 1, e: 0.1 } } }] });
  });

  test('D09: a byte order mark is skipped, in a file as in a body', async () => {
    expect((await ewm('strategy', 'check', join(CASES, 'd09-bom.json'))).exit).toBe(EXIT.ok);
  });
});

describe('B09: times that do not go forward are refused on every way into a run', () => {
  const csv = readFileSync(join(CASES, 'b09-market.csv'), 'utf8');
  const steps = csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const document = { symbols: ['X'], steps: steps.map(([time = '', X = '']) => ({ time, X })) };
  const line = ([time = '', X = '']: readonly string[]): string => `{"prices":{"X":"${X}"},"time":"${time}"}\n`;
  const spelled = ([time = '', X = '']: readonly string[]): string => `{"time":"${time}", "prices":{"X":${X}}}\n`;

  test.each<[form: string, text: string, place: string]>([
    ['csv', csv, ':3:1: column 1 (time)'],
    ['json', JSON.stringify(document, null, 1), ':11:12: /steps/1/time'],
    ['jsonl', `{"symbols":["X"]}\n${steps.map(line).join('')}`, ':3: /time'],
    ['spelled.jsonl', `{"symbols":["X"]}\n${steps.map(spelled).join('')}`, ':3:9: /time'],
  ])('a .%s file', async (form, text, place) => {
    const market = join(directory, `falling.${form}`);
    writeFileSync(market, text);
    const out = runDirectory(`b09-${form}`);
    const output = await ewm('run', '--market', market, '--strategy', join(CASES, 'b09-strategy.json'), '--out', out);
    expect(output.exit).toBe(EXIT.badInput);
    expect(output.err).toBe(
      `ewm: ${market}${place}: "2024-01-04": step 1 is before step 0, "2024-01-05"; times go forward (ewm market import sorts a file)\n`,
    );
    expect(existsSync(out)).toBe(false);
  });

  test('an inline market over HTTP', async () => {
    const strategy = JSON.parse(readFileSync(join(CASES, 'b09-strategy.json'), 'utf8')) as JsonObject;
    const answer = await invoke(makeTestHandler('agentcore-base'), { market: document, strategy });
    const message = '"2024-01-04": step 1 is before step 0, "2024-01-05"; times go forward (ewm market import sorts a file)';
    expect(answer).toMatchObject({ ok: false, error: { problems: [{ pointer: '/market/steps/1/time', message }] } });
  });
});
