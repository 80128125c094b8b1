/**
 * `ewm sweep submit`, `status` and `collect` against the bundle of the function of a cell, invoked by the machine as it is deployed (test/infra holds
 * the fixture against Terraform): the same bytes as on this machine, failures that end it, redrives that go on, and what is refused before it begins.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS } from '../../src/domain/cost/limits';
import { formatDecimal } from '../../src/domain/decimal/decimal';
import { runCli } from '../../src/handlers/cli/main';
import { captureIo } from '../support/captured-io';
import { type Containers, startContainers } from '../support/lambda-containers';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';
import { startStepFunctions, type StepFunctions, type StepFunctionsSettings } from '../support/step-functions';

const ROOT = join(__dirname, '../..');
const SPEC = join(ROOT, 'examples/sweeps/sma.json');
const FORWARD = join(ROOT, 'examples/sweeps/walk-forward.json');
const FILES = ['cells.jsonl', 'sweep.json', 'market.jsonl', 'report.html'];
const CONTAINERS = 2;
const LIMITS = {
  ...DEFAULT_LIMITS,
  throttle_rate_per_second: formatDecimal(DEFAULT_LIMITS.throttle_rate_per_second),
  max_sweep_cost_usd: formatDecimal(DEFAULT_LIMITS.max_sweep_cost_usd),
  sweeps: true,
  sweep_concurrency: CONTAINERS,
};

const KEYS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret-example' };

let directory: string;
let s3: S3Stub;
let containers: Containers;
let machine: StepFunctions;
let deployment: string;
/** Fails the invocation of this cell. */
let failing: number | undefined;

async function ewm(...argv: readonly string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const { io, out: stdout, err: stderr } = captureIo();
  const exit = await runCli(argv, io);
  return { exit, stdout: stdout(), stderr: stderr() };
}

/** Of the sweep that was submitted. */
async function submit(
  spec: string,
  ...more: readonly string[]
): Promise<{ sweep_id: string; status: string; cells: number; quote_usd: string }> {
  const { exit, stdout, stderr } = await ewm('sweep', 'submit', '--spec', spec, '--deployment', deployment, '--json', ...more);
  if (exit !== 0) throw new Error(stderr + stdout);
  return JSON.parse(stdout) as { sweep_id: string; status: string; cells: number; quote_usd: string };
}

const there = (verb: 'status' | 'collect', id: string, ...more: readonly string[]): ReturnType<typeof ewm> =>
  ewm('sweep', verb, id, '--deployment', deployment, ...more);

async function openMachine(settings: Partial<StepFunctionsSettings> = {}): Promise<void> {
  const definition = await readFile(join(ROOT, 'test/fixtures/sweep-machine.json'), 'utf8');
  machine = await startStepFunctions({
    definitionOf: () => definition,
    s3Url: s3.url,
    invoke: (_name, item) =>
      (item as { cell: number }).cell === failing
        ? Promise.resolve({
            _tag: 'Failed',
            error: 'Runtime.OutOfMemory',
            cause: { errorMessage: 'no memory is left', errorType: 'Runtime.OutOfMemory' },
          })
        : containers.invoke(item),
    ...settings,
  });
  process.env['AWS_ENDPOINT_URL_SFN'] = machine.url;
}

async function deployed(limits: object = {}, cellsMax = 3_000): Promise<void> {
  const outputs = {
    sweeps: { state_machine_arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:ewm-sweeps', cells_max: cellsMax },
    limits: { ...LIMITS, ...limits },
    artifact_bucket: STUB_BUCKET,
    artifact_prefix: 'ewm/',
    region: 'us-east-1',
  };
  await writeFile(deployment, JSON.stringify(Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value }]))));
}

async function same(out: string, local: string): Promise<void> {
  for (const file of FILES)
    expect([file, await readFile(join(out, file), 'utf8')]).toEqual([file, await readFile(join(local, file), 'utf8')]);
  expect(await readdir(join(out, 'runs'))).toEqual(await readdir(join(local, 'runs')));
  expect((await readdir(out)).filter((name) => name.endsWith('.partial'))).toEqual([]);
}

const local: Record<string, string> = {};
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-sweep-remote-'));
  deployment = join(directory, 'outputs.json');
  s3 = await startS3Stub();
  Object.assign(process.env, KEYS, { AWS_ENDPOINT_URL_S3: s3.url });
  const env = { ...KEYS, AWS_ENDPOINT_URL_S3: s3.url, EWM_ARTIFACT_BUCKET: STUB_BUCKET, EWM_ARTIFACT_PREFIX: 'ewm/' };
  containers = startContainers(join(ROOT, 'dist/lambda/cell/index.js'), CONTAINERS, env);
  for (const spec of [SPEC, FORWARD]) {
    const out = (local[spec] = join(directory, `local-${String(Object.keys(local).length)}`));
    expect((await ewm('sweep', '--spec', spec, '--out', out, '--jobs', '1')).exit).toBe(0);
  }
}, 120_000);
afterAll(async () => {
  await Promise.all([containers.close(), s3.close()]);
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  s3.objects.clear();
  failing = undefined;
  await deployed();
  await openMachine();
});
afterEach(() => machine.close());

test.each([SPEC, FORWARD])(
  'the cells of %s come to the bytes of this machine, each invoked once',
  async (spec) => {
    const { sweep_id: id, status, cells } = await submit(spec);
    expect(status).toBe('started');
    await machine.idle();
    expect(machine.invoked().length).toBe(cells);
    expect(machine.concurrency()).toBe(CONTAINERS);
    expect((await there('status', id)).stdout).toContain(
      `sweep ${id}: succeeded\n  cells      ${String(cells)} of ${String(cells)} cells are there`,
    );
    const out = join(directory, `collected-${id}`);
    expect(await there('collect', id, '--out', out)).toMatchObject({ exit: 0 });
    await same(out, local[spec] ?? '');
    expect((await ewm('verify', out, '--cells', '40')).exit).toBe(0);
    // Nothing of it is run or fetched again.
    expect(await submit(spec)).toMatchObject({ sweep_id: id, status: 'finished' });
    expect((await there('collect', id, '--out', out)).stderr).toContain('holds this very sweep, finished');
    expect(machine.operations().filter((name) => /^(Start|Redrive)/.test(name))).toEqual(['StartExecution']);
  },
  120_000,
);

test.each(['same folder', 'another folder'] as const)(
  'a cell that fails ends it, and a redrive runs what is not there (results into the %s)',
  async (redriveWrites) => {
    await machine.close();
    await openMachine({ redriveWrites, childrenPerFile: 50 });
    failing = 120;
    const { sweep_id: id, cells } = await submit(SPEC);
    await machine.idle();
    const first = machine.invoked().length;
    expect(first).toBeLessThan(cells);
    const told = await there('status', id);
    expect(told.exit).toBe(1);
    expect(told.stdout).toContain(`sweep ${id}: failed`);
    expect(told.stdout).toContain('cell 120   no memory is left');
    const out = join(directory, `redriven-${redriveWrites}`);
    const early = await there('collect', id, '--out', out);
    expect(early.exit).toBe(1);
    expect(early.stderr).toMatch(/1[12][0-9] of 210 cells are there; missing: 1[12][0-9]/);
    expect(early.stderr).toContain('it is failed: ewm sweep submit with the same spec goes on with what is missing');
    expect(await readdir(out)).toEqual(['fetched.partial']);

    // Once more in vain, and then not.
    expect(await submit(SPEC)).toMatchObject({ status: 'redriven' });
    await machine.idle();
    failing = undefined;
    expect(await submit(SPEC)).toMatchObject({ status: 'redriven' });
    await machine.idle();
    expect((await there('status', id, '--json')).stdout).toContain('"status":"SUCCEEDED","redrives":2');
    const known = machine.invoked().map((item) => (item as { cell: number }).cell);
    expect(new Set(known).size).toBe(cells);
    // Those that were there were not run again: only what failed, and what ran beside it.
    expect(known.filter((cell) => cell < 118).length).toBe(118);
    expect(await there('collect', id, '--out', out)).toMatchObject({ exit: 0 });
    await same(out, local[SPEC] ?? '');
  },
  120_000,
);

test('what was fetched is not fetched again, and a collect that is stopped goes on', async () => {
  await machine.close();
  await openMachine({ childrenPerFile: 50 });
  const { sweep_id: id } = await submit(SPEC);
  await machine.idle();
  const out = join(directory, 'stopped');
  const { io, interrupt, err } = captureIo();
  interrupt();
  expect(await runCli(['sweep', 'collect', id, '--out', out, '--deployment', deployment], io)).toBe(130);
  expect(err()).toContain('interrupted after 1 of 5 files of results');
  s3.reset();
  expect(await there('collect', id, '--out', out)).toMatchObject({ exit: 0 });
  expect(s3.requests().filter(({ headers }) => headers.range !== undefined).length).toBe(4);
  await same(out, local[SPEC] ?? '');
}, 120_000);

test('what costs more than it may is refused before a byte is sent', async () => {
  await deployed({ max_sweep_cost_usd: '0.01' });
  const dear = await ewm('sweep', 'submit', '--spec', SPEC, '--deployment', deployment);
  expect(dear.exit).toBe(3);
  expect(dear.stderr).toMatch(/210 cells cost 0\.\d+ USD at most, of 0\.01 \(max_sweep_cost_usd\)/);
  expect(dear.stderr).toContain('raise max_sweep_cost_usd and apply');
  // And more cells than the machine reads.
  await deployed({}, 209);
  expect((await ewm('sweep', 'submit', '--spec', SPEC, '--deployment', deployment)).stderr).toContain('runs a sweep of 209 cells at most');
  // A quote begins nothing.
  await deployed();
  expect(await submit(SPEC, '--quote')).toMatchObject({ status: 'quoted', cells: 210 });
  expect([...s3.objects.keys(), ...machine.operations()]).toEqual([]);
});

test('a sweep that was never submitted, and a deployment without sweeps, are told of', async () => {
  const id = '0'.repeat(32);
  for (const verb of ['status', 'collect'] as const) {
    const told = await there(verb, id, ...(verb === 'collect' ? ['--out', join(directory, 'none')] : []));
    expect([told.exit, told.stderr]).toEqual([2, expect.stringContaining(`this deployment knows no sweep ${id}`)]);
  }
  await writeFile(deployment, JSON.stringify({ sweeps: { value: null } }));
  expect((await there('status', id)).stderr).toContain('sweeps are not enabled in this deployment');
});

test('results that were changed are no sweep', async () => {
  const { sweep_id: id } = await submit(SPEC);
  await machine.idle();
  const [key, object] = [...s3.objects].find(([name]) => name.includes('SUCCEEDED')) ?? [];
  if (key === undefined || object === undefined) throw new Error('there are results');
  const lied = object.bytes.toString().replace(/(turnover[\\]+":[\\]+")[0-9.]+/, (_, before: string) => `${before}1`);
  expect(lied.length).not.toBe(object.bytes.length);
  s3.objects.set(key, { ...object, bytes: Buffer.from(lied.padEnd(object.bytes.length)) });
  const out = join(directory, 'changed');
  const collected = await there('collect', id, '--out', out);
  // A row is taken for what it says of itself; that it is not what its run comes to, is for the proof to find.
  expect(collected.exit).toBe(0);
  expect((await ewm('verify', out, '--cells', 'all')).exit).toBe(1);
  // A folder that is not that of its id is no sweep.
  const spec = s3.objects.get(`ewm/sweeps/${id}/spec.json`);
  s3.objects.set(`ewm/sweeps/${id}/spec.json`, {
    contentType: '',
    bytes: Buffer.from((spec?.bytes.toString() ?? '').replace('"to":"24"', '"to":"23"')),
  });
  expect((await there('collect', id, '--out', join(directory, 'other'))).stderr).toContain('its spec and its market are those of sweep');
  const [answer] = await Promise.all([containers.invoke({ sweep: '0'.repeat(32), cell: 0 })]);
  expect(answer).toMatchObject({ _tag: 'Failed', cause: { errorMessage: expect.stringContaining('cannot be read') as string } });
}, 60_000);
