// The MCP Inspector's command line against this build: it lists every tool with its portability checks, calls each, reads a resource of each
// kind and gets the prompt. `make mcp-inspector`; not among the tests, for it brings 140 MB that nothing else needs.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '2.12.0';
const PREFIX = 'tmp/inspector';
const INSPECTOR = join(PREFIX, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');

const run = promisify(execFile);
const data = await mkdtemp(join(tmpdir(), 'ewm-inspector-'));

if (!existsSync(INSPECTOR)) {
  await mkdir(PREFIX, { recursive: true });
  await run('npm', ['install', '--prefix', PREFIX, '--no-save', '--ignore-scripts', `@modelcontextprotocol/inspector@${VERSION}`]);
}

async function inspect(...args) {
  const server = [process.execPath, 'dist/ewm.cjs', 'mcp', '--data', data];
  const { stdout } = await run(process.execPath, [INSPECTOR, '--cli', ...server, ...args], { maxBuffer: 16_000_000 });
  return JSON.parse(stdout);
}

const called = new Set();
async function call(tool, args = {}) {
  const pairs = Object.entries(args).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const result = await inspect('--method', 'tools/call', '--tool-name', tool, ...(pairs.length > 0 ? ['--tool-arg', ...pairs] : []));
  if (result.structuredContent?.ok !== true) throw new Error(`${tool}: ${JSON.stringify(result)}`);
  called.add(tool);
  console.log(`${tool}: ok`);
  return result.structuredContent;
}

try {
  // An error of --strict is an exit code of its own.
  const { tools } = await inspect('--method', 'tools/list', '--strict');
  const budget = { max_steps: 8, max_tool_calls: 8 };
  let { session_id, head } = await call('world_create', { name: 'inspected', budget });
  const calls = [{ name: 'execute', args: { actions: [] } }];
  await call('world_observe', { session_id, history: 2 });
  await call('world_quote', { session_id, calls });
  ({ head } = await call('world_simulate', { session_id, head, actions: [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '1' }] }));
  ({ head } = await call('world_act', { session_id, head, calls }));
  const forked = await call('world_fork', { session_id, head, name: 'child', budget: { max_steps: 2, max_tool_calls: 2 } });
  const { child } = forked;
  await call('world_close', { session_id: child.session_id, head: child.head });
  await call('world_reclaim', { session_id, head: forked.head, child: child.session_id });
  await call('world_history', { session_id });
  await call('world_verify', { session_id });
  const missed = tools.map(({ name }) => name).filter((name) => !called.has(name));
  if (missed.length > 0) throw new Error(`not called: ${missed.join(', ')}`);
  const { resources } = await inspect('--method', 'resources/list');
  const kinds = new Map(resources.map(({ uri }) => [uri.split('/').at(-1), uri]));
  for (const [kind, uri] of kinds) {
    const { contents } = await inspect('--method', 'resources/read', '--uri', uri);
    if (!contents[0].text) throw new Error(`${uri}: empty`);
    console.log(`${kind}: ok`);
  }
  const { prompts } = await inspect('--method', 'prompts/list');
  for (const { name } of prompts) await inspect('--method', 'prompts/get', '--prompt-name', name);
  console.log(`the Inspector ${VERSION} called ${called.size} tools, read ${kinds.size} resources, got ${prompts.length} prompt`);
} finally {
  await rm(data, { recursive: true, force: true });
}
