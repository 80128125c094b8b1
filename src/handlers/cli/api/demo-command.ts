/** `ewm demo`: a budget that is too small, what the API says about it, and the same request with enough. To be read by a person. */
import { isLeft } from 'fp-ts/Either';
import { at, memoryIsDisabled, spentOf, textAt } from './api-answer';
import { type ApiAnswer, type ApiClient, openApi } from './api-client';
import { type DemoMode, type StoryAct, STORIES, type Story } from './demo-stories';
import type { Environment } from '../../config';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import { MEMORY_HELP, readMemoryWish } from './memory-budget';
import { failProblem, pathOfMode } from './smoke-command';

interface ActResult {
  readonly act: StoryAct;
  readonly body: object;
  readonly answer: ApiAnswer;
}

export async function demoCommand(mode: DemoMode, json: boolean, io: Io, env: Environment): Promise<ExitCode> {
  const api = await openApi(env);
  if (isLeft(api)) return failProblem(api.left, json, io);
  const wish = readMemoryWish(env);
  if (isLeft(wish)) return failProblem(wish.left, json, io);
  const story = STORIES[mode](wish.right.budget);
  if (!json) await io.stdout.write(`${story.title}\n`);
  const done: ActResult[] = [];
  for (const [index, act] of story.acts.entries()) {
    const before = done.map(({ answer }) => answer);
    const { path, body } = act.following?.(before) ?? { path: pathOfMode(mode), body: act.body };
    const answer = await api.right.post(path, body);
    if (isLeft(answer)) return failProblem(answer.left, json, io);
    done.push({ act, body, answer: answer.right });
    if (memoryIsDisabled(answer.right)) return reportDisabled(done, json, io);
    if (!json) await io.stdout.write(actText(index + 1, `${api.right.target.url}${path}`, act, body, answer.right));
  }
  const unexpected = done.find(({ act, answer }) => answer.status !== act.status);
  if (json) await io.stdout.write(jsonText(unexpected === undefined, done));
  else
    await io.stdout.write(
      unexpected === undefined
        ? await nextText(api.right, mode, story, done)
        : '\nThat is not what this story expected; ewm smoke tells more.\n',
    );
  return unexpected === undefined ? EXIT.ok : EXIT.notProven;
}

async function reportDisabled(done: readonly ActResult[], json: boolean, io: Io): Promise<ExitCode> {
  await io.stdout.write(json ? jsonText(true, done) : `\n${MEMORY_HELP}`);
  return EXIT.ok;
}

function jsonText(ok: boolean, done: readonly ActResult[]): string {
  const acts = done.map(({ body, answer }) => ({ request: body, status: answer.status, response: answer.json }));
  return `${JSON.stringify({ ok, acts })}\n`;
}

/** The longest name of a tool is `simulate_and_verify`. */
const NAME_COLUMNS = 19;

function actText(number: number, url: string, act: StoryAct, body: object, answer: ApiAnswer): string {
  const lines = [
    '',
    `${String(number)}. ${act.title}`,
    '',
    `   POST ${url}`,
    `   ${JSON.stringify(body)}`,
    '',
    ...(at(answer.json, 'ok') === true ? successLines(answer) : refusalLines(answer)),
    '',
    ...act.meaning.map((line) => `   ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

function successLines({ status, json }: ApiAnswer): readonly string[] {
  const decisions = at(json, 'decisions');
  const results = at(json, 'results');
  const session = textAt(json, 'session_id');
  return [
    `   ${String(status)}, ok`,
    ...(session === undefined ? [`   run            ${textAt(json, 'run_id') ?? 'none'}`] : [`   session        ${session}`]),
    ...(at(json, 'repeated') === true ? ['   repeated       true'] : []),
    ...(decisions === undefined || at(json, 'final_state') === undefined ? [] : [`   decisions      ${JSON.stringify(decisions)}`]),
    ...(textAt(json, 'final_equity') === undefined ? [] : [`   equity         ${textAt(json, 'final_equity') ?? ''}`]),
    ...(Array.isArray(results) ? results.map((result: unknown) => `   ${resultText(result)}`) : []),
    ...spentLines(json),
    session === undefined ? `   head hash      ${textAt(json, 'head_hash') ?? 'none'}` : `   head           ${textAt(json, 'head') ?? ''}`,
  ];
}

function resultText(result: unknown): string {
  const name = textAt(result, 'name') ?? textAt(result, 'op') ?? 'call';
  const answer = JSON.stringify(at(result, 'result') ?? at(result, 'error') ?? 'done');
  return `${name.padEnd(NAME_COLUMNS)} ${answer.length > 100 ? `${answer.slice(0, 100)}…` : answer}`;
}

function refusalLines({ status, json }: ApiAnswer): readonly string[] {
  const limiter = textAt(json, 'error', 'limiter');
  return [
    `   ${String(status)}, ${textAt(json, 'error', 'code') ?? 'no error code'}`,
    ...(limiter === undefined ? [] : [`   error.limiter  ${limiter}`]),
    `   error.message  ${textAt(json, 'error', 'message') ?? ''}`,
    ...spentLines(json),
  ];
}

/** Only what takes part: a budget of 0 of which nothing was spent is no news. */
function spentLines(json: unknown): readonly string[] {
  const used = (spentOf(json) ?? []).filter(({ budget, spent }) => budget > 0 || spent > 0);
  return used.map(({ dimension, limiter, budget, spent }, index) => {
    const label = index === 0 ? 'budget_state' : '';
    return `   ${label.padEnd(14)} ${dimension} ${String(spent)} of ${limiter} ${String(budget)}`;
  });
}

async function nextText(api: ApiClient, mode: DemoMode, story: Story, done: readonly ActResult[]): Promise<string> {
  const last = done.at(-1)?.answer.json;
  const commands =
    mode === 'sessions'
      ? sessionCommands(api, textAt(done[0]?.answer.json, 'session_id') ?? '')
      : await nextCommands(api, textAt(last, 'run_id') ?? '');
  return ['', story.moral, '', 'Next:', ...commands.map((line) => `   ${line}`), `   make smoke-agentcore-${mode}`, ''].join('\n');
}

function sessionCommands({ target: { url } }: ApiClient, id: string): readonly string[] {
  const directory = `tmp/${id}`;
  return [`ewm session pull ${id} --api ${url} --out ${directory}`, `ewm session verify ${directory} --open`];
}

async function nextCommands(api: ApiClient, runId: string): Promise<readonly string[]> {
  const { url, bucket, prefix = '' } = api.target;
  if (bucket !== undefined) {
    const directory = `tmp/${runId}`;
    return [`aws s3 cp --recursive s3://${bucket}/${prefix}artifacts/${runId} ${directory}`, `ewm verify ${directory}`];
  }
  const health = await api.get('/health');
  // Only a local server says where it keeps things.
  const directory = isLeft(health) ? undefined : textAt(health.right.json, 'local', 'artifacts');
  return [`curl -s ${url}/runs/${runId}/report.md`, ...(directory === undefined ? [] : [`ewm verify ${directory}/${runId}`])];
}
