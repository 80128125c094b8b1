/**
 * A memory plan: operations in order, checked as a whole before the first is sent. docs/spec.md sections 5 and 6.
 * Invariants: nothing is sent when the list cannot finish; a value that does not fit the budget is not handed out.
 */
import type { MemoryOperation } from '../../ports/memory';
import { makeBreaker } from '../budget/breaker';
import type { BudgetState } from '../budget/budget';
import { canonical, type Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import type { MemoryInputs, RunIdentity } from './inputs';
import { callRow, type CallOutcome, makePlanTape } from './plan-tape';
import { type Answer, canonicalBytes, type OutsideMemory } from './recorded';
import { DEADLINE, type RunStop } from './stop';

export interface MemoryEnd {
  readonly tape: Uint8Array;
  readonly tapeHead: string;
  /** Hash of tape row 0: the head of a ledger without fills. */
  readonly anchor: string;
  readonly spent: BudgetState;
  readonly stop: RunStop | null;
  readonly results: readonly Json[];
  readonly callRows: readonly string[];
}

/** What one operation costs before it is sent. Unit: bytes. */
export function requestBytes(operation: MemoryOperation): number {
  return canonicalBytes({ ...operation });
}

function recordedBytes(bytes: unknown): number {
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : 0;
}

export async function takeMemoryPlan(
  inputs: MemoryInputs,
  identity: RunIdentity,
  requests: readonly MemoryOperation[],
  outside: OutsideMemory,
): Promise<MemoryEnd> {
  const tape = makePlanTape(inputs, identity);
  const breaker = makeBreaker(inputs.budget);
  const results: Json[] = [];
  const callRows: string[] = [];

  /** The answer of one operation, once it is paid for; a value that came back is paid for too, or withheld. */
  function settle({ recorded }: Answer): { readonly outcome: CallOutcome; readonly stop: RunStop | null } {
    if (!recorded.ok) {
      const stop = recorded.error as RunStop;
      return { outcome: { ok: false, error: stop }, stop };
    }
    const { result } = recorded;
    if (!isRecord(result) || result['found'] !== true) return { outcome: { ok: true, result }, stop: null };
    const { value } = result;
    // Counted again where the value is there: a tape cannot make it cheaper than it was. A withheld value left only its size.
    const bytes = value === undefined ? recordedBytes(result['bytes']) : canonicalBytes(value);
    const refusal = breaker.reserve('memory_bytes', bytes);
    if (refusal !== undefined)
      return { outcome: { ok: false, error: refusal, result: { found: true, bytes, withheld: true } }, stop: refusal };
    return { outcome: { ok: true, result: { found: true, bytes, ...(value === undefined ? {} : { value: value }) } }, stop: null };
  }

  let stop: RunStop | null =
    breaker.preflight({
      memory_ops: requests.length,
      memory_bytes: requests.reduce((sum, operation) => sum + requestBytes(operation), 0),
    }) ?? null;
  for (const [index, operation] of requests.entries()) {
    if (stop !== null) break;
    if (outside.timeIsUp(index)) {
      stop = DEADLINE;
      break;
    }
    stop = breaker.reserveAll({ memory_ops: 1, memory_bytes: requestBytes(operation) }) ?? null;
    if (stop !== null) break;
    const answer = await outside.call(index, operation);
    const settled = settle(answer);
    const { outcome } = settled;
    tape.append({ type: 'memory', index, ...operation, source: answer.source, ...outcome });
    results.push({ index, op: operation.op, key: operation.key, ...outcome });
    callRows.push(
      callRow(index, `${operation.op} ${canonical(operation.key)}`, outcome.ok, canonical(outcome.error ?? outcome.result ?? null)),
    );
    ({ stop } = settled);
  }
  return { tape: tape.buffer.take(), tapeHead: tape.head(), anchor: tape.anchor, spent: breaker.state(), stop, results, callRows };
}
