/** The official clients of MCP, both generations, as one: what they differ in is how they are made. */
import { Client as ClientOf2026, StreamableHTTPClientTransport as HttpOf2026 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioOf2026 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientOf2025 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioOf2025 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpOf2025 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { PROGRAM } from './built-cli';

/** The protocol that a client is to speak: that of its own generation, or of 2025 spoken by the newer one. */
export const GENERATIONS = ['2026', '2025 by the newer client', '2025'] as const;
export type Generation = (typeof GENERATIONS)[number];

/** Where the server is: a URL, or the arguments of `ewm mcp`. */
export type Place = { readonly url: string } | { readonly args: readonly string[] };

export type Body = Readonly<Record<string, unknown>>;

export interface McpClient {
  readonly protocol: string | undefined;
  readonly instructions: string | undefined;
  readonly tools: () => Promise<readonly McpToolShown[]>;
  readonly call: (name: string, args?: Body) => Promise<Called>;
  readonly resources: () => Promise<readonly string[]>;
  readonly read: (uri: string) => Promise<string>;
  readonly content: (uri: string) => Promise<{ readonly mimeType: string; readonly text: string }>;
  /** What the server says it can do beside the protocol itself. */
  readonly extensions: object;
  readonly prompt: (name: string, args?: Readonly<Record<string, string>>) => Promise<string>;
  readonly close: () => Promise<void>;
}

export interface Called {
  readonly body: Body;
  readonly isError: boolean;
  readonly text: string;
  /** Of resources, beside the text. */
  readonly links: readonly string[];
}

export interface McpToolShown {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: Body;
  readonly outputSchema?: Body | undefined;
  readonly annotations?: object | undefined;
  readonly _meta?: object | undefined;
}

const INFO = { name: 'ewm-test', version: '1' };

export async function connectMcp(generation: Generation, place: Place): Promise<McpClient> {
  return clientOf(generation === '2025' ? await connect2025(place) : await connect2026(place, generation === '2026'));
}

async function connect2026(place: Place, modern: boolean): Promise<ClientOf2026> {
  const client = new ClientOf2026(INFO, { versionNegotiation: { mode: modern ? 'auto' : 'legacy' } });
  await client.connect('url' in place ? new HttpOf2026(new URL(place.url)) : new StdioOf2026(program(place.args)));
  return client;
}

async function connect2025(place: Place): Promise<ClientOf2025> {
  const client = new ClientOf2025(INFO);
  const transport = 'url' in place ? new HttpOf2025(new URL(place.url)) : new StdioOf2025(program(place.args));
  await client.connect(transport);
  return client;
}

function program(args: readonly string[]): { command: string; args: string[]; stderr: 'ignore' } {
  return { command: process.execPath, args: [PROGRAM, 'mcp', ...args], stderr: 'ignore' };
}

function clientOf(client: ClientOf2025 | ClientOf2026): McpClient {
  const negotiated = client instanceof ClientOf2026 ? client.getNegotiatedProtocolVersion() : undefined;
  const content: McpClient['content'] = async (uri) => {
    const [found] = (await client.readResource({ uri })).contents as readonly { readonly text?: string; readonly mimeType?: string }[];
    return { mimeType: found?.mimeType ?? '', text: found?.text ?? '' };
  };
  return {
    protocol: negotiated,
    instructions: client.getInstructions(),
    tools: async () => (await client.listTools()).tools,
    call: async (name, args = {}) => {
      const result = (await client.callTool({ name, arguments: { ...args } })) as {
        readonly isError?: boolean;
        readonly structuredContent?: Body;
        readonly content: readonly { readonly text?: string; readonly uri?: string }[];
      };
      const links = result.content.flatMap(({ uri }) => (uri === undefined ? [] : [uri]));
      return { body: result.structuredContent ?? {}, isError: result.isError === true, text: result.content[0]?.text ?? '', links };
    },
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    read: async (uri) => (await content(uri)).text,
    content,
    extensions: (client.getServerCapabilities() as { readonly extensions?: object } | undefined)?.extensions ?? {},
    prompt: async (name, args = {}) => {
      const [message] = (await client.getPrompt({ name, arguments: args })).messages;
      return message?.content.type === 'text' ? message.content.text : '';
    },
    close: () => client.close(),
  };
}
