/**
 * `step` rows: canonical JSON written directly, member by member in canonical order.
 * Invariant: the bytes are what `canonical` gives for the same row; a test compares the two on random transitions.
 */
import { canonical, canonicalString } from '../canonical/canonical';
import type { Decimal } from '../decimal/decimal';
import { sha256Hex } from '../hash';
import type { ScannedStep } from '../market/market-form';
import { canonicalState, type State } from '../world/market/state';
import type { Signals } from '../world/market/signals';
import { fillsLater, hasSignalsAt, type Timing } from '../world/market/strategy';
import type { Transition, MarketRules } from '../world/market/step';
import { ascii, type RowBuffer } from './row-buffer';

export interface StepRowWriter {
  /** Appends the row to the buffer; answers its hash. */
  readonly write: (t: number, market: ScannedStep, transition: Transition, prevHash: string) => string;
}

export function makeStepRowWriter(world: MarketRules, row: RowBuffer): StepRowWriter {
  const { symbols, strategy } = world;
  const universe = inCanonicalOrder(strategy.universe.symbols);
  const market = inCanonicalOrder(symbols);
  const { timing } = strategy;
  // Symbols, reasons, rationales and sentences of `why`: a bounded number of texts, as many as rules, symbols and codes make.
  const literals = new Map<string, Uint8Array>();
  let hashedState: State | undefined;
  let stateHash = '';
  let writtenSignals: Signals | undefined;
  let signalBytes: Uint8Array = new Uint8Array();

  /** The JSON literal of a text that comes again and again. */
  function literal(text: string): Uint8Array {
    let bytes = literals.get(text);
    if (bytes === undefined) literals.set(text, (bytes = ascii(canonicalString(text))));
    return bytes;
  }

  function hashOf(state: State): string {
    if (state !== hashedState) {
      stateHash = sha256Hex(canonicalState(state, symbols));
      hashedState = state;
    }
    return stateHash;
  }

  function putChange(before: Decimal, after: Decimal): void {
    row.put(AFTER);
    row.putDecimal(after);
    row.put(BEFORE);
    if (before === after) {
      row.repeatDecimal();
      row.put(NO_DELTA);
      return;
    }
    row.putDecimal(before);
    row.put(DELTA);
    row.putDecimal(after - before);
    row.put(END_STRING_OBJECT);
  }

  function putActions({ actions }: Transition): void {
    for (let k = 0; k < actions.length; k += 1) {
      const action = actions[k];
      if (action === undefined) continue;
      if (k > 0) row.put(COMMA);
      row.put(PRICE);
      row.putDecimal(action.price);
      row.put(QUANTITY);
      row.putDecimal(action.quantity);
      row.put(SYMBOL);
      row.put(literal(action.symbol));
      row.put(action.type === 'PlaceBuy' ? TYPE_BUY : TYPE_SELL);
    }
  }

  /** The members `rationales` and `signals`, and what leads to the next one. The same object gives the same bytes. */
  function signalsText(signals: Signals): Uint8Array {
    if (signals === writtenSignals) return signalBytes;
    const signalled = universe.map(({ symbol, index }) => ({
      symbol,
      signal: signals.signals[index] ?? 'HOLD',
      why: signals.whys[index] ?? '',
    }));
    const rationales = signalled.filter(({ signal }) => signal !== 'HOLD').map(({ symbol, why }) => [symbol, why] as const);
    const members = canonical({
      rationales: Object.fromEntries(rationales),
      signals: Object.fromEntries(signalled.map(({ symbol, signal }) => [symbol, signal])),
    });
    signalBytes = ascii(`,${members.slice(1, -1)},"skipped":[`);
    writtenSignals = signals;
    return signalBytes;
  }

  function putSkipped({ skipped }: Transition): void {
    for (let k = 0; k < skipped.length; k += 1) {
      const skip = skipped[k];
      if (skip === undefined) continue;
      if (k > 0) row.put(COMMA);
      row.put(REASON);
      row.put(literal(skip.reason));
      row.put(SKIPPED_SYMBOL);
      row.put(literal(skip.symbol));
      row.put(END_OBJECT);
    }
  }

  function putPositions({ before, after }: Transition): void {
    if (before === after) return;
    let first = true;
    for (const { key, index } of market) {
      const [quantityBefore, quantityAfter] = [before.positions[index] ?? 0n, after.positions[index] ?? 0n];
      if (quantityBefore === quantityAfter) continue;
      if (!first) row.put(COMMA);
      row.put(key);
      putChange(quantityBefore, quantityAfter);
      first = false;
    }
  }

  function putErrors({ errors }: Transition): void {
    errors.forEach(({ actionIndex, code, message }, k) => {
      row.putText(`${k === 0 ? '' : ','}{"action_index":${String(actionIndex)},"code":"${code}","message":${canonicalString(message)}}`);
    });
  }

  function putWhy(t: number, transition: Transition): void {
    const { decision, skipped } = transition;
    if (decision !== 'HOLD' || skipped.length === 0) {
      row.put(literal(whyText(t, timing, transition)));
      return;
    }
    // Which symbols were skipped for what takes many forms: written piece by piece, not kept.
    row.put(WHY_SKIPPED);
    for (let k = 0; k < skipped.length; k += 1) {
      const skip = skipped[k];
      if (skip === undefined) continue;
      if (k > 0) row.put(COMMA_SPACE);
      row.putAscii(skip.symbol);
      row.put(SPACE);
      row.putAscii(skip.reason);
    }
    row.put(END_STRING);
  }

  function write(t: number, step: ScannedStep, transition: Transition, prevHash: string): string {
    const { signals, valueBefore, valueAfter, before, after } = transition;
    row.put(ACTIONS);
    putActions(transition);
    row.put(DECISIONS[transition.decision]);
    row.placeHash();
    row.put(PREV_HASH);
    row.putAscii(prevHash);
    row.put(PRICES);
    row.putAscii(step.pricesText);
    row.put(signalsText(signals));
    putSkipped(transition);
    row.put(CASH);
    putChange(before.cash, after.cash);
    row.put(EQUITY);
    putChange(valueBefore.equity, valueAfter.equity);
    row.put(EXPOSURE);
    putChange(valueBefore.exposure, valueAfter.exposure);
    row.put(POSITIONS);
    putPositions(transition);
    row.put(STATE_HASH);
    row.putAscii(hashOf(after));
    row.put(STEP_INDEX);
    row.putCount(t);
    if (step.timeText !== '') {
      row.put(TIME);
      row.putText(step.timeText);
    }
    row.put(TYPE_STEP);
    putErrors(transition);
    row.put(WHY);
    putWhy(t, transition);
    row.put(END_OBJECT);
    return row.endRow();
  }

  return { write };
}

/** One sentence on why the decision is what it is. */
export function whyText(t: number, timing: Timing, { decision, actions, skipped, errors }: Transition): string {
  switch (decision) {
    case 'APPROVED':
      return actions.length === 1 ? 'the action passed verification' : `all ${String(actions.length)} actions passed verification`;
    case 'REJECTED':
      return `action ${String(errors[0]?.actionIndex ?? 0)} refused: ${errors.map(({ code }) => code).join(', ')}`;
    case 'HOLD':
      if (skipped.length > 0) return `${ALL_SKIPPED}${skipped.map(({ symbol, reason }) => `${symbol} ${reason}`).join(', ')}`;
      return hasSignalsAt(t, timing) ? QUIET : unevaluatedText(t, timing);
  }
}

function unevaluatedText(t: number, timing: Timing): string {
  const every = `evaluated every ${String(timing.evaluation_frequency_steps)} steps`;
  if (!fillsLater(timing)) return `${every}, not at this one`;
  return t === 0 ? 'orders fill a step after their signal, and there is none before this one' : `${every}, not at the one before`;
}

const QUIET = 'every signal is HOLD';
const ALL_SKIPPED = 'every signal was skipped: ';

// The constant text of a row, in canonical order.
const ACTIONS = ascii('{"actions":[');
const DECISIONS = {
  APPROVED: ascii('],"decision":"APPROVED",'),
  REJECTED: ascii('],"decision":"REJECTED",'),
  HOLD: ascii('],"decision":"HOLD",'),
} as const;
const PREV_HASH = ascii('"prev_hash":"');
const PRICES = ascii('","prices":');
const CASH = ascii('],"state_delta":{"cash":');
const EQUITY = ascii(',"equity":');
const EXPOSURE = ascii(',"exposure":');
const POSITIONS = ascii(',"positions":{');
const STATE_HASH = ascii('}},"state_hash":"');
const STEP_INDEX = ascii('","step_index":');
const TIME = ascii(',"time":');
const TYPE_STEP = ascii(',"type":"step","verifier_errors":[');
const WHY = ascii('],"why":');
const WHY_SKIPPED = ascii(`"${ALL_SKIPPED}`);
const COMMA_SPACE = ascii(', ');
const SPACE = ascii(' ');
const END_STRING = ascii('"');

const PRICE = ascii('{"price":"');
const QUANTITY = ascii('","quantity":"');
const SYMBOL = ascii('","symbol":');
const TYPE_BUY = ascii(',"type":"PlaceBuy"}');
const TYPE_SELL = ascii(',"type":"PlaceSell"}');
const REASON = ascii('{"reason":');
const SKIPPED_SYMBOL = ascii(',"symbol":');
const AFTER = ascii('{"after":"');
const BEFORE = ascii('","before":"');
const DELTA = ascii('","delta":"');
const NO_DELTA = ascii('","delta":"0"}');
const END_STRING_OBJECT = ascii('"}');
const END_OBJECT = ascii('}');
const COMMA = ascii(',');

interface OrderedSymbol {
  readonly symbol: string;
  readonly key: Uint8Array;
  readonly index: number;
}

/** Symbols by UTF-16 code units, each with the bytes of its key and its place in the list it came from. */
function inCanonicalOrder(symbols: readonly string[]): readonly OrderedSymbol[] {
  return symbols
    .map((symbol, index) => ({ symbol, index }))
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
    .map(({ symbol, index }) => ({ symbol, key: ascii(`${canonicalString(symbol)}:`), index }));
}
