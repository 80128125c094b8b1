/** Receipts of what servers store: runs of the handlers, and segments of sessions, pulled and checked by the command line. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeft, left } from 'fp-ts/Either';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeMemoryRunReader } from '../../src/adapters/in-process/run-files';
import { makeInProcessSigner } from '../../src/adapters/in-process/signer';
import { checkReceipt } from '../../src/domain/receipt/receipt';
import type { Attested } from '../../src/domain/receipt/statement';
import { makeReceipts, type Receipts } from '../../src/domain/run/receipts';
import { readRunFacts } from '../../src/domain/run/run-facts';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { runCli } from '../../src/handlers/cli/main';
import type { Signer } from '../../src/ports/signer';
import { captureIo } from '../support/captured-io';
import { invoke, makeTestHandler, storedFiles, type TestHandler } from '../support/handlers';
import { rightOf, valueOfRight } from '../support/task';

const ATTESTED: Omit<Attested, 'key_id'> = {
  program: { name: 'ewm', version: '1.2.3', sha256: 'a'.repeat(64) },
  deployment: { account: '123456789012', region: 'eu-west-1', function: 'ewm-base', function_version: '$LATEST' },
  signed_at: '2026-11-26T12:00:00.000Z',
};
const key = makeInProcessSigner();

const failing: Signer = {
  ...key.signer,
  sign: () => () =>
    Promise.resolve(left({ _tag: 'DependencyFailed', service: 'kms', operation: 'Sign', reason: 'no', effect: 'none', httpStatus: 400 })),
};

function signingHandler(mode: TestHandler['mode'], signer: Signer): TestHandler & { readonly failures: string[] } {
  const failures: string[] = [];
  const plain = makeTestHandler(mode);
  const receipts: Receipts = makeReceipts({
    signer,
    artifacts: plain.artifacts,
    segments: 'seal',
    readerOf: makeMemoryRunReader,
    attested: () => Promise.resolve(ATTESTED),
    onFailure: (at) => failures.push(at),
  });
  return { ...makeTestHandler(mode, {}, { artifacts: plain.artifacts, receipts: Promise.resolve(receipts) }), failures };
}

const BODIES = {
  'agentcore-base': { budget: { max_steps: 2 } },
  'agentcore-tools': { budget: { max_steps: 2, max_tool_calls: 2 }, tool_plan: [{ name: 'evaluate_strategy', args: { step: 0 } }] },
  'agentcore-memory': { budget: { max_memory_ops: 1, max_memory_bytes: 100 }, requests: [{ op: 'memory_put', key: 'k', value: 1 }] },
} as const;

describe.each(['agentcore-base', 'agentcore-tools', 'agentcore-memory'] as const)('%s, where runs are signed', (mode) => {
  it('puts a receipt beside the run, which holds, and keeps it when the run is asked for again', async () => {
    const handler = signingHandler(mode, key.signer);
    const answer = await invoke(handler, BODIES[mode]);
    expect(answer).toMatchObject({ receipt: { signed: true, key_ids: [key.verifier.keyId] } });
    const folder = answer.artifact_dir ?? '';
    const receipt = async (): Promise<string> =>
      Buffer.from(await rightOf(handler.artifacts.get(`${folder}/receipt.json`, noDeadline))).toString();
    const before = await receipt();
    const files = await storedFiles(handler.artifacts, mode, folder);
    const facts = valueOfRight(await readRunFacts({ reader: makeMemoryRunReader(files), below: [] }));
    expect(valueOfRight(checkReceipt(before, facts, [key.verifier])).attested).toMatchObject(ATTESTED);

    const again = await invoke(handler, BODIES[mode]);
    expect(again).toMatchObject({ run_id: answer.run_id, receipt: { signed: true, earlier: true, key_ids: [key.verifier.keyId] } });
    expect(await receipt()).toBe(before);
  });

  it('stores the run and says that it is not signed, where signing fails', async () => {
    const handler = signingHandler(mode, failing);
    const answer = await invoke(handler, BODIES[mode]);
    expect(answer.ok).toBe(true);
    expect(answer.receipt).toMatchObject({ signed: false, error: { code: 'dependency_failed', service: 'kms', effect: 'none' } });
    expect(await storedFiles(handler.artifacts, mode, answer.artifact_dir ?? '')).toHaveProperty(['run.json']);
    const missing = await handler.artifacts.get(`${answer.artifact_dir ?? ''}/receipt.json`, noDeadline)();
    expect(isLeft(missing) && missing.left._tag).toBe('NotFound');
    expect(handler.failures).toEqual([`${answer.artifact_dir ?? ''}/receipt.json`]);
  });

  it('keeps a receipt of something else, and does not pass it off as one of this run', async () => {
    const first = await invoke(signingHandler(mode, key.signer), BODIES[mode]);
    const handler = signingHandler(mode, key.signer);
    const strange = { key: `${first.artifact_dir ?? ''}/receipt.json`, bytes: Buffer.from('{}'), contentType: 'application/json' };
    await rightOf(handler.artifacts.put(strange, noDeadline));
    expect((await invoke(handler, BODIES[mode])).receipt).toMatchObject({ signed: false, error: { code: 'artifact_conflict' } });
  });
});

it('says nothing of receipts where nothing is signed', async () => {
  expect(await invoke(makeTestHandler('agentcore-base'), BODIES['agentcore-base'])).not.toHaveProperty('receipt');
});

describe('a session that is signed as it goes', () => {
  let directory = '';
  const at = (name: string): string => join(directory, name);

  async function ewm(...argv: string[]): Promise<{ readonly exit: number; readonly out: string; readonly err: string }> {
    const { io, out, err } = captureIo();
    return { exit: await runCli(argv, io), out: out(), err: err() };
  }

  interface Verified {
    readonly ok: boolean;
    readonly receipt: { readonly verdict: string; readonly code?: string; readonly reason?: string; readonly note?: string } | null;
  }

  const verified = async (...more: string[]): Promise<Verified> =>
    JSON.parse((await ewm('verify', at('pulled'), '--json', ...more)).out) as Verified;
  const TRUSTED = (): string[] => ['--key', at('key.pub.pem'), '--require-receipt'];

  /** A session with a child, both sealed; `flags` say what is signed. */
  async function pulled(flags: readonly string[], close = true): Promise<{ readonly root: string; readonly child: string }> {
    await ewm('keygen', '--out', at('key.pem'));
    const session = async (...argv: string[]): Promise<Record<string, unknown>> => {
      const { out } = await ewm('session', ...argv, '--data', at('data'), '--json', ...flags);
      return JSON.parse(out) as Record<string, unknown>;
    };
    const budget = JSON.stringify({ max_steps: 4, max_tool_calls: 4 });
    const root = String((await session('create', '--name', 'a', '--budget', budget))['session_id']);
    await session('call', root, '[{"name":"evaluate_strategy"},{"name":"execute"}]');
    const forked = await session('fork', root, '--budget', JSON.stringify({ max_steps: 1, max_tool_calls: 1 }));
    const child = (forked['child'] as { session_id: string }).session_id;
    if (close) for (const id of [child, root]) expect(await session('close', id)).toMatchObject({ ok: true, receipt: { signed: true } });
    expect((await ewm('session', 'pull', root, '--data', at('data'), '--out', at('pulled'))).exit).toBe(EXIT.ok);
    return { root, child };
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ewm-signing-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('has one receipt at its seal, which stands for all of it', async () => {
    const { child } = await pulled(['--sign', at('key.pem')]);
    expect(readdirSync(at('pulled/receipts'))).toEqual(['00000003.json']);
    expect(await verified(...TRUSTED())).toMatchObject({ ok: true, receipt: { verdict: 'holds' } });
    expect(await verified()).toMatchObject({ ok: true, receipt: { verdict: 'not_checked' } });
    rmSync(at(`pulled/children/${child}/receipts`), { recursive: true });
    expect(await verified(...TRUSTED())).toMatchObject({
      ok: false,
      receipt: { code: 'ReceiptMissing', reason: expect.stringContaining(`children/${child}/receipts/00000001.json`) as string },
    });
  });

  it('has one for each segment where that is asked for: one that is gone, forged or of another segment is named', async () => {
    await pulled(['--sign', at('key.pem'), '--sign-segments']);
    expect(readdirSync(at('pulled/receipts'))).toHaveLength(4);
    expect(await verified(...TRUSTED())).toMatchObject({ ok: true, receipt: { verdict: 'holds', note: '6 of 6 segments signed' } });
    await ewm('keygen', '--out', at('other.pem'));
    expect(await verified('--key', at('other.pub.pem'))).toMatchObject({ ok: false, receipt: { code: 'UntrustedKey' } });

    const receipt = (seq: number): string => at(`pulled/receipts/0000000${String(seq)}.json`);
    const first = readFileSync(receipt(1), 'utf8');
    const reasonOf = async (): Promise<string> => {
      const { ok, receipt: told } = await verified(...TRUSTED());
      expect(ok).toBe(false);
      return `${told?.code ?? ''} ${told?.reason ?? ''}`;
    };
    rmSync(receipt(1));
    expect(await reasonOf()).toMatch(/^ReceiptMissing .*receipts\/00000001\.json/);
    // Without --require-receipt the newest one stands for it, and what is missing is told.
    expect(await verified('--key', at('key.pub.pem'))).toMatchObject({
      ok: true,
      receipt: { verdict: 'holds', note: expect.stringContaining('there is no receipts/00000001.json') as string },
    });
    cpSync(receipt(0), receipt(1));
    expect(await reasonOf()).toMatch(/^OtherRun receipts\/00000001\.json is about another run/);
    const forged = JSON.parse(first) as { signatures: [{ sig: string }] };
    forged.signatures[0].sig = `${forged.signatures[0].sig.startsWith('MEU') ? 'MEQ' : 'MEU'}${forged.signatures[0].sig.slice(3)}`;
    writeFileSync(receipt(1), JSON.stringify(forged));
    expect(await reasonOf()).toMatch(/^BadSignature .*receipts\/00000001\.json/);
    writeFileSync(receipt(1), '{');
    expect(await reasonOf()).toMatch(/^Malformed receipts\/00000001\.json/);
    writeFileSync(receipt(1), first);
    writeFileSync(at('pulled/receipts/00000007.json'), first);
    expect((await ewm('verify', at('pulled'))).out).toContain('receipts/00000007.json');
    rmSync(at('pulled/receipts/00000007.json'));
    expect(await verified(...TRUSTED())).toMatchObject({ ok: true });
    // A session that is pulled again loses what was there.
    expect((await ewm('session', 'pull', '0'.repeat(32), '--data', at('data'), '--out', at('pulled'), '--force')).exit).not.toBe(EXIT.ok);
  });

  it('is proven so far and signed so far while it is open', async () => {
    await pulled(['--sign', at('key.pem'), '--sign-segments'], false);
    expect(await verified('--open', ...TRUSTED())).toMatchObject({ ok: true, receipt: { verdict: 'holds' } });
    rmSync(at('pulled/receipts/00000002.json'));
    expect(await verified('--open', ...TRUSTED())).toMatchObject({ ok: false, receipt: { code: 'ReceiptMissing' } });
  });

  it('refuses --sign for sessions of an API, and --sign-segments without a key', async () => {
    await ewm('keygen', '--out', at('key.pem'));
    const there = await ewm('session', 'create', '--api', 'http://127.0.0.1:1', '--sign', at('key.pem'));
    expect(there).toMatchObject({ exit: EXIT.badInput, err: expect.stringContaining('--data') as string });
    const alone = await ewm('session', 'create', '--data', at('data'), '--sign-segments');
    expect(alone).toMatchObject({ exit: EXIT.badInput, err: expect.stringContaining('private key') as string });
  });

  it('is accepted by openssl over the encoding of DSSE', async () => {
    await pulled(['--sign', at('key.pem')]);
    const envelope = JSON.parse(readFileSync(at('pulled/receipts/00000003.json'), 'utf8')) as {
      payloadType: string;
      payload: string;
      signatures: [{ sig: string }];
    };
    const payload = Buffer.from(envelope.payload, 'base64');
    const head = `DSSEv1 ${String(envelope.payloadType.length)} ${envelope.payloadType} ${String(payload.length)} `;
    writeFileSync(at('pae'), Buffer.concat([Buffer.from(head), payload]));
    writeFileSync(at('sig'), Buffer.from(envelope.signatures[0].sig, 'base64'));
    const checked = spawnSync('openssl', ['dgst', '-sha256', '-verify', at('key.pub.pem'), '-signature', at('sig'), at('pae')]);
    expect(checked.stdout.toString()).toBe('Verified OK\n');
    expect(JSON.parse(payload.toString())).toMatchObject({
      predicateType: 'urn:executable-world-models:segment-receipt:v1',
      predicate: { seq: 3, status: 'sealed', signs: 'seal' },
    });
  });
});
