/** A message of MCP as its stateless protocol has it: it names its version and its client itself, in the body and, for those on the way, in headers. */

const PROTOCOL = '2026-07-28';

export interface McpMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

export function mcpMessage(method: string, params: { readonly name?: string; readonly arguments?: object } = {}): McpMessage {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': PROTOCOL,
    'io.modelcontextprotocol/clientInfo': { name: 'ewm', version: EWM_VERSION },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = {
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': PROTOCOL,
    'mcp-method': method,
    ...(params.name === undefined ? {} : { 'mcp-name': params.name }),
  };
  return { headers, body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } } };
}
