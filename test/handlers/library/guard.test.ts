/** `guard` as a program uses it: wrappers, signals, nested guards, and what the command line shows of a run that it left. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeMemoryRunReader, makeMemoryRunWriter, type MemoryRunWriter } from '../../../src/adapters/in-process/run-files';
import { verify } from '../../../src/domain/run/verify';
import { makeInProcessStopSwitch } from '../../../src/adapters/in-process/stop-switch';
import { makeFileStopSwitch } from '../../../src/adapters/filesystem/stop-switch';
import { generateKeyPair } from '../../../src/adapters/keys/key-file';
import { noDeadline } from '../../../src/adapters/in-process/clock';
import { runCli } from '../../../src/handlers/cli/main';
import { EXIT } from '../../../src/handlers/cli/shared/exit-codes';
import { signerOf, signRunDirectory } from '../../../src/handlers/compose-library';
import { guard, type GuardOptions, type Guard } from '../../../src/handlers/library/guard';
import { refusalOf } from '../../../src/handlers/library/refusal';
import { captureIo } from '../../support/captured-io';
import { TEST_PRICES } from '../../support/guard-runs';
import { rowsOf, linesOf } from '../../support/harness';
import { changed, forge } from '../../support/forge';
import { rightOf, valueOfRight } from '../../support/task';

interface Made {
  readonly guarded: Guard;
  readonly tape: MemoryRunWriter;
}

function made(budget: GuardOptions['budget'], more: Partial<GuardOptions> = {}): Made {
  const tape = makeMemoryRunWriter();
  return { guarded: guard({ budget, tape, prices: TEST_PRICES, ...more }), tape };
}

async function expectProven({ guarded, tape }: Made): Promise<void> {
  await guarded.close();
  expect(valueOfRight(await verify(makeMemoryRunReader(tape.files())))).toMatchObject({ _tag: 'Proven' });
}

const refused = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => refusalOf(error),
  );

const tapeOf = ({ tape }: Made): ReturnType<typeof rowsOf> => rowsOf(linesOf(tape.files(), 'tape.jsonl'));

it('lets as many of eight parallel tool calls through as the budget has, and no more', async () => {
  const run = made({ max_tool_calls: 3 });
  let sent = 0;
  const tool = run.guarded.tool('search', async (query: string) => {
    sent += 1;
    await Promise.resolve();
    return query.length;
  });
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => tool('q'.repeat(index))));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  expect(sent).toBe(3);
  expect(run.guarded.refusal()).toMatchObject({ code: 'budget_exceeded', limiter: 'max_tool_calls', requested: 1 });
  await expectProven(run);
});

it('counts each attempt of a caller that tries again', async () => {
  const run = made({ max_model_calls: 2 });
  let sent = 0;
  const attempt = (): Promise<string> =>
    run.guarded.model({ model: 'm', request: 'hi', maxOutputTokens: 5 }, () => {
      sent += 1;
      return Promise.reject(new Error('503'));
    });
  for (let attempts = 0; attempts < 6; attempts += 1) await attempt().catch(() => undefined);
  expect(sent).toBe(2);
  expect(tapeOf(await closed(run)).filter(({ type }) => type === 'model')).toMatchObject([
    { ok: false, usage: null, error: { message: 'Error' } },
    { ok: false },
  ]);
});

async function closed(run: Made): Promise<Made> {
  await expectProven(run);
  return run;
}

it('gives an act what is left of the time, and does not wait for one that does not mind its signal', async () => {
  const run = made({ max_tool_calls: 5, max_wall_ms: 30 });
  const deaf = run.guarded.tool('deaf', () => new Promise<never>(() => undefined));
  expect(await refused(deaf())).toMatchObject({ code: 'budget_exceeded', limiter: 'max_wall_ms' });
  expect(await refused(run.guarded.tool('next', () => 1)())).toMatchObject({ limiter: 'max_wall_ms' });
  await expectProven(run);
});

it('hands the signal of the caller on, and tells its abort from a refusal', async () => {
  const run = made({ max_model_calls: 5 });
  const controller = new AbortController();
  const asked = run.guarded.model(
    { model: 'm', request: 'hi', signal: controller.signal },
    (signal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('noticed'));
        });
      }),
  );
  setTimeout(() => {
    controller.abort(new Error('enough'));
  }, 5);
  await expect(asked).rejects.toThrow(/noticed|enough/);
  await expect(
    run.guarded.model({ model: 'm', request: 'hi', signal: controller.signal }, () => Promise.reject(new Error('sent'))),
  ).rejects.toThrow('enough');
  expect(run.guarded.state()).toMatchObject({ model_calls: 1 });
  await expectProven(run);
});

it('puts agents under a grant of their own: together they never spend more than the whole', async () => {
  const run = made({ max_tool_calls: 4 });
  const [first, second] = [makeMemoryRunWriter(), makeMemoryRunWriter()];
  const children = [
    await run.guarded.grant({ name: 'a', budget: { max_tool_calls: 2 }, tape: first }),
    await run.guarded.grant({ name: 'b', budget: { max_tool_calls: 2 }, tape: second }),
  ];
  for (const child of children) await child.tool('x', () => 1)();
  const finished = await Promise.all(children.map((child) => child.close()));
  expect(run.guarded.state()).toMatchObject({ tool_calls: 2 });
  await expectProven(run);
  const refunds = tapeOf(run).filter(({ type }) => type === 'refund');
  expect(refunds.map(({ child, head }) => [child, head])).toEqual(finished.map(({ summary }) => [summary.runId, summary.headHash]));
  for (const child of [first, second])
    expect(valueOfRight(await verify(makeMemoryRunReader(child.files())))).toMatchObject({ _tag: 'Proven' });
});

it('holds no word of what was sent unless it is told to', async () => {
  for (const record of ['digest', 'full'] as const) {
    const run = made({ max_tool_calls: 2 }, { record });
    const circular: Record<string, unknown> = { secret: 'prompt' };
    await run.guarded.tool('x', () => ({ answer: 'prompt', bytes: new Uint8Array([1, 2]), big: 10n }))();
    await run.guarded
      .tool('y', (_: unknown) => Promise.reject(new Error('prompt')))(circular)
      .catch(() => undefined);
    circular['self'] = circular;
    await expectProven(run);
    expect(
      tapeOf(run)
        .map((row) => JSON.stringify(row))
        .join('')
        .includes('prompt'),
    ).toBe(record === 'full');
  }
});

it('says at once what is wrong with a budget or a price table', () => {
  expect(() => guard({ budget: { max_tool_calls: -1 }, tape: 'x' })).toThrow(
    'budget: /max_tool_calls: -1: expected an integer of 0 or more',
  );
  expect(() => guard({ budget: {}, tape: 'x', prices: { as_of: 'today' } })).toThrow(/prices: \/as_of/);
});

describe('on the disk', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ewm-guard-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is a run directory like any other: verify, show, report; unfinished until it is closed', async () => {
    const out = join(directory, 'run');
    const guarded = guard({
      budget: { max_tool_calls: 2, max_model_calls: 1, max_output_tokens: 9 },
      tape: out,
      prices: TEST_PRICES,
      record: 'full',
    });
    await guarded.tool('search', (query: string) => query)('one');
    expect(readFileSync(join(out, 'tape.jsonl.partial'), 'utf8')).toContain('"type":"intent"');
    const early = captureIo();
    expect(await runCli(['verify', out], early.io)).toBe(EXIT.notProven);
    await guarded.model({ model: 'm', request: 'hi', maxOutputTokens: 9 }, () =>
      Promise.resolve({ result: 'yes', usage: { input_tokens: 1, output_tokens: 4 } }),
    );
    await guarded.close();
    const io = captureIo();
    expect(await runCli(['verify', out], io.io)).toBe(EXIT.ok);
    expect(await runCli(['show', out], io.io)).toBe(EXIT.ok);
    expect(io.out()).toMatch(/tool calls +1 of 2/);
    expect(io.out()).toMatch(/tokens out +4 of 9/);
    expect(await runCli(['report', out, '--out', join(directory, 'run.html')], io.io)).toBe(EXIT.ok);
  });

  it('does not send what it cannot write down', async () => {
    const blocked = join(directory, 'file');
    cpSync(__filename, blocked);
    let sent = 0;
    const guarded = guard({ budget: { max_tool_calls: 2 }, tape: join(blocked, 'run') });
    const refusal = await refused(guarded.tool('x', () => (sent += 1))());
    expect(refusal).toMatchObject({ code: 'dependency_failed', service: 'tape', effect: 'none' });
    expect(sent).toBe(0);
  });
});

describe('a stop switch', () => {
  const ORDER = { who: 'ops', why: 'too dear', at: '2026-11-26T09:30:00.000Z' };
  const STOPPED = { code: 'stopped_by_operator', message: `stopped by ops at ${ORDER.at}: too dear`, ...ORDER };

  it('ends the run before its next act: what began is settled, nothing more is sent, and the tape proves it', async () => {
    const stopSwitch = makeInProcessStopSwitch();
    const run = made({ max_tool_calls: 20 }, { stopSwitch });
    let sent = 0;
    const tool = run.guarded.tool('search', async () => {
      sent += 1;
      await rightOf(stopSwitch.set(ORDER, noDeadline));
      return 'found';
    });
    expect(await tool()).toBe('found');
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => refused(tool())));
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => STOPPED));
    expect([sent, run.guarded.refusal()]).toEqual([1, STOPPED]);
    // The run has ended: another begins behind the switch, not this one.
    await rightOf(stopSwitch.clear(noDeadline));
    expect(await refused(tool())).toEqual(STOPPED);
    await expectProven(run);
    expect(tapeOf(run).at(-1)).toMatchObject({ type: 'seal', ok: false, error: STOPPED, budget_state: { tool_calls: 1 } });
    const files = run.tape.files();
    const forged = forge(files, { tape: changed(3, (row) => ({ ...row, error: { ...STOPPED, why: 'no reason' } })) });
    expect(valueOfRight(await verify(makeMemoryRunReader(forged)))).toMatchObject({
      _tag: 'NotProven',
      divergence: { pointer: '/error/message' },
    });
  });

  it('holds for nested guards, for model calls, and where it cannot be read; a directory names the one of ewm stop', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ewm-guard-stop-'));
    const run = made({ max_tool_calls: 9, max_model_calls: 9 }, { stopSwitch: directory });
    const nested = await run.guarded.grant({ name: 'inner', budget: { max_tool_calls: 2 }, tape: makeMemoryRunWriter() });
    await nested.tool('search', () => 1)();
    await rightOf(makeFileStopSwitch(directory).set(ORDER, noDeadline));
    expect(await refused(nested.tool('search', () => 1)())).toEqual(STOPPED);
    await nested.close();
    expect(await refused(run.guarded.model({ model: 'm', request: 'hi' }, () => Promise.resolve({ result: 1 })))).toEqual(STOPPED);
    await expectProven(run);
    rmSync(join(directory, 'stop.json'));
    cpSync(__filename, join(directory, 'stop.json'));
    const unread = made({ max_tool_calls: 9 }, { stopSwitch: directory });
    expect(await refused(unread.guarded.tool('search', () => 1)())).toMatchObject({ code: 'stopped_by_operator', who: null, at: null });
    await expectProven(unread);
    rmSync(directory, { recursive: true });
  });
});

describe('a guard that signs', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'ewm-guard-sign-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  const [mine, theirs] = [generateKeyPair(), generateKeyPair()];

  async function verified(run: string, publicPem: string): Promise<readonly [number, string]> {
    const key = join(directory, 'key.pub.pem');
    writeFileSync(key, publicPem);
    const { io, out } = captureIo();
    const exit = await runCli(['verify', run, '--key', key, '--require-receipt'], io);
    return [exit, out()];
  }

  it('leaves a receipt beside the sealed run and beside those of its grants, once, and closing again changes nothing', async () => {
    const [tape, childTape] = [join(directory, 'run'), join(directory, 'child')];
    const guarded = guard({ budget: { max_tool_calls: 3 }, tape, prices: TEST_PRICES, sign: mine.privatePem });
    await guarded.tool('search', () => 1)();
    const child = await guarded.grant({ name: 'child', budget: { max_tool_calls: 1 }, tape: childTape });
    await child.tool('search', () => 1)();
    await child.close();
    await guarded.close();
    const receipt = readFileSync(join(tape, 'receipt.json'), 'utf8');
    await guarded.close();
    expect(readFileSync(join(tape, 'receipt.json'), 'utf8')).toBe(receipt);
    for (const run of [tape, childTape]) {
      expect(await verified(run, mine.publicPem)).toEqual([EXIT.ok, expect.stringContaining(`signed by ${mine.keyId}`)]);
      expect((await verified(run, theirs.publicPem))[0]).toBe(EXIT.notProven);
    }
  });

  it('refuses what is no key, and a tape that is no directory, before anything is sent', () => {
    expect(() => guard({ budget: {}, tape: join(directory, 'no'), sign: mine.publicPem })).toThrow('sign: no private key in PEM');
    expect(() => made({}, { sign: mine.privatePem })).toThrow('`tape` has to be a directory');
  });

  it('says why a run cannot be signed', async () => {
    const signer = valueOfRight(signerOf(mine.privatePem));
    expect(await signRunDirectory(join(directory, 'nothing'), signer)).toContain('is missing');
  });
});
