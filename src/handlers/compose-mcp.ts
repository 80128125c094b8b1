/** What MCP is served from: the acts of the sessions function, in the same process. Apart, for the SDK is more code than the function. */
import { type SessionFunctionPorts, sessionParts } from './compose-http';
import type { HandlerConfig } from './config';
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
