/** The summary of a run for a terminal. Invariant: every text that came from a file is printable, and no line is wider than the terminal. */
import { canonical } from '../../../domain/canonical/canonical';
import { isRecord } from '../../../domain/codec/codec';
import { printable } from '../../../domain/codec/printable';
import { type Decimal, divHalfEven, formatDecimal } from '../../../domain/decimal/decimal';
import { drawdownShare } from '../../../domain/report/drawdown';
import { type FigureRow, PERFORMANCE_FIGURES } from '../../../domain/report/figure-table';
import { type Figures, returnShare } from '../../../domain/report/figures';
import { refusalText } from '../../../domain/report/refusals';
import { runEnd } from '../../../domain/report/run-comparison';
import { jsonText } from '../../../domain/report/json-difference';
import { limitsOf } from '../../../domain/report/spending';
import type { WorldFigures } from '../../../domain/report/world-figures';
import type { OpenedRun } from '../shared/page-run';
import { receiptLine } from '../shared/receipt-status';
import { counted } from '../shared/words';

type Field = readonly [name: string, value: string];

const NAME_COLUMNS = 11;

/** One fact a line; a value that does not fit goes on in the next line, under itself. */
export function summaryLines(name: string, run: OpenedRun, columns: number): readonly string[] {
  const { opening, seal, chain } = run;
  const inputs = isRecord(opening?.['inputs']) ? opening['inputs'] : {};
  const fields: readonly Field[] = [
    ['run', `${textOf(opening?.['run_id'])} (${textOf(inputs['mode'])})`],
    ['ended', endText(run)],
    ...(run.figures.steps === 0 ? [] : worldFields(run)),
    ...(run.world === undefined ? stateFields(seal?.['final_state']) : fileWorldFields(run.world)),
    ...budgetFields(run),
    ['head hash', chain.headHash ?? 'none'],
    ...(run.receipt._tag === 'None' ? [] : [['receipt', receiptLine(run.receipt)] as const]),
    ...['world', 'engine', 'params', 'inputs', 'market', 'strategy', 'policy', 'prices', 'request'].flatMap((file): readonly Field[] => {
      const digest = inputs[`${file}_sha256`];
      return typeof digest === 'string' ? [[file, digest]] : [];
    }),
  ];
  return [...wrapped(printable(name), columns, 0), ...fields.flatMap(([label, value]) => fieldLines(label, value, columns))];
}

function endText({ seal, figures, unfinished, chain }: OpenedRun): string {
  if (seal === undefined || unfinished) return `UNFINISHED after ${counted(figures.steps, 'step')}`;
  const { ok, stopped_by: stoppedBy, steps } = runEnd(seal);
  const how = ok ? 'ok' : `stopped by ${stoppedBy ?? 'an error'}`;
  return `${how}, ${counted(steps, 'step')}${chain.broken === undefined ? '' : '; the hash chain is BROKEN'}`;
}

/** Of a run in a world file: what the world itself sums up. */
function fileWorldFields({ decisions, refusals, actions, fuel, fuelMost, totals, score }: WorldFigures): readonly Field[] {
  return [
    ['decisions', `${String(decisions.APPROVED)} approved, ${String(decisions.REJECTED)} rejected, ${String(decisions.HOLD)} hold`],
    ...(refusals.length === 0 ? [] : [['rejected', refusals.map(([code, steps]) => `${code} ${String(steps)}`).join(', ')] as const]),
    ['actions', String(actions)],
    ...(score === undefined ? [] : [['score', shown(score)] as const]),
    ...Object.entries(totals ?? {}).map(([name, value]): Field => [name, shown(value)]),
    ['fuel', `${String(fuel)}, at most ${String(fuelMost?.fuel ?? 0)} (step ${String(fuelMost?.step ?? 0)})`],
  ];
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : (jsonText(value) ?? '');
}

function worldFields({ figures }: OpenedRun): readonly Field[] {
  const { decisions, fills, startEquity, finalEquity, finalExposure, maxExposure, maxDrawdown, fees, turnover, times } = figures;
  const change = returnShare(figures);
  return [
    ...(times.first === undefined && times.last === undefined
      ? []
      : [['period', `${times.first ?? '?'} to ${times.last ?? '?'}`] as const]),
    ['decisions', `${String(decisions.APPROVED)} approved, ${String(decisions.REJECTED)} rejected, ${String(decisions.HOLD)} hold`],
    ...(figures.refusals.length === 0 ? [] : [['rejected', figures.refusals.map(refusalText).join(', ')] as const]),
    ['fills', `${String(fills.BUY)} BUY, ${String(fills.SELL)} SELL; turnover ${formatDecimal(turnover)}, fees ${formatDecimal(fees)}`],
    [
      'equity',
      `${formatDecimal(startEquity ?? 0n)} -> ${formatDecimal(finalEquity ?? 0n)}${change === undefined ? '' : ` (${change < 0n ? '' : '+'}${percent(change)})`}`,
    ],
    [
      'drawdown',
      maxDrawdown === undefined
        ? 'none'
        : `${percent(drawdownShare(maxDrawdown))}, from ${at(maxDrawdown.peakStep, times.peak)} to ${at(maxDrawdown.step, times.trough)}`,
    ],
    [
      'exposure',
      `${formatDecimal(finalExposure ?? 0n)}, at most ${formatDecimal(maxExposure?.value ?? 0n)} (${at(maxExposure?.step ?? 0, times.maxExposure)})`,
    ],
    ...performanceFields(figures),
  ];
}

/** What users of the field ask for; a figure that a run does not have is a dash. */
function performanceFields(figures: Figures): readonly Field[] {
  const { stepsPerYear, roundTrips, buyAndHold, exposureTime } = figures.measures;
  const figureTexts = new Map(PERFORMANCE_FIGURES.map((row) => [row.name, figureText(row, figures)]));
  const figure = (name: string): string => figureTexts.get(name) ?? '-';
  return [
    ['growth', `${figure('cagr')} a year; buy and hold ${buyAndHold === undefined ? '-' : percent(buyAndHold)} in all`],
    [
      'ratios',
      `Sharpe ${figure('sharpe')}, Sortino ${figure('sortino')}, Calmar ${figure('calmar')}, volatility ${figure('volatility')}` +
        (stepsPerYear === undefined ? ', by step (no dates)' : ', a year'),
    ],
    [
      'trips',
      `${counted(roundTrips.closed, 'round trip')}, ${figure('win_rate')} won, profit factor ${figure('profit_factor')}; ` +
        `${String(roundTrips.open)} open; in the market ${exposureTime === undefined ? '-' : percent(exposureTime)} of steps`,
    ],
  ];
}

/** To two digits behind the point, for reading. */
export function figureText({ unit, of }: FigureRow, figures: Figures): string {
  const value = of(figures);
  if (value === undefined) return '-';
  if (unit === 'share') return percent(value);
  return unit === 'ratio' ? formatDecimal(divHalfEven(value, 1_000_000n) * 1_000_000n) : formatDecimal(value);
}

/** A step, and when it was. */
function at(step: number, time: string | undefined): string {
  return `step ${String(step)}${time === undefined ? '' : `, ${time}`}`;
}

function stateFields(state: unknown): readonly Field[] {
  if (!isRecord(state)) return [];
  const positions = isRecord(state['positions']) ? Object.entries(state['positions']) : [];
  const held = positions.map(([symbol, quantity]) => `${textOf(quantity)} ${symbol}`).join(', ');
  return [['state', `cash ${textOf(state['cash'])}${held === '' ? '' : `, ${held}`}`]];
}

function budgetFields({ opening, spent }: OpenedRun): readonly Field[] {
  const limits = opening === undefined ? [] : limitsOf(opening, spent);
  return limits
    .filter((limit) => limit.max > 0 || limit.spent > 0)
    .map(({ row, max, spent: used }) => [row.label, `${String(used)} of ${String(max)}`]);
}

/** `3.17 %`; display only, to two digits. */
function percent(ratio: Decimal): string {
  const hundredths = divHalfEven(ratio, 10_000n);
  const magnitude = hundredths < 0n ? -hundredths : hundredths;
  return `${ratio < 0n ? '-' : ''}${String(magnitude / 100n)}.${String(magnitude % 100n).padStart(2, '0')} %`;
}

function fieldLines(label: string, value: string, columns: number): readonly string[] {
  const [first = '', ...rest] = wrapped(printable(value), columns, NAME_COLUMNS + 2);
  return [`  ${label.padEnd(NAME_COLUMNS)}${first}`, ...rest.map((line) => `${' '.repeat(NAME_COLUMNS + 2)}${line}`)];
}

const VALUE_CHARS_MAX = 1_000;

function wrapped(text: string, columns: number, indent: number): readonly string[] {
  const width = columns - indent;
  const shown = text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
  const lines: string[] = [];
  for (let rest = shown; rest !== '';) {
    const cut = rest.length <= width ? rest.length : rest.lastIndexOf(' ', width) + 1 || width;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut);
  }
  return lines.length === 0 ? [''] : lines;
}

/** A call of a tool, a model or memory: what was asked, and what came back. */
export function callCells(row: Readonly<Record<string, unknown>>, width: number): readonly string[] {
  const { type, index, name, op, key, args, goal, value, ok, source, result, error } = row;
  const requested =
    type === 'memory'
      ? `${textOf(op)} ${jsonOf(key)}${value === undefined ? '' : ` ${jsonOf(value)}`}`
      : `${textOf(name)} ${jsonOf(args ?? goal ?? null)}`;
  return [
    textOf(index),
    clipped(requested, width),
    ok === true ? 'ok' : 'failed',
    textOf(source),
    clipped(jsonOf(error ?? result ?? null), width),
  ];
}

function jsonOf(value: unknown): string {
  return canonical(value as Parameters<typeof canonical>[0]);
}

/** As it will be shown: what is made printable takes more columns than what was read. */
function clipped(text: string, width: number): string {
  const shown = printable(text);
  return shown.length > width ? `${shown.slice(0, Math.max(1, width - 1))}…` : shown;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}
