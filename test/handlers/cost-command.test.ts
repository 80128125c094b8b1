/** `ewm cost`: where its limits come from, what it says about them, and what it says about mistakes. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Bill } from '../../src/domain/cost/bill';
import { costCommand, type CostOptions } from '../../src/handlers/cli/cost/cost-command';
import { runCli } from '../../src/handlers/cli/main';
import priceDocument from '../../terraform/prices.json';
import { SMALL_LIMITS } from '../support/bill-limits';
import { captureIo } from '../support/captured-io';

const folder = mkdtempSync(join(tmpdir(), 'ewm-cost-command-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** An environment in which `terraform` prints this; in none of them is the real one reached. */
function terraformThat(name: string, script: string | undefined): Readonly<Record<string, string>> {
  const bin = join(folder, name);
  if (script === undefined) return { PATH: bin };
  const path = mkdtempSync(`${bin}-`);
  writeFileSync(join(path, 'terraform'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(path, 'terraform'), 0o755);
  return { PATH: `${path}:/usr/bin:/bin` };
}

const NO_TERRAFORM = terraformThat('none', undefined);

function fileOf(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function cost(options: Partial<CostOptions> = {}, env: Readonly<Record<string, string>> = NO_TERRAFORM, stdin = ''): Promise<Ended> {
  const { io, out, err } = captureIo();
  const exit = await costCommand({ set: {}, json: false, ...options }, { ...io, stdin: Readable.from([Buffer.from(stdin)]) }, env);
  return { exit, out: out(), err: err() };
}

interface Printed extends Bill {
  readonly limits: Readonly<Record<string, unknown>>;
  readonly limits_from: string;
}

async function printed(options: Partial<CostOptions> = {}, env?: Readonly<Record<string, string>>, stdin?: string): Promise<Printed> {
  const { exit, out, err } = await cost({ ...options, json: true }, env, stdin);
  expect({ exit, err }).toEqual({ exit: 0, err: '' });
  return JSON.parse(out) as Printed;
}

describe('limits', () => {
  it('are those of a fresh deployment where there is none, and it says so', async () => {
    expect((await printed()).limits_from).toBe('the defaults of a deployment (nothing is deployed from ./terraform)');
    const empty = await printed({}, terraformThat('empty', `echo '{}'`));
    expect(empty.limits_from).toBe('the defaults of a deployment (nothing is deployed from ./terraform)');
    const failing = terraformThat('broken', `echo 'Error: no such state.' >&2; exit 1`);
    const elsewhere = await printed({}, { ...failing, TF_DATA_DIR: join(folder, 'absent') });
    expect(elsewhere.limits_from).toBe('the defaults of a deployment (nothing is deployed from ./terraform)');
    const broken = await printed({}, { ...failing, TF_DATA_DIR: folder });
    expect(broken.limits_from).toBe(
      'the defaults of a deployment (the one in ./terraform cannot be read: terraform says: Error: no such state)',
    );
    expect(broken.limits).toEqual({ ...SMALL_LIMITS, throttle_rate_per_second: '2' });
  });

  it('are those of the deployment', async () => {
    const outputs = JSON.stringify({ limits: { value: { ...SMALL_LIMITS, modes: ['tools'] } }, api_url: { value: 'https://x' } });
    const { limits_from: from, per_invocation: invocation } = await printed({}, terraformThat('applied', `echo '${outputs}'`));
    expect({ from, mode: invocation.mode }).toEqual({ from: 'the Terraform output limits', mode: 'tools' });
  });

  it('are read from a file, alone or among all outputs, and from stdin', async () => {
    const limits = { ...SMALL_LIMITS, modes: ['tools'], code_interpreter: true };
    const alone = await printed({ limits: fileOf('alone.json', limits) });
    const among = await printed({
      limits: fileOf('outputs.json', { region: { value: 'x' }, limits: { sensitive: false, value: limits } }),
    });
    const piped = await printed({ limits: '-' }, NO_TERRAFORM, JSON.stringify(limits));
    expect(among.per_month).toEqual(alone.per_month);
    expect(piped.per_month).toEqual(alone.per_month);
    expect(alone.per_month.by_component.code_interpreter).not.toBe('0.000000');
  });

  it('are changed one by one, and one function is priced alone', async () => {
    const limits = fileOf('all.json', { ...SMALL_LIMITS, modes: ['base', 'tools', 'memory'], memory: true });
    const [all, memory, fewer] = [
      await printed({ limits }),
      await printed({ limits, mode: 'memory' }),
      await printed({ limits, mode: 'memory', set: { max_memory_ops: 1 } }),
    ];
    expect(Object.keys(all.per_invocation.by_mode)).toEqual(['base', 'memory', 'tools']);
    expect(memory.per_invocation.mode).toBe('memory');
    // 10 events and 1 of 0.25 USD a thousand.
    expect(memory.per_invocation.by_component.agentcore_memory).toBe('0.002500');
    expect(fewer.per_invocation.by_component.agentcore_memory).toBe('0.000250');
    expect(fewer.limits_from).toContain('changed by options');
  });
});

it('prints every component and total, what they hold under and what they leave out', async () => {
  const { out } = await cost({ set: { modes: ['base', 'tools'], code_interpreter: true } });
  const {
    per_invocation: invocation,
    per_hour: hour,
    per_month: month,
    typical_month: typical,
  } = await printed({ set: { modes: ['base', 'tools'], code_interpreter: true } });
  for (const charges of [invocation, hour, month, typical])
    for (const amount of [charges.total, ...Object.values(charges.by_component)]) expect(out).toContain(amount);
  for (const component of Object.keys(hour.by_component))
    expect(out).toMatch(new RegExp(`^${component} +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+$`, 'm'));
  expect(out).toContain('an upper bound, not a forecast');
  expect(out).toContain('This holds while:');
  expect(out).toContain('Not covered:');
  expect(out).toContain('Prices: of us-east-1');
});

it('says beside the figures whose prices they are, where they are not those of the Region', async () => {
  const { out } = await cost({ set: { region: 'eu-central-1' }, brief: true });
  expect(out).toMatch(/^Prices: of us-east-1, read until [0-9-]+; this deployment is in eu-central-1, where they may be higher/m);
  expect(out).not.toContain('This holds while');
});

it('prices the typical month of as many requests as are asked for', async () => {
  const [few, many] = [await printed({ requests: 0 }), await printed({ requests: 1_000_000 })];
  expect(few.typical_month).toMatchObject({ requests: 0, total: few.typical_month.by_component.fixed });
  // A million requests, 2 units each, a dollar a million.
  expect(many.typical_month.by_component.api).toBe('2.000000');
  expect(many.per_month).toEqual(few.per_month);
});

it('takes prices of yours', async () => {
  const { lambda_requests: request, ...others } = priceDocument.prices;
  const prices = fileOf('prices.json', { ...priceDocument, prices: { ...others, lambda_requests: { ...request, usd: '1000000' } } });
  // A dollar a request more, within the millionths.
  expect((await printed({ prices })).per_invocation.by_component.lambda).toMatch(/^1\.0002/);
});

describe('mistakes', () => {
  it.each<[string, Partial<CostOptions>, string]>([
    ['no such file', { limits: join(folder, 'absent.json') }, 'absent.json: no such file'],
    ['no JSON', { limits: fileOf('text.json', 'limits') }, 'text.json:1:1'],
    [
      'a limit out of its range',
      { limits: fileOf('range.json', JSON.stringify({ ...SMALL_LIMITS, lambda_memory_mb: 1 }, null, 1)) },
      'range.json:6:22: /lambda_memory_mb: 1: expected an integer from 128 to 10240',
    ],
    [
      'the same among all outputs',
      { limits: fileOf('deep.json', { limits: { value: { ...SMALL_LIMITS, kms: 'no' } } }) },
      '/limits/value/kms: "no": expected true or false',
    ],
    [
      'logs that are kept for ever',
      { set: { log_retention_days: 0 } },
      '--set: /log_retention_days: 0: expected an integer from 1 to 3653',
    ],
    ['a limit that does not exist', { set: { max_step: 1 } }, '--set: /max_step: 1: unknown field; legal here: region, modes'],
    [
      'prices as floats',
      {
        prices: fileOf('float.json', {
          ...priceDocument,
          prices: { ...priceDocument.prices, s3_puts: { ...priceDocument.prices.s3_puts, usd: 0.005 } },
        }),
      },
      '/prices/s3_puts/usd: 0.005: expected dollars as text',
    ],
    ['stdin twice', { limits: '-', prices: '-' }, 'stdin can be read only once'],
  ])('%s', async (_name, options, complaint) => {
    const { exit, out, err } = await cost(options);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain(complaint);
    expect(err).not.toMatch(/\n\s+at /);
    const json = await cost({ ...options, json: true });
    expect(json.exit).toBe(2);
    expect(JSON.parse(json.out)).toMatchObject({ ok: false });
  });

  it.each([
    [['cost', '--set', 'max_steps'], 'expected a limit and its value'],
    [['cost', '--mode', 'all'], 'Allowed choices are base, tools, memory'],
    [['cost', '--limits', ''], 'expected a path'],
    [['cost', '--requests', '-1'], 'expected an integer from 0'],
  ])('of the command line: %j', async (argv, complaint) => {
    const { io, err } = captureIo();
    expect(await runCli(argv, io)).toBe(2);
    expect(err()).toContain(complaint);
  });
});

it('is reached from the command line', async () => {
  const { io, out } = captureIo();
  const limits = fileOf('small.json', SMALL_LIMITS);
  expect(
    await runCli(
      ['cost', '--limits', limits, '--set', 'modes=["memory"]', '--set', 'memory=true', '--set', 'region=eu-west-1', '--json'],
      io,
    ),
  ).toBe(0);
  expect(JSON.parse(out())).toMatchObject({ per_invocation: { mode: 'memory' }, limits: { region: 'eu-west-1' } });
});
