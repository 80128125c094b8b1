/** A handler of one mode in this process, with stand-ins for everything remote: for whoever asks what a request would take, with no API at hand. */
import { isLeft, right } from 'fp-ts/Either';
import type { Either } from 'fp-ts/Either';
import { makeMemoryArtifactStore } from '../adapters/in-process/artifact-store';
import { makeScriptedCodeInterpreter } from '../adapters/in-process/code-interpreter';
import { makeInProcessMemory } from '../adapters/in-process/memory';
import { makeScriptedPlanner } from '../adapters/in-process/planner';
import { silentTelemetry } from '../adapters/in-process/telemetry';
import { FUNCTIONS } from './compose-http';
import { decodeHandlerConfig, type Environment } from './config';
import type { HttpMode } from './http/contract/response';
import type { Handler } from './http/edge/handler';

/** What the day has left is nobody's business here: a quote takes nothing from it. */
export function quotingHandler(mode: HttpMode, env: Environment): Either<readonly string[], Handler> {
  const decoded = decodeHandlerConfig({ ...env, EWM_DAY_BUDGET: '' });
  if (isLeft(decoded)) return decoded;
  const settings = { ...decoded.right, enabled: { memory: true, code_interpreter: true, planner: true } };
  return right(
    FUNCTIONS[mode](settings, {
      artifacts: makeMemoryArtifactStore(),
      interpreter: makeScriptedCodeInterpreter(),
      planner: makeScriptedPlanner(),
      memory: makeInProcessMemory(),
      telemetry: silentTelemetry,
      openApi: () => '',
    }),
  );
}
