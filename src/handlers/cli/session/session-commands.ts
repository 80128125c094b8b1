/** `ewm session`: each command is one request, answered by the API or by the very handler in this process; pulling and proving are local. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { metersOf } from '../../../domain/budget/budget';
import { budgetStateCodec, fullBudgetCodec } from '../../../domain/budget/budget-codec';
import { isRecord } from '../../../domain/codec/codec';
import { makeSessionWorlds } from '../../../domain/session/worlds';
import { decodeSessionInputs } from '../../../domain/session/inputs';
import type { Extra } from '../../../domain/run/listing';
import { CHILDREN, extraInSession } from '../../../domain/session/listing';
import { proveSession, type ProvenSession } from '../../../domain/session/prove';
import { type PulledSession, pullSession } from '../../../domain/session/pull';
import { pullReceipts } from '../../../domain/session/pull-receipts';
import type { StoreError } from '../../../ports/run-files';
import type { Verifier } from '../../../ports/signer';
import { local } from '../../compose';
import { openFileWorlds } from '../../open-file-worlds';
import { signing } from '../../compose-signing';
import { composeSessions, pulledSession } from '../../compose-sessions';
import { gatewayEvent } from '../../server/event';
import type { CreateOptions, Headed } from './add-session-commands';
import { at, textAt } from '../api/api-answer';
import { type ApiAnswer, openApi } from '../api/api-client';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { extraHint } from '../shared/extra-hint';
import { type Failure, fail, inputFailure, storeFailure, usageFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { readKeys, receiptJson, receiptLine, type ReceiptOptions } from '../shared/receipt-status';
import { localSigning, type SignFlags } from '../shared/sign-option';
import { counted } from '../shared/words';
import { createBody } from './session-body';
import { allSealed, sessionReceipt } from './session-receipt';
import { sessionPath, sessionSource } from '../api/session-source';

interface Place extends SignFlags {
  readonly data: string;
  readonly api?: string;
  readonly json?: boolean;
}

type Send = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Either<Failure, ApiAnswer>>;

async function connect({ data, api, ...flags }: Place): Promise<Either<Failure, Send>> {
  const { env } = process;
  const signs = await localSigning(flags);
  if (isLeft(signs)) return signs;
  if (api !== undefined || env['EWM_API_URL'] !== undefined) {
    if (signs.right !== undefined) return left(usageFailure(SIGNED_THERE));
    const client = await openApi(api === undefined ? env : { ...env, EWM_API_URL: api });
    if (isLeft(client)) return left(usageFailure(client.left.message));
    const { get, post } = client.right;
    return right(async (method, path, body = {}) => {
      const answer = await (method === 'GET' ? get(path) : post(path, body));
      return isLeft(answer) ? left({ exit: EXIT.notProven, code: 'no_answer', messages: [answer.left.message] }) : answer;
    });
  }
  const handler = await composeSessions(data, env, signs.right)();
  if (isLeft(handler)) {
    const { left: problem } = handler;
    return left(
      problem._tag === 'BadConfig' ? { exit: EXIT.badInput, code: 'bad_config', messages: problem.messages } : storeFailure(problem),
    );
  }
  return right(async (method, path, body) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const request = {
      method,
      url: path,
      headers: { 'content-type': ['application/json'] },
      body: Buffer.from(text),
      protocol: 'HTTP/1.1',
      sourceIp: '',
    };
    const requestId = randomUUID();
    const event = gatewayEvent(request, { requestId, nowMs: Date.now(), routeKey: `${method} ${path}` });
    const result = await handler.right(event, { awsRequestId: requestId, getRemainingTimeInMillis: () => ACT_MS });
    const reply = isRecord(result) ? result : {};
    const bytes = Buffer.from(typeof reply['body'] === 'string' ? reply['body'] : '');
    const status = typeof reply['statusCode'] === 'number' ? reply['statusCode'] : 500;
    return right({ status, contentType: 'application/json', bytes, ...jsonOf(bytes) });
  });
}

/** Nobody gives up on a command but whoever gave it. */
const ACT_MS = 900_000;

const SIGNED_THERE =
  '--sign is for sessions in --data: those of an API are signed where they are (ewm serve --sign, enable_signing), or by ewm sign once they are pulled';

function jsonOf(bytes: Buffer): { readonly json?: unknown } {
  try {
    return { json: JSON.parse(bytes.toString('utf8')) as unknown };
  } catch {
    return {};
  }
}

const path = (id: string, verb = ''): string => `${sessionPath(id)}${verb === '' ? '' : `/${verb}`}`;

/** Sends one request and tells what came of it. */
async function request(place: Place, io: Io, act: (send: Send) => Promise<Either<Failure, ApiAnswer>>): Promise<ExitCode> {
  const json = place.json === true;
  const send = await connect(place);
  if (isLeft(send)) return fail(io, json, send.left);
  const answer = await act(send.right);
  if (isLeft(answer)) return fail(io, json, answer.left);
  if (json) await io.stdout.write(`${Buffer.from(answer.right.bytes).toString('utf8')}\n`);
  else await printAnswer(answer.right, io);
  return exitOf(answer.right);
}

function exitOf({ status, json }: ApiAnswer): ExitCode {
  if (status < 300) return EXIT.ok;
  if (status === 422 || textAt(json, 'error', 'code') === 'stopped_by_operator') return EXIT.refused;
  return status < 500 ? EXIT.badInput : EXIT.notProven;
}

async function printAnswer({ json, status }: ApiAnswer, io: Io): Promise<void> {
  const message = textAt(json, 'error', 'message');
  if (message !== undefined) await io.stderr.write(`ewm: ${textAt(json, 'error', 'code') ?? String(status)}: ${message}\n`);
  const id = textAt(json, 'session_id');
  if (id === undefined) return;
  const lines: [string, string][] = [
    ['session', `${id} (${textAt(json, 'status') ?? 'quoted'})`],
    ['head', textAt(json, 'head') ?? ''],
  ];
  for (const name of ['state', 'observation', 'child', 'least', 'most', 'needed'] as const) {
    const value = at(json, name);
    if (value !== undefined) lines.push([name, JSON.stringify(value)]);
  }
  const results = at(json, 'results');
  if (Array.isArray(results)) for (const result of results as unknown[]) lines.push(['result', JSON.stringify(result)]);
  const [budget, spent] = [fullBudgetCodec.decode(at(json, 'budget')), budgetStateCodec.decode(at(json, 'budget_state'))];
  if (!isLeft(budget) && !isLeft(spent)) {
    const used = metersOf(budget.right, spent.right).filter(({ max }) => max > 0);
    lines.push(['spent', used.map(({ row, max, spent: amount }) => `${String(amount)} of ${String(max)} ${row.noun}`).join(', ')]);
  }
  const receipt = at(json, 'receipt');
  if (receipt !== undefined) lines.push(['receipt', noteText(receipt)]);
  if (at(json, 'repeated') === true) lines.push(['repeated', 'answered from the record; nothing was done now']);
  await io.stdout.write(lines.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join(''));
}

function noteText(note: unknown): string {
  const keys = at(note, 'key_ids');
  if (at(note, 'signed') === true && Array.isArray(keys)) return `signed by ${keys.map(String).join(', ')}`;
  return `NOT SIGNED: ${textAt(note, 'error', 'message') ?? 'no reason was told'}`;
}

export async function create(options: Place & CreateOptions, io: Io): Promise<ExitCode> {
  const body = await createBody(options);
  if (isLeft(body)) return fail(io, options.json === true, body.left);
  return request(options, io, (send) => send('POST', '/sessions', body.right));
}

export async function list(place: Place, io: Io): Promise<ExitCode> {
  const listed: string[] = [];
  const send = await connect(place);
  if (isLeft(send)) return fail(io, place.json === true, send.left);
  for (let last: string | undefined; ;) {
    const answer = await send.right('GET', last === undefined ? '/sessions' : `/sessions?after=${last}`);
    if (isLeft(answer)) return fail(io, place.json === true, answer.left);
    const page = at(answer.right.json, 'sessions');
    if (!Array.isArray(page)) {
      await io.stdout.write(`${Buffer.from(answer.right.bytes).toString('utf8')}\n`);
      return exitOf(answer.right);
    }
    const ids = (page as unknown[]).map(String);
    if (place.json !== true) await io.stdout.write(ids.map((id) => `${id}\n`).join(''));
    else for (const id of ids) listed.push(id);
    last = ids.at(-1);
    if (last !== undefined && at(answer.right.json, 'more') === true) continue;
    if (place.json === true) await io.stdout.write(`${JSON.stringify({ ok: true, sessions: listed })}\n`);
    return exitOf(answer.right);
  }
}

export function show(id: string, { history, ...place }: Place & { readonly history: string }, io: Io): Promise<ExitCode> {
  return request(place, io, (send) => send('GET', `${path(id)}?history=${encodeURIComponent(history)}`));
}

export async function quote(id: string, calls: string, place: Place, io: Io): Promise<ExitCode> {
  const read = await readCalls(calls, io);
  if (isLeft(read)) return fail(io, place.json === true, read.left);
  return request(place, io, (send) => send('POST', path(id, 'quote'), { calls: read.right }));
}

export async function call(id: string, calls: string, { head, ...place }: Place & Headed, io: Io): Promise<ExitCode> {
  const read = await readCalls(calls, io);
  if (isLeft(read)) return fail(io, place.json === true, read.left);
  return onHead(id, head, place, io, 'calls', { calls: read.right });
}

export function fork(
  id: string,
  { head, name, budget, ...place }: Place & Headed & { readonly name?: string; readonly budget?: object },
  io: Io,
): Promise<ExitCode> {
  return onHead(id, head, place, io, 'fork', { ...(name === undefined ? {} : { name }), ...(budget === undefined ? {} : { budget }) });
}

export function reclaim(id: string, { head, child, ...place }: Place & Headed & { readonly child: string }, io: Io): Promise<ExitCode> {
  return onHead(id, head, place, io, 'reclaim', { child });
}

export function close(id: string, { head, ...place }: Place & Headed, io: Io): Promise<ExitCode> {
  return onHead(id, head, place, io, 'close', {});
}

function onHead(id: string, head: string | undefined, place: Place, io: Io, verb: string, body: object): Promise<ExitCode> {
  return request(place, io, async (send) => {
    if (head !== undefined) return send('POST', path(id, verb), { head, ...body });
    const seen = await send('GET', path(id));
    const newest = isLeft(seen) ? undefined : textAt(seen.right.json, 'head');
    return newest === undefined ? seen : send('POST', path(id, verb), { head: newest, ...body });
  });
}

/** A JSON list on the command line, in a file, or on stdin. */
async function readCalls(given: string, io: Io): Promise<Either<Failure, unknown>> {
  if (!given.trimStart().startsWith('[')) {
    const read = await local.readDocument(given, { stdin: io.stdin })();
    return isLeft(read) ? left(inputFailure(read.left)) : right(read.right.value);
  }
  try {
    return right(JSON.parse(given) as unknown);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return left(usageFailure(`the calls: expected a JSON list such as [{"name":"execute"}]: ${why}`));
  }
}

export async function pull(
  id: string,
  { out, force, ...place }: Place & { readonly out: string; readonly force?: boolean },
  io: Io,
): Promise<ExitCode> {
  const json = place.json === true;
  const send = await connect(place);
  if (isLeft(send)) return fail(io, json, send.left);
  const source = sessionSource(async (what) => {
    const answer = await send.right('GET', what);
    return isLeft(answer) ? left(answer.left.messages.join(' ')) : answer;
  });
  const directoryOf = (ids: readonly string[]): string => join(out, ...ids.slice(1).flatMap((child) => [CHILDREN, child]));
  const pulled = await pullSession(
    source,
    [id],
    (ids) => local.writeRun(directoryOf(ids), force === true)(),
    makeSessionWorlds(openFileWorlds),
  );
  if (isLeft(pulled)) return fail(io, json, sessionFailure(pulled.left));
  const receipts = await pullReceipts(source, pulled.right, (ids, seq, text) => signing.writeSegmentReceipt(directoryOf(ids), seq, text)());
  if (isLeft(receipts)) return fail(io, json, sessionFailure(receipts.left));
  const signed = receipts.right === 0 ? [] : [`${counted(receipts.right, 'receipt')} of segments; ewm verify --key checks them`];
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok: true, pulled: pulled.right, receipts: receipts.right })}\n`
      : `${[...pulledLines(pulled.right, out), ...signed].join('\n')}\n`,
  );
  return EXIT.ok;
}

function pulledLines(pulled: PulledSession, directory: string): readonly string[] {
  const { session, sealed, head, segments, children } = pulled;
  return [
    `${directory}: session ${session}, ${sealed ? 'sealed' : 'open'}, ${counted(segments, 'segment')}, head ${head}`,
    ...children.flatMap((child) => pulledLines(child, join(directory, CHILDREN, child.session))),
  ];
}

function sessionFailure(error: { readonly _tag: string }): Failure {
  switch (error._tag) {
    case 'SessionNotFound':
      return { exit: EXIT.badInput, code: 'not_found', messages: ['no such session'] };
    case 'SessionCorrupt': {
      const { file, row, pointer, expected, actual } = error as unknown as Readonly<Record<string, unknown>>;
      const where = `${String(file)}, row ${String(row)}${pointer === '' ? '' : ` at ${String(pointer)}`}`;
      return { exit: EXIT.notProven, code: 'corrupt', messages: [`${where}: expected ${String(expected)}, found ${String(actual)}`] };
    }
    case 'DependencyFailed': {
      const { operation, reason } = error as unknown as Readonly<Record<string, unknown>>;
      return { exit: EXIT.notProven, code: 'no_answer', messages: [`${String(operation)}: ${String(reason)}`] };
    }
    case 'NotFound':
    case 'AlreadyExists':
    case 'Unreadable':
    case 'Unwritable':
      return storeFailure(error as Parameters<typeof storeFailure>[0]);
    default:
      return { exit: EXIT.notProven, code: error._tag, messages: [error._tag] };
  }
}

export function extraInPulled(
  directory: string,
  opening: unknown,
  sealed: boolean,
  children: readonly string[],
): Promise<Either<StoreError, readonly Extra[]>> {
  const inputs = decodeSessionInputs(isRecord(opening) ? opening['inputs'] : undefined);
  return extraInSession(pulledSession(directory, { allowExtra: false }), isLeft(inputs) ? {} : inputs.right, sealed, children);
}

export interface VerifySessionOptions {
  readonly open: boolean;
  readonly allowExtra: boolean;
  readonly json: boolean;
  readonly verifiers: readonly Verifier[];
  readonly requireReceipt: boolean;
}

/** For those who sign: proven and sealed as a whole, or why not. */
export async function provenSession(directory: string): Promise<Either<Failure, ProvenSession>> {
  const verdict = await proveSession(pulledSession(directory, { allowExtra: false }), makeSessionWorlds(openFileWorlds));
  if (isLeft(verdict)) return left(storeFailure(verdict.left));
  const notProven = (message: string): Either<Failure, never> =>
    left({ exit: EXIT.notProven, code: 'not_proven', messages: [`${directory}: ${message}`] });
  if (verdict.right._tag === 'NotProven') return notProven('not proven; ewm verify names the first difference');
  return allSealed(verdict.right.proven)
    ? right(verdict.right.proven)
    : notProven('a session is open, and what is signed is sealed; ewm session close seals it');
}

export async function verifyPulled(
  directory: string,
  { keys, ...options }: Omit<VerifySessionOptions, 'verifiers'> & ReceiptOptions,
  io: Io,
): Promise<ExitCode> {
  const verifiers = await readKeys(keys);
  return isLeft(verifiers)
    ? fail(io, options.json, verifiers.left)
    : verifySession(directory, { ...options, verifiers: verifiers.right }, io);
}

export async function verifySession(
  directory: string,
  { open, allowExtra, json, verifiers, requireReceipt }: VerifySessionOptions,
  io: Io,
): Promise<ExitCode> {
  const verdict = await proveSession(pulledSession(directory, { allowExtra }), makeSessionWorlds(openFileWorlds), verifiers);
  if (isLeft(verdict)) return fail(io, json, storeFailure(verdict.left));
  if (verdict.right._tag === 'NotProven') {
    const { where, divergence } = verdict.right;
    const { file, row, pointer, expected, actual } = divergence;
    await io.stdout.write(
      json
        ? `${JSON.stringify({ ok: false, verdict: 'not_proven', where, divergence })}\n`
        : [
            `not proven: ${directory}`,
            ...(where.length > 1 ? [`  session           ${where.join(' > ')}`] : []),
            `  first divergence  ${file}${row === undefined ? '' : `, row ${String(row)} (line ${String(row + 1)})`}${pointer === '' ? '' : ` at ${pointer}`}`,
            `  expected          ${expected}`,
            `  actual            ${actual}`,
            ...extraHint(divergence),
            '',
          ].join('\n'),
    );
    return EXIT.notProven;
  }
  const { proven } = verdict.right;
  const sealed = allSealed(proven);
  const status = await sessionReceipt(directory, proven, verifiers, requireReceipt);
  if (isLeft(status)) return fail(io, json, storeFailure(status.left));
  const receipt = status.right;
  const held = receipt._tag !== 'Fails';
  const ok = held && (sealed || open);
  const word = sealed ? 'proven' : 'proven so far';
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok, verdict: held ? word.replaceAll(' ', '_') : 'receipt_does_not_hold', session: proofJson(proven), receipt: receiptJson(receipt) })}\n`
      : [
          `${held ? word : 'not proven'}: ${directory}`,
          ...proofLines(proven, '  '),
          ...(receipt._tag === 'None' ? [] : [`  receipt ${receiptLine(receipt)}`]),
          ...(sealed || open ? [] : ['  A session is open: what follows is not proven. --open accepts that.']),
          '',
        ].join('\n'),
  );
  return ok ? EXIT.ok : EXIT.notProven;
}

function proofJson({ session, sealed, head, segments, calls, fills, unknown, children, guards }: ProvenSession): object {
  return {
    session_id: session,
    status: sealed ? 'sealed' : 'open',
    head,
    segments,
    calls,
    fills,
    unknown_effects: unknown,
    children: children.map(proofJson),
    ...(guards.length === 0 ? {} : { guards }),
  };
}

function proofLines(
  { session, sealed, head, segments, calls, fills, unknown, children, guards }: ProvenSession,
  indent: string,
): readonly string[] {
  const done = `${counted(segments, 'segment')}, ${counted(calls, 'call')}, ${counted(fills, 'fill')}`;
  return [
    `${indent}session ${session} (${sealed ? 'sealed' : 'open'}): ${done}${unknown === 0 ? '' : `, ${String(unknown)} of unknown effect`}`,
    `${indent}  head ${head}`,
    ...guards.map(({ holder, name, proven }) => `${indent}  ${holder} (${name}): ${proven ? 'proven' : 'not here; charged in full'}`),
    ...children.flatMap((child) => proofLines(child, `${indent}  `)),
  ];
}
