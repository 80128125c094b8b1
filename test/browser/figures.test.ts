import fc from 'fast-check';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { arbitraryCase } from '../support/arbitraries';
import { localRequest, runCase, sampleSeed } from '../support/harness';
import { violationsOf } from './axe';
import { describeInBrowser, inkOf, textOf, visit } from './chromium';
import { usePages, type Pages, withData } from './pages';

let browser: Browser;
let pages: Pages;

type Change = { readonly before: string; readonly after: string };
type StepRow = {
  readonly type: string;
  readonly step_index: number;
  readonly decision: string;
  readonly actions: readonly { readonly type: string; readonly symbol: string; readonly quantity: string; readonly price: string }[];
  readonly state_delta: {
    readonly cash: Change;
    readonly equity: Change;
    readonly exposure: Change;
    readonly positions: Readonly<Record<string, Change>>;
  };
};

const ONE = 100_000_000n;

/** Decimals of the test's own: nothing of src takes part in what is expected here. */
function units(text: string): bigint {
  const [, sign = '', integer = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const magnitude = BigInt(integer + fraction.padEnd(8, '0'));
  return sign === '-' ? -magnitude : magnitude;
}

function shown(value: bigint): string {
  const magnitude = value < 0n ? -value : value;
  const fraction = (magnitude % ONE).toString().padStart(8, '0').replace(/0+$/, '');
  const integer = (magnitude / ONE).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return `${value < 0n ? '−' : ''}${integer}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Half to even. */
function divided(a: bigint, b: bigint): bigint {
  const [quotient, rest] = [a / b, a % b];
  const twice = 2n * rest;
  return twice > b || (twice === b && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

interface Expected {
  readonly decisions: string;
  readonly fees: string;
  readonly fills: string;
  readonly equity: string;
  readonly exposure: string;
  readonly drawdown: string;
  readonly cash: string;
  readonly positions: string;
}

function recomputed(lines: readonly string[], feeBps: bigint, slippageBps: bigint): Expected {
  const steps = lines.map((line) => JSON.parse(line) as StepRow).filter(({ type }) => type === 'step');
  const [first, last] = [steps[0]?.state_delta, steps.at(-1)?.state_delta];
  if (first === undefined || last === undefined) throw new Error('no step');
  const count = (decision: string): string => String(steps.filter((step) => step.decision === decision).length);
  const done = steps.filter(({ decision }) => decision === 'APPROVED').flatMap(({ actions }) => actions);
  const fees = done.reduce((sum, { type, quantity, price }) => {
    // Against the order: a purchase pays more, a sale gets less.
    const slipped = divided(divided(units(price) * slippageBps, ONE), 10_000n);
    const filled = type === 'PlaceBuy' ? units(price) + slipped : units(price) - slipped;
    return sum + divided(divided(units(quantity) * filled, ONE) * feeBps, ONE * 10_000n);
  }, 0n);
  // The deepest share of a peak, compared by cross-multiplying.
  let [peak, deepPeak, deepEquity] = [units(first.equity.before), 1n, 1n];
  for (const { state_delta: delta } of steps) {
    const equity = units(delta.equity.after);
    if (equity > peak) peak = equity;
    if (peak > 0n && (peak - equity) * deepPeak > (deepPeak - deepEquity) * peak) [deepPeak, deepEquity] = [peak, equity];
  }
  const positions = new Map<string, bigint>();
  for (const { state_delta: delta } of steps)
    for (const [symbol, { after }] of Object.entries(delta.positions)) positions.set(symbol, units(after));
  const run = JSON.parse(lines[0] ?? '') as { inputs: { initial_state: { positions: Record<string, string> } } };
  for (const [symbol, quantity] of Object.entries(run.inputs.initial_state.positions))
    if (!positions.has(symbol)) positions.set(symbol, units(quantity));
  const held = [...positions].filter(([, quantity]) => quantity !== 0n).map(([symbol, quantity]) => `${symbol} ${shown(quantity)}`);
  return {
    decisions: `${count('APPROVED')} approved · ${count('REJECTED')} rejected · ${count('HOLD')} hold`,
    fees: shown(fees),
    fills: String(done.length),
    equity: `equity ${shown(units(first.equity.before))} → ${shown(units(last.equity.after))}`,
    exposure: shown(units(last.exposure.after)),
    drawdown: deepPeak === deepEquity ? '' : `${shown(deepPeak)} → ${shown(deepEquity)}`,
    cash: `cash ${shown(units(last.cash.after))}`,
    positions: held.sort().join(' · '),
  };
}

describeInBrowser('the figures on a page', () => {
  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });

  const seed = sampleSeed();
  const cases = fc.sample(arbitraryCase, { seed, numRuns: 6 });

  it.each(cases.map((request, index) => [index, request] as const))(
    `are those of its tape: random run %i of seed ${String(seed)}`,
    async (index, request) => {
      const { files, tape } = await runCase(localRequest(request));
      const directory = join(pages.directory, `random-${String(index)}`);
      await mkdir(directory);
      for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes);
      const policy = JSON.parse(Buffer.from(files['policy.json'] ?? new Uint8Array()).toString('utf8')) as {
        costs: { fee_bps: string; slippage_bps?: string };
      };
      const expected = recomputed(tape, units(policy.costs.fee_bps), units(policy.costs.slippage_bps ?? '0'));
      const { page, complaints, close } = await visit(browser, await pages.report(directory));
      expect(complaints).toEqual([]);
      expect(await textOf(page, '#proof-badge')).toBe('Proven');
      const card = async (name: string): Promise<{ readonly value: string; readonly detail: string }> => ({
        value: await textOf(page, `[data-figure="${name}"] .card-value`),
        detail: await textOf(page, `[data-figure="${name}"] .card-detail`),
      });
      expect((await card('decisions')).detail).toBe(expected.decisions);
      expect((await card('return')).detail).toBe(expected.equity);
      expect((await card('exposure')).value).toBe(expected.exposure);
      expect((await card('fees')).value).toBe(expected.fees);
      expect((await card('fees')).detail).toMatch(new RegExp(`^${expected.fills} fills?:`));
      const drawdown = await card('max-drawdown');
      if (expected.drawdown === '') expect(drawdown.detail).toBe('equity never fell');
      else expect(drawdown.detail.endsWith(expected.drawdown)).toBe(true);
      const final = await card('final-state');
      expect(final.value).toBe(expected.cash);
      expect(final.detail.split(' · ').sort().join(' · ')).toBe(expected.positions === '' ? 'no position' : expected.positions);
      const fills = page.locator('#ledger .table-count');
      if (expected.fills !== '0') expect(await fills.textContent()).toMatch(new RegExp(`^${expected.fills} fill`));
      await close();
    },
  );
});

describeInBrowser('a page that compares two runs', () => {
  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });

  it('says where and why they part, draws both, proves both, and knows a comparison that somebody changed', async () => {
    const a = await pages.run('a');
    const b = await pages.run('b', [], { strategy: join(__dirname, '../../examples/strategies/mean_reversion_zscore.json') });
    const file = await pages.report(a, ['--compare', b]);
    const { page, complaints, requests, close } = await visit(browser, file);
    await page.waitForSelector('#proof-result-b[data-state="proven"]');
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    expect(await textOf(page, '#proof-badge')).toBe('Proven');
    expect(await textOf(page, '#divergence')).toMatch(/^Step 9\. other signals at the same prices/);
    expect(await textOf(page, '#diff-inputs-table')).toContain('/metadata/name"sma_crossover""mean_reversion_zscore"');
    expect(await page.locator('#diff-decisions-table tbody tr').count()).toBe(20);
    expect(await textOf(page, '#diff-ends-table')).toContain('final equity4,377.38');
    const [pane] = await inkOf(page, 'compare-chart');
    expect([(pane?.pixels['A'] ?? 0) > 100, (pane?.pixels['B'] ?? 0) > 100]).toEqual([true, true]);
    expect(await violationsOf(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await violationsOf(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await close();

    const touched = await pages.changed(
      file,
      'touched',
      withData((data) =>
        data.diff === null || data.diff.divergence === null
          ? data
          : { ...data, diff: { ...data.diff, divergence: { ...data.diff.divergence, step_index: 40 } } },
      ),
    );
    const second = await visit(browser, touched);
    expect(await textOf(second.page, '#proof-result')).toBe('Not proven: divergence of the comparison is not what the two tapes come to.');
    await second.close();
  });
});
