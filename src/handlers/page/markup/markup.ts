/**
 * Markup as data, written as HTML by the server and as elements by a browser, so that a part of a page exists once.
 * Invariant: texts and values of attributes are escaped in one place, and names of tags and attributes are literals of the program.
 */

export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Markup[];
}

export type Markup = string | Element;

export function el(tag: string, attributes: Readonly<Record<string, string>> = {}, ...children: readonly Markup[]): Element {
  return { tag, attributes, children };
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** For text and for quoted values of attributes alike. */
export function escapeHtml(text: string): string {
  return text.toWellFormed().replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

const VOID = new Set(['br', 'input', 'link', 'meta']);

export function toHtml(markup: Markup): string {
  if (typeof markup === 'string') return escapeHtml(markup);
  const { tag, attributes, children } = markup;
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeHtml(value)}"`);
  const open = `<${tag}${written.join('')}>`;
  // An HTML parser drops a newline that a text area begins with.
  const first = tag === 'textarea' || tag === 'pre' ? '\n' : '';
  return VOID.has(tag) ? open : `${open}${first}${children.map(toHtml).join('')}</${tag}>`;
}
