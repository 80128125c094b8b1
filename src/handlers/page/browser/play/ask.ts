/** Requests to the server that the page came from. Invariant: what comes back is looked at before anything of it is used. */
import { list, parseJson, record, text } from '../shared/run-model';

export interface ApiReply {
  /** 0 where none came. */
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The server runs one request about sessions at a time, and turns away what comes meanwhile. */
const ATTEMPTS = 8;
const WAIT_MS = 250;
const BUSY = 503;

export async function ask(path: string, body?: object): Promise<ApiReply> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(path, body);
    if (answer.status !== BUSY || attempt === ATTEMPTS) return answer;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

async function send(path: string, body: object | undefined): Promise<ApiReply> {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(path, body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, body: record(parseJson(await response.text())) };
  } catch (error) {
    return { status: 0, body: { message: error instanceof Error ? error.message : String(error) } };
  }
}

/** What is wrong, in the words of the API; nothing where nothing is. */
export function wrong({ status, body }: ApiReply): string | undefined {
  if (status === 0)
    return `No answer (${text(body['message'])}). Is the server still running? The same request may be sent again: it is done once.`;
  const error = record(body['error']);
  if (status < 400 && error['code'] === undefined) return undefined;
  const code = typeof error['code'] === 'string' ? `${error['code']}${limiterOf(error)}: ` : '';
  const message = text(error['message'] ?? body['message'] ?? '');
  const problems = list(error['problems']).map((one) => `${text(record(one)['pointer'])}: ${text(record(one)['message'])}`);
  // The message of one problem is that problem.
  return `${String(status)} ${code}${problems.length > 1 ? problems.join('; ') : message}`;
}

function limiterOf(error: Readonly<Record<string, unknown>>): string {
  const named = [error['limiter'], error['scope']].filter((one) => typeof one === 'string').join(' of the ');
  return named === '' ? '' : ` (${named})`;
}
