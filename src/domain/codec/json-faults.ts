/**
 * What JSON.parse lets pass in silence: a key that stands twice in one object (the last would win), a number that a double does not hold as it is
 * written (another would take its place), and nesting that would overflow the stack of whatever recurses into the value. Every way in for JSON
 * asks here, on every version of Node. Invariant: one pass, no recursion, so any text can be checked.
 */
import { pointerStep } from './problem';

/** No document of the contract nests deeper than 6. Unit: levels. */
export const NESTING_MAX = 100;

export interface JsonFault {
  readonly message: string;
  /** RFC 6901 pointer to the number, or to the object whose key it is; of nesting, which is too deep to point at, to the document. */
  readonly pointer: string;
  /** UTF-16 offset into the text. */
  readonly offset: number;
}

const [QUOTE, BACKSLASH, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, MINUS] = [34, 92, 44, 58, 91, 93, 123, 125, 45];
const [ZERO, NINE] = [48, 57] as const;

/** A list or an object that is open at some point of the text. */
interface Level {
  /** The keys of an object so far; the set is kept for the next object on that level. */
  readonly keys: Set<string>;
  isObject: boolean;
  /** Offset of the key of the present member. */
  keyAt: number;
  /** Index of the present item. */
  index: number;
}

/** The first fault of `text`, which JSON.parse has accepted. */
export function jsonFault(text: string): JsonFault | undefined {
  const levels: Level[] = [];
  let depth = 0;
  let inner: Level | undefined;
  let atKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    switch (code) {
      case QUOTE: {
        const end = closingQuote(text, at);
        if (atKey && inner !== undefined) {
          const key = keyText(text.slice(at, end + 1));
          if (inner.keys.has(key)) {
            const message = `the key ${text.slice(at, end + 1)} stands twice in one object`;
            return { message, pointer: pointerTo(text, levels, depth - 1), offset: at };
          }
          inner.keys.add(key);
          inner.keyAt = at;
        }
        at = end;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_LIST: {
        if (depth === NESTING_MAX) {
          return { message: `nested deeper than ${String(NESTING_MAX)} levels`, pointer: '', offset: at };
        }
        inner = levels[depth] ??= { keys: new Set(), isObject: true, keyAt: 0, index: 0 };
        inner.isObject = code === OPEN_OBJECT;
        inner.index = 0;
        if (inner.isObject) inner.keys.clear();
        atKey = inner.isObject;
        depth += 1;
        break;
      }
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        depth -= 1;
        inner = levels[depth - 1];
        break;
      case COMMA:
        if (inner === undefined) break;
        atKey = inner.isObject;
        inner.index += 1;
        break;
      case COLON:
        atKey = false;
        break;
      default:
        if (code !== MINUS && (code < ZERO || code > NINE)) break;
        const end = numberEnd(text, at);
        const message = numberFault(text.slice(at, end));
        if (message !== undefined) return { message, pointer: pointerTo(text, levels, depth), offset: at };
        at = end - 1;
    }
  }
  return undefined;
}

/** Offset of the quote that closes the string opened at `start`. */
function closingQuote(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    at += code === BACKSLASH ? 2 : 1;
  }
}

/** Two spellings of one key (`"a"` and `"\u0061"`) are the same key. */
function keyText(literal: string): string {
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1);
}

/** The pointer to where the walk stands, through the outermost `depth` levels. */
function pointerTo(text: string, levels: readonly Level[], depth: number): string {
  const steps = levels.slice(0, Math.max(0, depth)).map(({ isObject, keyAt, index }) => {
    return pointerStep(isObject ? keyText(text.slice(keyAt, closingQuote(text, keyAt) + 1)) : index);
  });
  return steps.join('');
}

/** Offset behind the number that starts at `start`: digits, point, exponent and signs. */
function numberEnd(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    const inNumber = (code >= ZERO && code <= NINE) || code === 46 || code === 69 || code === 101 || code === 43 || code === MINUS;
    if (!inNumber) return at;
    at += 1;
  }
}

/** A double holds every number of so many digits, wherever its point is. */
const EXACT_DIGITS = 15;

const INTEGER_BEYOND = `a JSON number keeps an integer of at most ${String(Number.MAX_SAFE_INTEGER)} as it is written; write it as a string`;

/** From here on JavaScript writes a number with an exponent, as most programs do: it was no integer with each of its digits meant. */
const EXPONENT_FROM = 10n ** 21n;

/**
 * What is wrong with a number whose text is lost, in a document that somebody else has parsed: from 2^53 on a double may stand for an integer that
 * was not written (RFC 7493). Digits that were lost behind a point do not show.
 */
export function parsedNumberFault(value: number): string | undefined {
  return isBeyond(value) ? `${String(value)}: ${INTEGER_BEYOND}` : undefined;
}

function isBeyond(value: number): boolean {
  const magnitude = Math.abs(value);
  return magnitude > Number.MAX_SAFE_INTEGER && magnitude < EXPONENT_FROM;
}

/** What is wrong with a number as it is written, or nothing. */
function numberFault(literal: string): string | undefined {
  if (literal.length <= EXACT_DIGITS && !/e/i.test(literal)) return undefined;
  // The number that the document will hold.
  const value = JSON.parse(literal) as number;
  if (!Number.isFinite(value)) return `${shortened(literal)}: beyond what a JSON number holds; write it as a string`;
  // With or without its text, the same numbers are taken.
  if (sameNumber(literal, String(value))) return isBeyond(value) ? `${shortened(literal)}: ${INTEGER_BEYOND}` : undefined;
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && !/[.e]/i.test(literal)
    ? `${shortened(literal)}: ${INTEGER_BEYOND}`
    : `${shortened(literal)}: more digits than a JSON number keeps (it would become ${String(value)}); write it as a string`;
}

/** Whether two texts of finite numbers name the same one. The sign of a zero is none. */
function sameNumber(a: string, b: string): boolean {
  const [left, right] = [significand(a), significand(b)];
  if (left.digits !== right.digits) return false;
  return left.digits === '' || (left.negative === right.negative && left.exponent() === right.exponent());
}

/** A number as an integer without zeros at either end (`''` for zero) times a power of ten. */
function significand(text: string): { readonly digits: string; readonly negative: boolean; readonly exponent: () => bigint } {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const negative = mantissa.startsWith('-');
  const [integer = '', fraction = ''] = (negative ? mantissa.slice(1) : mantissa).split('.');
  const all = integer + fraction;
  let [start, end] = [0, all.length];
  while (start < end && all.charCodeAt(start) === ZERO) start += 1;
  while (end > start && all.charCodeAt(end - 1) === ZERO) end -= 1;
  // Asked for numbers alone that are neither zero nor infinite, so it is a short one.
  const exponent = (): bigint => BigInt(power.replace('+', '')) + BigInt(all.length - end - fraction.length);
  return { digits: all.slice(start, end), negative, exponent };
}

const LITERAL_CHARS = 40;

function shortened(literal: string): string {
  return literal.length > LITERAL_CHARS ? `${literal.slice(0, LITERAL_CHARS)}…` : literal;
}
