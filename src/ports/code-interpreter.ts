/** Running a program somewhere that is not this process. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from './clock';
import type { CallFailure, Source } from './dependency';

export const CODE_LANGUAGES = ['python', 'javascript', 'typescript'] as const;

export type CodeLanguage = (typeof CODE_LANGUAGES)[number];

export interface Program {
  readonly language: CodeLanguage;
  readonly code: string;
}

/** What a program that ended well left. */
export interface CodeResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: 0;
}

/** The program ran and failed: a non-zero exit, an error its interpreter reported, or more output than is taken. */
export interface ProgramFailed {
  readonly _tag: 'ProgramFailed';
  readonly reason: string;
  /** As far as it was read. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number;
}

export interface CodeInterpreter {
  readonly source: Source;
  /** For a reader of a tape or a log: what answers, in a few words. A scripted one says that it runs nothing. */
  readonly label: string;

  /**
   * Runs a program once, in a fresh session that sees no other program and is always ended. Not idempotent and never repeated: after effect
   * `unknown` the program may have run, wholly or in part. Cost: three requests (start, invoke, stop) and the session's time.
   */
  readonly execute: (program: Program, deadline: Deadline) => TaskEither<ProgramFailed | CallFailure, CodeResult>;
}
