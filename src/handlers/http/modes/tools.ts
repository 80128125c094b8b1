/** Tools: a plan of calls against a world, each of which takes a step and a tool call of the budget. */
import { isLeft } from 'fp-ts/Either';
import { liveTools, withinBytes } from '../../../domain/run/recorded';
import { runToolPlan } from '../../../domain/run/run-plans';
import { touchesOutside } from '../../../domain/run/tool-plan';
import { decodeToolsBody } from '../contract/body-tools';
import type { ApiResponse } from '../contract/response';
import { type Act, answerOf, type Invocation } from '../edge/act';
import type { Served } from '../edge/handler';
import { outsideBytesMax } from './artifact-bytes';
import { conclude, refused } from './conclude';
import { authorized, type ToolsParts } from './mode';

const MODE = 'agentcore-tools';

export function serveTools(parts: ToolsParts): Served<typeof MODE> {
  const act: Act = async ({ body }, invocation) => answerOf(await runTools(body, parts, invocation));
  return { service: MODE, acts: { 'POST /agentcore/tools': act }, direct: act, refused: (error) => refused(MODE, error) };
}

async function runTools(body: unknown, parts: ToolsParts, invocation: Invocation): Promise<ApiResponse> {
  const { settings, interpreter, planner } = parts;
  const request = authorized(MODE, decodeToolsBody, body, settings.ceilings);
  if (isLeft(request)) return request.left;
  const { budget, plan, market, ...documents } = request.right;
  const writer = parts.runWriter();
  const handler = { mode: MODE, budget, plan, invocation: touchesOutside(plan) ? invocation.requestId : null } as const;
  const outcome = await runToolPlan({ ...documents, handler }, plan, parts.marketOf(market), writer, (runId) =>
    withinBytes(liveTools(runId, interpreter, planner, invocation.work), outsideBytesMax(settings.artifactBytesMax)),
  );
  return conclude(MODE, budget, outcome, writer, parts, invocation);
}
