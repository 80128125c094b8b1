/** `report.md`: a run for a person to read. Made from the inputs alone, so a verifier writes it again and compares. */
import type { RefusedAction } from '../agent/stop';
import type { Decision, WorldReport } from '../episode/world';
import { joinRefusals, makeRefusals, type RefusalCount } from '../report/refusals';
import { cell } from '../markdown';
import { type Budget, type BudgetState, metersOf } from '../budget/budget';
import type { EpisodeInputs } from './inputs';
import { type ModeRow, namedDigest } from './modes';
import { type RunStop, stopName } from '../agent/stop';
import type { RunSummary } from './summary';

/** Rows of the tape table at each end of a long run, and how many rejected steps are listed. */
const EDGE_ROWS = 10;
const REJECTED_ROWS = 20;

export interface ReportRows<I, T> {
  /** `position`: how many steps came before; not `step` where a plan leaves steps of the path out. */
  readonly onStep: (step: number, input: I, transition: T, position: number) => void;
  readonly rows: () => ReportLines;
}

/** How a world shows itself beside its steps. */
export type ReportParts = Pick<WorldReport<never, never>, 'inputRows' | 'outcomeRows' | 'stepHead'>;

export interface ReportLines {
  readonly first: readonly string[];
  readonly last: readonly string[];
  readonly rejected: readonly string[];
  /** No part of the report, which lists steps: what a caller is told of all of them. */
  readonly refusals: readonly RefusalCount[];
}

export const NO_LINES: ReportLines = { first: [], last: [], rejected: [], refusals: [] };

/** What the report asks of a world. */
interface Reported<I, T> {
  readonly report: WorldReport<I, T>;
  readonly refusals: (transition: T) => readonly RefusedAction[];
}

/** Collects the rows of the report while `stepsPlanned` steps go by; memory is bounded by the constants above. */
export function makeReportRows<I, T extends { readonly decision: Decision }>(
  { report: world, refusals }: Reported<I, T>,
  stepsPlanned: number,
): ReportRows<I, T> {
  const first: string[] = [];
  const last: string[] = [];
  const rejected: string[] = [];
  const counted = makeRefusals();
  const lastFrom = Math.max(EDGE_ROWS, stepsPlanned - EDGE_ROWS);
  return {
    onStep: (step, input, transition, position) => {
      if (position < EDGE_ROWS) first.push(world.stepLine(step, input, transition));
      else if (position >= lastFrom) last.push(world.stepLine(step, input, transition));
      if (transition.decision !== 'REJECTED') return;
      if (rejected.length < REJECTED_ROWS) rejected.push(world.refusalLines(step, transition));
      counted.add(refusals(transition).map(({ code }) => code));
    },
    rows: () => ({ first, last, rejected, refusals: counted.counts() }),
  };
}

/** The rows of consecutive segments of one run, as one collector would have kept them. */
export function joinReportLines(segments: readonly ReportLines[]): ReportLines {
  return {
    first: segments.flatMap(({ first }) => first),
    last: segments.flatMap(({ last }) => last),
    rejected: segments.flatMap(({ rejected }) => rejected).slice(0, REJECTED_ROWS),
    refusals: joinRefusals(segments.map(({ refusals }) => refusals)),
  };
}

export interface ReportSource {
  readonly mode: ModeRow;
  readonly summary: RunSummary;
  /** Nothing where the run has no world. */
  readonly report: ReportParts | undefined;
  readonly lines: ReportLines;
  /** The rows of the table of calls, for runs that make any. */
  readonly callRows: readonly string[];
}

export function renderReport({ mode, summary, report: world, lines, callRows }: ReportSource): string {
  const { inputs } = summary;
  return [
    `# Run ${summary.runId}`,
    '',
    summary.error === null ? `Finished: ${mode.finished(summary.acts ?? summary.results.length, summary.steps)}.` : stopLine(summary.error),
    '',
    '## Inputs',
    '',
    '| input | value |',
    '| --- | --- |',
    ...inputRows(mode, inputs, world),
    `| genesis | \`${summary.genesis}\` |`,
    '',
    '## Budget',
    '',
    '| limit | allowed | used |',
    '| --- | ---: | ---: |',
    ...budgetRows(inputs.budget, summary.budgetState),
    '',
    '## Outcome',
    '',
    '| | |',
    '| --- | --- |',
    ...(world === undefined ? [] : outcomeRows(mode, summary, world)),
    `| head hash | \`${summary.headHash}\` |`,
    '',
    ...(callRows.length === 0 ? [] : ['## Calls', '', '| call | what | ok | answer |', '| ---: | --- | --- | --- |', ...callRows, '']),
    ...(world === undefined ? [] : worldSections(summary, world, lines)),
    '## Replay and verify',
    '',
    'In this directory:',
    '',
    '```sh',
    'ewm replay tape --tape tape.jsonl',
    'ewm replay executions --executions executions.jsonl',
    'ewm verify .',
    `sha256sum ${mode.named.join(' ')}   # the digests above`,
    '```',
    '',
  ].join('\n');
}

function stopLine(stop: RunStop): string {
  // Our own sentence about a budget holds no markup; other messages may quote anybody.
  const message = stop.code === 'budget_exceeded' ? stop.message : cell(stop.message);
  return `Stopped by \`${stopName(stop)}\`: ${message}.`;
}

function inputRows(mode: ModeRow, inputs: EpisodeInputs, world: ReportParts | undefined): readonly string[] {
  const { steps, invocation } = inputs;
  return [
    `| mode | ${inputs.mode} |`,
    ...mode.named.map((file) => `| ${file} | \`${namedDigest(inputs, file) ?? ''}\` |`),
    ...(invocation === null ? [] : [`| invocation | ${cell(invocation)} |`]),
    ...(world?.inputRows(inputs) ?? []),
    ...(typeof steps === 'number' ? [`| steps asked for | ${String(steps)} |`] : []),
  ];
}

function outcomeRows({ effect }: ModeRow, { decisions, executions, final }: RunSummary, world: ReportParts): readonly string[] {
  return [
    `| APPROVED | ${String(decisions.APPROVED)} |`,
    `| REJECTED | ${String(decisions.REJECTED)} |`,
    `| HOLD | ${String(decisions.HOLD)} |`,
    `| ${effect}s | ${String(executions.rows)} |`,
    ...world.outcomeRows(final),
  ];
}

function budgetRows(budget: Budget, state: BudgetState): readonly string[] {
  return metersOf(budget, state).map(({ limiter, max, spent }) => `| ${limiter} | ${String(max)} | ${String(spent)} |`);
}

function worldSections(summary: RunSummary, world: ReportParts, lines: ReportLines): readonly string[] {
  const { decisions } = summary;
  const columns = world.stepHead[0].split('|').length - 2;
  const between = summary.steps - lines.first.length - lines.last.length;
  const listed = lines.rejected.length < decisions.REJECTED ? `, the first ${String(lines.rejected.length)} of them` : '';
  return [
    '## Tape',
    '',
    ...world.stepHead,
    ...lines.first,
    ...(between > 0 ? [`| … | | ${String(between)} more steps in \`tape.jsonl\` |${' |'.repeat(columns - 3)}`] : []),
    ...lines.last,
    '',
    `## Rejected steps (${String(decisions.REJECTED)}${listed})`,
    '',
    ...(lines.rejected.length === 0 ? ['None.'] : ['| step | action | code | message |', '| ---: | --- | --- | --- |', ...lines.rejected]),
    '',
  ];
}
