/** Drawings of lines, boxes and words. Invariant: a colour comes from a class of the style sheet, a word is a text node, and a drawing has a name. */

const SVG = 'http://www.w3.org/2000/svg';

export type Shape = SVGElement;

/** As wide as its shapes need, so that words keep the size of words; what holds it scrolls. */
export function drawing(width: number, height: number, name: string, shapes: readonly Shape[]): SVGSVGElement {
  const root = document.createElementNS(SVG, 'svg');
  const attributes = {
    width,
    height,
    viewBox: `0 0 ${String(width)} ${String(height)}`,
    role: 'img',
    'aria-label': name,
    class: 'drawing',
  };
  for (const [key, value] of Object.entries(attributes)) root.setAttribute(key, String(value));
  root.append(...shapes);
  return root;
}

function shape(tag: string, className: string, attributes: Readonly<Record<string, number | string>>): Shape {
  const element = document.createElementNS(SVG, tag);
  element.setAttribute('class', className);
  for (const [key, value] of Object.entries(attributes))
    element.setAttribute(key, typeof value === 'number' ? String(Math.round(value * 10) / 10) : value);
  return element;
}

export function line(className: string, x1: number, y1: number, x2: number, y2: number): Shape {
  return shape('line', className, { x1, y1, x2, y2 });
}

/** Between two corners, in any order. */
export function box(className: string, x1: number, y1: number, x2: number, y2: number): Shape {
  return shape('rect', className, {
    x: Math.min(x1, x2),
    y: Math.min(y1, y2),
    width: Math.abs(x2 - x1),
    height: Math.max(1, Math.abs(y2 - y1)),
  });
}

export function dot(className: string, cx: number, cy: number, r: number): Shape {
  return shape('circle', className, { cx, cy, r });
}

export function diamond(className: string, x: number, y: number, r: number): Shape {
  return shape('path', className, {
    d: `M${String(x)} ${String(y - r)}l${String(r)} ${String(r)}-${String(r)} ${String(r)}-${String(r)}-${String(r)}z`,
  });
}

export function words(className: string, x: number, y: number, anchor: 'start' | 'middle' | 'end', text: string): Shape {
  const element = shape('text', className, { x, y, 'text-anchor': anchor });
  element.append(text);
  return element;
}

/** What the reader sees while the pointer rests on a shape. */
export function titled(element: Shape, text: string): Shape {
  const title = document.createElementNS(SVG, 'title');
  title.append(text);
  element.append(title);
  return element;
}
