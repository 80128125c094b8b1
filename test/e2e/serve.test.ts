import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ewm, PROGRAM, serveBuilt, type Served } from '../support/built-cli';
import { call, post } from '../support/http-call';

let directory = '';
let on: Served;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-e2e-'));
  on = await serveBuilt(join(directory, 'on'), { ENABLE_AGENTCORE_MEMORY: '1' });
});

afterAll(async () => {
  await on.stop('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

describe('the curl examples', () => {
  interface Example {
    readonly command: string;
    readonly whole: boolean;
    readonly expected: object;
  }

  async function examples(document: string): Promise<readonly Example[]> {
    const text = await readFile(join(__dirname, '../..', document), 'utf8');
    const pairs = [...text.matchAll(/```sh\n([^`]*)```\n\n(Whole answer|In the answer):\n\n```json\n([^`]*)```/g)];
    return pairs.map(([, command = '', kind, json = '']) => ({
      command,
      whole: kind === 'Whole answer',
      expected: JSON.parse(json) as object,
    }));
  }

  it.each([
    ['docs/curl-examples.md', 8],
    ['README.md', 3],
  ])('answer what %s says', async (document, atLeast) => {
    const all = await examples(document);
    expect(all.length).toBeGreaterThanOrEqual(atLeast);
    // Nothing else of the document is ever run.
    for (const { command } of all) expect(command).toMatch(/^curl -s http:\/\/127\.0\.0\.1:3000\//);
    for (const { command, whole, expected } of all) {
      const output = await shell(command.replaceAll('http://127.0.0.1:3000', on.url));
      const answer = JSON.parse(output) as object;
      if (whole) expect(answer).toEqual(expected);
      else expect(answer).toMatchObject(expected);
    }
  });

  function shell(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile('sh', ['-c', command], { timeout: 10_000, env: { PATH: process.env['PATH'], no_proxy: '*' } }, (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${command}: ${error.message}`));
      });
    });
  }
});

describe('the built server', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 at %s, and not before what runs is answered', async (signal) => {
    const server = await serveBuilt(join(directory, signal));
    const running = post(server.url, '/agentcore/base', { steps: 5, budget: { max_steps: 5 } });
    await call(server.url, '/runs');
    const end = await server.stop(signal);
    expect(await running).toMatchObject({ status: 200 });
    expect(end).toMatchObject({ exit: 0 });
    expect(end.err).toContain('stopping');
  });

  it('ends when the process that started it is killed', async () => {
    const script = `
      const args = [${JSON.stringify(PROGRAM)}, 'serve', '--port', '0', '--json', '--data', ${JSON.stringify(join(directory, 'orphan'))}];
      const child = require('node:child_process').spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] });
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const { url } = JSON.parse(line) as { url: string };
    expect(await call(url, '/health')).toMatchObject({ status: 200 });
    parent.kill('SIGKILL');
    const until = Date.now() + 5_000;
    let refused = false;
    while (!refused && Date.now() < until) {
      refused = await call(url, '/health').then(
        () => false,
        () => true,
      );
    }
    expect(refused).toBe(true);
  });
});

describe('ewm smoke local', () => {
  it('starts a server, checks all modes and leaves nothing behind', async () => {
    const scratch = await mkdtemp(join(directory, 'tmp-'));
    const { exit, out, err } = await ewm(['smoke', 'local'], { TMPDIR: scratch });
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    for (const mode of ['base', 'tools', 'memory']) expect(out).toMatch(new RegExp(`^smoke ${mode}: all [0-9]+ checks hold$`, 'm'));
    // Node keeps compiled code there.
    expect((await readdir(scratch)).filter((name) => name !== 'node-compile-cache')).toEqual([]);
    const url = /GET (http:\S+)\/health/.exec(out)?.[1] ?? '';
    await expect(call(url, '/health')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('ewm demo', () => {
  it('ends with a command that proves the run', async () => {
    const { exit, out } = await ewm(['demo', 'tools'], { EWM_API_URL: on.url });
    expect(exit).toBe(0);
    const next = /ewm (verify \S+)/.exec(out)?.[1]?.split(' ') ?? [];
    expect(await ewm(next)).toMatchObject({ exit: 0, out: expect.stringContaining('proven') as string });
  });
});
