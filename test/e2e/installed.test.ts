/** The package as it is published: packed, installed without a network, and run. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly name: string; readonly version: string };

/** Entries that load a framework, which an empty folder has not. */
const NEEDS_FRAMEWORK: readonly string[] = ['./strands', './langchain'];

let directory = '';
let installed = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-installed-'));
  // Packed from a copy: what a script of the package would build is there, and nothing is written into the checkout.
  const copy = join(directory, 'copy');
  await mkdir(copy);
  for (const entry of ['package.json', 'LICENSE', 'README.md', 'dist']) await cp(join(ROOT, entry), join(copy, entry), { recursive: true });
  const npm = { cwd: copy, env: { ...process.env, npm_config_cache: join(directory, 'cache'), npm_config_offline: 'true' } };
  await run('npm', ['pack', '--pack-destination', directory], npm);
  installed = join(directory, 'project');
  await mkdir(installed);
  await writeFile(join(installed, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--no-audit', '--no-fund', tarball()], { ...npm, cwd: installed });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function tarball(): string {
  return join(directory, `${PACKAGE.name}-${PACKAGE.version}.tgz`);
}

async function ewm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(join(installed, 'node_modules', '.bin', 'ewm'), args, { cwd: installed });
  return stdout;
}

it('brings no other package with it, and is small', async () => {
  const modules = (await readdir(join(installed, 'node_modules'))).filter((name) => !name.startsWith('.'));
  expect(modules).toEqual([PACKAGE.name]);
  const files = await readdir(join(installed, 'node_modules', PACKAGE.name), { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    files.filter((file) => file.isFile()).map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  // 50 packages and 60 MB before; the bundles have about 3 MB.
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(4_000_000);
  // The aim is 1 MB, and it is missed: a fifth is the engine of world files, an eighth the server of MCP, a tenth its client. It does not grow unseen.
  expect((await stat(tarball())).size).toBeLessThan(1_240_000);
});

it('has the license of every package that it bundles', async () => {
  const licenses = await readFile(join(installed, 'node_modules', PACKAGE.name, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  for (const name of ['@aws-sdk/client-s3', 'commander', 'fp-ts', 'io-ts', 'lightweight-charts'])
    expect(licenses).toMatch(new RegExp(`^${name} [0-9.]+ \\(.+\\)$`, 'm'));
});

it('runs every kind of command: each is in a bundle of its own', async () => {
  expect(await ewm('--version')).toContain(PACKAGE.version);
  await cp(join(ROOT, 'examples/strategies/threshold_demo.json'), join(installed, 'strategy.json'));
  await cp(join(ROOT, 'examples/fixtures/trading_path.json'), join(installed, 'market.json'));
  await ewm('run', '--market', 'market.json', '--strategy', 'strategy.json', '--out', 'run');
  expect(await ewm('verify', 'run')).toContain('proven');
  expect(await ewm('show', 'run')).toContain('equity');
  await ewm('report', 'run', '--out', 'run.html');
  expect(await readFile(join(installed, 'run.html'), 'utf8')).toContain('<!doctype html>');
  expect(await ewm('smoke', 'local')).toContain('smoke memory: all');
});

it('says in a receipt which program signed, as its files say it', async () => {
  await ewm('keygen', '--out', 'key.pem');
  await ewm('sign', 'run', '--key', 'key.pem');
  const { payload } = JSON.parse(await readFile(join(installed, 'run/receipt.json'), 'utf8')) as { readonly payload: string };
  const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as { readonly predicate: { readonly program: object } };
  const command = 'LC_ALL=C sha256sum *.cjs shared/*.cjs | sha256sum';
  const { stdout } = await run('sh', ['-c', command], { cwd: join(installed, 'node_modules', PACKAGE.name, 'dist') });
  expect(statement.predicate.program).toEqual({ name: 'ewm', version: PACKAGE.version, sha256: stdout.split(' ')[0] });
});

/** The programs of a document, each named by the comment that it begins with. */
function programsOf(document: string): readonly { readonly name: string; readonly text: string }[] {
  const fences = readFileSync(join(ROOT, document), 'utf8').matchAll(/^```js\n(\/\/ (\S+)\n[^]*?)^```$/gm);
  return [...fences].map(([, text = '', name = '']) => ({ name, text }));
}

it('runs what the README shows of the library, tests under Jest among them', async () => {
  const programs = programsOf('README.md');
  expect(programs.map(({ name }) => name)).toEqual(['run.mjs', 'memory.test.cjs']);
  for (const { name, text } of programs) await writeFile(join(installed, name), text);
  const { stdout } = await run(process.execPath, ['run.mjs'], { cwd: installed });
  expect(stdout).toBe('1005\nProven\n');
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  const config = JSON.stringify({ rootDir: installed, testMatch: ['**/*.test.cjs'], transform: {} });
  const { stderr } = await run(process.execPath, [jest, '--config', config, '--silent'], { cwd: installed });
  expect(stderr).toMatch(/Tests: +9 passed, 9 total/);
});

it('has no effect at its top: importing every entry writes nothing, listens to nothing and ends', async () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, unknown>>;
  };
  const entries = Object.keys(exports)
    .filter((entry) => entry !== './package.json' && !NEEDS_FRAMEWORK.includes(entry))
    .map((entry) => PACKAGE.name + entry.slice(1));
  const imports = entries.map((entry) => `await import('${entry}'); require('${entry}');`).join('\n');
  const program = `import { createRequire } from 'node:module';
    const require = createRequire(process.cwd() + '/x.js');
    const before = Object.getOwnPropertyNames(globalThis).length;
    ${imports}
    if (Object.getOwnPropertyNames(globalThis).length !== before) throw new Error('globals');
    if (process.getActiveResourcesInfo().length > 0) throw new Error(process.getActiveResourcesInfo().join());`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: installed });
  expect(stdout + stderr).toBe('');
});
