/**
 * The calls of a run as they are shown: what was asked, and what came back. In a guarded run those are two rows, and an act that was refused has one
 * of its own. Invariant: memory grows with the acts under way, not with the tape.
 */
import type { Json } from '../canonical/canonical';
import type { Row } from '../tape/chain';

export interface CallReader {
  /** The call that a row completes, as one row; nothing where it completes none. */
  readonly next: (row: Row) => Row | undefined;
}

export function makeCallReader(): CallReader {
  const requests = new Map<Json | undefined, Json>();
  return {
    next: (row) => {
      switch (row['type']) {
        case 'intent':
          // The intent of a session says the same as the call that follows it.
          if (row['request'] !== undefined) requests.set(row['index'], row['request']);
          return undefined;
        case 'stop':
          return row['request'] === undefined
            ? undefined
            : { ...row, type: row['act'] ?? 'tool', args: row['request'], ok: false, source: 'local' };
        case 'tool':
        case 'model':
        case 'memory': {
          const args = requests.get(row['index']);
          requests.delete(row['index']);
          return args === undefined ? row : { ...row, args, result: resultOf(row) };
        }
        default:
          return undefined;
      }
    },
  };
}

/** What an act of an agent came to: its answer, and what it says that it used. */
function resultOf({ result = null, usage }: Row): Json {
  return usage === undefined || usage === null ? result : { usage, answer: result };
}
