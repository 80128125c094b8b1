/** Sessions and their forks: what each was granted, spent and gave back. */
import { badge } from '../shared/marks';
import { h } from '../shared/dom';
import { shortHash } from '../shared/format';
import { list, record, text } from '../shared/run-model';
import { amountsText } from './costs';

export interface Listed {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
  readonly sealed: boolean;
  readonly granted: unknown;
  readonly spent: unknown;
  readonly returned: unknown;
}

export function listedOf(answer: unknown): readonly Listed[] {
  return list(record(answer)['sessions']).map((one) => {
    const { session_id: id, name, parent, status, granted, spent, returned } = record(one);
    const above = typeof parent === 'string' ? parent : null;
    return { id: text(id), name: text(name), parent: above, sealed: status === 'sealed', granted, spent, returned };
  });
}

/** A session whose parent is not listed stands at the top, and says whose child it is. */
export function treeOf(sessions: readonly Listed[], selected: string): HTMLElement {
  const known = new Set(sessions.map(({ id }) => id));
  const below = groups(sessions);
  const roots = sessions.filter(({ parent }) => parent === null || !known.has(parent));
  return branch(roots, below, selected);
}

function groups(sessions: readonly Listed[]): ReadonlyMap<string, readonly Listed[]> {
  const below = new Map<string, Listed[]>();
  for (const one of sessions) {
    if (one.parent === null) continue;
    const siblings = below.get(one.parent);
    if (siblings === undefined) below.set(one.parent, [one]);
    else siblings.push(one);
  }
  return below;
}

function branch(sessions: readonly Listed[], below: ReadonlyMap<string, readonly Listed[]>, selected: string): HTMLElement {
  const byName = [...sessions].sort((a, b) => (a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1));
  return h('ul', { class: 'tree' }, ...byName.map((one) => leaf(one, below, selected)));
}

function leaf(session: Listed, below: ReadonlyMap<string, readonly Listed[]>, selected: string): HTMLElement {
  const { id, name, parent, sealed, granted, spent, returned } = session;
  const children = below.get(id) ?? [];
  const current = id === selected ? { 'aria-current': 'true' } : {};
  return h(
    'li',
    {},
    h(
      'p',
      { class: 'leaf' },
      h('a', { id: `session-${id}`, attributes: { href: `#${id}`, ...current } }, name, ' ', h('code', {}, shortHash(id))),
      ' ',
      sealed ? badge('good', 'plain', 'sealed') : badge('open', 'good', 'open'),
    ),
    h(
      'p',
      { class: 'quiet spent' },
      `${parent === null ? 'may spend' : `granted by ${shortHash(parent)}:`} ${amountsText(granted)}; spent ${amountsText(spent)}`,
      returned === null ? '' : `; gave back ${amountsText(returned)}`,
      '.',
    ),
    children.length === 0 ? null : branch(children, below, selected),
  );
}
