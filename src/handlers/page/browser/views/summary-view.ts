/** The top of a report: what became of the run, in words first and figures after. */
import { claimIn } from '../shared/receipt';
import { type Decimal, divHalfEven, formatDecimal } from '../../../../domain/decimal/decimal';
import { drawdownShare } from '../../../../domain/report/drawdown';
import { type FigureRow, PERFORMANCE_FIGURES } from '../../../../domain/report/figure-table';
import { type Figures, returnShare } from '../../../../domain/report/figures';
import { refusalText } from '../../../../domain/report/refusals';
import { tripOf } from '../../../../domain/report/spending';
import { code, facts, h } from '../shared/dom';
import { grouped, percentForReading, plural } from '../shared/format';
import { badge } from '../shared/marks';
import { positionsBefore, record, type RunModel, applyChanges, text } from '../shared/run-model';

/** Ok, what stopped it, or that it did not finish. */
export function verdict({ seal }: RunModel): HTMLElement {
  if (seal === undefined) return badge('open', 'warn', 'UNFINISHED: no seal');
  if (seal['ok'] === true) return badge('good', 'good', 'Finished ok');
  // An operator did what the switch is for.
  if (isOperator(seal['error'])) return badge('open', 'warn', 'Stopped by an operator');
  return badge('bad', 'bad', `Stopped by ${stopName(seal['error'])}`);
}

export function stopName(error: unknown): string {
  const { code: code_, limiter } = record(error);
  if (isOperator(error)) return 'an operator';
  return code_ === 'budget_exceeded' ? text(limiter) : text(code_);
}

function isOperator(error: unknown): boolean {
  return record(error)['code'] === 'stopped_by_operator';
}

export function verdictSentence(model: RunModel): string | undefined {
  const { seal } = model;
  if (seal === undefined) return 'The tape ends without a seal: the run was cut off, and nothing says how it would have ended.';
  if (seal['ok'] === true) return undefined;
  const trip = tripOf(seal);
  return `${text(record(seal['error'])['message'])}.${trip === undefined ? '' : ' Nothing ran after the breaker; what was done until then stands.'}`;
}

export function cards(model: RunModel): HTMLElement {
  const { figures, seal, steps, page, calls } = model;
  const { sample } = page;
  const decisions = sample !== null && seal !== undefined ? record(seal['decisions']) : figures.decisions;
  const fills = sample?.fills ?? figures.fills.BUY + figures.fills.SELL;
  const earned = returnShare(figures);
  const fallen = figures.maxDrawdown;
  const list: HTMLElement[] = [];
  if (steps.length > 0) {
    list.push(
      card(
        'Return',
        'return',
        earned === undefined ? '–' : percentOf(earned, true),
        `equity ${amount(figures.startEquity)} → ${amount(figures.finalEquity)}`,
      ),
      card(
        'Max drawdown',
        'max-drawdown',
        fallen === undefined ? '0 %' : percentOf(-drawdownShare(fallen)),
        fallen === undefined
          ? 'equity never fell'
          : `step ${grouped(String(fallen.peakStep))} to ${grouped(String(fallen.step))}: ${amount(fallen.peak)} → ${amount(fallen.equity)}`,
      ),
      card(
        'Exposure at the end',
        'exposure',
        amount(figures.finalExposure),
        figures.maxExposure === undefined
          ? ''
          : `most ${amount(figures.maxExposure.value)} at step ${grouped(String(figures.maxExposure.step))}`,
      ),
      card(
        'Fees',
        'fees',
        sample === null ? amount(figures.fees) : grouped(sample.fees),
        `${plural(fills, 'fill')}${sample === null ? `: ${plural(figures.fills.BUY, 'buy')}, ${plural(figures.fills.SELL, 'sell')}` : ''}`,
      ),
    );
    list.push(
      card(
        'Decisions',
        'decisions',
        plural(sample?.steps_total ?? figures.steps, 'step'),
        `${grouped(text(decisions['APPROVED']))} approved · ${grouped(text(decisions['REJECTED']))} rejected · ${grouped(text(decisions['HOLD']))} hold`,
      ),
    );
    // Of a sample not every refused step has its row here.
    const refused = figures.refusals.reduce((sum, [, count]) => sum + count, 0);
    if (refused > 0 && sample === null)
      list.push(card('Rejected', 'rejected', plural(figures.decisions.REJECTED, 'step'), figures.refusals.map(refusalText).join(' · ')));
  }
  // Of a sample the rows are too few to tell these.
  if (steps.length > 0 && sample === null) list.push(...performanceCards(figures));
  if (calls.length > 0) {
    const failed = calls.filter(({ row }) => row['ok'] !== true).length;
    list.push(card('Calls', 'calls', plural(calls.length, 'call'), failed === 0 ? 'all answered' : `${String(failed)} not ok`));
  }
  const final = finalState(model);
  if (final !== undefined) {
    const positions = [...final.positions].map(([symbol, quantity]) => `${symbol} ${grouped(quantity)}`);
    list.push(
      card('Final state', 'final-state', `cash ${grouped(final.cash)}`, positions.length === 0 ? 'no position' : positions.join(' · ')),
    );
  }
  return h('div', { class: 'cards' }, ...list);
}

/** What users of the field ask for; a figure that a run does not have is a dash. */
function performanceCards(figures: Figures): readonly HTMLElement[] {
  const { stepsPerYear, roundTrips } = figures.measures;
  const texts = new Map(PERFORMANCE_FIGURES.map((row) => [row.name, figureText(row, figures)]));
  const figure = (name: string): string => texts.get(name) ?? '–';
  return [
    card('Growth a year', 'growth', figure('cagr'), `buy and hold ${figure('buy_and_hold')} in all`),
    card(
      'Sharpe ratio',
      'sharpe',
      figure('sharpe'),
      `Sortino ${figure('sortino')} · Calmar ${figure('calmar')} · volatility ${figure('volatility')}${stepsPerYear === undefined ? ', by step: no dates' : ' a year'}`,
    ),
    card(
      'Round trips',
      'round-trips',
      String(roundTrips.closed),
      `${figure('win_rate')} won · profit factor ${figure('profit_factor')} · in the market ${figure('exposure_time')} of steps`,
    ),
  ];
}

function figureText({ unit, of }: FigureRow, figures: Figures): string {
  const value = of(figures);
  if (value === undefined) return '–';
  return unit === 'share'
    ? percentOf(value)
    : grouped(formatDecimal(unit === 'ratio' ? divHalfEven(value, 1_000_000n) * 1_000_000n : value));
}

export function card(title: string, key: string, value: string, detail: string): HTMLElement {
  return h(
    'div',
    { class: 'card', attributes: { 'data-figure': key } },
    h('h3', {}, title),
    h('p', { class: 'card-value' }, value),
    h('p', { class: 'card-detail' }, detail),
  );
}

function finalState(model: RunModel): { readonly cash: string; readonly positions: ReadonlyMap<string, string> } | undefined {
  const last = model.steps.at(-1);
  const before = last === undefined ? undefined : positionsBefore(model, last);
  if (last === undefined || before === undefined) {
    const sealed = record(model.seal?.['final_state']);
    if (typeof sealed['cash'] !== 'string') return undefined;
    return {
      cash: sealed['cash'],
      positions: new Map(Object.entries(record(sealed['positions'])).map(([symbol, quantity]) => [symbol, text(quantity)])),
    };
  }
  const positions = new Map(before);
  applyChanges(positions, last.row);
  return { cash: formatDecimal(last.point.after.cash), positions };
}

/** Ids and hashes, whole, for who wants to compare them. */
export function identity({ run, seal, inputs, page }: RunModel): HTMLElement {
  return facts(
    [
      ['run id', code(text(run?.['run_id']))],
      ['head hash', seal === undefined ? 'none: no seal' : code(text(seal['hash']))],
      ['mode', text(inputs['mode'])],
      ['directory', page.name],
      ['signed', signedBy(page.receipt)],
    ],
    'facts identity',
  );
}

/** Who says so, and when. The part about the proof checks it. */
function signedBy(receipt: string | undefined): Node | undefined {
  if (receipt === undefined) return undefined;
  const claim = claimIn(receipt);
  if (typeof claim === 'string') return h('span', {}, 'by a receipt that cannot be read');
  return h(
    'span',
    { id: 'signed' },
    'by ',
    code(claim.keyIds.join(', ')),
    ` at ${claim.attested.signed_at}: not checked yet, `,
    h('a', { attributes: { href: '#proof' } }, 'check it'),
  );
}

/** What a reader of a sampled page has to know. */
export function sampleNote({ page, lines, world }: RunModel): HTMLElement | null {
  const { sample } = page;
  if (sample === null) return null;
  const [effect, acted] = world === undefined ? ['fill', 'bought, sold and was refused'] : ['action', 'was refused'];
  const marks = sample.marks === null ? `every ${effect} and every refusal` : `how often each such stretch ${acted}`;
  const ends = world === undefined ? 'the first and the last steps, both ends of the deepest drawdown' : 'the first and the last steps';
  const sums = world === undefined ? 'Counts and fees' : 'Counts and totals';
  return h(
    'p',
    { class: 'note', id: 'sample-note' },
    `This run is long: ${plural(sample.steps_total, 'step')}. The page holds ${grouped(String(lines.length))} of ${plural(sample.rows_total, 'row')}: of each ${plural(sample.bucket_steps, 'step')} those with the lowest and the highest of every line drawn, ${ends}, and ${marks}. ${sums} are over the whole tape. Points are drawn side by side: where rows are left out, the axis is shorter than the time that went by.`,
  );
}

export function amount(value: Decimal | undefined): string {
  return value === undefined ? '–' : grouped(formatDecimal(value));
}

export function percentOf(share: Decimal, withSign = false): string {
  return `${withSign && share > 0n ? '+' : ''}${percentForReading(Number(share) / 1e6)}`;
}
