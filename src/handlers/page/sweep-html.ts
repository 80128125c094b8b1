/** The page of a sweep. */
import type { SweepPageContent } from '../../domain/sweep/page-reader';
import type { SweepPageData } from '../../domain/report/sweep-page-data';
import { drawnPage } from './drawn-page';
import { packLines } from './pack';

/** What the build puts in: the files of `browser/`, bundled. */
declare const EWM_SWEEP_SCRIPT: string;
declare const EWM_SWEEP_STYLE: string;

const [script, style] = [EWM_SWEEP_SCRIPT, EWM_SWEEP_STYLE];

export async function renderSweepPage(
  { madeBy, runs }: { readonly madeBy: string; readonly runs: string },
  { data, cells }: SweepPageContent,
): Promise<string> {
  const whole: SweepPageData = { ...data, made_by: madeBy, runs, rows: await packLines(cells.map((cell) => JSON.stringify(cell))) };
  return drawnPage({
    title: 'Sweep',
    script,
    style,
    data: whole,
    without:
      'This page draws itself with the program inside it: allow scripts for this file, or read sweep.json and cells.jsonl beside it.',
  });
}
