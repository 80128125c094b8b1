/** What a run was about, in one line below its name: strategy and symbols, or the world, the period, and how long that is. */
import { h } from '../shared/dom';
import { grouped, plural } from '../shared/format';
import { entriesOf, parseJson, record, type RunModel, text } from '../shared/run-model';

const SYMBOLS_NAMED = 8;

/** Nothing where there is no world, and so none of these. */
export function runFacts(model: RunModel): HTMLElement | null {
  const { page, symbols, world } = model;
  const steps = entriesOf(model);
  const [first, last] = [steps[0]?.point, steps.at(-1)?.point];
  if (first === undefined || last === undefined) return null;
  const { name, version } = world?.page ?? record(record(parseJson(page.files['strategy.json'] ?? ''))['metadata']);
  const more = symbols.length - SYMBOLS_NAMED;
  const parts = [
    ...(typeof name === 'string' ? [`${name} ${text(version)}`.trim()] : []),
    ...(symbols.length === 0
      ? []
      : [`${symbols.slice(0, SYMBOLS_NAMED).join(', ')}${more > 0 ? ` and ${grouped(String(more))} more` : ''}`]),
    ...(first.time === undefined || last.time === undefined ? [] : [`${first.time} to ${last.time}${durationText(first.time, last.time)}`]),
    plural(page.sample?.steps_total ?? steps.length, 'step'),
  ];
  return h('p', { class: 'run-facts', id: 'run-facts' }, parts.join(' · '));
}

const DAY_MS = 86_400_000;

/** ` (10.2 years)`, where both are times; nothing where they are labels, or the same. */
export function durationText(first: string, last: string): string {
  const days = (Date.parse(last) - Date.parse(first)) / DAY_MS;
  if (!Number.isFinite(days) || days <= 0) return '';
  if (days >= 730) return ` (${(days / 365.25).toFixed(1)} years)`;
  if (days >= 2) return ` (${plural(Math.round(days), 'day')})`;
  return days * 24 >= 2 ? ` (${plural(Math.round(days * 24), 'hour')})` : ` (${plural(Math.max(1, Math.round(days * 1_440)), 'minute')})`;
}
