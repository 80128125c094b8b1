/** The Markdown that our reports are written in, as elements: headings, paragraphs, tables, code. What is not known stays text. */
import { code, h } from '../shared/dom';

export function markdown(text: string): readonly HTMLElement[] {
  return text
    .split(/\n{2,}/)
    .map((block) => block.split('\n').filter((line) => line !== ''))
    .filter((lines) => lines.length > 0)
    .map(block);
}

function block(lines: readonly string[]): HTMLElement {
  const [first = ''] = lines;
  const [, level = '', title = ''] = /^(#{1,3}) (.*)$/.exec(first) ?? [];
  if (level !== '' && lines.length === 1) return h(level.length === 1 ? 'h1' : level.length === 2 ? 'h2' : 'h3', {}, ...inline(title));
  if (lines.every((line) => line.startsWith('|')) && /^\|[ :|-]+\|$/.test(lines[1] ?? '')) return table(lines);
  if (lines.every((line) => line.startsWith('- '))) return h('ul', {}, ...lines.map((line) => h('li', {}, ...inline(line.slice(2)))));
  return h('p', {}, ...inline(lines.join(' ')));
}

function table([head = '', rule = '', ...rows]: readonly string[]): HTMLElement {
  const right = cells(rule).map((cell) => cell.endsWith(':'));
  const row = (line: string, tag: 'th' | 'td'): HTMLElement =>
    h('tr', {}, ...cells(line).map((cell, column) => h(tag, right[column] === true ? { class: 'number' } : {}, ...inline(cell))));
  // A table of names and values has no head.
  const headed = cells(head).some((cell) => cell !== '');
  return h(
    'div',
    { class: 'wide' },
    h('table', {}, ...(headed ? [h('thead', {}, row(head, 'th'))] : []), h('tbody', {}, ...rows.map((line) => row(line, 'td')))),
  );
}

/** A `\|` does not end a cell. */
function cells(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

function inline(text: string): readonly (HTMLElement | string)[] {
  return text.split(/(`[^`]*`)/).map((part) => (part.startsWith('`') && part.length > 1 ? code(part.slice(1, -1)) : unescaped(part)));
}

function unescaped(text: string): string {
  return text.replace(/\\([\\`|<>*_[\]])/g, '$1');
}
