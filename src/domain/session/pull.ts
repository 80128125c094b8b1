/** Fetches a session, with its children, into directories that prove themselves. Every segment is played again on the way. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunFile, RunWriter, StoreError } from '../../ports/run-files';
import { digested } from '../episode/output';
import { makeSegmentChain } from './chain';
import { openDocuments, type SessionWorlds } from './context';
import { DOCUMENT_FILES, type DocumentFile, documentsNamed } from './documents';
import type { SessionError } from './errors';
import { sessionFiles, sessionReport, sessionRunJson } from './files';
import { isSessionId } from './inputs';

/** Where a session is read: a directory, or an API. Nothing where it has no such part. */
export interface SessionSource {
  readonly document: (session: string, file: DocumentFile) => Promise<Either<SessionError, string | undefined>>;
  readonly segment: (session: string, seq: number) => Promise<Either<SessionError, string | undefined>>;
  /** Of a segment. Absent: whoever pulls takes none. */
  readonly receipt?: (session: string, seq: number) => Promise<Either<SessionError, string | undefined>>;
}

export interface PulledSession {
  readonly session: string;
  readonly sealed: boolean;
  readonly head: string;
  readonly segments: number;
  readonly children: readonly PulledSession[];
}

/** `writerAt`: ids from the session that was asked for down to the one that is written. A directory is committed after those below it. */
export async function pullSession(
  source: SessionSource,
  path: readonly string[],
  writerAt: (path: readonly string[]) => Promise<Either<StoreError, RunWriter>>,
  worlds: SessionWorlds,
): Promise<Either<SessionError, PulledSession>> {
  const id = path.at(-1) ?? '';
  const documents: Partial<Record<DocumentFile, string>> = {};
  for (const file of DOCUMENT_FILES) {
    const text = await source.document(id, file);
    if (isLeft(text)) return text;
    if (text.right !== undefined) documents[file] = text.right;
  }
  if (documents['session.json'] === undefined) return left({ _tag: 'SessionNotFound', session: id });
  const session = await openDocuments(id, documents, worlds);
  if (isLeft(session)) return session;
  const writer = await writerAt(path);
  if (isLeft(writer)) return writer;
  const pulled = await write(session.right, documents, source, path, writer.right, writerAt, worlds);
  if (isLeft(pulled)) await writer.right.abandon('remove');
  return pulled;
}

async function write(
  session: Parameters<typeof makeSegmentChain>[0],
  documents: Partial<Record<DocumentFile, string>>,
  source: SessionSource,
  path: readonly string[],
  writer: RunWriter,
  writerAt: (path: readonly string[]) => Promise<Either<StoreError, RunWriter>>,
  worlds: SessionWorlds,
): Promise<Either<SessionError, PulledSession>> {
  const { runId } = session.identity;
  const output = digested(writer);
  for (const file of documentsNamed(session.inputs)) {
    const appended = await output.append(file, documents[file] ?? '');
    if (isLeft(appended)) return appended;
  }
  const chain = makeSegmentChain(session);
  for (let seq = 0; ; seq += 1) {
    const text = await source.segment(runId, seq);
    if (isLeft(text)) return text;
    if (text.right === undefined) break;
    const replayed = await chain.push(text.right);
    if (isLeft(replayed)) return left({ _tag: 'SessionCorrupt', session: runId, file: `segment ${String(seq)}`, ...replayed.left });
    for (const [file, rows] of [
      ['tape.jsonl', text.right],
      ['executions.jsonl', replayed.right.ledger],
    ] as const) {
      const appended = await output.append(file, rows);
      if (isLeft(appended)) return appended;
    }
  }
  const standing = chain.standing();
  if (standing === undefined) return left({ _tag: 'SessionNotFound', session: runId });
  const facts = chain.facts();
  const children: PulledSession[] = [];
  // What a request of a day or a guarded run used is in its own directory.
  for (const { child } of facts.grants.filter((grant) => isSessionId(grant.child))) {
    const pulled = await pullSession(source, [...path, child], writerAt, worlds);
    // A child that was granted and never begun leaves nothing to fetch; a verifier names it.
    if (isLeft(pulled) && pulled.left._tag !== 'SessionNotFound') return pulled;
    if (!isLeft(pulled)) children.push(pulled.right);
  }
  const reported = await output.append('report.md', sessionReport(session, standing, facts));
  if (isLeft(reported)) return reported;
  if (standing.sealed) {
    const summed = await output.append('run.json', sessionRunJson(session, facts, output.digest));
    if (isLeft(summed)) return summed;
  }
  const files: readonly RunFile[] = sessionFiles(session.inputs, standing.sealed);
  const committed = await writer.commit(files)();
  if (isLeft(committed)) return committed;
  return right({
    session: runId,
    sealed: standing.sealed,
    head: `${String(standing.seq)}-${standing.cursor.tapeHead}`,
    segments: facts.segments,
    children,
  });
}
