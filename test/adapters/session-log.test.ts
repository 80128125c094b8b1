import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { makeFilesystemSessionLog } from '../../src/adapters/filesystem/session-log';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { makeInProcessSessionLog } from '../../src/adapters/in-process/session-log';
import { makeS3Client } from '../../src/adapters/s3/client';
import { makeS3SessionLog } from '../../src/adapters/s3/session-log';
import { lastSeq } from '../../src/adapters/session-key';
import { describeSessionLogContract } from '../contracts/session-log';
import { useStubEnvironment } from '../support/aws-environment';
import { executablePath } from '../support/executable';
import { startMoto } from '../support/moto';
import { startS3Stub, STUB_BUCKET } from '../support/s3-stub';
import { leftOf, rightOf } from '../support/task';

const LIMITS = { connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 };
const SESSION = 'a'.repeat(32);

describeSessionLogContract('in process', () => {
  const log = makeInProcessSessionLog();
  return Promise.resolve({ log, other: log, close: () => Promise.resolve() });
});

describeSessionLogContract('filesystem', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-sessions-'));
  return {
    log: makeFilesystemSessionLog({ directory: join(directory, 'made', 'later') }),
    other: makeFilesystemSessionLog({ directory: join(directory, 'made', 'later') }),
    close: () => rm(directory, { recursive: true }),
  };
});

// Where a role may list its own prefix alone, S3 forbids to read what is missing.
for (const [prefix, hide] of [
  ['', false],
  ['team/world/', true],
] as const) {
  describeSessionLogContract(`S3 stub, prefix "${prefix}"${hide ? ', what is missing is forbidden' : ''}`, async () => {
    const stub = await startS3Stub();
    stub.hideMissing(hide);
    useStubEnvironment({ AWS_ENDPOINT_URL_S3: stub.url });
    const clients = [makeS3Client(LIMITS), makeS3Client(LIMITS)] as const;
    return {
      log: makeS3SessionLog({ client: clients[0], bucket: STUB_BUCKET, prefix }),
      other: makeS3SessionLog({ client: clients[1], bucket: STUB_BUCKET, prefix }),
      close: () => {
        for (const client of clients) client.destroy();
        return stub.close();
      },
    };
  });
}

const moto = executablePath('moto_server');
if (moto === undefined) {
  it.todo('session log contract: S3 on moto, skipped because moto_server is not on the PATH');
} else {
  describeSessionLogContract('S3 on moto', async () => {
    const server = await startMoto(moto);
    useStubEnvironment({ AWS_ENDPOINT_URL_S3: server.url });
    const client = makeS3Client(LIMITS);
    await client.send(new CreateBucketCommand({ Bucket: STUB_BUCKET }));
    const log = makeS3SessionLog({ client, bucket: STUB_BUCKET, prefix: 'ewm/' });
    return {
      log,
      other: makeS3SessionLog({ client, bucket: STUB_BUCKET, prefix: 'ewm/' }),
      close: () => {
        client.destroy();
        return server.stop();
      },
    };
  });
}

describe('S3 session log', () => {
  it('creates and reads in one request each, and finds the newest by a hint in one', async () => {
    const stub = await startS3Stub();
    useStubEnvironment({ AWS_ENDPOINT_URL_S3: stub.url });
    const client = makeS3Client(LIMITS);
    const log = makeS3SessionLog({ client, bucket: STUB_BUCKET });
    for (let seq = 0; seq < 3; seq += 1) await rightOf(log.create({ session: SESSION, seq }, Buffer.from('row\n'), noDeadline));
    await rightOf(log.read({ session: SESSION, seq: 2 }, noDeadline));
    await rightOf(log.newest(SESSION, 2, noDeadline));
    expect(stub.requests().map(({ method }) => method)).toEqual(['PUT', 'PUT', 'PUT', 'GET', 'GET']);
    expect([...stub.objects.keys()].at(-1)).toBe(`sessions/${SESSION}/segments/00000002.jsonl`);
    stub.reset();
    for (const [status, outcome] of [
      [412, 'taken'],
      [409, 'contended'],
    ] as const) {
      stub.reset();
      stub.failCall(0, { when: 'before', how: 'status', status, type: 'ConditionalRequestConflict' });
      expect(await rightOf(log.create({ session: SESSION, seq: 3 }, Buffer.from('row\n'), noDeadline))).toBe(outcome);
    }
    // An answer that is lost leaves the effect unknown; the segment tells.
    stub.reset();
    stub.failCall(0, { when: 'after', how: 'reset' });
    expect(await leftOf(log.create({ session: SESSION, seq: 3 }, Buffer.from('mine\n'), noDeadline))).toMatchObject({ effect: 'unknown' });
    expect(stub.requests()).toHaveLength(1);
    expect(Buffer.from(await rightOf(log.read({ session: SESSION, seq: 3 }, noDeadline))).toString()).toBe('mine\n');
    client.destroy();
    await stub.close();
  });

  it('takes what is forbidden for missing only where the list says so', async () => {
    const stub = await startS3Stub();
    useStubEnvironment({ AWS_ENDPOINT_URL_S3: stub.url });
    const client = makeS3Client(LIMITS);
    const log = makeS3SessionLog({ client, bucket: STUB_BUCKET });
    await rightOf(log.create({ session: SESSION, seq: 0 }, Buffer.from('row\n'), noDeadline));
    const denied = { when: 'before', how: 'status', status: 403, type: 'AccessDenied' } as const;
    stub.reset();
    stub.failCall(0, denied);
    expect(await leftOf(log.read({ session: SESSION, seq: 0 }, noDeadline))).toMatchObject({ httpStatus: 403, operation: 'GetObject' });
    stub.reset();
    stub.failCall(0, denied);
    stub.failCall(1, denied);
    expect(await leftOf(log.read({ session: SESSION, seq: 1 }, noDeadline))).toMatchObject({ httpStatus: 403, operation: 'GetObject' });
    client.destroy();
    await stub.close();
  });
});

describe('filesystem session log', () => {
  it('leaves exactly the segments', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ewm-sessions-'));
    const log = makeFilesystemSessionLog({ directory });
    await rightOf(log.create({ session: SESSION, seq: 0 }, Buffer.from('a'), noDeadline));
    await rightOf(log.create({ session: SESSION, seq: 0 }, Buffer.from('b'), noDeadline));
    expect(await readdir(join(directory, 'sessions', SESSION, 'segments'))).toEqual(['00000000.jsonl']);
    await rm(directory, { recursive: true });
  });
});

describe('the search for the newest segment', () => {
  it('finds it from any hint in about twice the logarithm of what is newer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(200_000), fc.nat(200_000), async (a, b) => {
        const [known, last] = [Math.min(a, b), Math.max(a, b)];
        let asked = 0;
        const found = await lastSeq(known, (seq) => {
          asked += 1;
          return Promise.resolve(seq <= last);
        });
        expect(found).toBe(last);
        expect(asked).toBeLessThanOrEqual(2 * Math.log2(last - known + 1) + 2);
      }),
    );
  });
});
