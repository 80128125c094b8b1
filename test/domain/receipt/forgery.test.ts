/**
 * The forgery score of receipts: a forger with our own program, who makes every file of a run agree with a lie and keeps the receipt, is
 * refused every time, also with lies that verification alone takes on trust (test/domain/run/forgery.test.ts).
 */
import { makeMemoryRunReader, type RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { noDeadline } from '../../../src/adapters/in-process/clock';
import { makeInProcessSigner } from '../../../src/adapters/in-process/signer';
import { checkReceipt } from '../../../src/domain/receipt/receipt';
import type { RunFacts } from '../../../src/domain/receipt/statement';
import { issueReceipt } from '../../../src/domain/run/issue-receipt';
import { RUN_FILES } from '../../../src/ports/run-files';
import { readRunFacts } from '../../../src/domain/run/run-facts';
import { forgeries } from '../../support/forge';
import { HANDLER_RUNS, handlerRun } from '../../support/golden-runs';
import { expectRight } from '../../support/harness';

const ATTESTED = {
  program: { name: 'ewm', version: '0.9.0', sha256: 'f'.repeat(64) },
  deployment: null,
  signed_at: '2026-11-26T12:00:00Z',
};
/** One of each mode, stopped and whole, with answers of every kind. */
const RUNS = ['base-budget-stopped', 'tools-code', 'memory-values'];
const NOTHING = new Uint8Array();
const key = makeInProcessSigner();

async function factsOf(files: RunFileBytes): Promise<RunFacts> {
  return expectRight(await readRunFacts({ reader: makeMemoryRunReader(files), below: [] }));
}

test('N of N forgeries of runs of every handler are refused with the key', async () => {
  let [tried, refused] = [0, 0];
  const accepted: string[] = [];
  for (const name of RUNS) {
    const golden = HANDLER_RUNS[name];
    const files = golden === undefined ? undefined : await handlerRun(golden, golden.body);
    if (files === undefined) throw new Error(`${name}: a golden run is stored`);
    const receipt = expectRight(await issueReceipt(await factsOf(files), ATTESTED, key.signer, noDeadline)).text;
    expect(checkReceipt(receipt, await factsOf(files), [key.verifier])).toMatchObject({ _tag: 'Right' });
    for (const { kind, files: forged } of forgeries(files)) {
      // Digests and ids follow from what they are of, whatever was written there.
      if (RUN_FILES.every((file) => Buffer.compare(forged[file] ?? NOTHING, files[file] ?? NOTHING) === 0)) continue;
      tried += 1;
      // A run whose own account of itself is not one is refused before its receipt is looked at.
      const facts = await readRunFacts({ reader: makeMemoryRunReader(forged), below: [] });
      const holds = facts._tag === 'Right' && checkReceipt(receipt, facts.right, [key.verifier])._tag === 'Right';
      if (holds) accepted.push(kind);
      else refused += 1;
    }
  }
  process.stdout.write(`receipts: ${String(refused)} of ${String(tried)} forgeries refused with the key\n`);
  expect(accepted).toEqual([]);
  expect(refused).toBe(tried);
  expect(tried).toBeGreaterThan(200);
});
