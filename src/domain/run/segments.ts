/**
 * Verification in segments: a verifier may start at any checkpoint, so the segments of a tape are proven side by side, and the whole
 * follows by induction. Invariant: joined proofs say no more than one sequential proof would; on any doubt the caller runs that one.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ByteCursor, RunFile, RunReader } from '../../ports/run-files';
import { NOTHING_SPENT } from '../budget/budget';
import { isRecord } from '../codec/codec';
import { makeDigest } from '../hash';
import { CHECKPOINT_INTERVAL_STEPS, CHUNK_BYTES, ROW_BYTES_MAX } from '../limits';
import type { State } from '../world/market/state';
import type { Cursor } from '../episode/cursor';
import { digested, type DigestedOutput, undigested } from '../episode/output';
import type { Plan } from '../world/market/market-world';
import { type CompareError, makeComparison } from './compare';
import { parseJson } from '../codec/parse';
import { eachChunk, withCursor } from './cursors';
import { type Evidence, readEvidence, readInputs, readMarket, worldRunOf } from './evidence';
import { decodeInputs } from './inputs';
import { joinReportLines, type ReportLines } from './report';
import type { RunSummary } from './summary';
import { openSteps, sealSteps } from './take';
import { checkMarket, overMarket, proveEnd } from './verify';

export type MarketCursor = Cursor<State, Plan>;

/** Where a segment starts, as the files claim it; whoever proves the segment before it confirms the claim. */
export interface Segment {
  /** Nothing: the beginning of the run. */
  readonly from: MarketCursor | undefined;
  readonly until: number;
  readonly tapeOffset: number;
  readonly ledgerOffset: number;
  readonly marketOffset: number;
}

export interface SegmentProof {
  readonly end: MarketCursor;
  readonly tapeEnd: number;
  readonly ledgerEnd: number;
  readonly lines: ReportLines;
}

export interface SegmentPlan {
  readonly evidence: Evidence;
  readonly segments: readonly Segment[];
}

/** Splits a run into up to `jobs` segments at checkpoints. Nothing when the files do not allow it: then verify in one piece. */
export async function planSegments(reader: RunReader, jobs: number): Promise<SegmentPlan | undefined> {
  const named = await readInputs(reader, decodeInputs);
  // Plans of calls are short, and a run stopped by the clock has to be read to its end first.
  if (isLeft(named) || named.right.mode !== 'local') return undefined;
  const evidence = await readEvidence(reader, named.right);
  if (isLeft(evidence)) return undefined;
  const { inputs } = evidence.right;
  const run = worldRunOf(evidence.right);
  const { episode } = openSteps(run, NO_OUTPUT);
  const steps = Math.min(inputs.steps, inputs.budget.max_steps);
  const starts = splitAtCheckpoints(steps, jobs);
  const wanted = starts.map((t) => Math.max(0, t - episode.lookback));
  const offsets = await offsetsOfSteps(reader, wanted);
  if (offsets === undefined) return undefined;

  const first = episode.cursor();
  const segments: Segment[] = [];
  for (const [index, t] of starts.entries()) {
    const marketOffset = offsets[index] ?? 0;
    const until = starts[index + 1] ?? inputs.steps;
    if (t === 0) {
      segments.push({ from: undefined, until, tapeOffset: 0, ledgerOffset: 0, marketOffset });
      continue;
    }
    const checkpoint = await findRow(
      reader,
      'tape.jsonl',
      (row) => row.stepIndex >= t || (row.stepIndex === t - 1 && row.type === 'checkpoint'),
    );
    const state = checkpoint?.type === 'checkpoint' ? run.world.decodeState(checkpoint.row['state']) : undefined;
    if (checkpoint === undefined || state === undefined || isLeft(state)) return undefined;
    const fill = await findRow(reader, 'executions.jsonl', (row) => row.stepIndex >= t);
    const ledger = fill === undefined ? await ledgerEnd(reader) : { offset: fill.offset, head: fill.row['prev_hash'] };
    if (ledger === undefined) return undefined;
    const from: MarketCursor = {
      ...first,
      // The totals are those of the last step taken; a segment takes at least one.
      world: { step: t, state: state.right, totals: {} },
      steps: t,
      tapeHead: String(checkpoint.row['hash']),
      ledgerHead: String(ledger.head),
      spent: { ...NOTHING_SPENT, steps: t },
    };
    segments.push({ from, until, tapeOffset: checkpoint.end, ledgerOffset: ledger.offset, marketOffset });
  }
  return { evidence: evidence.right, segments };
}

export async function proveSegment(reader: RunReader, evidence: Evidence, segment: Segment): Promise<Either<CompareError, SegmentProof>> {
  const comparison = makeComparison(reader, { 'tape.jsonl': segment.tapeOffset, 'executions.jsonl': segment.ledgerOffset });
  const { episode, report } = openSteps(worldRunOf(evidence), undigested(comparison), segment.from);
  const taken = await overMarket(reader, segment.marketOffset, (lines) => episode.advance(segment.until, lines));
  await comparison.close();
  if (isLeft(taken)) {
    return taken.left._tag === 'Interrupted'
      ? left({ _tag: 'Unreadable', path: reader.location, reason: 'interrupted' })
      : left(taken.left);
  }
  return right({
    end: episode.cursor(),
    tapeEnd: comparison.offset('tape.jsonl'),
    ledgerEnd: comparison.offset('executions.jsonl'),
    lines: report.rows(),
  });
}

/** The proof of the whole from proofs of its segments; nothing when they do not fit together, or the end does not. */
export async function joinProofs(
  reader: RunReader,
  plan: SegmentPlan,
  proofs: readonly SegmentProof[],
  digests: ChainDigests,
): Promise<RunSummary | undefined> {
  const { evidence, segments } = plan;
  const last = proofs.at(-1);
  if (last === undefined || last.end.steps === 0 || proofs.length !== segments.length) return undefined;
  for (const [index, proof] of proofs.entries()) {
    const next = segments[index + 1];
    if (next !== undefined && !fits(proof, next)) return undefined;
  }
  const total = (count: (end: MarketCursor) => number): number => proofs.reduce((sum, { end }) => sum + count(end), 0);
  const end: MarketCursor = {
    ...last.end,
    ledgerRows: total(({ ledgerRows }) => ledgerRows),
    decisions: {
      APPROVED: total(({ decisions }) => decisions.APPROVED),
      REJECTED: total(({ decisions }) => decisions.REJECTED),
      HOLD: total(({ decisions }) => decisions.HOLD),
    },
  };
  const comparison = makeComparison(reader, { 'tape.jsonl': last.tapeEnd, 'executions.jsonl': last.ledgerEnd });
  const output = digested(comparison);
  const run = worldRunOf(evidence);
  const lines = joinReportLines(proofs.map((proof) => proof.lines));
  // The segments proved the tape and the ledger byte for byte, so the digests of the files are those of what the engine writes.
  const digest = (file: RunFile): string => (file === 'tape.jsonl' || file === 'executions.jsonl' ? digests[file] : output.digest(file));
  const sealed = await sealSteps(run, openSteps(run, output, end).episode, lines);
  const summary = isLeft(sealed) ? sealed : await proveEnd(sealed.right, output, digest, comparison, reader);
  await comparison.close();
  return isLeft(summary) ? undefined : summary.right;
}

export type ChainDigests = Readonly<Record<'tape.jsonl' | 'executions.jsonl', string>>;

/**
 * What no segment sees of the long files as they stand: that the market is the one that the inputs name, to its end, and SHA-256 of tape and
 * ledger. Runs beside the segments: they hold the prices of the tape against the market, so a market that is another one is found here or there.
 */
export async function checkFiles(reader: RunReader, evidence: Evidence): Promise<ChainDigests | undefined> {
  const { inputs, symbols } = evidence;
  const market = await readMarket(reader, symbols, { readElsewhere: Math.min(inputs.steps, inputs.budget.max_steps) });
  if (isLeft(market) || isLeft(checkMarket(evidence, market.right, right(undefined)))) return undefined;
  const [tape, ledger] = [await digestFile(reader, 'tape.jsonl'), await digestFile(reader, 'executions.jsonl')];
  return tape === undefined || ledger === undefined ? undefined : { 'tape.jsonl': tape, 'executions.jsonl': ledger };
}

function fits({ end, tapeEnd, ledgerEnd: ledgerAt }: SegmentProof, { from, tapeOffset, ledgerOffset }: Segment): boolean {
  return (
    from?.world !== undefined &&
    end.world?.step === from.world.step &&
    end.tapeHead === from.tapeHead &&
    end.ledgerHead === from.ledgerHead &&
    tapeEnd === tapeOffset &&
    ledgerAt === ledgerOffset &&
    sameState(end.world.state, from.world.state)
  );
}

function sameState(a: State, b: State): boolean {
  return a.cash === b.cash && sameAmounts(a.positions, b.positions) && sameAmounts(a.entries ?? [], b.entries ?? []);
}

function sameAmounts(a: readonly bigint[], b: readonly bigint[]): boolean {
  return a.length === b.length && a.every((amount, index) => amount === b[index]);
}

/** For an episode that is asked where it begins and goes nowhere. */
const NO_OUTPUT: DigestedOutput<never> = { append: () => Promise.resolve(right(undefined)), digest: () => '' };

/** Where the lines of these steps begin, ascending. Counts lines and checks nothing: a segment that begins elsewhere is not proven. */
async function offsetsOfSteps(reader: RunReader, steps: readonly number[]): Promise<readonly number[] | undefined> {
  const offsets: number[] = [];
  let [lines, before] = [0, 0];
  const read = await withCursor(reader.open('market.jsonl'), (cursor) =>
    eachChunk(
      cursor,
      (bytes) => {
        for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
          lines += 1;
          // The header comes first.
          while (steps[offsets.length] === lines - 1) offsets.push(before + at + 1);
          if (offsets.length === steps.length) return right(undefined);
        }
        before += bytes.length;
        return undefined;
      },
      16 * CHUNK_BYTES,
    ),
  );
  return isLeft(read) || offsets.length < steps.length ? undefined : offsets;
}

/** First steps of the segments: 0 and multiples of the checkpoint interval, evenly spread. */
function splitAtCheckpoints(steps: number, jobs: number): readonly number[] {
  const starts = [0];
  for (let job = 1; job < jobs; job += 1) {
    const t = Math.round((steps * job) / jobs / CHECKPOINT_INTERVAL_STEPS) * CHECKPOINT_INTERVAL_STEPS;
    if (t > (starts.at(-1) ?? 0) && t < steps) starts.push(t);
  }
  return starts;
}

interface FoundRow {
  readonly row: Readonly<Record<string, unknown>>;
  readonly type: unknown;
  readonly stepIndex: number;
  /** Bytes before the row, and up to and including its newline. */
  readonly offset: number;
  readonly end: number;
}

/** Binary search over bytes for the first row that `reached` holds for; rows are ordered by step. */
async function findRow(reader: RunReader, file: RunFile, reached: (row: FoundRow) => boolean): Promise<FoundRow | undefined> {
  const size = await reader.size(file)();
  if (isLeft(size)) return undefined;
  let [low, high] = [0, size.right];
  let found: FoundRow | undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await rowAfter(reader, file, middle);
    if (row !== undefined && !reached(row)) {
      low = row.end;
    } else {
      found = row ?? found;
      high = middle;
    }
  }
  return found;
}

/** The first step, checkpoint, seal or fill row that begins at or after `offset`. The run row counts as step -1, a seal as the last. */
async function rowAfter(reader: RunReader, file: RunFile, offset: number): Promise<FoundRow | undefined> {
  // One byte earlier, so that a row that begins exactly at `offset` is preceded by its newline.
  const start = Math.max(0, offset - 1);
  const read = await withCursor(reader.open(file, start), async (cursor) => right(await readRow(cursor, start > 0)));
  if (isLeft(read) || read.right === undefined) return undefined;
  const bytes = read.right;
  const row = parseJson(new TextDecoder().decode(bytes.row));
  if (!isRecord(row)) return undefined;
  const stepIndex = typeof row['step_index'] === 'number' ? row['step_index'] : row['type'] === 'run' ? -1 : Number.MAX_SAFE_INTEGER;
  const rowOffset = start + bytes.skipped;
  return { row, type: row['type'], stepIndex, offset: rowOffset, end: rowOffset + bytes.row.length + 1 };
}

/** The next whole line, and how many bytes came before it. */
async function readRow(cursor: ByteCursor, skipLine: boolean): Promise<{ readonly row: Uint8Array; readonly skipped: number } | undefined> {
  let held = new Uint8Array();
  while (held.length < 2 * ROW_BYTES_MAX) {
    const from = skipLine ? held.indexOf(NEWLINE) + 1 : 0;
    const to = skipLine && from === 0 ? -1 : held.indexOf(NEWLINE, from);
    if (to !== -1) return { row: held.subarray(from, to), skipped: from };
    const more = await cursor.read(CHUNK_BYTES)();
    if (isLeft(more) || more.right.length === 0) return undefined;
    const joined = new Uint8Array(held.length + more.right.length);
    joined.set(held);
    joined.set(more.right, held.length);
    held = joined;
  }
  return undefined;
}

const NEWLINE = 10;

/** Where the ledger ends, and the hash it ends with according to the seal. */
async function ledgerEnd(reader: RunReader): Promise<{ readonly offset: number; readonly head: unknown } | undefined> {
  const size = await reader.size('executions.jsonl')();
  const seal = await findRow(reader, 'tape.jsonl', (row) => row.type === 'seal');
  const executions = seal?.row['executions'];
  return isLeft(size) || !isRecord(executions) ? undefined : { offset: size.right, head: executions['head_hash'] };
}

async function digestFile(reader: RunReader, file: RunFile): Promise<string | undefined> {
  const digest = makeDigest();
  const read = await withCursor(reader.open(file), (cursor) =>
    eachChunk(
      cursor,
      (bytes) => {
        digest.update(bytes);
        return undefined;
      },
      16 * CHUNK_BYTES,
    ),
  );
  return isLeft(read) ? undefined : digest.hex();
}
