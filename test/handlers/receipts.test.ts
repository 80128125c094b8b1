/** Receipts by the command line, end to end: keys, signing, checking offline, and what a crash or another run leaves. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { runCli } from '../../src/handlers/cli/main';
import { MODE_NAMES, type Mode } from '../../src/domain/run/modes';
import { captureIo } from '../support/captured-io';

const GOLDEN = join(__dirname, '../golden');
const GOLDENS: Readonly<Record<Mode, string>> = {
  local: 'fixture',
  'agentcore-base': 'base-all-steps',
  'agentcore-tools': 'tools-execute',
  'agentcore-memory': 'memory-values',
  world: 'worlds/grid',
  guard: 'guard-acts',
};

let directory = '';
const at = (name: string): string => join(directory, name);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ewm-receipts-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function ewm(...argv: string[]): Promise<{ readonly exit: number; readonly out: string; readonly err: string }> {
  const { io, out, err } = captureIo();
  return { exit: await runCli(argv, io), out: out(), err: err() };
}

/** A run with a receipt of a new key. */
async function signedRun(golden = 'fixture', algorithm = 'p256'): Promise<string> {
  cpSync(join(GOLDEN, golden), at('run'), { recursive: true });
  expect((await ewm('keygen', '--out', at('key.pem'), '--algorithm', algorithm)).exit).toBe(EXIT.ok);
  const signed = await ewm('sign', at('run'), '--key', at('key.pem'));
  expect(signed).toMatchObject({ exit: EXIT.ok, err: '' });
  return at('run');
}

interface Verdict {
  readonly verdict: string;
  readonly receipt: { readonly verdict: string; readonly code?: string; readonly reason?: string } | null;
}

async function verified(...argv: string[]): Promise<Verdict & { readonly exit: number }> {
  const { exit, out } = await ewm('verify', at('run'), '--json', ...argv);
  return { exit, ...(JSON.parse(out) as Verdict) };
}

describe('ewm keygen', () => {
  it.each(['p256', 'ed25519'])('makes a %s key that openssl reads, for its owner alone, and never replaces one', async (algorithm) => {
    expect(await ewm('keygen', '--out', at('key.pem'), '--algorithm', algorithm)).toMatchObject({ exit: EXIT.ok, err: '' });
    expect(statSync(at('key.pem')).mode & 0o777).toBe(0o600);
    const derived = spawnSync('openssl', ['pkey', '-in', at('key.pem'), '-pubout']);
    expect(derived.stdout.toString()).toBe(readFileSync(at('key.pub.pem'), 'utf8'));
    expect(readFileSync(at('key.pem'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);

    const before = readFileSync(at('key.pem'), 'utf8');
    expect(await ewm('keygen', '--out', at('key.pem'))).toMatchObject({ exit: EXIT.cannotWrite });
    rmSync(at('key.pub.pem'));
    const again = await ewm('keygen', '--out', at('key.pem'));
    expect(again.err).toContain('a key is never replaced');
    expect(readFileSync(at('key.pem'), 'utf8')).toBe(before);
    // Both or none.
    expect(() => statSync(at('key.pub.pem'))).toThrow('ENOENT');
  });
});

describe('a signed run', () => {
  it.each([...MODE_NAMES])('of mode %s is proven with the public key alone', async (mode) => {
    await signedRun(GOLDENS[mode], mode === 'local' ? 'ed25519' : 'p256');
    expect(await verified('--key', at('key.pub.pem'), '--require-receipt')).toMatchObject({ exit: EXIT.ok, receipt: { verdict: 'holds' } });
    expect(await verified()).toMatchObject({ exit: EXIT.ok, receipt: { verdict: 'not_checked' } });
  });

  it('is signed as it is written, and loses its receipt when another run takes its place', async () => {
    await ewm('keygen', '--out', at('key.pem'));
    const inputs = ['--market', join(GOLDEN, 'fixture/market.jsonl'), '--strategy', join(GOLDEN, 'fixture/strategy.json')];
    const signed = await ewm('run', ...inputs, '--out', at('run'), '--sign', at('key.pem'));
    expect(signed.exit).toBe(EXIT.ok);
    expect(signed.err).toContain('signed by');
    expect(await verified('--key', at('key.pub.pem'), '--require-receipt')).toMatchObject({ exit: EXIT.ok, receipt: { verdict: 'holds' } });
    expect((await ewm('run', ...inputs, '--out', at('run'), '--force', '--steps', '1')).exit).toBe(EXIT.ok);
    expect(await verified('--key', at('key.pub.pem'))).toMatchObject({ exit: EXIT.ok, receipt: null });
    expect(await verified('--require-receipt')).toMatchObject({ exit: EXIT.notProven, receipt: { code: 'ReceiptMissing' } });
  });

  it('is not proven with another key, whose id is not that of the signer, and is with one of several', async () => {
    const run = await signedRun();
    await ewm('keygen', '--out', at('other.pem'));
    const { key_id: keyId } = JSON.parse(
      (await ewm('verify', run, '--json')).out.replace(/.*"key_ids":\["(.*?)"\].*/s, '{"key_id":"$1"}'),
    ) as {
      key_id: string;
    };
    const other = await verified('--key', at('other.pub.pem'));
    expect(other).toMatchObject({ exit: EXIT.notProven, verdict: 'receipt_does_not_hold', receipt: { code: 'UntrustedKey' } });
    expect(other.receipt?.reason).toContain(keyId);
    expect(await verified('--key', at('other.pub.pem'), at('key.pub.pem'))).toMatchObject({ exit: EXIT.ok });
    expect(await verified('--key', at('other.pub.pem'), '--key', at('key.pub.pem'))).toMatchObject({ exit: EXIT.ok });
    expect(await verified('--require-receipt')).toMatchObject({ exit: EXIT.notProven, receipt: { code: 'UntrustedKey' } });
    expect(await ewm('verify', run, '--key', at('key.pem'))).toMatchObject({ exit: EXIT.badInput });
    expect(await ewm('verify', run, '--key', at('nowhere.pem'))).toMatchObject({ exit: EXIT.badInput });
  });

  it('is not proven with a signature of something else, nor with the receipt of another run', async () => {
    const run = await signedRun();
    const text = readFileSync(join(run, 'receipt.json'), 'utf8');
    const receipt = JSON.parse(text) as { signatures: { sig: string }[] };
    const [signature] = receipt.signatures;
    if (signature === undefined) throw new Error('a receipt has a signature');
    signature.sig = `${signature.sig.startsWith('MEU') ? 'MEQ' : 'MEU'}${signature.sig.slice(3)}`;
    writeFileSync(join(run, 'receipt.json'), JSON.stringify(receipt));
    expect(await verified('--key', at('key.pub.pem'))).toMatchObject({ exit: EXIT.notProven, receipt: { code: 'BadSignature' } });

    rmSync(run, { recursive: true });
    cpSync(join(GOLDEN, 'base-all-steps'), run, { recursive: true });
    writeFileSync(join(run, 'receipt.json'), text);
    expect(await verified('--key', at('key.pub.pem'))).toMatchObject({ exit: EXIT.notProven, receipt: { code: 'OtherRun' } });
  });

  it('is signed once, and again with --force only', async () => {
    const run = await signedRun();
    expect(await ewm('sign', run, '--key', at('key.pem'))).toMatchObject({ exit: EXIT.cannotWrite });
    expect(await ewm('sign', run, '--key', at('key.pem'), '--force')).toMatchObject({ exit: EXIT.ok });
    // What a crash leaves while it is signed again.
    writeFileSync(join(run, 'receipt.json.partial'), '{"payload');
    expect(await verified('--key', at('key.pub.pem'))).toMatchObject({ exit: EXIT.ok });
  });

  it('says who signed and when', async () => {
    const run = await signedRun();
    const shown = JSON.parse((await ewm('show', run, '--json')).out) as { receipt: { key_ids: string[]; signed_at: string } };
    expect(shown.receipt).toMatchObject({ verdict: 'not_checked', program: { name: 'ewm' }, deployment: null });
    const [keyId = ''] = shown.receipt.key_ids;
    for (const command of ['show', 'report']) {
      const { out, err } = await ewm(command, run, ...(command === 'report' ? ['--out', at('page.html')] : []));
      const output = (out + err).replace(/\s+/g, '');
      expect(output).toContain(keyId);
      expect(output).toContain(shown.receipt.signed_at);
    }
  });

  it('was proven before: what does not hold is not signed', async () => {
    cpSync(join(GOLDEN, 'fixture'), at('run'), { recursive: true });
    await ewm('keygen', '--out', at('key.pem'));
    writeFileSync(at('run/report.md'), 'nothing happened\n');
    const refused = await ewm('sign', at('run'), '--key', at('key.pem'));
    expect(refused).toMatchObject({ exit: EXIT.notProven });
    expect(() => statSync(at('run/receipt.json'))).toThrow('ENOENT');
  });
});
