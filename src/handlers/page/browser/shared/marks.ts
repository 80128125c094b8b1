/** Signs that mean the same everywhere on the page. Invariant: each has a shape and a word of its own; its colour only repeats them. */
import { h, svg } from './dom';

const SHAPES = {
  buy: { d: 'M6 1 11 7H8v4H4V7H1z' },
  sell: { d: 'M6 11 1 5h3V1h4v4h3z' },
  rejected: { d: 'M1.5 1.5h9v9h-9z' },
  tripped: { tag: 'circle', cx: '6', cy: '6', r: '5' },
  good: { d: 'M1 6.5 2.5 5l2.2 2.2L9.6 2 11 3.4 4.8 10.2z' },
  bad: { d: 'M2.4 1 6 4.6 9.6 1 11 2.4 7.4 6 11 9.6 9.6 11 6 7.4 2.4 11 1 9.6 4.6 6 1 2.4z' },
  open: { tag: 'circle', cx: '6', cy: '6', r: '4', fill: 'none', stroke: 'currentColor', 'stroke-width': '2' },
} as const;

export type MarkSign = keyof typeof SHAPES;

export function sign(kind: MarkSign): SVGSVGElement {
  return svg('0 0 12 12', [{ fill: 'currentColor', ...SHAPES[kind] }], `sign ${kind}`);
}

export type Tone = 'good' | 'bad' | 'warn' | 'plain' | 'rejected';

export function badge(kind: MarkSign, tone: Tone, words: string): HTMLElement {
  return h('span', { class: `badge ${tone}` }, sign(kind), words);
}

const DECISIONS: Readonly<Record<string, readonly [MarkSign, Tone]>> = {
  APPROVED: ['good', 'good'],
  REJECTED: ['rejected', 'rejected'],
  HOLD: ['open', 'plain'],
};

export function decisionBadge(decision: string): HTMLElement {
  const [kind, tone] = DECISIONS[decision] ?? (['open', 'plain'] as const);
  return badge(kind, tone, decision);
}

export function side(type: string): HTMLElement {
  const buy = type === 'PlaceBuy' || type === 'BUY';
  return h('span', { class: buy ? 'side buy' : 'side sell' }, sign(buy ? 'buy' : 'sell'), buy ? 'BUY' : 'SELL');
}
