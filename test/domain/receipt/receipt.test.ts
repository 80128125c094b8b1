import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { noDeadline } from '../../../src/adapters/in-process/clock';
import { makeInProcessSigner } from '../../../src/adapters/in-process/signer';
import { canonical, type Json } from '../../../src/domain/canonical/canonical';
import { decodeEnvelope, envelopeText } from '../../../src/domain/receipt/envelope';
import { signedBytes } from '../../../src/domain/receipt/statement';
import { checkReceipt } from '../../../src/domain/receipt/receipt';
import { type Attested, type RunFacts, statementText } from '../../../src/domain/receipt/statement';
import { issueReceipt } from '../../../src/domain/run/issue-receipt';
import { valueOfRight } from '../../support/task';

const FACTS: RunFacts = {
  files: { 'tape.jsonl': 'a'.repeat(64), 'run.json': 'b'.repeat(64) },
  run_id: 'c'.repeat(32),
  mode: 'local',
  head_hash: 'd'.repeat(64),
  ok: true,
  error: null,
  budget: { max_steps: 3 },
  budget_state: { steps: 3 },
  inputs: { market_sha256: 'e'.repeat(64) },
};
const ATTESTED: Omit<Attested, 'key_id'> = {
  program: { name: 'executable-world-models', version: '0.9.0', sha256: 'f'.repeat(64) },
  deployment: null,
  signed_at: '2026-11-26T12:00:00Z',
};

const key = makeInProcessSigner();
const issue = async (facts: RunFacts = FACTS): Promise<string> =>
  valueOfRight(await issueReceipt(facts, ATTESTED, key.signer, noDeadline)).text;

describe('receipts', () => {
  it('hold for the run that they were issued for', async () => {
    const text = await issue();
    expect(valueOfRight(checkReceipt(text, FACTS, [makeInProcessSigner().verifier, key.verifier]))).toEqual({
      keyIds: [key.verifier.keyId],
      attested: { ...ATTESTED, key_id: key.verifier.keyId },
    });
  });

  it('are in-toto statements in a DSSE envelope, which openssl verifies', async () => {
    const text = await issue();
    const envelope = valueOfRight(decodeEnvelope(text));
    expect(JSON.parse(Buffer.from(envelope.payload).toString())).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [
        { name: 'run.json', digest: { sha256: 'b'.repeat(64) } },
        { name: 'tape.jsonl', digest: { sha256: 'a'.repeat(64) } },
      ],
    });
    // Written out by hand from the protocol, so that the encoder is not checked by itself.
    const pae = Buffer.concat([
      Buffer.from(`DSSEv1 28 application/vnd.in-toto+json ${String(envelope.payload.length)} `),
      envelope.payload,
    ]);
    expect(Buffer.compare(Buffer.from(signedBytes(envelope.payload)), pae)).toBe(0);
    const directory = mkdtempSync(join(tmpdir(), 'ewm-receipt-'));
    writeFileSync(join(directory, 'pae'), pae);
    writeFileSync(join(directory, 'sig'), envelope.signatures[0]?.sig ?? '');
    writeFileSync(join(directory, 'key.pub.pem'), key.publicPem);
    const verified = spawnSync('openssl', ['dgst', '-sha256', '-verify', 'key.pub.pem', '-signature', 'sig', 'pae'], { cwd: directory });
    rmSync(directory, { recursive: true });
    expect(verified.stdout.toString()).toBe('Verified OK\n');
  });

  it.each<[string, Partial<RunFacts>, string]>([
    ['a file', { files: { ...FACTS.files, 'tape.jsonl': '0'.repeat(64) } }, '/subject/1/digest/sha256'],
    ['a file more', { files: { ...FACTS.files, 'zzz.json': '0'.repeat(64) } }, '/subject/2'],
    ['the head', { head_hash: '0'.repeat(64) }, '/predicate/head_hash'],
    ['the verdict', { ok: false }, '/predicate/ok'],
    ['the budget', { budget: { max_steps: 4 } }, '/predicate/budget/max_steps'],
    ['the inputs', { inputs: { market_sha256: '0'.repeat(64) } }, '/predicate/inputs/market_sha256'],
  ])('do not hold for a run in which %s differs, and name the place', async (_what, change, pointer) => {
    expect(checkReceipt(await issue(), { ...FACTS, ...change }, [key.verifier])).toMatchObject({ left: { _tag: 'OtherRun', pointer } });
  });

  it('do not hold when any byte of their text is another', async () => {
    const text = await issue();
    fc.assert(
      fc.property(fc.nat(text.length - 2), fc.integer({ min: 32, max: 126 }), (at, code) => {
        fc.pre(text.charCodeAt(at) !== code);
        const forged = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        expect(checkReceipt(forged, FACTS, [key.verifier])).toMatchObject({ _tag: 'Left' });
      }),
      { numRuns: 500 },
    );
  });

  it('name the keys that signed when none of them is trusted', async () => {
    expect(checkReceipt(await issue(), FACTS, [makeInProcessSigner().verifier])).toMatchObject({
      left: { _tag: 'UntrustedKey', keyIds: [key.verifier.keyId] },
    });
    expect(checkReceipt(await issue(), FACTS, [])).toMatchObject({ left: { _tag: 'UntrustedKey' } });
  });

  it('are refused where the key that the statement names did not sign', async () => {
    const payload = Buffer.from(statementText(FACTS, { ...ATTESTED, key_id: 'f'.repeat(64) }));
    const signature = valueOfRight(await key.signer.sign(signedBytes(payload), noDeadline)());
    const text = envelopeText({ payload, signatures: [{ keyid: signature.keyId, sig: signature.bytes }] });
    expect(checkReceipt(text, FACTS, [key.verifier])).toMatchObject({ left: { _tag: 'Malformed' } });
  });

  it('take no statement that says more than a receipt, though a trusted key signed it', async () => {
    const statement = JSON.parse(statementText(FACTS, { ...ATTESTED, key_id: key.verifier.keyId })) as { predicate: Record<string, Json> };
    statement.predicate['certified'] = true;
    const payload = Buffer.from(canonical(statement));
    const signature = valueOfRight(await key.signer.sign(signedBytes(payload), noDeadline)());
    const text = envelopeText({ payload, signatures: [{ keyid: signature.keyId, sig: signature.bytes }] });
    expect(checkReceipt(text, FACTS, [key.verifier])).toMatchObject({ left: { _tag: 'OtherRun', pointer: '/predicate/certified' } });
  });

  it.each(['', '{}', '[]', 'null', '{"payload":"e30=","payloadType":"text/plain","signatures":[]}'])('refuse %j with a reason', (text) => {
    expect(checkReceipt(text, FACTS, [key.verifier])).toMatchObject({ left: { _tag: 'Malformed' } });
  });
});
