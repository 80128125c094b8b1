/** JSON text that may be none. */

/** The value, or nothing where the text is no JSON; a text of `null` is a value. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
