/** The segments of a session: which request each belongs to, where the world stood when it began, and what was done in it. */
import type { Costs } from '../../../../domain/budget/budget';
import type { SegmentAct, SegmentEntry } from '../../../../domain/report/segments';
import { h } from '../shared/dom';
import { grouped, plural, shortHash } from '../shared/format';
import type { RunModel } from '../shared/run-model';
import { makeTable } from './table';

const SEGMENT_ROWS = 20;

export function segmentsView({ segments }: RunModel): HTMLElement {
  const acts = segments.flatMap((segment) => segment.acts);
  const requests = new Set(segments.map(({ request }) => request)).size;
  const count = (kind: SegmentAct['kind']): number => acts.filter((act) => act.kind === kind).length;
  const unknown = acts.filter((act) => act.kind === 'call' && act.unknown).length;
  const sums = [
    plural(segments.length, 'segment'),
    `of ${plural(requests, 'request')}`,
    plural(count('grant'), 'grant'),
    plural(count('refund'), 'refund'),
    plural(unknown, 'act of unknown effect', 'acts of unknown effect'),
  ];
  return h('div', {}, h('p', {}, `${sums.join(', ')}.`), segmentTable(segments));
}

function segmentTable(segments: readonly SegmentEntry[]): HTMLElement {
  return makeTable<SegmentEntry>({
    id: 'segments-table',
    caption: 'Segments, in the order of the tape',
    noun: ['segment', 'segments'],
    rows: segments,
    pageRows: SEGMENT_ROWS,
    columns: [
      { title: 'Segment', numeric: true, text: ({ seq }) => grouped(String(seq)), order: ({ seq }) => seq },
      {
        title: 'Request',
        width: 'short',
        text: ({ request }) => shortHash(request),
        cell: ({ request }) => h('code', {}, shortHash(request)),
      },
      {
        title: 'Next step',
        numeric: true,
        text: ({ step }) => (step === undefined ? '–' : grouped(String(step))),
        order: ({ step = -1 }) => step,
      },
      { title: 'What was done', width: 'long', text: ({ acts }) => acts.map(words).join('; ') || 'nothing' },
      { title: 'Row', numeric: true, text: ({ rowIndex }) => String(rowIndex), order: ({ rowIndex }) => rowIndex },
    ],
  }).element;
}

function words(act: SegmentAct): string {
  switch (act.kind) {
    case 'call':
      return act.unknown ? `${act.name}: effect unknown` : act.name;
    case 'intent':
      return `${act.name} announced`;
    case 'grant':
      return `granted to ${shortHash(act.child)}: ${amounts(act.costs)}`;
    case 'refund':
      return `back from ${shortHash(act.child)}: ${amounts(act.costs)}`;
    case 'stop':
      return `stopped: ${act.code}`;
    case 'seal':
      return 'sealed';
  }
}

/** Of a refund, what came back, which the budget counts as less than nothing. */
function amounts({ tools = {}, ...costs }: Costs): string {
  const dimensions = [...Object.entries(costs), ...Object.entries(tools).map(([tool, count]) => [`calls of ${tool}`, count] as const)];
  const listed = dimensions
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => `${grouped(String(Math.abs(count)))} ${name.replaceAll('_', ' ')}`);
  return listed.length === 0 ? 'nothing' : listed.join(', ');
}
