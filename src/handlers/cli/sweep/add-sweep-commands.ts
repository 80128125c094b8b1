/** The commands of sweeps. Their code, and the pool of threads, is loaded when one of them is called. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import type { SweepOptions } from './sweep-run';

const SPEC = `
A spec names base documents, axes of values by JSON pointer, constraints, windows of the market, the objective and what to keep; docs/sweeps.md
explains it, and docs/schema/sweep.schema.json lets an editor complete it.
`;

const RESUME = `
A sweep that was stopped goes on with the same command: a cell that is there is not run again, and the result is the same to the byte.
`;

export interface SweepParsers {
  readonly need: (flags: string, description: string) => Option;
  readonly path: (text: string) => string;
  readonly jobs: (text: string) => number;
}

export function addSweepCommands(program: Command, { need, path, jobs }: SweepParsers, io: Io, finish: (exit: ExitCode) => void): void {
  const json = (): Option => new Option('--json', 'print one JSON document, of an error too').default(false);
  const market = (): Option => new Option('--market <file>', 'prices, instead of those that the spec names').argParser(path);
  const sweep = program
    .command('sweep')
    .description('run a strategy with many parameters: every cell a provable run, all of them under one hash')
    .usage('--spec <file> --out <directory> [options]')
    .addOption(need('--spec <file>', 'the sweep, .json; - is stdin'))
    .addOption(need('--out <directory>', 'where the rows, the best runs and the page go'))
    .addOption(market())
    .addOption(new Option('--jobs <n>', 'threads (default: one for each core)').argParser(jobs))
    .addOption(new Option('--force', 'replace the sweep that is there').default(false))
    .addOption(json())
    .addHelpText('after', `${SPEC}${RESUME}\nExample:\n  ewm sweep --spec examples/sweeps/sma.json --out sweeps/sma`)
    .action(async (options: Omit<SweepOptions, 'jobs'> & { readonly jobs?: number }) => {
      const [{ sweep: sweepOf }, { availableParallelism }] = await Promise.all([import('./sweep-commands'), import('node:os')]);
      finish(await sweepOf({ ...options, jobs: options.jobs ?? availableParallelism() }, io));
    });
  sweep
    .command('check')
    .description('report every mistake of a sweep, and how much there is to run; runs nothing')
    .argument('<file>', 'the sweep, .json; - is stdin', parsePath)
    .addOption(market())
    .addOption(json())
    .addHelpText('after', `${SPEC}\nExample:\n  ewm sweep check examples/sweeps/sma.json`)
    .action(async (file: string, options: { readonly market?: string; readonly json: boolean }) => {
      const { checkSweep } = await import('./sweep-commands');
      finish(await checkSweep(file, options, io));
    });
}

function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('expected a path');
  return text;
}
