/**
 * A guarded run taken again from its tape: each act is entered and settled as it was, by the code that guarded it, and every row, the seal and the
 * files behind it are compared. Invariant: each dimension is counted again from what the rows say of requests and reports, and from nothing else
 * that they say.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunReader } from '../../ports/run-files';
import { isRecord } from '../codec/codec';
import type { StoppedByOperator } from '../agent/stop';
import { stoppedCodec } from '../agent/stop-switch';
import { type Problem, problemsOf } from '../codec/problem';
import { parseJson } from '../codec/parse';
import { makeEpisode } from '../episode/episode';
import type { DigestedOutput } from '../episode/output';
import { makeTextReader } from '../episode/text-reader';
import { CALL_BYTES_MAX } from '../limits';
import type { CompareError } from '../run/compare';
import { withCursor } from '../run/cursors';
import { digestDiffers, diverged, readText, textError, malformed } from '../run/evidence';
import type { SealedRun } from '../run/finish';
import { type GuardInputs, identify } from '../run/inputs';
import { decodeGrant, decodeRefund } from '../session/rows';
import { type Content, contentOf } from './act';
import { type GuardBook, makeGuardBook } from './book';
import { endGuard } from './guard-end';
import { decodePrices, normalPrices, type ModelPriceTable } from '../budget/prices';
import { decodeAct, decodeGrantStop, decodeOutcome } from './rows';

export async function retakeGuard(
  reader: RunReader,
  inputs: GuardInputs,
  output: DigestedOutput<CompareError>,
): Promise<Either<CompareError, SealedRun>> {
  const prices = await readPrices(reader, inputs);
  if (isLeft(prices)) return prices;
  const identity = identify(inputs);
  const episode = makeEpisode<never, never, never, never, never, CompareError>({ inputs, identity, budget: inputs.budget, output });
  const book = makeGuardBook(episode, inputs.budget, prices.right);
  const rows = await withCursor(reader.open('tape.jsonl'), async (cursor): Promise<Either<CompareError, void>> => {
    const text = makeTextReader(cursor);
    for (let at = 0; ;) {
      const lines = await text.next();
      if (isLeft(lines)) return textError('tape.jsonl', lines.left);
      if (lines.right === '') return right(undefined);
      for (const line of lines.right.split('\n')) {
        if (line === '') continue;
        const row = parseJson(line);
        const fault = at === 0 ? undefined : enter(row, book, inputs);
        if (fault !== undefined) return diverged({ file: 'tape.jsonl', row: at, ...fault });
        at += 1;
      }
      const flushed = await episode.flush();
      if (isLeft(flushed)) return flushed;
    }
  });
  if (isLeft(rows)) return rows;
  return endGuard(episode, book, inputs, identity);
}

interface Fault {
  readonly pointer: string;
  readonly expected: string;
  readonly actual: string;
}

/** Does once more what left a row; a row that is not the one this leaves shows in the comparison. */
function enter(row: unknown, book: GuardBook, inputs: GuardInputs): Fault | undefined {
  const type = isRecord(row) ? row['type'] : undefined;
  if (type === 'seal') return undefined;
  const halted = type === 'stop' && isRecord(row) ? operatorStop(row['error']) : undefined;
  if (halted !== undefined) {
    if (isLeft(halted))
      return { pointer: `/error${halted.left.pointer}`, expected: 'the end that an operator makes', actual: halted.left.message };
    book.halt(halted.right);
  }
  if (type === 'intent' || (type === 'stop' && isRecord(row) && row['act'] !== 'grant')) {
    const recorded = decodeAct(row);
    if (isLeft(recorded)) return faultOf(recorded.left);
    const { act, wallMs } = recorded.right;
    const fault = contentFault('/request', act.request, inputs) ?? wallFault(wallMs, inputs);
    if (fault === undefined) book.begin(act, wallMs);
    return fault;
  }
  if (type === 'tool' || type === 'model') {
    const recorded = decodeOutcome(row);
    if (isLeft(recorded)) return faultOf(recorded.left);
    const { index, outcome, wallMs } = recorded.right;
    if (!book.isPending(index)) return { pointer: '/index', expected: 'an act that was begun and has not ended', actual: String(index) };
    const fault = contentFault('/result', outcome.result, inputs) ?? wallFault(wallMs, inputs);
    if (fault === undefined) book.end(index, outcome, wallMs);
    return fault;
  }
  if (type === 'stop') {
    const refused = decodeGrantStop(row);
    if (isLeft(refused)) return faultOf(refused.left);
    book.grant(refused.right.child, refused.right.name, refused.right.budget);
    return undefined;
  }
  if (type === 'grant') {
    const grant = decodeGrant(row);
    if (isLeft(grant)) return faultOf(grant.left);
    book.grant(grant.right.child, grant.right.name, grant.right.budget);
    return undefined;
  }
  if (type === 'refund') {
    const refund = decodeRefund(row);
    if (isLeft(refund)) return faultOf(refund.left);
    const taken = book.refund(refund.right.child, refund.right.head, refund.right.spent);
    return taken ? undefined : { pointer: '/child', expected: 'a child whose grant was not taken back', actual: refund.right.child };
  }
  return { pointer: '/type', expected: 'a row of a guarded run', actual: typeof type === 'string' ? type : 'no text' };
}

/** An operator's end is taken from its row: nothing else on the tape leads to it. Nothing where the row has another. */
function operatorStop(error: unknown): Either<Problem, StoppedByOperator> | undefined {
  if (!isRecord(error) || error['code'] !== 'stopped_by_operator') return undefined;
  const decoded = stoppedCodec.decode(error);
  return isLeft(decoded) ? left(problemsOf(decoded.left)[0] ?? { pointer: '', message: 'no such end' }) : decoded;
}

function faultOf([first]: readonly Problem[]): Fault {
  return { pointer: first?.pointer ?? '', expected: 'a row that a guard writes', actual: first?.message ?? '' };
}

/** What is held whole is what its digest names; with `record: full` all of it is held that a row can take. */
function contentFault(pointer: string, stated: Content | undefined, { record }: GuardInputs): Fault | undefined {
  if (stated === undefined) return undefined;
  if (stated.content === undefined) {
    const left = record === 'full' && stated.bytes <= CALL_BYTES_MAX;
    return left ? { pointer: `${pointer}/content`, expected: 'the content: the run records it', actual: 'nothing' } : undefined;
  }
  const content = contentOf(stated.content, record);
  if (content.content === undefined) return { pointer: `${pointer}/content`, expected: 'a digest alone', actual: 'the content' };
  if (content.sha256 !== stated.sha256) return { pointer: `${pointer}/sha256`, expected: content.sha256, actual: stated.sha256 };
  return content.bytes === stated.bytes
    ? undefined
    : { pointer: `${pointer}/bytes`, expected: String(content.bytes), actual: String(stated.bytes) };
}

/** Time is on the tape where it is limited, and nowhere else. */
function wallFault(wallMs: number | undefined, { budget }: GuardInputs): Fault | undefined {
  const limited = budget.max_wall_ms !== undefined;
  if (limited === (wallMs !== undefined)) return undefined;
  return { pointer: '/wall_ms', expected: limited ? 'the time that had passed' : 'nothing', actual: String(wallMs ?? 'nothing') };
}

async function readPrices(reader: RunReader, { prices_sha256 }: GuardInputs): Promise<Either<CompareError, ModelPriceTable>> {
  const text = await readText(reader, 'prices.json');
  if (isLeft(text)) return text;
  const table = decodePrices(parseJson(text.right.text));
  if (isLeft(table)) return malformed('prices.json', 'a price table', table.left);
  const normal = normalPrices(table.right);
  if (normal !== text.right.text) return diverged({ file: 'prices.json', row: 0, pointer: '', expected: normal, actual: text.right.text });
  return text.right.sha256 === prices_sha256 ? right(table.right) : digestDiffers('prices.json', prices_sha256, text.right.sha256);
}
