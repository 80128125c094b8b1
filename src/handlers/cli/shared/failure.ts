/** Errors as the CLI tells them: words on stderr, JSON on stdout when asked for, and the exit code. Exhaustive over every `_tag`. */
import { assertNever } from '../../../domain/assert';
import { printableLines } from '../../../domain/codec/printable';
import { describeProblem, type Problem } from '../../../domain/codec/problem';
import type { RunError } from '../../../domain/run/prepare';
import type { MarketInputError } from '../../../ports/market-input';
import type { StoreError } from '../../../ports/run-files';
import { EXIT, type ExitCode } from './exit-codes';
import type { Io, TextSink } from './io';

export interface Failure {
  readonly exit: ExitCode;
  readonly code: string;
  readonly messages: readonly string[];
  readonly problems?: readonly Problem[];
  /** Further members of the error in JSON. */
  readonly more?: Readonly<Record<string, string | null>>;
}

/** Lines shown of a long list of problems; `--json` gives them all. */
const PROBLEMS_SHOWN = 20;

export function storeFailure(error: StoreError): Failure {
  switch (error._tag) {
    case 'NotFound':
      return { exit: EXIT.badInput, code: 'not_found', messages: [`${error.path}: no such file or directory`] };
    case 'Unreadable':
      return { exit: EXIT.badInput, code: 'unreadable', messages: [`${error.path}: cannot be read: ${error.reason}`] };
    case 'AlreadyExists':
      return { exit: EXIT.cannotWrite, code: 'already_exists', messages: [`${error.path}: ${error.reason}; --force replaces it`] };
    case 'Unwritable':
      return { exit: EXIT.cannotWrite, code: 'unwritable', messages: [`${error.path}: cannot be written: ${error.reason}`] };
    default:
      return assertNever(error);
  }
}

export function inputFailure(error: MarketInputError): Failure {
  return error._tag === 'InvalidInput' ? invalidFailure(error.source, error.problems) : storeFailure(error);
}

/** `source` is the input as the caller named it; empty for what is on the command line. */
export function invalidFailure(source: string, problems: readonly Problem[]): Failure {
  const shown = problems.slice(0, PROBLEMS_SHOWN).map((problem) => (source === '' ? problem.message : describeProblem(source, problem)));
  const more = problems.length > shown.length ? [`and ${String(problems.length - shown.length)} more mistakes; --json lists them all`] : [];
  return { exit: EXIT.badInput, code: 'invalid_input', messages: [...shown, ...more], problems };
}

export interface RunSources {
  readonly market: string;
  readonly strategy: string;
  readonly policy: string;
  readonly out: string;
  /** Gives problems of the strategy or the policy their lines. */
  readonly locate: (document: 'strategy' | 'policy', problems: readonly Problem[]) => readonly Problem[];
}

export function runFailure(error: RunError, sources: RunSources): Failure {
  switch (error._tag) {
    case 'InvalidRequest':
      switch (error.document) {
        case 'strategy':
        case 'policy':
          return invalidFailure(sources[error.document], sources.locate(error.document, error.problems));
        case 'initial_state':
          return invalidFailure('--cash', error.problems);
        case 'steps':
          return invalidFailure('--steps', error.problems);
        default:
          return assertNever(error.document);
      }
    case 'MarketUnreadable':
      return error.error._tag === 'Store'
        ? storeFailure(error.error.error)
        : invalidFailure(sources.market, [{ pointer: '', line: error.error.error.line, message: error.error.error.message }]);
    case 'MarketBroken':
      return invalidFailure(`${sources.out}/market.jsonl`, [{ pointer: '', line: error.line, message: error.message }]);
    case 'Interrupted':
      return interruptedFailure(error.steps, sources.out);
    default:
      return inputFailure(error);
  }
}

export function interruptedFailure(steps: number, where: string): Failure {
  const message =
    steps === 0
      ? 'interrupted before the first step'
      : `interrupted after ${String(steps)} steps; the unfinished, unsealed tape is ${where}/tape.jsonl.partial`;
  return { exit: EXIT.interrupted, code: 'interrupted', messages: [message] };
}

/** A mistake in what was asked for, told like one of the command line's own. */
export function usageFailure(message: string): Failure {
  return { exit: EXIT.badInput, code: 'usage', messages: [message] };
}

/** Several inputs of one command are `-`: the second would find nothing. */
export function stdinTwice(sources: Readonly<Record<string, string | undefined>>): Failure | undefined {
  const names = Object.entries(sources).flatMap(([name, path]) => (path === '-' ? [name] : []));
  return names.length < 2 ? undefined : usageFailure(`stdin can be read only once: ${names.join(' and ')} cannot both be -`);
}

/** Tells a failure and answers its exit code. `data` is where JSON goes: stdout, unless a command's own output is there. */
export async function fail(io: Io, json: boolean, failure: Failure, data: TextSink = io.stdout): Promise<ExitCode> {
  for (const message of failure.messages) await io.stderr.write(`ewm: ${printableLines(message)}\n`);
  if (json) {
    const { code, messages, problems, more } = failure;
    const error = { code, message: messages.join('\n'), ...(problems === undefined ? {} : { problems }), ...more };
    await data.write(`${JSON.stringify({ ok: false, error })}\n`);
  }
  return failure.exit;
}
