/** The tables of a run in a world file: its steps, and the log of its actions. */
import { h } from '../shared/dom';
import { plural } from '../shared/format';
import { badge, decisionBadge } from '../shared/marks';
import { fillsAreCounted, list, record, type RunModel, text } from '../shared/run-model';
import type { WorldEntry, WorldModel } from '../shared/world-model';
import { type Column, type DataTable, makeTable } from './table';
import { json } from './tables';
import { valueText } from './world-summary';

const STEP_ROWS = 20;
const ACTION_ROWS = 50;
/** Totals that have a column of their own; the panel of a step has them all. */
const TOTAL_COLUMNS = 6;

export function worldStepTable({ entries, figures }: WorldModel, onPick: (entry: WorldEntry) => void): DataTable<WorldEntry> {
  const timed = entries.some(({ point }) => point.time !== undefined);
  const names = Object.keys(figures.totals ?? {}).slice(0, TOTAL_COLUMNS);
  return makeTable<WorldEntry>({
    id: 'steps-table',
    caption: 'Steps of the tape',
    noun: ['step', 'steps'],
    rows: entries,
    pageRows: STEP_ROWS,
    choices: [{ label: 'Decision', options: ['APPROVED', 'REJECTED', 'HOLD'], of: ({ point }) => point.decision }],
    onRow: onPick,
    columns: [
      { title: 'Step', numeric: true, text: ({ point }) => String(point.step), order: ({ point }) => point.step },
      ...(timed ? [{ title: 'Time', width: 'short' as const, text: ({ point }: WorldEntry): string => point.time ?? '' }] : []),
      { title: 'Decision', text: ({ point }) => point.decision, cell: ({ point }) => decisionBadge(point.decision) },
      { title: 'Actions', width: 'long', text: ({ row }) => list(row['actions']).map(actionText).join(', ') },
      ...names.map((name): Column<WorldEntry> => ({
        title: name,
        numeric: true,
        text: ({ row }) => valueText(record(row['totals'])[name]),
        order: ({ row, point }) => point.amounts.get(name) ?? text(record(row['totals'])[name]),
      })),
      { title: 'Fuel', numeric: true, text: ({ row }) => valueText(row['fuel']), order: ({ row }) => Number(row['fuel']) },
    ],
  });
}

interface Logged {
  readonly entry: WorldEntry;
  readonly index: number;
  readonly action: unknown;
  /** Why it was refused; nothing where it was applied. */
  readonly refused: string | undefined;
}

/** What was done and what was refused, in order. */
export function actionLog(model: RunModel, { entries, actions }: WorldModel, onPick: (step: number) => void): HTMLElement {
  if (fillsAreCounted(model)) {
    return h(
      'p',
      {},
      `${plural(model.page.sample?.world?.actions ?? actions.length, 'action')}: too many for a page. See executions.jsonl, or ewm replay executions.`,
    );
  }
  const log = entries.flatMap((entry) => loggedOf(entry));
  if (log.length === 0) return h('p', { class: 'quiet' }, 'No action.');
  return makeTable<Logged>({
    id: 'actions-table',
    caption: 'Actions in the order in which they were taken',
    noun: ['action', 'actions'],
    rows: log,
    pageRows: ACTION_ROWS,
    choices: [
      { label: 'Became', options: ['applied', 'refused'], of: ({ refused }) => (refused === undefined ? 'applied' : 'refused') },
      { label: 'Kind', options: [...new Set(log.map(({ action }) => kindOf(action)))].sort(), of: ({ action }) => kindOf(action) },
    ],
    onRow: ({ entry }) => {
      onPick(entry.point.step);
    },
    columns: [
      {
        title: 'Step',
        numeric: true,
        text: ({ entry }) => String(entry.point.step),
        order: ({ entry, index }) => entry.point.step * 1e4 + index,
      },
      ...(entries.some(({ point }) => point.time !== undefined)
        ? [{ title: 'Time', width: 'short' as const, text: ({ entry }: Logged): string => entry.point.time ?? '' }]
        : []),
      { title: 'Kind', text: ({ action }) => kindOf(action) },
      { title: 'Action', width: 'long', text: ({ action }) => actionText(action), cell: ({ action }) => json(action) },
      {
        title: 'Became',
        text: ({ refused }) => (refused === undefined ? 'applied' : 'refused'),
        cell: ({ refused }) => (refused === undefined ? badge('good', 'good', 'applied') : badge('rejected', 'rejected', 'refused')),
      },
      { title: 'Why', width: 'long', text: ({ refused }) => refused ?? '' },
    ],
  }).element;
}

/** A step is refused whole, for the first of the reasons that is about the action, or about any. */
function loggedOf(entry: WorldEntry): readonly Logged[] {
  const { row, point } = entry;
  const errors = list(row['verifier_errors']).map(record);
  return list(row['actions']).map((action, index) => {
    const error = errors.find((one) => one['action_index'] === index) ?? errors[0];
    const refused = point.decision === 'REJECTED' ? `${text(error?.['code'])}: ${text(error?.['message'])}` : undefined;
    return { entry, index, action, refused };
  });
}

function kindOf(action: unknown): string {
  const { type, name } = record(action);
  const kind = type ?? name;
  return typeof kind === 'string' ? kind : 'other';
}

/** `order quantity 18, sku sandwich`. */
function actionText(action: unknown): string {
  const { type, ...more } = record(action);
  if (typeof type !== 'string') return text(action);
  const members = Object.entries(more).map(([name, value]) => `${name} ${valueText(value)}`);
  return members.length === 0 ? type : `${type} ${members.join(', ')}`;
}
