/**
 * `make bench`, the part about cold starts: from the start of a process to its first answer, under AWS's runtime client, for each bundle,
 * an empty handler, one that only builds an S3 client and one that uses it once. The rounds take them in turn, so that a busy minute hits all of them; a
 * ratio is the median of those of each round. Added to tmp/bench.json. Left out, with the reason, where the runtime client is missing.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { missingRuntimeClient, startFunction } from '../infra/runtime-client';
import { httpEvent } from '../support/http-events';
import { startS3Stub, STUB_BUCKET } from '../support/s3-stub';

const ROUNDS = process.argv.includes('--quick') ? 5 : 25;
const FIGURES = join('tmp', 'bench.json');

interface Subject {
  readonly name: string;
  readonly bundle: string;
  readonly event: unknown;
}

const run = (mode: string, body: object = {}): unknown => httpEvent({ path: `/agentcore/${mode}`, body: JSON.stringify(body) });
const health = httpEvent({ method: 'GET', path: '/health' });
const S3_ONLY = 'S3 client only';

const SUBJECTS: readonly Subject[] = [
  { name: 'empty handler', bundle: 'cold-start/empty', event: {} },
  { name: S3_ONLY, bundle: 'cold-start/s3', event: {} },
  { name: 'S3 client, one object put', bundle: 'cold-start/put', event: {} },
  { name: 'base, health', bundle: 'lambda/base', event: health },
  { name: 'base, a run', bundle: 'lambda/base', event: run('base') },
  { name: 'tools, health', bundle: 'lambda/tools', event: health },
  { name: 'memory, health', bundle: 'lambda/memory', event: health },
];

async function main(): Promise<void> {
  const missing = missingRuntimeClient();
  if (missing !== undefined) {
    console.log(`cold starts: SKIPPED: ${missing}`);
    return;
  }
  const s3 = await startS3Stub();
  const scratch = mkdtempSync(join(tmpdir(), 'ewm-cold-'));
  const times = new Map<string, number[]>(SUBJECTS.map(({ name }) => [name, []]));
  // The first round fills the file cache.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const subject of SUBJECTS) {
      s3.objects.clear();
      const ms = await coldStart(subject, scratch, s3.url);
      if (round > 0) times.get(subject.name)?.push(ms);
    }
  }
  await s3.close();
  rmSync(scratch, { recursive: true });

  const figures = existsSync(FIGURES) ? (JSON.parse(readFileSync(FIGURES, 'utf8')) as Record<string, unknown>) : {};
  const s3Only = times.get(S3_ONLY) ?? [];
  for (const { name } of SUBJECTS) {
    const each = times.get(name) ?? [];
    const [ms, ratio] = [median(each), median(each.map((value, round) => value / (s3Only[round] ?? NaN)))];
    console.log(`cold start, ${name}`.padEnd(44), `${ms.toFixed(1).padStart(7)} ms, ${ratio.toFixed(3)} times the S3-only one`);
    figures[`cold start, ${name} (ms)`] = ms;
    figures[`cold start, ${name} / S3 client only`] = ratio;
  }
  mkdirSync('tmp', { recursive: true });
  writeFileSync(FIGURES, `${JSON.stringify(figures, null, 2)}\n`);
  console.log(`bar: base at most 1.15; ${String(ROUNDS)} starts each; stored in ${FIGURES}`);
}

async function coldStart({ name, bundle, event }: Subject, scratch: string, s3Url: string): Promise<number> {
  const env = { EWM_ARTIFACT_BUCKET: STUB_BUCKET, EWM_S3_PATH_STYLE: '1', AWS_ENDPOINT_URL_S3: s3Url };
  const startedMs = performance.now();
  const lambda = await startFunction({ taskRoot: resolve('dist', bundle), scratch, name: 'ewm', env });
  const outcome = await lambda.invoke(event, 'request-1');
  const ms = performance.now() - startedMs;
  await lambda.stop();
  if (outcome._tag === 'Failed') throw new Error(`${name}: ${JSON.stringify(outcome.error)}`);
  return ms;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

void main();
