import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { describeInBrowser, textOf, visit } from './chromium';
import { usePages, type Pages, withData, withRows } from './pages';
import type { PageData } from '../../src/domain/report/page-data';
import { canonicalText, type JsonObject } from '../support/reference-model';

let browser: Browser;
let pages: Pages;
let demo = '';
let memory = '';

/** Drawing takes most of the time of a visit, and what is drawn here nobody looks at. */
const SMALL = { width: 400, height: 300 };

describeInBrowser('the proof in a page', () => {
  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });
  beforeAll(async () => {
    demo = await pages.report(await pages.run('demo'));
    memory = await pages.report(
      await pages.call('/agentcore/memory', {
        budget: { max_memory_ops: 1, max_memory_bytes: 99 },
        requests: [{ op: 'memory_put', key: 'k', value: 'v' }],
      }),
    );
  });

  async function verdictOf(file: string): Promise<{ readonly badge: string; readonly words: string }> {
    const { page, complaints, requests, close } = await visit(browser, file, SMALL);
    const found = { badge: await textOf(page, '#proof-badge'), words: await textOf(page, '#proof-result') };
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    await close();
    return found;
  }

  it('is green for a page that nobody touched, when it loads and by its button', async () => {
    const { page, close } = await visit(browser, demo);
    expect(await textOf(page, '#proof-badge')).toBe('Proven');
    await page.focus('#prove');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#proof-result[data-state="proven"]');
    expect(await textOf(page, '#proof-result')).toMatch(
      /^Proven: 125 rows re-hashed.*8e2c4a965fd3cdd6ccba5f8aa1b1693a70545a84917356e9fce25b0c17f6925f$/,
    );
    await close();
    expect(await verdictOf(memory)).toMatchObject({ badge: 'Proven' });
  });

  const line = (at: number, change: (line: string) => string) =>
    withRows((lines) => lines.map((text, index) => (index === at ? change(text) : text)));
  const rehashed = (text: string, change: (row: JsonObject) => JsonObject): string => {
    const { hash: _hash, ...row } = change(JSON.parse(text) as JsonObject);
    return canonicalText({ ...row, hash: createHash('sha256').update(canonicalText(row)).digest('hex') });
  };
  const file = (name: 'run.json' | 'strategy.json' | 'policy.json', change: (text: string) => string) =>
    withData((data) => ({ ...data, a: { ...data.a, files: { ...data.a.files, [name]: change(data.a.files[name] ?? '') } } }));
  const flipped = (at: number) =>
    withData((data) => {
      const place = Math.floor(data.a.tape.length * at);
      return {
        ...data,
        a: { ...data.a, tape: data.a.tape.slice(0, place) + (data.a.tape[place] === 'A' ? 'B' : 'A') + data.a.tape.slice(place + 1) },
      };
    });

  it.each<[string, (html: string) => string, string | RegExp]>([
    [
      'a figure in a row',
      line(41, (text) => text.replace(/"equity":\{"after":"\d/, '"equity":{"after":"9')),
      'row 41 (step 40): hash is not the SHA-256 of the row',
    ],
    [
      'a reason in a row',
      line(20, (text) => text.replace('"why":"', '"why":"not ')),
      'row 20 (step 19): hash is not the SHA-256 of the row',
    ],
    ['white space in a row', line(7, (text) => text.replace('{', '{ ')), 'row 7 (step 6): not canonical JSON'],
    ['a second member of the same name', line(7, (text) => text.replace('{', '{"actions":[],')), 'row 7 (step 6): not canonical JSON'],
    [
      'a row and its own hash, but not the link',
      line(30, (text) => rehashed(text, (row) => ({ ...row, why: 'because' }))),
      'row 31 (step 30): prev_hash is not the hash of the row before it',
    ],
    ['a row left out', withRows((lines) => lines.toSpliced(50, 1)), 'row 50 (step 50): prev_hash is not the hash of the row before it'],
    [
      'two rows swapped',
      withRows((lines) => lines.with(5, lines[6] ?? '').with(6, lines[5] ?? '')),
      'row 5 (step 5): prev_hash is not the hash of the row before it',
    ],
    ['a line that is no JSON', line(12, () => 'not JSON'), 'row 12: not a JSON object'],
    [
      'the inputs in row 0',
      line(0, (text) => rehashed(text, (row) => ({ ...row, inputs: { ...(row['inputs'] as JsonObject), steps: 124 } }))),
      'row 0 (run): prev_hash is not the SHA-256 of the inputs',
    ],
    [
      'a row behind the seal',
      withRows((lines) => [...lines, rehashed(lines.at(-1) ?? '', (row) => ({ ...row, prev_hash: row['hash'] ?? '' }))]),
      'row 125 (seal): a row behind the seal',
    ],
    ['everything', withRows(() => []), 'the tape has no row that can be read'],
    [
      'the first half of its Base64',
      flipped(0.3),
      /^Not proven: (row \d+|the tape can be read up to row \d+, then gzip cannot be unpacked any further|the tape has no row)/,
    ],
    ['the end of its Base64', flipped(0.98), /^Not proven: (row \d+|the tape can be read up to row \d+)/],
    [
      'the last characters of its Base64',
      withData((data) => ({ ...data, a: { ...data.a, tape: data.a.tape.slice(0, -40) } })),
      /^Not proven: the tape can be read up to row \d+, then /,
    ],
    [
      'a figure of run.json',
      file('run.json', (text) => text.replace('"final_equity":"4377.38"', '"final_equity":"5377.38"')),
      'final_equity of run.json is not what the tape says',
    ],
    [
      'the head hash of run.json',
      file('run.json', (text) => text.replace(/"head_hash":"8e2c/, '"head_hash":"9e2c')),
      'head_hash of run.json is not what the tape says',
    ],
    [
      'a digest of run.json',
      file('run.json', (text) => text.replace(/"tape.jsonl":"./, '"tape.jsonl":"x')),
      'the digest of tape.jsonl in run.json is not that of this tape',
    ],
    [
      'the strategy',
      file('strategy.json', (text) => text.replace('sma', 'SMA')),
      'strategy.json is not the file that row 0 names (strategy_sha256)',
    ],
    [
      'the fee of the policy',
      file('policy.json', (text) => text.replace('"fee_bps":"0"', '"fee_bps":"1"')),
      'policy.json is not the file that row 0 names (policy_sha256)',
    ],
  ])('is red for %s, and names it', async (name, change, words) => {
    const found = await verdictOf(await pages.changed(demo, name.replaceAll(' ', '-'), change));
    expect(found.badge).toBe('Not proven');
    if (typeof words === 'string') expect(found.words).toBe(`Not proven: ${words}.`);
    else expect(found.words).toMatch(words);
  });

  it('tells a check that could not be made from one that failed', async () => {
    const taken = await pages.changed(
      demo,
      'a-file-taken-out',
      withData((data) => ({ ...data, a: { ...data.a, files: { 'run.json': data.a.files['run.json'] ?? '' } } })),
    );
    const { badge, words } = await verdictOf(taken);
    expect(badge).toBe('Not fully checked');
    expect(words).toMatch(/^Not fully checked: strategy\.json, policy\.json are not in the page; policy\.json, which has the fee/);
  });

  it('compares the calls of a plan with request.json', async () => {
    const swapped = (from: string, to: string) =>
      withRows((lines) => {
        const plan = lines.map((text) => JSON.parse(text) as JsonObject);
        let hash = '';
        return plan.map((row, at) => {
          const { hash: _hash, ...rest } = JSON.parse(JSON.stringify(row).replace(from, to)) as JsonObject;
          const linked = at === 0 ? rest : { ...rest, prev_hash: hash };
          hash = createHash('sha256').update(canonicalText(linked)).digest('hex');
          return canonicalText({ ...linked, hash });
        });
      });
    const tools = await pages.report(
      await pages.call('/agentcore/tools', {
        budget: { max_steps: 1, max_tool_calls: 1 },
        tool_plan: [{ name: 'get_price_context', args: { step: 0 } }],
      }),
    );
    expect(await verdictOf(tools)).toMatchObject({ badge: 'Proven' });
    for (const [name, page, change, words] of [
      ['args', tools, swapped('"args":{"step":0}', '"args":{"step":1}'), 'args of row 1 is not that of call 0 in request.json'],
      ['key', memory, swapped('"key":"k"', '"key":"l"'), 'key of row 1 is not that of call 0 in request.json'],
      ['ok', tools, swapped('"error":null', '"error":{"code":"tool_failed"}'), 'ok of the seal does not agree with its error'],
    ] as const) {
      expect((await verdictOf(await pages.changed(page, `asked-${name}`, change))).words).toBe(`Not proven: ${words}.`);
    }
  });

  const rowOf = (at: number, member: string, value: unknown) =>
    withRows((lines) =>
      lines.map((text, index) => (index === at ? rehashed(text, (row) => ({ ...row, [member]: value as JsonObject })) : text)),
    );
  const a = (change: (run: PageData['a']) => unknown) => withData((data) => ({ ...data, a: change(data.a) as PageData['a'] }));

  it.each<[string, (html: string) => string, RegExp]>([
    ['a run that is null', a(() => null), /\/a: expected an object/],
    ['a tape that is a number', a((run) => ({ ...run, tape: 7 })), /\/a\/tape: expected text/],
    ['files that are a list', a((run) => ({ ...run, files: [] })), /\/a\/files: expected an object/],
    ['a file that is an object', a((run) => ({ ...run, files: { ...run.files, 'run.json': {} } })), /\/a\/files\/run\.json: expected text/],
    ['a name that is an object', a((run) => ({ ...run, name: {} })), /\/a\/name: expected text/],
    ['a sample that is text', a((run) => ({ ...run, sample: 'x' })), /\/a\/sample: expected an object/],
    ['a second run that is text', withData((data) => ({ ...data, b: 'x' }) as never), /\/b: expected an object/],
    ['a comparison without members', withData((data) => ({ ...data, diff: {} }) as never), /\/diff\/inputs: expected a list/],
    ['no program', withData((data) => ({ ...data, made_by: null }) as never), /\/made_by: expected text/],
    ['data that is a number', (html) => html.replace(/(id="ewm-data">)[^<]*/, '$1' + '7'), /it is not JSON/],
    ['inputs that are null', rowOf(0, 'inputs', null), /row 0/],
    ['a budget that is text', rowOf(0, 'inputs', { budget: 'x', initial_state: 7 }), /row 0/],
    ['prices that are a list', rowOf(5, 'prices', [1, null]), /row 6/],
    ['a change of state that is null', rowOf(5, 'state_delta', null), /row 6/],
    ['actions of null', rowOf(5, 'actions', [null, 1, 'x']), /row 6/],
    ['rationales of numbers', rowOf(5, 'rationales', 5), /row 6/],
    ['an error that is a number', rowOf(124, 'error', 5), /seal|run\.json/],
    ['a budget state that is text', rowOf(124, 'budget_state', 'x'), /budget_state of the seal/],
    ['counts of fills that are text', rowOf(124, 'executions', 'x'), /the seal/],
    ['run.json that is null', file('run.json', () => 'null\n'), /run\.json/],
    ['a policy that is a list', file('policy.json', () => '[]\n'), /policy\.json/],
    ['a strategy that is no JSON', file('strategy.json', () => '{'), /strategy\.json/],
  ])('has a verdict and no script error for %s', async (name, change, words) => {
    const found = await verdictOf(await pages.changed(demo, name.replaceAll(' ', '-'), change));
    expect(found.badge).toBe('Not proven');
    expect(found.words).toMatch(words);
  });

  it('is red where memory.json says something else than the tape', async () => {
    const tampered = await pages.changed(
      memory,
      'memory',
      withData((data) => ({
        ...data,
        a: { ...data.a, files: { ...data.a.files, 'memory.json': (data.a.files['memory.json'] ?? '').replace('"ok":true', '"ok":false') } },
      })),
    );
    expect((await verdictOf(tampered)).words).toMatch(/^Not proven: .*memory\.json/);
  });

  it('never calls a tape without a seal proven', async () => {
    const unsealed = await pages.changed(demo, 'unsealed', (html) =>
      withData((data) => ({
        ...data,
        a: { ...data.a, files: { 'strategy.json': data.a.files['strategy.json'] ?? '', 'policy.json': data.a.files['policy.json'] ?? '' } },
      }))(withRows((lines) => lines.slice(0, -1))(html)),
    );
    const { badge, words } = await verdictOf(unsealed);
    expect(badge).toBe('Not proven: no seal');
    expect(words).toContain('the tape has no seal, so the run did not finish');
    const withRunFile = await pages.changed(
      demo,
      'unsealed-finished',
      withRows((lines) => lines.slice(0, -1)),
    );
    expect((await verdictOf(withRunFile)).words).toBe('Not proven: run.json belongs to a finished run, and the tape has no seal.');
  });

  it('says so where the data itself is damaged', async () => {
    const broken = await pages.changed(demo, 'broken', (html) => html.replace('{"version":1', '{"version":1,'));
    const { page, close } = await visit(browser, broken);
    expect(await textOf(page, 'main')).toContain('cannot be read');
    await close();
  });
});

describeInBrowser('a hostile run', () => {
  const EVIL = '</script><script>alert(1)</script><img src=x onerror=alert(2)><!--<script>';

  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });

  it('is text from end to end', async () => {
    const strategy = join(pages.directory, 'evil.json');
    const market = join(pages.directory, 'evil-market.json');
    const example = JSON.parse(await readFile(join(__dirname, '../../examples/strategies/threshold_demo.json'), 'utf8')) as JsonObject;
    const path = JSON.parse(await readFile(join(__dirname, '../../examples/fixtures/trading_path.json'), 'utf8')) as {
      steps: JsonObject[];
    };
    await writeFile(strategy, JSON.stringify({ ...example, metadata: { name: EVIL, version: EVIL, description: EVIL } }));
    await writeFile(market, JSON.stringify({ ...path, steps: path.steps.map((step, t) => ({ ...step, time: `${EVIL}${String(t)}` })) }));
    const html = await pages.report(await pages.run('<img src=x onerror=alert(3)>', [], { market, strategy }));
    const { page, requests, complaints, close } = await visit(browser, html);
    expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
    expect(await textOf(page, '#proof-badge')).toBe('Proven');
    expect(await textOf(page, '.run-name')).toBe('<img src=x onerror=alert(3)>');
    expect(await textOf(page, '#inputs')).toContain(EVIL);
    expect(await textOf(page, '.inspector-time')).toContain(EVIL);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    await close();
  });

  it('could run nothing if it got in: the policy refuses what is not the program of the page', async () => {
    const demoPage = await pages.report(await pages.run('demo'));
    const injected = await pages.changed(demoPage, 'injected', (html) =>
      html.replace('<noscript>', '<script>window.got = 1; alert(1)</script><img src="x" onerror="window.got = 2"><noscript>'),
    );
    const { page, complaints, close } = await visit(browser, injected);
    expect(await page.evaluate(() => 'got' in window)).toBe(false);
    expect(complaints.join('\n')).toContain('Content Security Policy');
    expect(complaints.join('\n')).not.toContain('a dialog');
    await close();
  });
});
