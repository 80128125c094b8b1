/**
 * Elements from data. Invariant: a text of the data becomes a text node and nothing else, so no name in a run can become markup.
 */

type Child = Node | string | null;

export interface Props {
  readonly class?: string;
  readonly id?: string;
  /** Attributes as they are written: `aria-sort`, `scope`, `for`. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: (event: MouseEvent) => void;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (props.class !== undefined) element.className = props.class;
  if (props.id !== undefined) element.id = props.id;
  for (const [name, value] of Object.entries(props.attributes ?? {})) element.setAttribute(name, value);
  if (props.onClick !== undefined) element.addEventListener('click', props.onClick as (event: Event) => void);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A drawing of constant shapes. */
export function svg(viewBox: string, shapes: readonly Readonly<Record<string, string>>[], className: string): SVGSVGElement {
  const root = document.createElementNS(SVG, 'svg');
  root.setAttribute('viewBox', viewBox);
  root.setAttribute('class', className);
  root.setAttribute('aria-hidden', 'true');
  for (const { tag = 'path', ...attributes } of shapes) {
    const shape = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    root.append(shape);
  }
  return root;
}

/** Replaces what is in an element. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== null));
}

export function button(label: string, onClick: () => void, props: Props = {}): HTMLButtonElement {
  return h('button', { ...props, attributes: { type: 'button', ...props.attributes }, onClick }, label);
}

/** Pairs of a definition list; a pair without a value is left out. */
export function facts(pairs: readonly (readonly [string, Child | undefined])[], className = 'facts'): HTMLDListElement {
  return h(
    'dl',
    { class: className },
    ...pairs.flatMap(([term, value]) =>
      value === undefined || value === null ? [] : [h('div', {}, h('dt', {}, term), h('dd', {}, value))],
    ),
  );
}

export function code(text: string): HTMLElement {
  return h('code', {}, text);
}
