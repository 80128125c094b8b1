/** The commands that show a run. What they need (the program of a page, charts) is loaded when one of them is called, and not before. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';

type Finish = (exit: ExitCode) => void;

interface PageOptions {
  readonly out?: string;
  readonly compare?: string;
  readonly open: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

/** The page of a directory that is no run. */
export type ReportSweep = (directory: string, options: PageOptions) => Promise<ExitCode>;

const SHOWN = `
Environment:
  NO_COLOR     set to anything: no colours
  FORCE_COLOR  colours where stdout is no terminal, too; 0: none
`;

const PAGE = `
The page is one file that needs no network. It holds the tape, hashes it again in the browser and says whether it is proven; of a run of
more than 10000 steps it holds a sample, and says so. Without --out it is written beside the run, as <directory>.html; of a sweep, into it.
`;

const DIFF = `
Exits 0 when both are the same run (the same inputs, and so the same rows), 1 when they differ, 2 when one cannot be read.
`;

export function addReportCommands(program: Command, io: Io, finish: Finish, reportSweep: ReportSweep): void {
  const path = (flags: string, description: string): Option => new Option(flags, description).argParser(parsePath);
  const json = (): Option => new Option('--json', 'print one JSON document, of an error too').default(false);

  program
    .command('show')
    .description('a run in the terminal: its figures, and small charts of equity and prices')
    .argument('<directory>', 'a run directory', parsePath)
    .addOption(json())
    .addHelpText('after', `${SHOWN}\nExample:\n  ewm show runs/first`)
    .action(async (directory: string, options: { json: boolean }) => {
      const { show } = await import('./report-commands');
      finish(await show(directory, options.json, io));
    });

  program
    .command('report')
    .description('a run as one page for a browser, with its own proof; or a sweep')
    .argument('<directory>', 'a run directory, or that of a sweep', parsePath)
    .addOption(path('--out <file>', 'where the page goes (default: beside the run, as <directory>.html)'))
    .addOption(path('--compare <directory>', 'another run, shown beside it: what differs, and both curves'))
    .addOption(new Option('--open', 'show it in the default browser').default(false))
    .addOption(new Option('--force', 'replace the page that is there').default(false))
    .addOption(json())
    .addHelpText('after', `${PAGE}\nExample:\n  ewm report runs/first --open`)
    .action(async (directory: string, options: PageOptions) => {
      const { isSweep, report } = await import('./report-commands');
      finish(await ((await isSweep(directory)) ? reportSweep(directory, options) : report(directory, options, io)));
    });

  program
    .command('diff')
    .description('compare two runs: inputs that differ, the first step where they part and why, decisions that changed')
    .argument('<run-a>', 'a run directory', parsePath)
    .argument('<run-b>', 'another one', parsePath)
    .addOption(json())
    .addHelpText('after', `${DIFF}\nExample:\n  ewm diff runs/first runs/second`)
    .action(async (a: string, b: string, options: { json: boolean }) => {
      const { diff } = await import('./report-commands');
      finish(await diff(a, b, options.json, io));
    });
}

function parsePath(text: string): string {
  if (text === '' || text === '-') throw new InvalidArgumentError('expected a path');
  return text;
}
