/** A small table of a panel, in a frame that scrolls by itself. */
import { h } from '../shared/dom';

export function miniTable(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (Node | string)[])[],
  ...numeric: readonly number[]
): HTMLElement {
  const props = (index: number): { readonly class?: string } => (numeric.includes(index) ? { class: 'numeric' } : {});
  return h(
    'div',
    { class: 'mini-scroll', attributes: { tabindex: '0', role: 'region', 'aria-label': caption } },
    h(
      'table',
      { class: 'mini' },
      h('caption', { class: 'hidden' }, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...heads.map((head, index) => (head === '' ? h('td') : h('th', { ...props(index), attributes: { scope: 'col' } }, head))),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map((cells) =>
          h(
            'tr',
            {},
            ...cells.map((cell, index) =>
              index === 0 && heads[0] === '' ? h('th', { attributes: { scope: 'row' } }, cell) : h('td', props(index), cell),
            ),
          ),
        ),
      ),
    ),
  );
}
