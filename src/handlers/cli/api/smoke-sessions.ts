/** The smoke test of sessions: a life from its making to its seal, with a repeat, a head that moved, a fork, a trip, and the proof of it all. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { makeSessionWorlds } from '../../../domain/session/worlds';
import { proveSession, type SessionDirectory } from '../../../domain/session/prove';
import { pullSession } from '../../../domain/session/pull';
import { client } from '../../compose-client';
import { at, briefly, textAt } from './api-answer';
import type { ApiAnswer } from './api-client';
import { sessionPath, sessionSource } from './session-source';
import { request, badRequest, type Expectation, overspent, type Smoke, succeeded, trip } from './smoke-check';

type HeldRun = ReturnType<typeof client.heldRun>;

const BUDGET = { max_steps: 4, max_tool_calls: 4 };
const CHILD_BUDGET = { max_steps: 1, max_tool_calls: 1 };
const LOOK = { name: 'evaluate_strategy', args: {} };
const STEP = { name: 'execute', args: {} };

export async function smokeSessions(smoke: Smoke): Promise<void> {
  const made = await request(smoke, 'make a session', { budget: BUDGET }, '201, an open session, nothing spent', made201);
  await badRequest(smoke, { budget: { max_steps: 0 } }, '/budget/max_steps');
  const id = textAt(made?.json, 'session_id');
  const first = textAt(made?.json, 'head');
  if (id === undefined || first === undefined) return;
  const about = (verb: string): Smoke => ({ ...smoke, path: `${sessionPath(id)}/${verb}` });
  const calls = { head: first, calls: [LOOK, STEP] };
  await request(
    about('quote'),
    'what two calls would take',
    { calls: calls.calls },
    '200, 2 steps at the least and at the most',
    (answer) =>
      answer.status === 200 && at(answer.json, 'least', 'steps') === 2 && at(answer.json, 'most', 'steps') === 2
        ? undefined
        : briefly(answer),
  );
  const stepped = await request(about('calls'), 'evaluate and execute', calls, '200, ok, nothing spent beyond the budget', succeeded);
  await request(about('calls'), 'the very same request again', calls, 'the same head, repeated, nothing charged', (again) =>
    at(again.json, 'repeated') === true && sameAt(again, stepped, 'head') && sameAt(again, stepped, 'budget_state')
      ? undefined
      : briefly(again),
  );
  const other = { head: first, calls: [STEP] };
  await request(about('calls'), 'another request on the old head', other, '409, head_moved, with the newest head', (answer) =>
    answer.status === 409 && at(answer.json, 'error', 'code') === 'head_moved' && sameAt(answer, stepped, 'head')
      ? undefined
      : briefly(answer),
  );
  const fork = { head: textAt(stepped?.json, 'head'), budget: CHILD_BUDGET };
  const forked = await request(about('fork'), 'a fork with a step of its own', fork, '200, ok, a child', (answer) =>
    textAt(answer.json, 'child', 'session_id') === undefined ? briefly(answer) : succeeded(answer),
  );
  const child = textAt(forked?.json, 'child', 'session_id') ?? '';
  const of = (verb: string): Smoke => ({ ...smoke, path: `${sessionPath(child)}/${verb}` });
  const closed = await request(of('close'), 'seal the child', { head: textAt(forked?.json, 'child', 'head') }, '200, sealed', sealed);
  const taken = { head: textAt(forked?.json, 'head'), child };
  const reclaimed = await request(
    about('reclaim'),
    'take back what it did not use',
    taken,
    '200, as much left as before the fork',
    (answer) => (closed !== undefined && sameAt(answer, stepped, 'remaining') ? succeeded(answer) : briefly(answer)),
  );
  const more = { head: textAt(reclaimed?.json, 'head'), calls: [STEP, STEP, STEP] };
  const tripped = await trip(about('calls'), 'three steps, two are left', more, 'max_steps');
  const end = await request(about('close'), 'seal the session', { head: textAt(tripped?.json, 'head') }, '200, sealed', sealed);
  await provenWhole(smoke, id, textAt(end?.json, 'head'));
}

const made201: Expectation = (answer) =>
  answer.status === 201 && at(answer.json, 'status') === 'open' ? overspent(answer.json) : briefly(answer);

const sealed: Expectation = (answer) => (answer.status === 200 && at(answer.json, 'status') === 'sealed' ? undefined : briefly(answer));

function sameAt(one: ApiAnswer, other: ApiAnswer | undefined, member: string): boolean {
  const value = at(one.json, member);
  return value !== undefined && JSON.stringify(value) === JSON.stringify(at(other?.json, member));
}

/** `ewm session pull` and `ewm verify`, in memory. */
async function provenWhole(smoke: Smoke, id: string, head: string | undefined): Promise<void> {
  const writers = new Map<string, HeldRun>();
  const source = sessionSource(async (path) => {
    const answer = await smoke.api.get(path);
    return isLeft(answer) ? left(answer.left.message) : answer;
  });
  const writerAt = (path: readonly string[]): Promise<Either<never, HeldRun>> => {
    const run = client.heldRun(path.join('/'));
    writers.set(path.join('/'), run);
    return Promise.resolve(right(run));
  };
  const pulled = await pullSession(source, [id], writerAt, makeSessionWorlds());
  const found = isLeft(pulled) ? JSON.stringify(pulled.left) : await provenAs(directoryOf(writers, id), head);
  const result = { check: 'pull the session and its child, and verify them', expected: 'proven, sealed, with the head of the answer' };
  await smoke.report(found === undefined ? { ...result, ok: true } : { ...result, ok: false, found });
}

function directoryOf(writers: ReadonlyMap<string, HeldRun>, path: string): SessionDirectory {
  return {
    reader: client.runFromFiles(writers.get(path)?.files() ?? {}, path),
    // Only what was fetched is held.
    below: () => Promise.resolve(right([])),
    child: (session) => {
      const below = `${path}/${session}`;
      return Promise.resolve(writers.has(below) ? directoryOf(writers, below) : undefined);
    },
  };
}

async function provenAs(directory: SessionDirectory, head: string | undefined): Promise<string | undefined> {
  const verdict = await proveSession(directory, makeSessionWorlds());
  if (isLeft(verdict)) return JSON.stringify(verdict.left);
  if (verdict.right._tag === 'NotProven') return `not proven: ${JSON.stringify(verdict.right)}`;
  const { proven } = verdict.right;
  const whole = proven.sealed && proven.head === head && proven.children.length === 1 && proven.children[0]?.sealed === true;
  return whole
    ? undefined
    : `proven, but head ${proven.head}, ${proven.sealed ? 'sealed' : 'open'}, ${String(proven.children.length)} children`;
}
