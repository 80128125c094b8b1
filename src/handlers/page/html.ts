/** The page of a report. */
import type { PageData } from '../../domain/report/page-data';
import { drawnPage } from './drawn-page';
import { contentPolicy } from './policy';

/** What the build puts in: the files of `browser/`, bundled. */
declare const EWM_PAGE_SCRIPT: string;
declare const EWM_PAGE_STYLE: string;

// Named once each: the build puts the whole text where a name stands.
const [script, style] = [EWM_PAGE_SCRIPT, EWM_PAGE_STYLE];

export function renderPage(data: PageData): string {
  return drawnPage({
    title: 'Run report',
    script,
    style,
    data,
    without:
      'This report draws itself and proves its tape with the program inside it: allow scripts for this file, or read report.md of the run.',
  });
}

/** Only this very script and this very style; a server that sends the page can send the same as a header. */
export function pagePolicy(): string {
  return contentPolicy({ script, style });
}
