/** The pages of the local server as they go over the wire: what is in them, under which headers, and that nothing of a run is markup. */
import { isLeft } from 'fp-ts/Either';
import fc from 'fast-check';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServer } from '../../src/handlers/compose-server';
import { el, escapeHtml, toHtml } from '../../src/handlers/page/markup/markup';
import { type ListedRun, runsTable } from '../../src/handlers/page/markup/runs-table';
import { SERVER_LIMITS } from '../../src/handlers/server/limits';
import { REQUEST_FORMS } from '../../src/handlers/server/request-examples';
import { pageRoute } from '../../src/handlers/server/runs';
import { type RunningServer, startServer, type ServerDeps } from '../../src/handlers/server/server';
import thresholdDemo from '../../examples/strategies/threshold_demo.json';
import { type Called, call, post } from '../support/http-call';

const SEED = 20_261_124;
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`;
const ID = 'a'.repeat(32);

let directory = '';
let url = '';
let server: RunningServer;
const notes: string[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-pages-'));
  url = await serve();
});

afterEach(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

async function serve(change: Partial<ServerDeps> = {}): Promise<string> {
  const note = (what: string): void => {
    notes.push(what);
  };
  const parts = await composeServer(directory, {}, note)();
  if (isLeft(parts)) throw new Error(JSON.stringify(parts.left));
  const started = await startServer({ ...parts.right.deps, limits: SERVER_LIMITS, note, ...change }, '127.0.0.1', 0);
  if ('_tag' in started) throw new Error(started.message);
  server = started;
  return started.url;
}

async function put(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(directory, 'artifacts', folder);
  await mkdir(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

/** What a policy has to say of every page. */
function expectStrict({ headers, text }: Called): void {
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  const directives = String(headers['content-security-policy']).split('; ');
  expect(directives).toEqual(
    expect.arrayContaining(["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]),
  );
  expect(directives.join()).not.toMatch(/unsafe|\*|https?:/);
  const hashed = (tag: 'script' | 'style'): readonly string[] =>
    [...text.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))].map(
      ([, body = '']) => `'sha256-${createHash('sha256').update(body).digest('base64')}'`,
    );
  expect(directives).toContain(`style-src ${hashed('style').join(' ')}`);
  const scripts = hashed('script');
  expect(directives.filter((directive) => directive.startsWith('script-src'))).toEqual(
    scripts.length === 0 ? [] : [`script-src ${scripts.join(' ')}`],
  );
  const tags = text.replace(/id="ewm-data">[^<]*/, '').replace(/"[^"]*"/g, '""');
  expect(tags).not.toMatch(/<[a-z][^>]*\s(on[a-z]+|style)\s*=/i);
}

describe('GET /play', () => {
  it('is a page that asks its server, under the policy of the others', async () => {
    const page = await call(url, '/play');
    expect(page.status).toBe(200);
    expectStrict(page);
    expect(page.headers['content-security-policy']).toContain("connect-src 'self'");
    expect(page.headers['content-security-policy']).toContain("trusted-types 'none'");
    for (const [, path = ''] of page.text.matchAll(/href="(\/[^"]*)"/g)) expect(await call(url, path)).toMatchObject({ status: 200 });
    expect(await call(url, '/play', { method: 'POST' })).toMatchObject({ status: 405 });
  });

  it('lists who granted to whom, what was spent and what was taken back', async () => {
    const budget = { max_steps: 9, max_tool_calls: 9 };
    interface Told {
      readonly session_id: string;
      readonly head: string;
      readonly child: { readonly session_id: string; readonly head: string };
    }
    const send = async (path: string, body: object): Promise<Told> => (await post(url, path, body)).json as Told;
    const root = await send('/sessions', { name: 'root', budget });
    const at = `/sessions/${root.session_id}`;
    const { child, head } = await send(`${at}/fork`, { head: root.head, name: 'child', budget: { max_steps: 4, max_tool_calls: 4 } });
    const below = `/sessions/${child.session_id}`;
    const acted = await send(`${below}/calls`, { head: child.head, calls: [{ name: 'get_price_context', args: {} }] });
    await send(`${below}/close`, { head: acted.head });
    await send(`${at}/reclaim`, { head, child: child.session_id });
    const listed = (await call(url, '/play/sessions')).json as { readonly sessions: readonly { readonly name: string }[] };
    expect([...listed.sessions].sort((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
      { name: 'child', parent: root.session_id, status: 'sealed', granted: { steps: 4 }, spent: { steps: 1 }, returned: { steps: 3 } },
      { name: 'root', parent: null, status: 'open', granted: { steps: 9 }, spent: { steps: 1 }, returned: null },
    ]);
    expect(listed).toMatchObject({ unreadable: [], more: false });
    expect((await call(url, `/play/sessions?after=${'f'.repeat(32)}`)).json).toEqual({
      sessions: [],
      unreadable: [],
      last: null,
      more: false,
    });
    expect(await call(url, '/play/sessions?after=x')).toMatchObject({ status: 400 });
  });

  it('names a session that somebody changed, and lists the others', async () => {
    const { session_id: changed } = (await post(url, '/sessions', { name: 'changed' })).json as { session_id: string };
    await post(url, '/sessions', { name: 'whole' });
    const file = join(directory, 'sessions', changed, 'segments', '00000000.jsonl');
    await chmod(file, 0o600);
    await writeFile(file, '{"type":"run"}\n');
    const { sessions, unreadable } = (await call(await restarted(), '/play/sessions')).json as {
      readonly sessions: readonly { readonly name: string }[];
      readonly unreadable: readonly object[];
    };
    expect(sessions.map(({ name }) => name)).toEqual(['whole']);
    expect(unreadable).toEqual([{ session_id: changed, why: expect.stringContaining(`session ${changed}, segment 0`) as unknown }]);
  });
});

/** Another process knows nothing but what is stored. */
async function restarted(): Promise<string> {
  await server.stop();
  url = await serve();
  return url;
}

describe('GET /', () => {
  it('lists the runs, the newest first, with a link to each report and file', async () => {
    const { run_id: first } = (await post(url, '/agentcore/base', {})).json as { run_id: string };
    const { run_id: second } = (await post(url, '/agentcore/base', { steps: 2, budget: { max_steps: 1 } })).json as { run_id: string };
    const page = await call(url, '/');
    expect(page.status).toBe(200);
    expectStrict(page);
    expect(page.headers['content-security-policy']).toContain("connect-src 'self'");
    expect([...page.text.matchAll(/href="\/runs\/([0-9a-f]{32})\/report"/g)].map(([, id]) => id)).toEqual([second, first]);
    expect(page.text).toContain('<span class="badge warn">stopped: max_steps</span>');
    for (const file of ['tape.jsonl', 'run.json', 'report.md']) expect(page.text).toContain(`href="/runs/${first}/${file}"`);
    for (const [, path = ''] of page.text.matchAll(/href="(\/[^"]*)"/g)) expect(await call(url, path)).toMatchObject({ status: 200 });
  });

  it('says of each when it ended, by which strategy, how far it came and what it spent; a breaker is told from a failure', async () => {
    await post(url, '/agentcore/base', { steps: 2, budget: { max_steps: 2 } });
    const rejected = { name: 'simulate_and_verify', args: { step: 0, actions: [{ type: 'PlaceSell', symbol: 'AAPL', quantity: '1' }] } };
    await post(url, '/agentcore/tools', { budget: { max_steps: 1, max_tool_calls: 1 }, tool_plan: [rejected] });
    const { runs } = (await call(url, '/runs')).json as { runs: readonly ListedRun[] };
    expect(runs).toMatchObject([
      { mode: 'agentcore-tools', ok: false, limiter: null, error: 'simulation_rejected', steps: 0 },
      {
        strategy: 'threshold_demo',
        ok: true,
        steps: 2,
        budget_state: { steps: 2 },
        final_equity: expect.stringMatching(/^[0-9.]+$/) as unknown,
      },
    ]);
    for (const { finished_at: at } of runs) expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
    const { text } = await call(url, '/');
    expect(text).toContain('<span class="badge bad">failed: simulation_rejected</span>');
    expect(text).toMatch(/data-label="Strategy">threshold_demo<.*data-label="Steps">2<.*data-label="Spent">2 steps</s);
    // Forms are folded away below the list, and the filter waits for the program in the page.
    expect(text).not.toContain('<details open');
    expect(text).toMatch(/<input id="runs-filter" type="search" disabled=""/);
  });

  it('says what to do when there is no run', async () => {
    const page = await call(url, '/');
    expect(page.text).toContain('No run yet.');
    expect(page.text).toContain('Sending a request needs JavaScript');
    expectStrict(page);
  });

  it('has a form for every handler, whose examples are answered', async () => {
    const { text } = await call(url, '/');
    for (const { path, examples } of REQUEST_FORMS) {
      expect(text).toContain(`data-path="${path}"`);
      for (const { title, body } of examples) {
        expect(text).toContain(escapeHtml(body));
        const { status } = await post(url, path, JSON.parse(body) as object);
        expect({ title, status }).toEqual({ title, status: /not legal/.test(title) ? 400 : /too small/.test(title) ? 422 : 200 });
      }
    }
  });

  it('has the requests of docs/curl-examples.md among its examples', async () => {
    const text = await readFile(join(__dirname, '../../docs/curl-examples.md'), 'utf8');
    const documented = [...text.matchAll(/:3000(\/agentcore\/[a-z]+) [^']*'content-type: application\/json' -d '([^']*)'/g)];
    expect(documented.length).toBeGreaterThan(5);
    const offered = REQUEST_FORMS.flatMap(({ path, examples }) => examples.map(({ body }): unknown => [path, JSON.parse(body)]));
    for (const [, path, body = ''] of documented) expect(offered).toContainEqual([path, JSON.parse(body)]);
  });

  it('shows the newest hundred and says how many there are', async () => {
    for (let index = 0; index < 102; index += 1) {
      await put(index.toString(16).padStart(32, '0'), {
        'run.json': JSON.stringify({ run_id: 'x', mode: 'agentcore-base', ok: true, decisions: {} }),
      });
    }
    const { text } = await call(url, '/');
    expect(text.match(/\/report"/g)).toHaveLength(100);
    expect(text).toContain('The newest 100 of 102 runs.');
  });

  it('shows what a hostile run.json says as text, and makes no link of a folder that is none of a run', async () => {
    const run = {
      run_id: HOSTILE,
      mode: HOSTILE,
      ok: false,
      error: { code: HOSTILE, limiter: HOSTILE },
      decisions: { [HOSTILE]: HOSTILE },
      digests: { [HOSTILE]: 'x' },
    };
    await put(ID, { 'run.json': JSON.stringify(run) });
    await put('not-an-id', { 'run.json': JSON.stringify({ run_id: 1, mode: null, ok: {}, error: [], decisions: 'x' }) });
    const page = await call(url, '/');
    expectStrict(page);
    expect(page.text).not.toContain('<script>alert');
    expect(page.text).not.toContain('<img');
    expect(page.text).toContain(escapeHtml(HOSTILE));
    expect(page.text).not.toContain('href="/runs/not-an-id');
  });

  it('says so when the runs cannot be listed', async () => {
    const note = (): void => undefined;
    const parts = await composeServer(directory, {}, note)();
    if (isLeft(parts)) throw new Error(parts.left._tag);
    const shelf = parts.right.deps.catalog.map((source) => ({
      ...source,
      index: {
        recent: () => () =>
          Promise.resolve({
            _tag: 'Left' as const,
            left: { _tag: 'Unreadable' as const, path: '/secret/place', reason: 'permission denied' },
          }),
      },
    }));
    await server.stop();
    const page = await call(await serve({ catalog: shelf }), '/');
    expect(page.status).toBe(503);
    expectStrict(page);
    expect(page.text).not.toContain('/secret/place');
  });
});

describe('GET /runs/{run_id}/report', () => {
  const strategy = { ...thresholdDemo, metadata: { ...thresholdDemo.metadata, name: HOSTILE } };
  const data = ({ text }: Called): unknown => JSON.parse(/id="ewm-data">([^<]*)</.exec(text)?.[1] ?? '');

  it('is the report page of that run, with its policy as a header, and its texts in data alone', async () => {
    const { run_id: runId } = (await post(url, '/agentcore/base', { strategy })).json as { run_id: string };
    const page = await call(url, `/runs/${runId}/report`);
    expect(page.status).toBe(200);
    expectStrict(page);
    expect(page.headers['content-security-policy']).not.toContain('connect-src');
    expect(page.text).not.toContain('<script>alert');
    expect(data(page)).toMatchObject({ version: 1, a: { name: runId } });
    const { a } = data(page) as { a: { files: Readonly<Record<string, string>> } };
    expect(JSON.parse(a.files['strategy.json'] ?? '')).toMatchObject({ metadata: { name: HOSTILE } });
  });

  it('is there for a part that the clock stopped', async () => {
    const { run_id: runId } = (await post(url, '/agentcore/base', {})).json as { run_id: string };
    const folder = `${runId}-stopped-${'b'.repeat(16)}`;
    const tape = await readFile(join(directory, 'artifacts', runId, 'tape.jsonl'), 'utf8');
    await put(folder, {
      'tape.jsonl': tape,
      'run.json': JSON.stringify({ run_id: runId, mode: 'agentcore-base', ok: false, decisions: {} }),
    });
    expect(await call(url, `/runs/${folder}/report`)).toMatchObject({ status: 200 });
    expect((await call(url, '/')).text).toContain(`href="/runs/${folder}/report"`);
  });

  it('is there for a tape that is broken or unsealed: the page says what is wrong', async () => {
    await put(ID, { 'tape.jsonl': `${HOSTILE}\n{"type":"step"`, 'run.json': 'not JSON' });
    const page = await call(url, `/runs/${ID}/report`);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('<script>alert');
  });

  it('is a page that says why where there is none', async () => {
    const missing = await call(url, `/runs/${ID}/report`);
    expect(missing.status).toBe(404);
    expectStrict(missing);
    expect(missing.text).toContain('No such run');
    const path = await put(ID, {});
    await mkdir(join(path, 'tape.jsonl'));
    const odd = await call(url, `/runs/${ID}/report`);
    expect(odd.status).toBe(503);
    expect(odd.text).toContain('tape.jsonl: is a directory.');
    expect(odd.text).not.toContain(directory);
  });

  it.each(['tape.jsonl', 'strategy.json'])('does not follow a link out of the artifacts: %s', async (file) => {
    await writeFile(join(directory, 'secret'), 'a secret\n');
    const path = await put(ID, file === 'tape.jsonl' ? {} : { 'tape.jsonl': '{}\n' });
    await symlink(join(directory, 'secret'), join(path, file));
    const page = await call(url, `/runs/${ID}/report`);
    expect(page.status).toBe(503);
    expect(page.text).toContain('a symbolic link leads out of the artifact directory');
  });

  it('is answered to each of many who ask at once', async () => {
    const { run_id: runId } = (await post(url, '/agentcore/base', {})).json as { run_id: string };
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => call(url, `/runs/${index % 2 === 0 ? runId : ID}/report`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 200, 404, 200, 404, 200, 404]);
  });
});

describe('the routes of pages', () => {
  it.each(['/', `/runs/${ID}/report`])('%s take GET and HEAD, and refuse others and foreigners', async (path) => {
    await put(ID, { 'tape.jsonl': '{}\n' });
    const head = await call(url, path, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers['content-security-policy']).toBeDefined();
    expect(await post(url, path, {})).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect(await call(url, path, { headers: { Origin: 'https://evil.example' } })).toMatchObject({ status: 403 });
    expect(await call(url, path, { headers: { Origin: 'null' } })).toMatchObject({ status: 403 });
    expect(await call(url, path, { headers: { Host: 'evil.example' } })).toMatchObject({ status: 421 });
    expect(await call(url, path, { headers: { Origin: url } })).toMatchObject({ status: 200 });
  });

  it('lead nowhere else', async () => {
    for (const path of [
      '/index.html',
      '//',
      `/runs/${ID}/report/`,
      `/runs/${ID}/report.html`,
      `/runs/${ID}/REPORT`,
      '/runs/../report',
      `/runs/${ID}-stopped-x/report`,
      '/report',
    ]) {
      expect(pageRoute(path, '')).toBeUndefined();
      expect(await call(url, path)).toMatchObject({ status: 404, headers: { 'content-type': 'application/json' } });
    }
  });

  it('never give an artifact as a page', async () => {
    await put(
      ID,
      Object.fromEntries(['report.md', 'run.json', 'tape.jsonl'].map((file) => [file, `<!doctype html><script>alert(1)</script>`])),
    );
    for (const file of ['report.md', 'run.json', 'tape.jsonl']) {
      const { headers } = await call(url, `/runs/${ID}/${file}`);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-type']).not.toContain('html');
    }
  });
});

describe('markup', () => {
  it('of any text is that text again, and never a tag', () => {
    const unescaped = (html: string): string =>
      html.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name] ?? '');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const html = toHtml(el('td', { title: text }, text));
        expect(html.replace(/[^<>"]/g, '')).toBe('<""><>');
        expect(unescaped(escapeHtml(text))).toBe(text.toWellFormed());
      }),
      { seed: SEED },
    );
  });

  it('of any run is a row without a tag of its own', () => {
    const tags = (run: ListedRun): readonly string[] =>
      [
        ...runsTable({ runs: [run], total: 1 })
          .map(toHtml)
          .join('')
          .matchAll(/<\/?([a-z0-9]+)/g),
      ].map(([, tag = '']) => tag);
    const known = new Set([
      'table',
      'thead',
      'tbody',
      'tr',
      'th',
      'td',
      'a',
      'code',
      'span',
      'details',
      'summary',
      'ul',
      'li',
      'p',
      'time',
    ]);
    const anything = fc
      .anything({ values: [fc.constant(HOSTILE), fc.string(), fc.integer(), fc.constant(null)], maxDepth: 1 })
      .map((value): unknown => JSON.parse(JSON.stringify({ value })))
      .map((holder) => (holder as { value?: unknown }).value);
    fc.assert(
      fc.property(
        fc.record({
          run_id: anything,
          mode: anything,
          ok: anything,
          limiter: anything,
          error: anything,
          decisions: anything,
          steps: anything,
          final_equity: anything,
          budget_state: anything,
          strategy: anything,
          finished_at: fc.constantFrom('2026-11-26T12:00:00.000Z', HOSTILE),
        }),
        fc.array(fc.constantFrom('run.json', HOSTILE)),
        fc.constantFrom(`artifacts/${ID}`, `artifacts/${HOSTILE}`),
        fc.constantFrom(
          `/runs/${ID}`,
          `/runs/${HOSTILE}`,
          `/dirs/0/${encodeURIComponent(HOSTILE)}`,
          `/dirs/0/${HOSTILE}`,
          'javascript:alert(1)',
        ),
        (run, files, artifactDir, address) => {
          expect(tags({ ...run, files, artifact_dir: artifactDir, address }).filter((tag) => !known.has(tag))).toEqual([]);
        },
      ),
      { seed: SEED },
    );
  });
});
