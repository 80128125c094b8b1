/** Markup of the server as elements. Invariant: texts become text nodes and nothing is parsed. */
import type { Markup } from '../../markup/markup';

export function toNode(markup: Markup): Node {
  if (typeof markup === 'string') return document.createTextNode(markup);
  const element = document.createElement(markup.tag);
  for (const [name, value] of Object.entries(markup.attributes)) element.setAttribute(name, value);
  element.append(...markup.children.map(toNode));
  return element;
}
