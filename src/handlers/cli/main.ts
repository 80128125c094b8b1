/** The command line: what can be said, in one place. Parsing ends here; the commands get checked values. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { isLeft } from 'fp-ts/Either';
import { decimalFromText } from '../../domain/decimal/decimal';
import { IMPORT_FORMS, type ImportForm } from '../../domain/market/import-layout';
import { MISSING_CHOICES, type MissingChoice } from '../../domain/market/import';
import type { DateOrder } from '../../domain/market/import-time';
import { addServeCommands } from './add-api-commands';
import { EXIT, EXIT_TABLE, type ExitCode } from './exit-codes';
import type { Io } from './io';
import { generateCommand, importCommand } from './market-command';
import { REPLAY_FORMATS, replayCommand, type ReplayFormat } from './replay-command';
import { runCommand, type RunOptions } from './run-command';
import { checkCommand } from './strategy-command';
import { verifyCommand } from './verify-command';

/** Worker threads one verification may ask for. */
const JOBS_MAX = 64;

/** Runs one command line, without the program's own name. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const pending: Promise<void>[] = [];
  const program = makeProgram(io, pending, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    exit = error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
  }
  await Promise.all(pending);
  return exit;
}

function makeProgram(io: Io, pending: Promise<void>[], finish: (exit: ExitCode) => void): Command {
  const program = new Command('ewm');
  program
    .description('Executable world models: runs whose every state transition can be proved.')
    .version(EWM_VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => pending.push(io.stdout.write(text)),
      writeErr: (text) => pending.push(io.stderr.write(text.replace(/^error: /, 'ewm: '))),
    })
    .configureHelp({ helpWidth: io.stdout.columns })
    .showHelpAfterError('(ewm <command> --help tells what is legal)')
    .addHelpText('after', `\nExit codes:\n${EXIT_TABLE.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join('\n')}\n`);

  const json = (): Option => new Option('--json', 'print one JSON document').default(false);
  const force = (what: string): Option => new Option('--force', `replace ${what}`).default(false);

  program
    .command('run')
    .description('run a strategy over a market into a directory that proves itself')
    .requiredOption('--market <file>', 'prices: .json, .jsonl or .csv; - is stdin')
    .requiredOption('--strategy <file>', 'the rules; - is stdin')
    .option('--policy <file>', 'risk limits and fees (default: leverage 2, 80 % a position, 5000 a position, no fee)')
    .option('--cash <amount>', 'initial cash (default: 1000)', parseCash)
    .option('--steps <n>', 'steps to take (default: the whole market)', parseCount)
    .option('--max-steps <n>', 'budget: most steps to grant (default: the steps asked for)', parseCount)
    .requiredOption('--out <directory>', 'where the run goes')
    .addOption(force('the run that is there'))
    .addOption(json())
    .action(async (options: RunOptions) => {
      finish(await runCommand(options, io));
    });

  program
    .command('verify')
    .description('re-execute a run from its inputs and compare every byte')
    .argument('<directory>', 'a run directory')
    .option('--chain-only', 'check the hashes, re-execute nothing', false)
    .option('--jobs <n>', 'worker threads; long runs are proven in segments', parseJobs, 1)
    .addOption(json())
    .action(async (directory: string, options: { chainOnly: boolean; jobs: number; json: boolean }) => {
      finish(await verifyCommand(directory, options, io));
    });

  const replay = program.command('replay').description('show the rows of a run');
  const format = (): Option => new Option('--format <form>', 'how to print the rows').choices(REPLAY_FORMATS).default('table');
  replay
    .command('tape')
    .description('the steps: prices, signals, actions, decision, why, exposure')
    .requiredOption('--tape <file>', 'tape.jsonl; - is stdin')
    .addOption(format())
    .addOption(json())
    .option('--max-steps <n>', 'steps to show (the chain is checked to its end)', parseCount, Infinity)
    .action(async (options: { tape: string; format: ReplayFormat; json: boolean; maxSteps: number }) => {
      finish(await replayCommand('tape', { file: options.tape, format: options.json ? 'json' : options.format, rowsMax: options.maxSteps }, io));
    });
  replay
    .command('executions')
    .description('the fills: price, cash, exposure and position on both sides')
    .requiredOption('--executions <file>', 'executions.jsonl; - is stdin')
    .addOption(format())
    .addOption(json())
    .option('--max-rows <n>', 'fills to show (the chain is checked to its end)', parseCount, Infinity)
    .action(async (options: { executions: string; format: ReplayFormat; json: boolean; maxRows: number }) => {
      const shown = { file: options.executions, format: options.json ? 'json' : options.format, rowsMax: options.maxRows } as const;
      finish(await replayCommand('executions', shown, io));
    });

  program
    .command('strategy')
    .description('check a strategy')
    .command('check')
    .description('report every mistake at once, each with its place and what is legal there')
    .argument('<file>', 'a strategy; - is stdin')
    .option('--market <file>', 'also check that this market prices its symbols')
    .addOption(json())
    .action(async (file: string, options: { market?: string; json: boolean }) => {
      finish(await checkCommand(file, options, io));
    });

  const market = program.command('market').description('make a market from price files, or from a seed');
  market
    .command('import')
    .description('read wide, long or OHLCV .csv files as a market')
    .argument('<file>', 'prices as found; - is stdin')
    .requiredOption('--out <file>', '.jsonl, .json or .csv; - is stdout')
    .addOption(new Option('--form <form>', 'layout (default: told from the header)').choices(IMPORT_FORMS))
    .option('--symbols <list>', 'only these, in this order: A,B', parseList)
    .option('--symbol <symbol>', 'what an OHLCV file is about')
    .option('--column <name>', 'price column of a long or OHLCV file')
    .addOption(new Option('--missing <choice>', 'what to do where a symbol has no price').choices(MISSING_CHOICES).default('error'))
    .addOption(new Option('--date-order <order>', 'which number of 01/02/2000 is the month').choices(['mdy', 'dmy']))
    .option('--from <time>', 'first day or instant')
    .option('--to <time>', 'last day or instant')
    .addOption(force('the file'))
    .addOption(json())
    .action(async (file: string, options: ImportArguments) => {
      const { out, force: replace, json: asJson, ...layout } = options;
      finish(await importCommand(file, layout, { out, force: replace, json: asJson }, io));
    });
  market
    .command('generate')
    .description('a random market: the same seed gives the same bytes everywhere')
    .requiredOption('--symbols <list>', 'A,B', parseList)
    .requiredOption('--steps <n>', 'how long', parseCount)
    .requiredOption('--seed <text>', 'any text')
    .option('--start-price <price>', 'of every symbol at step 0 (default: 100)')
    .option('--out <file>', '.jsonl; - is stdout', '-')
    .addOption(force('the file'))
    .addOption(json())
    .action(async (options: { symbols: readonly string[]; steps: number; seed: string; startPrice?: string; out: string; force: boolean; json: boolean }) => {
      const { out, force: replace, json: asJson, ...walk } = options;
      finish(await generateCommand(walk, { out, force: replace, json: asJson }, io));
    });

  addServeCommands(program, io, finish);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

interface ImportArguments {
  readonly out: string;
  readonly force: boolean;
  readonly json: boolean;
  readonly form?: ImportForm;
  readonly symbols?: readonly string[];
  readonly symbol?: string;
  readonly column?: string;
  readonly missing: MissingChoice;
  readonly dateOrder?: DateOrder;
  readonly from?: string;
  readonly to?: string;
}

function parseCount(text: string): number {
  const count = /^[0-9]{1,16}$/.test(text) ? Number(text) : 0;
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('expected an integer of 1 or more');
  return count;
}

function parseJobs(text: string): number {
  const jobs = parseCount(text);
  if (jobs > JOBS_MAX) throw new InvalidArgumentError(`expected an integer from 1 to ${String(JOBS_MAX)}`);
  return jobs;
}

function parseCash(text: string): string {
  const cash = decimalFromText(text);
  if (isLeft(cash)) throw new InvalidArgumentError(cash.left);
  if (cash.right < 0n) throw new InvalidArgumentError('must be 0 or more');
  return text;
}

function parseList(text: string): readonly string[] {
  return text.split(',').map((item) => item.trim());
}
