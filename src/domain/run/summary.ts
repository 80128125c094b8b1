/** What a finished run comes to: the content of `run.json`, `decision.json` and `budgets.json`, and what callers print. */
import type { RunFile } from '../../ports/run-files';
import type { BudgetState } from '../budget/budget';
import { canonical, type Json } from '../canonical/canonical';
import { formatDecimal } from '../decimal/decimal';
import { stateText, type StateText } from '../world/state';
import type { Cursor, Decisions } from './engine';
import { filesOf, type RunIdentity, type RunInputs } from './inputs';
import type { RunStop } from './stop';

export interface RunSummary {
  readonly runId: string;
  readonly genesis: string;
  readonly inputs: RunInputs;
  readonly error: RunStop | null;
  /** Steps committed to the tape. */
  readonly steps: number;
  readonly decisions: Decisions;
  /** Null where the run has no world. */
  readonly finalState: StateText | null;
  readonly finalEquity: string | null;
  readonly finalExposure: string | null;
  readonly budgetState: BudgetState;
  readonly executions: { readonly rows: number; readonly head_hash: string };
  /** Hash of the seal: the one value that stands for the whole run. */
  readonly headHash: string;
  /** What each call of a tool or memory plan answered, in order. */
  readonly results: readonly Json[];
}

export function summarise(
  inputs: RunInputs,
  identity: RunIdentity,
  symbols: readonly string[],
  at: Cursor,
  seal: { readonly headHash: string; readonly error: RunStop | null },
  results: readonly Json[] = [],
): RunSummary {
  return {
    runId: identity.runId,
    genesis: identity.genesis,
    inputs,
    error: seal.error,
    steps: at.t,
    decisions: at.decisions,
    finalState: stateText(at.state, symbols),
    finalEquity: formatDecimal(at.value.equity),
    finalExposure: formatDecimal(at.value.exposure),
    budgetState: at.spent,
    executions: { rows: at.fills, head_hash: at.ledgerHead },
    headHash: seal.headHash,
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
    final_state: summary.finalState,
    final_equity: summary.finalEquity,
    final_exposure: summary.finalExposure,
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
    final_state: summary.finalState,
    final_equity: summary.finalEquity,
    final_exposure: summary.finalExposure,
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

/** The digests of a mode's files, `run.json` left out: it cannot name itself. */
export function digestsOf(inputs: RunInputs, digest: (file: RunFile) => string): FileDigests {
  return Object.fromEntries(
    filesOf(inputs.mode)
      .filter((file) => file !== 'run.json')
      .map((file) => [file, digest(file)]),
  );
}

export function initialStateOf(inputs: RunInputs): StateText | null {
  return inputs.mode === 'agentcore-memory' ? null : inputs.initial_state;
}
