/**
 * Over all tests of the handlers, nothing is asked of AWS that the deployment test does not see a function ask: so a role that allows what is seen there
 * allows all there is. The tests run once more, in a process of their own, with stubs that write down each request.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { agentCoreCalls, s3Call } from '../support/aws-calls';
import type { RecordedCall } from '../support/http-stub';
import { ACTIONS } from './function-actions';

const ROOT = join(__dirname, '../..');
const HANDLERS = join(ROOT, 'test/handlers');

test('the handlers ask of AWS what the roles allow, over all their tests', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-calls-'));
  const log = join(directory, 'calls.jsonl');
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  const config = join(ROOT, '.config/jest.config.mjs');
  try {
    await promisify(execFile)(process.execPath, [jest, '--config', config, '-w', '1', ...(await filesWithStubs())], {
      cwd: ROOT,
      env: { ...process.env, EWM_CALL_LOG: log },
      maxBuffer: 64 * 1024 * 1024,
    });
    const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
    const asked = new Set(lines.flatMap((line) => actionsOf(JSON.parse(line) as RecordedCall)));
    expect([...asked].sort()).toEqual([...new Set(Object.values(ACTIONS).flat())].sort());
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

/** All tests whose handlers reach a stand-in of AWS. */
async function filesWithStubs(): Promise<readonly string[]> {
  const files = (await readdir(HANDLERS)).filter((file) => file.endsWith('.test.ts'));
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await readFile(join(HANDLERS, file), 'utf8') })));
  const found = texts.filter(({ text }) => /support\/(s3|agentcore)-stub/.test(text)).map(({ file }) => `test/handlers/${file}`);
  expect(found.length).toBeGreaterThan(3);
  return found;
}

/** By the service that the signature names; what is not signed is not for AWS. */
function actionsOf({ query, authorization, ...call }: RecordedCall): readonly string[] {
  const request = { ...call, query: new URLSearchParams(query) };
  const service = /\/(s3|bedrock-agentcore)\/aws4_request/.exec(authorization)?.[1];
  if (service === undefined) return [];
  return (service === 's3' ? [s3Call(request)] : agentCoreCalls(request)).map(({ action }) => action);
}
