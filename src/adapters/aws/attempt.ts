/**
 * One call to a service under the deadline of the invocation: errors of the SDK end here.
 * Invariant: the act is started at most once, is told to stop when the time is up, and its failure says whether it may have taken effect.
 */
import { type Either, left, right } from 'fp-ts/Either';
import { InvariantError } from '../../domain/assert';
import { isRecord } from '../../domain/codec/codec';
import type { Deadline } from '../../ports/clock';
import type { CallFailure, DeadlineExceeded, DependencyFailed, Effect } from '../../ports/dependency';

export interface AwsCall {
  readonly service: string;
  readonly operation: string;
  /** A call that changes nothing has no effect whatever happens to it. */
  readonly kind: 'read' | 'write';
  readonly deadline: Deadline;
}

/** Longer waits overflow a timer and would fire at once. Unit: milliseconds. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** A reason is one line of a response and of a log. Unit: characters. */
const REASON_CHARS_MAX = 300;

/** Runs `act` once; it passes the signal to every `send` and reads streams to their end before it answers. */
export async function attempt<A>(call: AwsCall, act: (signal: AbortSignal) => Promise<A>): Promise<Either<CallFailure, A>> {
  const remainingMs = call.deadline.remainingMs();
  if (!(remainingMs > 0)) return left(deadlineExceeded(call, 'none'));
  const abort = new AbortController();
  const timer = setTimeout(
    () => {
      abort.abort();
    },
    Math.min(remainingMs, TIMER_MS_MAX),
  );
  try {
    return right(await act(abort.signal));
  } catch (error) {
    if (error instanceof InvariantError) throw error;
    return left(abort.signal.aborted ? deadlineExceeded(call, effectOf(call, 'unknown')) : failureOf(call, error));
  } finally {
    clearTimeout(timer);
  }
}

/** For an answer that came and cannot be used. */
export function unusable(call: AwsCall, reason: string): DependencyFailed {
  return { _tag: 'DependencyFailed', service: call.service, operation: call.operation, reason, effect: effectOf(call, 'unknown') };
}

/** The status of an error that is an answer of the service, `undefined` when none came. */
export function httpStatusOf(error: unknown): number | undefined {
  const metadata = isRecord(error) ? error['$metadata'] : undefined;
  const status = isRecord(metadata) ? metadata['httpStatusCode'] : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** By shape and not by class: what the SDK throws comes from several copies of its base classes. */
export function errorName(error: unknown): string {
  return isRecord(error) && typeof error['name'] === 'string' ? error['name'] : 'Error';
}

function failureOf(call: AwsCall, error: unknown): DependencyFailed {
  const httpStatus = httpStatusOf(error);
  const certain = isRefusal(error, httpStatus) || isUnsent(error);
  return {
    _tag: 'DependencyFailed',
    service: call.service,
    operation: call.operation,
    reason: reasonOf(error),
    ...(httpStatus === undefined ? {} : { httpStatus }),
    effect: certain ? 'none' : effectOf(call, 'unknown'),
  };
}

function deadlineExceeded(call: AwsCall, effect: Effect): DeadlineExceeded {
  return { _tag: 'DeadlineExceeded', service: call.service, operation: call.operation, effect };
}

function effectOf(call: AwsCall, effect: Effect): Effect {
  return call.kind === 'read' ? 'none' : effect;
}

/** A 4xx is the service declining; 408 is the one that says nothing about what it had begun. */
function isRefusal(error: unknown, httpStatus: number | undefined): boolean {
  if (httpStatus === undefined || httpStatus < 400 || httpStatus > 499 || httpStatus === 408) return false;
  // RuntimeClientError (424) comes from behind the service: the agent was reached and then failed.
  return errorName(error) !== 'RuntimeClientError';
}

const UNSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** No connection or no credentials: not a byte of the request left. */
function isUnsent(error: unknown): boolean {
  const code = isRecord(error) ? error['code'] : undefined;
  return (typeof code === 'string' && UNSENT.has(code)) || errorName(error) === 'CredentialsProviderError';
}

function reasonOf(error: unknown): string {
  if (!isRecord(error)) return 'an error without a description';
  const name = errorName(error);
  const unread = unreadAnswer(error);
  if (unread !== undefined) return oneLine(unread);
  const code = typeof error['code'] === 'string' && error['code'] !== name ? ` ${error['code']}` : '';
  const message = typeof error['message'] === 'string' ? error['message'] : '';
  return oneLine(`${name}${code}: ${ECHOES_INPUT.has(name) ? validationDetail(error) : message}`);
}

/**
 * An answer that the SDK could not read: a page of a proxy, a body that is cut, a member of another type. The SDK says where to find it in a debugger;
 * for everybody else this says what came. Not a word of the body.
 */
function unreadAnswer(error: Readonly<Record<string, unknown>>): string | undefined {
  const response = error['$response'];
  if (!isRecord(response) || '$fault' in error) return undefined;
  const headers = isRecord(response['headers']) ? response['headers'] : {};
  const type = typeof headers['content-type'] === 'string' ? headers['content-type'] : 'no content type';
  const what = `HTTP ${String(response['statusCode'])}, ${type.slice(0, MEDIA_TYPE_CHARS_MAX)}`;
  if (errorName(error) === 'SyntaxError') return `the body of the answer is not JSON (${what})`;
  const message = typeof error['message'] === 'string' ? error['message'].replace(/\s*Deserialization error: [^]*$/, '') : '';
  return `the answer does not fit the operation (${what}): ${message}`;
}

const MEDIA_TYPE_CHARS_MAX = 80;

/** The messages of these quote what was sent or what came back, and neither is ours to log. */
const ECHOES_INPUT = new Set(['ValidationException', 'InvalidInputException', 'SyntaxError']);

function validationDetail(fields: Readonly<Record<string, unknown>>): string {
  const list: readonly unknown[] = Array.isArray(fields['fieldList']) ? fields['fieldList'] : [];
  const names = list
    .map((field) => (isRecord(field) && typeof field['name'] === 'string' ? field['name'] : ''))
    .filter((name) => name !== '');
  const why = typeof fields['reason'] === 'string' ? fields['reason'] : 'not accepted';
  return names.length === 0 ? why : `${why} (${names.join(', ')})`;
}

function oneLine(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return line.length > REASON_CHARS_MAX ? `${line.slice(0, REASON_CHARS_MAX - 1).toWellFormed()}…` : line;
}
