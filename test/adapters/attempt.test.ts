import { isRight } from 'fp-ts/Either';
import { attempt, type AwsCall } from '../../src/adapters/aws/attempt';
import { connectionSettings } from '../../src/adapters/aws/connection';
import { deadlineIn, noDeadline } from '../../src/adapters/in-process/clock';
import { InvariantError } from '../../src/domain/assert';
import type { CallFailure } from '../../src/ports/dependency';
import { leftOf } from '../support/task';

const CALL: AwsCall = { service: 'service', operation: 'Operation', kind: 'write', deadline: noDeadline };

function failureOf(error: unknown, call: AwsCall = CALL): Promise<CallFailure> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever a library throws.
  return leftOf(() => attempt(call, () => Promise.reject(error)));
}

function answered(name: string, httpStatusCode: number, fields: object = {}): Error {
  return Object.assign(new Error('its message'), { name, $metadata: { httpStatusCode }, ...fields });
}

const CERTAINTY: readonly (readonly [string, unknown, 'none' | 'unknown'])[] = [
  ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'none'],
  ['an unknown host', Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), 'none'],
  ['no credentials', Object.assign(new Error('Could not load'), { name: 'CredentialsProviderError' }), 'none'],
  ['a connection that broke', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'unknown'],
  ['a timeout', Object.assign(new Error('too slow'), { name: 'TimeoutError' }), 'unknown'],
  ['an answer nobody could read', new TypeError('Expected real number'), 'unknown'],
  ['something thrown that is no error', 'oops', 'unknown'],
  ['400', answered('ValidationException', 400), 'none'],
  ['402', answered('ServiceQuotaExceededException', 402), 'none'],
  ['403', answered('AccessDeniedException', 403), 'none'],
  ['408', answered('RequestTimeout', 408), 'unknown'],
  ['424', answered('RuntimeClientError', 424), 'unknown'],
  ['429', answered('ThrottledException', 429), 'none'],
  ['500', answered('ServiceException', 500), 'unknown'],
  ['503', answered('SlowDown', 503), 'unknown'],
];

describe('one attempt', () => {
  it.each(CERTAINTY)('says whether a write may have taken effect: %s', async (_what, error, effect) => {
    expect(await failureOf(error)).toMatchObject({ _tag: 'DependencyFailed', service: 'service', operation: 'Operation', effect });
    expect(await failureOf(error, { ...CALL, kind: 'read' })).toMatchObject({ effect: 'none' });
  });

  it('keeps the status of an answer and leaves it out where there was none', async () => {
    expect(await failureOf(answered('SlowDown', 503))).toMatchObject({ httpStatus: 503, reason: 'SlowDown: its message' });
    expect(await failureOf(new Error('broken'))).not.toHaveProperty('httpStatus');
  });

  it('gives a reason of one short line that does not quote the request', async () => {
    const secret = answered('ValidationException', 400, { reason: 'CannotParse', fieldList: [{ name: 'payload', message: 'the secret' }] });
    secret.message = 'Value "the secret" is not valid';
    expect(await failureOf(secret)).toMatchObject({ reason: 'ValidationException: CannotParse (payload)' });
    expect(await failureOf(new SyntaxError('Unexpected token in "the secret"'))).toMatchObject({ reason: 'SyntaxError: not accepted' });
    const long = await failureOf(new Error(`first\nsecond\u2028third ${'x'.repeat(10_000)}`));
    expect(long).toMatchObject({ reason: expect.stringMatching(/^Error: first second third x{270,}…$/) as string });
  });

  it('tells the act to stop at the deadline, and what the act answers in spite of it counts', async () => {
    const untilStopped = (signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('aborted'));
        });
      });
    expect(await leftOf(() => attempt({ ...CALL, deadline: deadlineIn(10) }, untilStopped))).toEqual({
      _tag: 'DeadlineExceeded',
      service: 'service',
      operation: 'Operation',
      effect: 'unknown',
    });
    expect(isRight(await attempt({ ...CALL, deadline: deadlineIn(10) }, () => Promise.resolve('done')))).toBe(true);
  });

  it.each([0, -1, NaN, -Infinity])('starts nothing with %d ms left', async (remainingMs) => {
    let started = false;
    const act = (): Promise<void> => {
      started = true;
      return Promise.resolve();
    };
    expect(await leftOf(() => attempt({ ...CALL, deadline: { remainingMs: () => remainingMs } }, act))).toMatchObject({
      _tag: 'DeadlineExceeded',
      effect: 'none',
    });
    expect(started).toBe(false);
  });

  it('lets a bug of ours through', async () => {
    await expect(attempt(CALL, () => Promise.reject(new InvariantError('broken')))).rejects.toThrow(InvariantError);
  });
});

describe('the settings of every client', () => {
  it('are one attempt and an end to every wait', () => {
    expect(connectionSettings({ connectTimeoutMs: 100, requestTimeoutMs: 200 })).toEqual({
      maxAttempts: 1,
      retryMode: 'standard',
      requestHandler: { connectionTimeout: 100, requestTimeout: 200, throwOnRequestTimeout: true, socketTimeout: 200 },
    });
  });

  it('cannot wait without end', () => {
    expect(() => connectionSettings({ connectTimeoutMs: 0, requestTimeoutMs: 1 })).toThrow(InvariantError);
    expect(() => connectionSettings({ connectTimeoutMs: 2, requestTimeoutMs: 1 })).toThrow(InvariantError);
  });
});
