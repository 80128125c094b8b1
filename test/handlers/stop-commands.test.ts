/** `ewm stop`, `ewm resume`, `ewm status`: of a data directory, of a deployment, and what is said where a part of it fails. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runCli } from '../../src/handlers/cli/main';
import { EXIT } from '../../src/handlers/cli/shared/exit-codes';
import { useStubEnvironment } from '../support/aws-environment';
import { captureIo } from '../support/captured-io';
import { type LambdaStub, startLambdaStub } from '../support/lambda-stub';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';

let data: string;
let s3: S3Stub;
let lambda: LambdaStub;

beforeAll(async () => {
  [s3, lambda] = await Promise.all([startS3Stub(), startLambdaStub({})]);
});
afterAll(() => Promise.all([s3.close(), lambda.close()]));
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'ewm-stop-'));
  s3.reset();
  lambda.reset();
  s3.objects.clear();
  lambda.reserved.clear();
  for (const [name, reserved] of [
    ['ewm-base', 1],
    ['ewm-tools', null],
  ] as const)
    lambda.reserved.set(name, reserved);
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_LAMBDA: lambda.url });
});
afterEach(() => rm(data, { recursive: true }));

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function ewm(...argv: readonly string[]): Promise<Ran> {
  const { io, out, err } = captureIo();
  const exit = await runCli(argv, io);
  return { exit, out: out(), err: err() };
}

const STOP = ['stop', '--reason', 'the bill runs away', '--who', 'ops'] as const;

describe('a data directory', () => {
  it('is stopped and resumed, each once, and says so', async () => {
    const file = join(data, 'stop.json');
    expect(await ewm('status', '--data', data)).toEqual({ exit: EXIT.ok, out: `data ${file}: not stopped\n`, err: '' });
    expect(await ewm(...STOP, '--data', data)).toEqual({
      exit: EXIT.ok,
      out: `data ${file}: is set\ndata: stopped; ewm resume lets it go on\n`,
      err: '',
    });
    const order = JSON.parse(await readFile(file, 'utf8')) as { at: string };
    expect(order).toMatchObject({ stopped: true, who: 'ops', why: 'the bill runs away' });
    const again = await ewm('stop', '--reason', 'another', '--data', data);
    expect(again.exit).toBe(EXIT.ok);
    expect(again.out).toContain(`is set already, by ops at ${order.at}: the bill runs away\n`);
    expect(await ewm('status', '--data', data)).toMatchObject({
      exit: EXIT.refused,
      out: `data ${file}: stopped by ops at ${order.at}: the bill runs away\n`,
    });
    expect(JSON.parse((await ewm('status', '--data', data, '--json')).out)).toEqual({
      ok: true,
      stopped: true,
      places: [{ place: 'data', switch: file, stopped: true, who: 'ops', why: 'the bill runs away', at: order.at }],
    });
    expect(await ewm('resume', '--data', data)).toEqual({
      exit: EXIT.ok,
      out: `data ${file}: is cleared; it was set by ops: the bill runs away\ndata: goes on\n`,
      err: '',
    });
    expect((await ewm('resume', '--data', data)).out).toContain('is not set\n');
  });

  it('counts as stopped where the switch cannot be read, and resume mends it', async () => {
    await writeFile(join(data, 'stop.json'), 'half an or');
    expect(await ewm('status', '--data', data)).toMatchObject({
      exit: EXIT.refused,
      out: expect.stringMatching(/: counts as stopped: the stop switch could not be read: .*: it holds no JSON object\n$/) as string,
    });
    expect(await ewm('resume', '--data', data)).toMatchObject({ exit: EXIT.ok });
    expect(await ewm('status', '--data', data)).toMatchObject({ exit: EXIT.ok });
  });

  it('is left as it is where the switch cannot be written, which is named', async () => {
    await mkdir(join(data, 'stop.json'));
    const stopped = await ewm(...STOP, '--data', data);
    expect(stopped.exit).toBe(EXIT.cannotWrite);
    expect(stopped.err).toMatch(
      /^ewm: NOT DONE: data .*stop.json: filesystem write: .*\newm: left to do: .*stop.json; the same command again/,
    );
    expect(JSON.parse((await ewm(...STOP, '--data', data, '--json')).out)).toMatchObject({
      ok: false,
      places: [{ parts: [{ outcome: 'failed' }] }],
    });
  });

  it('begins nothing while it is stopped: no run, no session', async () => {
    await ewm(...STOP, '--data', data);
    const out = join(data, 'run');
    for (const what of [
      ['--market', 'nowhere.csv', '--strategy', 'nowhere.json'],
      ['--world', 'nowhere.js', '--inputs', 'nowhere.jsonl'],
    ]) {
      const ran = await ewm('run', ...what, '--out', out, '--data', data, '--json');
      expect(ran.exit).toBe(EXIT.refused);
      expect(JSON.parse(ran.out)).toMatchObject({
        ok: false,
        error: { code: 'stopped_by_operator', who: 'ops', why: 'the bill runs away' },
      });
      expect(ran.err).toMatch(/^ewm: stopped by ops at .*: the bill runs away; ewm resume lets it go on\n$/);
    }
    const created = await ewm('session', 'create', '--budget', '{"max_steps":3}', '--data', data);
    expect(created).toMatchObject({ exit: EXIT.refused, err: expect.stringContaining('stopped_by_operator: stopped by ops') as string });
    expect(await ewm('session', 'list', '--data', data)).toMatchObject({ exit: EXIT.ok });
    await ewm('resume', '--data', data);
    expect(await ewm('session', 'create', '--budget', '{"max_steps":3}', '--data', data)).toMatchObject({ exit: EXIT.ok });
  });

  it.each([
    [['stop', '--data', 'x'], "required option '--reason <text>' not specified"],
    [['stop', '--reason', ' ', '--data', 'x'], 'expected a text'],
    [['stop', '--reason', 'x'.repeat(1_001), '--data', 'x'], '--reason has 1001 characters: at most 1000'],
    [['stop', '--reason', 'x', '--who', 'y'.repeat(201), '--data', 'x'], '--who has 201 characters: at most 200'],
    [['resume', '--function', 'a=1'], '--function is of a deployment that --bucket names'],
    [['resume', '--bucket', 'b', '--function', 'a=0'], 'such as ewm-tools=1 or ewm-tools=none'],
    [['status', '--bucket', 'b', '--deployed'], "cannot be used with option '--deployed'"],
  ])('refuses %j', async (argv, said) => {
    const ran = await ewm(...argv);
    expect(ran.exit).toBe(EXIT.badInput);
    expect(ran.err).toContain(said);
    expect(ran.out).toBe('');
  });
});

const KEY = 'team/stop.json';
const DEPLOYMENT = [
  '--bucket',
  STUB_BUCKET,
  '--key',
  KEY,
  '--region',
  'us-east-1',
  '--function',
  'ewm-base=1',
  '--function',
  'ewm-tools=none',
] as const;
const objectText = (): string => s3.objects.get(KEY)?.bytes.toString() ?? '';

describe('a deployment', () => {
  it('is held off by its object and reserved concurrency 0, and gets back what Terraform gave it', async () => {
    // Nobody has written the object yet: that counts as stopped.
    expect(await ewm('status', ...DEPLOYMENT)).toMatchObject({
      exit: EXIT.refused,
      out: expect.stringContaining('is missing (ewm resume writes it)') as string,
    });
    expect(await ewm('resume', ...DEPLOYMENT)).toMatchObject({ exit: EXIT.ok });
    expect(objectText()).toBe('{"stopped":false}\n');
    expect(await ewm('status', ...DEPLOYMENT)).toMatchObject({
      exit: EXIT.ok,
      out: `deployment s3://${STUB_BUCKET}/${KEY}: not stopped\ndeployment ewm-base: reserved concurrency 1\ndeployment ewm-tools: no reserved concurrency\n`,
    });

    const stopped = await ewm(...STOP, ...DEPLOYMENT);
    expect(stopped).toMatchObject({ exit: EXIT.ok, err: '' });
    expect(stopped.out).toContain('deployment ewm-tools: has reserved concurrency 0: held off now\n');
    expect([...lambda.reserved]).toEqual([
      ['ewm-base', 0],
      ['ewm-tools', 0],
    ]);
    expect(JSON.parse(objectText())).toMatchObject({ stopped: true, who: 'ops' });
    expect((await ewm('status', ...DEPLOYMENT)).exit).toBe(EXIT.refused);
    // Again: nothing is sent that changes anything.
    s3.reset();
    lambda.reset();
    const again = await ewm(...STOP, ...DEPLOYMENT);
    expect(again).toMatchObject({
      exit: EXIT.ok,
      out: expect.stringContaining('ewm-base: has reserved concurrency 0: held off\n') as string,
    });
    expect([...s3.requests(), ...lambda.requests()].map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);

    expect(await ewm('resume', ...DEPLOYMENT)).toMatchObject({ exit: EXIT.ok });
    expect([...lambda.reserved]).toEqual([
      ['ewm-base', 1],
      ['ewm-tools', null],
    ]);
    expect(objectText()).toBe('{"stopped":false}\n');
  });

  it('has its object set first and cleared last, so that a half is a stopped one; what failed is named, and done by the same command again', async () => {
    await ewm('resume', ...DEPLOYMENT);
    lambda.failWhere(({ method, segments }) => method === 'PUT' && segments.includes('ewm-base'), {
      when: 'before',
      how: 'status',
      status: 429,
      type: 'TooManyRequestsException',
    });
    const stopped = await ewm(...STOP, ...DEPLOYMENT);
    expect(stopped.exit).toBe(EXIT.cannotWrite);
    expect(stopped.err).toMatch(
      /^ewm: NOT DONE: deployment ewm-base: lambda PutFunctionConcurrency: .*\newm: left to do: ewm-base; the same command again does what is left\n$/,
    );
    expect(JSON.parse(objectText())).toMatchObject({ stopped: true });
    expect(lambda.reserved.get('ewm-tools')).toBe(0);
    expect(await ewm(...STOP, ...DEPLOYMENT)).toMatchObject({ exit: EXIT.ok });
    expect(lambda.reserved.get('ewm-base')).toBe(0);

    s3.failWhere(({ method }) => method === 'PUT', { when: 'before', how: 'status', status: 503, type: 'SlowDown' });
    expect(await ewm('resume', ...DEPLOYMENT)).toMatchObject({
      exit: EXIT.cannotWrite,
      err: expect.stringContaining(`left to do: s3://${STUB_BUCKET}/${KEY}`) as string,
    });
    expect(lambda.reserved.get('ewm-base')).toBe(1);
    expect(JSON.parse(objectText())).toMatchObject({ stopped: true });
    expect(await ewm('resume', ...DEPLOYMENT)).toMatchObject({ exit: EXIT.ok });
  });

  describe('of Terraform', () => {
    /** A `terraform` that answers, in the place where Terraform was set up. */
    async function withTerraform(script: string, run: () => Promise<void>): Promise<void> {
      const before = { PATH: process.env['PATH'], TF_DATA_DIR: process.env['TF_DATA_DIR'] };
      await writeFile(join(data, 'terraform'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      Object.assign(process.env, { PATH: `${data}${delimiter}${before.PATH ?? ''}`, TF_DATA_DIR: data });
      try {
        await run();
      } finally {
        process.env['PATH'] = before.PATH;
        if (before.TF_DATA_DIR === undefined) delete process.env['TF_DATA_DIR'];
        else process.env['TF_DATA_DIR'] = before.TF_DATA_DIR;
      }
    }
    const outputs = (value: object): string => `echo '${JSON.stringify(value)}'`;
    const switchOutput = { bucket: STUB_BUCKET, key: KEY, functions: { 'ewm-base': 1, 'ewm-tools': -1 } };

    it('is found by its outputs, together with a data directory', () =>
      withTerraform(outputs({ stop_switch: { value: switchOutput }, region: { value: 'us-east-1' } }), async () => {
        expect(await ewm(...STOP, '--deployed', '--data', join(data, 'serve'))).toMatchObject({ exit: EXIT.ok, err: '' });
        expect([...lambda.reserved.values()]).toEqual([0, 0]);
        expect((await ewm('status', '--data', join(data, 'serve'))).exit).toBe(EXIT.refused);
        expect(await ewm('resume', '--deployed')).toMatchObject({ exit: EXIT.ok });
        expect([...lambda.reserved.values()]).toEqual([1, null]);
      }));

    it.each([
      ['{}', 'nothing is deployed from ./terraform'],
      [JSON.stringify({ api_url: { value: 'https://x' } }), 'what is deployed has no stop switch yet: deploy it again'],
    ])('is said where there is none: %s', (text, said) =>
      withTerraform(`echo '${text}'`, async () => {
        expect(await ewm(...STOP, '--deployed')).toMatchObject({ exit: EXIT.badInput, err: expect.stringContaining(said) as string });
      }),
    );

    it('is never taken for none where the outputs cannot be read', () =>
      withTerraform('echo "Error: no credentials" >&2; exit 1', async () => {
        const ran = await ewm(...STOP, '--deployed', '--data', data);
        expect(ran).toMatchObject({
          exit: EXIT.badInput,
          err: expect.stringMatching(
            /terraform says: Error: no credentials; --bucket names one without Terraform: nothing was done\n$/,
          ) as string,
        });
      }));

    it('may be none where a data directory is meant as well, which is said', () =>
      withTerraform("echo '{}'", async () => {
        const ran = await ewm(...STOP, '--deployed', '--data', data);
        expect(ran).toMatchObject({ exit: EXIT.ok, err: 'ewm: deployment: nothing is deployed from ./terraform\n' });
        expect((await ewm('status', '--data', data)).exit).toBe(EXIT.refused);
      }));
  });
});
