/** The text of `fill` rows of `executions.jsonl`: canonical JSON, written directly like the step rows. */
import { canonicalString } from '../canonical/canonical';
import { formatDecimal } from '../decimal/decimal';
import { type Link, link } from '../tape/chain';
import type { Fill } from './fill';

/** The row of one fill; `reason` is the rationale of the signal, or who asked for the action. */
export function fillRow(runId: string, stepIndex: number, fill: Fill, reason: string, prevHash: string): Link {
  const head =
    `{"action_index":${String(fill.actionIndex)},"cash_after":"${formatDecimal(fill.cashAfter)}","cash_before":"${formatDecimal(fill.cashBefore)}",` +
    `"event_id":"${runId}:${String(stepIndex)}:${String(fill.actionIndex)}","exposure_after":"${formatDecimal(fill.exposureAfter)}",` +
    `"exposure_before":"${formatDecimal(fill.exposureBefore)}","fee":"${formatDecimal(fill.fee)}",`;
  const tail =
    `"notional":"${formatDecimal(fill.notional)}","position_after":"${formatDecimal(fill.positionAfter)}",` +
    `"position_before":"${formatDecimal(fill.positionBefore)}","prev_hash":"${prevHash}","price":"${formatDecimal(fill.price)}",` +
    `"quantity":"${formatDecimal(fill.quantity)}","reason":${canonicalString(reason)},"run_id":"${runId}","side":"${fill.side}",` +
    `"status":"FILLED","step_index":${String(stepIndex)},"symbol":"${fill.symbol}","type":"fill"}`;
  return link(head, tail);
}
