/**
 * `ewm mcp`: the server until its client closes stdin, or it is told to stop.
 * Invariants: stdout is the protocol and nothing else; no call that has begun is left half done when the process ends.
 */
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { randomUUID } from 'node:crypto';
import { composeMcp } from '../../compose-stdio';
import type { Environment } from '../../config';
import type { Telemetry } from '../../../ports/telemetry';
import type { Invocation } from '../../http/edge/act';
import { routeCaller, type SessionActs } from '../../mcp/call-route';
import type { Scope } from '../../mcp/scope';
import { makeMcpServer, type McpParts } from '../../mcp/server';
import { bodyOf } from '../../mcp/tool';
import { environment } from '../shared/environment';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, storeFailure, usageFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { createBody } from '../session/session-body';
import { localSigning } from '../shared/sign-option';
import { stopSignal } from '../shared/stop-signal';
import { ended, givenUp } from './stdio-end';
import type { McpOptions } from './add-mcp-command';

/** Nobody gives up on a call but the client. Unit: ms. */
const ACT_MS = 900_000;
/** What calls that run may still take once the client is gone. Unit: ms. */
const STOP_GRACE_MS = 30_000;
/** The same name, documents and budget are the same session: a client that starts the server again goes on with the budget it had. */
const DEFAULT_NAME = 'mcp';

export async function mcpCommand(options: McpOptions, io: Io, env: Environment = environment()): Promise<ExitCode> {
  const signing = await localSigning(options);
  if (isLeft(signing)) return fail(io, false, signing.left);
  const composed = await composeMcp(options.data, env, telemetryTo(io), signing.right)();
  if (isLeft(composed)) {
    const { left: problem } = composed;
    const failure = problem._tag === 'BadConfig' ? badInput('bad_config', problem.messages) : storeFailure(problem);
    return fail(io, false, failure);
  }
  const { deadlineIn } = composed.right;
  const running = makeRunning();
  const parts: McpParts = { ...composed.right.parts, acts: running.counted(composed.right.parts.acts) };
  const invocation = (): Invocation => ({ requestId: randomUUID(), work: deadlineIn(ACT_MS), storing: deadlineIn(ACT_MS) });

  const scope = await scopeOf(options, parts, invocation());
  if (isLeft(scope)) return fail(io, false, scope.left);
  const { plane, session } = scope.right;
  await io.stderr.write(
    `ewm: MCP over stdin and stdout: ${session === undefined ? 'all sessions' : `session ${session}`}, plane ${plane}\n`,
  );

  const transport = new StdioServerTransport(process.stdin, process.stdout);
  const handle = serveStdio(() => makeMcpServer(parts, { scope: scope.right, invocation }), {
    transport,
    onerror: (error) => {
      void io.stderr.write(`ewm: ${error.message}\n`);
    },
  });
  const how = await Promise.race([ended(process.stdin), givenUp(transport), stopSignal(io, STOP_GRACE_MS).then(() => EXIT.ok)]);
  await running.drained();
  await handle.close();
  return how;
}

/** The session that is named, or made, and what its client may see. */
async function scopeOf(options: McpOptions, parts: McpParts, invocation: Invocation): Promise<Either<Failure, Scope>> {
  const { session: named, plane, data: _data, sign: _sign, signSegments: _segments, ...documents } = options;
  const makes = Object.values(documents).some((value) => value !== undefined);
  if (named !== undefined && makes) return left(usageFailure('--session names a session that is there: leave out what would make one'));
  if (named === undefined && !makes) {
    if (plane === 'agent')
      return left(usageFailure('the agent plane is about one session: name it with --session, or make it with --budget'));
    return right({ plane: plane ?? 'all' });
  }
  const callRoute = routeCaller(parts.acts, invocation);
  const body = named === undefined ? await createBody({ name: DEFAULT_NAME, ...documents }) : right({});
  if (isLeft(body)) return body;
  const answer =
    named === undefined
      ? await callRoute('POST /sessions', { body: body.right })
      : await callRoute('GET /sessions/{id}', { parameters: { id: named } });
  const { session_id: session, error } = bodyOf(answer);
  if (typeof session !== 'string') return left(badInput(error?.code ?? 'not_found', [error?.message ?? 'no session']));
  return right({ plane: plane ?? 'agent', session });
}

function badInput(code: string, messages: readonly string[]): Failure {
  return { exit: EXIT.badInput, code, messages };
}

/** Counts what runs, so that the end of the client is not the end of an act that is not yet recorded. */
function makeRunning(): { readonly counted: (acts: SessionActs) => SessionActs; readonly drained: () => Promise<unknown> } {
  const running = new Set<Promise<unknown>>();
  return {
    counted: (acts) =>
      Object.fromEntries(
        Object.entries(acts).map(([route, act]) => [
          route,
          (...args: Parameters<typeof act>) => {
            const call = act(...args);
            const drained = call.then(
              () => undefined,
              () => undefined,
            );
            running.add(drained);
            void drained.then(() => running.delete(drained));
            return call;
          },
        ]),
      ) as SessionActs,
    drained: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

function telemetryTo(io: Io): Telemetry {
  return {
    note: (level, event, fields = {}) => {
      if (level !== 'info') void io.stderr.write(`ewm: ${level}: ${event} ${JSON.stringify(fields)}\n`);
    },
    measure: () => undefined,
  };
}
