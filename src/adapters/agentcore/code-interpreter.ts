/**
 * Programs in a session of AgentCore Code Interpreter: one start, an invoke a program, one stop.
 * Invariant: a session that was started is told to stop when it is closed, whatever happened in between. A start whose answer is lost leaves a
 * session nobody knows, which the service ends when its own timeout is over; it is counted among those that could not be stopped.
 */
import {
  type BedrockAgentCoreClient,
  type CodeInterpreterResult,
  type CodeInterpreterStreamOutput,
  type ContentBlock,
  InvokeCodeInterpreterCommand,
  StartCodeInterpreterSessionCommand,
  StopCodeInterpreterSessionCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Deadline } from '../../ports/clock';
import { CLOSE_MS_MAX } from '../../ports/closing';
import type { CodeInterpreter, CodeResult, CodeSession, DroppedContent, Program, ProgramFailed } from '../../ports/code-interpreter';
import type { CallFailure } from '../../ports/dependency';
import type { Telemetry } from '../../ports/telemetry';
import { attempt, type AwsCall, unusable } from '../aws/attempt';
import { AGENTCORE } from './client';
import { noteUnstopped, stopSession } from './stop-session';

export interface AgentCoreCodeInterpreterDeps {
  readonly client: BedrockAgentCoreClient;
  /** `aws.codeinterpreter.v1`, or the id of one of your own. */
  readonly codeInterpreterId: string;
  readonly telemetry: Telemetry;
  /** The longest that ending a session may take. */
  readonly stopTimeoutMs?: number;
  /** The most that is taken of stdout and stderr together. */
  readonly outputBytesMax?: number;
}

const OUTPUT_BYTES_MAX = 256 * 1024;

/** A lost session may outlive the invocation by this much, not by the service's 15 minutes. Unit: seconds. */
const SESSION_GRACE_SECONDS = 30;
/** What the service takes. Unit: seconds. */
const SESSION_SECONDS_MAX = 28_800;

export function makeAgentCoreCodeInterpreter(deps: AgentCoreCodeInterpreterDeps): CodeInterpreter {
  return {
    source: 'remote',
    label: 'Amazon Bedrock AgentCore Code Interpreter',
    open: () => openSession(deps),
  };
}

function openSession(deps: AgentCoreCodeInterpreterDeps): CodeSession {
  let started: Promise<Either<CallFailure, string>> | undefined;
  return {
    execute: (program, _operationId, deadline) => async () => {
      started ??= start(deps, deadline);
      const sessionId = await started;
      return isLeft(sessionId) ? sessionId : invoke(deps, sessionId.right, program, deadline);
    },
    close: async () => {
      const sessionId = await started;
      if (sessionId === undefined) return 0;
      if (!isLeft(sessionId)) return stop(deps, sessionId.right);
      if (sessionId.left.effect === 'none') return 0;
      noteUnstopped(deps.telemetry, START, undefined, sessionId.left);
      return 1;
    },
  };
}

const START = 'StartCodeInterpreterSession';

async function start(deps: AgentCoreCodeInterpreterDeps, deadline: Deadline): Promise<Either<CallFailure, string>> {
  const call: AwsCall = { service: AGENTCORE, operation: START, kind: 'write', deadline };
  const remainingSeconds = Math.ceil(Math.max(deadline.remainingMs(), 0) / 1000);
  const started = await attempt(call, (abortSignal) => {
    const command = new StartCodeInterpreterSessionCommand({
      codeInterpreterIdentifier: deps.codeInterpreterId,
      name: 'executable-world-models',
      sessionTimeoutSeconds: Math.min(remainingSeconds + SESSION_GRACE_SECONDS, SESSION_SECONDS_MAX),
    });
    return deps.client.send(command, { abortSignal });
  });
  if (isLeft(started)) return started;
  const { sessionId } = started.right;
  return sessionId === undefined || sessionId === '' ? left(unusable(call, 'sessionId: missing in the answer')) : right(sessionId);
}

async function invoke(
  deps: AgentCoreCodeInterpreterDeps,
  sessionId: string,
  program: Program,
  deadline: Deadline,
): Promise<Either<ProgramFailed | CallFailure, CodeResult>> {
  const call: AwsCall = { service: AGENTCORE, operation: 'InvokeCodeInterpreter', kind: 'write', deadline };
  const transcript = await attempt(call, async (abortSignal) => {
    const command = new InvokeCodeInterpreterCommand({
      codeInterpreterIdentifier: deps.codeInterpreterId,
      sessionId,
      name: 'executeCode',
      arguments: { language: program.language, code: program.code },
    });
    const { stream } = await deps.client.send(command, { abortSignal });
    return readResults(stream, deps.outputBytesMax ?? OUTPUT_BYTES_MAX);
  });
  if (isLeft(transcript)) return transcript;
  // A stream may end without an error and without a word; that is no success.
  if (transcript.right.results === 0) return left(unusable(call, 'stream: it ended without a result'));
  return outcomeOf(transcript.right);
}

interface Transcript {
  results: number;
  dropped: DroppedContent[];
  stdout: string;
  stderr: string;
  isError: boolean;
  tooLong: boolean;
  exitCode?: number;
}

/** Reads to the end, for what fails after the first frame shows only there; stops early when the program writes without end. */
async function readResults(stream: AsyncIterable<CodeInterpreterStreamOutput> | undefined, outputBytesMax: number): Promise<Transcript> {
  const transcript: Transcript = { results: 0, dropped: [], stdout: '', stderr: '', isError: false, tooLong: false };
  let outputBytes = 0;
  for await (const { result } of stream ?? []) {
    if (result === undefined) continue;
    const { stdout, stderr } = textOf(result);
    outputBytes += Buffer.byteLength(stdout) + Buffer.byteLength(stderr);
    transcript.results += 1;
    transcript.isError ||= result.isError === true || FAILED.has(result.structuredContent?.taskStatus ?? '');
    // The first failing exit stands; a later frame does not undo it.
    if ((transcript.exitCode ?? 0) === 0) transcript.exitCode = result.structuredContent?.exitCode ?? transcript.exitCode ?? 0;
    // However many blocks there are, they are counted; whoever writes them down names a few.
    transcript.dropped.push(...(result.content ?? []).flatMap(droppedOf));
    transcript.tooLong = outputBytes > outputBytesMax || transcript.dropped.length > DROPPED_MAX;
    // Leaving the loop closes the stream and its socket.
    if (transcript.tooLong) break;
    transcript.stdout += stdout;
    transcript.stderr += stderr;
  }
  return transcript;
}

/** More of them is output without end. */
const DROPPED_MAX = 10_000;

/** What a block is that is no text of the program. */
function droppedOf({ type, text, data, mimeType, uri, name, size, resource }: ContentBlock): readonly DroppedContent[] {
  if (type === 'text' && data === undefined && resource === undefined) return [];
  const called = name ?? uri ?? resource?.uri;
  const mediaType = mimeType ?? resource?.mimeType;
  const held = data ?? resource?.blob;
  const written = resource?.text ?? (type === 'text' ? undefined : text);
  const bytes = held?.length ?? (written === undefined ? size : Buffer.byteLength(written));
  return [
    {
      type: type ?? 'unknown',
      ...(called === undefined ? {} : { name: called }),
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(bytes === undefined ? {} : { bytes }),
    },
  ];
}

const FAILED = new Set(['failed', 'canceled']);

/** Structured output where there is some, else the text blocks; images and files are not output of a program. */
function textOf(result: CodeInterpreterResult): { readonly stdout: string; readonly stderr: string } {
  const { stdout, stderr } = result.structuredContent ?? {};
  if (stdout !== undefined || stderr !== undefined) return { stdout: (stdout ?? '').toWellFormed(), stderr: (stderr ?? '').toWellFormed() };
  const text = (result.content ?? [])
    .map((block) => (block.type === 'text' ? (block.text ?? '') : ''))
    .join('')
    .toWellFormed();
  return result.isError === true ? { stdout: '', stderr: text } : { stdout: text, stderr: '' };
}

function outcomeOf(transcript: Transcript): Either<ProgramFailed, CodeResult> {
  const { stdout, stderr, exitCode = 0, tooLong, dropped } = transcript;
  const output = { stdout, stderr, ...(exitCode === 0 ? {} : { exitCode }), complete: !tooLong, dropped };
  const failed = (reason: string): Either<ProgramFailed, CodeResult> => left({ _tag: 'ProgramFailed', reason, output });
  if (tooLong) return failed('more output than is taken');
  if (exitCode !== 0) return failed(`exit code ${String(exitCode)}`);
  if (transcript.isError) return failed('the interpreter reported an error');
  return right({ stdout, stderr, exitCode, dropped });
}

/** What the programs came to stands whether or not their session could be ended. */
function stop(deps: AgentCoreCodeInterpreterDeps, sessionId: string): Promise<number> {
  return stopSession(deps.telemetry, 'StopCodeInterpreterSession', sessionId, deps.stopTimeoutMs ?? CLOSE_MS_MAX, (abortSignal) =>
    deps.client.send(new StopCodeInterpreterSessionCommand({ codeInterpreterIdentifier: deps.codeInterpreterId, sessionId }), {
      abortSignal,
    }),
  );
}
