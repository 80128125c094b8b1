/** Running programs somewhere that is not this process. */
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Deadline } from './clock';
import type { Closable } from './closing';
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
  /** What came besides text, in order; nothing of it is kept. Absent where nothing came. */
  readonly dropped?: readonly DroppedContent[];
}

/** An image, a file, or a link to one. */
export interface DroppedContent {
  /** The interpreter's own word for it. */
  readonly type: string;
  readonly name?: string;
  readonly mediaType?: string;
  readonly bytes?: number;
}

/** What a program that failed left. */
export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Absent where the interpreter named none. */
  readonly exitCode?: number;
  /** False where more came than is taken, and the rest was not read. */
  readonly complete: boolean;
  readonly dropped: readonly DroppedContent[];
}

/** The program ran and failed: a non-zero exit, an error its interpreter reported, or more output than is taken. */
export interface ProgramFailed {
  readonly _tag: 'ProgramFailed';
  readonly reason: string;
  /** Absent where an interpreter keeps nothing of it. */
  readonly output?: ProgramOutput;
}

export interface CodeInterpreter {
  readonly source: Source;
  /** For a reader of a tape or a log: what answers, in a few words. A scripted one says that it runs nothing. */
  readonly label: string;
  /** One session for the programs of one run. Sends nothing: the first program starts it. Whoever opens it closes it. */
  readonly open: (runId: string) => CodeSession;
}

export interface CodeSession extends Closable {
  /**
   * Runs a program once. Programs of one session share its files and variables, and see nothing of another session. Not idempotent and never
   * repeated: after effect `unknown` the program may have run, wholly or in part. A session that could not be started is not started again:
   * later programs fail as the first one did. `operationId` names the act, for whoever follows it in a trace. Cost: one request, one more for the start, and the session's time until it is closed.
   */
  readonly execute: (program: Program, operationId: string, deadline: Deadline) => TaskEither<ProgramFailed | CallFailure, CodeResult>;
}
