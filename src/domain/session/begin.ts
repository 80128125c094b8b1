/** The beginning of a session: its documents, then its first segment. A session is there once that is, and all of it can be done again. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import { create as createSegment } from './act';
import { answerAbout, type SessionAnswer } from './answer';
import { openDocuments, type SessionContext } from './context';
import { contentTypeOf, DOCUMENT_FILES, documentKey, type SessionDocuments } from './documents';
import type { SessionError } from './errors';
import { identifySession, type SessionInputs } from './inputs';
import { openSessionTape } from './replay';

export async function begin(
  context: SessionContext,
  documents: Partial<SessionDocuments>,
  inputs: SessionInputs,
  deadline: Deadline,
): Promise<Either<SessionError, SessionAnswer>> {
  const id = identifySession(inputs).runId;
  const session = await openDocuments(id, documents, context.worlds);
  if (isLeft(session)) return session;
  const opened = openSessionTape(session.right, Math.floor(context.clock.nowMs()));
  if (isLeft(opened)) return left({ _tag: 'InvalidSession', problems: opened.left });
  const encoder = new TextEncoder();
  const puts = DOCUMENT_FILES.flatMap((file) => {
    const text = documents[file];
    const contentType = contentTypeOf(file);
    return text === undefined
      ? []
      : [context.documents.put({ key: documentKey(id, file), bytes: encoder.encode(text), contentType }, deadline)()];
  });
  for (const put of await Promise.all(puts)) if (isLeft(put)) return put;
  const { line, standing } = opened.right;
  const created = await createSegment(context, id, 0, line, deadline);
  if (isLeft(created)) return created;
  context.opened.set(id, session.right);
  if (created.right) context.standings.set(id, standing);
  // A segment with a clock is another one each time: who did not create it does not know what stands there.
  const known = created.right || standing.began === undefined;
  const receipt = known ? await context.sign?.(session.right, standing, line, deadline) : undefined;
  return right(answerAbout(session.right, standing, { receipt }));
}
