/** `report.md`: a run for a person to read. Made from the inputs alone, so a verifier writes it again and compares. */
import { formatDecimal } from '../decimal/decimal';
import { whyText } from '../tape/step-row';
import type { Transition, World } from '../world/step';
import type { ScannedStep } from '../market/market-form';
import { type Budget, type BudgetState, metersOf } from '../budget/budget';
import type { Mode, RunInputs } from './inputs';
import { type RunStop, stopName } from './stop';
import type { RunSummary } from './summary';

/** Rows of the tape table at each end of a long run, and how many rejected steps are listed. */
const EDGE_ROWS = 10;
const REJECTED_ROWS = 20;

export interface ReportRows {
  /** `position`: how many steps came before; not `t` where a plan leaves steps of the market out. */
  readonly onStep: (t: number, market: ScannedStep, transition: Transition, position?: number) => void;
  readonly rows: () => ReportLines;
}

export interface ReportLines {
  readonly first: readonly string[];
  readonly last: readonly string[];
  readonly rejected: readonly string[];
}

/** Collects the rows of the report while `stepsPlanned` steps go by; memory is bounded by the constants above. */
export function makeReportRows(world: World, stepsPlanned: number): ReportRows {
  const first: string[] = [];
  const last: string[] = [];
  const rejected: string[] = [];
  const lastFrom = Math.max(EDGE_ROWS, stepsPlanned - EDGE_ROWS);
  return {
    onStep: (t, market, transition, position = t) => {
      if (position < EDGE_ROWS) first.push(tapeLine(world, t, market, transition));
      else if (position >= lastFrom) last.push(tapeLine(world, t, market, transition));
      if (transition.decision === 'REJECTED' && rejected.length < REJECTED_ROWS) rejected.push(rejectedLine(t, transition));
    },
    rows: () => ({ first, last, rejected }),
  };
}

/** The rows of consecutive segments of one run, as one collector would have kept them. */
export function joinReportLines(segments: readonly ReportLines[]): ReportLines {
  return {
    first: segments.flatMap(({ first }) => first),
    last: segments.flatMap(({ last }) => last),
    rejected: segments.flatMap(({ rejected }) => rejected).slice(0, REJECTED_ROWS),
  };
}

/** `callRows`: the rows of the table of calls, for runs that make any. */
export function renderReport(summary: RunSummary, lines: ReportLines, callRows: readonly string[] = []): string {
  const { inputs } = summary;
  return [
    `# Run ${summary.runId}`,
    '',
    summary.error === null ? finishLine(summary) : stopLine(summary.error),
    '',
    '## Inputs',
    '',
    '| input | value |',
    '| --- | --- |',
    ...inputRows(inputs),
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
    ...outcomeRows(summary),
    `| head hash | \`${summary.headHash}\` |`,
    '',
    ...(callRows.length === 0 ? [] : ['## Calls', '', '| call | what | ok | answer |', '| ---: | --- | --- | --- |', ...callRows, '']),
    ...(inputs.mode === 'agentcore-memory' ? [] : worldSections(summary, lines)),
    '## Replay and verify',
    '',
    'In this directory:',
    '',
    '```sh',
    'ewm replay tape --tape tape.jsonl',
    'ewm replay executions --executions executions.jsonl',
    'ewm verify .',
    `sha256sum ${INPUT_FILES[inputs.mode]}   # the digests above`,
    '```',
    '',
  ].join('\n');
}

function finishLine({ inputs, steps, results }: RunSummary): string {
  switch (inputs.mode) {
    case 'local':
    case 'agentcore-base':
      return `Finished: ${String(steps)} steps.`;
    case 'agentcore-tools':
      return `Finished: ${String(results.length)} calls, ${String(steps)} steps committed.`;
    case 'agentcore-memory':
      return `Finished: ${String(results.length)} calls.`;
  }
}

function stopLine(stop: RunStop): string {
  // Our own sentence about a budget holds no markup; other messages may quote anybody.
  const message = stop.code === 'budget_exceeded' ? stop.message : cell(stop.message);
  return `Stopped by \`${stopName(stop)}\`: ${message}.`;
}

const INPUT_FILES: Readonly<Record<Mode, string>> = {
  local: 'market.jsonl strategy.json policy.json',
  'agentcore-base': 'market.jsonl strategy.json policy.json request.json',
  'agentcore-tools': 'market.jsonl strategy.json policy.json request.json',
  'agentcore-memory': 'request.json',
};

function inputRows(inputs: RunInputs): readonly string[] {
  const request = inputs.request_sha256 === undefined ? [] : [`| request.json | \`${inputs.request_sha256}\` |`];
  const invocation = inputs.invocation === null ? [] : [`| invocation | ${cell(inputs.invocation)} |`];
  const mode = `| mode | ${inputs.mode} |`;
  if (inputs.mode === 'agentcore-memory') return [mode, ...request, ...invocation];
  return [
    mode,
    `| market.jsonl | \`${inputs.market_sha256}\` |`,
    `| strategy.json | \`${inputs.strategy_sha256}\` |`,
    `| policy.json | \`${inputs.policy_sha256}\` |`,
    ...request,
    ...invocation,
    `| initial cash | ${inputs.initial_state.cash} |`,
    `| steps asked for | ${String(inputs.steps)} |`,
  ];
}

function outcomeRows({ decisions, executions, finalState, finalExposure, finalEquity }: RunSummary): readonly string[] {
  if (finalState === null) return [];
  const positions = Object.entries(finalState.positions).map(([symbol, quantity]) => `${symbol} ${quantity}`);
  return [
    `| APPROVED | ${String(decisions.APPROVED)} |`,
    `| REJECTED | ${String(decisions.REJECTED)} |`,
    `| HOLD | ${String(decisions.HOLD)} |`,
    `| fills | ${String(executions.rows)} |`,
    `| final cash | ${finalState.cash} |`,
    `| final positions | ${positions.length === 0 ? 'none' : positions.join(', ')} |`,
    `| final exposure | ${finalExposure ?? ''} |`,
    `| final equity | ${finalEquity ?? ''} |`,
  ];
}

function budgetRows(budget: Budget, state: BudgetState): readonly string[] {
  return metersOf(budget, state).map(({ limiter, max, spent }) => `| ${limiter} | ${String(max)} | ${String(spent)} |`);
}

function worldSections(summary: RunSummary, lines: ReportLines): readonly string[] {
  const { decisions } = summary;
  const between = summary.steps - lines.first.length - lines.last.length;
  const listed = lines.rejected.length < decisions.REJECTED ? `, the first ${String(lines.rejected.length)} of them` : '';
  return [
    '## Tape',
    '',
    '| step | time | prices | decision | actions | why | exposure | equity |',
    '| ---: | --- | --- | --- | --- | --- | ---: | ---: |',
    ...lines.first,
    ...(between > 0 ? [`| … | | ${String(between)} more steps in \`tape.jsonl\` | | | | | |`] : []),
    ...lines.last,
    '',
    `## Rejected steps (${String(decisions.REJECTED)}${listed})`,
    '',
    ...(lines.rejected.length === 0 ? ['None.'] : ['| step | action | code | message |', '| ---: | --- | --- | --- |', ...lines.rejected]),
    '',
  ];
}

function tapeLine(world: World, t: number, market: ScannedStep, transition: Transition): string {
  const prices = world.symbols.map((symbol, index) => `${symbol} ${formatDecimal(market.prices[index] ?? 0n)}`).join(', ');
  const time = market.timeText === '' ? '' : cell(JSON.parse(market.timeText) as string);
  const actions = transition.actions
    .map(({ type, quantity, symbol }) => `${type === 'PlaceBuy' ? 'BUY' : 'SELL'} ${formatDecimal(quantity)} ${symbol}`)
    .join(', ');
  const why = whyText(t, world.strategy.timing.evaluation_frequency_steps, transition);
  const { exposure, equity } = transition.valueAfter;
  const cells = [String(t), time, prices, transition.decision, actions, why, formatDecimal(exposure), formatDecimal(equity)];
  return `| ${cells.join(' | ')} |`;
}

function rejectedLine(t: number, { errors, actions }: Transition): string {
  return errors
    .map(({ actionIndex, code, message }) => {
      const action = actions[actionIndex];
      const what =
        action === undefined ? '' : `${action.type === 'PlaceBuy' ? 'BUY' : 'SELL'} ${formatDecimal(action.quantity)} ${action.symbol}`;
      return `| ${String(t)} | ${what} | ${code} | ${message} |`;
    })
    .join('\n');
}

/** Free text inside a Markdown table: nothing in it may end the cell or become markup. */
export function cell(text: string): string {
  return text.replace(/[\\`|<>*_[\]]/g, '\\$&').replace(/[\r\n]+/g, ' ');
}
