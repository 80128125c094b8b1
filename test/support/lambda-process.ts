/** A built bundle in a process of its own that has Lambda's environment only, as the runtime would load it; and scripts of the build. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HttpStub } from './http-stub';

const run = promisify(execFile);
export const ROOT = join(__dirname, '../..');

/** What the Lambda runtime does with a bundle, as far as it matters here. */
const INVOKE = `
// As Lambda's runtime does: what a load throws is told by its message. Node would print the line of the source, which is a whole bundle.
function load() {
  try {
    return require(process.argv[1]);
  } catch (error) {
    process.stderr.write(error.message + '\\n', () => process.exit(1));
    return { handler: () => new Promise(() => {}) };
  }
}
const { handler } = load();
const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 29000, functionName: 'ewm', ...JSON.parse(process.env.EWM_TEST_CONTEXT ?? '{}') };
handler(JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8')), context).then((answer) => console.log('ANSWER ' + JSON.stringify(answer)));
`;

/** A module of the repository's build, as its text. */
export async function script(source: string, args: readonly string[], { cwd = ROOT, env = {} } = {}): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', source, ...args], { cwd, env: { ...process.env, ...env } });
  return stdout;
}

export interface Invoked {
  readonly answer: unknown;
  /** Of standard output. */
  readonly lines: readonly string[];
}

export function endpointsOf(s3: HttpStub, agentCore: HttpStub): Readonly<Record<string, string>> {
  return { AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.url };
}

export async function invokeBundle(bundle: string, event: unknown, env: Readonly<Record<string, string>>): Promise<Invoked> {
  // A file, for what is long.
  const folder = await mkdtemp(join(tmpdir(), 'ewm-event-'));
  const given = join(folder, 'event.json');
  try {
    await writeFile(given, JSON.stringify(event));
    const { stdout } = await run(process.execPath, ['-e', INVOKE, bundle, given], {
      timeout: 30_000,
      env: {
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'secret-example',
        AWS_SESSION_TOKEN: 'session-example',
        AWS_LAMBDA_FUNCTION_NAME: 'ewm',
        ...env,
      },
    });
    const lines = stdout.trim().split('\n');
    const answer = lines.find((line) => line.startsWith('ANSWER '));
    return { answer: JSON.parse(answer?.slice('ANSWER '.length) ?? 'null'), lines };
  } finally {
    await rm(folder, { recursive: true });
  }
}
