/** The rows of `report.md` that show a market: a step of the tape, and what was refused at one. */
import type { JsonObject } from '../../canonical/canonical';
import { isRecord } from '../../codec/codec';
import { formatDecimal } from '../../decimal/decimal';
import { cell } from '../../markdown';
import type { ScannedStep } from '../../market/market-form';
import { whyText } from '../../tape/step-row';
import type { Action } from './plan';
import type { Transition, MarketRules } from './step';

export const STEP_HEAD = [
  '| step | time | prices | decision | actions | why | exposure | equity |',
  '| ---: | --- | --- | --- | --- | --- | ---: | ---: |',
] as const;

export function inputRows({ initial_state: state }: JsonObject): readonly string[] {
  return isRecord(state) && typeof state['cash'] === 'string' ? [`| initial cash | ${state['cash']} |`] : [];
}

/** `final`: the members of a seal. */
export function outcomeRows({ final_state: state, final_exposure: exposure, final_equity: equity }: JsonObject): readonly string[] {
  const { cash, positions } = isRecord(state) ? state : {};
  const held = Object.entries(isRecord(positions) ? positions : {}).map(([symbol, quantity]) => `${symbol} ${textOf(quantity)}`);
  return [
    `| final cash | ${textOf(cash)} |`,
    `| final positions | ${held.length === 0 ? 'none' : held.join(', ')} |`,
    `| final exposure | ${textOf(exposure)} |`,
    `| final equity | ${textOf(equity)} |`,
  ];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function stepLine(setup: MarketRules, step: number, market: ScannedStep, transition: Transition): string {
  const prices = setup.symbols.map((symbol, index) => `${symbol} ${formatDecimal(market.prices[index] ?? 0n)}`).join(', ');
  const time = market.timeText === '' ? '' : cell(JSON.parse(market.timeText) as string);
  const actions = transition.actions.map(actionOf).join(', ');
  const why = whyText(step, setup.strategy.timing, transition);
  const { exposure, equity } = transition.valueAfter;
  const cells = [String(step), time, prices, transition.decision, actions, why, formatDecimal(exposure), formatDecimal(equity)];
  return `| ${cells.join(' | ')} |`;
}

export function refusalLines(step: number, { errors, actions }: Transition): string {
  return errors
    .map(({ actionIndex, code, message }) => {
      const action = actions[actionIndex];
      return `| ${String(step)} | ${action === undefined ? '' : actionOf(action)} | ${code} | ${message} |`;
    })
    .join('\n');
}

function actionOf({ type, quantity, symbol }: Action): string {
  return `${type === 'PlaceBuy' ? 'BUY' : 'SELL'} ${formatDecimal(quantity)} ${symbol}`;
}
