/** `ewm keygen` and `ewm sign`: a key of one's own, and a receipt for a run that proves itself. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunTree } from '../../../domain/run/run-facts';
import type { SignatureAlgorithm } from '../../../ports/signer';
import { local } from '../../compose';
import { signing } from '../../compose-signing';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { readSigner, signedText, signRun } from '../shared/sign-run';
import { isSession, prove } from './verify-command';

export interface KeygenOptions {
  readonly out: string;
  readonly algorithm: KeyAlgorithm;
  readonly json: boolean;
}

export type KeyAlgorithm = 'p256' | 'ed25519';

const ALGORITHMS: Readonly<Record<KeyAlgorithm, SignatureAlgorithm>> = { p256: 'ecdsa-p256-sha256', ed25519: 'ed25519' };

export async function keygenCommand({ out, algorithm, json }: KeygenOptions, io: Io): Promise<ExitCode> {
  const pair = signing.generateKeyPair(ALGORITHMS[algorithm]);
  const { privatePath, publicPath } = signing.keyFilesOf(out);
  const written = await signing.writeKeyFiles({ privatePath, publicPath }, pair)();
  if (isLeft(written)) return fail(io, json, storeFailure(written.left));
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok: true, key_id: pair.keyId, private_key: privatePath, public_key: publicPath, algorithm })}\n`
      : `key ${pair.keyId}\n  private    ${privatePath}: signs; keep it to yourself\n  public     ${publicPath}: give it to those who check\n`,
  );
  return EXIT.ok;
}

export interface SignOptions {
  readonly key: string;
  readonly force: boolean;
  readonly json: boolean;
}

/** Proves before it signs: a signature says that this happened. */
export async function signCommand(directory: string, { key, force, json }: SignOptions, io: Io): Promise<ExitCode> {
  const signer = await readSigner(key);
  if (isLeft(signer)) return fail(io, json, signer.left);
  const proven = await provenTree(directory, io);
  if (isLeft(proven)) return fail(io, json, proven.left);
  const signed = await signRun(directory, proven.right, signer.right, force);
  if (isLeft(signed)) return fail(io, json, signed.left);
  const { keyIds, signedAt } = signed.right;
  await io.stdout.write(
    json ? `${JSON.stringify({ ok: true, key_ids: keyIds, signed_at: signedAt })}\n` : `${signedText(directory, signed.right)}\n`,
  );
  return EXIT.ok;
}

async function provenTree(directory: string, io: Io): Promise<Either<Failure, RunTree>> {
  const content = await local.inspectRun(directory)();
  if (isLeft(content)) return left(storeFailure(content.left));
  if (content.right === 'absent' || content.right === 'none') {
    return left({ exit: EXIT.badInput, code: 'not_a_run', messages: [`${directory}: holds no run`] });
  }
  const reader = local.readRun(directory);
  if (await isSession(reader)) {
    const [{ provenSession }, { sessionTree }] = await Promise.all([
      import('../session/session-commands'),
      import('../session/session-receipt'),
    ]);
    const proven = await provenSession(directory);
    return isLeft(proven) ? proven : right(sessionTree(directory, proven.right));
  }
  const verdict = await prove(reader, 1, io);
  if (isLeft(verdict)) {
    const { left: error } = verdict;
    if (error._tag !== 'Interrupted') return left(storeFailure(error));
    return left({ exit: EXIT.interrupted, code: 'interrupted', messages: ['interrupted; nothing is signed'] });
  }
  if (verdict.right._tag === 'Proven') return right({ reader, below: [] });
  const why = verdict.right._tag === 'Unfinished' ? 'holds an unfinished run' : 'is not proven; ewm verify names the first difference';
  return left({ exit: EXIT.notProven, code: 'not_proven', messages: [`${directory} ${why}, so it is not signed`] });
}
