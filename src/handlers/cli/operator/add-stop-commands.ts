/** The commands of the stop switch. What they need (the AWS SDK) is loaded when one of them is called. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';

const WHERE = `
Where:
  --data DIR      the file DIR/stop.json: what serves, plays or runs with this data directory (the default: tmp/serve)
  --deployed      what is deployed from ./terraform, by its outputs: the object that the functions look at, and reserved concurrency 0
  --bucket NAME   the same without Terraform's state: with --key, --region and a --function for each function
--data and --deployed may be given together. All three may be given again at any time: what is done already is said and left.
`;

const STOP = `
The switch is looked at before each request and before each act that leaves the process. What runs ends before its next act outside, is
sealed and says stopped_by_operator; what is asked meanwhile is answered 503. A switch that cannot be read counts as set.
${WHERE}
Exits 0 when all of it is stopped, 4 when a part is left to do (it is named: give the command again).

Example:
  ewm stop --reason "the bill runs away" --deployed`;

const RESUME = `
What was reserved for each function is what Terraform's outputs say; the switch is cleared last.
${WHERE}
Exits 0 when all of it goes on, 4 when a part is left to do.`;

const STATUS = `${WHERE}
Exits 0 when nothing is stopped, 3 when something is, or cannot be read, which counts the same.`;

export interface PlaceOptions {
  readonly data?: string;
  readonly deployed?: boolean;
  readonly bucket?: string;
  readonly key: string;
  readonly region?: string;
  readonly function?: readonly FunctionOption[];
  readonly json?: boolean;
}

export interface FunctionOption {
  readonly name: string;
  readonly reserved: number | null;
}

export interface StopOptions extends PlaceOptions {
  readonly reason: string;
  readonly who?: string;
}

export function addStopCommands(program: Command, io: Io, finish: (exit: ExitCode) => void): void {
  const command = (name: string, description: string, help: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--data <directory>', 'a data directory of this machine (default: tmp/serve, where no deployment is named)', parseText)
      .option('--deployed', 'what is deployed from ./terraform')
      .addOption(new Option('--bucket <name>', 'a deployment, by the bucket of its artifacts').argParser(parseText).conflicts('deployed'))
      .addOption(new Option('--key <key>', 'of the switch in that bucket').default('stop.json').argParser(parseText))
      .option('--region <name>', 'where that bucket and its functions are (default: AWS_REGION)', parseText)
      .option(
        '--function <name=n>',
        'a function of it, and its reserved concurrency; none for no reservation; may be said again',
        addFunction,
      )
      .addOption(new Option('--json', 'print one JSON document, of an error too'))
      .addHelpText('after', help);

  command('stop', 'stop everything: no act leaves the process any more', STOP)
    .addOption(new Option('--reason <text>', 'why, in one line').argParser(parseText).makeOptionMandatory())
    .option('--who <name>', 'who says so (default: the user of this machine)', parseText)
    .action(async (options: StopOptions) => {
      const { stopCommand } = await import('./stop-commands');
      finish(await stopCommand(options, io));
    });
  command('resume', 'let go on what `ewm stop` stopped', RESUME).action(async (options: PlaceOptions) => {
    const { resumeCommand } = await import('./stop-commands');
    finish(await resumeCommand(options, io));
  });
  command('status', 'whether anything is stopped: by whom, why and since when', STATUS).action(async (options: PlaceOptions) => {
    const { statusCommand } = await import('./stop-commands');
    finish(await statusCommand(options, io));
  });
}

function parseText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('expected a text');
  return text;
}

function addFunction(text: string, before: readonly FunctionOption[] = []): readonly FunctionOption[] {
  const [, name, reserved] = /^([A-Za-z0-9_-]{1,64})=(none|[1-9][0-9]{0,3})$/.exec(text) ?? [];
  if (name === undefined)
    throw new InvalidArgumentError('expected a name and what is reserved for it, such as ewm-tools=1 or ewm-tools=none');
  return [...before, { name, reserved: reserved === 'none' ? null : Number(reserved) }];
}
