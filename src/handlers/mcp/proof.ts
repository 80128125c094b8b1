/** `world_verify`: the verdict on a session, as a body of the API's make. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunFile } from '../../ports/run-files';
import type { ProvenSession } from '../../domain/session/prove';
import { decodeWith } from '../http/contract/body';
import { invalidRequest } from '../http/contract/problems';
import { errorAnswer } from '../http/modes/session-errors';
import { type Proof, PROOF_BYTES_MAX, PROOF_READS_MAX } from '../http/modes/session-proof';
import { standingOf } from './history';
import { verifyCodec } from './schemas';
import type { Arguments } from './scope';
import { type RouteAccess, bodyOf, type ToolBody } from './tool';

export async function verify(context: RouteAccess, session: string, args: Arguments): Promise<ToolBody> {
  const request = decodeWith(verifyCodec, args);
  if (isLeft(request)) return { ok: false, error: invalidRequest(request.left) };
  const proof = await proofOf(context, session);
  if (isLeft(proof)) return proof.left;
  const verdict = proof.right;
  if (verdict._tag === 'NotProven') return { ok: false, verdict: 'not_proven', where: verdict.where, divergence: verdict.divergence };
  const seen = bodyOf(await context.callRoute('GET /sessions/{id}', { parameters: { id: session } }));
  const { sealed, head } = verdict.proven;
  // The session may have gone on meanwhile: what is proven is what was read.
  return { ok: true, ...standingOf(seen), head, verdict: sealed ? 'proven' : 'proven_so_far', proof: factsOf(verdict.proven) };
}

/** A file of the session as it was proven: `tape.jsonl`, `report.md`. */
export async function provenFile(context: RouteAccess, session: string, file: RunFile): Promise<Either<ToolBody, string>> {
  const proof = await proofOf(context, session);
  if (isLeft(proof)) return proof;
  if (proof.right._tag === 'NotProven') {
    const { file: where, row, pointer, expected, actual } = proof.right.divergence;
    const message = `not proven: ${where}, row ${String(row ?? 0)}, ${pointer}: expected ${expected}, found ${actual}`;
    return left({ ok: false, error: { code: 'dependency_failed', message, service: 'session log', operation: 'read', effect: 'none' } });
  }
  const bytes = proof.right.files[file];
  return right(bytes === undefined ? '' : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
}

async function proofOf({ prove, sessions, deadline }: RouteAccess, session: string): Promise<Either<ToolBody, Proof>> {
  const proof = await prove(session, deadline);
  if (!isLeft(proof)) return proof;
  if (proof.left._tag !== 'TooLong') return left((await errorAnswer(sessions, proof.left, deadline)) as ToolBody);
  const limits = `${String(PROOF_BYTES_MAX)} bytes or ${String(PROOF_READS_MAX)} documents and segments`;
  const message = `the session and its children are more than ${limits}: use ewm session pull and ewm verify`;
  return left({ ok: false, error: { code: 'payload_too_large', message } });
}

function factsOf({ session, sealed, head, segments, calls, fills, unknown, children }: ProvenSession): Arguments {
  const facts = { session_id: session, sealed, head, segments, calls, fills, acts_of_unknown_effect: unknown };
  return { ...facts, children: children.map(factsOf) };
}
