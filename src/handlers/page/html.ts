/**
 * A report page: one file with the program, its style and the data, and a policy that lets nothing else run or load.
 * Invariant: data is in one JSON block without a `<`, so nothing in it can end the block; what is seen of it, the program writes as text.
 */
import type { PageData } from '../../domain/report/page-data';
import { contentPolicy } from './policy';

/** What the build puts in: the files of `browser/`, bundled. */
declare const EWM_PAGE_SCRIPT: string;
declare const EWM_PAGE_STYLE: string;

// Named once each: the build puts the whole text where a name stands.
const [script, style] = [EWM_PAGE_SCRIPT, EWM_PAGE_STYLE];

export function renderPage(data: PageData): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Run report</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<noscript><p>This report draws itself and proves its tape with the program inside it: allow scripts for this file, or read report.md of the run.</p></noscript>
<script type="application/json" id="ewm-data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Only this very script and this very style; a server that sends the page can send the same as a header. */
export function pagePolicy(): string {
  return contentPolicy({ script, style });
}
