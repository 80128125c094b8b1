/** A code interpreter that runs nothing: it answers from a script, and says so. For tests and for the local server. */
import { left, right } from 'fp-ts/Either';
import type { CodeInterpreter, Program } from '../../ports/code-interpreter';
import { isOver } from './clock';

export interface ScriptedOutcome {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}

export type CodeScript = (program: Program) => ScriptedOutcome;

export function makeScriptedCodeInterpreter(script: CodeScript = describeOnly): CodeInterpreter {
  return {
    source: 'local',
    label: 'scripted code interpreter: runs no code',
    open: () => ({
      execute: (program, _operationId, deadline) => () => {
        if (isOver(deadline)) {
          return Promise.resolve(
            left({ _tag: 'DeadlineExceeded', service: 'scripted-code-interpreter', operation: 'execute', effect: 'none' }),
          );
        }
        const { stdout = '', stderr = '', exitCode = 0 } = script(program);
        if (exitCode === 0) return Promise.resolve(right({ stdout, stderr, exitCode, dropped: [] }));
        const output = { stdout, stderr, exitCode, complete: true, dropped: [] };
        return Promise.resolve(left({ _tag: 'ProgramFailed', reason: `exit code ${String(exitCode)}`, output }));
      },
      close: () => Promise.resolve(0),
    }),
  };
}

function describeOnly(program: Program): ScriptedOutcome {
  return { stdout: `[scripted] ${program.language}, ${String(program.code.length)} characters, not run\n` };
}
