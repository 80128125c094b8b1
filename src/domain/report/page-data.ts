/**
 * What a report page holds: the contract between whoever makes a page and the program inside it.
 * Invariant: every figure of a whole (not sampled) page comes from the tape in it, so none can be changed without breaking the chain.
 */
import type { WorldChart } from './world-charts';

/** Steps up to which a page holds the whole tape. A row takes some 150 to 250 bytes of a page. */
export const WHOLE_TAPE_STEPS_MAX = 10_000;

export interface PageData {
  readonly version: 1;
  /** Program and version that made the page, such as `ewm 0.8.0`. */
  readonly made_by: string;
  readonly a: PageRun;
  /** The run it is compared with. */
  readonly b: PageRun | null;
  readonly diff: RunDiff | null;
}

export interface PageRun {
  /** What the run is called in the page: the name of its directory, never a path. */
  readonly name: string;
  /** Lines of `tape.jsonl` as they stand there, each with its newline: gzip, then Base64. */
  readonly tape: string;
  /** Other files of the run directory, as they stand there; a file that the run does not have is left out. */
  readonly files: Readonly<Partial<Record<PageFile, string>>>;
  /** Nothing where the page holds every row. */
  readonly sample: TapeSample | null;
  /** Of a run in a world file. */
  readonly world?: PageWorld;
  /** `receipt.json` as it stands beside the run. The page checks it against a key that its reader supplies, and believes it in nothing else. */
  readonly receipt?: string;
}

/** What a world says of itself for whoever shows it. Only how a run is drawn depends on it: every value comes from the tape. */
export interface PageWorld {
  readonly name: string;
  readonly version: string;
  readonly charts: readonly WorldChart[];
}

export const PAGE_FILES = [
  'run.json',
  'strategy.json',
  'policy.json',
  'request.json',
  'memory.json',
  'world.js',
  'policy.js',
  'params.json',
] as const;

export type PageFile = (typeof PAGE_FILES)[number];

/** What stands in for the rows that a page of a long run leaves out. Counted over the whole tape; a page alone cannot prove it. */
export interface TapeSample {
  readonly rows_total: number;
  readonly steps_total: number;
  /** The rows that are here: `[first row, how many]`, ascending, row numbers 0-based as in the file. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Steps in a bucket; of each the rows are here that hold an extreme of a drawn series. */
  readonly bucket_steps: number;
  readonly fills: number;
  /** Decimal text. */
  readonly fees: string;
  /** Of equity, as its share of the peak; both rows are here. Nothing where equity never fell. */
  readonly max_drawdown: { readonly peak_step: number; readonly trough_step: number } | null;
  /** Fills and refusals by bucket, where they are too many for each to have its row here; nothing where all of them have. */
  readonly marks: readonly BucketMarks[] | null;
  /** Of a run in a world file: actions that were applied, and the fuel that all steps took. */
  readonly world?: { readonly actions: number; readonly fuel: number };
}

export interface BucketMarks {
  readonly first_step: number;
  readonly steps: number;
  /** By symbol. */
  readonly buys: Readonly<Record<string, number>>;
  readonly sells: Readonly<Record<string, number>>;
  /** Steps that were refused. */
  readonly rejected: number;
}

/** How two runs differ. */
export interface RunDiff {
  /** Members of the inputs and the normalised documents that differ; JSON text, nothing where a side has none. */
  readonly inputs: readonly { readonly file: string; readonly pointer: string; readonly a: string | null; readonly b: string | null }[];
  /** The first step at which the two worlds part; nothing where every step is the same. */
  readonly divergence: StepDivergence | null;
  readonly decisions: { readonly compared: number; readonly changed: number; readonly listed: readonly DecisionChange[] };
  readonly final: { readonly a: RunEnd | null; readonly b: RunEnd | null };
}

export interface StepDivergence {
  readonly step_index: number;
  /** The members of the step row that differ, as JSON pointers in the order of cause: prices, signals, skipped, actions, errors, decision, state. */
  readonly pointers: readonly string[];
  /** One sentence. */
  readonly why: string;
}

export interface DecisionChange {
  readonly step_index: number;
  readonly a: string | null;
  readonly b: string | null;
  readonly why: string;
}

export interface RunEnd {
  readonly ok: boolean;
  /** The breaker or the code that stopped it. */
  readonly stopped_by: string | null;
  readonly steps: number;
  readonly final_equity: string | null;
  readonly head_hash: string | null;
}
