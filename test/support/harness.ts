/**
 * Runs the documents of a case through the real use cases, with adapters in memory. One place for the seed and the size of every property:
 * EWM_SEED=<integer> repeats a failure, EWM_SEED=random explores, EWM_RUNS=<factor> makes every property so many times as long.
 */
import { isLeft, right, type Either } from 'fp-ts/Either';
import { inspect } from 'node:util';
import { makeMarketDocument } from '../../src/adapters/in-process/market-document';
import { makeMemoryRunReader, makeMemoryRunWriter, type MemoryRunWriter, type RunFileBytes } from '../../src/adapters/in-process/run-files';
import { type MarketPath, marketPathCodec } from '../../src/domain/market/market-path';
import type { Cursor } from '../../src/domain/episode/cursor';
import { type Episode, type StepsError, stepsStop } from '../../src/domain/episode/episode';
import { readEvidence, readInputs, worldRunOf, type MarketRun } from '../../src/domain/run/evidence';
import type { DigestedOutput } from '../../src/domain/episode/output';
import type { FinishedRun } from '../../src/domain/run/finish';
import type { RunError } from '../../src/domain/run/prepare';
import { run } from '../../src/domain/run/run';
import { openSteps } from '../../src/domain/run/take';
import type { TextReader } from '../../src/domain/episode/text-reader';
import { verify, type Verdict } from '../../src/domain/run/verify';
import type { Plan } from '../../src/domain/world/market/market-world';
import type { State } from '../../src/domain/world/market/state';
import type { MarketInput } from '../../src/ports/market-input';
import { decodeInputs } from '../../src/domain/run/inputs';
import { filesOf } from '../../src/domain/run/modes';
import type { ByteCursor, RunFile, RunReader } from '../../src/ports/run-files';
import type { Json, JsonObject, ReferenceRequest } from './reference-model';

const LOCAL_FILES = filesOf('local');

/** How often a property is tried, by what one try costs. */
export const RUNS = {
  /** Whole runs against the slow model. */
  reference: 500,
  /** Whole runs, or several of them. */
  whole: 60,
  /** A single call. */
  call: 1_000,
} as const;

const DEFAULT_SEED = 20_240_201;

/** Parameters of one property; fast-check prints the seed and the path of a failure. */
export function seeded(runs: number): { readonly numRuns: number; readonly seed?: number } {
  const factor = Number(process.env['EWM_RUNS'] ?? '1');
  const seed = process.env['EWM_SEED'] ?? String(DEFAULT_SEED);
  if (!(factor > 0)) throw new Error(`EWM_RUNS is a factor above 0, not ${String(process.env['EWM_RUNS'])}`);
  const numRuns = Math.ceil(runs * factor);
  if (seed === 'random') return { numRuns };
  if (!/^-?[0-9]{1,10}$/.test(seed)) throw new Error(`EWM_SEED is an integer or "random", not ${seed}`);
  return { numRuns, seed: Number(seed) };
}

/** The same for what is drawn once, outside a property. */
export function sampleSeed(): number {
  return seeded(1).seed ?? Date.now() | 0;
}

/** A finished run: every byte it left, and its rows. */
export interface RunResult extends Omit<FinishedRun, 'files'> {
  readonly files: RunFileBytes;
  readonly tape: readonly string[];
  readonly executions: readonly string[];
}

/** The case as the local `run` takes it: nothing but steps has a budget there, and never more than the steps asked for. */
export function localRequest(request: ReferenceRequest): ReferenceRequest {
  const max_steps = Math.min(request.steps, request.budget.max_steps);
  return { ...request, budget: { max_steps, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 } };
}

/** The market of a case as the `.json` document that a user would write. */
export function marketDocument({ market }: ReferenceRequest): unknown {
  return {
    symbols: market.symbols,
    steps: market.steps.map(({ time, prices }) => (time === undefined ? prices : { time, ...prices })),
  };
}

export function decodedMarket(request: ReferenceRequest): MarketPath {
  return expectRight(marketPathCodec.decode(marketDocument(request)));
}

export async function tryRun(
  request: ReferenceRequest,
  market: MarketInput = makeMarketDocument(decodedMarket(request)),
  writer: MemoryRunWriter = makeMemoryRunWriter(),
): Promise<Either<RunError, RunResult>> {
  const { strategy, policy, initialState, steps, budget } = request;
  const finished = await run({ strategy, policy, initialState, steps, maxSteps: budget.max_steps }, market, writer);
  if (isLeft(finished)) return finished;
  const files = writer.files();
  return right({ ...finished.right, files, tape: linesOf(files, 'tape.jsonl'), executions: linesOf(files, 'executions.jsonl') });
}

export async function runCase(request: ReferenceRequest, market?: MarketInput, writer?: MemoryRunWriter): Promise<RunResult> {
  return expectRight(await tryRun(request, market, writer));
}

export async function verdictOn(files: RunFileBytes): Promise<Verdict> {
  return expectRight(await verify(makeMemoryRunReader(files)));
}

/** What the verifier reads of a run. */
export async function marketRunOf(files: RunFileBytes): Promise<MarketRun> {
  const reader = makeMemoryRunReader(files);
  const named = expectRight(await readInputs(reader, decodeInputs));
  if (named.mode === 'agentcore-memory' || named.mode === 'guard' || named.mode === 'world')
    throw new Error(`a run of mode ${named.mode} has no market`);
  return worldRunOf(expectRight(await readEvidence(reader, named)));
}

export type MarketEpisode = Episode<State, Plan, never>;
export type MarketCursor = Cursor<State, Plan>;

/** Takes steps of a run from its beginning, or from a cursor, over the lines of its market behind the header. */
export async function advancedBy(
  run: MarketRun,
  from: MarketCursor | undefined,
  until: number,
  lines: readonly string[],
  sizes: readonly number[],
  output: Collected,
): Promise<Either<StepsError, MarketEpisode>> {
  const { episode } = openSteps(run, output, from);
  const taken = await episode.advance(until, makeTextPieces(lines, sizes));
  return isLeft(taken) ? taken : right(episode);
}

/** Seals a run of steps as `run` does. */
export async function sealed(run: MarketRun, episode: MarketEpisode): Promise<void> {
  expectRight(await episode.seal(stepsStop(episode, run.inputs.steps)));
}

/** Keeps what an engine appends. */
export interface Collected extends DigestedOutput<never> {
  readonly text: (file: RunFile) => string;
}

export function makeCollected(): Collected {
  const parts = new Map<RunFile, Buffer[]>();
  return {
    append: (file, content) => {
      parts.set(file, [...(parts.get(file) ?? []), Buffer.from(content)]);
      return Promise.resolve(right(undefined));
    },
    digest: () => '',
    text: (file) => Buffer.concat(parts.get(file) ?? []).toString('utf8'),
  };
}

/** Delivers the lines as texts of so many lines each, over and over through `sizes`. */
export function makeTextPieces(lines: readonly string[], sizes: readonly number[]): TextReader {
  const pieces = pieceTexts(lines, sizes);
  let at = 0;
  return {
    next: () => Promise.resolve(right(pieces[at++] ?? '')),
    close: () => Promise.resolve(),
  };
}

/** A market that delivers its normal form in pieces of whole lines. */
export function makePiecedMarket(symbols: readonly string[], lines: readonly string[], sizes: readonly number[]): MarketInput {
  const pieces = pieceTexts(lines, sizes);
  let at = 0;
  return {
    open: () => () => Promise.resolve(right(symbols)),
    read: () => () => Promise.resolve(right(pieces[at++] ?? '')),
    close: () => Promise.resolve(),
  };
}

function pieceTexts(lines: readonly string[], sizes: readonly number[]): readonly string[] {
  const pieces: string[] = [];
  for (let at = 0, k = 0; at < lines.length; k += 1) {
    const size = Math.max(1, sizes[k % Math.max(1, sizes.length)] ?? 1);
    pieces.push(
      lines
        .slice(at, at + size)
        .map((line) => `${line}\n`)
        .join(''),
    );
    at += size;
  }
  return pieces;
}

/** The same reader, answering at most so many bytes a read, over and over through `sizes`. */
export function shortReads(reader: RunReader, sizes: readonly number[]): RunReader {
  return {
    ...reader,
    open: (file, offset) => async () => {
      const opened = await reader.open(file, offset)();
      return isLeft(opened) ? opened : right(shortened(opened.right, sizes));
    },
  };
}

function shortened(cursor: ByteCursor, sizes: readonly number[]): ByteCursor {
  let k = 0;
  return {
    read: (bytesMax) => cursor.read(Math.max(1, Math.min(bytesMax, sizes[k++ % Math.max(1, sizes.length)] ?? bytesMax))),
    close: cursor.close,
  };
}

/** A writer that looks at bytes as late as the port allows: once the next append to the same file is about to be answered. */
export function makeLateWriter(sizes: readonly number[]): MemoryRunWriter {
  const writer = makeMemoryRunWriter();
  const pending = new Map<RunFile, Uint8Array>();
  const settle = async (file: RunFile): Promise<void> => {
    const bytes = pending.get(file);
    pending.delete(file);
    if (bytes !== undefined) await writer.append(file, bytes)();
  };
  return {
    ...writer,
    append: (file, bytes) => async () => {
      await settle(file);
      pending.set(file, bytes);
      return right(undefined);
    },
    readBack: (file, offset) => async () => {
      await settle(file);
      const opened = await writer.readBack(file, offset)();
      return isLeft(opened) ? opened : right(shortened(opened.right, sizes));
    },
    commit: (files) => async () => {
      for (const file of [...pending.keys()]) await settle(file);
      return writer.commit(files)();
    },
  };
}

// ---- Bytes, lines and rows ----

export function bytesOf(files: RunFileBytes, file: RunFile): Uint8Array {
  const bytes = files[file];
  if (bytes === undefined) throw new Error(`the run has no ${file}`);
  return bytes;
}

export function textOf(files: RunFileBytes, file: RunFile): string {
  return Buffer.from(bytesOf(files, file)).toString('utf8');
}

/** The lines of a file without their newlines. */
export function linesOf(files: RunFileBytes, file: RunFile): readonly string[] {
  const text = textOf(files, file);
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error(`${file} does not end with a newline`);
  return text.slice(0, -1).split('\n');
}

export function textsOf(files: RunFileBytes): Readonly<Record<RunFile, string>> {
  return Object.fromEntries(LOCAL_FILES.map((file) => [file, textOf(files, file)])) as Record<RunFile, string>;
}

export function fromText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function rowsOf(lines: readonly string[]): readonly JsonObject[] {
  return lines.map((line) => JSON.parse(line) as JsonObject);
}

/** A row as the reference models write it: no hashes of the chain, no free text. */
export function bareRow(row: JsonObject): JsonObject {
  const { hash: _hash, prev_hash: _prev, rationales: _rationales, why: _why, reason: _reason, ...rest } = row;
  if (Array.isArray(rest['verifier_errors'])) rest['verifier_errors'] = rest['verifier_errors'].map(withoutMessage);
  if (rest['type'] === 'seal') rest['executions'] = withoutKey(rest['executions'] as JsonObject, 'head_hash');
  return bareOutcome(rest);
}

/** The answer of a call, as a row or `decision.json` holds it, without its free text. */
export function bareOutcome(row: JsonObject): JsonObject {
  const bare = { ...row };
  for (const key of ['error', 'result'].filter((member) => isObject(row[member]))) {
    const { rationales: _rationales, ...said } = bare[key] as JsonObject;
    if (Array.isArray(said['verifier_errors'])) said['verifier_errors'] = said['verifier_errors'].map(withoutMessage);
    bare[key] = key === 'error' ? withoutMessage(said) : said;
  }
  return bare;
}

function withoutMessage(error: Json): JsonObject {
  return withoutKey(error as JsonObject, 'message');
}

function isObject(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function withoutKey(row: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== key));
}

export function expectRight<A>(value: Either<unknown, A>): A {
  if (isLeft(value)) throw new Error(`expected a right, got ${inspect(value.left, { depth: 4 }).slice(0, 2_000)}`);
  return value.right;
}

export function expectLeft<E>(value: Either<E, unknown>): E {
  if (!isLeft(value)) throw new Error('expected a left, got a right');
  return value.left;
}

export function elementAt<T>(values: readonly T[], index: number): T {
  const value = values.at(index);
  if (value === undefined) throw new Error(`nothing at index ${String(index)}`);
  return value;
}
