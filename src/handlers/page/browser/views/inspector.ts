/**
 * One step under the glass: what was seen, what was wanted, what was decided and why, and what it changed. Arrow keys go from step to step.
 * Invariant: the panel shows the row as it stands on the tape; amounts are grouped, and nothing is rounded.
 */
import { formatDecimal } from '../../../../domain/decimal/decimal';
import { button, code, facts, fill, h } from '../shared/dom';
import { grouped, signed } from '../shared/format';
import { decisionBadge, side } from '../shared/marks';
import { type Entry, list, positionsBefore, record, type RunModel, type StepEntry, text } from '../shared/run-model';
import { miniTable } from './mini-table';

export interface Inspector<E> {
  readonly element: HTMLElement;
  readonly show: (entry: E) => void;
}

const PAGE_STEPS = 10;

/** `partsOf`: what the panel shows of a step. `onMove`: told which entry the reader went to. */
export function makeInspector<E extends Entry>(
  steps: readonly E[],
  partsOf: (entry: E) => readonly HTMLElement[],
  onMove: (entry: E) => void,
): Inspector<E> {
  let at = 0;
  const title = h('h2', { id: 'inspector-title' }, 'Step');
  const number = h('input', {
    id: 'inspector-step',
    attributes: { type: 'number', min: '0', max: String(steps.at(-1)?.point.step ?? 0), inputmode: 'numeric', autocomplete: 'off' },
  });
  const status = h('p', { class: 'hidden', attributes: { role: 'status' } });
  const body = h('div', { class: 'inspector-body' });
  const go = (to: number): void => {
    const entry = steps[Math.min(Math.max(to, 0), steps.length - 1)];
    if (entry !== undefined) onMove(entry);
  };
  const move = (label: string, name: string, by: () => number): HTMLButtonElement =>
    button(
      label,
      () => {
        go(by());
      },
      { attributes: { 'aria-label': name, title: name } },
    );
  const form = h(
    'form',
    { class: 'stepper', attributes: { 'aria-label': 'Go to a step' } },
    move('⇤', 'First step', () => 0),
    move('←', 'Previous step', () => at - 1),
    h('label', { attributes: { for: number.id } }, h('span', { class: 'hidden' }, 'Step number'), number),
    move('→', 'Next step', () => at + 1),
    move('⇥', 'Last step', () => steps.length - 1),
  );
  const goToNumber = (): void => {
    if (number.value !== '') go(nearest(steps, Number(number.value)));
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    goToNumber();
  });
  number.addEventListener('change', goToNumber);
  const element = h(
    'aside',
    { class: 'inspector', id: 'inspector', attributes: { 'aria-labelledby': 'inspector-title', tabindex: '0' } },
    h('div', { class: 'inspector-head' }, title, form, status),
    body,
  );

  const keys: Readonly<Record<string, () => number>> = {
    ArrowLeft: () => at - 1,
    ArrowRight: () => at + 1,
    PageUp: () => at - PAGE_STEPS,
    PageDown: () => at + PAGE_STEPS,
    Home: () => 0,
    End: () => steps.length - 1,
  };
  // Left and right work from everywhere but where they already mean something; the others scroll the page unless the panel has the focus.
  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    const to = keys[key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !(target instanceof Element)) return;
    const inside = element.contains(target) && !target.matches('input');
    if (
      !inside &&
      !(key.startsWith('Arrow') && target.closest('input, select, textarea, .table-scroll, .mini-scroll, pre, summary') === null)
    )
      return;
    event.preventDefault();
    go(to());
  });

  return {
    element,
    show: (entry) => {
      at = steps.indexOf(entry);
      const { step, time, decision } = entry.point;
      fill(title, `Step ${grouped(String(step))} `, time === undefined ? null : h('span', { class: 'inspector-time' }, time));
      number.value = String(step);
      const why = text(entry.row['why']);
      fill(status, `Step ${String(step)}: ${decision}${why === '' ? '' : `, ${why}`}`);
      fill(body, ...partsOf(entry));
    },
  };
}

/** The entry of this step, or the one before it where it is left out. */
export function nearest(steps: readonly Entry[], step: number): number {
  const after = steps.findIndex(({ point }) => point.step > step);
  return after === -1 ? steps.length - 1 : Math.max(0, after - 1);
}

export function stepParts(model: RunModel, entry: StepEntry): readonly HTMLElement[] {
  const { row, point } = entry;
  const errors = list(row['verifier_errors']).map(record);
  return [
    h('p', { class: 'why' }, decisionBadge(point.decision), ' ', text(row['why'])),
    ...(errors.length === 0
      ? []
      : [
          h('h3', {}, 'Violations'),
          h(
            'ul',
            { class: 'violations' },
            ...errors.map((error) =>
              h('li', {}, code(text(error['code'])), ` action ${text(error['action_index'])}: ${text(error['message'])}`),
            ),
          ),
        ]),
    h('h3', {}, 'Prices and signals'),
    signalTable(entry),
    ...actions(entry),
    h('h3', {}, 'State'),
    stateTable(model, entry),
    h('h3', {}, 'Row'),
    facts([
      ['row of tape.jsonl', String(entry.rowIndex)],
      ['hash', code(text(row['hash']))],
      ['prev_hash', code(text(row['prev_hash']))],
      ['state_hash', code(text(row['state_hash']))],
    ]),
  ];
}

function signalTable({ row }: StepEntry): HTMLElement {
  const [signals, rationales] = [record(row['signals']), record(row['rationales'])];
  const skipped = new Map(list(row['skipped']).map((skip) => [text(record(skip)['symbol']), text(record(skip)['reason'])]));
  return miniTable(
    'Prices and signals of the step',
    ['Symbol', 'Price', 'Signal', 'Why'],
    Object.entries(record(row['prices'])).map(([symbol, price]) => {
      const signal = signals[symbol] === undefined ? 'not in universe' : text(signals[symbol]);
      const skip = skipped.get(symbol);
      return [
        symbol,
        grouped(text(price)),
        signal === 'BUY' || signal === 'SELL' ? side(signal) : signal,
        h('span', {}, text(rationales[symbol] ?? ''), skip === undefined ? null : h('span', { class: 'skip' }, `skipped: ${skip}`)),
      ];
    }),
    1,
  );
}

function actions({ row, point }: StepEntry): readonly HTMLElement[] {
  const wanted = list(row['actions']).map(record);
  if (wanted.length === 0) return [h('h3', {}, 'Actions'), h('p', { class: 'quiet' }, 'None.')];
  const rows = wanted.map((action, index) => {
    const filled = point.fills.find(({ actionIndex }) => actionIndex === index);
    const refused = list(row['verifier_errors'])
      .map(record)
      .some((error) => error['action_index'] === index);
    const became = filled === undefined ? (refused ? 'refused' : 'not applied') : `filled, fee ${grouped(formatDecimal(filled.fee))}`;
    return [
      side(text(action['type'])),
      text(action['symbol']),
      grouped(text(action['quantity'])),
      grouped(text(action['price'])),
      filled === undefined ? '–' : grouped(formatDecimal(filled.notional)),
      became,
    ];
  });
  return [
    h('h3', {}, 'Actions and fills'),
    miniTable('Actions of the step and their fills', ['Side', 'Symbol', 'Quantity', 'Price', 'Notional', 'Became'], rows, 2, 3, 4),
  ];
}

function stateTable(model: RunModel, entry: StepEntry): HTMLElement {
  const delta = record(entry.row['state_delta']);
  const changes = record(delta['positions']);
  const before = positionsBefore(model, entry);
  const symbols = [...new Set([...(before?.keys() ?? []), ...Object.keys(changes)])].sort();
  const change = (name: string, value: unknown): readonly string[] => {
    const { before: from, after, delta: by } = record(value);
    return [name, grouped(text(from)), grouped(text(after)), text(by) === '0' ? '–' : signed(text(by))];
  };
  const rows = [
    ...['cash', 'equity', 'exposure'].map((name) => change(name, delta[name])),
    ...symbols.map((symbol) => {
      const held = before?.get(symbol) ?? '0';
      return change(symbol, changes[symbol] ?? { before: held, after: held, delta: '0' });
    }),
  ];
  return miniTable(
    `State before and after step ${String(entry.point.step)}${before === undefined ? '; of positions, those that changed' : ''}`,
    ['', 'Before', 'After', 'Change'],
    rows,
    1,
    2,
    3,
  );
}
