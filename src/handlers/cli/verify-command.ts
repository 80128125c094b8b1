/** `ewm verify`: proves a run directory, or names the first difference. */
import { type Either, isLeft, right } from 'fp-ts/Either';
import type { Divergence } from '../../domain/run/divergence';
import { type ChainStatus, checkChains } from '../../domain/run/replay';
import { stopName } from '../../domain/run/stop';
import { type Verdict, verify, type VerifyError } from '../../domain/run/verify';
import type { RunReader } from '../../ports/run-files';
import { local } from '../compose';
import { EXIT, type ExitCode } from './exit-codes';
import { fail, interruptedFailure, storeFailure } from './failure';
import type { Io } from './io';
import { makeProgress } from './progress';
import { proveInSegments } from './verify-workers';

export interface VerifyOptions {
  readonly chainOnly: boolean;
  readonly jobs: number;
  readonly json: boolean;
}

export async function verifyCommand(directory: string, options: VerifyOptions, io: Io): Promise<ExitCode> {
  const content = await local.inspectRun(directory)();
  if (isLeft(content)) return fail(io, options.json, storeFailure(content.left));
  if (content.right === 'absent') return fail(io, options.json, storeFailure({ _tag: 'NotFound', path: directory }));
  if (content.right === 'none') {
    return fail(io, options.json, { exit: EXIT.badInput, code: 'not_a_run', messages: [`${directory}: not a run directory`] });
  }
  const reader = local.readRun(directory);
  if (content.right === 'unfinished') return tellUnfinished(directory, options.json, io);
  if (options.chainOnly) return chainOnly(reader, options.json, io);

  const verdict = await prove(reader, options.jobs, io);
  if (isLeft(verdict)) {
    const { left: error } = verdict;
    if (error._tag !== 'Interrupted') return fail(io, options.json, storeFailure(error));
    const failure = interruptedFailure(error.steps, directory);
    return fail(io, options.json, { ...failure, messages: [`interrupted after ${String(error.steps)} steps; nothing is proven`] });
  }
  return tell(reader, verdict.right, options.json, io);
}

async function prove(reader: RunReader, jobs: number, io: Io): Promise<Either<VerifyError, Verdict>> {
  if (jobs > 1) {
    const summary = await proveInSegments(reader, jobs);
    // Segments can only prove. Where they do not, the sequential pass finds the first difference.
    if (summary !== undefined) return right({ _tag: 'Proven', summary });
  }
  const progress = makeProgress(io, 'verify');
  const verdict = await verify(reader, { onProgress: progress.update, interrupted: io.interrupted });
  progress.stop();
  return verdict;
}

async function tell(reader: RunReader, verdict: Verdict, json: boolean, io: Io): Promise<ExitCode> {
  switch (verdict._tag) {
    case 'Proven': {
      const { runId, headHash, steps, executions, error } = verdict.summary;
      const fields = { run_id: runId, head_hash: headHash, steps, fills: executions.rows };
      await io.stdout.write(
        json
          ? `${JSON.stringify({ ok: true, verdict: 'proven', run: { ...fields, ok: error === null, error } })}\n`
          : [
              `proven: ${reader.location}`,
              `  run        ${runId}`,
              `  replayed   ${String(steps)} steps and ${String(executions.rows)} fills; every byte of every file is what the inputs lead to`,
              ...(error === null ? [] : [`  stopped by ${stopName(error)}: ${error.message}`]),
              `  head hash  ${headHash}`,
              '',
            ].join('\n'),
      );
      return EXIT.ok;
    }
    case 'NotProven': {
      const chains = await checkChains(reader);
      const chain = isLeft(chains) ? 'could not be read' : chainsText(chains.right.tape, chains.right.executions, chains.right.unlinked);
      await io.stdout.write(json ? `${JSON.stringify({ ok: false, verdict: 'not_proven', divergence: verdict.divergence, chain })}\n` : notProvenText(reader, verdict.divergence, chain));
      return EXIT.notProven;
    }
    case 'Unfinished':
      return tellUnfinished(reader.location, json, io);
  }
}

function notProvenText(reader: RunReader, { file, row, pointer, expected, actual }: Divergence, chain: string): string {
  const where = row === undefined ? '' : `, row ${String(row)} (line ${String(row + 1)})`;
  return [
    `not proven: ${reader.location}`,
    `  first divergence  ${file}${where}${pointer === '' ? '' : ` at ${pointer}`}`,
    `  expected          ${expected}`,
    `  actual            ${actual}`,
    `  hash chain        ${chain}`,
    '',
  ].join('\n');
}

async function tellUnfinished(directory: string, json: boolean, io: Io): Promise<ExitCode> {
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok: false, verdict: 'unfinished' })}\n`
      : [
          `not proven: ${directory} holds an unfinished run: there is no run.json`,
          `  It was interrupted or is still going on; what it did is in tape.jsonl${local.partialSuffix}, unsealed.`,
          '  Run it again with --force to replace it.',
          '',
        ].join('\n'),
  );
  return EXIT.notProven;
}

async function chainOnly(reader: RunReader, json: boolean, io: Io): Promise<ExitCode> {
  const chains = await checkChains(reader);
  if (isLeft(chains)) return fail(io, json, storeFailure(chains.left));
  const { tape, executions, unlinked } = chains.right;
  const ok = tape.broken === undefined && executions.broken === undefined && unlinked === undefined && tape.sealed;
  const text = chainsText(tape, executions, unlinked);
  await io.stdout.write(
    json
      ? `${JSON.stringify({ ok, verdict: ok ? 'chain_whole' : 'chain_broken', chain: text, head_hash: tape.headHash ?? null })}\n`
      : [
          `${ok ? 'chain whole' : 'not proven'}: ${reader.location}`,
          `  ${text}`,
          `  head hash  ${tape.headHash ?? 'none'}`,
          '  Only the hashes were checked; `ewm verify` without --chain-only re-executes the run.',
          '',
        ].join('\n'),
  );
  return ok ? EXIT.ok : EXIT.notProven;
}

export function chainsText(tape: ChainStatus, executions: ChainStatus, unlinked: string | undefined): string {
  const parts = [
    ...(tape.broken === undefined ? [] : [`tape.jsonl breaks at row ${String(tape.broken.row)}: ${tape.broken.fault}`]),
    ...(executions.broken === undefined ? [] : [`executions.jsonl breaks at row ${String(executions.broken.row)}: ${executions.broken.fault}`]),
    ...(unlinked === undefined ? [] : [unlinked]),
    ...(tape.sealed ? [] : ['tape.jsonl has no seal']),
  ];
  return parts.length === 0 ? `whole: ${String(tape.rows)} tape rows and ${String(executions.rows)} fills` : parts.join('; ');
}
