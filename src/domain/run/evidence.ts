/** What a verifier reads before it re-executes: row 0 of the tape, and the input files that row 0 names by their digest. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { RunFile, RunReader } from '../../ports/run-files';
import { makeDigest } from '../hash';
import { CHUNK_BYTES, DOCUMENT_BYTES_MAX, ROW_BYTES_MAX } from '../limits';
import { type LineError, makeLineSplitter } from '../market/line-splitter';
import { decodeMarketHeader } from '../market/market-path';
import { makeMarketForm, makeScannedStep } from '../market/market-form';
import { decodeStrategy, normalStrategy, type Strategy } from '../world/market/strategy';
import { decodePolicy, normalPolicy, type RiskPolicy } from '../world/market/policy';
import { makeMarketWorld, type MarketWorld } from '../world/market/market-world';
import { decodeState, type State, stateText } from '../world/market/state';
import type { Problem } from '../codec/problem';
import { parseJson } from '../codec/parse';
import type { CompareError } from './compare';
import { eachChunk, withCursor } from './cursors';
import type { Divergence } from './divergence';
import { identify, type RunIdentity, type WorldInputs } from './inputs';
import { MODES, type ModeRow } from './modes';
import { makeTextReader, type TextError } from '../episode/text-reader';

/** The inputs of a run as its directory gives them, checked against each other. */
export interface Evidence {
  readonly inputs: WorldInputs;
  readonly identity: RunIdentity;
  readonly symbols: readonly string[];
  readonly strategy: Strategy;
  readonly policy: RiskPolicy;
  readonly initial: State;
}

/** The run in its world. Made anew by whoever takes it: evidence is data, and may go to another thread. */
export function worldRunOf({ inputs, identity, symbols, strategy, policy, initial }: Evidence): MarketRun {
  return { mode: MODES[inputs.mode], inputs, identity, initial, world: makeMarketWorld(symbols, strategy, policy) };
}

export interface MarketRun {
  readonly mode: ModeRow;
  readonly inputs: WorldInputs;
  readonly identity: RunIdentity;
  readonly world: MarketWorld;
  readonly initial: State;
}

export function diverged(divergence: Divergence): Either<CompareError, never> {
  return left({ _tag: 'Diverged', divergence });
}

/** The first of what is wrong with a document. `below`: where the document stands in its file. */
export function malformed(file: RunFile, expected: string, [first]: readonly Problem[], below = ''): Either<CompareError, never> {
  return diverged({ file, row: 0, pointer: `${below}${first?.pointer ?? ''}`, expected, actual: first?.message ?? '' });
}

/** The input files that row 0 names by their digest. */
export async function readEvidence(reader: RunReader, inputs: WorldInputs): Promise<Either<CompareError, Evidence>> {
  const header = await readMarketHeader(reader);
  if (isLeft(header)) return header;
  const symbols = header.right;

  const strategy = await readNormal(reader, 'strategy.json', (value) => decodeStrategy(value, symbols), normalStrategy);
  if (isLeft(strategy)) return strategy;
  if (strategy.right.sha256 !== inputs.strategy_sha256) {
    return digestDiffers('strategy.json', inputs.strategy_sha256, strategy.right.sha256);
  }
  const policy = await readNormal(reader, 'policy.json', decodePolicy, normalPolicy);
  if (isLeft(policy)) return policy;
  if (policy.right.sha256 !== inputs.policy_sha256) {
    return digestDiffers('policy.json', inputs.policy_sha256, policy.right.sha256);
  }
  const initial = decodeState(inputs.initial_state, symbols);
  if (isLeft(initial)) return malformed('tape.jsonl', 'a legal initial state', initial.left, '/inputs/initial_state');
  // Row 0 is written again from the decoded inputs, so an initial state that is not in normal form shows there.
  const normal: WorldInputs = { ...inputs, initial_state: stateText(initial.right, symbols) };
  return right({
    inputs: normal,
    identity: identify(normal),
    symbols,
    strategy: strategy.right.value,
    policy: policy.right.value,
    initial: initial.right,
  });
}

export function digestDiffers(file: RunFile, expected: string, actual: string): Either<CompareError, never> {
  return diverged({ file, pointer: '', expected: `SHA-256 ${expected} (tape row 0)`, actual: `SHA-256 ${actual}` });
}

/** The inputs that row 0 of the tape names. */
export async function readInputs<I>(
  reader: RunReader,
  decode: (value: unknown) => Either<readonly Problem[], I>,
): Promise<Either<CompareError, I>> {
  const line = await readFirstLine(reader, 'tape.jsonl');
  if (isLeft(line)) return line;
  const value = parseJson(line.right);
  const inputs = decode(typeof value === 'object' && value !== null && 'inputs' in value ? value.inputs : undefined);
  return isLeft(inputs) ? malformed('tape.jsonl', 'the inputs of a run', inputs.left, '/inputs') : inputs;
}

async function readMarketHeader(reader: RunReader): Promise<Either<CompareError, readonly string[]>> {
  const line = await readFirstLine(reader, 'market.jsonl');
  if (isLeft(line)) return line;
  const symbols = decodeMarketHeader(parseJson(line.right));
  if (isLeft(symbols)) return malformed('market.jsonl', 'a market header', symbols.left);
  const { header } = makeMarketForm(symbols.right);
  if (line.right === header) return symbols;
  return diverged({ file: 'market.jsonl', row: 0, pointer: '', expected: header, actual: line.right.slice(0, 2 * header.length) });
}

/** One canonical line; what it decodes to, and the digest of the file as it stands. */
async function readNormal<A>(
  reader: RunReader,
  file: RunFile,
  decode: (value: unknown) => Either<readonly { readonly pointer: string; readonly message: string }[], A>,
  normal: (value: A) => string,
): Promise<Either<CompareError, { readonly value: A; readonly sha256: string }>> {
  const text = await readText(reader, file);
  if (isLeft(text)) return text;
  const value = decode(parseJson(text.right.text));
  if (isLeft(value)) return malformed(file, 'a legal document', value.left);
  const line = normal(value.right);
  if (text.right.text !== `${line}\n`) return diverged({ file, row: 0, pointer: '', expected: `${line}\\n`, actual: text.right.text });
  return right({ value: value.right, sha256: text.right.sha256 });
}

/** A whole file and its digest, or its refusal: no part of a file is taken for the file. */
export function readText(
  reader: RunReader,
  file: RunFile,
  bytesMax: number = DOCUMENT_BYTES_MAX,
): Promise<Either<CompareError, { text: string; sha256: string }>> {
  return withCursor<CompareError, { text: string; sha256: string }>(reader.open(file), async (cursor) => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const digest = makeDigest();
    let [text, length] = ['', 0];
    const read = await eachChunk<CompareError>(cursor, (bytes) => {
      length += bytes.length;
      if (length > bytesMax) return diverged({ file, pointer: '', expected: `at most ${String(bytesMax)} bytes`, actual: 'a longer file' });
      digest.update(bytes);
      text += decoder.decode(bytes, { stream: true });
      return undefined;
    });
    return isLeft(read) ? read : right({ text: text + decoder.decode(), sha256: digest.hex() });
  });
}

function readFirstLine(reader: RunReader, file: RunFile): Promise<Either<CompareError, string>> {
  return withCursor(reader.open(file), async (cursor) => {
    const lines = await makeTextReader(cursor).next();
    if (isLeft(lines)) return textError(file, lines.left);
    const end = lines.right.indexOf('\n');
    return right(end === -1 ? lines.right : lines.right.slice(0, end));
  });
}

export function textError(file: RunFile, error: TextError): Either<CompareError, never> {
  if (error._tag === 'Store') return left(error.error);
  return diverged({ file, row: error.error.line - 1, pointer: '', expected: 'lines of UTF-8 text', actual: error.error.message });
}

export interface MarketFacts {
  readonly sha256: string;
  readonly steps: number;
}

export interface MarketQuestion {
  /** Steps whose lines somebody else will read: these are only counted. What follows them has to be in normal form too. */
  readonly readElsewhere: number;
}

const NEWLINE = 10;
const MARKET_READ_BYTES = 16 * CHUNK_BYTES;

/** Reads the whole market once: its digest, and how many steps it has. */
export function readMarket(
  reader: RunReader,
  symbols: readonly string[],
  { readElsewhere }: MarketQuestion,
): Promise<Either<CompareError, MarketFacts>> {
  const digest = makeDigest();
  const rest = makeRestCheck(symbols);
  const countedLines = 1 + readElsewhere;
  let [lines, bytesBefore, lastEnd] = [0, 0, 0];

  function take(bytes: Uint8Array): Either<CompareError, void> | undefined {
    digest.update(bytes);
    let at = 0;
    while (lines < countedLines) {
      const newline = bytes.indexOf(NEWLINE, at);
      if (newline === -1) break;
      at = newline + 1;
      lines += 1;
      lastEnd = bytesBefore + at;
    }
    bytesBefore += bytes.length;
    if (lines < countedLines) return undefined;
    const checked = rest.push(bytes.subarray(at), lines);
    return isLeft(checked) ? checked : undefined;
  }

  return withCursor(reader.open('market.jsonl'), async (cursor) => {
    const read = await eachChunk(cursor, take, MARKET_READ_BYTES);
    if (isLeft(read)) return read;
    const ended = lines >= countedLines ? rest.end(lines) : right(0);
    if (isLeft(ended)) return ended;
    if (lines >= countedLines || lastEnd === bytesBefore) return right({ sha256: digest.hex(), steps: lines + ended.right - 1 });
    const expected = 'a line of the normal form';
    return diverged({ file: 'market.jsonl', row: lines, pointer: '', expected, actual: 'a line that is cut off' });
  });
}

interface RestCheck {
  readonly push: (bytes: Uint8Array, linesBefore: number) => Either<CompareError, void>;
  /** How many lines there were. */
  readonly end: (linesBefore: number) => Either<CompareError, number>;
}

/** That the lines behind the last step that is taken are in normal form. */
function makeRestCheck(symbols: readonly string[]): RestCheck {
  const splitter = makeLineSplitter(ROW_BYTES_MAX);
  const form = makeMarketForm(symbols);
  const scanned = makeScannedStep(symbols);
  let lines = 0;

  function check(text: Either<LineError, string>, linesBefore: number): Either<CompareError, void> {
    if (isLeft(text)) return textError('market.jsonl', { _tag: 'Line', error: { ...text.left, line: text.left.line + linesBefore } });
    for (let at = 0; at < text.right.length; lines += 1) {
      const newline = text.right.indexOf('\n', at);
      if (newline === -1 || !form.scan(text.right, at, newline, scanned)) {
        const actual = text.right.slice(at, newline === -1 ? undefined : newline).slice(0, 200);
        return diverged({ file: 'market.jsonl', row: linesBefore + lines, pointer: '', expected: 'a line of the normal form', actual });
      }
      at = newline + 1;
    }
    return right(undefined);
  }

  return {
    push: (bytes, linesBefore) => check(splitter.push(bytes), linesBefore),
    end: (linesBefore) => {
      const checked = check(splitter.end(), linesBefore);
      return isLeft(checked) ? checked : right(lines);
    },
  };
}
