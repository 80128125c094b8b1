/** The stop switch of a data directory, as a command meets it that would begin something. */
import { lookAt } from '../../../domain/agent/stop-switch';
import type { StoppedByOperator } from '../../../domain/agent/stop';
import { local } from '../../compose';
import { EXIT } from './exit-codes';
import type { Failure } from './failure';

/** Why nothing is begun, if so. */
export async function stoppedIn(directory: string): Promise<Failure | undefined> {
  const stopped = await lookAt(local.stopSwitch(directory))(local.noDeadline);
  return stopped === undefined ? undefined : stoppedFailure(stopped);
}

export function stoppedFailure({ code, message, who, why, at }: StoppedByOperator): Failure {
  return { exit: EXIT.refused, code, messages: [`${message}; ewm resume lets it go on`], more: { who, why, at } };
}
