/**
 * The public conformance suite against `/mcp` of the built program, for both generations of the protocol. What it finds is looked at check by
 * check: each that does not apply stands below with its reason, and one that would pass by now may stand there no longer.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveBuilt, type Served } from '../support/built-cli';
import { post } from '../support/http-call';

const SUITE = join(__dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js');

const FIXTURE = "it calls a tool, a prompt or a resource of the suite's own reference server";
const ASKS_NOTHING = 'it needs a tool that asks its client back (elicitation, sampling, roots); no tool here does';
const NOT_DECLARED = 'an optional capability that this server does not declare';
const TASKS = 'the tasks extension is not declared: every call is answered at once';

/** Scenarios, or single checks of a scenario (`scenario/check`). */
const NOT_APPLYING: Readonly<Record<string, string>> = {
  'tools-call-simple-text': FIXTURE,
  'tools-call-image': FIXTURE,
  'tools-call-audio': FIXTURE,
  'tools-call-embedded-resource': FIXTURE,
  'tools-call-mixed-content': FIXTURE,
  'tools-call-error': FIXTURE,
  'tools-call-with-progress': FIXTURE,
  'json-schema-2020-12': FIXTURE,
  'resources-read-text': FIXTURE,
  'resources-read-binary': FIXTURE,
  'resources-templates-read': FIXTURE,
  'prompts-get-simple': FIXTURE,
  'prompts-get-with-args': FIXTURE,
  'prompts-get-embedded-resource': FIXTURE,
  'prompts-get-with-image': FIXTURE,
  'http-custom-header-server-validation': 'no argument here is asked for in a header (x-mcp-header)',
  'server-stateless/sep-2575-server-rejects-undeclared-capability': ASKS_NOTHING,
  'server-stateless/sep-2575-missing-capability-http-400': ASKS_NOTHING,
  'server-stateless/sep-2575-http-server-no-independent-requests-on-stream': ASKS_NOTHING,
  'server-stateless/sep-2575-server-no-log-without-loglevel': NOT_DECLARED,
  'logging-set-level': NOT_DECLARED,
  'tools-call-with-logging': NOT_DECLARED,
  'completion-complete': NOT_DECLARED,
  'resources-subscribe': NOT_DECLARED,
  'resources-unsubscribe': NOT_DECLARED,
  'tools-call-sampling': ASKS_NOTHING,
  'tools-call-elicitation': ASKS_NOTHING,
  'elicitation-sep1034-defaults': ASKS_NOTHING,
  'elicitation-sep1330-enums': ASKS_NOTHING,
  'input-required-result-basic-elicitation': ASKS_NOTHING,
  'input-required-result-basic-list-roots': ASKS_NOTHING,
  'input-required-result-basic-sampling': ASKS_NOTHING,
  'input-required-result-capability-check': ASKS_NOTHING,
  'input-required-result-multi-round': ASKS_NOTHING,
  'input-required-result-multiple-input-requests': ASKS_NOTHING,
  'input-required-result-non-tool-request': ASKS_NOTHING,
  'input-required-result-request-state': ASKS_NOTHING,
  'input-required-result-result-type': ASKS_NOTHING,
  'input-required-result-tampered-state': ASKS_NOTHING,
  'tasks-capability-negotiation': TASKS,
  'tasks-dispatch-and-envelope': TASKS,
  'tasks-lifecycle': TASKS,
  'tasks-mrtr-composition': TASKS,
  'tasks-mrtr-input': TASKS,
  'tasks-request-headers': TASKS,
  'tasks-request-state-removal': TASKS,
  'tasks-required-task-error': TASKS,
  'tasks-wire-fields': TASKS,
};

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

let directory = '';
let served: Served;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-conformance-'));
  served = await serveBuilt(join(directory, 'served'));
  // Something to list and to read.
  expect((await post(served.url, '/sessions', { name: 'there' })).status).toBe(201);
});

afterAll(async () => {
  await served.stop('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

/** What a protocol version requires of a server: the checks of each scenario. */
async function checksOf(version: string): Promise<ReadonlyMap<string, readonly Check[]>> {
  const out = join(directory, version);
  const args = [SUITE, 'server', '--url', `${served.url}/mcp`, '--requirements', version, '-o', out];
  const child = spawn(process.execPath, args, { stdio: 'ignore', timeout: 60_000 });
  await once(child, 'exit');
  const scenarios = new Map<string, readonly Check[]>();
  for (const folder of await readdir(out)) {
    const name = folder.replace(/^server-(.*)-\d{4}-\d\d-\d\dT.*$/, '$1');
    scenarios.set(name, JSON.parse(await readFile(join(out, folder, 'checks.json'), 'utf8')) as readonly Check[]);
  }
  return scenarios;
}

const needless = new Set(Object.keys(NOT_APPLYING));

it.each([
  ['2025-11-25', 30, ['server-initialize', 'ping', 'tools-list', 'resources-list', 'prompts-list', 'dns-rebinding-protection']],
  [
    '2026-07-28',
    50,
    [
      'tools-list',
      'resources-list',
      'prompts-list',
      'dns-rebinding-protection',
      'sep-2164-resource-not-found',
      'caching',
      'http-header-validation',
      'server-sse-multiple-streams',
      'input-required-result-unsupported-methods',
      'input-required-result-validate-input',
    ],
  ],
])('what %s requires of a server holds, but for what does not apply', async (version, scenariosMin, whole) => {
  const scenarios = await checksOf(version);
  expect(scenarios.size).toBeGreaterThanOrEqual(scenariosMin);
  const failed: string[] = [];
  for (const [scenario, checks] of scenarios) {
    for (const { id, status, errorMessage = '' } of checks) {
      if (status !== 'FAILURE') continue;
      const listed = [scenario, `${scenario}/${id}`].find((name) => Object.hasOwn(NOT_APPLYING, name));
      if (listed === undefined) failed.push(`${scenario}/${id}: ${errorMessage}`);
      else needless.delete(listed);
    }
  }
  expect(failed).toEqual([]);
  for (const scenario of whole) {
    const statuses = new Set(scenarios.get(scenario)?.map(({ status }) => status));
    statuses.delete('INFO');
    expect([scenario, [...statuses]]).toEqual([scenario, ['SUCCESS']]);
  }
});

it('lists nothing that would pass', () => {
  expect([...needless]).toEqual([]);
});
