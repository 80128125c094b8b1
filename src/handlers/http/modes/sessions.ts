/** Sessions over HTTP: each route is one use case, and every answer says where the session stands. docs/spec.md section 8. */
import { type Either, isLeft } from 'fp-ts/Either';
import type { Budget } from '../../../domain/budget/budget';
import type { MarketPath } from '../../../domain/market/market-path';
import type { SessionAnswer } from '../../../domain/session/answer';
import type { SessionContext } from '../../../domain/session/context';
import { DOCUMENT_FILES, documentKey } from '../../../domain/session/documents';
import type { SessionError } from '../../../domain/session/errors';
import { grantToGuard, refundFromGuard } from '../../../domain/session/guard-grant';
import { isSessionId } from '../../../domain/session/inputs';
import { HISTORY_MAX } from '../../../domain/session/limits';
import {
  callSession,
  closeSession,
  createSession,
  createWorldSession,
  forkSession,
  observeSession,
  type Quote,
  quoteSession,
  reclaimSession,
} from '../../../domain/session/verbs';
import { segmentReceiptKey } from '../../../domain/run/receipts';
import { dependencyError } from '../../../domain/agent/stop';
import type { MarketInput } from '../../../ports/market-input';
import type { Decode } from '../contract/body';
import {
  type CreateRequest,
  decodeCallsBody,
  decodeCloseBody,
  decodeCreateBody,
  decodeForkBody,
  decodeQuoteBody,
  decodeReclaimBody,
  type ForkBody,
  type ReclaimBody,
} from '../contract/body-session';
import { invalidRequest } from '../contract/problems';
import { type Act, type Answer, answerOf, type Call, type Invocation } from '../edge/act';
import type { Served } from '../edge/handler';
import { aboveCeiling } from './ceilings';
import { errorAnswer, refused } from './session-errors';

export interface SessionParts {
  readonly settings: { readonly ceilings: Budget };
  readonly sessions: SessionContext;
  readonly marketOf: (market: MarketPath) => MarketInput;
}

const MODE = 'sessions';

/** The number of a segment. */
const SEQ = /^(0|[1-9][0-9]{0,7})$/;

export function serveSessions({ settings, sessions, marketOf }: SessionParts): Served<typeof MODE> {
  const create: Act = async ({ body }, { requestId, storing }) => {
    const request = decodeCreateBody(body);
    if (isLeft(request)) return answerOf(refused(invalidRequest(request.left)));
    const { name = requestId, budget } = request.right;
    const above = aboveCeiling(budget, settings.ceilings);
    if (above !== undefined) return answerOf(refused(above));
    const made = await makeSession(request.right, name, storing);
    return isLeft(made) ? answerOf(await errorAnswer(sessions, made.left, storing)) : answerOf(made.right, 201);
  };

  function makeSession(request: CreateRequest, name: string, storing: Invocation['storing']): ReturnType<typeof createSession> {
    const { budget } = request;
    if ('world' in request) return createWorldSession(sessions, { name, budget, world: request.world }, storing);
    const { market, strategy, policy, initialState } = request;
    return createSession(sessions, { name, budget, market: marketOf(market), documents: { strategy, policy, initialState } }, storing);
  }

  const observe: Act = async ({ parameters, query }, { storing }) => {
    const history = query['history'] ?? '0';
    if (!/^[0-9]{1,4}$/.test(history) || Number(history) > HISTORY_MAX) {
      const message = `history: expected an integer from 0 to ${String(HISTORY_MAX)}`;
      return answerOf(refused(invalidRequest([{ pointer: '', message }])));
    }
    const seen = await observeSession(sessions, idOf(parameters), Number(history), storing);
    return answerOf(isLeft(seen) ? await errorAnswer(sessions, seen.left, storing) : seen.right);
  };

  const list: Act = async ({ query }, { storing }) => {
    const { after = '' } = query;
    if (after !== '' && !isSessionId(after)) {
      return answerOf(
        refused(invalidRequest([{ pointer: '', message: 'after: expected the id of a session, the last one of the page before' }])),
      );
    }
    const listed = await sessions.log.list(after, storing)();
    return answerOf(isLeft(listed) ? refused(dependencyError(listed.left)) : { ok: true, ...listed.right });
  };

  const input: Act = async ({ parameters }, { storing }) => {
    const file = DOCUMENT_FILES.find((known) => known === parameters['file']);
    const missing = answerOf(refused({ code: 'not_found', message: `no such document; there are ${DOCUMENT_FILES.join(', ')}` }));
    if (file === undefined || !isSessionId(idOf(parameters))) return missing;
    const read = await sessions.documents.get(documentKey(idOf(parameters), file), storing)();
    if (!isLeft(read)) return documentOf(read.right);
    return read.left._tag === 'NotFound' || read.left._tag === 'InvalidKey' ? missing : answerOf(refused(dependencyError(read.left)));
  };

  const segment: Act = async ({ parameters }, { storing }) => {
    const seq = parameters['seq'] ?? '';
    const missing = answerOf(refused({ code: 'not_found', message: 'no such segment' }));
    if (!SEQ.test(seq) || !isSessionId(idOf(parameters))) return missing;
    const read = await sessions.log.read({ session: idOf(parameters), seq: Number(seq) }, storing)();
    if (!isLeft(read)) return documentOf(read.right);
    return read.left._tag === 'SegmentNotFound' ? missing : answerOf(refused(dependencyError(read.left)));
  };

  const receipt: Act = async ({ parameters }, { storing }) => {
    const seq = parameters['seq'] ?? '';
    const missing = answerOf(refused({ code: 'not_found', message: 'no receipt of that segment' }));
    if (!SEQ.test(seq) || !isSessionId(idOf(parameters))) return missing;
    const read = await sessions.documents.get(segmentReceiptKey(idOf(parameters), Number(seq)), storing)();
    if (!isLeft(read)) return documentOf(read.right);
    return read.left._tag === 'NotFound' || read.left._tag === 'InvalidKey' ? missing : answerOf(refused(dependencyError(read.left)));
  };

  function forkOf(session: string, { guard, ...request }: ForkBody, times: Invocation): ReturnType<typeof forkSession> {
    const { head, name = head, budget } = request;
    return guard === undefined
      ? forkSession(sessions, { session, ...request }, times)
      : grantToGuard(sessions, { session, head, name, budget, ...guard }, times);
  }

  function reclaimOf(session: string, { guard, ...request }: ReclaimBody, times: Invocation): ReturnType<typeof reclaimSession> {
    if (guard === undefined) return reclaimSession(sessions, { session, ...request }, times);
    const { sealed, spent, ...terms } = guard;
    return refundFromGuard(sessions, { session, ...request, terms, sealed, spent }, times);
  }

  /** A route that acts on the session of its path. */
  const acting =
    <A>(
      decode: Decode<A>,
      act: (session: string, request: A, invocation: Invocation) => Promise<Either<SessionError, SessionAnswer | Quote>>,
    ): Act =>
    async ({ parameters, body }: Call, invocation) => {
      const request = decode(body);
      if (isLeft(request)) return answerOf(refused(invalidRequest(request.left)));
      const done = await act(idOf(parameters), request.right, invocation);
      return answerOf(isLeft(done) ? await errorAnswer(sessions, done.left, invocation.storing) : done.right);
    };

  return {
    service: MODE,
    acts: {
      'POST /sessions': create,
      'GET /sessions': list,
      'GET /sessions/{id}': observe,
      'GET /sessions/{id}/inputs/{file}': input,
      'GET /sessions/{id}/segments/{seq}': segment,
      'GET /sessions/{id}/receipts/{seq}': receipt,
      'POST /sessions/{id}/calls': acting(decodeCallsBody, (session, request, times) =>
        callSession(sessions, { session, ...request }, times),
      ),
      'POST /sessions/{id}/quote': acting(decodeQuoteBody, (session, { calls }, { storing }) =>
        quoteSession(sessions, session, calls, storing),
      ),
      'POST /sessions/{id}/fork': acting(decodeForkBody, (session, request, times) => forkOf(session, request, times)),
      'POST /sessions/{id}/reclaim': acting(decodeReclaimBody, (session, request, times) => reclaimOf(session, request, times)),
      'POST /sessions/{id}/close': acting(decodeCloseBody, (session, { head }, times) => closeSession(sessions, { session, head }, times)),
    },
    direct: create,
    refused,
  };
}

function idOf(parameters: Call['parameters']): string {
  return parameters['id'] ?? '';
}

function documentOf(bytes: Uint8Array): Answer {
  return {
    _tag: 'Answer',
    status: 200,
    document: { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), contentType: 'text/plain; charset=utf-8' },
  };
}
