/** What every signer does, whatever holds its key. */
import { noDeadline } from '../../src/adapters/in-process/clock';
import type { Signer, Verifier } from '../../src/ports/signer';
import { passedDeadline, rightOf, leftOf } from '../support/task';

export interface SignerHarness {
  readonly signer: Signer;
  readonly verifier: Verifier;
  /** Of another key of the same kind. */
  readonly stranger: Verifier;
  /** Whether signing leaves the process, so that a deadline can have passed. */
  readonly remote: boolean;
  readonly close: () => Promise<void>;
}

export function describeSignerContract(name: string, makeHarness: () => Promise<SignerHarness>): void {
  describe(`signer contract: ${name}`, () => {
    let harness: SignerHarness;

    beforeAll(async () => {
      harness = await makeHarness();
    });
    afterAll(() => harness.close());

    it('signs what its verifier accepts, and nobody else', async () => {
      for (const bytes of [Buffer.from('x'), Buffer.from('a receipt'), new Uint8Array(3_000).fill(7)]) {
        const signature = await rightOf(harness.signer.sign(bytes, noDeadline));
        expect(signature).toMatchObject({ keyId: harness.verifier.keyId, algorithm: harness.verifier.algorithm });
        expect(await rightOf(harness.signer.keyId(noDeadline))).toBe(signature.keyId);
        expect(harness.verifier.verify(bytes, signature.bytes)).toBe(true);
        expect(harness.stranger.verify(bytes, signature.bytes)).toBe(false);
      }
    });

    it('names a key by 64 hex digits', () => {
      expect(harness.verifier.keyId).toMatch(/^[0-9a-f]{64}$/);
      expect(harness.stranger.keyId).not.toBe(harness.verifier.keyId);
    });

    it('verifies no signature of which a bit or a byte was changed, nor of other bytes', async () => {
      const bytes = Buffer.from('{"ok":true}');
      const { bytes: signature } = await rightOf(harness.signer.sign(bytes, noDeadline));
      for (const index of signature.keys()) {
        for (const mask of [1, 128, 255]) {
          const forged = Uint8Array.from(signature);
          forged[index] = (forged[index] ?? 0) ^ mask;
          expect(harness.verifier.verify(bytes, forged)).toBe(false);
        }
      }
      for (const other of [signature.slice(1), new Uint8Array(), new Uint8Array(64), Buffer.concat([signature, Buffer.from([0])])]) {
        expect(harness.verifier.verify(bytes, other)).toBe(false);
      }
      expect(harness.verifier.verify(Buffer.from('{"ok":null}'), signature)).toBe(false);
    });

    it('does nothing once the deadline has passed, where signing is a call', async () => {
      if (!harness.remote) return;
      expect(await leftOf(harness.signer.sign(Buffer.from('x'), passedDeadline))).toMatchObject({
        _tag: 'DeadlineExceeded',
        effect: 'none',
      });
    });
  });
}
