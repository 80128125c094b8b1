/** Two short runs that between them hold every kind of row and of text that a directory can hold. */
import { readFixture } from './fixture';
import type { ReferenceRequest } from './reference-model';

/** Twelve steps: fills on both sides with fees, a REJECTED step, skips, times that are not ASCII and steps without one. */
export const tamperCase: ReferenceRequest = {
  market: {
    symbols: ['MSFT', 'AAPL'],
    steps: [
      { time: '2. Jänner', prices: { MSFT: '105', AAPL: '50' } },
      { prices: { MSFT: '105', AAPL: '55' } },
      { time: '一月 🕓', prices: { MSFT: '100', AAPL: '49' } },
      { time: '"\\\t', prices: { MSFT: '95', AAPL: '55' } },
      { time: '\u2028', prices: { MSFT: '101', AAPL: '55' } },
      { prices: { MSFT: '110', AAPL: '60.00000001' } },
      { prices: { MSFT: '120', AAPL: '59' } },
      { time: '\ufffd', prices: { MSFT: '105', AAPL: '55' } },
      { prices: { MSFT: '105', AAPL: '55' } },
      { prices: { MSFT: '105', AAPL: '61' } },
      { prices: { MSFT: '105', AAPL: '62' } },
      { time: 'e\u0301', prices: { MSFT: '104', AAPL: '51' } },
    ],
  },
  strategy: {
    // U+FFFD: what a careless decoder makes of bytes that are no text.
    metadata: { name: 'tamper \ufffd', version: '1', description: 'Prüfung' },
    universe: { symbols: ['AAPL', 'MSFT'] },
    timing: { evaluation_frequency_steps: 1 },
    sizing: { order_qty: '2', max_position_qty_per_symbol: '4', max_new_exposure_per_step: '290' },
    rules: [
      { type: 'threshold_price', symbol: 'AAPL', buy_below: '50', sell_above: '60' },
      { type: 'threshold_price', symbol: 'MSFT', buy_below: '100', sell_above: '110' },
    ],
  },
  policy: {
    policy_id: 'tight',
    risk_limits: { max_leverage: '0.9', max_position_pct: '0.5', max_position_value: '190' },
    costs: { fee_bps: '12.5' },
  },
  initialState: { cash: '900.5', positions: { AAPL: '1.25' } },
  steps: 12,
  budget: { max_steps: 12, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 },
};

/** Two of three steps, with a fill in each, then the budget. */
export const stoppedCase: ReferenceRequest = {
  market: { symbols: ['X'], steps: [{ prices: { X: '9' } }, { prices: { X: '10' } }, { prices: { X: '11' } }] },
  strategy: {
    metadata: { name: 'stopped', version: '1', description: '' },
    universe: { symbols: ['X'] },
    sizing: { order_qty: '1', max_position_qty_per_symbol: '9' },
    rules: [{ type: 'threshold_price', symbol: 'X', buy_below: '9', sell_above: '10' }],
  },
  policy: {},
  initialState: { cash: '100', positions: {} },
  steps: 3,
  budget: { ...tamperCase.budget, max_steps: 2 },
};

/** One step that buys nothing: the ledger is an empty file. */
export function emptyLedgerCase(): ReferenceRequest {
  const fixture = readFixture();
  return { ...fixture, initialState: { cash: '0', positions: {} }, steps: 1, budget: { ...fixture.budget, max_steps: 1 } };
}
