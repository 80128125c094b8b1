import { isLeft, isRight } from 'fp-ts/Either';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFilesystemArtifactStore } from '../../src/adapters/filesystem/artifact-store';
import { deadlineIn, noDeadline } from '../../src/adapters/in-process/clock';
import { silentTelemetry } from '../../src/adapters/in-process/telemetry';
import { artifactFetcher, checkArtifacts, type RunClaim } from '../../src/handlers/cli/api/artifacts-check';
import { type ApiClient, openApi } from '../../src/handlers/cli/api/api-client';
import { client } from '../../src/handlers/compose-client';
import { decodeHandlerConfig, type Environment } from '../../src/handlers/config';
import { baseFunction } from '../../src/handlers/compose-http';
import { RUN_FILES } from '../../src/ports/run-files';
import { makeAuthority, startTlsStub } from '../support/authority';
import { useStubEnvironment } from '../support/aws-environment';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';
import { leftOf, rightOf } from '../support/task';

const directory = mkdtempSync(join(tmpdir(), 'ewm-artifacts-'));
const store = makeFilesystemArtifactStore({ directory });
let claim: RunClaim;
let stub: S3Stub;

beforeAll(async () => {
  const config = decodeHandlerConfig({});
  if (isLeft(config)) throw new Error(config.left.join());
  const handler = baseFunction(config.right, { artifacts: store, telemetry: silentTelemetry, openApi: () => '{}' });
  const answer = await handler({}, { awsRequestId: 'id', getRemainingTimeInMillis: () => 29_000 });
  const {
    artifact_dir: artifactDir,
    run_id: runId,
    head_hash: headHash,
  } = answer as { artifact_dir: string; run_id: string; head_hash: string };
  claim = { artifactDir, runId, headHash };
  stub = await startS3Stub();
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: stub.url });
  Reflect.deleteProperty(process.env, 'AWS_REGION');
});

afterAll(async () => {
  await stub.close();
  rmSync(directory, { recursive: true, force: true });
});

/** An API that is not asked for the artifacts. */
async function api(env: Environment): Promise<ApiClient> {
  const opened = await openApi({ EWM_API_URL: 'http://127.0.0.1:9', AWS_REGION: 'eu-west-1', ...env });
  if (isLeft(opened)) throw new Error(opened.left.message);
  return opened.right;
}

async function upload(prefix: string): Promise<void> {
  for (const file of RUN_FILES) {
    const bytes = await store.get(`${claim.artifactDir}/${file}`, noDeadline)();
    if (isRight(bytes)) stub.objects.set(`${prefix}${claim.artifactDir}/${file}`, { bytes: Buffer.from(bytes.right), contentType: '' });
  }
}

describe('the artifacts of a run', () => {
  it.each(['', 'team/ewm/'])('are read from the bucket, under the prefix %p, and proven', async (prefix) => {
    await upload(prefix);
    const fetch = artifactFetcher(await api({ EWM_ARTIFACT_BUCKET: STUB_BUCKET, EWM_ARTIFACT_PREFIX: prefix }), undefined);
    expect(await checkArtifacts(fetch, claim)).toBeUndefined();
  });

  it('are read from a directory that is given, whatever else there is', async () => {
    const fetch = artifactFetcher(await api({ EWM_ARTIFACT_BUCKET: 'another-bucket' }), directory);
    expect(await checkArtifacts(fetch, claim)).toBeUndefined();
  });

  it('are not proven when one is missing, changed, or another run', async () => {
    await upload('');
    const fetch = artifactFetcher(await api({ EWM_ARTIFACT_BUCKET: STUB_BUCKET }), undefined);
    expect(await checkArtifacts(fetch, { ...claim, runId: 'f'.repeat(32) })).toMatch(/^proven, but it is run/);
    const report = `${claim.artifactDir}/report.md`;
    stub.objects.set(report, { bytes: Buffer.from('# better'), contentType: '' });
    expect(await checkArtifacts(fetch, claim)).toMatch(/^not proven: .*report\.md/);
    stub.objects.delete(report);
    expect(await checkArtifacts(fetch, claim)).toMatch(/NotFound/);
    stub.objects.set(`${claim.artifactDir}/run.json`, { bytes: Buffer.from('not JSON'), contentType: '' });
    expect(await checkArtifacts(fetch, claim)).toMatch(/not proven|NotFound/);
  });

  it('in a bucket that is not there are a failure in words', async () => {
    const fetch = artifactFetcher(await api({ EWM_ARTIFACT_BUCKET: 'another-bucket' }), undefined);
    expect(await checkArtifacts(fetch, claim)).toMatch(/^s3:\/\/another-bucket\/: .*NoSuchBucket/);
  });

  it('have a prefix that ends in a slash', async () => {
    const opened = await openApi({ EWM_API_URL: 'http://127.0.0.1:9', EWM_ARTIFACT_PREFIX: 'team' });
    expect(isLeft(opened) && opened.left.message).toBe('the prefix of the artifacts is "team": it ends in "/"');
  });

  it('come over TLS from whom the client trusts, and from nobody else', async () => {
    const authority = makeAuthority(directory);
    const server = await startTlsStub(authority.cert('s3', 1, 'IP:127.0.0.1'));
    useStubEnvironment({ AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${String(server.port)}` });
    const { agents } = await api({ REQUESTS_CA_BUNDLE: authority.caFile });
    const place = { bucket: STUB_BUCKET, region: 'eu-west-1' };
    expect(await rightOf(client.bucketStore({ ...place, agents }).get('key', deadlineIn(5_000)))).toEqual(
      Uint8Array.from(Buffer.from('{"ok":true}')),
    );
    expect(await leftOf(client.bucketStore({ ...place, agents: client.agents() }).get('key', deadlineIn(5_000)))).toMatchObject({
      reason: expect.stringContaining('unable to verify') as string,
    });
    await server.close();
  });
});
