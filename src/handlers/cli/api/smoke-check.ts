/** A check of the smoke test: what was expected, and in one line whether it came. */
import { isLeft } from 'fp-ts/Either';
import type { Limiter } from '../../../domain/budget/budget';
import { type Spent, at, briefly, spentOf, textAt } from './api-answer';
import type { ApiAnswer, ApiClient } from './api-client';
import { checkArtifacts, type FetchFile } from './artifacts-check';

export interface CheckResult {
  readonly check: string;
  readonly expected: string;
  readonly ok: boolean;
  /** What came instead. */
  readonly found?: string;
}

export interface Smoke {
  readonly api: ApiClient;
  readonly fetch: FetchFile;
  readonly path: string;
  /** Of each request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly report: (result: CheckResult) => Promise<void>;
}

/** What an answer is held against: nothing when it is as expected, else what is different. */
export type Expectation = (answer: ApiAnswer) => string | undefined;

/** Sends a request, holds its answer against what is expected, and says so. The answer goes on to further checks when one came. */
export async function request(
  smoke: Smoke,
  check: string,
  body: object,
  expected: string,
  expectation: Expectation,
): Promise<ApiAnswer | undefined> {
  const answer = await smoke.api.post(smoke.path, body, smoke.headers);
  const found = isLeft(answer) ? answer.left.message : expectation(answer.right);
  await smoke.report(found === undefined ? { check, expected, ok: true } : { check, expected, ok: false, found });
  return isLeft(answer) ? undefined : answer.right;
}

export async function success(smoke: Smoke, check: string, body: object): Promise<ApiAnswer | undefined> {
  return request(smoke, check, body, '200, ok, nothing spent beyond the budget', succeeded);
}

export const succeeded: Expectation = (answer) =>
  answer.status === 200 && at(answer.json, 'ok') === true ? overspent(answer.json) : briefly(answer);

/** A budget that is too small by design. */
export async function trip(smoke: Smoke, check: string, body: object, limiter: Limiter): Promise<ApiAnswer | undefined> {
  return request(smoke, check, body, `422, error.limiter ${limiter}, budget_state never above budget`, (answer) => {
    const { json } = answer;
    const tripped =
      answer.status === 422 &&
      at(json, 'ok') === false &&
      at(json, 'error', 'code') === 'budget_exceeded' &&
      at(json, 'error', 'limiter') === limiter;
    return tripped ? (overspent(json) ?? overspent(at(json, 'error', 'budgets'))) : briefly(answer);
  });
}

export async function badRequest(smoke: Smoke, body: object, pointer: string): Promise<void> {
  await request(smoke, 'a bad request', body, `400, invalid_request at ${pointer}`, (answer) => {
    const problems = at(answer.json, 'error', 'problems');
    const named = Array.isArray(problems) && problems.some((problem: unknown) => at(problem, 'pointer') === pointer);
    return answer.status === 400 && at(answer.json, 'error', 'code') === 'invalid_request' && named ? undefined : briefly(answer);
  });
}

/** `ewm verify` of what an earlier request left. */
export async function proven(smoke: Smoke, of: string, answer: ApiAnswer | undefined): Promise<void> {
  const artifactDir = textAt(answer?.json, 'artifact_dir');
  const claim = { runId: textAt(answer?.json, 'run_id'), headHash: textAt(answer?.json, 'head_hash') };
  const found = artifactDir === undefined ? 'no artifacts to verify' : await checkArtifacts(smoke.fetch, { artifactDir, ...claim });
  const result = { check: `verify the artifacts of: ${of}`, expected: 'proven, with the head hash of the answer' };
  await smoke.report(found === undefined ? { ...result, ok: true } : { ...result, ok: false, found });
}

export function overspent(json: unknown): string | undefined {
  const all = spentOf(json);
  if (all === undefined) return 'an answer without budget and budget_state';
  const over = all.filter(({ budget, spent }: Spent) => spent > budget);
  return over.length === 0
    ? undefined
    : over.map(({ dimension, budget, spent }) => `${dimension} ${String(spent)} of ${String(budget)}`).join(', ');
}
