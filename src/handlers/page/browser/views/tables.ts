/** The tables of a run: its steps, its fills, and the calls it made to tools, models and memory. */
import { formatDecimal } from '../../../../domain/decimal/decimal';
import type { DerivedFill } from '../../../../domain/report/derived-ledger';
import { isUnknown } from '../../../../domain/report/segments';
import { h } from '../shared/dom';
import { grouped } from '../shared/format';
import { badge, decisionBadge, side } from '../shared/marks';
import { type CallEntry, list, record, type RunModel, type StepEntry, text } from '../shared/run-model';
import { type Column, type DataTable, makeTable } from './table';

const STEP_ROWS = 20;
const FILL_ROWS = 50;

export function stepTable(model: RunModel, onPick: (entry: StepEntry) => void): DataTable<StepEntry> {
  const acted = ({ row }: StepEntry): string =>
    list(row['actions'])
      .map(record)
      .map(({ type, quantity, symbol }) => `${type === 'PlaceBuy' ? 'BUY' : 'SELL'} ${text(quantity)} ${text(symbol)}`)
      .join(', ');
  const timed = model.steps.some(({ point }) => point.time !== undefined);
  return makeTable<StepEntry>({
    id: 'steps-table',
    caption: 'Steps of the tape',
    noun: ['step', 'steps'],
    rows: model.steps,
    pageRows: STEP_ROWS,
    choices: [{ label: 'Decision', options: ['APPROVED', 'REJECTED', 'HOLD'], of: ({ point }) => point.decision }],
    onRow: onPick,
    columns: [
      { title: 'Step', numeric: true, text: ({ point }) => String(point.step), order: ({ point }) => point.step },
      ...(timed ? [{ title: 'Time', width: 'short' as const, text: ({ point }: StepEntry): string => point.time ?? '' }] : []),
      { title: 'Decision', text: ({ point }) => point.decision, cell: ({ point }) => decisionBadge(point.decision) },
      { title: 'Actions', width: 'long', text: acted },
      { title: 'Why', width: 'long', text: ({ row }) => text(row['why']) },
      {
        title: 'Exposure',
        numeric: true,
        text: ({ point }) => grouped(formatDecimal(point.after.exposure)),
        order: ({ point }) => point.after.exposure,
      },
      {
        title: 'Equity',
        numeric: true,
        text: ({ point }) => grouped(formatDecimal(point.after.equity)),
        order: ({ point }) => point.after.equity,
      },
    ],
  });
}

export function ledgerTable(model: RunModel, onPick: (step: number) => void): DataTable<DerivedFill> {
  const times = new Map(model.steps.map(({ point }) => [point.step, point.time ?? '']));
  const decimal = (title: string, read: (fill: DerivedFill) => bigint): Column<DerivedFill> => ({
    title,
    numeric: true,
    text: (fill) => grouped(formatDecimal(read(fill))),
    order: read,
  });
  return makeTable<DerivedFill>({
    id: 'ledger-table',
    caption: 'Ledger: fills in the order of execution',
    noun: ['fill', 'fills'],
    rows: model.fills,
    pageRows: FILL_ROWS,
    choices: [
      { label: 'Side', options: ['BUY', 'SELL'], of: (fill) => fill.side },
      { label: 'Symbol', options: [...new Set(model.fills.map(({ symbol }) => symbol))].sort(), of: (fill) => fill.symbol },
    ],
    onRow: ({ step }) => {
      onPick(step);
    },
    columns: [
      { title: 'Step', numeric: true, text: ({ step }) => String(step), order: ({ step, actionIndex }) => step * 1e4 + actionIndex },
      ...(model.steps.some(({ point }) => point.time !== undefined)
        ? [{ title: 'Time', width: 'short' as const, text: ({ step }: DerivedFill): string => times.get(step) ?? '' }]
        : []),
      { title: 'Side', width: 'short', text: (fill) => fill.side, cell: (fill) => side(fill.side) },
      { title: 'Symbol', text: ({ symbol }) => symbol },
      decimal('Quantity', (fill) => fill.quantity),
      decimal('Price', (fill) => fill.price),
      decimal('Notional', (fill) => fill.notional),
      decimal('Fee', (fill) => fill.fee),
      decimal('Cash after', (fill) => fill.cashAfter),
      decimal('Position after', (fill) => fill.positionAfter),
      decimal('Exposure after', (fill) => fill.exposureAfter),
      { title: 'Reason', width: 'clipped', text: ({ reason }) => reason },
    ],
  });
}

/** What was asked, and what was recorded as the answer. */
export function callTable({ calls }: RunModel): DataTable<CallEntry> {
  return makeTable<CallEntry>({
    id: 'calls-table',
    caption: 'Calls to tools, models and memory, as recorded',
    noun: ['call', 'calls'],
    rows: calls,
    pageRows: FILL_ROWS,
    choices: [
      { label: 'Kind', options: [...new Set(calls.map(({ row }) => text(row['type'])))], of: ({ row }) => text(row['type']) },
      { label: 'Ended', options: [...new Set(calls.map(endOf))], of: endOf },
    ],
    columns: [
      { title: 'Call', numeric: true, text: ({ row }) => text(row['index']), order: ({ rowIndex }) => rowIndex },
      { title: 'Kind', text: ({ row }) => text(row['type']) },
      { title: 'Name', width: 'short', text: ({ row }) => text(row['name'] ?? row['op']) },
      { title: 'Asked', text: (entry) => jsonText(requestOf(entry)), cell: (entry) => json(requestOf(entry)) },
      {
        title: 'Ok',
        width: 'short',
        text: endOf,
        cell: (entry) => END_BADGES[endOf(entry)](),
      },
      { title: 'Recorded', text: (entry) => jsonText(answerOf(entry)), cell: (entry) => json(answerOf(entry)) },
      { title: 'Source', text: ({ row }) => text(row['source']) },
      { title: 'Row', numeric: true, text: ({ rowIndex }) => String(rowIndex), order: ({ rowIndex }) => rowIndex },
    ],
  });
}

const END_BADGES = {
  ok: () => badge('good', 'good', 'ok'),
  'not ok': () => badge('bad', 'bad', 'not ok'),
  'effect unknown': () => badge('open', 'warn', 'effect unknown'),
} as const;

/** A call whose maker never came back: nobody knows whether it was done, and it stays charged. */
function endOf({ row }: CallEntry): keyof typeof END_BADGES {
  if (isUnknown(row)) return 'effect unknown';
  return row['ok'] === true ? 'ok' : 'not ok';
}

function requestOf({ row }: CallEntry): unknown {
  const { args, key, value, goal, context } = row;
  switch (row['type']) {
    case 'tool':
      return args;
    case 'model':
      return args ?? { goal, context };
    default:
      return { key, ...(value === undefined ? {} : { value }) };
  }
}

/** The result, or the error; both where a value was withheld or a plan refused. */
function answerOf({ row: { result, error } }: CallEntry): unknown {
  if (error === undefined) return result ?? null;
  return { error, ...(result === undefined ? {} : { result }) };
}

const LONG_CHARS = 90;

function jsonText(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}

/** JSON for reading: whole where it is short, else folded behind its beginning. */
export function json(value: unknown): HTMLElement {
  const short = jsonText(value);
  if (short.length <= LONG_CHARS) return h('code', {}, short);
  return h(
    'details',
    {},
    h('summary', {}, h('code', {}, `${short.slice(0, LONG_CHARS).toWellFormed()}…`)),
    h('pre', { attributes: { tabindex: '0' } }, JSON.stringify(value, null, 2)),
  );
}
