/** Base: a strategy over a market, step by step. No tool, no model, no memory. */
import { isLeft } from 'fp-ts/Either';
import { quoteSteps } from '../../../domain/run/quote';
import { run } from '../../../domain/run/run';
import { decodeBaseBody } from '../contract/body-base';
import type { ApiResponse } from '../contract/response';
import { type Act, answerOf, type Invocation } from '../edge/act';
import type { Served } from '../edge/handler';
import { respond, quoted, refused } from './respond';
import { authorized, type BaseParts, underDay } from './mode';

const MODE = 'agentcore-base';

export function serveBase(parts: BaseParts): Served<typeof MODE> {
  const act: Act = async ({ body }, invocation) => answerOf(await runBase(body, parts, invocation));
  return { service: MODE, acts: { 'POST /agentcore/base': act }, direct: act, refused: (error) => refused(MODE, error) };
}

async function runBase(body: unknown, parts: BaseParts, invocation: Invocation): Promise<ApiResponse> {
  const request = authorized(MODE, decodeBaseBody, body, parts.settings.ceilings);
  if (isLeft(request)) return request.left;
  const { budget, steps, market, quote, ...documents } = request.right;
  if (quote) {
    const handler = { mode: MODE, budget, invocation: null } as const;
    return quoted(MODE, budget, await quoteSteps({ ...documents, steps, handler }, parts.marketOf(market), parts.runWriter()));
  }
  return underDay(MODE, parts, budget, invocation, async () => {
    const writer = parts.runWriter();
    const handler = { mode: MODE, budget, invocation: null } as const;
    const watch = { deadlinePassed: () => !(invocation.work.remainingMs() > 0) };
    const outcome = await run({ ...documents, steps, handler }, parts.marketOf(market), writer, watch);
    return respond(MODE, budget, outcome, writer, parts, invocation);
  });
}
