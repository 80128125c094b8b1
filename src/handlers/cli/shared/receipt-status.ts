/** What the receipt beside a run comes to: for `verify`, which decides, and for `show` and `report`, which only tell. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { checkReceipt, type Claim, claimOf, describeReceiptFault } from '../../../domain/receipt/receipt';
import type { Attested, RunFacts } from '../../../domain/receipt/statement';
import { type NoFacts, readRunFacts, type RunTree } from '../../../domain/run/run-facts';
import type { StoreError } from '../../../ports/run-files';
import type { Verifier } from '../../../ports/signer';
import { signing } from '../../compose-signing';
import { EXIT } from './exit-codes';
import { type Failure, storeFailure } from './failure';

export interface ReceiptOptions {
  /** Public keys that are trusted, as files. */
  readonly keys: readonly string[];
  /** Whether a run without a receipt fails. */
  readonly requireReceipt: boolean;
}

export type ReceiptStatus =
  | { readonly _tag: 'None' }
  /** There is something of that name, and no key to check it with: nothing depends on what it says. */
  | { readonly _tag: 'Unchecked'; readonly claim: Either<string, Claim>; readonly note?: string }
  /** `note`: what more there is to say. */
  | { readonly _tag: 'Holds'; readonly keyIds: readonly string[]; readonly attested: Attested; readonly note?: string }
  | ReceiptFails;

interface ReceiptFails {
  readonly _tag: 'Fails';
  readonly code: string;
  readonly reason: string;
}

/** The keys, or what is wrong with one of them. Asked first: nobody waits for a proof to hear of a spelling mistake. */
export async function readKeys(paths: readonly string[]): Promise<Either<Failure, readonly Verifier[]>> {
  const verifiers: Verifier[] = [];
  for (const path of paths) {
    const text = await signing.readText(path)();
    if (isLeft(text)) return left(storeFailure(text.left));
    const verifier = signing.verifierOf(text.right);
    if (isLeft(verifier)) return left({ exit: EXIT.badInput, code: 'invalid_key', messages: [`${path}: ${verifier.left}`] });
    verifiers.push(verifier.right);
  }
  return right(verifiers);
}

/** The receipt held against a run that is proven. */
export async function receiptStatus(
  directory: string,
  tree: RunTree,
  verifiers: readonly Verifier[],
  { requireReceipt }: Pick<ReceiptOptions, 'requireReceipt'>,
): Promise<Either<StoreError, ReceiptStatus>> {
  if (verifiers.length === 0 && !requireReceipt) return right(await claimedReceipt(directory));
  const text = await signing.readReceipt(directory)();
  if (isLeft(text)) return text;
  if (text.right === undefined) {
    return right(requireReceipt ? fails('ReceiptMissing', 'there is no receipt.json, and one was required') : { _tag: 'None' });
  }
  const facts: Either<StoreError | NoFacts, RunFacts> = await readRunFacts(tree);
  if (isLeft(facts)) {
    return facts.left._tag === 'NoFacts' ? right(fails(facts.left._tag, facts.left.reason)) : left(facts.left);
  }
  const checked = checkReceipt(text.right, facts.right, verifiers);
  return right(isLeft(checked) ? fails(checked.left._tag, describeReceiptFault(checked.left)) : { _tag: 'Holds', ...checked.right });
}

/** Who says that they signed, for those who only show a run. */
export async function claimedReceipt(directory: string): Promise<ReceiptStatus> {
  return statusOf(await signing.readReceipt(directory)());
}

/** The same, of what was read. */
export function statusOf(text: Either<StoreError, string | undefined>): ReceiptStatus {
  if (isLeft(text)) return { _tag: 'Unchecked', claim: left(storeFailure(text.left).messages.join('; ')) };
  if (text.right === undefined) return { _tag: 'None' };
  const claim = claimOf(text.right);
  return { _tag: 'Unchecked', claim: isLeft(claim) ? left(describeReceiptFault(claim.left)) : claim };
}

export function fails(code: string, reason: string): ReceiptFails {
  return { _tag: 'Fails', code, reason };
}

export function receiptLine(status: ReceiptStatus): string {
  switch (status._tag) {
    case 'None':
      return 'none: nobody signed this run';
    case 'Unchecked': {
      const { claim } = status;
      return isLeft(claim) ? `cannot be read: ${claim.left}` : `${signedText(claim.right)}: NOT CHECKED; ewm verify --key checks it`;
    }
    case 'Holds':
      return `${signedText(status)}${status.note === undefined ? '' : `; ${status.note}`}`;
    case 'Fails':
      return `DOES NOT HOLD: ${status.reason}`;
  }
}

export function receiptJson(status: ReceiptStatus): object | null {
  switch (status._tag) {
    case 'None':
      return null;
    case 'Unchecked':
      return isLeft(status.claim)
        ? { verdict: 'unreadable', reason: status.claim.left }
        : claimJson('not_checked', status.claim.right, status.note);
    case 'Holds':
      return claimJson('holds', status, status.note);
    case 'Fails':
      return { verdict: 'fails', code: status.code, reason: status.reason };
  }
}

function claimJson(verdict: 'holds' | 'not_checked', { keyIds, attested }: Claim, note?: string): object {
  return { verdict, key_ids: keyIds, ...attested, ...(note === undefined ? {} : { note }) };
}

function signedText({ keyIds, attested: { program, signed_at: at } }: Claim): string {
  return `signed by ${keyIds.join(', ')} at ${at} with ${program.name} ${program.version}`;
}
