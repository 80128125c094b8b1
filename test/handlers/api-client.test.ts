import { isLeft } from 'fp-ts/Either';
import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApi } from '../../src/handlers/cli/api/api-client';
import { findApi } from '../../src/handlers/cli/api/api-target';
import type { Environment } from '../../src/handlers/config';
import { type Authority, makeAuthority, startTlsStub, type TlsStub } from '../support/authority';
import { useStubEnvironment } from '../support/aws-environment';
import { type HttpStub, startHttpStub } from '../support/http-stub';

const directory = mkdtempSync(join(tmpdir(), 'ewm-client-'));

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** What one GET comes to: the status, or the problem in words. */
async function outcome(env: Environment): Promise<string> {
  const api = await openApi(env);
  if (isLeft(api)) return `${api.left._tag}: ${api.left.message}`;
  const answer = await api.right.get('/health');
  return isLeft(answer) ? `${answer.left._tag}: ${answer.left.message}` : String(answer.right.status);
}

describe('TLS', () => {
  let right: Authority;
  let wrong: Authority;
  let good: TlsStub;
  let otherName: TlsStub;
  let expired: TlsStub;

  beforeAll(async () => {
    const folder = (name: string): string => mkdtempSync(join(directory, `${name}-`));
    right = makeAuthority(folder('right'));
    wrong = makeAuthority(folder('wrong'));
    good = await startTlsStub(right.cert('good', 1, 'DNS:localhost,IP:127.0.0.1'));
    otherName = await startTlsStub(right.cert('other', 1, 'DNS:example.com'));
    expired = await startTlsStub(right.cert('expired', -1, 'DNS:localhost,IP:127.0.0.1'));
  });

  afterAll(async () => {
    for (const stub of [good, otherName, expired]) await stub.close();
  });

  const at = (stub: TlsStub, env: Environment = {}): Promise<string> =>
    outcome({ EWM_API_URL: `https://127.0.0.1:${String(stub.port)}`, ...env });

  it('trusts nobody that it was not told to trust', async () => {
    const result = await at(good);
    expect(result).toMatch(
      /^NoAnswer: 127\.0\.0\.1:[0-9]+: its certificate is signed by an authority that is not trusted \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/,
    );
    expect(result).toContain("Node's own store. Name the file of the right authority in REQUESTS_CA_BUNDLE");
  });

  it.each(['REQUESTS_CA_BUNDLE', 'AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'])(
    'trusts the authority in the file that %s names',
    async (name) => {
      expect(await at(good, { [name]: right.caFile })).toBe('200');
    },
  );

  it('takes the first of them, and says which', async () => {
    expect(await at(good, { REQUESTS_CA_BUNDLE: right.caFile, AWS_CA_BUNDLE: wrong.caFile, NODE_EXTRA_CA_CERTS: '/nowhere' })).toBe('200');
    expect(await at(good, { AWS_CA_BUNDLE: right.caFile, NODE_EXTRA_CA_CERTS: wrong.caFile })).toBe('200');
    expect(await at(good, { REQUESTS_CA_BUNDLE: '', AWS_CA_BUNDLE: right.caFile })).toBe('200');
    const result = await at(good, { REQUESTS_CA_BUNDLE: wrong.caFile, AWS_CA_BUNDLE: right.caFile });
    expect(result).toContain(`the authorities are those of REQUESTS_CA_BUNDLE (${wrong.caFile})`);
  });

  it('reads a bundle of several', async () => {
    const bundle = join(directory, 'bundle.pem');
    await writeFile(bundle, `# two\n${await readFile(wrong.caFile, 'utf8')}\n${await readFile(right.caFile, 'utf8')}`);
    expect(await at(good, { REQUESTS_CA_BUNDLE: bundle })).toBe('200');
  });

  it('looks at the name and the dates of a certificate', async () => {
    expect(await at(otherName, { REQUESTS_CA_BUNDLE: right.caFile })).toMatch(
      /for another name \(ERR_TLS_CERT_ALTNAME_INVALID\).*Use a name that the certificate holds$/,
    );
    expect(await at(expired, { REQUESTS_CA_BUNDLE: right.caFile })).toMatch(/has expired \(CERT_HAS_EXPIRED\).*Renew it, or set the clock/);
  });

  it('cannot be switched off', async () => {
    const result = await at(good, { NODE_TLS_REJECT_UNAUTHORIZED: '0', REQUESTS_CA_BUNDLE: right.caFile });
    expect(result).toMatch(/^Misconfigured: NODE_TLS_REJECT_UNAUTHORIZED=0 would accept any certificate.*REQUESTS_CA_BUNDLE$/);
    expect(await outcome({ EWM_API_URL: 'http://127.0.0.1:1', NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toMatch(/^Misconfigured: NODE_TLS/);
  });

  it('says in one line what is wrong with a file of authorities', async () => {
    const file = async (name: string, text: string): Promise<string> => {
      await writeFile(join(directory, name), text);
      return join(directory, name);
    };
    const cases: readonly (readonly [string, RegExp])[] = [
      [
        '/nowhere/ca.pem',
        /^Misconfigured: REQUESTS_CA_BUNDLE: \/nowhere\/ca\.pem cannot be read \(ENOENT\); expected a PEM file of certificates$/,
      ],
      [directory, /cannot be read \(EISDIR\)/],
      [await file('empty.pem', ''), /empty\.pem holds no certificate; expected a PEM file/],
      [await file('key.pem', '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n'), /holds no certificate/],
      [
        await file('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
        /certificate 1 of 1 in .*broken\.pem cannot be read$/,
      ],
    ];
    for (const [name, expected] of cases) {
      const result = await at(good, { REQUESTS_CA_BUNDLE: name });
      expect(result).toMatch(expected);
      expect(result).not.toContain('\n');
    }
  });
});

describe('a signature', () => {
  let stub: HttpStub;

  beforeAll(async () => {
    const answer = { status: 200, headers: { 'content-type': 'application/json' }, chunks: ['{"ok":true}'] };
    stub = await startHttpStub({ answer: () => answer, refuse: () => answer });
    useStubEnvironment({});
  });

  beforeEach(() => {
    stub.reset();
  });

  afterAll(() => stub.close());

  it('is there when the API wants IAM, and is the one that AWS would compute', async () => {
    process.env['AWS_SESSION_TOKEN'] = 'session';
    const api = await openApi({ EWM_API_URL: `${stub.url}/stage`, EWM_API_AUTH: 'iam', AWS_REGION: 'eu-west-1' });
    if (isLeft(api)) throw new Error(api.left.message);
    expect(isLeft(await api.right.post('/agentcore/base', { steps: 1 }))).toBe(false);
    Reflect.deleteProperty(process.env, 'AWS_SESSION_TOKEN');
    const [request] = stub.requests();
    const headers = request?.headers ?? {};
    const authorization = headers.authorization ?? '';
    const [, scope = '', signedNames = '', signature = ''] =
      /^AWS4-HMAC-SHA256 Credential=test\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(authorization) ?? [];
    const [day = '', region = '', service = ''] = scope.split('/');
    expect([region, service]).toEqual(['eu-west-1', 'execute-api']);
    expect(signedNames.split(';')).toEqual(
      expect.arrayContaining(['content-type', 'host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token']),
    );
    const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
    const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
    const named = signedNames
      .split(';')
      .map((name) => `${name}:${String(headers[name])}\n`)
      .join('');
    const canonicalRequest = ['POST', '/stage/agentcore/base', '', named, signedNames, sha256(request?.body ?? '')].join('\n');
    const toSign = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, sha256(canonicalRequest)].join('\n');
    const key = [region, service, 'aws4_request'].reduce<Buffer>(hmac, hmac('AWS4test-secret', day));
    expect(hmac(key, toSign).toString('hex')).toBe(signature);
  });

  it('is not there when the API wants none', async () => {
    expect(await outcome({ EWM_API_URL: stub.url })).toBe('200');
    expect(stub.requests()[0]?.headers).not.toHaveProperty('authorization');
  });

  it('needs a region, credentials, and a line that nobody reads', async () => {
    expect(await outcome({ EWM_API_URL: stub.url, EWM_API_AUTH: 'iam' })).toMatch(
      /^Misconfigured: .*set AWS_REGION, or EWM_API_AUTH=none$/,
    );
    expect(await outcome({ EWM_API_URL: 'http://api.example', EWM_API_AUTH: 'iam', AWS_REGION: 'x' })).toMatch(/over https only/);
    const secret = process.env['AWS_SECRET_ACCESS_KEY'];
    Reflect.deleteProperty(process.env, 'AWS_SECRET_ACCESS_KEY');
    const result = await outcome({ EWM_API_URL: stub.url, EWM_API_AUTH: 'iam', AWS_REGION: 'eu-west-1' });
    process.env['AWS_SECRET_ACCESS_KEY'] = secret;
    expect(result).toMatch(/^Misconfigured: the request cannot be signed: /);
    expect(stub.requests()).toHaveLength(0);
  });
});

describe('an API that does not answer', () => {
  it('is said to be so, once', async () => {
    expect(await outcome({ EWM_API_URL: 'http://127.0.0.1:9' })).toBe('NoAnswer: GET http://127.0.0.1:9/health: nothing listens there');
    const stub = await startHttpStub({ answer: () => ({ status: 200 }), refuse: () => ({ status: 500 }) });
    stub.failCall(0, { when: 'before', how: 'reset' });
    expect(await outcome({ EWM_API_URL: stub.url })).toMatch(/^NoAnswer: .*(ECONNRESET|hang up)/);
    expect(stub.requests()).toHaveLength(1);
    await stub.close();
  });
});

describe('the API that is meant', () => {
  async function meant(env: Environment): Promise<unknown> {
    const found = await findApi(env);
    return isLeft(found) ? found.left.message : found.right;
  }

  it('is EWM_API_URL', async () => {
    expect(await meant({ EWM_API_URL: 'http://127.0.0.1:3000/' })).toEqual({ url: 'http://127.0.0.1:3000', auth: 'none' });
    expect(await meant({ EWM_API_URL: 'https://a1.execute-api.eu-central-1.amazonaws.com/prod', AWS_REGION: 'us-east-1' })).toEqual({
      url: 'https://a1.execute-api.eu-central-1.amazonaws.com/prod',
      auth: 'iam',
      region: 'eu-central-1',
    });
    expect(await meant({ EWM_API_URL: 'https://a1.execute-api.eu-central-1.amazonaws.com', EWM_API_AUTH: 'none' })).toMatchObject({
      auth: 'none',
    });
    expect(await meant({ EWM_API_URL: 'https://amazonaws.com.example' })).toMatchObject({ auth: 'none' });
  });

  it.each([
    ['nonsense', /^EWM_API_URL is "nonsense": expected a URL/],
    ['ftp://host', /expected a URL/],
    ['https://user:secret@host', /^EWM_API_URL must hold a scheme, a host and maybe a path/],
    ['https://host/?a=1', /nothing else$/],
  ])('cannot be %p', async (url, expected) => {
    const result = await meant({ EWM_API_URL: url });
    expect(result).toMatch(expected);
    expect(result).not.toContain('secret');
  });

  it('is spoken to in one of two ways', async () => {
    expect(await meant({ EWM_API_URL: 'http://127.0.0.1', EWM_API_AUTH: 'basic' })).toBe('EWM_API_AUTH is "basic": expected iam or none');
  });

  async function fakeTerraform(script: string): Promise<Environment> {
    const bin = mkdtempSync(join(directory, 'bin-'));
    await writeFile(join(bin, 'terraform'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { PATH: `${bin}:/usr/bin:/bin` };
  }

  it('is else the one that Terraform put up', async () => {
    const outputs = {
      api_url: { value: 'https://a1.execute-api.eu-west-1.amazonaws.com/' },
      artifact_bucket: { value: 'bucket' },
      region: { value: 'eu-west-1' },
    };
    const env = await fakeTerraform(`test "$*" = "-chdir=terraform output -json -no-color" && echo '${JSON.stringify(outputs)}'`);
    expect(await meant(env)).toEqual({
      url: 'https://a1.execute-api.eu-west-1.amazonaws.com',
      auth: 'iam',
      region: 'eu-west-1',
      bucket: 'bucket',
    });
  });

  it('is nobody when neither says', async () => {
    const none =
      /^which API\? EWM_API_URL is not set, and nothing is deployed from \.\/terraform: set EWM_API_URL \(make serve .*\), or deploy one/;
    expect(await meant(await fakeTerraform("echo '{}'"))).toMatch(none);
    expect(await meant(await fakeTerraform("echo 'not JSON'"))).toMatch(none);
    const complaining = await fakeTerraform("echo 'Error: Required plugins are not installed' >&2; exit 1");
    expect(await meant({ ...complaining, TF_DATA_DIR: join(directory, 'absent') })).toMatch(none);
    const framed = await fakeTerraform("printf 'Some problems:\\n│ Error: No configuration files\\n│ \\n' >&2; exit 1");
    expect(await meant({ ...framed, TF_DATA_DIR: directory })).toMatch(
      /^which API\? terraform says: Error: No configuration files: set EWM_API_URL/,
    );
    const absent = { PATH: mkdtempSync(join(directory, 'bin-')), TF_DATA_DIR: directory };
    expect(await meant(absent)).toMatch(/^which API\? terraform is not installed: set EWM_API_URL/);
  });
});
