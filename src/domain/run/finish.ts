/** What follows the seal of a run of any mode: the summary files, and `run.json` last. Writing and verifying share it. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { RunFile } from '../../ports/run-files';
import { filesOf } from './inputs';
import type { DigestedOutput } from '../episode/output';
import { type ReportLines, type ReportParts, renderReport } from './report';
import { budgetsJson, decisionJson, digestsOf, type FileDigests, memoryJson, runJson, type RunSummary } from './summary';

export interface FinishedRun {
  readonly summary: RunSummary;
  readonly digests: FileDigests;
}

/** A sealed run, and what its report is made of. */
export interface RunEnd {
  readonly summary: RunSummary;
  /** How its world shows itself; nothing where there is none. */
  readonly report: ReportParts | undefined;
  readonly lines: ReportLines;
  readonly callRows: readonly string[];
}

/** `digest` answers for the files that did not pass through `output` here, too. */
export async function finish<E>(
  output: DigestedOutput<E>,
  end: RunEnd,
  digest: (file: RunFile) => string,
): Promise<Either<E, FinishedRun>> {
  const digests = (): FileDigests => digestsOf(end.summary.inputs, digest);
  for (const file of filesOf(end.summary.inputs.mode)) {
    const text = textOf(file, end, digests);
    if (text === undefined) continue;
    const appended = await output.append(file, text);
    if (isLeft(appended)) return appended;
  }
  return right({ summary: end.summary, digests: digests() });
}

/** The text of a file that sums a run up; nothing for its inputs and its rows. */
function textOf(file: RunFile, { summary, report, lines, callRows }: RunEnd, digests: () => FileDigests): string | undefined {
  switch (file) {
    case 'memory.json':
      return memoryJson(summary);
    case 'decision.json':
      return decisionJson(summary);
    case 'budgets.json':
      return budgetsJson(summary);
    case 'report.md':
      return renderReport(summary, report, lines, callRows);
    case 'run.json':
      return runJson(summary, digests());
    case 'request.json':
    case 'strategy.json':
    case 'policy.json':
    case 'market.jsonl':
    case 'tape.jsonl':
    case 'executions.jsonl':
      return undefined;
  }
}
