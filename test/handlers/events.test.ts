/** What reaches a function besides the requests of its own API Gateway: other senders of HTTP, other paths to it, and what is no request. */
import { matchRoute, parametersOf, ROUTES } from '../../src/handlers/http/contract/routes';
import { caseJson } from '../support/cases';
import { answerOf, sendEvent, contextOf, makeTestHandler, type TestHandler } from '../support/handlers';
import { httpEvent, JSON_TYPE } from '../support/http-events';

type Event = Readonly<Record<string, unknown>>;

const BODY = '{"steps":5,"budget":{"max_steps":2}}';

function base(config: Parameters<typeof makeTestHandler>[1] = {}): TestHandler {
  return makeTestHandler('agentcore-base', config);
}

/** What every case's request ends with where it is read: five steps under a budget of two. */
const STOPPED = [422, 'budget_exceeded'];

async function outcomeOf(event: Event, test = base()): Promise<readonly unknown[]> {
  const { status, text } = await sendEvent(test.handle, event);
  return [status, answerOf('agentcore-base', JSON.parse(text)).error?.code];
}

describe('payload 2.0', () => {
  it.each([
    ['E01', 'in base64', 'e01'],
    ['E02', 'with a charset', 'e02'],
    ['E03', 'with a header in capitals', 'e03'],
    ['E10', 'below its stage', 'e10'],
  ])('%s: a body %s is read', async (_case, _name, file) => {
    expect(await outcomeOf(caseJson(`${file}-event.json`))).toEqual(STOPPED);
  });

  it.each([
    ['E02', 'another charset', 'application/json; charset=ISO-8859-1', 'expected the charset utf-8'],
    ['E03', 'another type', 'text/plain', 'expected content-type: application/json'],
  ])('%s: %s is 415, and nothing runs', async (_case, _name, type, message) => {
    const test = base();
    const { status, text } = await sendEvent(test.handle, { ...caseJson('e02-event.json'), headers: { 'Content-Type': type } });
    expect([status, answerOf('agentcore-base', JSON.parse(text)).error?.message]).toEqual([415, expect.stringContaining(message)]);
    expect(test.puts).toEqual([]);
  });

  it.each([
    ['an object', { steps: 5 }],
    ['a list', []],
    ['a number', 5],
    ['true', true],
  ])('E05: a body that is %s and not text is refused, and nothing runs', async (_name, body) => {
    const test = base();
    const { status, text } = await sendEvent(test.handle, { ...caseJson('e05-event.json'), body });
    expect([status, answerOf('agentcore-base', JSON.parse(text)).error]).toMatchObject([
      400,
      { code: 'invalid_request', problems: [{ pointer: '', message: expect.stringContaining('the body is not text') as string }] },
    ]);
    expect(test.puts).toEqual([]);
  });

  it.each([[null], [undefined], ['']])('a body of %p is none: the request of all defaults', async (body) => {
    const { status, text } = await sendEvent(base().handle, { ...caseJson('e05-event.json'), body });
    expect([status, answerOf('agentcore-base', JSON.parse(text)).steps]).toEqual([200, 1]);
  });
});

const V1 = caseJson('e06-event.json');
const ALB: Event = {
  requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/ewm/0123456789abcdef' } },
  httpMethod: 'POST',
  path: '/agentcore/base',
  queryStringParameters: {},
  headers: { 'content-type': 'application/json', host: 'ewm.example' },
  body: BODY,
  isBase64Encoded: false,
};
const { headers: _, queryStringParameters: __, ...bare } = ALB;
const ALB_MULTI: Event = { ...bare, multiValueQueryStringParameters: {}, multiValueHeaders: { 'content-type': ['application/json'] } };

describe('other senders of HTTP', () => {
  it.each([
    ['E06: payload 1.0', V1],
    ['payload 1.0 without a context, as consoles make it', { ...V1, requestContext: undefined }],
    [
      'payload 1.0 with headers in lists alone',
      { ...V1, headers: null, multiValueHeaders: { 'Content-Type': ['text/plain', 'application/json'] } },
    ],
    ['payload 1.0 below its stage', { ...V1, path: '/prod/agentcore/base' }],
    ['a load balancer', ALB],
    ['a load balancer that keeps every value', ALB_MULTI],
    ['base64', { ...ALB, body: Buffer.from(BODY).toString('base64'), isBase64Encoded: true }],
  ])('%s is served', async (_name, event) => {
    expect(await outcomeOf(event)).toEqual(STOPPED);
  });

  it('a REST API reads statusCode, headers and a body that is text, also where there is none', async () => {
    const { handle } = base();
    expect(await handle(V1, contextOf())).toEqual({
      statusCode: 422,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
      body: expect.stringContaining('budget_exceeded') as string,
      isBase64Encoded: false,
    });
    expect(await handle({ ...V1, httpMethod: 'OPTIONS' }, contextOf())).toMatchObject({ statusCode: 204, body: '' });
  });

  it('a load balancer reads a description of the status, and lists of headers where it sent lists', async () => {
    const { handle } = base();
    expect(await handle(ALB, contextOf())).toMatchObject({
      statusCode: 422,
      statusDescription: '422 Unprocessable Entity',
      isBase64Encoded: false,
      headers: { 'content-type': 'application/json' },
    });
    const many = await handle({ ...ALB_MULTI, path: '/nowhere' }, contextOf());
    expect(many).toMatchObject({
      statusCode: 404,
      statusDescription: '404 Not Found',
      multiValueHeaders: { 'content-type': ['application/json'] },
    });
    expect(many).not.toHaveProperty('headers');
  });

  it('a fault is answered in the same form', async () => {
    const broken = makeTestHandler(
      'agentcore-base',
      {},
      {
        artifacts: {
          location: 'nowhere',
          put: () => () => Promise.reject(new Error('a bug')),
          putFolder: () => () => Promise.reject(new Error('a bug')),
          get: () => () => Promise.reject(new Error()),
          list: () => () => Promise.reject(new Error()),
        },
      },
    );
    expect(await broken.handle(ALB, contextOf())).toMatchObject({ statusCode: 500, statusDescription: '500 Internal Server Error' });
  });
});

describe('paths', () => {
  it('E11: what stands before a route is named, and may be set', async () => {
    const event = caseJson('e11-event.json');
    const { status, text } = await sendEvent(base().handle, event);
    expect([status, answerOf('agentcore-base', JSON.parse(text)).error?.message]).toEqual([
      404,
      'no such path: /v1/agentcore/base; this function serves GET /health, GET /openapi.json, POST /agentcore/base',
    ]);
    expect(await outcomeOf(event, base({ basePath: '/v1' }))).toEqual(STOPPED);
  });

  it.each([
    ['/agentcore/base', '$default', ''],
    ['/agentcore/base', 'prod', ''],
    ['/prod/agentcore/base', 'prod', ''],
    // A stage that is called like the beginning of a route.
    ['/agentcore/base', 'agentcore', ''],
    ['/agentcore/agentcore/base', 'agentcore', ''],
    ['/v1/agentcore/base', '$default', '/v1'],
    ['/prod/v1/agentcore/base', 'prod', '/v1'],
    ['/agentcore/base', '$default', '/agentcore'],
    ['/a/b/agentcore/base', '$default', '/a/b'],
  ])('%s in stage %s under base path %p is the route', async (rawPath, stage, basePath) => {
    expect(await outcomeOf({ ...httpEvent({ body: BODY, stage }), rawPath }, base({ basePath }))).toEqual(STOPPED);
  });

  it.each(['/v1agentcore/base', '/v2/agentcore/base', '/v1', '/v1/', '/v1/v1/agentcore/base', '/v1/agentcore/base/'])(
    '%s is none',
    async (rawPath) => {
      const { status } = await sendEvent(base({ basePath: '/v1' }).handle, { ...httpEvent({ body: BODY }), rawPath });
      expect(status).toBe(404);
    },
  );

  it('a message holds no more of a path than a line', async () => {
    const { text } = await sendEvent(base().handle, { ...httpEvent({}), rawPath: `/${'x'.repeat(5_000)}\uD800` });
    expect(answerOf('agentcore-base', JSON.parse(text)).error?.message.length).toBeLessThan(400);
  });

  it('parameters are segments', () => {
    expect(parametersOf('/sessions/{id}/calls', '/sessions/0a1b/calls')).toEqual({ id: '0a1b' });
    expect(parametersOf('/sessions/{id}/days/{day}', '/sessions/a%2Fb/days/%zz')).toEqual({ id: 'a/b', day: '%zz' });
    for (const path of ['/sessions//calls', '/sessions/0a1b', '/sessions/0a1b/calls/', '/Sessions/0a1b/calls', '/sessions/a/b/calls'])
      expect(parametersOf('/sessions/{id}/calls', path)).toBeUndefined();
    expect(matchRoute('agentcore-base', 'GET', '/health')).toEqual({ _tag: 'Route', route: 'GET /health', parameters: {}, withBody: true });
  });

  it('is one table, without two rows for one path', () => {
    const shapes = Object.keys(ROUTES).map((route) => route.replace(/\{[a-z_]+\}/g, '{}'));
    expect(new Set(shapes).size).toBe(shapes.length);
  });
});

describe('events that are no request', () => {
  const record = (eventSource: object): Event => ({ Records: [{ ...eventSource, body: BODY }] });

  it.each([
    ['aws:sqs', record({ eventSource: 'aws:sqs' })],
    ['aws:sns', record({ EventSource: 'aws:sns' })],
    ['aws:kinesis', record({ eventSource: 'aws:kinesis' })],
    ['aws:s3', record({ eventSource: 'aws:s3' })],
    ['Records', { Records: [] }],
    ['aws:kafka', { eventSource: 'aws:kafka', records: {} }],
    ['aws.s3', { ...caseJson('e08-event.json'), source: 'aws.s3', 'detail-type': 'Object Created' }],
    ['my.app', { ...caseJson('e08-event.json'), source: 'my.app', 'detail-type': 'Order' }],
    ['aws.logs', { awslogs: { data: '' } }],
  ])('a message of %s is not taken as done: the invocation fails, and says why', async (name, event) => {
    const test = base();
    await expect(test.handle(event, contextOf())).rejects.toThrow(`not a request: ${name}`);
    expect(test.telemetry.records()).toEqual([
      { kind: 'note', level: 'error', event: 'not_a_request', fields: expect.objectContaining({ sender: name }) as object },
    ]);
    expect(test.puts).toEqual([]);
  });

  it.each([
    ['aws.events', caseJson('e08-event.json')],
    ['serverless-plugin-warmup', { source: 'serverless-plugin-warmup' }],
    ['warmer', { warmer: true, concurrency: 3 }],
    ['warmup', { warmup: true }],
    ['ping', { ping: true }],
  ])('E08: %s, which carries nothing, gets a short answer and counts as no refusal', async (name, event) => {
    for (const mode of ['agentcore-base', 'agentcore-tools', 'agentcore-memory'] as const) {
      const test = makeTestHandler(mode);
      expect(await test.handle(event, contextOf())).toEqual({ message: `not a request: ${name}` });
      expect(test.telemetry.records()).toMatchObject([{ level: 'info', event: 'not_a_request', fields: { sender: name, mode } }]);
      expect([test.puts, test.memoryCalls]).toEqual([[], []]);
    }
  });

  it('a name is a line of the log at most', async () => {
    const test = base();
    await test.handle({ source: `\n\u001b[31m${'x'.repeat(9_000)}` }, contextOf());
    expect(test.telemetry.records()).toMatchObject([{ fields: { sender: `??[31m${'x'.repeat(94)}` } }]);
  });

  it('E14: the bare body is a request', async () => {
    expect(await base().handle(caseJson('e14-event.json'), contextOf())).toMatchObject({ ok: false, error: { code: 'budget_exceeded' } });
  });
});

describe('pages of other origins', () => {
  const APP = 'https://app.example';
  const open = { corsOrigins: [APP, 'http://localhost:5173'] };
  const fromPage = (origin: string): Event => httpEvent({ body: BODY, headers: { ...JSON_TYPE, origin } });

  it('E15: read nothing where no origin is listed', async () => {
    const { headers, status } = await sendEvent(base().handle, caseJson('e15-event.json'));
    expect([status, headers]).toEqual([204, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', allow: 'POST, OPTIONS' }]);
    const { headers: answered } = await sendEvent(base().handle, fromPage(APP));
    expect(Object.keys(answered).filter((name) => /^access-control|^vary/.test(name))).toEqual([]);
  });

  it('are told what they may send where theirs is listed, and may read the answer, refusals included', async () => {
    const { handle } = base(open);
    expect(await sendEvent(handle, caseJson('e15-event.json'))).toMatchObject({
      status: 204,
      headers: {
        vary: 'origin',
        'access-control-allow-origin': APP,
        'access-control-allow-methods': 'POST, OPTIONS',
        'access-control-allow-headers': expect.stringContaining('content-type') as string,
        'access-control-max-age': '600',
      },
    });
    expect(await sendEvent(handle, fromPage(APP))).toMatchObject({
      status: 422,
      headers: { 'access-control-allow-origin': APP, vary: 'origin' },
    });
    const unread = httpEvent({ body: '{', headers: { ...JSON_TYPE, Origin: APP } });
    expect(await sendEvent(handle, unread)).toMatchObject({ status: 400, headers: { 'access-control-allow-origin': APP } });
  });

  it.each(['https://app.example.evil.example', 'https://app.example:444', 'http://app.example', 'null', '*'])(
    '%s is another one',
    async (origin) => {
      const { headers } = await sendEvent(base(open).handle, fromPage(origin));
      expect(headers).toMatchObject({ vary: 'origin' });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    },
  );
});

describe('documents', () => {
  it.each(['agentcore-base', 'agentcore-tools', 'agentcore-memory'] as const)(
    '%s serves the OpenAPI document, and logs nothing',
    async (mode) => {
      const test = makeTestHandler(mode);
      const { status, headers, text } = await sendEvent(test.handle, httpEvent({ method: 'GET', path: '/openapi.json', headers: {} }));
      expect([status, headers['content-type']]).toEqual([200, 'application/json']);
      const { paths } = JSON.parse(text) as { readonly paths: object };
      expect(Object.keys(paths)).toEqual([...new Set(Object.keys(ROUTES).map((route) => route.split(' ')[1]))]);
      expect(test.telemetry.records()).toEqual([]);
      expect(await sendEvent(test.handle, httpEvent({ method: 'HEAD', path: '/openapi.json' }))).toMatchObject({ status: 200, text: '' });
    },
  );
});
