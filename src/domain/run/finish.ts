/** What follows the seal of a run of any mode: the summary files, and `run.json` last. Writing and verifying share it. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { RunFile } from '../../ports/run-files';
import type { DigestedOutput } from '../episode/output';
import type { RefusalCount } from '../report/refusals';
import type { ModeRow } from './modes';
import { type ReportLines, type ReportParts, renderReport } from './report';
import { budgetsJson, decisionJson, type FileDigests, memoryJson, runJson, type RunSummary } from './summary';

export interface FinishedRun {
  readonly summary: RunSummary;
  /** What it left, `run.json` last. */
  readonly files: readonly RunFile[];
  readonly digests: FileDigests;
  /** How many steps were refused, by the code of the verifier. */
  readonly refusals: readonly RefusalCount[];
}

/** A sealed run, and what its report is made of. */
export interface SealedRun {
  readonly mode: ModeRow;
  readonly summary: RunSummary;
  /** How its world shows itself; nothing where there is none. */
  readonly report: ReportParts | undefined;
  readonly lines: ReportLines;
  readonly callRows: readonly string[];
}

/** `digest` answers for the files that did not pass through `output` here, too. */
export async function finish<E>(
  output: DigestedOutput<E>,
  end: SealedRun,
  digest: (file: RunFile) => string,
): Promise<Either<E, FinishedRun>> {
  const { summary, mode } = end;
  // `run.json` cannot name itself.
  const digests = (): FileDigests =>
    Object.fromEntries(mode.files.filter((file) => file !== 'run.json').map((file) => [file, digest(file)]));
  for (const file of mode.files) {
    const text = textOf(file, end, digests);
    if (text === undefined) continue;
    const appended = await output.append(file, text);
    if (isLeft(appended)) return appended;
  }
  return right({ summary, files: mode.files, digests: digests(), refusals: end.lines.refusals });
}

/** The text of a file that sums a run up; nothing for its inputs and its rows. */
function textOf(file: RunFile, end: SealedRun, digests: () => FileDigests): string | undefined {
  const { summary } = end;
  switch (file) {
    case 'memory.json':
      return memoryJson(summary);
    case 'decision.json':
      return decisionJson(summary);
    case 'budgets.json':
      return budgetsJson(summary);
    case 'report.md':
      return renderReport(end);
    case 'run.json':
      return runJson(summary, digests());
    case 'request.json':
    case 'world.js':
    case 'policy.js':
    case 'params.json':
    case 'inputs.jsonl':
    case 'strategy.json':
    case 'policy.json':
    case 'prices.json':
    case 'market.jsonl':
    case 'tape.jsonl':
    case 'executions.jsonl':
      return undefined;
  }
}
