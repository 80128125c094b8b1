/**
 * Whether a key that the reader supplies signed the run in a page: the envelope, the signature by Web Crypto, and the statement made again from what
 * the page holds. Invariant: it holds only for a key that was given, and only where every byte of the statement follows from this page.
 */
import type { Json } from '../../../../domain/canonical/canonical';
import { type Attested, type RunFacts, signedBytes, statementDifference, statementText } from '../../../../domain/receipt/statement';
import { list, parseJson, record, type RunModel, text } from '../shared/run-model';
import { bytesOf, envelopeOf } from '../shared/receipt';
import { hexOf, sha256 } from './rows-check';

export type SignatureVerdict =
  | { readonly state: 'holds'; readonly keyIds: readonly string[]; readonly attested: Attested; readonly below: number }
  | { readonly state: 'fails' | 'unavailable'; readonly reason: string };

export interface PublicKeys {
  readonly keys: readonly PublicKey[];
}

interface PublicKey {
  readonly keyId: string;
  /** Undefined: the browser does not know the algorithm. */
  readonly verify: ((bytes: Uint8Array<ArrayBuffer>, signature: Uint8Array) => Promise<boolean>) | undefined;
}

/** Public keys in PEM, one after another, or what is wrong with them. */
export async function publicKeysIn(pem: string): Promise<PublicKeys | string> {
  if (pem.includes('PRIVATE KEY'))
    return 'this is a private key, and nobody else should see it: give its public half, the .pub.pem beside it';
  const blocks = [...pem.matchAll(/-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/g)];
  if (blocks.length === 0) return 'no public key in PEM: expected -----BEGIN PUBLIC KEY-----, as ewm keygen writes it';
  const keys: PublicKey[] = [];
  for (const [, content = ''] of blocks) {
    const der = bytesOf(content.replace(/\s/g, ''));
    const key = der === undefined ? undefined : await publicKeyOf(der);
    if (key === undefined) return 'a public key of another kind: receipts are signed with P-256 or Ed25519';
    keys.push(key);
  }
  return { keys };
}

/** Of the algorithms whose keys these are; a key of this length begins so, and ends with the point. */
const P256_SPKI = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';
const ED25519_SPKI = '302a300506032b6570032100';
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

async function publicKeyOf(der: Uint8Array<ArrayBuffer>): Promise<PublicKey | undefined> {
  const keyId = hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', der)));
  const start = hexOf(der);
  if (start.startsWith(P256_SPKI) && der.length === 91) {
    const key = await imported(der, ECDSA);
    if (key === undefined) return undefined;
    return {
      keyId,
      verify: async (bytes, signature) => {
        const raw = rawSignature(signature);
        return raw !== undefined && crypto.subtle.verify(ECDSA, key, raw, bytes);
      },
    };
  }
  if (!start.startsWith(ED25519_SPKI) || der.length !== 44) return undefined;
  const key = await imported(der, { name: 'Ed25519' });
  if (key === undefined) return { keyId, verify: undefined };
  return { keyId, verify: (bytes, signature) => crypto.subtle.verify({ name: 'Ed25519' }, key, new Uint8Array(signature), bytes) };
}

async function imported(der: Uint8Array<ArrayBuffer>, algorithm: EcKeyImportParams | Algorithm): Promise<CryptoKey | undefined> {
  try {
    return await crypto.subtle.importKey('spki', der, algorithm, false, ['verify']);
  } catch {
    return undefined;
  }
}

export async function checkSignature(model: RunModel, receipt: string, { keys }: PublicKeys): Promise<SignatureVerdict> {
  const envelope = envelopeOf(receipt);
  if (typeof envelope === 'string') return fails(`receipt.json is no receipt: ${envelope}`);
  const { payload, statement, attested, signatures } = envelope;
  const signed = signedBytes(payload);
  const held: string[] = [];
  for (const { keyId, bytes } of signatures) {
    const key = keys.find((one) => one.keyId === keyId);
    if (key === undefined) continue;
    if (key.verify === undefined) return { state: 'unavailable', reason: 'this browser cannot check Ed25519; ewm verify --key can' };
    if (!(await key.verify(signed, bytes)))
      return fails(`the signature of key ${keyId} does not fit what the receipt says: it was changed, or signed by another key`);
    held.push(keyId);
  }
  if (held.length === 0)
    return fails(`it is signed by ${signatures.map(({ keyId }) => keyId).join(', ')}, and none of these is a key that was given`);
  if (!signatures.some(({ keyId }) => keyId === attested.key_id))
    return fails(`key ${attested.key_id}, which the receipt names, did not sign`);

  const facts = await factsOf(model, statement);
  if (typeof facts === 'string') return fails(facts);
  const expected = statementText(facts.facts, attested);
  if (expected === new TextDecoder().decode(payload)) return { state: 'holds', keyIds: held, attested, below: facts.below };
  const difference = statementDifference(parseJson(expected) as Json, statement);
  return fails(
    difference === undefined
      ? 'the statement is not canonical JSON'
      : `it is about another run: ${difference.pointer} is ${difference.actual} there and ${difference.expected} here`,
  );
}

function fails(reason: string): SignatureVerdict {
  return { state: 'fails', reason };
}

interface FoundFacts {
  readonly facts: RunFacts;
  /** Files of sessions below this one: they are named in the receipt, and not in the page. */
  readonly below: number;
}

/** What the receipt has to say of the run in this page: its row 0, its seal, its run.json, and the digests in there. */
async function factsOf({ page, inputs, seal }: RunModel, statement: unknown): Promise<FoundFacts | string> {
  const content = page.files['run.json'];
  if (content === undefined) return 'run.json is not in the page; ewm verify --key looks at the run itself';
  const run = record(parseJson(content));
  const { run_id: runId, mode, head_hash: headHash, ok, error, budget, budget_state: spent } = run;
  if (typeof runId !== 'string' || typeof mode !== 'string' || typeof headHash !== 'string' || typeof ok !== 'boolean')
    return 'run.json: expected run_id, mode, head_hash and ok';
  if (seal?.['hash'] !== headHash) return 'run.json names another head hash than the tape of this page has';
  const digests = Object.entries(record(run['digests'])).map(([file, digest]) => [file, text(digest)] as const);
  const below = list(record(statement)['subject']).flatMap((one) => {
    const { name, digest } = record(one);
    const sha = record(digest)['sha256'];
    return typeof name === 'string' && typeof sha === 'string' && name.startsWith('children/') ? [[name, sha] as const] : [];
  });
  const json = (value: unknown): Json => (value ?? null) as Json;
  return {
    below: below.length,
    facts: {
      files: Object.fromEntries([...digests, ...below, ['run.json', await sha256(content)]]),
      run_id: runId,
      mode,
      head_hash: headHash,
      ok,
      error: json(error),
      budget: json(budget),
      budget_state: json(spent),
      inputs: inputs as Json,
    },
  };
}

/** Receipts hold signatures as DER, a sequence of two integers; Web Crypto takes the two as 32 bytes each. Nothing where it is no DER. */
function rawSignature(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const [tag, length, ...rest] = der;
  if (tag !== SEQUENCE || length !== rest.length) return undefined;
  const raw = new Uint8Array(64);
  let at = 0;
  for (const end of [32, 64]) {
    const [integer, size = 0] = rest.slice(at, at + 2);
    const digits = rest.slice(at + 2, at + 2 + size);
    const leading = digits[0] === 0 ? 1 : 0;
    if (integer !== INTEGER || size === 0 || digits.length !== size || size - leading > 32 || (digits[0] ?? 0) > 127) return undefined;
    raw.set(digits.slice(leading), end - (size - leading));
    at += 2 + size;
  }
  return at === rest.length ? raw : undefined;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
