/**
 * Functions of the API, put together: an edge, a mode, and what an invocation works on while it runs, all of it in this process.
 * One function each, so that the bundle of one holds no other's code.
 */
import { makeMarketDocument } from '../adapters/in-process/market-document';
import { makeMemoryRunReader, makeMemoryRunWriter } from '../adapters/in-process/run-files';
import type { ArtifactStore } from '../ports/artifact-store';
import { assert } from '../domain/assert';
import type { Look } from '../domain/agent/stop';
import { lookAt } from '../domain/agent/stop-switch';
import type { Budget } from '../domain/budget/budget';
import { REQUIRED } from '../domain/budget/dimensions';
import { makeBounded, makeContext, type SessionContext } from '../domain/session/context';
import type { Receipts } from '../domain/run/receipts';
import { makeSignSegment } from '../domain/session/receipts';
import type { OpenFileWorlds } from '../domain/session/world-documents';
import { makeSessionContext } from '../domain/session/worlds';
import type { Clock } from '../ports/clock';
import type { CodeInterpreter } from '../ports/code-interpreter';
import type { Memory } from '../ports/memory';
import type { Planner } from '../ports/planner';
import type { SessionLog } from '../ports/session-log';
import type { StopSwitch } from '../ports/stop-switch';
import type { Telemetry } from '../ports/telemetry';
import type { Tracing } from '../ports/tracing';
import type { Environment, HandlerConfig } from './config';
import type { HttpMode } from './http/contract/response';
import { type Handler, makeHandler, type Served } from './http/edge/handler';
import { stoppable } from './http/edge/stoppable';
import { serveBase } from './http/modes/base';
import { serveMemory } from './http/modes/memory';
import { makeDay } from './http/modes/day';
import type { BaseParts, Day } from './http/modes/mode';
import { makeProve, type Prove } from './http/modes/session-proof';
import { serveSessions } from './http/modes/sessions';
import { serveTools } from './http/modes/tools';
import { withGatewayTools } from './mcp/gateway';

/** Only what the mode uses: base needs `artifacts`; `interpreter` and `planner` absent means that the tool is not enabled. */
export interface HandlerPorts {
  readonly artifacts: ArtifactStore;
  readonly memory?: Memory;
  readonly interpreter?: CodeInterpreter;
  readonly planner?: Planner;
  readonly telemetry: Telemetry;
  readonly openApi: () => string;
  /** Absent: nothing is signed. */
  readonly receipts?: Promise<Receipts> | undefined;
  /** Looked at before each request and before each act that leaves the process; absent: there is none. */
  readonly stopSwitch?: StopSwitch;
  /** Of functions that call tools. */
  readonly tracing?: Tracing;
  /** Needed where a budget of the day is set. */
  readonly day?: DayPorts;
}

/** Where the days are kept that cap what is spent: with the sessions. */
export interface DayPorts {
  readonly log: SessionLog;
  readonly documents: ArtifactStore;
  readonly clock: Clock;
}

/** It reaches nothing outside, so on AWS it looks at no switch: concurrency 0 holds it off. `around`: for whoever has it look at one all the same. */
export function baseFunction(settings: HandlerConfig, ports: HandlerPorts, around: Around<'agentcore-base'> = asItIs): Handler {
  return makeHandler(around(serveBase(worldParts(settings, ports))), settings, ports);
}

type Around<S extends HttpMode> = (served: Served<S>) => Served<S>;

function asItIs<A>(served: A): A {
  return served;
}

/** The same, and no request is begun where the switch is set. */
export function stoppableBaseFunction(settings: HandlerConfig, ports: HandlerPorts): Handler {
  return baseFunction(settings, ports, (served) => stoppable(served, lookOf(ports)));
}

export function toolsFunction(settings: HandlerConfig, ports: HandlerPorts): Handler {
  const { interpreter, planner, tracing } = ports;
  const look = lookOf(ports);
  const served = serveTools({ ...worldParts(settings, ports), interpreter, planner, look, tracing });
  return makeHandler(stoppable(served, look), settings, ports);
}

export function memoryFunction(settings: HandlerConfig, ports: HandlerPorts): Handler {
  const { artifacts, receipts, tracing } = ports;
  const look = lookOf(ports);
  const memory = settings.enabled.memory ? ports.memory : undefined;
  const day = dayOf(settings, ports);
  const served = serveMemory({ settings, artifacts, memory, day, look, receipts, tracing, runWriter: makeMemoryRunWriter });
  return makeHandler(stoppable(served, look), settings, ports);
}

function lookOf({ stopSwitch }: HandlerPorts): Look | undefined {
  return stopSwitch === undefined ? undefined : lookAt(stopSwitch);
}

function worldParts(settings: HandlerConfig, ports: HandlerPorts): BaseParts {
  return {
    settings,
    artifacts: ports.artifacts,
    day: dayOf(settings, ports),
    receipts: ports.receipts,
    marketOf: makeMarketDocument,
    runWriter: makeMemoryRunWriter,
  };
}

function dayOf({ dayBudget }: HandlerConfig, { day }: HandlerPorts): Day | undefined {
  if (dayBudget === undefined) return undefined;
  assert(day !== undefined, 'a budget of the day is kept somewhere');
  // A day has no world.
  return makeDay(makeContext({ ...day, outside: {}, dayBudget }, makeBounded(0)));
}

/** `fileWorlds`: where world files of callers run; a deployment without one has markets alone. */
export type SessionFunctionPorts = HandlerPorts & { readonly log: SessionLog; readonly clock: Clock; readonly fileWorlds?: OpenFileWorlds };

export function sessionsFunction(settings: HandlerConfig, ports: SessionFunctionPorts): Handler {
  const { served, sessions, prove } = sessionParts(settings, ports);
  const { telemetry } = ports;
  return makeHandler(withGatewayTools({ served, sessions, prove, telemetry, bodyBytesMax: settings.bodyBytesMax }), settings, ports);
}

/** The acts on sessions, and what they work on. */
export function sessionParts(
  settings: HandlerConfig,
  ports: SessionFunctionPorts,
): { readonly served: Served<'sessions'>; readonly sessions: SessionContext; readonly prove: Prove } {
  const { artifacts, interpreter, planner, log, clock, tracing } = ports;
  const look = lookOf(ports);
  const memory = settings.enabled.memory ? ports.memory : undefined;
  const { dayBudget } = settings;
  const sessions = makeSessionContext(
    {
      log,
      documents: artifacts,
      clock,
      outside: { interpreter, planner, memory },
      dayBudget,
      look,
      sign: makeSignSegment(ports.receipts),
      tracing,
    },
    ports.fileWorlds,
  );
  const prove = makeProve({ sessions, runWriter: makeMemoryRunWriter, runReader: makeMemoryRunReader });
  const served = stoppable(serveSessions({ settings, sessions, marketOf: makeMarketDocument }), look);
  return { served, sessions, prove };
}

const LOCAL_SESSION_CEILING = 100_000;

/** A session lives long, and on one's own machine its acts cost nothing: what nobody has set is wide. */
export function sessionCeilings(ceilings: Budget, env: Environment): Budget {
  const unset = [REQUIRED.steps, REQUIRED.tool_calls].filter(({ variable }) => (env[variable] ?? '') === '');
  return { ...ceilings, ...(Object.fromEntries(unset.map(({ limiter }) => [limiter, LOCAL_SESSION_CEILING])) as Partial<Budget>) };
}

/** For those who serve all of them in one process. */
export const FUNCTIONS: Readonly<Record<HttpMode, (settings: HandlerConfig, ports: HandlerPorts) => Handler>> = {
  'agentcore-base': baseFunction,
  'agentcore-tools': toolsFunction,
  'agentcore-memory': memoryFunction,
};
