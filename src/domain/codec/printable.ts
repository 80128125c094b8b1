/** Text that came from a file or from somebody else, made safe to print. Invariant: nothing that was read drives the terminal it is shown on. */
import { excerpt } from './problem';

/** Control characters, line and paragraph separators, and those that turn the direction of text around. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const CONTROLS_IN_LINES = /[^\P{Cc}\n\t]|[\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** On one line, each such character as `\u001b`. */
export function printable(text: string): string {
  return text.replace(CONTROLS, escaped);
}

/** The same for text of several lines, whose line ends and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(CONTROLS_IN_LINES, escaped);
}

/** A name or a cell in quotes, cut to a length that fits a message. */
export function quoted(text: string): string {
  return printable(excerpt(text));
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
