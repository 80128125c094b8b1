/** `ewm smoke`: does the API at hand keep its word? One line a check; 0 when all hold. */
import { isLeft } from 'fp-ts/Either';
import type { ApiProblem } from './api-problem';
import { openApi } from './api-client';
import { artifactFetcher } from './artifacts-check';
import type { Environment } from '../../config';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail } from '../shared/failure';
import type { Io } from '../shared/io';
import { MEMORY_HELP, readMemoryWish } from './memory-budget';
import type { CheckResult, Smoke } from './smoke-check';
import { smokeMcp } from './smoke-mcp';
import { smokeSessions } from './smoke-sessions';
import { smokeBase, smokeMemory, smokeTools } from './smoke-suites';

export const API_MODES = ['base', 'tools', 'memory', 'sessions', 'mcp'] as const;
export type ApiMode = (typeof API_MODES)[number];

export function pathOfMode(mode: ApiMode): string {
  return mode === 'sessions' || mode === 'mcp' ? `/${mode}` : `/agentcore/${mode}`;
}

export interface SmokeOptions {
  readonly json: boolean;
  /** Where the artifacts are, when they are neither served by the API nor in the bucket that Terraform names. */
  readonly artifacts?: string;
}

export async function smokeCommand(mode: ApiMode, options: SmokeOptions, io: Io, env: Environment): Promise<ExitCode> {
  const api = await openApi(env);
  if (isLeft(api)) return failProblem(api.left, options.json, io);
  const wish = readMemoryWish(env);
  if (isLeft(wish)) return failProblem(wish.left, options.json, io);
  const results: CheckResult[] = [];
  const report = async (result: CheckResult): Promise<void> => {
    results.push(result);
    if (!options.json) await io.stdout.write(checkLine(result));
  };
  const health = await api.right.get('/health');
  const found = isLeft(health)
    ? health.left.message
    : health.right.status === 200
      ? undefined
      : `it answers ${String(health.right.status)}`;
  await report({
    check: `GET ${api.right.target.url}/health`,
    expected: '200',
    ok: found === undefined,
    ...(found === undefined ? {} : { found }),
  });
  let disabled = false;
  if (found === undefined) {
    const smoke: Smoke = { api: api.right, fetch: artifactFetcher(api.right, options.artifacts), path: pathOfMode(mode), report };
    if (mode === 'base') await smokeBase(smoke);
    else if (mode === 'tools') await smokeTools(smoke);
    else if (mode === 'sessions') await smokeSessions(smoke);
    else if (mode === 'mcp') await smokeMcp(smoke);
    else disabled = await smokeMemory(smoke, wish.right.budget);
  }
  if (disabled && wish.right.expected) {
    await report({
      check: 'memory is on',
      expected: 'memory, as ENABLE_AGENTCORE_MEMORY=1 beside this command says',
      ok: false,
      found: 'memory disabled',
    });
  }
  return printResults(mode, results, disabled, options.json, io);
}

async function printResults(mode: ApiMode, results: readonly CheckResult[], disabled: boolean, json: boolean, io: Io): Promise<ExitCode> {
  const failed = results.filter(({ ok }) => !ok).length;
  const ok = failed === 0;
  if (json) await io.stdout.write(`${JSON.stringify({ ok, mode, memory_disabled: disabled, checks: results })}\n`);
  else {
    const sum = ok ? `all ${String(results.length)} checks hold` : `${String(failed)} of ${String(results.length)} checks FAILED`;
    await io.stdout.write(`smoke ${mode}: ${disabled && ok ? 'NOT TESTED: memory is disabled at this API' : sum}\n`);
    if (disabled) await io.stderr.write(MEMORY_HELP);
  }
  return ok ? EXIT.ok : EXIT.notProven;
}

function checkLine({ check, expected, ok, found }: CheckResult): string {
  return ok ? `ok      ${check}: ${expected}\n` : `FAILED  ${check}: expected ${expected}; found ${found ?? 'something else'}\n`;
}

export function failProblem(problem: ApiProblem, json: boolean, io: Io): Promise<ExitCode> {
  switch (problem._tag) {
    case 'Misconfigured':
      return fail(io, json, { exit: EXIT.badInput, code: 'misconfigured', messages: [problem.message] });
    case 'NoAnswer':
      return fail(io, json, { exit: EXIT.notProven, code: 'no_answer', messages: [problem.message] });
  }
}
