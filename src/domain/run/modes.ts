/** The modes of a run: one table. What a mode leaves and how its report speaks of it is a row; how it is taken again is in `verify.ts`. */
import type { RunFile } from '../../ports/run-files';

export const MODE_NAMES = ['local', 'agentcore-base', 'agentcore-tools', 'agentcore-memory', 'world', 'guard'] as const;
export type Mode = (typeof MODE_NAMES)[number];

export interface ModeRow {
  /** The files a run leaves, in the order in which they are written; `run.json` last. */
  readonly files: readonly RunFile[];
  /** Those of them that its inputs name by a digest, `x_sha256` for `x.json`. */
  readonly named: readonly NamedFile[];
  /** The first line of the report of a run that finished. */
  readonly finished: (calls: number, steps: number) => string;
  /** What the rows of its ledger are. */
  readonly effect: 'fill' | 'action';
}

export type NamedFile = Extract<
  RunFile,
  'market.jsonl' | 'strategy.json' | 'policy.json' | 'request.json' | 'prices.json' | FileWorldDocument
>;
type FileWorldDocument = (typeof FILE_WORLD_DOCUMENTS)[number];

const WORLD_FILES = ['strategy.json', 'policy.json', 'market.jsonl', 'tape.jsonl', 'executions.jsonl'] as const;
const ANSWER_FILES = ['decision.json', 'budgets.json', 'report.md', 'run.json'] as const;
const FILE_WORLD_DOCUMENTS = ['world.js', 'policy.js', 'params.json', 'inputs.jsonl'] as const;
const DOCUMENTS = ['market.jsonl', 'strategy.json', 'policy.json'] as const;

export const MODES: Readonly<Record<Mode, ModeRow>> = {
  local: {
    files: [...WORLD_FILES, 'report.md', 'run.json'],
    named: DOCUMENTS,
    finished: (_calls, steps) => `${String(steps)} steps`,
    effect: 'fill',
  },
  'agentcore-base': {
    files: ['request.json', ...WORLD_FILES, ...ANSWER_FILES],
    named: [...DOCUMENTS, 'request.json'],
    finished: (_calls, steps) => `${String(steps)} steps`,
    effect: 'fill',
  },
  'agentcore-tools': {
    files: ['request.json', ...WORLD_FILES, ...ANSWER_FILES],
    named: [...DOCUMENTS, 'request.json'],
    finished: (calls, steps) => `${String(calls)} calls, ${String(steps)} steps committed`,
    effect: 'fill',
  },
  'agentcore-memory': {
    files: ['request.json', 'tape.jsonl', 'executions.jsonl', 'memory.json', ...ANSWER_FILES],
    named: ['request.json'],
    finished: (calls) => `${String(calls)} calls`,
    effect: 'fill',
  },
  // A world file; without a policy `policy.js` is empty.
  world: {
    files: [...FILE_WORLD_DOCUMENTS, 'tape.jsonl', 'executions.jsonl', 'report.md', 'run.json'],
    named: FILE_WORLD_DOCUMENTS,
    finished: (_calls, steps) => `${String(steps)} steps`,
    effect: 'action',
  },
  guard: {
    files: ['prices.json', 'tape.jsonl', 'executions.jsonl', 'report.md', 'run.json'],
    named: ['prices.json'],
    finished: (calls) => `${String(calls)} acts`,
    effect: 'fill',
  },
};

export function filesOf(mode: Mode): readonly RunFile[] {
  return MODES[mode].files;
}

/** The digest of a file that inputs name; nothing where they do not. */
export function namedDigest(inputs: { readonly [key: string]: unknown }, file: NamedFile): string | undefined {
  const digest = inputs[`${file.slice(0, file.indexOf('.'))}_sha256`];
  return typeof digest === 'string' ? digest : undefined;
}
