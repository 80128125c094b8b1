/** A forger with a hash function: changes rows and recomputes every hash behind them, so that the chains are whole and the files name each other. */
import type { RunFileBytes } from '../../src/adapters/in-process/run-files';
import type { RunFile } from '../../src/ports/run-files';
import { fromText, linesOf, rowsOf, textOf, withoutKey } from './harness';
import { canonicalText, type Json, type JsonObject, sha256 } from './reference-model';

export interface Edits {
  readonly tape?: (rows: JsonObject[]) => readonly JsonObject[];
  readonly executions?: (rows: JsonObject[]) => readonly JsonObject[];
  /** Other files as they shall stand; the tape's inputs and `run.json` follow. */
  readonly texts?: Partial<Record<RunFile, string>>;
  /** `as edited`: what the seal says of the ledger stands as it is. */
  readonly seal?: 'as edited';
}

export interface Forgery {
  /** Where the lie is: the kind of row and the place in it, without positions. */
  readonly kind: string;
  readonly files: RunFileBytes;
}

/** Every single value of every row changed, every row dropped, doubled and moved, members added; each time everything else made to agree. */
export function* forgeries(files: RunFileBytes): Generator<Forgery> {
  const rows = rowsOf(linesOf(files, 'tape.jsonl'));
  for (const [index, row] of rows.entries()) {
    for (const leaf of leavesOf(withoutKey(withoutKey(row, 'hash'), 'prev_hash'), [])) {
      const kind = `${nameOf(row)}/${leaf.filter((key) => !/^[0-9]+$/.test(key)).join('/')}`;
      const edit = (from: JsonObject): JsonObject => altered(from, leaf) as JsonObject;
      const asEdited = leaf[0] === 'executions' ? ({ seal: 'as edited' } as const) : {};
      yield { kind, files: forge(files, { tape: (all) => agreeing(all, index, edit), ...asEdited }) };
    }
    yield { kind: `${nameOf(row)}: a member too many`, files: forge(files, { tape: changed(index, (from) => ({ ...from, extra: 1 })) }) };
    if (index === 0 || index === rows.length - 1) continue;
    yield { kind: `${nameOf(row)}: dropped`, files: forge(files, { tape: (all) => all.toSpliced(index, 1) }) };
    yield { kind: `${nameOf(row)}: doubled`, files: forge(files, { tape: (all) => all.toSpliced(index, 0, copy([row])[0] ?? {}) }) };
    if (index + 2 < rows.length) {
      yield {
        kind: `${nameOf(row)}: after the next`,
        files: forge(files, { tape: (all) => [...all.toSpliced(index, 1).toSpliced(index + 1, 0, row)] }),
      };
    }
  }
  for (const [index, fill] of rowsOf(linesOf(files, 'executions.jsonl')).entries()) {
    for (const leaf of leavesOf(withoutKey(withoutKey(fill, 'hash'), 'prev_hash'), [])) {
      // These two follow the run id, whatever was written there.
      if (leaf[0] === 'run_id' || leaf[0] === 'event_id') continue;
      const edit = (from: JsonObject): JsonObject => altered(from, leaf) as JsonObject;
      yield { kind: `fill/${leaf.join('/')}`, files: forge(files, { executions: changed(index, edit) }) };
    }
    yield { kind: 'fill: dropped', files: forge(files, { executions: (all) => all.toSpliced(index, 1) }) };
    yield { kind: 'fill: doubled', files: forge(files, { executions: (all) => all.toSpliced(index, 0, copy([fill])[0] ?? {}) }) };
  }
}

function nameOf(row: JsonObject): string {
  return [row['type'], row['name'] ?? row['op']].filter((part) => typeof part === 'string').join(' ');
}

/** The row at `index` changed, and so is its error where the row of the call and the seal repeat it. */
function agreeing(rows: JsonObject[], index: number, edit: (row: JsonObject) => JsonObject): readonly JsonObject[] {
  const row = rows[index] ?? {};
  const edited = edit(row);
  const error = (from: JsonObject): string => canonicalText(from['error'] ?? null);
  return rows.map((other, at) => {
    if (at === index) return edited;
    if (row['error'] === undefined || row['error'] === null || row['type'] === 'seal') return other;
    if (error(other) === error(row)) return { ...other, error: edited['error'] ?? null };
    // A failed call says where it stands, which the row of the answer does not.
    const placed = { index: row['index'] ?? null, tool: row['name'] ?? null };
    return error(other) === canonicalText({ ...(row['error'] as JsonObject), ...placed })
      ? { ...other, error: { ...(edited['error'] as JsonObject), ...placed } }
      : other;
  });
}

function leavesOf(value: Json, at: readonly string[]): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, member]) => leavesOf(member, [...at, key]));
}

function altered(value: Json, path: readonly string[]): Json {
  const [key, ...rest] = path;
  if (key === undefined) {
    if (typeof value === 'number') return value + 1;
    if (typeof value === 'boolean') return !value;
    if (value === 'local' || value === 'remote') return value === 'local' ? 'remote' : 'local';
    return typeof value === 'string' ? `${value}x` : 0;
  }
  const changedMember = altered((value as JsonObject)[key] ?? null, rest);
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === key ? changedMember : item));
  return { ...(value as JsonObject), [key]: changedMember };
}

/** The same directory with these edits, consistent in itself: genesis, run id, both chains, the seal, and every file that sums up the rows. */
export function forge(files: RunFileBytes, edits: Edits): RunFileBytes {
  const texts = { ...edits.texts };
  const text = (file: RunFile): string => texts[file] ?? textOf(files, file);
  const document = (file: RunFile): JsonObject => JSON.parse(text(file)) as JsonObject;
  const before = rowsOf(linesOf(files, 'tape.jsonl'));
  const tape = [...(edits.tape ?? same)(copy(before))];
  const executions = (edits.executions ?? same)(copy(rowsOf(linesOf(files, 'executions.jsonl'))));
  const [opening, seal] = [tape[0] ?? {}, tape.at(-1) ?? {}];

  const inputs = opening['inputs'] as JsonObject;
  const named = { market_sha256: 'market.jsonl', strategy_sha256: 'strategy.json', policy_sha256: 'policy.json' } as const;
  for (const [key, file] of Object.entries(named)) if (inputs[key] !== undefined) inputs[key] = sha256(text(file));
  if (inputs['request_sha256'] !== undefined) {
    const request = document('request.json');
    for (const key of [...Object.keys(named), 'initial_state', 'steps', 'budget']) {
      if (request[key] !== undefined) request[key] = inputs[key] ?? null;
    }
    texts['request.json'] = `${canonicalText(request)}\n`;
    inputs['request_sha256'] = sha256(texts['request.json']);
  }
  const genesis = sha256(canonicalText(inputs));
  const runId = genesis.slice(0, 32);
  opening['run_id'] = runId;

  const first = chained([opening], genesis);
  const ledger = chained(
    executions.map((row) => ({ ...row, run_id: runId, event_id: runId + (row['event_id'] as string).slice(32) })),
    first.head,
  );
  if (edits.executions !== undefined || edits.seal !== 'as edited')
    seal['executions'] = { rows: executions.length, head_hash: ledger.head };
  const rest = chained(tape.slice(1), first.head);
  texts['tape.jsonl'] = first.text + rest.text;
  texts['executions.jsonl'] = ledger.text;

  const run = document('run.json');
  const old = [run['run_id'], run['head_hash'], run['genesis']] as string[];
  const summed: JsonObject = {
    ...Object.fromEntries(SUMMED.filter((key) => seal[key] !== undefined).map((key) => [key, seal[key] ?? null])),
    run_id: runId,
    head_hash: rest.head,
  };
  const results = tape.filter(({ type }) => type === 'tool' || type === 'memory').map(resultOf);
  const rewrite = (file: RunFile, change: (value: JsonObject) => JsonObject): void => {
    if (files[file] !== undefined && edits.texts?.[file] === undefined) texts[file] = `${canonicalText(change(document(file)))}\n`;
  };
  rewrite('decision.json', (value) => ({ ...value, ...restrictedTo(value, summed), results }));
  rewrite('memory.json', (value) => ({ ...value, run_id: runId, results }));
  const limiter = (seal['error'] as JsonObject | null | undefined)?.['limiter'] ?? null;
  rewrite('budgets.json', (value) => ({ ...value, budget: inputs['budget'] ?? null, budget_state: seal['budget_state'] ?? null, limiter }));
  // The report is not made again: where nothing but its table of calls gives a forgery away, that table does.
  texts['report.md'] ??= [runId, rest.head, genesis].reduce(
    (report, hash, index) => report.replaceAll(old[index] ?? '', hash),
    text('report.md'),
  );
  rewrite('run.json', (value) => ({
    ...value,
    ...restrictedTo(value, summed),
    genesis,
    budget: inputs['budget'] ?? null,
    digests: Object.fromEntries(Object.keys(value['digests'] as JsonObject).map((file) => [file, sha256(text(file as RunFile))])),
  }));
  return { ...files, ...Object.fromEntries(Object.entries(texts).map(([file, content]) => [file, fromText(content)])) };
}

/** What summary files repeat of the seal. */
const SUMMED = ['ok', 'error', 'steps', 'decisions', 'final_state', 'final_equity', 'final_exposure', 'budget_state', 'executions'];

function restrictedTo(keys: JsonObject, values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys[key] !== undefined));
}

/** What an answer tells of the row of a call. */
function resultOf({ type, args: _args, value: _value, source: _source, hash: _hash, prev_hash: _prev, ...told }: JsonObject): JsonObject {
  return type === 'memory' || type === 'tool' ? told : {};
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
