/**
 * What each Lambda function is made of. One function a mode, so that a bundle holds the clients of its mode and no other.
 * Called once a container; a port whose use is not enabled is not made.
 */
import { makeAgentCoreClient } from '../adapters/agentcore/client';
import { makeAgentCoreCodeInterpreter } from '../adapters/agentcore/code-interpreter';
import { makeAgentCoreMemory } from '../adapters/agentcore/memory';
import { makeAgentCorePlanner } from '../adapters/agentcore/planner';
import { systemClock } from '../adapters/in-process/clock';
import { makeTracing, type RequestTracing } from '../adapters/otel/tracing';
import { makePowertoolsTelemetry, type PowertoolsTelemetry } from '../adapters/powertools/telemetry';
import { makeS3ArtifactStore } from '../adapters/s3/artifact-store';
import { makeS3Client } from '../adapters/s3/client';
import { makeS3SessionLog } from '../adapters/s3/session-log';
import type { Running } from './compose-receipts';
import type { ArtifactStore } from '../ports/artifact-store';
import { makeS3StopSwitch } from '../adapters/s3/stop-switch';
import { type HandlerConfig, lambdaTraceHeader, type LambdaConfig, readLambdaConfig } from './config';
import {
  baseFunction,
  type HandlerPorts,
  memoryFunction,
  type SessionFunctionPorts,
  sessionsFunction,
  toolsFunction,
} from './compose-http';
import type { Service } from './http/contract/routes';
import type { Handler } from './http/edge/handler';

export function baseHandler(): Handler {
  return composed('agentcore-base', baseFunction, runPorts);
}

export function toolsHandler(): Handler {
  return composed('agentcore-tools', toolsFunction, toolsPorts);
}

export function memoryHandler(): Handler {
  return composed('agentcore-memory', memoryFunction, memoryPorts);
}

export function sessionsHandler(): Handler {
  return composed('sessions', sessionsFunction, sessionsPorts);
}

type Make<P> = (settings: HandlerConfig, ports: P) => Handler;
type Ports<P> = (config: LambdaConfig, telemetry: PowertoolsTelemetry, place: Place, running: Running) => P;
/** Where everything is stored, by one client: one connection serves them all. */
type Place = Parameters<typeof makeS3SessionLog>[0];

export function composed<P extends HandlerPorts>(service: Service, make: Make<P>, ports: Ports<P>): Handler {
  const config = readLambdaConfig(service);
  const telemetry = makePowertoolsTelemetry({ service });
  const running: { context?: unknown } = {};
  const handle = make(config.handler, ports(config, telemetry, bucketOf(config), running));
  return async (event, context) => {
    running.context = context;
    try {
      return await handle(event, context);
    } finally {
      telemetry.flush();
    }
  };
}

/** What every run needs; where a budget of the day is set, a role may list the days, too. */
function runPorts(config: LambdaConfig, telemetry: PowertoolsTelemetry, place: Place, running: Running): HandlerPorts {
  const artifacts = makeS3ArtifactStore(place);
  const receipts = receiptsOf(config, artifacts, telemetry, running);
  if (config.handler.dayBudget === undefined) return { artifacts, receipts, telemetry, openApi };
  const day = { log: makeS3SessionLog(place), documents: makeS3ArtifactStore({ ...place, mayList: true }), clock: systemClock };
  return { artifacts, receipts, telemetry, openApi, day };
}

function toolsPorts(config: LambdaConfig, telemetry: PowertoolsTelemetry, place: Place, running: Running): HandlerPorts {
  const tracing = tracingOf(config);
  const agentCore = oneClient(config, tracing);
  return {
    ...runPorts(config, telemetry, place, running),
    tracing,
    ...switchPort(config, place),
    ...planPorts(config, telemetry, agentCore),
  };
}

function memoryPorts(config: LambdaConfig, telemetry: PowertoolsTelemetry, place: Place, running: Running): HandlerPorts {
  const tracing = tracingOf(config);
  return {
    ...runPorts(config, telemetry, place, running),
    tracing,
    ...switchPort(config, place),
    ...memoryPort(config, oneClient(config, tracing)),
  };
}

/** Missing segments and documents are told by the list: its role may list `sessions/`, and nothing else. */
export function sessionsPorts(config: LambdaConfig, telemetry: PowertoolsTelemetry, place: Place, running: Running): SessionFunctionPorts {
  const tracing = tracingOf(config);
  const agentCore = oneClient(config, tracing);
  const artifacts = makeS3ArtifactStore({ ...place, mayList: true });
  return {
    artifacts,
    receipts: receiptsOf(config, artifacts, telemetry, running),
    log: makeS3SessionLog(place),
    clock: systemClock,
    telemetry,
    tracing,
    openApi,
    ...switchPort(config, place),
    ...planPorts(config, telemetry, agentCore),
    ...memoryPort(config, agentCore),
  };
}

/**
 * What signs is in a file of its own beside this one, in the zips of deployments that sign: its client is read nowhere else. It begins to load
 * with the function; where it is missing, the start fails.
 */
function receiptsOf(
  { signing, s3 }: LambdaConfig,
  artifacts: ArtifactStore,
  telemetry: PowertoolsTelemetry,
  running: Running,
): HandlerPorts['receipts'] {
  return (
    signing && import('./compose-receipts').then(({ lambdaReceipts }) => lambdaReceipts({ ...signing, s3, artifacts, telemetry, running }))
  );
}

function switchPort({ stopKey }: LambdaConfig, { client, bucket }: Place): Pick<HandlerPorts, 'stopSwitch'> {
  return stopKey === undefined ? {} : { stopSwitch: makeS3StopSwitch({ client, bucket, key: stopKey }) };
}

type AgentCore = () => ReturnType<typeof makeAgentCoreClient>;

function oneClient({ agentcore }: LambdaConfig, { headers: traceHeaders }: RequestTracing): AgentCore {
  let client: ReturnType<AgentCore> | undefined;
  return () => (client ??= makeAgentCoreClient({ ...agentcore, traceHeaders }));
}

/** Of functions that call tools: base calls none, and its log line has what a span of it would have. */
function tracingOf({ service, handler: { version }, spans }: LambdaConfig): RequestTracing {
  if (!spans) return makeTracing({ service, version });
  const sink = {
    // A line of the log as it is: Lambda would put what the console writes into a document of its own.
    write: (line: string) => process.stdout.write(`${line}\n`),
    clock: systemClock,
    xrayHeader: lambdaTraceHeader,
  };
  return makeTracing({ service, version, spans: sink });
}

function planPorts(
  { codeInterpreterId, planner }: LambdaConfig,
  telemetry: PowertoolsTelemetry,
  agentCore: AgentCore,
): Pick<HandlerPorts, 'interpreter' | 'planner'> {
  return {
    ...(codeInterpreterId === undefined
      ? {}
      : { interpreter: makeAgentCoreCodeInterpreter({ client: agentCore(), codeInterpreterId, telemetry }) }),
    ...(planner === undefined ? {} : { planner: makeAgentCorePlanner({ client: agentCore(), telemetry, ...planner }) }),
  };
}

function memoryPort({ memory }: LambdaConfig, agentCore: AgentCore): Pick<HandlerPorts, 'memory'> {
  return memory === undefined ? {} : { memory: makeAgentCoreMemory({ client: agentCore(), ...memory, clock: systemClock }) };
}

/** The build puts its text here: a function of one mode does not hold the codecs of all. */
function openApi(): string {
  return EWM_OPENAPI;
}

function bucketOf({ artifacts: { bucket, prefix, pathStyle }, s3 }: LambdaConfig): Place {
  return { client: makeS3Client({ ...s3, pathStyle }), bucket, prefix };
}
