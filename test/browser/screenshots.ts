/**
 * The pictures of the README, of the demo's report, of a sweep and of a server that was asked a few things: `make screenshots`.
 * Invariant: nothing of the machine is in them, no clock and no run with a random id, so the same build draws the same.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ewm, serveBuilt } from '../support/built-cli';
import { post } from '../support/http-call';
import { launch, openPage } from './chromium';

const SIZE = { width: 1280, height: 800 } as const;
/** The heat map and the panes of the axes. */
const SWEEP_SIZE = { width: 1280, height: 740 } as const;
const [run = '', images = ''] = process.argv.slice(2);

const ASKED: readonly (readonly [string, object])[] = [
  ['/agentcore/base', {}],
  ['/agentcore/base', { steps: 5, budget: { max_steps: 2 } }],
  ['/agentcore/tools', { budget: { max_steps: 3, max_tool_calls: 1 } }],
  ['/agentcore/tools', { budget: { max_steps: 3, max_tool_calls: 3 } }],
  [
    '/agentcore/tools',
    {
      budget: { max_steps: 2, max_tool_calls: 2 },
      tool_plan: ['evaluate_strategy', 'execute'].map((name) => ({ name, args: { step: 0 } })),
    },
  ],
];

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-pictures-'));
  const server = await serveBuilt(join(directory, 'served'));
  const browser = await launch();
  try {
    const file = join(directory, 'report.html');
    const made = await ewm(['report', run, '--out', file]);
    if (made.exit !== 0) throw new Error(made.err);
    const report = await openPage(browser, `file://${file}`, SIZE);
    await report.page.waitForSelector('#proof-result[data-state="proven"]');
    await report.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    await picture('report', (path) => report.page.screenshot({ path }));

    const sweep = join(directory, 'sweep');
    const swept = await ewm(['sweep', '--spec', 'examples/sweeps/sma.json', '--out', sweep]);
    if (swept.exit !== 0) throw new Error(swept.err);
    const cells = await openPage(browser, `file://${join(sweep, 'report.html')}`, SWEEP_SIZE);
    await cells.page.waitForSelector('main[data-state="drawn"]');
    await cells.page.evaluate(() => {
      document.querySelector('#heat-map')?.scrollIntoView({ behavior: 'instant' });
    });
    await picture('sweep', (path) => cells.page.screenshot({ path }));

    for (const [path, body] of ASKED) await post(server.url, path, body);
    const list = await openPage(browser, server.url, SIZE);
    await list.page.click('#base-open');
    await list.page.locator('#base-send').press('Enter');
    await list.page.waitForSelector('#base-answer pre');
    await list.page.waitForFunction((runs) => document.querySelectorAll('.runs tbody tr').length === runs, ASKED.length + 1);
    await list.page.click('#base-open');
    await list.page.mouse.move(0, 0);
    await list.page.evaluate(() => {
      window.scrollTo({ top: 0, behavior: 'instant' });
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    });
    await picture('server', (path) => list.page.screenshot({ path }));
  } finally {
    await browser.close();
    await server.stop('SIGTERM');
    await rm(directory, { recursive: true, force: true });
  }
}

async function picture(name: string, take: (path: string) => Promise<unknown>): Promise<void> {
  const path = join(images, `${name}.png`);
  await take(path);
  process.stdout.write(`${path}: ${String(Math.ceil((await stat(path)).size / 1000))} KB\n`);
}

void main();
