/** The content security policy of a page. Invariant: no script and no style but those that the page was built with. */
import { sha256Hex } from '../../domain/hash';

export interface PageParts {
  /** Nothing: no script at all. */
  readonly script?: string;
  readonly style: string;
  /** Whether the program of the page may ask the server that the page came from. */
  readonly callsServer?: boolean;
}

export function contentPolicy({ script, style, callsServer: callsServer = false }: PageParts): string {
  return [
    "default-src 'none'",
    ...(script === undefined ? [] : [`script-src ${hashSource(script)}`]),
    `style-src ${hashSource(style)}`,
    'img-src data:',
    ...(callsServer ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function hashSource(text: string): string {
  return `'sha256-${Buffer.from(sha256Hex(text), 'hex').toString('base64')}'`;
}
