/** Tools: a plan of calls against a world, each of which takes a step and a tool call of the budget. */
import { isLeft } from 'fp-ts/Either';
import { liveCalls } from '../../../domain/agent/calls';
import { planTools, reachesOutside } from '../../../domain/agent/tools';
import { quoteToolPlan } from '../../../domain/run/quote-plan';
import { runToolPlan } from '../../../domain/run/run';
import { proposalCodec } from '../../../domain/world/market/proposal';
import { decodeToolsBody } from '../contract/body-tools';
import type { ApiResponse } from '../contract/response';
import { type Act, answerOf, type Invocation } from '../edge/act';
import type { Served } from '../edge/handler';
import { outsideBytesMax } from './artifact-bytes';
import { respond, quoted, refused } from './respond';
import { authorized, type ToolsParts, underDay } from './mode';

const MODE = 'agentcore-tools';

export function serveTools(parts: ToolsParts): Served<typeof MODE> {
  const act: Act = async ({ body }, invocation) => answerOf(await runTools(body, parts, invocation));
  return { service: MODE, acts: { 'POST /agentcore/tools': act }, direct: act, refused: (error) => refused(MODE, error) };
}

async function runTools(body: unknown, parts: ToolsParts, invocation: Invocation): Promise<ApiResponse> {
  const { settings, interpreter, planner, look, tracing } = parts;
  const request = authorized(MODE, decodeToolsBody, body, settings.ceilings);
  if (isLeft(request)) return request.left;
  const { budget, plan, market, quote, ...documents } = request.right;
  if (quote) {
    const handler = { mode: MODE, budget, plan, invocation: null } as const;
    const scratch = parts.runWriter();
    return quoted(
      MODE,
      budget,
      await quoteToolPlan({ ...documents, handler }, plan, parts.marketOf(market), scratch, { interpreter, planner }),
    );
  }
  return underDay(MODE, parts, budget, invocation, async () => {
    const writer = parts.runWriter();
    const outside = reachesOutside(planTools(proposalCodec), plan);
    const handler = { mode: MODE, budget, plan, invocation: outside ? invocation.requestId : null } as const;
    const answers = { bytesMax: outsideBytesMax(settings.artifactBytesMax), limit: 'a quarter of EWM_MAX_ARTIFACT_BYTES' };
    const outcome = await runToolPlan({ ...documents, handler }, plan, parts.marketOf(market), writer, (runId) =>
      liveCalls({ runId, ports: { interpreter, planner }, deadline: invocation.work, answers, look, tracing }),
    );
    return respond(MODE, budget, outcome, writer, parts, invocation);
  });
}
