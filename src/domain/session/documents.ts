/** The documents of a session, stored once and named by its inputs: those of a market or of a world file, and what its acts cost. */
import type { SessionInputs } from './inputs';

export const MARKET_DOCUMENTS = ['strategy.json', 'policy.json', 'market.jsonl'] as const;
export const WORLD_DOCUMENTS = ['world.js', 'policy.js', 'params.json', 'inputs.jsonl'] as const;

/** In the order in which they are stored: the one that names the session last. */
export const DOCUMENT_FILES = [...MARKET_DOCUMENTS, ...WORLD_DOCUMENTS, 'prices.json', 'session.json'] as const;
export type DocumentFile = (typeof DOCUMENT_FILES)[number];

export type SessionDocuments = Readonly<Record<DocumentFile, string>>;

/** Those of a session, without the one that names it. The day's root has none, and is no directory. */
export function documentsNamed({
  world,
  prices_sha256: prices,
}: Pick<SessionInputs, 'world' | 'prices_sha256'>): readonly Exclude<DocumentFile, 'session.json'>[] {
  return [...(world === undefined ? MARKET_DOCUMENTS : WORLD_DOCUMENTS), ...(prices === undefined ? [] : (['prices.json'] as const))];
}

export function documentKey(session: string, file: DocumentFile): string {
  return `sessions/${session}/inputs/${file}`;
}

/** Of documents of many lines. */
export function contentTypeOf(file: DocumentFile): string {
  if (file.endsWith('.jsonl')) return 'application/x-ndjson';
  return file.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'application/json';
}
