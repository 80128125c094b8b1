/**
 * Proves a pulled session as a whole: every row follows from the one before it and from the inputs, every grant has its child, and every refund
 * what that child left over. docs/spec.md section 8.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunReader, StoreError } from '../../ports/run-files';
import { canonical } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import { digested } from '../episode/output';
import { makeTextReader } from '../episode/text-reader';
import { type CompareError, makeComparison } from '../run/compare';
import { withCursor } from '../run/cursors';
import type { Divergence } from '../run/divergence';
import { readText } from '../run/evidence';
import { decodeInputs } from '../run/inputs';
import { extraDivergence } from '../run/listing';
import type { Verdict, VerifyError } from '../run/verify';
import { type ChainFacts, makeSegmentChain } from './chain';
import { openDocuments, type SessionWorlds } from './context';
import { documentsNamed } from './documents';
import { chargedOf, costsGranted, guardHolder, isGuardHolder, within } from './grant';
import { sessionFiles, sessionReport, sessionRunJson } from './files';
import { decodeSessionInputs, identifySession, isDay, isSessionId, type SessionInputs } from './inputs';
import { extraInSession, type ListedDirectory, SESSION } from './listing';
import type { TrustedKey } from '../receipt/receipt';
import { openSegmentReceipts, type SegmentReceipts } from './check-receipts';
import type { OpenSession, Standing } from './replay';
import type { Refund } from './rows';

/** A pulled session and, below it, its children. */
export interface SessionDirectory extends ListedDirectory {
  /** Nothing where there is none. */
  readonly child: (session: string) => Promise<SessionDirectory | undefined>;
  /** The guarded run that holds a grant, verified. Absent where there is no place for such runs; nothing where it is not there. */
  readonly guard?: (holder: string) => Promise<Either<VerifyError, { readonly verdict: Verdict; readonly reader: RunReader } | undefined>>;
}

export interface ProvenSession {
  readonly session: string;
  readonly sealed: boolean;
  readonly head: string;
  readonly segments: number;
  readonly calls: number;
  readonly fills: number;
  readonly unknown: number;
  readonly children: readonly ProvenSession[];
  /** Guarded runs that took a part of the budget. One that gave nothing back is charged in full, whatever it did. */
  readonly guards: readonly { readonly holder: string; readonly name: string; readonly proven: boolean }[];
  readonly inputs: SessionInputs;
  readonly standing: Standing;
  readonly receipts: SegmentReceipts;
}

/** `where`: the ids from the session that was asked for down to the one that differs. */
export type SessionVerdict =
  | { readonly _tag: 'Proven'; readonly proven: ProvenSession }
  | { readonly _tag: 'NotProven'; readonly where: readonly string[]; readonly divergence: Divergence };

type Fault = { readonly _tag: 'Fault'; readonly where: readonly string[]; readonly divergence: Divergence };

/** `trusted`: keys that receipts of segments are checked with; what they come to is told and decides nothing here. */
export async function proveSession(
  directory: SessionDirectory,
  worlds: SessionWorlds,
  trusted: readonly TrustedKey[] = [],
): Promise<Either<StoreError, SessionVerdict>> {
  const proven = await prove(directory, [], worlds, trusted);
  if (!isLeft(proven)) return right({ _tag: 'Proven', proven: proven.right });
  if (proven.left._tag === 'Fault') return right({ ...proven.left, _tag: 'NotProven' });
  return left(proven.left);
}

async function prove(
  directory: SessionDirectory,
  above: readonly string[],
  worlds: SessionWorlds,
  trusted: readonly TrustedKey[],
): Promise<Either<StoreError | Fault, ProvenSession>> {
  const { reader, child } = directory;
  const fault = (divergence: Divergence): Either<Fault, never> => left({ _tag: 'Fault', where: above, divergence });
  const opened = await openDirectory(reader, worlds);
  if (isLeft(opened)) return opened.left._tag === 'Diverged' ? fault(opened.left.divergence) : left(opened.left);
  const session = opened.right;
  const { runId } = session.identity;
  const where = [...above, runId];
  const comparison = makeComparison(reader);
  const output = digested(comparison);
  const chain = makeSegmentChain(session);
  const receipts = await openSegmentReceipts(directory.receipts, trusted);
  if (isLeft(receipts)) return receipts;
  const compared = await overSegments(reader, async (text, firstRow) => {
    const replayed = await chain.push(text);
    if (isLeft(replayed)) {
      const { row, ...difference } = replayed.left;
      return left<CompareError>({ _tag: 'Diverged', divergence: { file: 'tape.jsonl', row: firstRow + row, ...difference } });
    }
    const looked = await receipts.right.push(session, replayed.right.standing, text);
    if (isLeft(looked)) return looked;
    const tape = await output.append('tape.jsonl', text);
    return isLeft(tape) ? tape : output.append('executions.jsonl', replayed.right.ledger);
  });
  const summed = isLeft(compared) ? compared : await summary(session, chain.standing(), chain.facts());
  await comparison.close();
  if (isLeft(summed))
    return summed.left._tag === 'Diverged' ? left({ _tag: 'Fault', where, divergence: summed.left.divergence }) : left(summed.left);
  const { standing, facts } = summed.right;

  const children: ProvenSession[] = [];
  // What a request of a day used is in its run, which is proven by itself.
  for (const grant of facts.grants.filter(({ child: holder }) => isSessionId(holder))) {
    const below = await child(grant.child);
    const missing = (expected: string, actual: string): Either<Fault, never> =>
      left({ _tag: 'Fault', where, divergence: { file: 'tape.jsonl', pointer: '', expected, actual } });
    if (below === undefined) return missing(`the session ${grant.child}, to which a grant was made`, 'no directory of it: it is missing');
    const proven = await prove(below, where, worlds, trusted);
    if (isLeft(proven)) return proven;
    const { inputs, session: childId } = proven.right;
    const agrees =
      childId === grant.child &&
      inputs.parent?.session_id === runId &&
      inputs.parent.head === (isDay(runId) ? chain.opening() : grant.parentHead) &&
      canonical(inputs.budget) === canonical(grant.budget);
    if (!agrees) return missing(`a child of ${runId} at ${grant.parentHead} with the budget of its grant`, canonical(inputs));
    const refund = facts.refunds.find((one) => one.child === grant.child);
    if (refund !== undefined && (refund.head !== proven.right.head || !spentAgrees(refund.spent, proven.right.standing))) {
      return missing(`a child that is sealed at ${refund.head} and spent ${canonical({ ...refund.spent })}`, proven.right.head);
    }
    children.push(proven.right);
  }
  const guards: ProvenSession['guards'][number][] = [];
  for (const grant of facts.grants.filter(({ child: holder }) => isGuardHolder(holder))) {
    const refund = facts.refunds.find((one) => one.child === grant.child);
    const held = await guardFault(directory, grant, refund, runId);
    if (isLeft(held)) return left(held.left);
    if ('expected' in held.right) {
      return left({ _tag: 'Fault', where, divergence: { file: 'tape.jsonl', pointer: '', ...held.right } });
    }
    guards.push({ holder: grant.child, name: grant.name, proven: held.right.proven });
  }
  const overdrawn = facts.refunds.find((refund) => !agreesWithGrant(refund, facts.grants));
  if (overdrawn !== undefined) {
    const divergence = { file: 'tape.jsonl', pointer: '', expected: `a refund of what was granted to ${overdrawn.child}` } as const;
    return left({ _tag: 'Fault', where, divergence: { ...divergence, actual: canonical({ ...overdrawn.granted }) } });
  }
  const granted = facts.grants.map((grant) => grant.child);
  const extra = await extraInSession(directory, session.inputs, standing.sealed, granted, facts.segments);
  if (isLeft(extra)) return extra;
  const divergence = extraDivergence(extra.right, SESSION);
  if (divergence !== undefined) return left({ _tag: 'Fault', where, divergence });
  return right({
    session: runId,
    sealed: standing.sealed,
    head: `${String(standing.seq)}-${standing.cursor.tapeHead}`,
    segments: facts.segments,
    calls: facts.calls,
    fills: standing.cursor.ledgerRows,
    unknown: facts.unknown,
    children,
    guards,
    inputs: session.inputs,
    standing,
    receipts: receipts.right.found(),
  });

  /** What follows the last row. */
  async function summary(
    open: OpenSession,
    last: Standing | undefined,
    chainFacts: ChainFacts,
  ): Promise<Either<CompareError, { readonly standing: Standing; readonly facts: ChainFacts }>> {
    if (last === undefined) {
      return left({
        _tag: 'Diverged',
        divergence: { file: 'tape.jsonl', row: 0, pointer: '', expected: 'the row of a session', actual: 'nothing' },
      });
    }
    for (const file of documentsNamed(open.inputs)) {
      const text = await readText(reader, file, Infinity);
      if (isLeft(text)) return text;
      const same = await output.append(file, text.right.text);
      if (isLeft(same)) return same;
    }
    const reported = await output.append('report.md', sessionReport(open, last, chainFacts));
    if (isLeft(reported)) return reported;
    if (last.sealed) {
      const appended = await output.append('run.json', sessionRunJson(open, chainFacts, output.digest));
      if (isLeft(appended)) return appended;
    }
    for (const file of sessionFiles(open.inputs, last.sealed)) {
      const ended = await comparison.expectEnd(file);
      if (isLeft(ended)) return ended;
    }
    return right({ standing: last, facts: chainFacts });
  }
}

type GuardGrant = ChainFacts['grants'][number];

/** Whether what a guard gave back is what its run left over; what differs where it is not. */
async function guardFault(
  { guard }: SessionDirectory,
  grant: GuardGrant,
  refund: Refund | undefined,
  session: string,
): Promise<Either<StoreError, { readonly proven: boolean } | { readonly expected: string; readonly actual: string }>> {
  const verified = guard === undefined ? right(undefined) : await guard(grant.child);
  if (isLeft(verified)) {
    if (verified.left._tag !== 'Interrupted') return left(verified.left);
    return right({ expected: `the whole run of ${grant.child}`, actual: 'a verification that was interrupted' });
  }
  const found = verified.right;
  if (found === undefined || found.verdict._tag === 'Unfinished') {
    if (refund === undefined) return right({ proven: false });
    const expected = `the finished run of ${grant.child}, which gave back a part of its grant: put its run directory at children/${grant.child}`;
    return right({ expected, actual: found === undefined ? 'no directory of it: it is missing' : 'a run without a seal' });
  }
  if (found.verdict._tag === 'NotProven') {
    const { file, row, expected, actual } = found.verdict.divergence;
    const place = `${file}${row === undefined ? '' : `, row ${String(row)}`}`;
    return right({ expected: `${grant.child}, ${place}: ${expected}`, actual });
  }
  const { summary } = found.verdict;
  const opening = await firstRow(found.reader);
  if (isLeft(opening)) return opening;
  const inputs = decodeInputs(isRecord(opening.right) ? opening.right['inputs'] : undefined);
  const parent = isLeft(inputs) || inputs.right.mode !== 'guard' ? undefined : inputs.right.parent;
  if (guardHolder(summary.runId) !== grant.child || parent?.run_id !== session || parent.head !== grant.parentHead) {
    return right({ expected: `the guarded run ${grant.child} of session ${session} at ${grant.parentHead}`, actual: summary.runId });
  }
  if (refund === undefined) return right({ proven: true });
  const spent = chargedOf(refund.granted, summary.budgetState);
  return refund.head === summary.headHash && canonical({ ...spent }) === canonical({ ...refund.spent })
    ? right({ proven: true })
    : right({
        expected: `a guarded run that is sealed at ${refund.head} and spent ${canonical({ ...refund.spent })}`,
        actual: `${summary.headHash} and ${canonical({ ...spent })}`,
      });
}

/** Of a tape that was verified: a row that cannot be read is not there. */
function firstRow(reader: RunReader): Promise<Either<StoreError, unknown>> {
  return withCursor(reader.open('tape.jsonl'), async (cursor): Promise<Either<StoreError, unknown>> => {
    const lines = await makeTextReader(cursor).next();
    return right(isLeft(lines) ? undefined : parsed(lines.right));
  });
}

/** What comes back is of one grant, and at most that. */
function agreesWithGrant({ child, granted, spent }: Refund, grants: ChainFacts['grants']): boolean {
  return (
    grants.some((grant) => grant.child === child && canonical({ ...costsGranted(grant) }) === canonical({ ...granted })) &&
    within(spent, granted)
  );
}

function spentAgrees(spent: object, { cursor, sealed }: Standing): boolean {
  return (
    sealed &&
    Object.entries(spent).every(([key, amount]) => key === 'tools' || (cursor.spent as Readonly<Record<string, unknown>>)[key] === amount)
  );
}

async function openDirectory(reader: RunReader, worlds: SessionWorlds): Promise<Either<CompareError, OpenSession>> {
  const first = await firstSegment(reader);
  if (isLeft(first)) return first;
  const inputs = decodeSessionInputs((parsed(first.right) as { readonly inputs?: unknown } | undefined)?.inputs);
  const diverged = (file: Divergence['file'], expected: string, actual: string, pointer = ''): Either<CompareError, never> =>
    left({ _tag: 'Diverged', divergence: { file, row: 0, pointer, expected, actual } });
  if (isLeft(inputs)) {
    const [problem] = inputs.left;
    return diverged('tape.jsonl', 'the inputs of a session', problem?.message ?? '', `/inputs${problem?.pointer ?? ''}`);
  }
  const documents: Record<string, string> = { 'session.json': `${canonical(inputs.right)}\n` };
  for (const file of documentsNamed(inputs.right)) {
    const text = await readText(reader, file, Infinity);
    if (isLeft(text)) return text;
    documents[file] = text.right.text;
  }
  const opened = await openDocuments(identifySession(inputs.right).runId, documents, worlds);
  if (!isLeft(opened)) return opened;
  const { left: error } = opened;
  if (error._tag !== 'SessionCorrupt') return diverged('tape.jsonl', 'a session', error._tag);
  const file = sessionFiles(inputs.right, true).find((known) => known === error.file) ?? 'tape.jsonl';
  return diverged(file, error.expected, error.actual, error.pointer);
}

async function firstSegment(reader: RunReader): Promise<Either<CompareError, string>> {
  let first = '';
  const read = await overSegments(reader, (text) => {
    first ||= text;
    return Promise.resolve(left<CompareError>({ _tag: 'NotFound', path: '' }));
  });
  return first === '' && isLeft(read) ? read : right(first);
}

/** Hands over a tape segment by segment: each ends before the next `resume` row. `firstRow` counts rows of the tape. */
async function overSegments(
  reader: RunReader,
  take: (text: string, firstRow: number) => Promise<Either<CompareError, void>>,
): Promise<Either<CompareError, void>> {
  const cursor = await reader.open('tape.jsonl')();
  if (isLeft(cursor)) return cursor;
  const lines = makeTextReader(cursor.right);
  let [held, heldRows, firstRow] = ['', 0, 0];
  try {
    for (;;) {
      const text = await lines.next();
      if (isLeft(text)) {
        if (text.left._tag === 'Store') return left(text.left.error);
        const { line, message } = text.left.error;
        return left({
          _tag: 'Diverged',
          divergence: { file: 'tape.jsonl', row: line - 1, pointer: '', expected: 'lines of UTF-8 text', actual: message },
        });
      }
      if (text.right === '') return held === '' ? right(undefined) : await take(held, firstRow);
      for (let at = 0; at < text.right.length;) {
        const end = text.right.indexOf('\n', at) + 1 || text.right.length;
        const line = text.right.slice(at, end);
        at = end;
        // Rows are canonical, so a `resume` row ends in its type; one that does not is named by whoever plays it.
        if (held !== '' && line.endsWith('"type":"resume"}\n')) {
          const taken = await take(held, firstRow);
          if (isLeft(taken)) return taken;
          firstRow += heldRows;
          [held, heldRows] = ['', 0];
        }
        held += line;
        heldRows += 1;
      }
    }
  } finally {
    await lines.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.split('\n')[0] ?? '');
  } catch {
    return undefined;
  }
}
