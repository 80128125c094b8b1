/**
 * The report of a session as a page inside the client (MCP Apps, SEP-1865): a resource that is the same for every session, named by the tools that
 * report. A client that shows no pages has the text, the structured content and the link to the report beside it.
 */
import { reportApp } from '../page/app-html';

export const APP_EXTENSION = 'io.modelcontextprotocol/ui';
export const APP_MIME_TYPE = 'text/html;profile=mcp-app';
export const APP_URI = 'ui://executable-world-models/report';

/** What a tool says whose answers are to be shown on it. */
export const APP_OF_TOOL = { ui: { resourceUri: APP_URI } } as const;

export interface AppContent {
  readonly [member: string]: unknown;
  readonly uri: string;
  readonly mimeType: string;
  readonly text: string;
  readonly _meta: { readonly ui: { readonly prefersBorder: boolean } };
}

/** It loads nothing and calls nobody but the client, so it asks for no origin and no permission. */
export function appContent(): AppContent {
  return { uri: APP_URI, mimeType: APP_MIME_TYPE, text: reportApp(), _meta: { ui: { prefersBorder: true } } };
}
