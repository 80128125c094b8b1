/** Memory: puts, gets and clears; nothing is sent where the budget does not cover the whole list. */
import { isLeft, right } from 'fp-ts/Either';
import { type Budget, NOTHING_SPENT } from '../../../domain/budget/budget';
import { liveCalls } from '../../../domain/agent/calls';
import { quoteMemoryPlan } from '../../../domain/run/quote-memory';
import { runMemoryPlan } from '../../../domain/run/run';
import { decodeMemoryBody } from '../contract/body-memory';
import type { ApiResponse } from '../contract/response';
import { type Act, answerOf, type Invocation } from '../edge/act';
import type { Served } from '../edge/handler';
import { memoryMightNotFit } from './artifact-bytes';
import { respond, quoted, refused } from './respond';
import { authorized, decoded, type MemoryParts, underDay } from './mode';

const MODE = 'agentcore-memory';

export function serveMemory(parts: MemoryParts): Served<typeof MODE> {
  const act: Act = async ({ body }, invocation) => answerOf(await runMemory(body, parts, invocation));
  return { service: MODE, acts: { 'POST /agentcore/memory': act }, direct: act, refused: (error) => refused(MODE, error) };
}

async function runMemory(body: unknown, parts: MemoryParts, invocation: Invocation): Promise<ApiResponse> {
  const { settings, memory, look, tracing } = parts;
  if (memory === undefined) {
    const request = decoded(MODE, decodeMemoryBody, body);
    if (isLeft(request)) return request.left;
    // It would be answered like that, and take nothing.
    const nothing = { least: NOTHING_SPENT, most: NOTHING_SPENT, fits: true, needed: {} };
    return { ...memoryDisabled(request.right.budget), ...(request.right.quote ? { quote: nothing } : {}) };
  }
  const request = authorized(MODE, decodeMemoryBody, body, settings.ceilings);
  if (isLeft(request)) return request.left;
  const { budget, requests, quote } = request.right;
  if (quote) return quoted(MODE, budget, right(await quoteMemoryPlan(budget, requests, parts.runWriter(), { memory })));
  const large = memoryMightNotFit(budget, requests.length, settings.artifactBytesMax);
  if (large !== undefined) return refused(MODE, large, budget);
  return underDay(MODE, parts, budget, invocation, async () => {
    const writer = parts.runWriter();
    const outcome = await runMemoryPlan(budget, requests, invocation.requestId, writer, (runId) =>
      liveCalls({ runId, ports: { memory }, deadline: invocation.work, look, tracing }),
    );
    return respond(MODE, budget, outcome, writer, parts, invocation);
  });
}

/** Not a failure: the deployment was asked to do without, and says so. */
function memoryDisabled(budget: Budget): ApiResponse {
  return {
    ok: true,
    run_id: null,
    mode: MODE,
    artifact_dir: null,
    budget,
    budget_state: NOTHING_SPENT,
    head_hash: null,
    message: 'memory disabled',
    results: [],
  };
}
