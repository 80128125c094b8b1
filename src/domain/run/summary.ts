/** What a finished run comes to: the content of `run.json`, `decision.json` and `budgets.json`, and what callers print. */
import type { RunFile } from '../../ports/run-files';
import type { BudgetState } from '../budget/budget';
import { canonical, type Json, type JsonObject } from '../canonical/canonical';
import type { RunStop } from '../agent/stop';
import type { Sealed } from '../episode/episode';
import type { Decisions } from '../episode/world';
import type { EpisodeInputs, RunIdentity } from './inputs';

export interface RunSummary {
  readonly runId: string;
  readonly genesis: string;
  readonly inputs: EpisodeInputs;
  readonly error: RunStop | null;
  /** Steps committed to the tape. */
  readonly steps: number;
  readonly decisions: Decisions;
  /** Where the world ended: `final_state` and the totals of it, null where the run has no world. */
  readonly final: JsonObject;
  readonly budgetState: BudgetState;
  readonly executions: { readonly rows: number; readonly head_hash: string };
  /** Hash of the seal: the one value that stands for the whole run. */
  readonly headHash: string;
  /** What each call of a tool or memory plan answered, in order. */
  readonly results: readonly JsonObject[];
  /** Acts of an agent that were begun, in a guarded run; their answers are the agent's. */
  readonly acts?: number;
}

export function summarise<S, P>(
  inputs: EpisodeInputs,
  { runId, genesis }: RunIdentity,
  { stop, headHash, final, cursor }: Sealed<S, P>,
  results: readonly JsonObject[],
): RunSummary {
  return {
    runId,
    genesis,
    inputs,
    error: stop,
    steps: cursor.steps,
    decisions: cursor.decisions,
    final,
    budgetState: cursor.spent,
    executions: { rows: cursor.ledgerRows, head_hash: cursor.ledgerHead },
    headHash,
    results,
  };
}

/** SHA-256 of every file of a run but `run.json` itself. */
export type FileDigests = Readonly<Partial<Record<RunFile, string>>>;

/** `run.json`: one canonical line. */
export function runJson(summary: RunSummary, digests: FileDigests): string {
  return `${canonical({
    spec_version: summary.inputs.spec_version,
    run_id: summary.runId,
    genesis: summary.genesis,
    mode: summary.inputs.mode,
    ok: summary.error === null,
    error: summary.error,
    steps: summary.steps,
    decisions: summary.decisions,
    initial_state: initialStateOf(summary.inputs),
    ...summary.final,
    budget: summary.inputs.budget,
    budget_state: summary.budgetState,
    executions: summary.executions,
    head_hash: summary.headHash,
    digests,
  })}\n`;
}

/** `decision.json`: what was decided, and what each call answered. */
export function decisionJson(summary: RunSummary): string {
  return `${canonical({
    run_id: summary.runId,
    mode: summary.inputs.mode,
    ok: summary.error === null,
    error: summary.error,
    steps: summary.steps,
    decisions: summary.decisions,
    ...summary.final,
    results: summary.results,
    head_hash: summary.headHash,
  })}\n`;
}

/** `budgets.json`: what was allowed and what was spent. */
export function budgetsJson({ inputs, budgetState, error }: RunSummary): string {
  const limiter = error?.code === 'budget_exceeded' ? error.limiter : null;
  return `${canonical({ budget: inputs.budget, budget_state: budgetState, limiter })}\n`;
}

/** `memory.json`: what each memory operation answered. */
export function memoryJson(summary: RunSummary): string {
  return `${canonical({ run_id: summary.runId, results: summary.results })}\n`;
}

export function initialStateOf(inputs: EpisodeInputs): Json {
  return inputs['initial_state'] ?? null;
}
