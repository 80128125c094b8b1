/** What each mode does with its body: decode it, hold its budget against the ceilings, run, and conclude. */
import { type Either, isLeft, right, left } from 'fp-ts/Either';
import { assert } from '../../domain/assert';
import { type Budget, NOTHING_SPENT } from '../../domain/budget/budget';
import { liveMemory, liveTools, withinBytes } from '../../domain/run/recorded';
import { run } from '../../domain/run/run';
import { runMemoryPlan, runToolPlan } from '../../domain/run/run-plans';
import { touchesOutside } from '../../domain/run/tool-plan';
import { marketInProcess, runWriterInProcess } from '../compose-request';
import type { Decode } from './body';
import { decodeBaseBody } from './body-base';
import { decodeMemoryBody } from './body-memory';
import { decodeToolsBody } from './body-tools';
import { memoryMightNotFit, outsideBytesMax } from './artifact-bytes';
import { aboveCeiling } from './ceilings';
import { conclude, refused } from './conclude';
import { type Handler, type HandlerConfig, type HandlerPorts, makeModeHandler } from './handler';
import type { Invocation } from './invocation';
import { invalidRequest } from './problems';
import type { ApiResponse, Mode } from './response';

export type Act = (body: unknown, invocation: Invocation) => Promise<ApiResponse>;

const ACTS: Readonly<Record<Mode, Act>> = { 'agentcore-base': baseAct, 'agentcore-tools': toolsAct, 'agentcore-memory': memoryAct };

/** For those who serve all modes in one process. */
export function makeHandler(mode: Mode, config: HandlerConfig, ports: HandlerPorts): Handler {
  return makeModeHandler(mode, ACTS[mode], config, ports);
}

export async function baseAct(body: unknown, invocation: Invocation): Promise<ApiResponse> {
  const mode = 'agentcore-base';
  const request = admitted(mode, decodeBaseBody, body, invocation);
  if (isLeft(request)) return request.left;
  const { budget, steps, market, ...documents } = request.right;
  const writer = runWriterInProcess();
  const handler = { mode, budget, invocation: null } as const;
  const watch = { deadlinePassed: () => !(invocation.work.remainingMs() > 0) };
  const outcome = await run({ ...documents, steps, handler }, marketInProcess(market), writer, watch);
  return conclude(mode, budget, outcome, writer, invocation);
}

export async function toolsAct(body: unknown, invocation: Invocation): Promise<ApiResponse> {
  const mode = 'agentcore-tools';
  const request = admitted(mode, decodeToolsBody, body, invocation);
  if (isLeft(request)) return request.left;
  const { budget, plan, market, ...documents } = request.right;
  const { config, ports, requestId, work } = invocation;
  const writer = runWriterInProcess();
  const handler = { mode, budget, plan, invocation: touchesOutside(plan) ? requestId : null } as const;
  const outcome = await runToolPlan({ ...documents, handler }, plan, marketInProcess(market), writer, (runId) =>
    withinBytes(liveTools(runId, ports.interpreter, ports.planner, work), outsideBytesMax(config.artifactBytesMax)),
  );
  return conclude(mode, budget, outcome, writer, invocation);
}

export async function memoryAct(body: unknown, invocation: Invocation): Promise<ApiResponse> {
  const mode = 'agentcore-memory';
  const { config, ports, requestId, work } = invocation;
  const request = config.memoryEnabled ? admitted(mode, decodeMemoryBody, body, invocation) : decoded(mode, decodeMemoryBody, body);
  if (isLeft(request)) return request.left;
  const { budget, requests } = request.right;
  if (!config.memoryEnabled) return memoryDisabled(budget);
  const large = memoryMightNotFit(budget, requests.length, config.artifactBytesMax);
  if (large !== undefined) return refused(mode, large, budget);
  const { memory: port } = ports;
  assert(port !== undefined, 'memory that is enabled is there');
  const writer = runWriterInProcess();
  const outcome = await runMemoryPlan(budget, requests, requestId, writer, (runId) => liveMemory(runId, port, work));
  return conclude(mode, budget, outcome, writer, invocation);
}

/** Not a failure: the deployment was asked to do without, and says so. */
function memoryDisabled(budget: Budget): ApiResponse {
  return {
    ok: true,
    run_id: null,
    mode: 'agentcore-memory',
    artifact_dir: null,
    budget,
    budget_state: NOTHING_SPENT,
    head_hash: null,
    message: 'memory disabled',
    results: [],
  };
}

function decoded<A>(mode: Mode, decode: Decode<A>, body: unknown): Either<ApiResponse, A> {
  const request = decode(body);
  return isLeft(request) ? left(refused(mode, invalidRequest(request.left))) : right(request.right);
}

function admitted<A extends { readonly budget: Budget }>(
  mode: Mode,
  decode: Decode<A>,
  body: unknown,
  invocation: Invocation,
): Either<ApiResponse, A> {
  const request = decoded(mode, decode, body);
  if (isLeft(request)) return request;
  const { budget } = request.right;
  const above = aboveCeiling(budget, invocation.config.ceilings);
  return above === undefined ? request : left(refused(mode, above, budget));
}
