/**
 * The handler of each mode: the very function that Lambda runs and that the local server calls.
 * It takes an API Gateway payload 2.0 event and answers its structured result, or takes the bare body and answers the bare response.
 */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Budget } from '../../domain/budget/budget';
import type { ArtifactStore } from '../../ports/artifact-store';
import type { CodeInterpreter } from '../../ports/code-interpreter';
import type { Memory } from '../../ports/memory';
import type { Planner } from '../../ports/planner';
import type { Telemetry } from '../../ports/telemetry';
import type { ApiResponse, Mode } from './response';

export type { Mode } from './response';

export interface HandlerConfig {
  readonly version: string;
  /** A request whose budget names more than this of anything is refused whole. */
  readonly ceilings: Budget;
  /** `ENABLE_AGENTCORE_MEMORY=1`. Without it a memory request is answered and nothing is called. */
  readonly memoryEnabled: boolean;
  /** The longest body that is read. Unit: UTF-8 bytes. */
  readonly bodyBytesMax: number;
  /** Kept back from the work of an invocation for storing what came of it. Unit: ms. */
  readonly storeReserveMs: number;
}

/** Only what the mode uses: base needs `artifacts`; `interpreter` and `planner` absent means that the tool is not enabled. */
export interface HandlerPorts {
  readonly artifacts: ArtifactStore;
  readonly memory?: Memory;
  readonly interpreter?: CodeInterpreter;
  readonly planner?: Planner;
  readonly telemetry: Telemetry;
}

/** What the handler reads of Lambda's context. */
export interface InvocationContext {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

/** One invocation: a payload 2.0 event gives the structured result, anything else is taken for the bare body and gives the bare response. */
export type Handler = (event: unknown, context: InvocationContext) => Promise<APIGatewayProxyStructuredResultV2 | ApiResponse>;

export function makeHandler(mode: Mode, config: HandlerConfig, ports: HandlerPorts): Handler {
  return (_event, _context) => Promise.reject(new Error(`not built yet: ${mode} ${config.version} ${ports.artifacts.location}`));
}
