/** What is wrong with an input: where (JSON pointer, and line and column when a file is behind it), the value, and what is legal. */
import type { Context, Errors } from 'io-ts';
import { canonicalString } from '../canonical/canonical';

export interface Problem {
  /** RFC 6901 pointer into the document; `''` is the document itself. */
  readonly pointer: string;
  readonly message: string;
  /** 1-based position in the source text, where known. */
  readonly line?: number;
  readonly column?: number;
}

/** Long enough for a hash. */
const EXCERPT_CHARS = 80;

/** The problems behind a failed io-ts decode, in document order. */
export function problemsOf(errors: Errors): readonly Problem[] {
  return errors.map((error) => ({
    pointer: pointerOf(error.context),
    message: `${excerpt(error.value)}: ${error.message ?? `expected ${error.context.at(-1)?.type.name ?? 'another value'}`}`,
  }));
}

/** One RFC 6901 step. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The keys of an RFC 6901 pointer, from the outside in. */
export function pointerKeys(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A short, printable form of any JSON value. */
export function excerpt(value: unknown): string {
  if (typeof value === 'string') {
    const text = value.toWellFormed();
    return canonicalString(text.length > EXCERPT_CHARS ? `${text.slice(0, EXCERPT_CHARS).toWellFormed()}…` : text);
  }
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return `a list of ${String(value.length)}`;
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? String(value) : 'an object';
}

/** `file:line:column /pointer message`, leaving out what is not known. */
export function describeProblem(source: string, problem: Problem): string {
  const position =
    problem.line === undefined ? '' : `:${String(problem.line)}${problem.column === undefined ? '' : `:${String(problem.column)}`}`;
  return `${source}${position}: ${problem.pointer === '' ? '' : `${problem.pointer}: `}${problem.message}`;
}

function pointerOf(context: Context): string {
  return context
    .slice(1)
    .map((entry) => pointerStep(entry.key))
    .join('');
}
