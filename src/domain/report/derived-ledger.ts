/**
 * The ledger as it follows from the step rows, without a look at `executions.jsonl`. Invariant: hashed and linked, these rows are that file byte
 * for byte, so the seal's `executions.head_hash` proves them.
 */
import { type Decimal, formatDecimal, mul } from '../decimal/decimal';
import { isRecord } from '../codec/codec';
import { PLAN_RATIONALE, type Fill } from '../ledger/fill';
import type { Row } from '../tape/chain';
import { type TradingCosts, feeOf, fillPrice } from '../world/market/costs';
import { amountOf, decimals } from './step-point';

export interface DerivedFill extends Fill {
  readonly step: number;
  readonly reason: string;
}

export interface DerivedLedger {
  /** The fills of a row of the tape, in order; none for a row that is not an APPROVED step. */
  readonly next: (row: Row) => readonly DerivedFill[];
}

const NONE: readonly never[] = [];

/** Rows in the order of the tape, from the run row on. Where rows are left out, those that are APPROVED have to be there. */
export function makeDerivedLedger(costs: TradingCosts): DerivedLedger {
  const positions = new Map<string, Decimal>();

  function open({ inputs }: Row): void {
    if (!isRecord(inputs)) return;
    const initial = inputs['initial_state'];
    for (const [symbol, quantity] of (isRecord(initial) ? decimals(initial['positions']) : undefined) ?? [])
      positions.set(symbol, quantity);
  }

  return {
    next: (row) => {
      if (row['type'] === 'run') open(row);
      if (row['type'] !== 'step' || row['decision'] !== 'APPROVED') return NONE;
      const { step_index: step, actions, prices, rationales, state_delta: delta } = row;
      const priced = decimals(prices);
      if (typeof step !== 'number' || !Array.isArray(actions) || priced === undefined || !isRecord(delta)) return NONE;
      let cash = amountOf(delta['cash'], 'before') ?? 0n;
      let exposure = amountOf(delta['exposure'], 'before') ?? 0n;
      const fills: DerivedFill[] = [];
      for (const [actionIndex, action] of actions.entries()) {
        const [quantity, quoted] = [amountOf(action, 'quantity'), amountOf(action, 'price')];
        const symbol: unknown = isRecord(action) ? action['symbol'] : undefined;
        if (!isRecord(action) || typeof symbol !== 'string' || quantity === undefined || quoted === undefined) continue;
        const buy = action['type'] === 'PlaceBuy';
        const price = fillPrice(quoted, buy, costs);
        const notional = mul(quantity, price);
        const fee = feeOf(notional, costs);
        const before = positions.get(symbol) ?? 0n;
        const after = buy ? before + quantity : before - quantity;
        const worth = priced.get(symbol) ?? 0n;
        const cashAfter = (buy ? cash - notional : cash + notional) - fee;
        const exposureAfter = exposure - mul(before, worth) + mul(after, worth);
        const rationale: unknown = isRecord(rationales) && Object.hasOwn(rationales, symbol) ? rationales[symbol] : undefined;
        const amounts = { quantity, price, notional, fee, cashBefore: cash, cashAfter, positionBefore: before, positionAfter: after };
        // A plan may act on symbols for which no rule spoke.
        const reason = typeof rationale === 'string' && rationale !== '' ? rationale : PLAN_RATIONALE;
        fills.push({ step, actionIndex, symbol, side: buy ? 'BUY' : 'SELL', ...amounts, exposureBefore: exposure, exposureAfter, reason });
        positions.set(symbol, after);
        cash = cashAfter;
        exposure = exposureAfter;
      }
      return fills;
    },
  };
}

/** The ledger row of a fill but for its `hash`: `aroundHash` and `withHash` of `tape/row-text` make the line of it. */
export function fillMembers(fill: DerivedFill, runId: string, prevHash: string): Row {
  return {
    type: 'fill',
    event_id: `${runId}:${String(fill.step)}:${String(fill.actionIndex)}`,
    run_id: runId,
    step_index: fill.step,
    action_index: fill.actionIndex,
    symbol: fill.symbol,
    side: fill.side,
    quantity: formatDecimal(fill.quantity),
    price: formatDecimal(fill.price),
    notional: formatDecimal(fill.notional),
    fee: formatDecimal(fill.fee),
    status: 'FILLED',
    cash_before: formatDecimal(fill.cashBefore),
    cash_after: formatDecimal(fill.cashAfter),
    position_before: formatDecimal(fill.positionBefore),
    position_after: formatDecimal(fill.positionAfter),
    exposure_before: formatDecimal(fill.exposureBefore),
    exposure_after: formatDecimal(fill.exposureAfter),
    reason: fill.reason,
    prev_hash: prevHash,
  };
}
