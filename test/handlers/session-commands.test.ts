/** `ewm session`: played in a directory, forked, pulled, and proven; what was changed afterwards is named. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EXIT, type ExitCode } from '../../src/handlers/cli/shared/exit-codes';
import { runCli } from '../../src/handlers/cli/main';
import { captureIo } from '../support/captured-io';

const MARKET = join(__dirname, '../../examples/fixtures/trading_path.json');
const STRATEGY = join(__dirname, '../../examples/strategies/threshold_demo.json');
const BUDGET = '{"max_steps":40,"max_tool_calls":40,"max_memory_ops":4,"max_memory_bytes":400}';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ewm-session-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Output {
  readonly exit: ExitCode;
  readonly text: string;
  readonly json: Record<string, never>;
  readonly err: string;
}

async function ewm(...args: readonly string[]): Promise<Output> {
  const io = captureIo();
  const exit = await runCli(args, io.io);
  const text = io.out();
  return { exit, text, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, never>) : {}, err: io.err() };
}

const session = (...args: readonly string[]): Promise<Output> => ewm('session', ...args, '--data', join(directory, 'data'), '--json');

/** A session with a fork that was sealed and reclaimed from; both sealed. */
async function played(): Promise<{ readonly id: string; readonly child: string; readonly out: string }> {
  const made = await session('create', '--name', 'one', '--market', MARKET, '--strategy', STRATEGY, '--cash', '500', '--budget', BUDGET);
  expect(made.exit).toBe(EXIT.ok);
  const id = String(made.json['session_id']);
  expect((await session('call', id, '[{"name":"evaluate_strategy"},{"name":"execute"}]')).exit).toBe(EXIT.ok);
  const forked = await session('fork', id, '--name', 'child', '--budget', '{"max_steps":5,"max_tool_calls":5}');
  const child = (forked.json as unknown as { readonly child: { readonly session_id: string } }).child.session_id;
  expect((await session('call', child, '[{"name":"execute","args":{"actions":[]}}]')).exit).toBe(EXIT.ok);
  expect((await session('close', child)).exit).toBe(EXIT.ok);
  expect((await session('reclaim', id, '--child', child)).exit).toBe(EXIT.ok);
  expect((await session('call', id, '[{"name":"evaluate_strategy"},{"name":"execute"},{"name":"execute","args":{"step":9}}]')).exit).toBe(
    EXIT.refused,
  );
  expect((await session('close', id)).exit).toBe(EXIT.ok);
  const out = join(directory, 'pulled');
  expect((await session('pull', id, '--out', out)).exit).toBe(EXIT.ok);
  return { id, child, out };
}

test('is played, pulled and proven as a whole', async () => {
  const { id, child, out } = await played();
  expect((await session('list')).json['sessions']).toEqual([id, child].sort());
  expect((await session('show', id, '--history', '2')).json).toMatchObject({ status: 'sealed', step: 2 });
  const proven = await ewm('verify', out, '--json');
  expect(proven).toMatchObject({
    exit: EXIT.ok,
    json: {
      ok: true,
      verdict: 'proven',
      session: {
        session_id: id,
        status: 'sealed',
        segments: 6,
        calls: 5,
        fills: 3,
        children: [{ session_id: child, status: 'sealed', calls: 1 }],
      },
    },
  });
  expect((await ewm('verify', out)).text).toContain('proven: ');
  for (const command of [
    ['show', out],
    ['verify', out, '--chain-only'],
    ['session', 'verify', out],
  ])
    expect((await ewm(...command)).exit).toBe(EXIT.ok);
});

test('a sealed one is signed with all below it, and an open one is not signed', async () => {
  const { child, out } = await played();
  const [key, publicKey] = [join(directory, 'key.pem'), join(directory, 'key.pub.pem')];
  expect((await ewm('keygen', '--out', key)).exit).toBe(EXIT.ok);
  expect(await ewm('sign', out, '--key', key)).toMatchObject({ exit: EXIT.ok, err: '' });
  for (const command of [['verify'], ['session', 'verify']])
    expect(await ewm(...command, out, '--key', publicKey, '--require-receipt', '--json')).toMatchObject({
      exit: EXIT.ok,
      json: { verdict: 'proven', receipt: { verdict: 'holds' } },
    });
  const { payload } = JSON.parse(readFileSync(join(out, 'receipt.json'), 'utf8')) as { payload: string };
  expect(Buffer.from(payload, 'base64').toString()).toContain(`"name":"children/${child}/tape.jsonl"`);

  const open = join(directory, 'open');
  const made = await session('create', '--name', 'two', '--budget', BUDGET);
  expect((await session('pull', String(made.json['session_id']), '--out', open)).exit).toBe(EXIT.ok);
  expect(await ewm('sign', open, '--key', key)).toMatchObject({ exit: EXIT.notProven });
  expect(await ewm('verify', open, '--open', '--require-receipt', '--json')).toMatchObject({
    exit: EXIT.notProven,
    json: { receipt: { code: 'ReceiptMissing' } },
  });
});

test('an open one is proven so far', async () => {
  const made = await session('create', '--name', 'two', '--budget', BUDGET);
  const id = String(made.json['session_id']);
  const out = join(directory, 'open');
  expect((await session('pull', id, '--out', out)).exit).toBe(EXIT.ok);
  expect(await ewm('verify', out, '--json')).toMatchObject({ exit: EXIT.notProven, json: { ok: false, verdict: 'proven_so_far' } });
  expect((await ewm('verify', out, '--open')).exit).toBe(EXIT.ok);
});

test('a missing child is named', async () => {
  const { child, out } = await played();
  rmSync(join(out, 'children'), { recursive: true });
  const verdict = await ewm('verify', out);
  expect(verdict.exit).toBe(EXIT.notProven);
  expect(verdict.text).toContain(child);
  expect(verdict.text).toContain('it is missing');
});

test('what is no part of it or of its children is named and refused', async () => {
  const { child, out } = await played();
  const extras = ['notes.txt', 'decision.json', join('children', 'notes.txt'), join('children', child, 'notes.txt')];
  for (const extra of [...extras, join('children', child, 'children', 'nested'), join('children', `${child}0`, 'tape.jsonl')]) {
    const copy = join(directory, 'more');
    cpSync(out, copy, { recursive: true });
    mkdirSync(dirname(join(copy, extra)), { recursive: true });
    writeFileSync(join(copy, extra), '');
    const verdict = await ewm('verify', copy, '--json');
    expect([extra, verdict.exit]).toEqual([extra, EXIT.notProven]);
    const { file } = verdict.json['divergence'] as unknown as { readonly file: string };
    expect(extra.includes(file) || file === `children/${child}0`).toBe(true);
    expect((await ewm('verify', copy, '--allow-extra')).exit).toBe(EXIT.ok);
    // The hashes of a child are its own affair.
    if (!extra.includes(join(child, ''))) expect((await ewm('verify', copy, '--chain-only')).exit).toBe(EXIT.notProven);
    rmSync(copy, { recursive: true });
  }
  writeFileSync(join(out, 'receipt.json'), '{}');
  expect((await ewm('verify', out)).exit).toBe(EXIT.ok);
});

test('whatever is changed afterwards is found, in the session and in its child', async () => {
  const { child, out } = await played();
  const files = ['market.jsonl', 'strategy.json', 'policy.json', 'tape.jsonl', 'executions.jsonl', 'report.md', 'run.json'];
  let found = 0;
  for (const folder of ['', join('children', child)]) {
    for (const file of files) {
      const copy = join(directory, 'changed');
      rmSync(copy, { recursive: true, force: true });
      cpSync(out, copy, { recursive: true });
      const path = join(copy, folder, file);
      const bytes = readFileSync(path);
      // A child without fills has an empty ledger: anything in it is too much.
      if (bytes.length === 0) writeFileSync(path, '{}\n');
      else {
        for (const place of [0.1, 0.5, 0.9]) {
          const changed = Buffer.from(bytes);
          const at = Math.floor(place * bytes.length);
          changed[at] = (changed[at] ?? 0) ^ 1;
          writeFileSync(path, changed);
          const verdict = await ewm('verify', copy, '--json');
          expect([folder, file, place, verdict.exit]).toEqual([folder, file, place, EXIT.notProven]);
          found += 1;
        }
        writeFileSync(path, bytes.subarray(0, bytes.length - 1));
      }
      expect([folder, file, (await ewm('verify', copy)).exit]).toEqual([folder, file, EXIT.notProven]);
      found += 1;
    }
  }
  expect(found).toBeGreaterThan(50);
});

test('mistakes say what to do', async () => {
  expect((await session('show', 'abc')).json).toMatchObject({ ok: false, error: { code: 'not_found' } });
  const made = await session('create', '--name', 'three', '--budget', BUDGET);
  const id = String(made.json['session_id']);
  expect(await session('call', id, 'none.json')).toMatchObject({ exit: EXIT.badInput });
  expect(await session('call', id, '[1')).toMatchObject({ exit: EXIT.badInput });
  expect((await session('call', id, '[{"name":"execute"}]', '--head', `0-${'0'.repeat(64)}`)).json).toMatchObject({
    error: { code: 'head_moved', head: made.json['head'] },
  });
  expect((await session('fork', id, '--budget', '{"max_steps":41}')).json).toMatchObject({
    ok: false,
    error: { code: 'budget_exceeded', limiter: 'max_steps', requested: 41, needed: 41 },
  });
});
