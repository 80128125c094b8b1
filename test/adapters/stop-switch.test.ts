import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { makeFileStopSwitch, STOP_FILE } from '../../src/adapters/filesystem/stop-switch';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeInProcessStopSwitch } from '../../src/adapters/in-process/stop-switch';
import { makeS3Client } from '../../src/adapters/s3/client';
import { makeS3StopSwitch } from '../../src/adapters/s3/stop-switch';
import { lookAt, oneLine, readSwitchText, stoppedBy, stoppedCodec, switchText } from '../../src/domain/agent/stop-switch';
import { describeStopSwitchContract } from '../contracts/stop-switch';
import { useStubEnvironment } from '../support/aws-environment';
import { executablePath } from '../support/executable';
import { startMoto } from '../support/moto';
import { startS3Stub, STUB_BUCKET } from '../support/s3-stub';
import { leftOf, rightOf } from '../support/task';

const LIMITS = { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 };
const ORDER = { who: 'ops', why: 'too dear', at: '2026-11-26T09:30:00.000Z' };
const KEY = 'team/stop.json';

describeStopSwitchContract('in process', () => {
  const stopSwitch = makeInProcessStopSwitch();
  return Promise.resolve({ stopSwitch, other: stopSwitch, close: () => Promise.resolve() });
});

describeStopSwitchContract('file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-stop-'));
  return {
    stopSwitch: makeFileStopSwitch(join(directory, 'made', 'later')),
    other: makeFileStopSwitch(join(directory, 'made', 'later')),
    close: () => rm(directory, { recursive: true }),
  };
});

describeStopSwitchContract('S3 stub', async () => {
  const stub = await startS3Stub();
  stub.hideMissing(true);
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: stub.url });
  const clients = [makeS3Client(LIMITS), makeS3Client(LIMITS)] as const;
  const [stopSwitch, other] = clients.map((client) => makeS3StopSwitch({ client, bucket: STUB_BUCKET, key: KEY }));
  if (stopSwitch === undefined || other === undefined) throw new Error('two doors');
  await rightOf(stopSwitch.clear(noDeadline));
  return {
    stopSwitch,
    other,
    close: () => {
      for (const client of clients) client.destroy();
      return stub.close();
    },
  };
});

const moto = executablePath('moto_server');
if (moto === undefined) {
  it.todo('stop switch contract: S3 on moto, skipped because moto_server is not on the PATH');
} else {
  describeStopSwitchContract('S3 on moto', async () => {
    const server = await startMoto(moto);
    useStubEnvironment({ AWS_ENDPOINT_URL_S3: server.url });
    const client = makeS3Client(LIMITS);
    await client.send(new CreateBucketCommand({ Bucket: STUB_BUCKET }));
    const stopSwitch = makeS3StopSwitch({ client, bucket: STUB_BUCKET, key: KEY });
    await rightOf(stopSwitch.clear(noDeadline));
    return {
      stopSwitch,
      other: makeS3StopSwitch({ client, bucket: STUB_BUCKET, key: KEY }),
      close: () => {
        client.destroy();
        return server.stop();
      },
    };
  });
}

describe('the document of a switch', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it('is one canonical line', () => {
    expect(switchText(undefined)).toBe('{"stopped":false}\n');
    expect(switchText(ORDER)).toBe('{"at":"2026-11-26T09:30:00.000Z","stopped":true,"who":"ops","why":"too dear"}\n');
    expect(readSwitchText(bytes(switchText(ORDER)))).toEqual({ _tag: 'Right', right: ORDER });
  });

  it.each([
    ['', 'it holds no JSON object'],
    ['{"stopped":false', 'it holds no JSON object'],
    ['null', 'it holds no JSON object'],
    ['[]', 'it holds no JSON object'],
    ['{}', 'it holds neither'],
    ['{"stopped":"false"}', 'it holds neither'],
    ['{"stopped":0}', 'it holds neither'],
    ['{"stopped":false,"who":"ops"}', 'it holds neither'],
    ['{"stopped":true}', 'order'],
    ['{"stopped":true,"who":"","why":"x","at":"2026-11-26T09:30:00.000Z"}', '/who'],
    ['{"stopped":true,"who":"a\\nb","why":"x","at":"2026-11-26T09:30:00.000Z"}', '/who'],
    ['{"stopped":true,"who":"ops","why":"x","at":"yesterday"}', '/at'],
    ['{"stopped":true,"who":"ops","why":"x","at":"2026-11-26T09:30:00.000Z","more":1}', 'more'],
  ])('%s cannot be read', (text, reason) => {
    expect(readSwitchText(bytes(text))).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'SwitchUnreadable', reason: expect.stringContaining(reason) as string },
    });
  });

  it('cannot be read where it is longer than an order', () => {
    expect(readSwitchText(bytes(switchText({ ...ORDER, why: 'x'.repeat(1_000) })))).toMatchObject({ _tag: 'Right' });
    expect(readSwitchText(bytes(switchText({ ...ORDER, why: 'x'.repeat(1_001) })))).toMatchObject({ _tag: 'Left' });
  });

  it('makes one line of any text, and cuts it', () => {
    expect(oneLine(' a\u001b[31m\r\n\tb ', 100)).toBe('a\\u001b[31m b');
    expect(oneLine('x'.repeat(300), 200)).toBe(`${'x'.repeat(199)}…`);
    expect(oneLine(`${'x'.repeat(198)}🕓🕓`, 200).isWellFormed()).toBe(true);
  });

  it('makes ends that a tape may hold, and no others', () => {
    for (const state of [ORDER, { _tag: 'SwitchUnreadable', reason: `b\u0000${'y'.repeat(2_000)}` } as const]) {
      const stop = stoppedBy(state);
      expect(stoppedCodec.decode(stop)).toEqual({ _tag: 'Right', right: stop });
      for (const forged of [
        { ...stop, message: `${stop.message} ` },
        { ...stop, who: stop.who === null ? 'ops' : null },
        { ...stop, at: stop.at === null ? ORDER.at : null },
        { ...stop, why: 'another reason' },
        { ...stop, more: 1 },
      ])
        expect(stoppedCodec.decode(forged)).toMatchObject({ _tag: 'Left' });
    }
  });
});

describe('the file of a switch', () => {
  let directory: string;
  const path = (): string => join(directory, STOP_FILE);
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ewm-stop-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is one file, and nothing is left beside it', async () => {
    const stopSwitch = makeFileStopSwitch(directory);
    expect(stopSwitch.location).toBe(path());
    await rightOf(stopSwitch.set(ORDER, noDeadline));
    expect(await readdir(directory)).toEqual([STOP_FILE]);
    expect(await readFile(path(), 'utf8')).toBe(switchText(ORDER));
    await rightOf(stopSwitch.clear(noDeadline));
    expect(await readdir(directory)).toEqual([]);
  });

  it('counts as set where something else stands there, and setting it mends a file', async () => {
    const stopSwitch = makeFileStopSwitch(directory);
    await writeFile(path(), 'not an order');
    expect(await lookAt(stopSwitch)(noDeadline)).toMatchObject({
      who: null,
      why: `the stop switch could not be read: ${path()}: it holds no JSON object`,
    });
    await rightOf(stopSwitch.set(ORDER, noDeadline));
    expect(await lookAt(stopSwitch)(noDeadline)).toMatchObject({ who: 'ops' });
    await rm(path());
    await mkdir(path());
    expect(await lookAt(stopSwitch)(noDeadline)).toMatchObject({ who: null, why: expect.stringContaining('is a directory') as string });
    expect(await leftOf(stopSwitch.set(ORDER, noDeadline))).toMatchObject({
      service: 'filesystem',
      reason: expect.stringContaining(path()) as string,
    });
    expect(await leftOf(stopSwitch.clear(noDeadline))).toMatchObject({
      service: 'filesystem',
      reason: expect.stringContaining(path()) as string,
    });
    await rm(path(), { recursive: true });
    await symlink(STOP_FILE, path());
    expect(await lookAt(stopSwitch)(noDeadline)).toMatchObject({ who: null });
  });

  it('counts as set where this user may not read it', async () => {
    const stopSwitch = makeFileStopSwitch(directory);
    await rightOf(stopSwitch.set(ORDER, noDeadline));
    await chmod(path(), 0);
    const seen = await lookAt(stopSwitch)(noDeadline);
    // Root reads everything.
    expect(seen?.who).toBe(process.getuid?.() === 0 ? 'ops' : null);
  });
});

describe('the object of a switch', () => {
  it('is one request a look, is replaced, and counts as set where it cannot be read', async () => {
    const stub = await startS3Stub();
    useStubEnvironment({ AWS_ENDPOINT_URL_S3: stub.url });
    const client = makeS3Client(LIMITS);
    const stopSwitch = makeS3StopSwitch({ client, bucket: STUB_BUCKET, key: KEY });
    expect(stopSwitch.location).toBe(`s3://${STUB_BUCKET}/${KEY}`);
    expect(await leftOf(stopSwitch.read(noDeadline))).toMatchObject({
      reason: `s3://${STUB_BUCKET}/${KEY}: is missing (ewm resume writes it)`,
    });
    stub.hideMissing(true);
    expect(await leftOf(stopSwitch.read(noDeadline))).toMatchObject({
      reason: expect.stringContaining('it may be missing (ewm resume writes it)') as string,
    });
    stub.reset();
    await rightOf(stopSwitch.clear(noDeadline));
    await rightOf(stopSwitch.set(ORDER, noDeadline));
    expect(await rightOf(stopSwitch.read(noDeadline))).toEqual(ORDER);
    expect(stub.requests().map(({ method }) => method)).toEqual(['PUT', 'PUT', 'GET']);
    for (const fault of [
      { when: 'before', how: 'status', status: 503, type: 'SlowDown' },
      { when: 'after', how: 'reset' },
    ] as const) {
      stub.reset();
      stub.failCall(0, fault);
      expect(await lookAt(stopSwitch)(noDeadline)).toMatchObject({ code: 'stopped_by_operator', who: null });
      expect(stub.requests()).toHaveLength(1);
    }
    stub.corruptReads(true);
    expect(await lookAt(stopSwitch)(noDeadline)).toMatchObject({ code: 'stopped_by_operator', who: null });
    client.destroy();
    await stub.close();
  });
});
