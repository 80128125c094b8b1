/**
 * What JSON.parse lets pass in silence: a key that stands twice in one object (the last would win), and nesting that would overflow the
 * stack of whatever recurses into the value. Invariant: one pass, no recursion, so any text can be checked.
 */

/** No document of the contract nests deeper than 6. Unit: levels. */
export const NESTING_MAX = 100;

export interface JsonFault {
  readonly message: string;
  /** UTF-16 offset into the text. */
  readonly offset: number;
}

const [QUOTE, BACKSLASH, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [34, 92, 44, 58, 91, 93, 123, 125] as const;

/** The first duplicate key or too deep nesting of `text`, which JSON.parse has accepted. */
export function jsonFault(text: string): JsonFault | undefined {
  // One entry a level; the sets are kept for the next object on that level. A list has none.
  const pool: Set<string>[] = [];
  const open: (Set<string> | undefined)[] = [];
  let keys: Set<string> | undefined;
  let atKey = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = closingQuote(text, at);
        if (atKey && keys !== undefined) {
          const key = keyText(text.slice(at, end + 1));
          if (keys.has(key)) return { message: `the key ${text.slice(at, end + 1)} stands twice in one object`, offset: at };
          keys.add(key);
        }
        at = end;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_LIST: {
        const isObject = text.charCodeAt(at) === OPEN_OBJECT;
        const level = open.length;
        if (level === NESTING_MAX) return { message: `nested deeper than ${String(NESTING_MAX)} levels`, offset: at };
        keys = isObject ? (pool[level] ??= new Set()) : undefined;
        keys?.clear();
        open.push(keys);
        atKey = isObject;
        break;
      }
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        open.pop();
        keys = open.at(-1);
        break;
      case COMMA:
        atKey = keys !== undefined;
        break;
      case COLON:
        atKey = false;
        break;
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
