/** The documents of a session, stored once and named by its inputs: those of a market, or those of a world file. */
import type { SessionInputs } from './inputs';

export const MARKET_DOCUMENTS = ['strategy.json', 'policy.json', 'market.jsonl'] as const;
export const WORLD_DOCUMENTS = ['world.js', 'policy.js', 'params.json', 'inputs.jsonl'] as const;

/** In the order in which they are stored: the one that names the session last. */
export const DOCUMENT_FILES = [...MARKET_DOCUMENTS, ...WORLD_DOCUMENTS, 'session.json'] as const;
export type DocumentFile = (typeof DOCUMENT_FILES)[number];

export type SessionDocuments = Readonly<Record<DocumentFile, string>>;

/** Those of a session, without the one that names it. The day's root has none, and is no directory. */
export function documentsNamed({ world }: Pick<SessionInputs, 'world'>): typeof MARKET_DOCUMENTS | typeof WORLD_DOCUMENTS {
  return world === undefined ? MARKET_DOCUMENTS : WORLD_DOCUMENTS;
}

export function documentKey(session: string, file: DocumentFile): string {
  return `sessions/${session}/inputs/${file}`;
}

/** Of documents of many lines. */
export function contentTypeOf(file: DocumentFile): string {
  if (file.endsWith('.jsonl')) return 'application/x-ndjson';
  return file.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'application/json';
}
