/** `ewm verify` of a sweep: its spec gives the cells, a sample of them (or all) is run again, and everything else follows from the rows. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { isRecord } from '../../../domain/codec/codec';
import { parseJson } from '../../../domain/codec/parse';
import { seededGenerator } from '../../../domain/market/generate';
import { verify } from '../../../domain/run/verify';
import { makeTakeBatch } from '../../../domain/sweep/batch';
import { factsOf, type MarketBytes } from '../../../domain/sweep/market';
import { planSweep, type SweepPlan } from '../../../domain/sweep/plan';
import { decodeSweep } from '../../../domain/sweep/spec';
import { type CellRow, makeSummary, type SweepSummary } from '../../../domain/sweep/summary';
import type { StoreError } from '../../../ports/run-files';
import { local } from '../../compose';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, inputFailure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { makeProgress } from '../shared/progress';
import { counted } from '../shared/words';
import { readMarket } from './sweep-input';

export interface SweepVerifyOptions {
  /** How many cells are run again; all of them where it is Infinity. */
  readonly cells: number;
  /** Whether what is no part of the sweep may stand beside it. */
  readonly allowExtra: boolean;
  readonly json: boolean;
}

const { CELLS_FILE, SWEEP_FILE, SWEEP_MARKET_FILE } = local.sweep;
const PAGE_FILE = 'report.html';
const RUNS_FOLDER = 'runs';

interface Read {
  readonly text: string;
  readonly plan: SweepPlan;
  readonly market: MarketBytes;
}

/** What does not hold, in a sentence. */
type Doubt = string;

export async function verifySweepDirectory(directory: string, options: SweepVerifyOptions, io: Io): Promise<ExitCode> {
  const read = await readSweepDirectory(directory, io);
  if (isLeft(read))
    return typeof read.left === 'string' ? notProven(directory, read.left, options.json, io) : fail(io, options.json, read.left);
  const { text, plan, market } = read.right;
  const rows = await readRows(directory, plan, sampleOf(plan, options.cells));
  if (isLeft(rows)) return fail(io, options.json, storeFailure(rows.left));
  const { summary, sampled, doubt } = rows.right;
  const strangers = options.allowExtra ? right(undefined) : await strangersIn(directory, summary.kept);
  if (isLeft(strangers)) return fail(io, options.json, storeFailure(strangers.left));
  const found =
    doubt ??
    strangers.right ??
    (summary.json === text ? undefined : differenceOf(summary.json, text)) ??
    (await rerun(plan, market, sampled, io)) ??
    (await keptRuns(directory, summary.kept));
  if (found !== undefined) return notProven(directory, found, options.json, io);
  const json = {
    ok: true,
    verdict: 'proven',
    sweep_id: plan.sweepId,
    cells: plan.granted,
    rerun: sampled.size,
    merkle_root: summary.merkleRoot,
  };
  await io.stdout.write(
    options.json
      ? `${JSON.stringify(json)}\n`
      : [
          `proven: ${directory}`,
          `  sweep      ${plan.sweepId}`,
          `  cells      ${counted(plan.granted, 'row')} in one Merkle tree; ${sampled.size === plan.granted ? 'every one' : `${String(sampled.size)} of them, drawn by the root,`} run again to the byte`,
          `  kept       ${counted(summary.kept.length, 'run')}, each whole`,
          `  merkle root ${summary.merkleRoot}`,
          ...(sampled.size === plan.granted ? [] : ['  --cells all runs every cell again']),
          '',
        ].join('\n'),
  );
  return EXIT.ok;
}

export async function readSweepDirectory(directory: string, io: Io): Promise<Either<Failure | Doubt, Read>> {
  const text = new TextDecoder().decode(await local.readFile(join(directory, SWEEP_FILE)));
  const held = parseJson(text);
  const spec = decodeSweep(isRecord(held) ? held['spec'] : undefined);
  if (isLeft(spec)) return left(`${SWEEP_FILE} holds no spec: ${spec.left[0]?.message ?? ''}`);
  const market = await readMarket(local.openMarket(join(directory, SWEEP_MARKET_FILE), io));
  if (isLeft(market)) return left(inputFailure(market.left));
  const plan = planSweep(spec.right, factsOf(market.right));
  return isLeft(plan)
    ? left(`the spec does not fit its market: ${plan.left[0]?.message ?? ''}`)
    : right({ text, plan: plan.right, market: market.right });
}

/** Which cells are run again. Drawn by the id of the sweep: the same ones each time, so that two people who verify it say the same. */
function sampleOf({ granted, sweepId }: SweepPlan, wanted: number): ReadonlySet<number> {
  if (wanted >= granted) return new Set(Array.from({ length: granted }, (_, index) => index));
  const generator = seededGenerator(`ewm verify cells 1\n${sweepId}\n`);
  const chosen = new Set<number>();
  while (chosen.size < wanted) chosen.add(uniformInt(generator, 0, granted - 1));
  return chosen;
}

interface Rows {
  readonly summary: SweepSummary;
  readonly sampled: ReadonlyMap<number, string>;
  readonly doubt: Doubt | undefined;
}

/** `sample`: cells whose rows are handed out. */
export async function readRows(directory: string, plan: SweepPlan, sample: ReadonlySet<number>): Promise<Either<StoreError, Rows>> {
  const reader = makeSummary(plan);
  const sampled = new Map<number, string>();
  let wrong: number | undefined;
  const read = await local.sweep.readLines(join(directory, CELLS_FILE), (line) => {
    const index = reader.rows();
    if (index === plan.granted || !reader.next(line)) {
      wrong = index;
      return false;
    }
    if (sample.has(index)) sampled.set(index, line);
    return true;
  })();
  if (isLeft(read)) return read;
  const doubt = wrongRows(wrong, reader.rows(), plan.granted);
  return right({ summary: reader.summary(), sampled, doubt });
}

function wrongRows(wrong: number | undefined, rows: number, cells: number): Doubt | undefined {
  if (wrong !== undefined) return `${CELLS_FILE}, line ${String(wrong + 1)}: is not the row of cell ${String(wrong)}`;
  return rows < cells ? `${CELLS_FILE} has ${String(rows)} rows, the spec has ${String(cells)} cells` : undefined;
}

/** Two texts of a `sweep.json` that are not the same: where. */
export function differenceOf(expected: string, actual: string): Doubt {
  const [a, b] = [parseJson(expected), parseJson(actual)];
  const members = isRecord(a) && isRecord(b) ? [...new Set([...Object.keys(a), ...Object.keys(b)])] : [];
  const differs = members.find((name) => isRecord(a) && isRecord(b) && JSON.stringify(a[name]) !== JSON.stringify(b[name]));
  return differs === undefined ? `${SWEEP_FILE} is not written as it should be` : `${SWEEP_FILE}: ${differs} is not what the rows come to`;
}

async function rerun(plan: SweepPlan, market: MarketBytes, sampled: ReadonlyMap<number, string>, io: Io): Promise<Doubt | undefined> {
  const take = makeTakeBatch(plan, market);
  const progress = await makeProgress(io, 'verify', 'cells');
  let done = 0;
  try {
    for (const [index, line] of sampled) {
      const row = await take({ from: index, until: index + 1 });
      if (isLeft(row) || row.right[0] !== line)
        return `${CELLS_FILE}, line ${String(index + 1)}: the run of cell ${String(index)} says something else`;
      done += 1;
      progress.update(done, sampled.size);
    }
    return undefined;
  } finally {
    progress.stop();
  }
}

/** What stands in the directory and is no part of the sweep, each with what it is; what stands in a kept run its own proof tells. */
async function strangersIn(directory: string, kept: readonly CellRow[]): Promise<Either<StoreError, Doubt | undefined>> {
  const expected: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['', [CELLS_FILE, SWEEP_FILE, SWEEP_MARKET_FILE, PAGE_FILE], kept.length === 0 ? [] : [RUNS_FOLDER]],
    ...(kept.length === 0 ? [] : [[RUNS_FOLDER, kept.map(({ runId }) => `${runId}.html`), kept.map(({ runId }) => runId)] as const]),
  ];
  for (const [folder, files, folders] of expected) {
    const entries = await local.readRun(join(directory, folder)).entries();
    if (isLeft(entries)) return entries;
    const strangers = entries.right.filter(
      ({ name, kind }) => !(kind === 'file' && files.includes(name)) && !(kind === 'directory' && folders.includes(name)),
    );
    if (strangers.length > 0) {
      const list = strangers.map(({ name, kind }) => `${join(folder, name)} (a ${kind})`).join(', ');
      return right(`${list}: no part of the sweep; move it elsewhere, or prove the sweep beside it with --allow-extra`);
    }
  }
  return right(undefined);
}

async function keptRuns(directory: string, kept: readonly CellRow[]): Promise<Doubt | undefined> {
  for (const { runId, headHash } of kept) {
    const verdict = await verify(local.readRun(join(directory, RUNS_FOLDER, runId)));
    if (isLeft(verdict)) return `runs/${runId} cannot be read`;
    if (verdict.right._tag !== 'Proven' || verdict.right.summary.headHash !== headHash) return `runs/${runId} is not the run of its cell`;
  }
  return undefined;
}

async function notProven(directory: string, doubt: Doubt, json: boolean, io: Io): Promise<ExitCode> {
  await io.stdout.write(
    json ? `${JSON.stringify({ ok: false, verdict: 'not_proven', doubt })}\n` : `not proven: ${directory}\n  ${doubt}\n`,
  );
  return EXIT.notProven;
}
