/** One session through the library's use cases, the command line, the local server and the Lambda function on S3: the same ids, heads and bytes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Either, isLeft } from 'fp-ts/Either';
import { makeMemoryArtifactStore } from '../../src/adapters/in-process/artifact-store';
import { noDeadline, systemClock } from '../../src/adapters/in-process/clock';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { makeInProcessSessionLog } from '../../src/adapters/in-process/session-log';
import { makeFilesystemArtifactStore } from '../../src/adapters/filesystem/artifact-store';
import { makeFilesystemSessionLog } from '../../src/adapters/filesystem/session-log';
import type { SessionAnswer } from '../../src/domain/session/answer';
import { makeSessionContext } from '../../src/domain/session/worlds';
import { DOCUMENT_FILES, documentKey } from '../../src/domain/session/documents';
import { callSession, closeSession, createSession, forkSession, reclaimSession } from '../../src/domain/session/verbs';
import { runCli } from '../../src/handlers/cli/main';
import { sessionsHandler } from '../../src/handlers/compose-lambda';
import { composeServer } from '../../src/handlers/compose-server';
import { decodeCallsBody, decodeCreateBody, decodeForkBody } from '../../src/handlers/http/contract/body-session';
import { SERVER_LIMITS } from '../../src/handlers/server/limits';
import { startServer } from '../../src/handlers/server/server';
import type { ArtifactStore } from '../../src/ports/artifact-store';
import type { SessionLog } from '../../src/ports/session-log';
import { useStubEnvironment } from '../support/aws-environment';
import { captureIo } from '../support/captured-io';
import { expectRight } from '../support/harness';
import { sendEvent, contextOf } from '../support/handlers';
import { call } from '../support/http-call';
import { httpEvent } from '../support/http-events';
import { startS3Stub, STUB_BUCKET } from '../support/s3-stub';

const BUDGET = { max_steps: 10, max_tool_calls: 10 };
const CHILD = { max_steps: 2, max_tool_calls: 2 };
const CALLS = [
  { name: 'evaluate_strategy', args: {} },
  { name: 'execute', args: {} },
];

type Reported = Pick<SessionAnswer, 'session_id' | 'head' | 'state' | 'budget_state' | 'status' | 'child' | 'results'>;

/** One way to a session: each act answers what the session says. */
interface Front {
  readonly create: () => Promise<Reported>;
  readonly act: (id: string, verb: 'calls' | 'fork' | 'reclaim' | 'close', body: Readonly<Record<string, unknown>>) => Promise<Reported>;
  readonly stored: (ids: readonly string[]) => Promise<Readonly<Record<string, string>>>;
  readonly end: () => Promise<void>;
}

/** A life: two calls, the same again, a fork that takes a step and is sealed, what it left taken back, and the seal. */
async function lived(front: Front): Promise<readonly Reported[]> {
  const made = await front.create();
  const id = made.session_id;
  const stepped = await front.act(id, 'calls', { head: made.head, calls: CALLS });
  const again = await front.act(id, 'calls', { head: made.head, calls: CALLS });
  const forked = await front.act(id, 'fork', { head: stepped.head, name: 'child', budget: CHILD });
  const child = forked.child ?? { session_id: '', head: '' };
  const grown = await front.act(child.session_id, 'calls', { head: child.head, calls: [{ name: 'execute', args: { actions: [] } }] });
  const closed = await front.act(child.session_id, 'close', { head: grown.head });
  const taken = await front.act(id, 'reclaim', { head: forked.head, child: child.session_id });
  const end = await front.act(id, 'close', { head: taken.head });
  return [made, stepped, again, forked, grown, closed, taken, end];
}

async function bytesOf(log: SessionLog, documents: ArtifactStore, ids: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const stored: Record<string, string> = {};
  const keep = <E>(name: string, read: Either<E, Uint8Array>): boolean => {
    if (!isLeft(read)) stored[name] = Buffer.from(read.right).toString();
    return !isLeft(read);
  };
  for (const id of ids) {
    for (const file of DOCUMENT_FILES) keep(documentKey(id, file), await documents.get(documentKey(id, file), noDeadline)());
    for (
      let seq = 0;
      keep(`sessions/${id}/segments/${String(seq).padStart(8, '0')}.jsonl`, await log.read({ session: id, seq }, noDeadline)());
      seq += 1
    );
  }
  return stored;
}

function library(): Front {
  const [log, documents] = [makeInProcessSessionLog(), makeMemoryArtifactStore()];
  const context = makeSessionContext({ log, documents, clock: systemClock, outside: {} });
  const times = { work: noDeadline, storing: noDeadline };
  return {
    create: async () => {
      const request = expectRight(decodeCreateBody({ name: 'fronts', budget: BUDGET }));
      if ('world' in request) throw new Error('a market was asked for');
      const { name = '', budget, market, strategy, policy, initialState } = request;
      const documents = { strategy, policy, initialState };
      return expectRight(await createSession(context, { name, budget, market: makeMarketDocument(market), documents }, noDeadline));
    },
    act: async (session, verb, body) => {
      switch (verb) {
        case 'calls':
          return expectRight(await callSession(context, { session, ...expectRight(decodeCallsBody(body)) }, times));
        case 'fork':
          return expectRight(await forkSession(context, { session, ...expectRight(decodeForkBody(body)) }, times));
        case 'reclaim':
          return expectRight(await reclaimSession(context, { session, head: String(body['head']), child: String(body['child']) }, times));
        case 'close':
          return expectRight(await closeSession(context, { session, head: String(body['head']) }, times));
      }
    },
    stored: (ids) => bytesOf(log, documents, ids),
    end: () => Promise.resolve(),
  };
}

function commandLine(): Front {
  const directory = mkdtempSync(join(tmpdir(), 'ewm-fronts-'));
  const ewm = async (...args: readonly string[]): Promise<Reported> => {
    const io = captureIo();
    await runCli(['session', ...args, '--data', directory, '--json'], io.io);
    return JSON.parse(io.out()) as Reported;
  };
  return {
    create: () => ewm('create', '--name', 'fronts', '--budget', JSON.stringify(BUDGET)),
    act: (id, verb, { head, calls, name, budget, child }) => {
      const more = {
        calls: [JSON.stringify(calls)],
        fork: ['--name', String(name), '--budget', JSON.stringify(budget)],
        reclaim: ['--child', String(child)],
        close: [],
      }[verb];
      return ewm(verb === 'calls' ? 'call' : verb, id, ...more, '--head', String(head));
    },
    stored: (ids) => bytesOf(makeFilesystemSessionLog({ directory }), makeFilesystemArtifactStore({ directory }), ids),
    end: () => {
      rmSync(directory, { recursive: true });
      return Promise.resolve();
    },
  };
}

async function localServer(): Promise<Front> {
  const directory = mkdtempSync(join(tmpdir(), 'ewm-fronts-'));
  const note = (): void => undefined;
  const parts = expectRight(await composeServer(directory, {}, note)());
  const server = await startServer({ ...parts.deps, limits: SERVER_LIMITS, note }, '127.0.0.1', 0);
  if ('_tag' in server) throw new Error(server.message);
  const post = async (path: string, body: object): Promise<Reported> =>
    (await call(server.url, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }))
      .json as Reported;
  return {
    create: () => post('/sessions', { name: 'fronts', budget: BUDGET }),
    act: (id, verb, body) => post(`/sessions/${id}/${verb}`, body),
    stored: (ids) => bytesOf(makeFilesystemSessionLog({ directory }), makeFilesystemArtifactStore({ directory }), ids),
    end: async () => {
      await server.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

async function lambda(): Promise<Front> {
  const s3 = await startS3Stub();
  // As on AWS, where the role may list sessions alone.
  s3.hideMissing(true);
  useStubEnvironment({ AWS_ENDPOINT_URL_S3: s3.url, EWM_ARTIFACT_BUCKET: STUB_BUCKET, EWM_ARTIFACT_PREFIX: 'ewm/' });
  const handler = sessionsHandler();
  const quiet = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const post = async (path: string, body: object): Promise<Reported> =>
    JSON.parse((await sendEvent(handler, httpEvent({ path, body: JSON.stringify(body) }), contextOf())).text) as Reported;
  return {
    create: () => post('/sessions', { name: 'fronts', budget: BUDGET }),
    act: (id, verb, body) => post(`/sessions/${id}/${verb}`, body),
    stored: () =>
      Promise.resolve(Object.fromEntries([...s3.objects].map(([key, { bytes }]) => [key.slice('ewm/'.length), bytes.toString()] as const))),
    end: async () => {
      quiet.mockRestore();
      await s3.close();
    },
  };
}

const facts = ({ session_id, head, state, budget_state, status, child, results }: Reported): Reported => ({
  session_id,
  head,
  state,
  budget_state,
  status,
  ...(child === undefined ? {} : { child }),
  ...(results === undefined ? {} : { results }),
});

test('the same session through library, command line, local server and Lambda handler: same ids, heads and bytes', async () => {
  const reference = library();
  const expected = await lived(reference);
  expect(expected.at(-1)).toMatchObject({ status: 'sealed', budget_state: { steps: 3 } });
  const ids = [expected[0]?.session_id ?? '', expected[3]?.child?.session_id ?? ''];
  const bytes = await reference.stored(ids);
  expect(Object.keys(bytes)).toHaveLength(2 * 4 + 5 + 3);
  for (const open of [commandLine, localServer, lambda]) {
    const front = await open();
    try {
      expect([open.name, (await lived(front)).map(facts)]).toEqual([open.name, expected.map(facts)]);
      expect(await front.stored(ids)).toEqual(bytes);
    } finally {
      await front.end();
    }
  }
});
