/** Ending a session of AgentCore, and telling an operator of one that may still run. */
import { isLeft } from 'fp-ts/Either';
import type { CallFailure } from '../../ports/dependency';
import { SESSIONS_NOT_STOPPED, type Telemetry } from '../../ports/telemetry';
import { attempt, type AwsCall, errorName } from '../aws/attempt';
import { AGENTCORE } from './client';

/** How many sessions may still run: 0 or 1. A session that the service does not know any more is none. */
export async function stopSession(
  telemetry: Telemetry,
  operation: string,
  sessionId: string,
  timeoutMs: number,
  send: (abortSignal: AbortSignal) => Promise<unknown>,
): Promise<number> {
  const call: AwsCall = { service: AGENTCORE, operation, kind: 'write', deadline: { remainingMs: () => timeoutMs } };
  const stopped = await attempt(call, async (abortSignal) => {
    try {
      await send(abortSignal);
    } catch (error) {
      if (errorName(error) !== 'ResourceNotFoundException') throw error;
    }
  });
  if (!isLeft(stopped)) return 0;
  noteUnstopped(telemetry, operation, sessionId, stopped.left);
  return 1;
}

/** Without an id: a start whose answer was lost. */
export function noteUnstopped(telemetry: Telemetry, operation: string, sessionId: string | undefined, failure: CallFailure): void {
  telemetry.measure(SESSIONS_NOT_STOPPED, 'Count', 1);
  const reason = failure._tag === 'DependencyFailed' ? failure.reason : 'no answer in time';
  telemetry.note('warn', 'session_not_stopped', { operation, ...(sessionId === undefined ? {} : { session_id: sessionId }), reason });
}
