/** API Gateway HTTP API events, payload 2.0, as the service sends them; the fields a test is about are set by the test. */

export interface HttpRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  /** `$default` has no part in the path; any other stage stands before it. */
  readonly stage?: string;
}

export const JSON_TYPE = { 'content-type': 'application/json' } as const;

export function httpEvent({
  method = 'POST',
  path = '/agentcore/base',
  headers = JSON_TYPE,
  body,
  isBase64Encoded = false,
  stage = '$default',
}: HttpRequest): Readonly<Record<string, unknown>> {
  const rawPath = stage === '$default' ? path : `/${stage}${path}`;
  return {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath,
    rawQueryString: '',
    headers: {
      accept: '*/*',
      'content-length': String(Buffer.byteLength(body ?? '')),
      host: 'abcdefghij.execute-api.us-east-1.amazonaws.com',
      'user-agent': 'curl/8.5.0',
      'x-amzn-trace-id': 'Root=1-65a0b1c2-0123456789abcdef01234567',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      ...headers,
    },
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdefghij',
      authentication: null,
      authorizer: {
        iam: {
          accessKey: 'AKIAEXAMPLE',
          accountId: '123456789012',
          callerId: 'AIDAEXAMPLE',
          userArn: 'arn:aws:iam::123456789012:user/dev',
        },
      },
      domainName: 'abcdefghij.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'abcdefghij',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '203.0.113.9', userAgent: 'curl/8.5.0' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: `${method} ${path}`,
      stage,
      time: '24/Nov/2025:10:00:00 +0000',
      timeEpoch: 1_763_978_400_000,
    },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded,
  };
}
