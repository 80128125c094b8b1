/**
 * Two runs compared row by row as they come by: steps by their index, calls by their order. Invariants: nothing is held but what is told, and
 * what is told is bounded, so two runs of any length can be compared.
 */
import { isRecord } from '../codec/codec';
import type { Row } from '../tape/chain';
import { jsonDifferences, jsonText, sameJson } from './json-difference';
import type { DecisionChange, StepDivergence, RunDiff, RunEnd } from './page-data';
import { decisionText, stepDifference } from './step-difference';

export const CHANGES_LISTED_MAX = 100;

export interface CallChange {
  /** 0-based, in the order of the calls. */
  readonly index: number;
  readonly pointers: readonly string[];
  readonly a: string | null;
  readonly b: string | null;
}

export interface RunComparison {
  readonly same: boolean;
  readonly diff: RunDiff;
  readonly market: {
    readonly symbols: { readonly a: readonly string[]; readonly b: readonly string[] };
    /** The first step that both took at other prices. */
    readonly first_step: number | null;
  };
  /** Rows of tools, models and memory. */
  readonly calls: { readonly compared: number; readonly changed: number; readonly listed: readonly CallChange[] };
}

export interface Comparer {
  readonly steps: (a: Row | undefined, b: Row | undefined) => void;
  readonly calls: (a: Row | undefined, b: Row | undefined) => void;
  readonly result: (inputs: RunDiff['inputs'], ends: RunDiff['final'], symbols: RunComparison['market']['symbols']) => RunComparison;
}

export function makeComparer(): Comparer {
  const decisions: DecisionChange[] = [];
  const calls: CallChange[] = [];
  let divergence: StepDivergence | null = null;
  let firstPrices: number | null = null;
  let [stepsCompared, stepsChanged, callsCompared, callsChanged] = [0, 0, 0, 0];

  return {
    steps: (a, b) => {
      stepsCompared += 1;
      const step = stepIndex(a ?? b);
      const difference =
        a === undefined || b === undefined
          ? { pointers: [''], why: `only ${a === undefined ? 'B' : 'A'} took this step` }
          : stepDifference(a, b);
      if (difference === undefined) return;
      divergence ??= { step_index: step, ...difference };
      if (a !== undefined && b !== undefined && !sameJson(a['prices'], b['prices'])) firstPrices ??= step;
      const [left, right] = [a === undefined ? null : decisionText(a), b === undefined ? null : decisionText(b)];
      if (left === right && sameJson(a?.['actions'], b?.['actions'])) return;
      stepsChanged += 1;
      if (decisions.length < CHANGES_LISTED_MAX) decisions.push({ step_index: step, a: left, b: right, why: difference.why });
    },
    calls: (a, b) => {
      const index = callsCompared;
      callsCompared += 1;
      const differences = a === undefined || b === undefined ? [{ pointer: '' }] : jsonDifferences(bare(a), bare(b), '', 2);
      if (differences.length === 0) return;
      callsChanged += 1;
      if (calls.length < CHANGES_LISTED_MAX)
        calls.push({ index, pointers: differences.map(({ pointer }) => pointer), a: callText(a), b: callText(b) });
    },
    result: (inputs, final, symbols) => ({
      same:
        inputs.length === 0 &&
        divergence === null &&
        callsChanged === 0 &&
        final.a !== null &&
        sameJson(endJson(final.a), endJson(final.b)),
      diff: { inputs, divergence, decisions: { compared: stepsCompared, changed: stepsChanged, listed: decisions }, final },
      market: { symbols, first_step: firstPrices },
      calls: { compared: callsCompared, changed: callsChanged, listed: calls },
    }),
  };
}

export function stepIndex(row: Row | undefined): number {
  const index = row?.['step_index'];
  return typeof index === 'number' ? index : 0;
}

/** A call but for its place in the chain. */
function bare(row: Row): Row {
  const { hash: _hash, prev_hash: _prevHash, ...call } = row;
  return call;
}

function callText(row: Row | undefined): string | null {
  return row === undefined ? null : jsonText(bare(row));
}

function endJson(end: RunEnd | null): Row | null {
  return end === null ? null : { ...end };
}

/** How a run ended, as its seal says. */
export function runEnd(seal: Row): RunEnd {
  const { ok, error, steps, final_equity: equity, hash } = seal;
  const stopped = isRecord(error) ? (error['code'] === 'budget_exceeded' ? error['limiter'] : error['code']) : null;
  return {
    ok: ok === true,
    stopped_by: typeof stopped === 'string' ? stopped : null,
    steps: typeof steps === 'number' ? steps : 0,
    final_equity: typeof equity === 'string' ? equity : null,
    head_hash: typeof hash === 'string' ? hash : null,
  };
}
