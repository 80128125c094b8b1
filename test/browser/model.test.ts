import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { makeScriptedPlanner } from '../../src/adapters/in-process/planner';
import { invoke, makeTestHandler, storedFiles } from '../support/handlers';
import { violationsOf } from './axe';
import { describeInBrowser, inkOf, textOf, visit } from './chromium';
import { usePages, type Pages } from './pages';

let browser: Browser;
let pages: Pages;

const PLAN = [
  { name: 'evaluate_strategy', args: { step: 0 } },
  { name: 'propose_plan', args: { goal: '<i>grow</i>' } },
  { name: 'propose_plan', args: { goal: 'more' } },
];

describeInBrowser('the page of a run that asked a model', () => {
  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });

  it('shows what the model was asked and answered, and which breaker stopped the next call', async () => {
    const handler = makeTestHandler('agentcore-tools', {}, { planner: makeScriptedPlanner() });
    const budget = { max_steps: 6, max_tool_calls: 6, max_model_calls: 1 };
    const answer = await invoke(handler, { budget, tool_plan: PLAN });
    expect(answer).toMatchObject({ ok: false, error: { code: 'budget_exceeded', limiter: 'max_model_calls' } });
    const directory = join(pages.directory, 'model');
    await mkdir(directory);
    for (const [name, bytes] of Object.entries(await storedFiles(handler.artifacts, handler.mode, answer.artifact_dir ?? '')))
      await writeFile(join(directory, name), bytes);
    const { page, complaints, close } = await visit(browser, await pages.report(directory));
    expect(complaints).toEqual([]);
    expect(await textOf(page, '.badges')).toBe('Stopped by max_model_callsProven');
    const rows = await page.locator('#calls-table tbody tr').allTextContents();
    expect(rows.some((row) => /model/.test(row) && row.includes('<i>grow</i>'))).toBe(true);
    expect(await textOf(page, '.meters')).toContain('1 of 1 model callstripped: 1 more asked for');
    const panes = await inkOf(page, 'budget-chart');
    const model = panes.find(({ title }) => title === 'max_model_calls');
    expect([(model?.pixels['used'] ?? 0) > 100, (model?.pixels['sell'] ?? 0) > 20]).toEqual([true, true]);
    expect(await violationsOf(page)).toEqual([]);
    await close();
  });
});
