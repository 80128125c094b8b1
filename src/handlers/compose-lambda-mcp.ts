/** The Lambda function of MCP: the ports of sessions, and the SDK. Apart, for importing the SDK alone would put it into every bundle. */
import { composed, sessionsPorts } from './compose-lambda';
import { mcpFunction } from './compose-mcp';
import type { Handler } from './http/edge/handler';

export function mcpHandler(): Handler {
  return composed('mcp', mcpFunction, sessionsPorts);
}
