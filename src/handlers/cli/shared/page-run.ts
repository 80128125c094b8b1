/** A run directory read for showing it, and in words whether it can be trusted. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { basename, resolve } from 'node:path';
import type { TapeSelection } from '../../../domain/report/sample';
import { type DescribeWorld, readRun, type ReadRun, type ReadWatch } from '../../../domain/run/read-page';
import type { RunReader } from '../../../ports/run-files';
import { local } from '../../compose';
import { signing } from '../../compose-signing';
import { EXIT } from './exit-codes';
import { type Failure, storeFailure } from './failure';
import { type ReceiptStatus, statusOf } from './receipt-status';
import { counted } from './words';

export interface OpenedRun extends ReadRun {
  /** Files beside a finished run that are of another one, which did not finish. */
  readonly beside: readonly string[];
  /** There is no run.json: the run was interrupted, or is still going on. */
  readonly unfinished: boolean;
  /** Who says that they signed it; not checked. */
  readonly receipt: ReceiptStatus;
  /** Its text, for a page that checks it. */
  readonly receiptText: string | undefined;
}

/** Reads a run directory of any mode, finished or not. */
export async function readRunDirectory(
  directory: string,
  watch?: ReadWatch,
  selection?: TapeSelection,
  describeWorld?: DescribeWorld,
): Promise<Either<Failure, OpenedRun>> {
  const opened = await openRun(directory);
  if (isLeft(opened)) return opened;
  const { reader, unfinished, beside } = opened.right;
  const run = await readRun(reader, watch, selection, describeWorld);
  if (isLeft(run)) return left(storeFailure(run.left));
  const text = await signing.readReceipt(directory)();
  return right({ ...run.right, unfinished, beside, receipt: statusOf(text), receiptText: isLeft(text) ? undefined : text.right });
}

interface Opened {
  readonly reader: RunReader;
  readonly unfinished: boolean;
  readonly beside: readonly string[];
}

export async function openRun(directory: string): Promise<Either<Failure, Opened>> {
  const content = await local.inspectRun(directory)();
  if (isLeft(content)) return left(storeFailure(content.left));
  if (content.right === 'absent')
    return left({ exit: EXIT.badInput, code: 'not_found', messages: [`${directory}: no such directory; ${EXPECTED}`] });
  if (content.right === 'none')
    return left({ exit: EXIT.badInput, code: 'not_a_run', messages: [`${directory}: holds no run; ${EXPECTED}`] });
  const unfinished = content.right === 'unfinished';
  const beside = await local.unfinishedBeside(directory)();
  const reader = unfinished ? local.readUnfinishedRun(directory) : local.readRun(directory);
  return right({ reader, unfinished, beside: isLeft(beside) ? [] : beside.right });
}

const EXPECTED = 'expected a directory that `ewm run --out` or a handler wrote';

/** The name of the directory, never the path to it. */
export function runName(directory: string): string {
  return basename(resolve(directory)).toWellFormed();
}

/** Whether every row is linked and shown, and the tape ends with its seal. */
export function isWhole({ chain, unfinished, unread }: OpenedRun): boolean {
  return chain.broken === undefined && chain.sealed && !unfinished && unread === undefined;
}

/** What is wrong with a run, a sentence each; none when it is whole. */
export function doubts({ chain, unfinished, omitted, unread, beside, worldFault }: OpenedRun): readonly string[] {
  const { broken, sealed } = chain;
  return [
    ...(unfinished ? ['UNFINISHED: the run was interrupted or is still going on; there is no run.json.'] : []),
    ...(broken === undefined
      ? []
      : [
          `the hash chain is BROKEN at row ${String(broken.row)} (line ${String(broken.row + 1)}) of tape.jsonl: ${broken.fault}. Do not trust it from there on.`,
        ]),
    ...(sealed ? [] : ['the tape is UNSEALED: the run did not finish, or its end was cut off.']),
    ...(unread === undefined
      ? []
      : [
          `the amounts of ${counted(unread.count, 'step row')} CANNOT BE READ, first of row ${String(unread.firstRow)} (line ${String(unread.firstRow + 1)}) of tape.jsonl: no figure and no chart has them.`,
        ]),
    ...(beside.length === 0 ? [] : [besideText(beside)]),
    ...(worldFault === undefined ? [] : [`the charts that world.js describes are left out, and its totals drawn instead: ${worldFault}.`]),
    ...omitted.map(({ file, reason }) => `${file} is left out: ${reason}.`),
  ];
}

/** A run that was to replace this one has no part in it; whoever looks should know that it is there. */
export function besideText(beside: readonly string[]): string {
  return `beside this run stand files of another that did not finish: ${beside.join(', ')}. ewm run --force with the same --out replaces both.`;
}

/** `chain whole, sealed, 12 rows, head abc`. */
export function wholeText({ chain }: OpenedRun): string {
  return `chain whole, sealed, ${counted(chain.rows, 'row')}, head ${chain.headHash ?? 'none'}`;
}
