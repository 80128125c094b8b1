/** What a finished run comes to: the content of `run.json`, and what callers print. */
import { type Budget, type BudgetExceeded, type BudgetState, type Dimension, LIMITER_OF } from '../budget/budget';
import { canonical } from '../canonical/canonical';
import { formatDecimal } from '../decimal/decimal';
import type { RunFile } from '../../ports/run-files';
import { stateText, type StateText } from '../world/state';
import type { Cursor, Decisions } from './engine';
import type { RunIdentity, RunInputs } from './inputs';

export interface RunSummary {
  readonly runId: string;
  readonly genesis: string;
  readonly inputs: RunInputs;
  readonly error: BudgetExceeded | null;
  readonly steps: number;
  readonly decisions: Decisions;
  readonly finalState: StateText;
  readonly finalEquity: string;
  readonly finalExposure: string;
  readonly budgetState: BudgetState;
  readonly executions: { readonly rows: number; readonly head_hash: string };
  /** Hash of the seal: the one value that stands for the whole run. */
  readonly headHash: string;
}

export function summarise(
  inputs: RunInputs,
  identity: RunIdentity,
  symbols: readonly string[],
  at: Cursor,
  seal: { readonly headHash: string; readonly error: BudgetExceeded | null },
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
  };
}

/** SHA-256 of every file but `run.json` itself. */
export type FileDigests = Readonly<Record<Exclude<RunFile, 'run.json'>, string>>;

export function digestsOf(digest: (file: RunFile) => string): FileDigests {
  return {
    'strategy.json': digest('strategy.json'),
    'policy.json': digest('policy.json'),
    'market.jsonl': digest('market.jsonl'),
    'tape.jsonl': digest('tape.jsonl'),
    'executions.jsonl': digest('executions.jsonl'),
    'report.md': digest('report.md'),
  };
}

/** `run.json`: one canonical line. `digests` names every other file of the directory. */
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
    initial_state: summary.inputs.initial_state,
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

/** The rows of the report's budget table. */
export function budgetRows(budget: Budget, state: BudgetState): readonly string[] {
  return (Object.keys(LIMITER_OF) as Dimension[]).map(
    (dimension) => `| ${LIMITER_OF[dimension]} | ${String(budget[LIMITER_OF[dimension]])} | ${String(state[dimension])} |`,
  );
}
