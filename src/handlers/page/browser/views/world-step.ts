/**
 * One step of a world file under the glass: what came in, what was done, what it changed, and the state it led to. Invariant: changes are shown as
 * they stand in the row; a state is shown where it follows from rows that are here.
 */
import { changesIn } from '../../../../domain/report/world-states';
import { amountOf } from '../../../../domain/report/world-charts';
import { formatDecimal } from '../../../../domain/decimal/decimal';
import { code, facts, h } from '../shared/dom';
import { signed } from '../shared/format';
import { badge, decisionBadge } from '../shared/marks';
import { list, record, text } from '../shared/run-model';
import type { WorldEntry, WorldModel } from '../shared/world-model';
import { miniTable } from './mini-table';
import { json } from './tables';
import { valueText } from './world-summary';

export function worldStepParts(world: WorldModel, entry: WorldEntry): readonly HTMLElement[] {
  const { row, point } = entry;
  const errors = list(row['verifier_errors']).map(record);
  const stated = errors.map((error) => text(error['code'])).join(', ');
  return [
    h('p', { class: 'why' }, decisionBadge(point.decision), stated === '' ? '' : ` ${stated}`),
    ...(errors.length === 0
      ? []
      : [
          h('h3', {}, 'Refused'),
          h(
            'ul',
            { class: 'violations' },
            ...errors.map((error) =>
              h('li', {}, code(text(error['code'])), ` action ${text(error['action_index'])}: ${text(error['message'])}`),
            ),
          ),
        ]),
    h('h3', {}, 'Input'),
    h('div', { class: 'json-value' }, json(row['input'])),
    h('h3', {}, 'Actions'),
    ...actionParts(entry),
    ...totalParts(world, entry),
    h('h3', {}, 'Changes of the state'),
    changeTable(entry),
    ...stateParts(world, entry),
    h('h3', {}, 'Row'),
    facts([
      ['row of tape.jsonl', String(entry.rowIndex)],
      ['fuel', valueText(row['fuel'])],
      ['hash', code(text(row['hash']))],
      ['prev_hash', code(text(row['prev_hash']))],
      ['state_hash', code(text(row['state_hash']))],
    ]),
  ];
}

function actionParts({ row, point }: WorldEntry): readonly HTMLElement[] {
  const wanted = list(row['actions']);
  if (wanted.length === 0) return [h('p', { class: 'quiet' }, 'None.')];
  const became = (index: number): Node => {
    if (point.decision === 'APPROVED') return badge('good', 'good', 'applied');
    const refused = list(row['verifier_errors']).some((error) => record(error)['action_index'] === index);
    return refused ? badge('rejected', 'rejected', 'refused') : badge('open', 'plain', 'not applied');
  };
  return [
    miniTable(
      'Actions of the step',
      ['Action', 'Became'],
      wanted.map((action, index) => [json(action), became(index)]),
    ),
  ];
}

/** Beside those of the step before, where that is here. */
function totalParts({ entries }: WorldModel, entry: WorldEntry): readonly HTMLElement[] {
  const totals = record(entry.row['totals']);
  const names = Object.keys(totals);
  if (names.length === 0) return [];
  const at = entries.indexOf(entry);
  const last = entries[at - 1];
  const before = record(last?.point.step === entry.point.step - 1 ? last.row['totals'] : undefined);
  const change = (name: string): string => {
    const [from, to] = [amountOf(before[name]), amountOf(totals[name])];
    if (from === undefined || to === undefined) return '';
    return from === to ? '–' : signed(formatDecimal(to - from));
  };
  return [
    h('h3', {}, 'Totals'),
    miniTable(
      `Totals after step ${String(entry.point.step)}`,
      ['', 'After', 'Change'],
      names.map((name) => [name, valueText(totals[name]), change(name)]),
      1,
      2,
    ),
  ];
}

const CHANGES_SHOWN = 200;

function changeTable({ row }: WorldEntry): HTMLElement {
  const changes = changesIn(row['changes']);
  if (changes === undefined)
    return h('p', { class: 'quiet' }, row['state'] === undefined ? 'None that can be read.' : 'The row holds the whole state.');
  if (changes.length === 0) return h('p', { class: 'quiet' }, 'None.');
  const side = (value: unknown): Node | string => (value === undefined ? '–' : json(value));
  const more = changes.length > CHANGES_SHOWN ? ` (the first ${String(CHANGES_SHOWN)} of ${String(changes.length)})` : '';
  return miniTable(
    `What the step changed${more}`,
    ['Member', 'Before', 'After'],
    changes.slice(0, CHANGES_SHOWN).map(({ path, before, after }) => [code(path), side(before), side(after)]),
  );
}

function stateParts({ entries, states }: WorldModel, entry: WorldEntry): readonly HTMLElement[] {
  const { before, after } = states.around(entries.indexOf(entry));
  const whole = (title: string, state: unknown): HTMLElement =>
    h(
      'details',
      { class: 'document' },
      h('summary', {}, title),
      h('pre', { attributes: { tabindex: '0', 'aria-label': title } }, JSON.stringify(state, null, 2)),
    );
  return [
    h('h3', {}, 'State'),
    ...(before === undefined ? [] : [whole('Before the step', before)]),
    after === undefined
      ? h(
          'p',
          { class: 'quiet' },
          'Rows before this one are left out, so the whole state does not follow from what is here: ewm replay shows it.',
        )
      : whole('After the step', after),
  ];
}
