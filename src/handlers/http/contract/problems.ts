/** Problems of a request as an answer tells them: bounded, whatever was sent. */
import type { Problem } from '../../../domain/codec/problem';
import type { InvalidRequest } from './errors';

const PROBLEMS_MAX = 50;
/** A pointer holds keys of the caller's making, and those have any length. Unit: characters. */
const TEXT_CHARS_MAX = 500;

export function invalidRequest(problems: readonly Problem[]): InvalidRequest {
  const shown = problems.slice(0, PROBLEMS_MAX).map((problem) => ({
    ...problem,
    pointer: clip(problem.pointer),
    message: clip(problem.message),
  }));
  return { code: 'invalid_request', message: summaryOf(shown, problems.length), problems: shown };
}

function summaryOf([first]: readonly Problem[], count: number): string {
  if (first === undefined) return 'the request is not valid';
  const where = first.line === undefined ? first.pointer || 'the body' : `line ${String(first.line)}, column ${String(first.column ?? 1)}`;
  const sentence = `${where}: ${first.message}`;
  return count === 1 ? sentence : `${String(count)} problems; the first is ${sentence}`;
}

function clip(text: string): string {
  const whole = text.toWellFormed();
  return whole.length > TEXT_CHARS_MAX ? `${whole.slice(0, TEXT_CHARS_MAX).toWellFormed()}…` : whole;
}

/** 1-based line and column of a UTF-16 offset. */
export function positionOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}
