/** The report as a client of MCP shows it (MCP Apps): one page, the same for every session, which the client hands the answer of a tool. */
import { drawnPage } from './drawn-page';

/** What the build puts in: the files of `browser/app`, bundled. */
declare const EWM_APP_SCRIPT: string;
declare const EWM_APP_STYLE: string;

const [script, style] = [EWM_APP_SCRIPT, EWM_APP_STYLE];

export function reportApp(): string {
  return drawnPage({
    title: 'Report of a session',
    script,
    style,
    data: {},
    without: 'This report is drawn by the program inside it: allow scripts, or read the resource ewm://sessions/{id}/report.',
  });
}
