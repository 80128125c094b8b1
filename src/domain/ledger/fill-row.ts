/** `fill` rows of `executions.jsonl`: canonical JSON, written directly like the step rows. */
import { canonicalString } from '../canonical/canonical';
import { ascii, type RowBuffer } from '../tape/row-buffer';
import type { Fill } from './fill';

/** Appends the row of one fill, answers its hash; `reason` is the rationale of the signal, or who asked for the action. */
export function putFill(row: RowBuffer, runId: string, stepIndex: number, fill: Fill, reason: string, prevHash: string): string {
  row.put(ACTION_INDEX);
  row.putCount(fill.actionIndex);
  row.put(CASH_AFTER);
  row.putDecimal(fill.cashAfter);
  row.put(CASH_BEFORE);
  row.putDecimal(fill.cashBefore);
  row.put(EVENT_ID);
  row.putAscii(runId);
  row.put(COLON);
  row.putCount(stepIndex);
  row.put(COLON);
  row.putCount(fill.actionIndex);
  row.put(EXPOSURE_AFTER);
  row.putDecimal(fill.exposureAfter);
  row.put(EXPOSURE_BEFORE);
  row.putDecimal(fill.exposureBefore);
  row.put(FEE);
  row.putDecimal(fill.fee);
  row.put(END_STRING);
  row.placeHash();
  row.put(NOTIONAL);
  row.putDecimal(fill.notional);
  row.put(POSITION_AFTER);
  row.putDecimal(fill.positionAfter);
  row.put(POSITION_BEFORE);
  row.putDecimal(fill.positionBefore);
  row.put(PREV_HASH);
  row.putAscii(prevHash);
  row.put(PRICE);
  row.putDecimal(fill.price);
  row.put(QUANTITY);
  row.putDecimal(fill.quantity);
  row.put(REASON);
  row.putText(canonicalString(reason));
  row.put(RUN_ID);
  row.putAscii(runId);
  row.put(fill.side === 'BUY' ? SIDE_BUY : SIDE_SELL);
  row.putCount(stepIndex);
  row.put(SYMBOL);
  row.putAscii(fill.symbol);
  row.put(TYPE);
  return row.endRow();
}

// The constant text of a row, in canonical order.
const ACTION_INDEX = ascii('{"action_index":');
const CASH_AFTER = ascii(',"cash_after":"');
const CASH_BEFORE = ascii('","cash_before":"');
const EVENT_ID = ascii('","event_id":"');
const COLON = ascii(':');
const EXPOSURE_AFTER = ascii('","exposure_after":"');
const EXPOSURE_BEFORE = ascii('","exposure_before":"');
const FEE = ascii('","fee":"');
const END_STRING = ascii('",');
const NOTIONAL = ascii('"notional":"');
const POSITION_AFTER = ascii('","position_after":"');
const POSITION_BEFORE = ascii('","position_before":"');
const PREV_HASH = ascii('","prev_hash":"');
const PRICE = ascii('","price":"');
const QUANTITY = ascii('","quantity":"');
const REASON = ascii('","reason":');
const RUN_ID = ascii(',"run_id":"');
const SIDE_BUY = ascii('","side":"BUY","status":"FILLED","step_index":');
const SIDE_SELL = ascii('","side":"SELL","status":"FILLED","step_index":');
const SYMBOL = ascii(',"symbol":"');
const TYPE = ascii('","type":"fill"}');
