/** The commands of sweeps. Their code, and the pool of threads, is loaded when one of them is called. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import type { CollectOptions } from './remote/collect';
import type { DeploymentOptions } from './remote/deployment';
import type { SubmitOptions } from './remote/submit';
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
    // Its own options come before a command of it, whose options have the same names.
    .enablePositionalOptions()
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
  addRemoteCommands(sweep, market, json, need, io, finish);
}

const DEPLOYMENT = `
Where sweeps run is what the deployment in ./terraform says (enable_sweeps); --deployment takes the outputs of another one.
Credentials are those of the AWS CLI: AWS_PROFILE, or AWS_ACCESS_KEY_ID and the like.
`;

/** The same sweep on Step Functions. */
function addRemoteCommands(
  sweep: Command,
  market: () => Option,
  json: () => Option,
  need: SweepParsers['need'],
  io: Io,
  finish: (exit: ExitCode) => void,
): void {
  const deployment = (): Option =>
    new Option('--deployment <file>', 'what terraform output -json prints; - is stdin (default: the one in ./terraform)').argParser(
      parsePath,
    );
  sweep
    .command('submit')
    .description(
      'run a sweep on Step Functions: the quote first, and nothing above max_sweep_cost_usd; of one that failed, what is left of it',
    )
    .addOption(need('--spec <file>', 'the sweep, .json; - is stdin'))
    .addOption(market())
    .addOption(deployment())
    .addOption(new Option('--prices <file>', 'a price table like terraform/prices.json').argParser(parsePath))
    .addOption(new Option('--quote', 'tell what it can cost, and begin nothing').default(false))
    .addOption(json())
    .addHelpText('after', `${DEPLOYMENT}\nExample:\n  ewm sweep submit --spec examples/sweeps/sma.json`)
    .action(async (options: SubmitOptions) => {
      const { submitSweep } = await import('./remote/commands');
      finish(await submitSweep(options, io));
    });
  sweep
    .command('status')
    .description('what has become of a sweep on Step Functions')
    .argument('<id>', 'the id of the sweep', parseId)
    .addOption(deployment())
    .addOption(json())
    .addHelpText('after', DEPLOYMENT)
    .action(async (id: string, options: DeploymentOptions) => {
      const { sweepStatus } = await import('./remote/commands');
      finish(await sweepStatus(id, options, io));
    });
  sweep
    .command('collect')
    .description('fetch the rows of a sweep from Step Functions into the directory that ewm sweep would have left')
    .argument('<id>', 'the id of the sweep', parseId)
    .addOption(need('--out <directory>', 'where the rows, the best runs and the page go'))
    .addOption(deployment())
    .addOption(new Option('--force', 'replace the sweep that is there').default(false))
    .addOption(json())
    .addHelpText('after', `${DEPLOYMENT}${RESUME}`)
    .action(async (id: string, options: CollectOptions) => {
      const { collectSweep } = await import('./remote/commands');
      finish(await collectSweep(id, options, io));
    });
}

function parseId(text: string): string {
  if (!/^[0-9a-f]{32}$/.test(text))
    throw new InvalidArgumentError('expected the id of a sweep, 32 hex digits, as ewm sweep submit prints it');
  return text;
}

function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('expected a path');
  return text;
}
