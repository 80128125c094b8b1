/**
 * What each Lambda function is made of. One function a mode, so that a bundle holds the clients of its mode and no other.
 * Called once a container; a port whose use is not enabled is not made.
 */
import { makeAgentCoreClient } from '../adapters/agentcore/client';
import { makeAgentCoreCodeInterpreter } from '../adapters/agentcore/code-interpreter';
import { makeAgentCoreMemory } from '../adapters/agentcore/memory';
import { makeAgentCorePlanner } from '../adapters/agentcore/planner';
import { systemClock } from '../adapters/in-process/clock';
import { makePowertoolsTelemetry, type PowertoolsTelemetry } from '../adapters/powertools/telemetry';
import { makeS3ArtifactStore } from '../adapters/s3/artifact-store';
import { makeS3Client } from '../adapters/s3/client';
import type { ArtifactStore } from '../ports/artifact-store';
import { type HandlerConfig, type LambdaConfig, readLambdaConfig } from './config';
import { baseFunction, type HandlerPorts, memoryFunction, toolsFunction } from './compose-http';
import type { Mode } from './http/contract/response';
import type { Handler } from './http/edge/handler';

export function baseHandler(): Handler {
  return composed('agentcore-base', baseFunction, basePorts);
}

export function toolsHandler(): Handler {
  return composed('agentcore-tools', toolsFunction, toolsPorts);
}

export function memoryHandler(): Handler {
  return composed('agentcore-memory', memoryFunction, memoryPorts);
}

type Make = (settings: HandlerConfig, ports: HandlerPorts) => Handler;
type Ports = (config: LambdaConfig, telemetry: PowertoolsTelemetry) => HandlerPorts;

function composed(mode: Mode, make: Make, ports: Ports): Handler {
  const config = readLambdaConfig(mode);
  const telemetry = makePowertoolsTelemetry({ service: mode });
  const handle = make(config.handler, ports(config, telemetry));
  return async (event, context) => {
    try {
      return await handle(event, context);
    } finally {
      telemetry.flush();
    }
  };
}

function basePorts(config: LambdaConfig, telemetry: PowertoolsTelemetry): HandlerPorts {
  return { artifacts: artifactStore(config), telemetry, openApi };
}

function toolsPorts(config: LambdaConfig, telemetry: PowertoolsTelemetry): HandlerPorts {
  const { codeInterpreterId, planner, agentcore } = config;
  const ports = { artifacts: artifactStore(config), telemetry, openApi };
  if (codeInterpreterId === undefined && planner === undefined) return ports;
  const client = makeAgentCoreClient(agentcore);
  return {
    ...ports,
    ...(codeInterpreterId === undefined ? {} : { interpreter: makeAgentCoreCodeInterpreter({ client, codeInterpreterId, telemetry }) }),
    ...(planner === undefined ? {} : { planner: makeAgentCorePlanner({ client, telemetry, ...planner }) }),
  };
}

function memoryPorts(config: LambdaConfig, telemetry: PowertoolsTelemetry): HandlerPorts {
  const { memory, agentcore } = config;
  const ports = { artifacts: artifactStore(config), telemetry, openApi };
  if (memory === undefined) return ports;
  return { ...ports, memory: makeAgentCoreMemory({ client: makeAgentCoreClient(agentcore), ...memory, clock: systemClock }) };
}

/** The build puts its text here: a function of one mode does not hold the codecs of all. */
function openApi(): string {
  return EWM_OPENAPI;
}

function artifactStore({ artifacts, s3 }: LambdaConfig): ArtifactStore {
  const { bucket, prefix, pathStyle } = artifacts;
  return makeS3ArtifactStore({ client: makeS3Client({ ...s3, pathStyle }), bucket, prefix });
}
