/** How a call to the outside failed, as it stands on a tape. */
import type { ProgramFailed } from '../../ports/code-interpreter';
import type { CallFailure } from '../../ports/dependency';
import type { StaleRead } from '../../ports/memory';
import type { MalformedPlan } from '../../ports/planner';
import { assertNever } from '../assert';
import { describeProblem } from '../codec/problem';
import { programEvidence } from './program-evidence';
import { dependencyError, staleReadError } from './stop';
import type { CallError, RecordedResult } from './tool';

/** How the failures that a port tells in words begin. */
export const PROGRAM_FAILED = 'the program failed: ';
export const NOT_A_PLAN = "the planner's answer is not a plan: ";

export type OutsideFailure = CallFailure | StaleRead | ProgramFailed | MalformedPlan;

export function failedCall(failure: OutsideFailure): RecordedResult {
  const error = callError(failure);
  return failure._tag === 'ProgramFailed' && failure.output !== undefined
    ? { ok: false, error, result: programEvidence(failure.output) }
    : { ok: false, error };
}

function callError(failure: OutsideFailure): CallError {
  switch (failure._tag) {
    case 'DependencyFailed':
    case 'DeadlineExceeded':
      return dependencyError(failure);
    case 'StaleRead':
      return staleReadError(failure);
    case 'ProgramFailed':
      return { code: 'tool_failed', message: `${PROGRAM_FAILED}${failure.reason.toWellFormed()}` };
    case 'MalformedPlan':
      return {
        code: 'tool_failed',
        message: `${NOT_A_PLAN}${failure.problems.map((problem) => describeProblem('answer', problem)).join('; ')}`,
      };
    default:
      return assertNever(failure);
  }
}
