/** Requests over HTTP as API Gateway sends them: what is taken, what is refused, and how each refusal looks. */
import type { ApiError, ErrorCode } from '../../src/handlers/http/contract/errors';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import { answerOf, sendEvent, CONFIG, contextOf, healthOf, invoke, makeTestHandler } from '../support/handlers';
import { httpEvent, type HttpRequest, JSON_TYPE } from '../support/http-events';

const PATHS = {
  'agentcore-base': '/agentcore/base',
  'agentcore-tools': '/agentcore/tools',
  'agentcore-memory': '/agentcore/memory',
} as const;

async function refusal(
  mode: HttpMode,
  request: HttpRequest,
): Promise<{ readonly status: number; readonly error: ApiError; readonly headers: unknown }> {
  const test = makeTestHandler(mode);
  const { status, text, headers } = await sendEvent(test.handle, httpEvent({ path: PATHS[mode], ...request }));
  const answer = answerOf(mode, JSON.parse(text));
  expect(answer).toMatchObject({ ok: false, run_id: null, artifact_dir: null, head_hash: null, mode });
  expect([test.puts, test.memoryCalls]).toEqual([[], []]);
  if (answer.error === undefined) throw new Error(`no error in ${text}`);
  return { status, error: answer.error, headers };
}

describe('what is taken', () => {
  const FORMS: readonly (readonly [string, HttpRequest])[] = [
    ['plain', { body: '{"steps":1}' }],
    ['base64', { body: Buffer.from('{"steps":1}').toString('base64'), isBase64Encoded: true }],
    ['a charset', { body: '{"steps":1}', headers: { 'content-type': 'application/json; charset=UTF-8' } }],
    ['a quoted charset', { body: '{"steps":1}', headers: { 'content-type': 'application/json;charset="utf-8"' } }],
    ['a +json type', { body: '{"steps":1}', headers: { 'content-type': 'application/vnd.example.v1+json' } }],
    ['a header in capitals', { body: '{"steps":1}', headers: { 'Content-Type': 'APPLICATION/JSON' } }],
    ['a byte order mark', { body: '\uFEFF{"steps":1}' }],
    ['a named stage', { body: '{"steps":1}', stage: 'dev' }],
    ['no body and no type', { headers: {} }],
    ['an empty body and no type', { body: '', headers: {} }],
  ];

  it.each(FORMS)('%s', async (_name, request) => {
    const { handle } = makeTestHandler('agentcore-base');
    const { status, headers, text } = await sendEvent(handle, httpEvent(request));
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'application/json', 'no-store']);
    expect(answerOf('agentcore-base', JSON.parse(text))).toMatchObject({ ok: true, steps: 1, run_id: '231b8ed35c4188c8346b62e654c32a64' });
  });

  it('answers HEAD like GET without a body, and OPTIONS with what is allowed', async () => {
    const { handle } = makeTestHandler('agentcore-base');
    expect(await sendEvent(handle, httpEvent({ method: 'HEAD', path: '/health' }))).toMatchObject({ status: 200, text: '' });
    expect(await sendEvent(handle, httpEvent({ method: 'OPTIONS', path: '/health' }))).toMatchObject({
      status: 204,
      text: '',
      headers: { allow: 'GET, HEAD, OPTIONS' },
    });
    expect(await sendEvent(handle, httpEvent({ method: 'OPTIONS' }))).toMatchObject({
      status: 204,
      text: '',
      headers: { allow: 'POST, OPTIONS' },
    });
  });

  it('tells its health', async () => {
    const { handle, telemetry } = makeTestHandler('agentcore-tools');
    const { status, text } = await sendEvent(handle, httpEvent({ method: 'GET', path: '/health', headers: {} }));
    expect(status).toBe(200);
    expect(healthOf(JSON.parse(text))).toEqual({
      ok: true,
      version: '1.2.3',
      spec_version: 1,
      mode: 'agentcore-tools',
      ceilings: { max_steps: 100, max_tool_calls: 10, max_model_calls: 2, max_memory_ops: 10, max_memory_bytes: 65_536 },
      enabled: CONFIG.enabled,
    });
    // A check that is asked every few seconds would bury everything else.
    expect(telemetry.records()).toEqual([]);
  });
});

describe('what is refused before the body is read', () => {
  const body = '{}';
  const long = JSON.stringify({ strategy: 'x'.repeat(1_048_576) });
  const REFUSALS: readonly (readonly [string, HttpRequest, number, ErrorCode])[] = [
    ['an unknown path', { path: '/agentcore/other', body }, 404, 'not_found'],
    ['the path of another function', { path: '/agentcore/tools', body }, 404, 'not_found'],
    ['a path traversal', { path: '/agentcore/base/../../health', body }, 404, 'not_found'],
    ['the root', { path: '/', body }, 404, 'not_found'],
    ['a slash too much', { path: '/agentcore/base/', body }, 404, 'not_found'],
    ['GET', { method: 'GET' }, 405, 'method_not_allowed'],
    ['HEAD on a POST', { method: 'HEAD' }, 405, 'method_not_allowed'],
    ['DELETE', { method: 'DELETE' }, 405, 'method_not_allowed'],
    ['POST to health', { path: '/health', body }, 405, 'method_not_allowed'],
    ['a body too long', { body: long }, 413, 'payload_too_large'],
    ['a base64 body too long', { body: Buffer.from(long).toString('base64'), isBase64Encoded: true }, 413, 'payload_too_large'],
    ['no content type', { body, headers: {} }, 415, 'unsupported_media_type'],
    ['a form', { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'unsupported_media_type'],
    ['text', { body, headers: { 'content-type': 'text/json' } }, 415, 'unsupported_media_type'],
    ['another charset', { body, headers: { 'content-type': 'application/json; charset=latin1' } }, 415, 'unsupported_media_type'],
    ['a content encoding', { body, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }, 415, 'unsupported_media_type'],
    [
      'invalid UTF-8',
      { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]).toString('base64'), isBase64Encoded: true },
      400,
      'invalid_request',
    ],
    ['a lone surrogate', { body: '{"a":"\uD800"}' }, 400, 'invalid_request'],
  ];

  it.each(REFUSALS.filter(([, request]) => request.method !== 'HEAD'))('%s', async (_name, request, status, code) => {
    const { error, ...refused } = await refusal('agentcore-base', request);
    expect([refused.status, error.code]).toEqual([status, code]);
    if (status === 405)
      expect(refused.headers).toMatchObject({ allow: request.path === '/health' ? 'GET, HEAD, OPTIONS' : 'POST, OPTIONS' });
  });

  it('gives HEAD the status alone', async () => {
    const { handle } = makeTestHandler('agentcore-base');
    expect(await sendEvent(handle, httpEvent({ method: 'HEAD' }))).toMatchObject({
      status: 405,
      text: '',
      headers: { allow: 'POST, OPTIONS' },
    });
  });
});

describe('bodies that are not valid', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const steps = (count: unknown): string => JSON.stringify({ steps: count });
  const BODIES: readonly (readonly [HttpMode, string, readonly string[]])[] = [
    ['agentcore-base', 'nonsense', ['']],
    ['agentcore-base', '{"steps":1,}', ['']],
    ['agentcore-base', ' ', ['']],
    ['agentcore-base', '[]', ['']],
    ['agentcore-base', 'null', ['']],
    ['agentcore-base', '"text"', ['']],
    ['agentcore-base', '{"steps":1,"steps":2}', ['']],
    ['agentcore-base', '{"steps":1,"\\u0073teps":2}', ['']],
    ['agentcore-base', '{"__proto__":{"steps":5}}', ['']],
    ['agentcore-base', '{"policy":{"constructor":{"prototype":{}}}}', ['']],
    ['agentcore-base', nested(101), ['']],
    ['agentcore-base', nested(10_000), ['']],
    ['agentcore-base', `{"market":${nested(10_000)}}`, ['']],
    ['agentcore-base', '{"requests":[]}', ['/requests']],
    ['agentcore-base', '{"tool_plan":[]}', ['/tool_plan']],
    ['agentcore-base', '{"constructor":1}', ['/constructor']],
    ['agentcore-base', '{"a/b~c":1}', ['/a~1b~0c']],
    ['agentcore-base', steps(0), ['/steps']],
    ['agentcore-base', steps(-1), ['/steps']],
    ['agentcore-base', steps(1.5), ['/steps']],
    ['agentcore-base', steps('1'), ['/steps']],
    ['agentcore-base', steps(null), ['/steps']],
    ['agentcore-base', '{"steps":1e308}', ['/steps']],
    ['agentcore-base', '{"steps":9007199254740993}', ['/steps']],
    ['agentcore-base', steps(6), ['/steps']],
    ['agentcore-base', '{"budget":null}', ['/budget']],
    ['agentcore-base', '{"budget":{"max_steps":0}}', ['/budget/max_steps']],
    [
      'agentcore-base',
      '{"budget":{"max_steps":1.0000001,"max_tool_calls":-1,"more":1}}',
      ['/budget/max_steps', '/budget/max_tool_calls', '/budget/more'],
    ],
    ['agentcore-base', '{"market":"nowhere"}', ['/market']],
    ['agentcore-base', '{"market":"../../etc/passwd"}', ['/market']],
    ['agentcore-base', '{"strategy":"toString"}', ['/strategy']],
    ['agentcore-base', '{"strategy":[]}', ['/strategy']],
    ['agentcore-base', '{"market":{"symbols":["A"],"steps":[{"A":0}]}}', ['/market/steps/0/A']],
    ['agentcore-base', '{"market":{"symbols":["A"],"steps":[]}}', ['/market/steps']],
    [
      'agentcore-base',
      '{"policy":{"risk_limits":{"max_leverage":-1}},"initial_state":{"cash":-1}}',
      ['/policy/risk_limits/max_leverage', '/initial_state/cash'],
    ],
    ['agentcore-base', '{"policy":null,"initial_state":[]}', ['/policy', '/initial_state']],
    ['agentcore-base', '{"initial_state":{"positions":{"GOOG":1}}}', ['/initial_state/positions/GOOG']],
    ['agentcore-base', '{"initial_state":{"cash":1e18}}', ['/initial_state/cash']],
    ['agentcore-tools', '{"steps":1}', ['/steps']],
    ['agentcore-tools', '{"tool_plan":[]}', ['/tool_plan']],
    ['agentcore-tools', '{"tool_plan":[{"name":1},{"args":{}}]}', ['/tool_plan/0/name', '/tool_plan/1/name']],
    ['agentcore-tools', '{"tool_plan":[{"name":"execute","args":[]}]}', ['/tool_plan/0/args']],
    ['agentcore-memory', '{"market":"trading_path"}', ['/market']],
    ['agentcore-memory', '{"requests":[{"op":"memory_drop","key":"k"}]}', ['/requests/0/op']],
    ['agentcore-memory', '{"requests":[{"op":"memory_put","key":"k"}]}', ['/requests/0/value']],
    ['agentcore-memory', '{"requests":[{"op":"memory_get","key":"","value":1}]}', ['/requests/0/key', '/requests/0/value']],
    ['agentcore-memory', '{"requests":[{"op":"memory_get","key":"\\ud800"}]}', ['/requests/0/key']],
    ['agentcore-memory', `{"requests":[{"op":"memory_get","key":"${'k'.repeat(513)}"}]}`, ['/requests/0/key']],
    ['agentcore-memory', `{"requests":[{"op":"memory_put","key":"k","value":${nested(70)}}]}`, ['/requests/0/value']],
  ];

  it.each(BODIES.map(([mode, body, pointers]) => [mode, body.slice(0, 80), body, pointers] as const))(
    '%s %s',
    async (mode, _excerpt, body, pointers) => {
      const { status, error } = await refusal(mode, { body });
      expect([status, error.code]).toEqual([400, 'invalid_request']);
      const problems = error.code === 'invalid_request' ? error.problems : [];
      expect([...new Set(problems.map((problem) => problem.pointer))].sort()).toEqual([...pointers].sort());
    },
  );

  it('says where a text stops being JSON', async () => {
    const { error } = await refusal('agentcore-base', { body: '{\n  "steps": 1,\n  "steps": 2\n}' });
    expect(error).toMatchObject({ problems: [{ line: 3, column: 3, message: expect.stringContaining('stands twice') as string }] });
    const broken = await refusal('agentcore-base', { body: '{\n  "steps": 1,\n}' });
    expect(broken.error).toMatchObject({ message: expect.stringMatching(/^line 3, column 1: not JSON/) as string });
  });

  it('stays short, however much is wrong', async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`field-${String(index)}`, index]));
    const { error } = await refusal('agentcore-base', { body: JSON.stringify({ ...many, ['k'.repeat(500_000)]: 1 }) });
    expect(error).toMatchObject({ message: expect.stringContaining('20001 problems') as string });
    expect(JSON.stringify(error).length).toBeLessThan(60_000);
  });

  it('refuses a step that has no line in normal form', async () => {
    const LONG = '1'.padEnd(18, '0');
    const market = {
      symbols: ['A', 'B', 'C', 'D'],
      steps: [{ A: LONG, B: LONG, C: LONG, D: LONG, time: 'x'.repeat(16 * 1_048_576 - 50) }],
    };
    const strategy = {
      metadata: { name: '', version: '', description: '' },
      universe: { symbols: ['A'] },
      sizing: { order_qty: 1, max_position_qty_per_symbol: 1 },
      rules: [{ type: 'threshold_price', symbol: 'A', buy_below: 1 }],
    };
    const answer = await invoke(makeTestHandler('agentcore-base', { bodyBytesMax: 20_000_000 }), { market, strategy });
    expect(answer.error).toMatchObject({ code: 'invalid_request', problems: [{ pointer: '/market/steps/0/time' }] });
  });
});

describe('ceilings', () => {
  const ABOVE = [
    ['agentcore-base', 'max_steps', 101],
    ['agentcore-base', 'max_memory_bytes', 65_537],
    ['agentcore-tools', 'max_tool_calls', 11],
    ['agentcore-tools', 'max_model_calls', 3],
    ['agentcore-memory', 'max_memory_ops', 11],
  ] as const;

  it.each(ABOVE)('%s refuses %s of %d whole', async (mode, limiter, requested) => {
    const test = makeTestHandler(mode);
    const answer = await invoke(test, { budget: { [limiter]: requested } });
    const budget = { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0, [limiter]: requested };
    const spent = { steps: 0, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 };
    expect(answer).toMatchObject({ ok: false, run_id: null, budget, budget_state: spent });
    expect(answer.error).toMatchObject({ code: 'budget_above_ceiling', limiter, requested, budgets: { budget, budget_state: spent } });
    expect([test.puts, test.memoryCalls]).toEqual([[], []]);
  });

  it('grants what stands exactly at them', async () => {
    const answer = await invoke(makeTestHandler('agentcore-base'), {
      budget: { max_steps: 100, max_tool_calls: 10, max_memory_bytes: 65_536 },
      steps: 5,
    });
    expect(answer).toMatchObject({ ok: true, steps: 5 });
  });
});

describe('memory that is not enabled', () => {
  it('says so, and calls nothing', async () => {
    const test = makeTestHandler('agentcore-memory', { enabled: { memory: false, code_interpreter: false, planner: false } });
    const body = { budget: { max_memory_ops: 1_000, max_memory_bytes: 1_000_000 }, requests: [{ op: 'memory_put', key: 'k', value: 1 }] };
    expect(await invoke(test, body)).toEqual({
      ok: true,
      run_id: null,
      mode: 'agentcore-memory',
      artifact_dir: null,
      budget: { max_steps: 1, max_tool_calls: 0, max_model_calls: 0, ...body.budget },
      budget_state: { steps: 0, tool_calls: 0, model_calls: 0, memory_ops: 0, memory_bytes: 0 },
      head_hash: null,
      message: 'memory disabled',
      results: [],
    });
    expect([test.puts, test.memoryCalls]).toEqual([[], []]);
    expect((await invoke(test, { request: [] })).error?.code).toBe('invalid_request');
  });
});

describe('a fault of ours', () => {
  it('is a 500 without a word of what it was, and the log knows where', async () => {
    const secret = 'the secret in the message';
    const boom = (): never => {
      throw new Error(secret);
    };
    const test = makeTestHandler(
      'agentcore-base',
      {},
      { artifacts: { location: 'nowhere', put: boom, putFolder: boom, get: boom, list: boom } },
    );
    const { status, text } = await sendEvent(test.handle, httpEvent({ body: '{}' }), contextOf('request-1'));
    expect(status).toBe(500);
    expect(answerOf('agentcore-base', JSON.parse(text)).error).toMatchObject({ code: 'internal_error', request_id: 'request-1' });
    const direct = await invoke(test, {}, contextOf('request-1'));
    expect(direct).toEqual(JSON.parse(text));
    const log = JSON.stringify(test.telemetry.records());
    expect(log).toContain('requests.test');
    expect(text + log).not.toContain(secret);
  });
});
