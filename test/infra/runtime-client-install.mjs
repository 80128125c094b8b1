// Installs AWS's runtime client for Node (npm package `aws-lambda-ric`) into tmp/runtime-client, once: it compiles curl and a native addon,
// which takes minutes and tools that not every machine has. Where that cannot be done it writes the reason to tmp/runtime-client/missing.txt.
// Node 24 goes into tmp/node24. It never fails: the tests and the benchmark show the reason, and skip or fail as they were told to.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const VERSION = '4.0.2';
const FOLDER = resolve(import.meta.dirname, '../../tmp/runtime-client');
const PACKAGE = join(FOLDER, 'node_modules/aws-lambda-ric');
const MISSING = join(FOLDER, 'missing.txt');
const LOG = join(FOLDER, 'install.log');
/** What the package's own build calls, and what Debian calls the packages that have them. */
const TOOLS = { cmake: 'cmake', make: 'make', 'g++': 'g++', python3: 'python3', tar: 'tar', xz: 'xz-utils' };

installNode24();
if (!isInstalled()) {
  const missing = process.platform === 'linux' ? (missingTools() ?? install()) : 'aws-lambda-ric is for Linux only';
  if (missing === undefined) rmSync(MISSING, { force: true });
  else note(missing);
}

/** The Node of the next runtime: the zips run on it, too. */
function installNode24() {
  const folder = resolve(import.meta.dirname, '../../tmp/node24');
  if (existsSync(join(folder, 'node_modules/.bin/node'))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true,"allowScripts":{"node":true}}\n');
  spawnSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, 'node@24'], { stdio: 'inherit' });
}

function isInstalled() {
  if (!existsSync(join(PACKAGE, 'rapid-client.node'))) return false;
  return JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')).version === VERSION;
}

function missingTools() {
  const lacking = Object.entries(TOOLS).filter(([tool]) => !onPath(tool));
  if (lacking.length === 0) return undefined;
  return `aws-lambda-ric has to be compiled, and there is no ${lacking.map(([tool]) => tool).join(', ')} (apt-get install ${lacking.map(([, name]) => name).join(' ')})`;
}

function install() {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), '{"private":true,"allowScripts":{"aws-lambda-ric":true}}\n');
  console.log(`compiling aws-lambda-ric ${VERSION} into tmp/runtime-client: once, some minutes`);
  const log = openSync(LOG, 'w');
  const command = ['install', '--no-audit', '--no-fund', '--foreground-scripts', '--prefix', FOLDER, `aws-lambda-ric@${VERSION}`];
  const { status } = spawnSync('npm', command, { stdio: ['ignore', log, log], env: { ...process.env, ...headers() } });
  closeSync(log);
  if (status === 0 && isInstalled()) return undefined;
  return `aws-lambda-ric ${VERSION} could not be compiled: see tmp/runtime-client/install.log`;
}

// The addon uses Node-API alone, so the headers of any Node on this machine do, and npm need not fetch those of the Node that runs this.
function headers() {
  if (process.env.npm_config_nodedir !== undefined) return {};
  const prefix = path()
    .map((folder) => resolve(folder, '..'))
    .find((folder) => existsSync(join(folder, 'include/node/node_api.h')));
  return prefix === undefined ? {} : { npm_config_nodedir: prefix };
}

function onPath(tool) {
  return path().some((folder) => existsSync(join(folder, tool)));
}

function path() {
  return (process.env.PATH ?? '').split(delimiter);
}

function note(missing) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(MISSING, `${missing}\n`);
  console.error(missing);
}
