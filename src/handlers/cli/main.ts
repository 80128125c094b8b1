/**
 * The command line: what can be said, in one place. Parsing ends here; the commands get checked values. A command's own code is loaded when it
 * is called for, so that help and mistakes of spelling answer at once.
 */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { isLeft } from 'fp-ts/Either';
import { decimalFromNotation, formatDecimal } from '../../domain/decimal/decimal';
import { addServeCommands } from './api/add-api-commands';
import { addCostCommand } from './cost/add-cost-command';
import { addMarketCommands } from './market/add-market-commands';
import { addMcpCommand } from './mcp/add-mcp-command';
import { addExportCommand } from './export/add-export-command';
import { addSignCommands } from './proof/add-sign-commands';
import { addReportCommands } from './run/add-report-commands';
import { addSessionCommands } from './session/add-session-commands';
import { addStopCommands } from './operator/add-stop-commands';
import { addSweepCommands } from './sweep/add-sweep-commands';
import { addReplayCommands } from './proof/add-replay-commands';
import { completionScript, type Shell, SHELLS } from './completion';
import { EXIT, EXIT_TABLE, type ExitCode } from './shared/exit-codes';
import { fail, usageFailure } from './shared/failure';
import type { Io } from './shared/io';
import type { RunOptions } from './run/run-command';
import { addWorldCommands } from './world/add-world-commands';
import type { RunWorldOptions } from './world/run-world-command';

/** Worker threads one verification may ask for. */
const JOBS_MAX = 64;

/** Runs one command line, without the program's own name. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const written: Promise<void>[] = [];
  const program = makeProgram(io, written, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : jsonBehindCommand(argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    await Promise.all(written);
    if (error.exitCode === 0) return EXIT.ok;
    // The words are on stderr already.
    if (!wantsJson(argv)) return EXIT.badInput;
    const message = error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '');
    return fail({ ...io, stderr: { ...io.stderr, write: () => Promise.resolve() } }, true, usageFailure(message));
  }
  await Promise.all(written);
  return exit;
}

/** `ewm --json verify DIR` is `ewm verify DIR --json`: the option belongs to commands, and people say it first. */
function jsonBehindCommand(argv: readonly string[]): readonly string[] {
  const command = argv.findIndex((argument) => argument !== '--json');
  if (command < 1) return argv;
  const end = argv.indexOf('--');
  const rest = argv.slice(command, end === -1 ? undefined : end);
  return [...rest, ...(rest.includes('--json') ? [] : ['--json']), ...(end === -1 ? [] : argv.slice(end))];
}

/** Also for a command line that could not be parsed. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes('--json');
}

function makeProgram(io: Io, written: Promise<void>[], finish: (exit: ExitCode) => void): Command {
  const program = new Command('ewm');
  /** Checked after unknown options, so that a misspelt one is named as such; and all of them at once. */
  const needed = new Map<Option, string | undefined>();
  const need = (flags: string, description: string, unless?: string): Option => {
    const option = new Option(flags, description).argParser(parseText);
    needed.set(option, unless);
    return option;
  };
  const path = (flags: string, description: string): Option => new Option(flags, description).argParser(parseText);

  // What is set here holds for the commands that are made after it.
  program
    .description('Executable world models: runs whose every state transition can be proved.')
    .usage('<command> [options]')
    .version(EWM_VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    // For commands that have commands, and options of the same names (sweep).
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => written.push(io.stdout.write(text)),
      writeErr: (text) => written.push(io.stderr.write(text.replace(/^error: /, 'ewm: '))),
    })
    .configureHelp({ helpWidth: io.stdout.columns, showGlobalOptions: false })
    .hook('preAction', (_, command) => {
      const missing = command.options.filter(
        (option) =>
          needed.has(option) && command.getOptionValue(option.attributeName()) === undefined && !isGiven(command, needed.get(option)),
      );
      if (missing.length > 0) command.error(`error: ${pathOf(command)} needs ${missing.map(({ flags }) => flags).join(', ')}`);
    })
    .addHelpText('after', () => `\n${exitCodes()}\n\newm <command> --help tells what a command takes, with an example.`);

  const json = (): Option => new Option('--json', 'print one JSON document, of an error too');
  const force = (what: string): Option => new Option('--force', `replace ${what}`);

  program
    .command('run')
    .description('run a strategy over a market, or a world of your own, into a directory that proves itself')
    .usage('(--market <f> --strategy <f> | --world <f> --inputs <f>) --out <directory> [options]')
    .addOption(need('--market <file>', 'prices: .json, .jsonl or .csv; - is stdin', 'world'))
    .addOption(need('--strategy <file>', 'the rules, .json; - is stdin', 'world'))
    .addOption(need('--out <directory>', 'where the run goes'))
    .addOption(
      path(
        '--policy <file>',
        'risk limits and fees, .json; - is stdin (default: leverage 2, 80 % and 5000 a position, no fee); of a world, its policy, .js or .ts',
      ),
    )
    .addOption(path('--world <file>', 'a world of your own, .js or .ts (docs/worlds.md)'))
    .addOption(path('--inputs <file>', 'its inputs, one a step: .jsonl or .csv; - is stdin'))
    .addOption(path('--params <file>', 'its parameters, .json (default: {})'))
    .addOption(path('--seed <text>', 'what its random() draws from'))
    .option('--cash <amount>', 'initial cash (default: 1000)', parseCash)
    .option('--steps <n>', 'steps to take (default: the whole market)', parseCount)
    .option('--max-steps <n>', 'budget: most steps to grant (default: the steps asked for)', parseCount)
    .addOption(path('--data <directory>', 'whose stop switch is looked at (ewm stop)').default('tmp/serve'))
    .addOption(path('--sign <file>', 'sign the finished run with this private key (ewm keygen makes one)'))
    .option('--max-fuel <n>', 'budget of a world: units of fuel of its engine (default: only each call has a limit)', parseCount)
    .option('--max-world-memory-bytes <n>', 'budget of a world: bytes of its memory (default: 16 MiB)', parseCount)
    .option('--max-state-bytes <n>', 'budget of a world: bytes of its state (default: 64 KiB)', parseCount)
    .addOption(force('the run that is there, once the new one is complete'))
    .addOption(json())
    .addHelpText('after', example('ewm run --market prices.csv --strategy strategy.json --out runs/first'))
    .action(async (options: Flags<RunOptions> | Flags<RunWorldOptions>, command: Command) => {
      if ('world' in options) {
        const { runWorldCommand } = await import('./world/run-world-command');
        finish(await runWorldCommand({ ...options, force: options.force === true, json: options.json === true }, io));
        return;
      }
      const worldOnly = ['inputs', 'params', 'seed', 'maxFuel', 'maxWorldMemoryBytes', 'maxStateBytes'].find((name) => name in options);
      if (worldOnly !== undefined) return command.error(`error: ewm run takes ${flagOf(command, worldOnly)} with --world only`);
      const { runCommand } = await import('./run/run-command');
      finish(await runCommand({ ...options, force: options.force === true, json: options.json === true }, io));
    });

  program
    .command('verify')
    .description('re-execute a run from its inputs and compare every byte; of a sweep, a sample of its cells')
    .argument('<directory>', 'a run directory, or that of a sweep', parseText)
    .option('--chain-only', 'check the hashes, re-execute nothing')
    .option('--allow-extra', 'files that are no part of the run may stand in the directory; nothing is proven of them')
    .option('--open', 'an open session is proven so far: exit 0 all the same')
    .addOption(
      new Option('--key <file...>', 'public keys that are trusted: the receipt of the run must be signed by one of them')
        .argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), parseText(text)])
        .conflicts('chainOnly'),
    )
    .addOption(new Option('--require-receipt', 'a run without a receipt that holds is not proven').conflicts('chainOnly'))
    .addOption(new Option('--cells <n>', 'of a sweep: how many cells to run again, or all').argParser(parseCells).default(20))
    .addOption(new Option('--jobs <n>', 'worker threads; long runs are proven in segments').argParser(parseJobs).default(1))
    .addOption(json())
    .addHelpText('after', example('ewm verify runs/first'))
    .action(async (directory: string, options: VerifyFlags) => {
      const { verifyCommand } = await import('./proof/verify-command');
      finish(
        await verifyCommand(
          directory,
          {
            chainOnly: options.chainOnly === true,
            allowExtra: options.allowExtra === true,
            open: options.open === true,
            keys: options.key ?? [],
            requireReceipt: options.requireReceipt === true,
            cells: options.cells,
            jobs: options.jobs,
            json: options.json === true,
          },
          io,
        ),
      );
    });

  addReplayCommands(program, parseCount, io, finish);

  program
    .command('strategy')
    .description('check a strategy')
    .usage('<command> [options]')
    .command('check')
    .description('report every mistake at once, each with its place and what is legal there')
    .argument('<file>', 'a strategy, .json; - is stdin', parseText)
    .addOption(path('--market <file>', 'also check that this market prices its symbols; - is stdin'))
    .addOption(json())
    .addHelpText('after', example('ewm strategy check strategy.json --market prices.csv'))
    .action(async (file: string, options: { market?: string; json?: boolean }) => {
      const { checkCommand } = await import('./run/strategy-command');
      finish(await checkCommand(file, { ...options, json: options.json === true }, io));
    });

  addWorldCommands(program, io, finish);
  addMarketCommands(program, { need, count: parseCount, path: parseText }, io, finish);
  addSignCommands(program, io, finish);
  addReportCommands(program, io, finish, async (directory, options) => {
    const { reportSweep } = await import('./sweep/sweep-commands');
    return reportSweep(directory, options, io);
  });
  addSweepCommands(program, { need, path: parseText, jobs: parseJobs }, io, finish);
  addExportCommand(program, io, finish);
  addSessionCommands(program, io, finish);
  addMcpCommand(program, io, finish);
  addServeCommands(program, io, finish);
  addStopCommands(program, io, finish);
  addCostCommand(program, io, finish);

  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText('after', example('ewm completion bash >> ~/.bashrc'))
    .action((shell: Shell) => {
      written.push(io.stdout.write(completionScript(shell, program)));
    });

  program
    .command('help')
    .description('print the help of a command')
    .argument('[command...]', 'such as: run, replay tape')
    .addOption(new Option('--json', 'print one JSON document'))
    .action((names: readonly string[], options: { readonly json?: boolean }) => {
      let command = program;
      for (const name of names) {
        const found: Command | undefined = command.commands.find((candidate) => candidate.name() === name);
        if (found === undefined) {
          const legal = command.commands.map((candidate) => candidate.name()).join(', ');
          return program.error(`error: ${pathOf(command)} has no command '${name}'${legal === '' ? '' : `; its commands are ${legal}`}`);
        }
        command = found;
      }
      if (options.json !== true) command.outputHelp();
      else written.push(io.stdout.write(`${JSON.stringify({ ok: true, command: pathOf(command), help: helpOf(command) })}\n`));
    });

  pointToHelp(program);
  return program;
}

/** Switches as commander gives them: absent when not said. */
type Flags<A extends { readonly force: boolean; readonly json: boolean }> = Omit<A, 'force' | 'json'> & {
  readonly force?: boolean;
  readonly json?: boolean;
};

/** What `--help` prints. */
function helpOf(command: Command): string {
  let text = '';
  const printed = command.configureOutput();
  command.configureOutput({ ...printed, writeOut: (part) => (text += part) }).outputHelp();
  command.configureOutput(printed);
  return text;
}

interface VerifyFlags {
  readonly chainOnly?: boolean;
  readonly allowExtra?: boolean;
  readonly open?: boolean;
  readonly key?: readonly string[];
  readonly requireReceipt?: boolean;
  readonly cells: number;
  readonly jobs: number;
  readonly json?: boolean;
}

/** A mistake points to the help of the command it was made in. */
function pointToHelp(command: Command): void {
  // There is one `help`, at the top.
  command.helpCommand(false);
  command.showHelpAfterError(`(${pathOf(command)} --help tells what is legal)`);
  for (const inner of command.commands) pointToHelp(inner);
}

/** Whether the option of that name stands on the command line. */
function isGiven(command: Command, name: string | undefined): boolean {
  return name !== undefined && command.getOptionValue(name) !== undefined;
}

function flagOf(command: Command, name: string): string {
  return command.options.find((option) => option.attributeName() === name)?.long ?? name;
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function exitCodes(): string {
  return ['Exit codes:', ...EXIT_TABLE.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`)].join('\n');
}

function example(line: string): string {
  return `\nExample:\n  ${line}`;
}

function parseText(text: string): string {
  if (text === '') throw new InvalidArgumentError('expected a path, and - where stdin or stdout is meant');
  return text;
}

function parseCount(text: string): number {
  const count = /^[0-9]{1,16}$/.test(text) ? Number(text) : 0;
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('expected an integer of 1 or more');
  return count;
}

/** Infinity: all of them. */
function parseCells(text: string): number {
  return text === 'all' ? Infinity : parseCount(text);
}

function parseJobs(text: string): number {
  const jobs = /^[0-9]{1,16}$/.test(text) ? Number(text) : 0;
  if (jobs < 1 || jobs > JOBS_MAX) throw new InvalidArgumentError(`expected an integer from 1 to ${String(JOBS_MAX)}`);
  return jobs;
}

function parseCash(text: string): string {
  const cash = decimalFromNotation(text);
  if (isLeft(cash) || cash.right < 0n) {
    throw new InvalidArgumentError('expected an amount of 0 or more such as 99.86 or 1e9, with at most 8 decimals, below 10^18');
  }
  return formatDecimal(cash.right);
}
