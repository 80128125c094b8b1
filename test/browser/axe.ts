/** What axe-core finds wrong with a page. Invariant: a run of it that looked at next to nothing is no result. */
import type { AxeResults, RunOptions } from 'axe-core';
import { readFile } from 'node:fs/promises';
import type { Frame, Page } from 'playwright-core';

interface Axe {
  readonly run: (options: RunOptions) => Promise<AxeResults>;
}

const RULES_MIN = 20;

export async function violationsOf(page: Page | Frame): Promise<readonly unknown[]> {
  await page.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations, passes } = await page.evaluate(() => (window as unknown as { axe: Axe }).axe.run({ resultTypes: ['violations'] }));
  if (passes.length <= RULES_MIN) throw new Error(`axe looked at ${String(passes.length)} rules only`);
  return violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ html }) => html.slice(0, 160)) }));
}
