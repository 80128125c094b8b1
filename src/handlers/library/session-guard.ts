/**
 * A guard whose budget is a grant from a session: agents in any number of processes share the session's cap. docs/guard.md.
 * What a crash leaves: the grant stays spent, and the session never counts less than what was sent.
 */
import { isLeft } from 'fp-ts/Either';
import type { RunStop } from '../../domain/agent/stop';
import { isRecord } from '../../domain/codec/codec';
import { normalPrices } from '../../domain/budget/prices';
import { sha256Hex } from '../../domain/hash';
import { headOf, type SessionAnswer } from '../../domain/session/answer';
import type { SessionError } from '../../domain/session/errors';
import { guardHolder } from '../../domain/session/grant';
import { type GuardRefundRequest, type GuardTerms, grantToGuard, refundFromGuard } from '../../domain/session/guard-grant';
import { headText } from '../../domain/session/head';
import { observeSession } from '../../domain/session/verbs';
import { noDeadline, sessionsIn, stopwatch } from '../compose-library';
import { budgetOf, type Guard, guardOf, type GuardOptions, lookOf, pricesOf, type SharedPorts, signerIn } from './guard';
import { PRICES } from './model-prices';
import { guardRefused } from './refusal';

/** A session in a data directory of this machine, or behind an API. `fetch`: one that signs, where the API asks for IAM. */
export type SessionPlace =
  { readonly id: string; readonly data: string } | { readonly id: string; readonly api: string; readonly fetch?: typeof fetch };

export interface SessionGuardOptions extends GuardOptions {
  /** Where the budget is taken from. Every optional limit of the session has to be named in `budget`, too. */
  readonly session: SessionPlace;
}

/**
 * Takes `budget` out of the session's before anything is sent, and gives back at `close` what was not used. It throws `GuardRefused` where the session
 * cannot grant it. A `close` that could not give back throws after the run was sealed; calling it again tries again.
 */
export async function guardFromSession({
  session,
  budget,
  tape,
  name = 'guard',
  prices = PRICES,
  record = 'digest',
  durable = true,
  stopSwitch,
  sign,
}: SessionGuardOptions): Promise<Guard> {
  const [limits, table] = [budgetOf(budget), pricesOf(prices)];
  const terms: GuardTerms = { name, budget: limits, record, prices_sha256: sha256Hex(normalPrices(table)) };
  const giver = 'data' in session ? giverIn(session) : giverBehind(session);
  const grantedAt = await atNewest(giver, (head) => giver.take(head, terms));
  const ports: SharedPorts = { durable, elapsedMs: stopwatch(), ...lookOf(stopSwitch), ...signerIn(sign) };
  const request = { name, budget: limits, prices: table, record, parent: { run_id: session.id, head: grantedAt } };
  let returned = false;
  return guardOf(request, tape, ports, async ({ summary: { runId, headHash, budgetState } }) => {
    if (returned) return;
    const refund = { child: guardHolder(runId), terms: { ...terms, granted_at: grantedAt }, sealed: headHash, spent: budgetState };
    await atNewest(giver, (head) => giver.giveBack(head, refund));
    returned = true;
  });
}

type Refund = Omit<GuardRefundRequest, 'session' | 'head'>;

/** What became of a request: nothing was done but where it is `Done`, or where a failure says that nobody knows. */
type Answered =
  | { readonly _tag: 'Done'; readonly head: string }
  | { readonly _tag: 'Moved'; readonly head: string }
  | { readonly _tag: 'Busy'; readonly waitMs: number }
  | { readonly _tag: 'Refused'; readonly refusal: RunStop }
  | { readonly _tag: 'Failed'; readonly message: string };

interface Giver {
  readonly newest: () => Promise<Answered>;
  readonly take: (head: string, terms: GuardTerms) => Promise<Answered>;
  readonly giveBack: (head: string, refund: Refund) => Promise<Answered>;
}

/** Whoever loses the race for the next segment asks again at the newest head: each loss is somebody else's success. */
const ATTEMPTS_MAX = 256;
const WAIT_MS_MAX = 1_000;
const THROTTLED_MS = 100;

/** Answers the head on which it was done. */
async function atNewest(giver: Giver, act: (head: string) => Promise<Answered>): Promise<string> {
  let head: string | undefined;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const answered = head === undefined ? await giver.newest() : await act(head);
    switch (answered._tag) {
      case 'Done':
        if (head !== undefined) return head;
        ({ head } = answered);
        break;
      case 'Moved':
        ({ head } = answered);
        break;
      case 'Busy':
        await new Promise((resolve) => setTimeout(resolve, Math.min(answered.waitMs, WAIT_MS_MAX)));
        break;
      case 'Refused':
        throw guardRefused(answered.refusal);
      case 'Failed':
        throw guardRefused(sessionFailed(answered.message));
    }
  }
  throw guardRefused(sessionFailed(`${String(ATTEMPTS_MAX)} times another was faster, or at work`));
}

function sessionFailed(message: string): RunStop {
  return {
    code: 'dependency_failed',
    message: `the session: ${message}`.toWellFormed(),
    service: 'session',
    operation: 'grant',
    effect: 'unknown',
  };
}

function giverIn({ id, data }: { readonly id: string; readonly data: string }): Giver {
  const context = sessionsIn(data);
  const deadlines = { work: noDeadline, storing: noDeadline };
  const answered = (outcome: Awaited<ReturnType<typeof observeSession>>): Answered =>
    isLeft(outcome) ? failureOf(outcome.left) : doneOrRefused(outcome.right);
  return {
    newest: async () => {
      const seen = await observeSession(context, id, 0, noDeadline);
      return isLeft(seen) ? failureOf(seen.left) : { _tag: 'Done', head: seen.right.head };
    },
    take: async (head, terms) => answered(await grantToGuard(context, { session: id, head, ...terms }, deadlines)),
    giveBack: async (head, refund) => answered(await refundFromGuard(context, { session: id, head, ...refund }, deadlines)),
  };

  function failureOf(error: SessionError): Answered {
    switch (error._tag) {
      case 'HeadMoved':
        return { _tag: 'Moved', head: headText(headOf(error.newest)) };
      case 'SessionBusy':
        return { _tag: 'Busy', waitMs: error.retryAfterMs };
      case 'SessionNotFound':
        return { _tag: 'Failed', message: `no session ${id} in ${data}` };
      case 'SessionSealed':
        return { _tag: 'Failed', message: 'is sealed: it grants nothing, and takes nothing back' };
      case 'InvalidSession':
        return { _tag: 'Failed', message: error.problems.map(({ pointer, message }) => `${pointer} ${message}`.trim()).join('; ') };
      default:
        return { _tag: 'Failed', message: 'reason' in error ? error.reason : error._tag };
    }
  }
}

function doneOrRefused({ head, error }: Pick<SessionAnswer, 'head' | 'error'>): Answered {
  return error === undefined ? { _tag: 'Done', head } : { _tag: 'Refused', refusal: error };
}

function giverBehind({ id, api, fetch: send = fetch }: Extract<SessionPlace, { readonly api: string }>): Giver {
  const path = `${api.replace(/\/+$/, '')}/sessions/${encodeURIComponent(id)}`;

  async function request(verb: string, body?: object): Promise<Answered> {
    const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const once = (): Promise<Response> => send(`${path}${verb}`, init);
    let answer: Response;
    try {
      // A lost answer: the very same request is answered from the record, and does nothing twice.
      answer = await once().catch(once);
    } catch (error) {
      return { _tag: 'Failed', message: `${path}: no answer (${error instanceof Error ? error.message : String(error)})` };
    }
    return answeredBy(answer, `${path}${verb}`);
  }

  return {
    newest: () => request(''),
    take: (head, { name, budget, ...guard }) => request('/fork', { head, name, budget, guard }),
    giveBack: (head, { child, terms, sealed, spent }) => request('/reclaim', { head, child, guard: { ...terms, sealed, spent } }),
  };
}

async function answeredBy(answer: Response, url: string): Promise<Answered> {
  const json: unknown = await answer.json().catch(() => undefined);
  const body = isRecord(json) ? json : {};
  const error = isRecord(body['error']) ? body['error'] : undefined;
  const head = body['head'];
  if (error === undefined && answer.ok && typeof head === 'string') return { _tag: 'Done', head };
  const { code, message } = error ?? {};
  if (code === 'head_moved' && typeof error?.['head'] === 'string') return { _tag: 'Moved', head: error['head'] };
  // A throttled request, or an API whose functions are all at work. Even were it done, the same again is answered from the record.
  if (answer.status === 429 || (answer.status === 503 && code === undefined)) {
    return { _tag: 'Busy', waitMs: Number(answer.headers.get('retry-after') ?? 0) * 1_000 || THROTTLED_MS };
  }
  if (code === 'session_busy') return { _tag: 'Busy', waitMs: Number(error?.['retry_after_ms'] ?? WAIT_MS_MAX) };
  if (code === 'budget_exceeded') return { _tag: 'Refused', refusal: error as unknown as RunStop };
  return {
    _tag: 'Failed',
    message: `${url}: HTTP ${String(answer.status)} ${typeof message === 'string' ? message : 'not an answer about a session'}`,
  };
}
