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
  const tarball = join(directory, `${PACKAGE.name}-${PACKAGE.version}.tgz`);
  await run('npm', ['install', '--no-audit', '--no-fund', tarball], { ...npm, cwd: installed });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

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
  // 50 packages and 60 MB before; the bundles have about 2 MB.
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(4_000_000);
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
