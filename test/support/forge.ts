/** A forger with a hash function: changes rows and recomputes every hash behind them, so that the chains are whole and the files name each other. */
import type { RunFileBytes } from '../../src/adapters/memory/run-files';
import type { RunFile } from '../../src/ports/run-files';
import { fromText, linesOf, rowsOf, textOf, withoutKey } from './harness';
import { canonicalText, type JsonObject, sha256 } from './reference-model';

export interface Edits {
  readonly tape?: (rows: JsonObject[]) => readonly JsonObject[];
  readonly executions?: (rows: JsonObject[]) => readonly JsonObject[];
  /** Other files as they shall stand; the tape's inputs and `run.json` follow. */
  readonly texts?: Partial<Record<RunFile, string>>;
}

/** The same directory with these edits, consistent in itself: genesis, run id, both chains, the seal, `run.json` and its digests. */
export function forge(files: RunFileBytes, edits: Edits): RunFileBytes {
  const texts = { ...edits.texts };
  const text = (file: RunFile): string => texts[file] ?? textOf(files, file);
  const tape = [...(edits.tape ?? same)(copy(rowsOf(linesOf(files, 'tape.jsonl'))))];
  const executions = (edits.executions ?? same)(copy(rowsOf(linesOf(files, 'executions.jsonl'))));
  const [opening, seal] = [tape[0] ?? {}, tape.at(-1) ?? {}];

  const inputs = opening['inputs'] as JsonObject;
  inputs['market_sha256'] = sha256(text('market.jsonl'));
  inputs['strategy_sha256'] = sha256(text('strategy.json'));
  inputs['policy_sha256'] = sha256(text('policy.json'));
  const genesis = sha256(canonicalText(inputs));
  const runId = genesis.slice(0, 32);
  opening['run_id'] = runId;

  const first = chained([opening], genesis);
  const ledger = chained(
    executions.map((row) => ({ ...row, run_id: runId, event_id: runId + (row['event_id'] as string).slice(32) })),
    first.head,
  );
  seal['executions'] = { rows: executions.length, head_hash: ledger.head };
  const rest = chained(tape.slice(1), first.head);
  texts['tape.jsonl'] = first.text + rest.text;
  texts['executions.jsonl'] = ledger.text;

  const run = JSON.parse(textOf(files, 'run.json')) as JsonObject;
  run['run_id'] = runId;
  run['genesis'] = genesis;
  run['head_hash'] = rest.head;
  run['executions'] = seal['executions'];
  run['digests'] = Object.fromEntries(Object.keys(run['digests'] as JsonObject).map((file) => [file, sha256(text(file as RunFile))]));
  texts['run.json'] ??= `${canonicalText(run)}\n`;
  return { ...files, ...Object.fromEntries(Object.entries(texts).map(([file, content]) => [file, fromText(content)])) };
}

/** The same files, with a `run.json` that names their digests. */
export function withDigests(files: RunFileBytes): RunFileBytes {
  const run = JSON.parse(textOf(files, 'run.json')) as JsonObject;
  run['digests'] = Object.fromEntries(
    Object.keys(run['digests'] as JsonObject).map((file) => [file, sha256(textOf(files, file as RunFile))]),
  );
  return { ...files, 'run.json': fromText(`${canonicalText(run)}\n`) };
}

/** The row at `index`, changed. */
export function changed(index: number, change: (row: JsonObject) => JsonObject): (rows: JsonObject[]) => readonly JsonObject[] {
  return (rows) => rows.map((row, at) => (at === index ? change(row) : row));
}

function same(rows: JsonObject[]): readonly JsonObject[] {
  return rows;
}

function copy(rows: readonly JsonObject[]): JsonObject[] {
  return structuredClone([...rows]);
}

function chained(rows: readonly JsonObject[], anchor: string): { readonly text: string; readonly head: string } {
  let [text, head] = ['', anchor];
  for (const row of rows) {
    const linked = { ...withoutKey(row, 'hash'), prev_hash: head };
    head = sha256(canonicalText(linked));
    text += `${canonicalText({ ...linked, hash: head })}\n`;
  }
  return { text, head };
}
