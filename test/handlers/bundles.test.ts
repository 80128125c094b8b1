/** The bundles that Lambda loads: small, without what their mode does not use, and working where Lambda's environment is all there is. */
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import { sessionAnswerCodec } from '../../src/handlers/http/contract/answer-codecs';
import { mcpMessage } from '../../src/handlers/cli/api/mcp-message';
import type { Service } from '../../src/handlers/http/contract/routes';
import {
  type AgentCoreStub,
  resultFrame,
  startAgentCoreStub,
  STUB_CODE_INTERPRETER_ID,
  STUB_MEMORY_ID,
  STUB_RUNTIME_ARN,
} from '../support/agentcore-stub';
import { checkReceipt } from '../../src/domain/receipt/receipt';
import { readRunFacts } from '../../src/domain/run/run-facts';
import { makeMemoryRunReader } from '../../src/adapters/in-process/run-files';
import { verifierOf } from '../../src/adapters/keys/key-file';
import { digestOfProgram, type KmsStub, startKmsStub } from '../support/kms-stub';
import { answerOf } from '../support/handlers';
import { httpEvent } from '../support/http-events';
import { endpointsOf, invokeBundle, type Invoked, ROOT, script } from '../support/lambda-process';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';
import { valueOfRight } from '../support/task';

/** Of the zip. Unit: bytes. */
const SIZE_MAX = { base: 184_000, tools: 224_000, memory: 220_000, sessions: 244_000, mcp: 380_000 } as const;
type Name = keyof typeof SIZE_MAX;
/** Of the function that runs cells of sweeps. */
const CELL_BYTES_MAX = 144_000;
/** What signs, in the zips of deployments that sign. Unit: bytes. */
const SIGNING_BYTES_MAX = 80_000;
const serviceOf = (name: Name): Service => (name === 'sessions' || name === 'mcp' ? name : `agentcore-${name}`);

const BUILD = `
import { buildLambda } from './.config/build-lambda.mjs';
const { metafile, zipBytes } = await buildLambda('1.2.3', { outdir: process.argv[1] });
const inputs = ([, { inputs }]) => Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0);
const bundles = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('/index.js'));
console.log(JSON.stringify({ zipBytes, inputs: Object.fromEntries(bundles.map((bundle) => [bundle[0].split('/').at(-2), inputs(bundle)])) }));
`;
const BUDGET = `
import { overBudget, ZIP_BYTES_MAX } from './.config/build-lambda.mjs';
console.log(JSON.stringify({ ZIP_BYTES_MAX, lines: overBudget({ base: 184_000, tools: 224_001, memory: 1, sessions: 244_000, mcp: 380_000 }) }));
`;

/** What Node writes for `NODE_V8_COVERAGE`. */
interface CoveredScript {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly { readonly startOffset: number; readonly count: number }[] }[];
}
interface Coverage {
  readonly result: readonly CoveredScript[];
}

/** A package, or a file of ours; `node_modules` may be a link to anywhere. */
const partOf = (path: string): string => /(?:^|\/)node_modules\/(?!.*\/node_modules\/)((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path;

interface Built {
  readonly zipBytes: Readonly<Record<Name | 'cell', number>>;
  /** What stands in each bundle: files of ours by their path, and packages by their name. */
  readonly inputs: Readonly<Record<Name | 'cell', readonly string[]>>;
}
let directory: string;
let built: Built;
let s3: S3Stub;
let agentCore: AgentCoreStub;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ewm-lambda-'));
  [s3, agentCore] = await Promise.all([startS3Stub(), startAgentCoreStub()]);
  built = JSON.parse(await script(BUILD, [directory])) as Built;
});
afterAll(async () => {
  await Promise.all([s3.close(), agentCore.close(), rm(directory, { recursive: true })]);
});
beforeEach(() => {
  s3.reset();
  agentCore.reset();
});

async function invoke(name: string, event: unknown, env: Readonly<Record<string, string>>): Promise<Invoked> {
  return invokeBundle(join(directory, name), event, { ...endpointsOf(s3, agentCore), ...env });
}

describe.each(Object.keys(SIZE_MAX) as Name[])('%s', (name) => {
  it('is a small zip of one file, which names no place of the machine it was built on', async () => {
    const [bundle, map, zip] = await Promise.all(
      [`${name}/index.js`, `${name}/index.js.map`, `${name}.zip`].map((file) => readFile(join(directory, file))),
    );
    if (bundle === undefined || map === undefined || zip === undefined) throw new Error('three files were read');
    expect(zip.length).toBeLessThanOrEqual(SIZE_MAX[name]);
    expect(zip.length).toBe(built.zipBytes[name]);
    const files = unzipSync(zip);
    expect(Object.keys(files)).toEqual(['index.js']);
    expect(Buffer.from(files['index.js'] ?? []).equals(bundle)).toBe(true);
    for (const place of [ROOT, directory, homedir(), tmpdir()]) expect(bundle.includes(`${place}/`)).toBe(false);
    expect(JSON.parse(map.toString())).not.toHaveProperty('sourcesContent');
  });

  it('says in one line what its environment lacks', async () => {
    await expect(invoke(name, {}, {})).rejects.toMatchObject({
      stderr: expect.stringContaining('configuration: EWM_ARTIFACT_BUCKET: missing') as string,
    });
    expect(s3.requests()).toEqual([]);
  });

  it('works on the credentials of the environment, session token included', async () => {
    agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '1\n' })]);
    agentCore.replies.splice(0, Infinity, { contentType: 'application/json', chunks: ['[]'] });
    const budget = { max_steps: 2, max_tool_calls: 2, max_model_calls: 1, max_memory_ops: 1, max_memory_bytes: 100 };
    const { headers, body: message } = mcpMessage('tools/call', { name: 'world_create', arguments: { budget } });
    const bodies = {
      base: { budget: { max_steps: 2 } },
      tools: {
        budget,
        tool_plan: [
          { name: 'execute_code', args: { language: 'python', code: 'print(1)' } },
          { name: 'propose_plan', args: { goal: 'hold' } },
        ],
      },
      memory: { budget, requests: [{ op: 'memory_put', key: 'k', value: 1 }] },
      sessions: { budget },
      mcp: message,
    };
    const path = { sessions: '/sessions', mcp: '/mcp' }[name as string] ?? `/agentcore/${name}`;
    const event = httpEvent({
      path,
      body: JSON.stringify(bodies[name]),
      headers: { 'content-type': 'application/json', ...(name === 'mcp' ? headers : {}) },
    });
    const { answer, lines } = await invoke(name, event, {
      EWM_ARTIFACT_BUCKET: STUB_BUCKET,
      EWM_MAX_MODEL_CALLS: '1',
      ENABLE_AGENTCORE_MEMORY: '1',
      AGENTCORE_MEMORY_ID: STUB_MEMORY_ID,
      AGENTCORE_CODE_INTERPRETER_ID: STUB_CODE_INTERPRETER_ID,
      AGENTCORE_RUNTIME_ARN: STUB_RUNTIME_ARN,
    });
    const { body } = answer as { readonly body: string };
    const parsed: unknown = JSON.parse(body);
    expect(answer).toMatchObject({ statusCode: name === 'sessions' ? 201 : 200 });
    const ofSession =
      name === 'mcp' ? (parsed as { readonly result: { readonly structuredContent: unknown } }).result.structuredContent : parsed;
    expect(
      name === 'sessions' || name === 'mcp' ? valueOfRight(sessionAnswerCodec.decode(ofSession)) : answerOf(`agentcore-${name}`, parsed),
    ).toMatchObject({ ok: true });
    expect(agentCore.requests()).toHaveLength({ base: 0, tools: 5, memory: 2, sessions: 0, mcp: 0 }[name]);
    for (const { headers } of [...s3.requests(), ...agentCore.requests()]) {
      expect(headers).toMatchObject({
        authorization: expect.stringContaining('Credential=ASIAEXAMPLE/') as string,
        'x-amz-security-token': 'session-example',
      });
    }
    // A log line and one line of metrics, and nothing else.
    expect(lines.filter((line) => line.startsWith('{'))).toHaveLength(2);
    expect(JSON.parse(lines.find((line) => line.includes('"_aws"')) ?? '{}')).toMatchObject({
      service: serviceOf(name),
      Requests: 1,
      Failures: 0,
    });
  });

  it('answers its health without a request', async () => {
    const { answer } = await invoke(name, httpEvent({ method: 'GET', path: '/health' }), { EWM_ARTIFACT_BUCKET: STUB_BUCKET });
    const { body } = answer as { readonly body: string };
    expect(JSON.parse(body)).toMatchObject({
      ok: true,
      version: '1.2.3',
      mode: serviceOf(name),
      enabled: { memory: false, code_interpreter: false, planner: false },
    });
    expect([s3.requests(), agentCore.requests()]).toEqual([[], []]);
  });
});

describe('cell', () => {
  it('is small, and says in one line what its environment lacks', async () => {
    expect(built.zipBytes.cell).toBeLessThanOrEqual(CELL_BYTES_MAX);
    await expect(invoke('cell', {}, {})).rejects.toMatchObject({
      stderr: expect.stringContaining('configuration: EWM_ARTIFACT_BUCKET: missing') as string,
    });
  });

  it('reads the spec and the market of its sweep on the credentials of the environment, and asks for nothing else', async () => {
    const event = { sweep: '0'.repeat(32), cell: 0 };
    const env = { EWM_ARTIFACT_BUCKET: STUB_BUCKET, EWM_ARTIFACT_PREFIX: 'ewm/' };
    await expect(invoke('cell', event, env)).rejects.toMatchObject({ stderr: expect.stringContaining('cannot be read') as string });
    expect(
      s3
        .requests()
        .map(({ method, segments }) => [method, segments.slice(1).join('/')].join(' '))
        .sort(),
    ).toEqual([`GET ewm/sweeps/${event.sweep}/market.jsonl`, `GET ewm/sweeps/${event.sweep}/spec.json`]);
    for (const { headers } of s3.requests()) expect(headers).toMatchObject({ 'x-amz-security-token': 'session-example' });
    await expect(invoke('cell', { sweep: '../x', cell: 0 }, env)).rejects.toMatchObject({
      stderr: expect.stringContaining('expected {"sweep": the id of a sweep, "cell": the number of a cell}') as string,
    });
  });

  it('has a world and the arithmetic of sweeps, and nothing that serves, logs or stores', () => {
    const parts = new Set(built.inputs.cell.map(partOf));
    const shared = new Set((['base', 'tools', 'memory', 'sessions'] as const).flatMap((name) => built.inputs[name].map(partOf)));
    expect([...parts].filter((part) => !shared.has(part) && !ofWorld(part) && !/^src\/domain\/(sweep|report)\//.test(part)).sort()).toEqual(
      [
        // A sample of the points is drawn from a seed.
        'pure-rand',
        'src/domain/decimal/functions.ts',
        'src/domain/market/generate.ts',
        'src/handlers/compose-cell.ts',
        'src/handlers/lambda/cell.ts',
      ],
    );
    // What follows from all rows together is for who collects them.
    expect([...parts].filter((part) => /^src\/domain\/sweep\/(summary|merkle|deflated-sharpe)/.test(part))).toEqual([]);
    expect(
      [...parts].filter((part) => /middy|powertools|agentcore|handlers\/http|domain\/(session|agent\/[a-z-]*tools)/.test(part)),
    ).toEqual([]);
  });
});

/** Which kinds of rules a run uses is its caller's choice. */
const ofRules = (path: string): boolean => path.startsWith('src/domain/world/market/rules/');
/** A world is one part: who plays it needs all of it. */
const ofWorld = (path: string): boolean => path.startsWith('src/domain/world/market/');

/** What caps a day and what quotes a request: asked for by whoever wants it, and called only then. */
const ofDayOrQuote = (path: string): boolean =>
  path.startsWith('src/domain/session/') ||
  /^src\/(?:adapters\/(?:in-process\/clock|s3\/session-log|session-key)|domain\/(?:agent\/(?:call-error|recorded-answers)|codec\/(?:document-kind|nearest|parse)|episode\/(?:plan|quote)|run\/(?:divergence|quote)|world\/file\/budget)|handlers\/http\/modes\/(?:day|session-errors))\.ts$/.test(
    path,
  );

describe('where a deployment signs', () => {
  const context = { invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:ewm-base', functionVersion: '7' };
  let kms: KmsStub;
  beforeEach(async () => {
    kms = await startKmsStub();
  });
  afterEach(() => kms.close());
  const environment = (): Record<string, string> => ({
    EWM_ARTIFACT_BUCKET: STUB_BUCKET,
    EWM_SIGNING_KEY: 'alias/ewm-signing',
    AWS_ENDPOINT_URL_KMS: kms.url,
    EWM_TEST_CONTEXT: JSON.stringify(context),
  });
  const asked = async (name: Name, body: object, path = `/agentcore/${name}`): Promise<Record<string, unknown>> => {
    const { answer } = await invoke(name, httpEvent({ path, body: JSON.stringify(body) }), environment());
    return JSON.parse((answer as { readonly body: string }).body) as Record<string, unknown>;
  };

  it.each(Object.keys(SIZE_MAX) as Name[])('%s: the zip holds the function as it is, and what signs beside it', async (name) => {
    const [index, signing, zip] = await Promise.all(
      [`${name}/index.js`, `${name}/signing.js`, `${name}-signing.zip`].map((file) => readFile(join(directory, file))),
    );
    const files = unzipSync(zip ?? Buffer.alloc(0));
    expect(Object.keys(files)).toEqual(['index.js', 'signing.js']);
    expect(Buffer.from(files['index.js'] ?? []).equals(index ?? Buffer.alloc(0))).toBe(true);
    expect(Buffer.from(files['signing.js'] ?? []).equals(signing ?? Buffer.alloc(0))).toBe(true);
    expect(zip?.length).toBeLessThanOrEqual(SIZE_MAX[name] + SIGNING_BYTES_MAX);
    // The client of KMS is nowhere else.
    expect(index?.includes('TrentService')).toBe(false);
  });

  it('signs a run with one request, and says where it ran and with which program', async () => {
    s3.objects.clear();
    const answer = await asked('base', { budget: { max_steps: 2 } });
    const verifier = valueOfRight(verifierOf(kms.publicPem));
    expect(answer).toMatchObject({ ok: true, receipt: { signed: true, key_ids: [verifier.keyId] } });
    expect(kms.asked).toEqual(['GetPublicKey', 'Sign']);
    const stored = [...s3.objects].map(([key, { bytes }]) => [key.split('/').at(-1) ?? '', bytes] as const);
    expect(stored.at(-1)?.[0]).toBe('receipt.json');
    const files = Object.fromEntries(stored.filter(([name]) => name !== 'receipt.json'));
    const facts = valueOfRight(await readRunFacts({ reader: makeMemoryRunReader(files), below: [] }));
    const held = valueOfRight(checkReceipt(stored.at(-1)?.[1].toString() ?? '', facts, [verifier]));
    const [index, signing] = await Promise.all(['index.js', 'signing.js'].map((file) => readFile(join(directory, 'base', file))));
    expect(held.attested).toMatchObject({
      program: {
        version: '1.2.3',
        sha256: digestOfProgram({ 'index.js': index ?? Buffer.alloc(0), 'signing.js': signing ?? Buffer.alloc(0) }),
      },
      deployment: { account: '123456789012', region: 'us-east-1', function: 'ewm', function_version: '7' },
    });
  });

  it('stores a run that cannot be signed, says so, and counts it for an alarm', async () => {
    kms.refuse();
    s3.objects.clear();
    const { answer, lines } = await invoke('base', httpEvent({ path: '/agentcore/base', body: '{}' }), environment());
    const { ok, receipt } = JSON.parse((answer as { readonly body: string }).body) as Record<string, unknown>;
    expect({ ok, receipt }).toMatchObject({
      ok: true,
      receipt: { signed: false, error: { code: 'dependency_failed', operation: 'Sign' } },
    });
    expect([...s3.objects.keys()].some((key) => key.endsWith('/run.json'))).toBe(true);
    expect([...s3.objects.keys()].some((key) => key.endsWith('/receipt.json'))).toBe(false);
    expect(lines.join('\n')).toContain('"NotSigned":1');
  });

  it('signs a session at its seal', async () => {
    const made = await asked('sessions', { name: 'a', budget: { max_steps: 1 } }, '/sessions');
    expect(made).not.toHaveProperty('receipt');
    const closed = await asked('sessions', { head: made['head'] }, `/sessions/${String(made['session_id'])}/close`);
    expect(closed).toMatchObject({ status: 'sealed', receipt: { signed: true } });
    expect([...s3.objects.keys()].at(-1)).toBe(`sessions/${String(made['session_id'])}/receipts/00000001.json`);
  });

  it('does not start without what signs', async () => {
    await cp(join(directory, 'base'), join(directory, 'bare'), { recursive: true });
    await rm(join(directory, 'bare', 'signing.js'));
    await expect(invoke('bare', httpEvent({ path: '/agentcore/base', body: '{}' }), environment())).rejects.toMatchObject({
      stderr: expect.stringContaining('./signing.js') as string,
    });
  });
});

describe('what is in them', () => {
  const RUNS = ['base', 'tools', 'memory'] as const;
  const modesOf = (names: readonly Name[]): ReadonlyMap<string, string> => {
    const modes = new Map<string, Name[]>();
    for (const name of names) {
      for (const part of new Set(built.inputs[name].map(partOf))) modes.set(part, [...(modes.get(part) ?? []), name]);
    }
    return new Map([...modes].map(([part, names]) => [part, names.join(' ')]));
  };
  const partsOf = (wanted: string, names: readonly Name[] = RUNS): readonly string[] =>
    [...modesOf(names)].flatMap(([part, modes]) => (modes === wanted && !ofWorld(part) ? [part] : [])).sort();

  it('is what their modes need: what not all of them hold is named here, with who holds it', () => {
    expect(partsOf('base')).toEqual([
      'src/handlers/http/contract/body-base.ts',
      'src/handlers/http/modes/base.ts',
      'src/handlers/lambda/base.ts',
    ]);
    expect(partsOf('tools')).toEqual([
      'src/adapters/agentcore/code-interpreter.ts',
      'src/adapters/agentcore/event-stream-text.ts',
      'src/adapters/agentcore/planner.ts',
      'src/adapters/agentcore/stop-session.ts',
      'src/domain/agent/outside-tools.ts',
      'src/domain/agent/world-tools.ts',
      'src/domain/run/path.ts',
      'src/domain/run/quote-plan.ts',
      'src/handlers/http/contract/body-tools.ts',
      'src/handlers/http/modes/tools.ts',
      'src/handlers/lambda/tools.ts',
      'src/ports/code-interpreter.ts',
      'src/ports/telemetry.ts',
    ]);
    expect(partsOf('memory')).toEqual([
      'src/adapters/agentcore/memory-events.ts',
      'src/adapters/agentcore/memory-value.ts',
      'src/adapters/agentcore/memory.ts',
      'src/adapters/agentcore/own-writes.ts',
      'src/domain/run/quote-memory.ts',
      'src/handlers/http/contract/body-memory.ts',
      'src/handlers/http/modes/memory.ts',
      'src/handlers/lambda/memory.ts',
    ]);
    // A world, which memory has not.
    expect(partsOf('base tools')).toEqual([
      'examples/fixtures/trading_path.json',
      'examples/strategies/threshold_demo.json',
      'src/adapters/in-process/market-document.ts',
      'src/domain/codec/document-kind.ts',
      'src/domain/episode/text-reader.ts',
      'src/domain/ledger/audit.ts',
      'src/domain/ledger/fill-row.ts',
      'src/domain/ledger/fill.ts',
      'src/domain/market/instant.ts',
      'src/domain/market/line-splitter.ts',
      'src/domain/market/market-form.ts',
      'src/domain/market/market-path.ts',
      'src/domain/market/symbol.ts',
      'src/domain/market/time-order.ts',
      'src/domain/report/refusals.ts',
      'src/domain/run/cursors.ts',
      'src/domain/run/prepare.ts',
      'src/domain/run/quote.ts',
      'src/domain/tape/step-row.ts',
      'src/handlers/http/contract/body-world.ts',
      'src/handlers/http/contract/documents.ts',
    ]);
    // Calls to the outside, which base has not.
    expect(partsOf('tools memory')).toEqual([
      '@aws-sdk/client-bedrock-agentcore',
      'src/adapters/agentcore/client.ts',
      'src/adapters/otel/trace-context.ts',
      'src/adapters/otel/tracing.ts',
      'src/adapters/s3/stop-switch.ts',
      'src/domain/agent/bounds.ts',
      'src/domain/agent/call-error.ts',
      'src/domain/agent/memory-tools.ts',
      'src/domain/agent/program-evidence.ts',
      'src/domain/agent/stop-switch.ts',
      'src/domain/agent/tools.ts',
      'src/domain/codec/printable.ts',
      'src/domain/otlp.ts',
      'src/domain/run/request-codecs.ts',
      'src/handlers/http/edge/stoppable.ts',
    ]);
    expect(partsOf('base memory')).toEqual([]);
  });

  it('is of sessions what tools and memory call, and what proves a session for the tools of a gateway', () => {
    const own = partsOf('sessions', [...RUNS, 'sessions']);
    expect(own.filter((part) => !/^src\/(?:domain\/session|handlers\/mcp)\//.test(part))).toEqual([
      'src/domain/agent/recorded-answers.ts',
      'src/domain/budget/prices.ts',
      'src/domain/receipt/envelope.ts',
      'src/domain/receipt/receipt.ts',
      'src/domain/receipt/statement.ts',
      'src/domain/run/compare.ts',
      'src/domain/run/evidence.ts',
      'src/domain/run/listing.ts',
      'src/domain/run/receipts.ts',
      'src/domain/world/file/input.ts',
      'src/domain/world/file/state.ts',
      'src/handlers/http/contract/answer-codecs.ts',
      'src/handlers/http/contract/body-file-world.ts',
      'src/handlers/http/contract/body-session.ts',
      'src/handlers/http/contract/tool-schemas.ts',
      'src/handlers/http/modes/session-proof.ts',
      'src/handlers/http/modes/sessions.ts',
      'src/handlers/lambda/sessions.ts',
    ]);
    // What MCP has beside sessions is the protocol, and neither files nor a sandbox.
    expect(partsOf('mcp', ['sessions', 'mcp'])).toEqual([
      '@modelcontextprotocol/core',
      '@modelcontextprotocol/server',
      'src/handlers/compose-lambda-mcp.ts',
      'src/handlers/compose-mcp.ts',
      'src/handlers/lambda/mcp.ts',
      'src/handlers/mcp/app.ts',
      'src/handlers/mcp/guide.ts',
      'src/handlers/mcp/http.ts',
      'src/handlers/mcp/server.ts',
      'src/handlers/page/app-html.ts',
      'src/handlers/page/drawn-page.ts',
      'src/handlers/page/policy.ts',
      'zod',
    ]);
    // The SDK of MCP is for those who serve the protocol themselves.
    expect(built.inputs.sessions.filter((part) => part.includes('modelcontextprotocol') || part.startsWith('zod'))).toEqual([]);
    expect(built.inputs.sessions.filter((part) => /^src\/domain\/run\/(?:run|report|finish|take)/.test(part))).toEqual([]);
  });

  it('is nothing of the command line, of the server, of verification, or of the other ways to credentials', () => {
    const shared = partsOf('base tools memory');
    expect(shared).toContain('@aws-sdk/client-s3');
    const foreign =
      /^src\/(handlers\/(cli|server)|adapters\/filesystem|domain\/run\/(verify|segments|compare|replay|evidence))|credential-provider-(?!env)|client-(sso|sts)|token-provider|nested-clients/;
    expect(shared.filter((part) => foreign.test(part))).toEqual([]);
  });
});

describe('nothing is loaded that the first request does not use', () => {
  const READABLE = `
import { bundleForLambda } from './.config/build-lambda.mjs';
await bundleForLambda('1.2.3', process.argv[1], { base: 'src/handlers/lambda/base.ts' }, false);
`;
  interface Part {
    readonly at: number;
    readonly path: string;
    functions: number;
    called: number;
  }

  /** Which files of a bundle have functions that were called; esbuild writes the name of each file above what it takes from it. */
  function partsCalled(source: string, coverage: CoveredScript): readonly Part[] {
    const parts = [...source.matchAll(/^ *\/\/ (\S+\.(?:m?js|ts|json))$/gm)].map(({ index, 1: path = '' }): Part => ({
      at: index,
      path,
      functions: 0,
      called: 0,
    }));
    for (const { ranges } of coverage.functions) {
      const part = parts.findLast(({ at }) => at <= (ranges[0]?.startOffset ?? 0));
      if (part === undefined) continue;
      part.functions += 1;
      if ((ranges[0]?.count ?? 0) > 0) part.called += 1;
    }
    return parts.filter(({ functions }) => functions > 0);
  }

  it('a first run calls into every package of base, and into every file of ours but those that word a mistake', async () => {
    const readable = join(directory, 'readable');
    const covered = join(directory, 'covered');
    await script(READABLE, [readable]);
    const event = httpEvent({ path: '/agentcore/base', body: '{}' });
    const { answer } = await invoke(join('readable', 'base'), event, { EWM_ARTIFACT_BUCKET: STUB_BUCKET, NODE_V8_COVERAGE: covered });
    expect(answer).toMatchObject({ statusCode: 200 });
    const file = join(readable, 'base', 'index.js');
    const reports = await Promise.all((await readdir(covered)).map((report) => readFile(join(covered, report), 'utf8')));
    const coverage = reports
      .flatMap((report) => (JSON.parse(report) as Coverage).result)
      .find(({ url }) => url === pathToFileURL(file).href);
    const parts = partsCalled(await readFile(file, 'utf8'), coverage ?? { url: '', functions: [] });
    expect(parts.length).toBeGreaterThan(100);

    const usedPackages = new Set(parts.filter(({ called }) => called > 0).map(({ path }) => partOf(path)));
    const idle = parts.filter(({ called }) => called === 0).map(({ path }) => path);
    expect(idle.map(partOf).filter((part) => !part.startsWith('src/') && !usedPackages.has(part))).toEqual([]);
    expect(idle.filter((path) => path.startsWith('src/') && !ofRules(path) && !ofDayOrQuote(path)).sort()).toEqual([
      'src/domain/agent/calls.ts',
      'src/domain/agent/stop.ts',
      'src/domain/agent/tool.ts',
      'src/domain/codec/problem.ts',
      'src/domain/markdown.ts',
      'src/domain/market/calendar.ts',
      'src/domain/market/instant.ts',
      'src/domain/world/market/entries.ts',
      'src/domain/world/market/proposal.ts',
      'src/handlers/http/contract/errors.ts',
      'src/handlers/http/contract/problems.ts',
      'src/handlers/http/contract/request-budget.ts',
      'src/handlers/http/edge/json-value.ts',
      'src/handlers/http/modes/artifact-bytes.ts',
    ]);
  });
});

describe('the build', () => {
  it('gives the same zips in another folder, another time zone and under another umask', async () => {
    const checkout = await mkdtemp(join(tmpdir(), 'ewm-checkout-'));
    try {
      for (const part of ['.config', 'src', 'examples', 'docs/openapi.json', 'package.json', 'tsconfig.json'])
        await cp(join(ROOT, part), join(checkout, part), { recursive: true });
      await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
      await script(`process.umask(0o077);${BUILD}`, ['dist/elsewhere'], { cwd: checkout, env: { TZ: 'Pacific/Apia' } });
      for (const name of [...Object.keys(SIZE_MAX), 'cell']) {
        const [here, there] = await Promise.all(
          [directory, join(checkout, 'dist/elsewhere')].map((folder) => readFile(join(folder, `${name}.zip`))),
        );
        expect(there?.equals(here ?? Buffer.alloc(0))).toBe(true);
      }
    } finally {
      await rm(checkout, { recursive: true });
    }
  });

  it('fails over its budget with a line a zip: which, how large, the limit, and what to do', async () => {
    expect(JSON.parse(await script(BUDGET, []))).toEqual({
      // And of the functions that pull the stop switch and run cells, which are none of the API.
      ZIP_BYTES_MAX: { ...SIZE_MAX, stop: 150_000, cell: CELL_BYTES_MAX },
      lines: [expect.stringMatching(/^dist\/lambda\/tools\.zip: 224001 bytes, the limit is 224000 .*take it out/)],
    });
  });
});
