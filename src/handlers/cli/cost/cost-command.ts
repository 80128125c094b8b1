/** `ewm cost`: the worst case of a deployment in USD and a typical month beside it, with what they hold under and what they leave out. */
import priceDocument from '../../../../terraform/prices.json';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { type Bill, billOf, type Charges } from '../../../domain/cost/bill';
import { assumptionsOf, exclusionsOf } from '../../../domain/cost/notes';
import { decodeLimits, DEFAULT_LIMITS, type Limits } from '../../../domain/cost/limits';
import { type Component, COMPONENTS, decodePrices, type PriceTable } from '../../../domain/cost/prices';
import { isRecord } from '../../../domain/codec/codec';
import type { Problem } from '../../../domain/codec/problem';
import { formatDecimal } from '../../../domain/decimal/decimal';
import { local } from '../../compose';
import type { Environment } from '../../config';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, type Failure, inputFailure, invalidFailure, stdinTwice } from '../shared/failure';
import type { Io } from '../shared/io';
import { makeTable } from '../shared/table';
import { terraformOutputs } from '../shared/terraform-output';

export interface CostOptions {
  readonly limits?: string;
  readonly prices?: string;
  /** Price one function alone. */
  readonly mode?: string;
  /** What-if: limits by name. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Of the typical month: to each function. */
  readonly requests?: number;
  /** The figures alone. */
  readonly brief?: boolean;
  readonly json: boolean;
}

export async function costCommand(options: CostOptions, io: Io, env: Environment): Promise<ExitCode> {
  const twice = stdinTwice({ '--limits': options.limits, '--prices': options.prices });
  if (twice !== undefined) return fail(io, options.json, twice);
  const table = await readPrices(options.prices, io);
  if (isLeft(table)) return fail(io, options.json, table.left);
  const found = await findLimits(options, io, env);
  if (isLeft(found)) return fail(io, options.json, found.left);
  const { limits, source } = found.right;
  const bill = billOf(limits, table.right, options.requests);
  const notes = { assumptions: assumptionsOf(limits, table.right), not_covered: exclusionsOf(limits) };
  if (!options.json) {
    await print(bill, limits, table.right, source, io);
    if (options.brief !== true)
      await io.stdout.write(`\nThis holds while:\n${bullets(notes.assumptions)}\nNot covered:\n${bullets(notes.not_covered)}`);
  } else {
    const shown = { ...limits, throttle_rate_per_second: formatDecimal(limits.throttle_rate_per_second) };
    const prices = { region: table.right.region, as_of: table.right.as_of };
    await io.stdout.write(
      `${JSON.stringify({ ok: true, currency: 'USD', ...bill, limits: shown, limits_from: source, prices, ...notes })}\n`,
    );
  }
  return EXIT.ok;
}

async function readPrices(file: string | undefined, io: Io): Promise<Either<Failure, PriceTable>> {
  if (file === undefined) {
    const built = decodePrices(priceDocument);
    if (isLeft(built)) throw new Error('the price table of this build is not one');
    return built;
  }
  const document = await local.readDocument(file, io)();
  if (isLeft(document)) return left(inputFailure(document.left));
  const table = decodePrices(document.right.value);
  return isLeft(table) ? left(invalidFailure(file, document.right.problemsAt(table.left))) : table;
}

interface Found {
  readonly limits: Limits;
  /** In words, for whoever reads the figure. */
  readonly source: string;
}

interface Given {
  readonly document: unknown;
  readonly name: string;
  readonly source: string;
  readonly locate: (problems: readonly Problem[]) => readonly Problem[];
}

const DEFAULTS = { ...DEFAULT_LIMITS, throttle_rate_per_second: formatDecimal(DEFAULT_LIMITS.throttle_rate_per_second) };

async function findLimits({ limits: file, mode, set }: CostOptions, io: Io, env: Environment): Promise<Either<Failure, Found>> {
  const given = file === undefined ? right(await deployedLimits(env)) : await limitsOf(file, io);
  if (isLeft(given)) return given;
  const { document, name, source, locate } = given.right;
  // What is said here goes before what is in the file, and is checked with it.
  const stated = { ...set, ...(mode === undefined ? {} : { modes: [mode] }) };
  const changed = isRecord(document) ? { ...document, ...stated } : document;
  const limits = decodeLimits(changed);
  if (!isLeft(limits))
    return right({ limits: limits.right, source: Object.keys(stated).length === 0 ? source : `${source}, changed by options` });
  const ofOptions = (problem: Problem): boolean => Object.hasOwn(stated, problem.pointer.split('/')[1] ?? '');
  const inFile = locate(limits.left.filter((problem) => !ofOptions(problem)));
  const inOptions = limits.left.filter(ofOptions);
  return left(inFile.length > 0 ? invalidFailure(name, inFile) : invalidFailure('--set', inOptions));
}

/** The object itself, or everything that `terraform output -json` prints. */
async function limitsOf(file: string, io: Io): Promise<Either<Failure, Given>> {
  const read = await local.readDocument(file, io)();
  if (isLeft(read)) return left(inputFailure(read.left));
  const { value, problemsAt } = read.right;
  const output = isRecord(value) ? value['limits'] : undefined;
  if (!isRecord(output)) return right({ document: value, name: file, source: file, locate: problemsAt });
  const within = (problems: readonly Problem[]): readonly Problem[] =>
    problemsAt(problems.map((problem) => ({ ...problem, pointer: `/limits/value${problem.pointer}` })));
  return right({ document: output['value'], name: file, source: file, locate: within });
}

async function deployedLimits(env: Environment): Promise<Given> {
  const outputs = await terraformOutputs(env);
  const limits = isLeft(outputs) ? undefined : outputs.right['limits'];
  const locate = (problems: readonly Problem[]): readonly Problem[] => problems;
  if (limits !== undefined) return { document: limits, name: 'the Terraform output limits', source: 'the Terraform output limits', locate };
  const failed = isLeft(outputs) && outputs.left._tag === 'Failed' ? outputs.left.why : undefined;
  const why = failed === undefined ? 'nothing is deployed from ./terraform' : `the one in ./terraform cannot be read: ${failed}`;
  return { document: DEFAULTS, name: 'the defaults', source: `the defaults of a deployment (${why})`, locate };
}

const COMPONENT_NAMES = Object.keys(COMPONENTS) as Component[];

async function print(bill: Bill, limits: Limits, { region, as_of: date }: PriceTable, source: string, io: Io): Promise<void> {
  const { per_invocation: invocation, per_hour: hour, per_month: month, typical_month: typical } = bill;
  const { with_direct_invocations: direct, while_stops_work: stopping } = bill;
  const columns = [
    column(`an invocation (${invocation.mode})`, invocation),
    column('an hour', hour),
    column('a month', month),
    column('typical month', typical),
  ];
  await io.stdout.write(
    `The most that this deployment can cost, in USD: an upper bound, not a forecast. Beside it a typical month of ${String(typical.requests)} requests to each function.\n` +
      `Modes: ${[...limits.modes].sort().join(', ')}. Limits: ${source}.\nPrices: of ${region}, read until ${date}` +
      `${limits.region === region ? '' : `; this deployment is in ${limits.region}, where they may be higher (--prices takes a table of yours)`}.\n\n`,
  );
  const table = makeTable(['component', ...columns.map(({ head }) => head)], io.stdout);
  for (const name of COMPONENT_NAMES) await table.row([name, ...columns.map(({ amount }) => amount(({ by_component: by }) => by[name]))]);
  await table.row(['total', ...columns.map(({ amount }) => amount(({ total }) => total))]);
  await table.flush();
  const others = Object.entries(invocation.by_mode).map(([mode, { total }]) => `${mode} ${total}`);
  if (others.length > 1) await io.stdout.write(`\nAn invocation, by mode: ${others.join(', ')}\n`);
  await io.stdout.write(
    `With direct invocations (lambda:InvokeFunction): ${direct.per_hour.total} an hour, ${direct.per_month.total} a month\n`,
  );
  if (!limits.modes.includes('tools') || !(limits.code_interpreter || limits.planner)) return;
  const { per_invocation: one, per_hour: stoppedHour, per_month: stoppedMonth } = stopping;
  await io.stdout.write(
    `As long as sessions end when they are told to: ${one.total} an invocation, ${stoppedHour.total} an hour, ${stoppedMonth.total} a month; ` +
      'the rest is sessions that could not be stopped\n',
  );
}

interface Column {
  readonly head: string;
  readonly amount: (pick: (charges: Charges) => string) => string;
}

/** Amounts stand under each other by their last digit. */
function column(head: string, charges: Charges): Column {
  const width = Math.max(head.length, charges.total.length);
  return { head: head.padStart(width), amount: (pick) => pick(charges).padStart(width) };
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `  - ${line}\n`).join('');
}
