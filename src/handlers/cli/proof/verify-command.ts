/** `ewm verify`: proves a run directory, or names the first difference. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import { join } from 'node:path';
import { isRecord } from '../../../domain/codec/codec';
import { printable } from '../../../domain/codec/printable';
import type { Divergence } from '../../../domain/run/divergence';
import { belongsTo, type Extra, extraEntries, withoutListing } from '../../../domain/run/listing';
import { filesOf, MODE_NAMES, MODES } from '../../../domain/run/modes';
import { type ChainsStatus, checkChains } from '../../../domain/run/replay';
import { stopName } from '../../../domain/agent/stop';
import type { RunSummary } from '../../../domain/run/summary';
import { type Verdict, verify, type VerifyError } from '../../../domain/run/verify';
import type { RunReader, StoreError } from '../../../ports/run-files';
import { local } from '../../compose';
import { openSandbox } from '../../open-sandbox';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { extraHint } from '../shared/extra-hint';
import { fail, interruptedFailure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { makeProgress } from '../shared/progress';
import { readKeys, receiptJson, receiptLine, type ReceiptOptions, type ReceiptStatus, receiptStatus } from '../shared/receipt-status';
import { proveInSegments } from './verify-workers';
import { counted } from '../shared/words';

export interface VerifyOptions {
  readonly chainOnly: boolean;
  /** Whether files that are no part of the run may stand beside it. */
  readonly allowExtra: boolean;
  /** Whether an open session may be proven so far. */
  readonly open: boolean;
  /** Of a sweep: how many cells are run again. */
  readonly cells: number;
  readonly jobs: number;
  readonly json: boolean;
}

type Options = VerifyOptions & ReceiptOptions;

export async function verifyCommand(directory: string, options: Options, io: Io): Promise<ExitCode> {
  const sweep = await local.sweep.exists(join(directory, local.sweep.SWEEP_FILE))();
  if (!isLeft(sweep) && sweep.right) {
    const { verifySweep } = await import('../sweep/sweep-commands');
    return verifySweep(directory, options, io);
  }
  const keys = await readKeys(options.keys);
  if (isLeft(keys)) return fail(io, options.json, keys.left);
  const content = await local.inspectRun(directory)();
  if (isLeft(content)) return fail(io, options.json, storeFailure(content.left));
  if (content.right === 'absent') {
    return fail(io, options.json, { exit: EXIT.badInput, code: 'not_found', messages: [`${directory}: no such directory; ${EXPECTED}`] });
  }
  if (content.right === 'none') {
    return fail(io, options.json, { exit: EXIT.badInput, code: 'not_a_run', messages: [`${directory}: holds no run; ${EXPECTED}`] });
  }
  const reader = options.allowExtra ? withoutListing(local.readRun(directory)) : local.readRun(directory);
  if (!options.chainOnly && (await isSession(reader))) {
    const { verifySession } = await import('../session/session-commands');
    return verifySession(directory, { ...options, verifiers: keys.right }, io);
  }
  if (content.right === 'unfinished') return printUnfinished(directory, options.json, io);
  if (options.chainOnly) return chainOnly(directory, reader, options, io);

  const verdict = await prove(reader, options.jobs, io);
  if (isLeft(verdict)) {
    const { left: error } = verdict;
    if (error._tag !== 'Interrupted') return fail(io, options.json, storeFailure(error));
    const failure = interruptedFailure(error.steps, directory);
    return fail(io, options.json, { ...failure, messages: [`interrupted after ${String(error.steps)} steps; nothing is proven`] });
  }
  if (verdict.right._tag !== 'Proven') return printVerdict(reader, verdict.right, options.json, io);
  const receipt = await receiptStatus(directory, { reader, below: [] }, keys.right, options);
  if (isLeft(receipt)) return fail(io, options.json, storeFailure(receipt.left));
  return printProven(reader, verdict.right.summary, receipt.right, options.json, io);
}

/** Whether a tape is that of a session: its first row says so. */
export async function isSession(reader: RunReader): Promise<boolean> {
  const cursor = await reader.open('tape.jsonl')();
  if (isLeft(cursor)) return false;
  const head = await cursor.right.read(FIRST_ROW_BYTES)();
  await cursor.right.close();
  return !isLeft(head) && /^\{[^\n]*"mode":"session"/.test(new TextDecoder().decode(head.right));
}

const FIRST_ROW_BYTES = 64 * 1024;

const EXPECTED = 'expected a directory that `ewm run --out` wrote';

export async function prove(reader: RunReader, jobs: number, io: Io): Promise<Either<VerifyError, Verdict>> {
  if (jobs > 1) {
    const summary = await proveInSegments(reader, jobs);
    // Segments can only prove. Where they do not, the sequential pass finds the first difference.
    if (summary !== undefined) return right({ _tag: 'Proven', summary });
  }
  const progress = await makeProgress(io, 'verify');
  const watch = { onProgress: progress.update, interrupted: io.watchInterrupts() };
  const verdict = await verify(reader, watch, openSandbox);
  progress.stop();
  return verdict;
}

async function printProven(reader: RunReader, summary: RunSummary, receipt: ReceiptStatus, json: boolean, io: Io): Promise<ExitCode> {
  const { runId, headHash, steps, executions, error, inputs } = summary;
  const effect = inputs.mode === 'world' ? MODES.world.effect : 'fill';
  const fields = { run_id: runId, head_hash: headHash, steps, fills: executions.rows };
  const ok = receipt._tag !== 'Fails';
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok, verdict: ok ? 'proven' : 'receipt_does_not_hold', run: { ...fields, ok: error === null, error }, receipt: receiptJson(receipt) })}\n`
      : [
          `${ok ? 'proven' : 'not proven'}: ${reader.location}`,
          `  run        ${runId}`,
          `  replayed   ${counted(steps, 'step')} and ${counted(executions.rows, effect)}; every byte of every file is what the inputs lead to`,
          ...(error === null ? [] : [`  stopped by ${stopName(error)}: ${error.message}`]),
          `  head hash  ${headHash}`,
          ...(receipt._tag === 'None' ? [] : [`  receipt    ${printable(receiptLine(receipt))}`]),
          '',
        ].join('\n'),
  );
  return ok ? EXIT.ok : EXIT.notProven;
}

async function printVerdict(
  reader: RunReader,
  verdict: Exclude<Verdict, { readonly _tag: 'Proven' }>,
  json: boolean,
  io: Io,
): Promise<ExitCode> {
  switch (verdict._tag) {
    case 'NotProven': {
      const chains = await checkChains(reader);
      const { divergence } = verdict;
      if (json) {
        const chain = isLeft(chains) ? null : chainsJson(chains.right);
        await io.stdout.write(`${JSON.stringify({ ok: false, verdict: 'not_proven', divergence, chain })}\n`);
      } else {
        const chain = isLeft(chains) ? storeFailure(chains.left).messages.join('; ') : chainsText(chains.right);
        await io.stdout.write(notProvenText(reader, divergence, chain));
      }
      return EXIT.notProven;
    }
    case 'Unfinished':
      return printUnfinished(reader.location, json, io);
  }
}

function notProvenText(reader: RunReader, divergence: Divergence, chain: string): string {
  const { file, row, pointer, expected, actual } = divergence;
  const where = row === undefined ? '' : `, row ${String(row)} (line ${String(row + 1)})`;
  return [
    `not proven: ${reader.location}`,
    `  first divergence  ${printable(file)}${where}${pointer === '' ? '' : ` at ${printable(pointer)}`}`,
    `  expected          ${printable(expected)}`,
    `  actual            ${printable(actual)}`,
    `  hash chain        ${printable(chain)}`,
    ...extraHint(divergence),
    '',
  ].join('\n');
}

async function printUnfinished(directory: string, json: boolean, io: Io): Promise<ExitCode> {
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok: false, verdict: 'unfinished' })}\n`
      : [
          `not proven: ${directory} holds an unfinished run: there is no run.json`,
          `  It was interrupted or is still going on. What it did until then is in its tape.jsonl${local.partialSuffix}.`,
          '  ewm run --force with the same --out replaces it.',
          '',
        ].join('\n'),
  );
  return EXIT.notProven;
}

async function chainOnly(
  directory: string,
  reader: RunReader,
  { json, allowExtra }: Pick<VerifyOptions, 'json' | 'allowExtra'>,
  io: Io,
): Promise<ExitCode> {
  const chains = await checkChains(reader);
  if (isLeft(chains)) return fail(io, json, storeFailure(chains.left));
  const { tape, executions, unlinked } = chains.right;
  const listed = allowExtra ? right([]) : await extraBeside(directory, reader, chains.right);
  if (isLeft(listed)) return fail(io, json, storeFailure(listed.left));
  const whole = tape.broken === undefined && executions.broken === undefined && unlinked === undefined && tape.sealed;
  const extra = listed.right;
  const ok = whole && extra.length === 0;
  const head = tape.headHash ?? null;
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok, verdict: whole ? 'chain_whole' : 'chain_broken', extra, chain: chainsJson(chains.right), head_hash: head })}\n`
      : [
          `${ok ? 'chain whole' : 'not proven'}: ${reader.location}`,
          `  hash chain ${printable(chainsText(chains.right))}`,
          `  head hash  ${printable(head ?? 'none')}`,
          ...extra.map(({ name, kind }) => `  ${printable(name)} is no part of the run: ${kind}`),
          ...(extra.length === 0 ? [] : extraHint({ extra: extra.map(({ name }) => name) })),
          '  Only the hashes were checked; ewm verify without --chain-only re-executes the run.',
          '',
        ].join('\n'),
  );
  return ok ? EXIT.ok : EXIT.notProven;
}

/** Row 0 names the mode, and the mode the files that belong. */
async function extraBeside(
  directory: string,
  reader: RunReader,
  { tape, opening, granted }: ChainsStatus,
): Promise<Either<StoreError, readonly Extra[]>> {
  const inputs = opening?.['inputs'];
  const mode = isRecord(inputs) ? inputs['mode'] : undefined;
  if (mode === 'session') {
    const { extraInPulled } = await import('../session/session-commands');
    return extraInPulled(directory, opening, tape.sealed, granted);
  }
  const known = MODE_NAMES.find((name) => name === mode);
  // What belongs to a run of no known mode cannot be said, so all that stands there is told.
  const belongs = known === undefined ? { what: '', files: [] } : belongsTo(known, filesOf(known));
  return extraEntries(reader, belongs);
}

function chainsText({ tape, executions, unlinked }: ChainsStatus): string {
  const parts = [
    ...(tape.broken === undefined ? [] : [`tape.jsonl breaks at row ${String(tape.broken.row)}: ${tape.broken.fault}`]),
    ...(executions.broken === undefined
      ? []
      : [`executions.jsonl breaks at row ${String(executions.broken.row)}: ${executions.broken.fault}`]),
    ...(unlinked === undefined ? [] : [unlinked]),
    ...(tape.sealed ? [] : ['tape.jsonl has no seal']),
  ];
  return parts.length === 0 ? `whole: ${counted(tape.rows, 'tape row')} and ${counted(executions.rows, 'fill')}` : parts.join('; ');
}

function chainsJson({ tape, executions, unlinked }: ChainsStatus): object {
  return {
    tape: { rows: tape.rows, sealed: tape.sealed, broken: tape.broken ?? null },
    executions: { rows: executions.rows, broken: executions.broken ?? null },
    unlinked: unlinked ?? null,
  };
}
