/** `ewm diff`: what two runs were given, where they part and why, and what came of it. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { printable } from '../../../domain/codec/printable';
import type { RunEnd } from '../../../domain/report/page-data';
import { type ComparedRuns, compareRuns } from '../../../domain/run/diff';
import type { RunReader } from '../../../ports/run-files';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { openRun } from '../shared/page-run';
import { counted } from '../shared/words';

/** Lines told of a long list; `--json` gives what there is of it. */
const LINES_SHOWN = 20;

export async function diffCommand(a: string, b: string, json: boolean, io: Io): Promise<ExitCode> {
  const compared = await compareDirectories(a, b);
  if (isLeft(compared)) return fail(io, json, compared.left);
  const { same, diff, market, calls, doubts } = compared.right;
  await io.stdout.write(json ? `${JSON.stringify({ ok: true, same, ...diff, market, calls, doubts })}\n` : diffText(a, b, compared.right));
  for (const [directory, found] of [
    [a, doubts.a],
    [b, doubts.b],
  ] as const) {
    for (const doubt of found) await io.stderr.write(`ewm: ${printable(`${directory}: ${doubt}`)}\n`);
  }
  return same ? EXIT.ok : EXIT.notProven;
}

/** Both are directories of runs; `ewm report --compare` shows the same. */
export async function compareDirectories(a: string, b: string): Promise<Either<Failure, ComparedRuns>> {
  const readers: RunReader[] = [];
  for (const directory of [a, b]) {
    const opened = await openRun(directory);
    if (isLeft(opened)) return opened;
    readers.push(opened.right.reader);
  }
  const [readerA, readerB] = readers as [RunReader, RunReader];
  const compared = await compareRuns(readerA, readerB);
  return isLeft(compared) ? left(storeFailure(compared.left)) : right(compared.right);
}

function diffText(a: string, b: string, compared: ComparedRuns): string {
  const { same, diff, market, calls } = compared;
  const lines = [`${same ? 'the same run' : 'different runs'}: A ${a}, B ${b}`];
  const section = (title: string, rows: readonly string[], more = rows.length): void => {
    if (rows.length === 0) return;
    lines.push(title, ...rows.slice(0, LINES_SHOWN).map((row) => `  ${row}`));
    const hidden = more - Math.min(rows.length, LINES_SHOWN);
    if (hidden > 0) lines.push(`  and ${String(hidden)} more`);
  };
  section(
    'inputs that differ',
    diff.inputs.map(
      ({ file, pointer, a: left, b: right }) =>
        `${file} ${pointer === '' ? '' : `${pointer}: `}${left ?? 'nothing'} in A, ${right ?? 'nothing'} in B`,
    ),
  );
  section('market', marketLines(market));
  const { divergence, decisions, final } = diff;
  if (divergence !== null) {
    section(`first divergence: step ${String(divergence.step_index)}`, [
      divergence.why,
      `at ${divergence.pointers.filter((pointer) => pointer !== '').join(', ') || 'the row'}`,
    ]);
  }
  const changed = decisions.listed.map(
    ({ step_index: step, a: left, b: right, why }) =>
      `step ${String(step)}: ${left ?? 'not taken'} in A, ${right ?? 'not taken'} in B (${why})`,
  );
  if (decisions.compared > 0) lines.push(`decisions: ${String(decisions.changed)} changed of ${counted(decisions.compared, 'step')}`);
  section('decisions that changed', changed, decisions.changed);
  if (calls.compared > 0) lines.push(`calls: ${String(calls.changed)} changed of ${counted(calls.compared, 'call')}`);
  section(
    'calls that changed',
    calls.listed.map(
      ({ index, pointers, a: left, b: right }) =>
        `call ${String(index)} at ${pointers.slice(0, 3).join(', ') || 'the row'}: ${left ?? 'not made'} in A, ${right ?? 'not made'} in B`,
    ),
    calls.changed,
  );
  section('ends', [`A: ${endText(final.a)}`, `B: ${endText(final.b)}`]);
  return `${lines.map(printable).join('\n')}\n`;
}

function marketLines({ symbols, first_step: first }: ComparedRuns['market']): readonly string[] {
  const [a, b] = [symbols.a.join(', ') || 'none', symbols.b.join(', ') || 'none'];
  return [
    ...(a === b ? [] : [`symbols: ${a} in A, ${b} in B`]),
    ...(first === null ? [] : [`the first step at other prices is ${String(first)}`]),
  ];
}

function endText(end: RunEnd | null): string {
  if (end === null) return 'unfinished: there is no seal';
  const how = end.ok ? 'ok' : `stopped by ${end.stopped_by ?? 'an error'}`;
  return `${how}, ${counted(end.steps, 'step')}${end.final_equity === null ? '' : `, equity ${end.final_equity}`}, head ${end.head_hash ?? 'none'}`;
}
