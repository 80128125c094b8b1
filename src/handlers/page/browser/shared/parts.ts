/** The parts of a page below its head: a bar of links, and a section for each. Invariant: a part that cannot be drawn says so and keeps no other from it. */
import { fill, h } from './dom';
import { painted } from './painted';

export interface PagePart {
  readonly id: string;
  readonly title: string;
  readonly make: () => HTMLElement;
}

export interface Parts {
  readonly skip: HTMLElement;
  readonly links: HTMLElement;
  readonly main: HTMLElement;
  /** One part after the other: what is read first is not kept waiting for what is drawn below. */
  readonly draw: () => Promise<void>;
}

/** `unreadable`: said of a part that throws, with what it threw. */
export function makeParts(parts: readonly PagePart[], unreadable: (fault: string) => string): Parts {
  const sections = parts.map((part) => ({ ...part, host: h('div', { class: 'part' }) }));
  const guarded = (make: () => HTMLElement): HTMLElement => {
    try {
      return make();
    } catch (error) {
      return h('p', { class: 'note' }, unreadable(error instanceof Error ? error.message : 'unknown'));
    }
  };
  return {
    skip: h('a', { class: 'skip-link', attributes: { href: '#summary' } }, 'Skip to the summary'),
    links: h(
      'nav',
      { attributes: { 'aria-label': 'Parts of the report' } },
      ...sections.map(({ id, title }) => h('a', { attributes: { href: `#${id}` } }, title)),
    ),
    main: h(
      'main',
      {},
      ...sections.map(({ id, title, host }) =>
        h('section', { id, attributes: { 'aria-labelledby': `${id}-title` } }, h('h2', { id: `${id}-title` }, title), host),
      ),
    ),
    draw: async () => {
      for (const { host, make } of sections) {
        fill(host, guarded(make));
        await painted();
      }
      // A link to a part was followed while the parts above it were empty.
      if (sections.some(({ id }) => location.hash === `#${id}`)) document.querySelector(location.hash)?.scrollIntoView();
    },
  };
}
