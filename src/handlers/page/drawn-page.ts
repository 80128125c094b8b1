/**
 * A page that draws itself: one file with the program, its style and the data, and a policy that lets nothing else run or load.
 * Invariant: data is in one JSON block without a `<`, so nothing in it can end the block; what is seen of it, the program writes as text.
 */
import { contentPolicy } from './policy';

export interface DrawnPage {
  readonly title: string;
  readonly script: string;
  readonly style: string;
  readonly data: object;
  /** Said where scripts are not allowed. */
  readonly without: string;
}

export function drawnPage({ title, script, style, data, without }: DrawnPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy({ script, style })}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<noscript><p>${without}</p></noscript>
<script type="application/json" id="ewm-data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${script}</script>
</body>
</html>
`;
}
