/** MCP in a test: sessions held in memory, the very handler that serves `/mcp`, and what was stored. */
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeScriptedCodeInterpreter } from '../../src/adapters/in-process/code-interpreter';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { makeScriptedPlanner } from '../../src/adapters/in-process/planner';
import { makeInProcessSessionLog } from '../../src/adapters/in-process/session-log';
import { makeRecordingTelemetry, type RecordingTelemetry } from '../../src/adapters/in-process/telemetry';
import type { OpenSandbox } from '../../src/domain/run/retake-world';
import { fileWorldsIn } from '../../src/domain/session/world-documents';
import type { Budget } from '../../src/domain/budget/budget';
import { sessionParts } from '../../src/handlers/compose-http';
import { mcpParts } from '../../src/handlers/compose-mcp';
import type { HandlerConfig } from '../../src/handlers/config';
import { type Handler, makeHandler, type Served } from '../../src/handlers/http/edge/handler';
import type { Invocation } from '../../src/handlers/http/edge/act';
import { type CallRoute, routeCaller } from '../../src/handlers/mcp/call-route';
import { serveMcp } from '../../src/handlers/mcp/http';
import type { McpParts } from '../../src/handlers/mcp/server';
import { bodyOf, type ToolBody } from '../../src/handlers/mcp/tool';
import type { SessionLog } from '../../src/ports/session-log';
import { CONFIG } from './handlers';

export interface McpSessions {
  readonly settings: HandlerConfig;
  readonly parts: McpParts;
  readonly served: Served<'sessions'>;
  readonly handle: Handler;
  readonly callRoute: CallRoute;
  readonly log: SessionLog;
  readonly telemetry: RecordingTelemetry;
  readonly create: (name: string, budget: Partial<Budget>) => Promise<ToolBody>;
}

export const INVOCATION: Invocation = { requestId: 'request', work: noDeadline, storing: noDeadline };

const WIDE = { max_steps: 100_000, max_tool_calls: 100_000, max_model_calls: 100, max_memory_ops: 100, max_memory_bytes: 100_000 };

/** `sandbox`: for sessions in world files. */
export function makeMcpSessions(sandbox?: OpenSandbox): McpSessions {
  const settings = { ...CONFIG, ceilings: { ...CONFIG.ceilings, ...WIDE } };
  const telemetry = makeRecordingTelemetry();
  const log = makeInProcessSessionLog();
  const ports = {
    artifacts: makeMemoryArtifactStore(),
    log,
    // Stands still, so that what is stored depends on nothing else.
    clock: { nowMs: () => 1_770_000_000_000 },
    interpreter: makeScriptedCodeInterpreter(),
    planner: makeScriptedPlanner(),
    memory: makeInProcessMemory(),
    telemetry,
    openApi: () => '',
    ...(sandbox === undefined ? {} : { fileWorlds: fileWorldsIn(sandbox) }),
  };
  const parts = mcpParts(settings, ports);
  const { served } = sessionParts(settings, ports);
  const callRoute = routeCaller(parts.acts, INVOCATION);
  return {
    settings,
    parts,
    served,
    handle: makeHandler(serveMcp(parts), settings, ports),
    callRoute,
    log,
    telemetry,
    create: async (name, budget) => bodyOf(await callRoute('POST /sessions', { body: { name, budget } })),
  };
}
