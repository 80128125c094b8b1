/** What MCP is served from: the acts of the sessions function, in the same process. Apart, for the SDK is more code than the function. */
import { isLeft, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { deadlineIn } from '../adapters/in-process/clock';
import { type SessionFunctionPorts, sessionParts } from './compose-http';
import { type SessionsProblem, sessionsIn } from './compose-sessions';
import type { LocalSigning } from './compose-signing';
import type { Environment, HandlerConfig } from './config';
import type { Telemetry } from '../ports/telemetry';
import type { Deadline } from '../ports/clock';
import { type Handler, makeHandler } from './http/edge/handler';
import { serveMcp } from './mcp/http';
import type { McpParts } from './mcp/server';

export function mcpFunction(settings: HandlerConfig, ports: SessionFunctionPorts): Handler {
  return makeHandler(serveMcp(mcpParts(settings, ports)), settings, ports);
}

export function mcpParts(settings: HandlerConfig, ports: SessionFunctionPorts): McpParts {
  const { served, sessions, prove } = sessionParts(settings, ports);
  const { version, bodyBytesMax } = settings;
  return { version, bodyBytesMax, acts: served.acts, sessions, prove, telemetry: ports.telemetry };
}

/** Sessions in a directory of this machine, for a client that is a process beside this one. */
export function composeMcp(
  directory: string,
  env: Environment,
  telemetry: Telemetry,
  signing?: LocalSigning,
): TaskEither<SessionsProblem, { readonly parts: McpParts; readonly deadlineIn: (timeoutMs: number) => Deadline }> {
  return async () => {
    const found = await sessionsIn(directory, env, telemetry, signing)();
    return isLeft(found) ? found : right({ parts: mcpParts(found.right.settings, found.right.ports), deadlineIn });
  };
}
