/** Who plays: processes that look, ask, ask the very same again where no answer came, fork, close and take back. What they were answered is kept. */
import { type Either, isLeft } from 'fp-ts/Either';
import { noDeadline } from '../../src/adapters/in-process/clock';
import type { ToolCall } from '../../src/domain/agent/tool';
import type { Budget } from '../../src/domain/budget/budget';
import type { SessionAnswer } from '../../src/domain/session/answer';
import type { Deadlines, SessionContext } from '../../src/domain/session/context';
import { makeSessionContext } from '../../src/domain/session/worlds';
import type { SessionError } from '../../src/domain/session/errors';
import { callSession, closeSession, forkSession, observeSession, quoteSession, reclaimSession } from '../../src/domain/session/verbs';
import type { Process } from './outside';
import { pick, type Random } from './random';

export type SessionRequest =
  | { readonly verb: 'call'; readonly session: string; readonly head: string; readonly calls: readonly ToolCall[] }
  | { readonly verb: 'fork'; readonly session: string; readonly head: string; readonly budget: Budget; readonly name: string }
  | { readonly verb: 'close'; readonly session: string; readonly head: string }
  | { readonly verb: 'reclaim'; readonly session: string; readonly head: string; readonly child: string };

export function sendRequest(
  context: SessionContext,
  asked: SessionRequest,
  deadlines: Deadlines,
): Promise<Either<SessionError, SessionAnswer>> {
  switch (asked.verb) {
    case 'call':
      return callSession(context, asked, deadlines);
    case 'fork':
      return forkSession(context, asked, deadlines);
    case 'close':
      return closeSession(context, asked, deadlines);
    case 'reclaim':
      return reclaimSession(context, asked, deadlines);
  }
}

/** What all players share: a table at which they sit. */
export interface Table {
  readonly random: Random;
  readonly deadlines: () => Deadlines;
  /** Sessions that somebody was told of. */
  readonly known: () => readonly string[];
  /** The highest number of a head that was told of a session. */
  readonly told: (session: string) => number;
  readonly answered: (asked: SessionRequest, answer: SessionAnswer) => void;
  readonly refused: (asked: SessionRequest, error: SessionError) => void;
  readonly observed: (answer: SessionAnswer, toldBefore: number) => void;
}

const CALLS: readonly ToolCall[] = [
  { name: 'get_price_context', args: {} },
  { name: 'evaluate_strategy', args: {} },
  { name: 'execute', args: {} },
  { name: 'execute', args: { actions: [] } },
  { name: 'execute', args: { actions: [], step: 39 } },
  { name: 'memory_put', args: { key: 'k', value: 1 } },
  { name: 'memory_put', args: { key: 'other', value: 'a longer value' } },
  { name: 'memory_get', args: { key: 'k' } },
  { name: 'memory_get', args: { key: 'other' } },
  { name: 'memory_clear', args: { key: 'k' } },
  { name: 'execute_code', args: { language: 'python', code: '1' } },
];

/** One player in one process: a few requests, each made up to three times until an answer comes. */
export async function play(process: Process, table: Table, requests: number): Promise<void> {
  const { random } = table;
  const context = makeSessionContext(process.ports);
  for (let request = 0; request < requests; request += 1) {
    const session = pick(random, table.known());
    const toldBefore = table.told(session);
    const seen = await observeSession(context, session, 0, noDeadline);
    if (isLeft(seen)) continue;
    table.observed(seen.right, toldBefore);
    const asked = choose(table, seen.right);
    if (asked === undefined) {
      await quoteSession(context, session, [pick(random, CALLS)], noDeadline);
      continue;
    }
    if (random(20) === 0) await insist(context, { ...asked, head: forged(asked.head) }, table, 1);
    // A message that is delivered twice is two requests at once.
    const twice = random(6) === 0 ? [insist(context, asked, table, 1)] : [];
    await Promise.all([...twice, insist(context, asked, table, 3)]);
  }
}

/** The right number, and the hash of nothing. */
function forged(head: string): string {
  return head.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
}

async function insist(context: SessionContext, asked: SessionRequest, table: Table, attempts: number): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const answer = await sendRequest(context, asked, table.deadlines());
    if (!isLeft(answer)) {
      table.answered(asked, answer.right);
      return;
    }
    table.refused(asked, answer.left);
  }
}

function choose({ random, known }: Table, { session_id: session, head, children }: SessionAnswer): SessionRequest | undefined {
  const dice = random(100);
  const isRoot = session === known()[0];
  const [child] = children;
  if (dice < (isRoot ? 60 : 45))
    return { verb: 'call', session, head, calls: Array.from({ length: 1 + random(3) }, () => pick(random, CALLS)) };
  if (dice < 70) return { verb: 'fork', session, head, budget: pick(random, BUDGETS), name: `child ${String(random(2))}` };
  if (dice < 85) return isRoot && random(8) > 0 ? reclaim() : { verb: 'close', session, head };
  if (dice < 95) return reclaim();
  return undefined;

  /** Often one that is open or was taken back before: refused. */
  function reclaim(): SessionRequest | undefined {
    const wanted = random(3) === 0 ? pick(random, known()) : child;
    return wanted === undefined ? undefined : { verb: 'reclaim', session, head, child: wanted };
  }
}

const BUDGETS = [
  { max_steps: 3, max_tool_calls: 3, max_model_calls: 0, max_memory_ops: 2, max_memory_bytes: 90, tools: { execute_code: 1 } },
  { max_steps: 12, max_tool_calls: 12, max_model_calls: 0, max_memory_ops: 4, max_memory_bytes: 200, tools: { execute_code: 2 } },
  { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0, tools: { execute_code: 0 } },
  // Not bound by every limit of its parent: refused.
  { max_steps: 2, max_tool_calls: 2, max_model_calls: 0, max_memory_ops: 1, max_memory_bytes: 60 },
] as const satisfies readonly Budget[];
