/** What a finished run says of itself, and the digests of its files as they stand: what a receipt is issued for and held against. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { RUN_FILES, type RunFile, type RunReader, type StoreError } from '../../ports/run-files';
import type { Json } from '../canonical/canonical';
import { isRecord } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { makeDigest } from '../hash';
import type { RunFacts } from '../receipt/statement';
import { eachChunk, withCursor } from './cursors';
import { readText } from './evidence';
import { makeTextReader } from '../episode/text-reader';

/** A finished run, and the sessions below it to which it granted: one receipt is about all of them. */
export interface RunTree {
  readonly reader: RunReader;
  readonly below: readonly { readonly folder: string; readonly tree: RunTree }[];
}

/** There is nothing to speak of: the directory was not proven, or changed since. */
export interface NoFacts {
  readonly _tag: 'NoFacts';
  readonly reason: string;
}

export async function readRunFacts({ reader, below }: RunTree): Promise<Either<StoreError | NoFacts, RunFacts>> {
  const run = await readRunJson(reader);
  if (isLeft(run)) return run;
  const inputs = await readInputs(reader);
  if (isLeft(inputs)) return inputs;
  const files = await digestsOf({ reader, below }, '');
  if (isLeft(files)) return files;
  const { run_id, mode, head_hash, ok, error, budget, budget_state } = run.right;
  if (typeof run_id !== 'string' || typeof mode !== 'string' || typeof head_hash !== 'string' || typeof ok !== 'boolean') {
    return left({ _tag: 'NoFacts', reason: 'run.json: expected run_id, mode, head_hash and ok' });
  }
  const json = (value: unknown): Json => (value ?? null) as Json;
  return right({
    files: files.right,
    run_id,
    mode,
    head_hash,
    ok,
    error: json(error),
    budget: json(budget),
    budget_state: json(budget_state),
    inputs: inputs.right,
  });
}

/** Of every file of the run and of those below it, by its path. */
async function digestsOf({ reader, below }: RunTree, at: string): Promise<Either<StoreError | NoFacts, Record<string, string>>> {
  const run = await readRunJson(reader);
  if (isLeft(run)) return run;
  const named = isRecord(run.right['digests']) ? Object.keys(run.right['digests']) : [];
  const digests: Record<string, string> = {};
  for (const file of RUN_FILES.filter((known) => known === 'run.json' || named.includes(known))) {
    const digest = await digestOf(reader, file);
    if (isLeft(digest)) return digest;
    digests[at + file] = digest.right;
  }
  for (const { folder, tree } of below) {
    const inner = await digestsOf(tree, `${at}${folder}/`);
    if (isLeft(inner)) return inner;
    Object.assign(digests, inner.right);
  }
  return right(digests);
}

function digestOf(reader: RunReader, file: RunFile): Promise<Either<StoreError, string>> {
  return withCursor(reader.open(file), async (cursor) => {
    const digest = makeDigest();
    const read = await eachChunk<never>(cursor, (bytes) => {
      digest.update(bytes);
      return undefined;
    });
    return isLeft(read) ? read : right(digest.hex());
  });
}

async function readRunJson(reader: RunReader): Promise<Either<StoreError | NoFacts, Readonly<Record<string, unknown>>>> {
  const text = await readText(reader, 'run.json');
  if (isLeft(text)) {
    return text.left._tag === 'Diverged' ? left({ _tag: 'NoFacts', reason: `run.json: ${text.left.divergence.actual}` }) : left(text.left);
  }
  const run = parseJson(text.right.text);
  return isRecord(run) ? right(run) : left({ _tag: 'NoFacts', reason: 'run.json: expected an object' });
}

/** The inputs of tape row 0. */
async function readInputs(reader: RunReader): Promise<Either<StoreError | NoFacts, Json>> {
  return withCursor<StoreError | NoFacts, Json>(reader.open('tape.jsonl'), async (cursor) => {
    const text = await makeTextReader(cursor).next();
    if (isLeft(text)) return left({ _tag: 'NoFacts', reason: 'tape.jsonl: its first row cannot be read' });
    const row = parseJson(text.right.slice(0, text.right.indexOf('\n')));
    return isRecord(row) ? right((row['inputs'] ?? null) as Json) : left({ _tag: 'NoFacts', reason: 'tape.jsonl: expected a row' });
  });
}
