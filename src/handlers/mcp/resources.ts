/** What can be read of a session: its tape, its report and its budget. Each is made from the rows, and proven on the way. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { isSessionId } from '../../domain/session/inputs';
import type { ApiError } from '../http/contract/errors';
import { provenFile } from './proof';
import { isVisible, noSession, type Scope } from './scope';
import { type RouteAccess, bodyOf } from './tool';

interface Part {
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly read: (context: RouteAccess, session: string) => Promise<Either<ApiError, string>>;
}

const PARTS: Readonly<Record<string, Part>> = {
  tape: {
    title: 'Tape',
    description: 'Every act of the session, a JSON row a line, each linked to the one before it by its hash.',
    mimeType: 'application/x-ndjson',
    read: (context, session) => fileOf(context, session, 'tape.jsonl'),
  },
  report: {
    title: 'Report',
    description: 'The session summed up for a person to read.',
    mimeType: 'text/markdown',
    read: (context, session) => fileOf(context, session, 'report.md'),
  },
  budget: {
    title: 'Budget',
    description: 'The limits of the session, what was spent and what is left.',
    mimeType: 'application/json',
    read: async ({ callRoute }, session) => {
      const { error, budget, budget_state, remaining, head, status } = bodyOf(
        await callRoute('GET /sessions/{id}', { parameters: { id: session } }),
      );
      return error === undefined ? right(JSON.stringify({ head, status, budget, budget_state, remaining })) : left(error);
    },
  },
};

async function fileOf(context: RouteAccess, session: string, file: 'tape.jsonl' | 'report.md'): Promise<Either<ApiError, string>> {
  const text = await provenFile(context, session, file);
  return isLeft(text) ? left(text.left.error ?? noSession(session)) : text;
}

const URI = /^ewm:\/\/sessions\/([^/]+)\/([a-z]+)$/;

export interface Resource {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
}

export function resourcesOf(session: string): readonly Resource[] {
  return Object.entries(PARTS).map(([name, { title, description, mimeType }]) => ({
    uri: `ewm://sessions/${session}/${name}`,
    name: `${name} of ${session}`,
    title,
    description,
    mimeType,
  }));
}

/** For a client that may see every session. */
export function resourceTemplates(): readonly (Omit<Resource, 'uri'> & { readonly uriTemplate: string })[] {
  return Object.entries(PARTS).map(([name, { title, description, mimeType }]) => ({
    uriTemplate: `ewm://sessions/{session_id}/${name}`,
    name,
    title,
    description,
    mimeType,
  }));
}

/** The text of a resource; nothing where there is none of that name, or it is not shown. */
export async function readResource(
  context: RouteAccess,
  scope: Scope,
  uri: string,
): Promise<Either<ApiError, { readonly mimeType: string; readonly text: string }> | undefined> {
  const [, session = '', name = ''] = URI.exec(uri) ?? [];
  const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
  if (part === undefined || !isSessionId(session) || !isVisible(scope, session)) return undefined;
  const text = await part.read(context, session);
  if (isLeft(text)) return text.left.code === 'not_found' ? undefined : text;
  return right({ mimeType: part.mimeType, text: text.right });
}
