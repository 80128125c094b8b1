/** MCP over stdin and stdout. Apart from the function, which brings neither files nor a sandbox. */
import { isLeft, right } from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { deadlineIn } from '../adapters/in-process/clock';
import type { Deadline } from '../ports/clock';
import type { Telemetry } from '../ports/telemetry';
import { mcpParts } from './compose-mcp';
import { type SessionsProblem, sessionsIn } from './compose-sessions';
import type { LocalSigning } from './compose-signing';
import type { Environment } from './config';
import type { McpParts } from './mcp/server';

/** Sessions in a directory of this machine, for a client that is a process beside this one. */
export function composeMcp(
  directory: string,
  env: Environment,
  telemetry: Telemetry,
  signing?: LocalSigning,
): TaskEither<SessionsProblem, { readonly parts: McpParts; readonly deadlineIn: (timeoutMs: number) => Deadline }> {
  return async () => {
    const found = await sessionsIn(directory, env, telemetry, signing)();
    return isLeft(found) ? found : right({ parts: mcpParts(found.right.settings, found.right.ports), deadlineIn });
  };
}
