/** `ewm replay`: what can be said to it. A run directory alone is its tape. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { existsSync } from 'node:fs';
import { nearestName } from '../../../domain/codec/nearest';
import type { RowsOf } from '../../../domain/run/replay';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import type { ReplayFormat } from './replay-command';

/** Choices as records, so that none is forgotten: a new variant does not compile until it stands here. */
const FORMATS: Readonly<Record<ReplayFormat, true>> = { table: true, json: true, csv: true };

/** How each is asked for: the option that limits its rows, and what it shows. */
const KINDS: Readonly<Record<RowsOf, { readonly limit: string; readonly rows: string; readonly shows: string; readonly example: string }>> =
  {
    tape: {
      limit: '--max-steps <n>',
      rows: 'steps',
      shows: 'the steps: time, prices, signals, actions, decision, why, exposure',
      example: 'ewm replay tape runs/first --max-steps 20',
    },
    executions: {
      limit: '--max-rows <n>',
      rows: 'fills',
      shows: 'the fills: price, cash, exposure and position on both sides',
      example: 'ewm replay executions runs/first --format csv',
    },
  };

interface Flags {
  readonly tape?: string;
  readonly executions?: string;
  readonly format: ReplayFormat;
  readonly json?: boolean;
  readonly maxSteps?: number;
  readonly maxRows?: number;
}

export function addReplayCommands(program: Command, count: (text: string) => number, io: Io, finish: (exit: ExitCode) => void): void {
  const replay = program
    .command('replay')
    .description('show the rows of a run, and whether their chain is whole')
    .usage('<directory> | <command> [options]');
  for (const kind of ['tape', 'executions'] as const) {
    const { limit, rows, shows, example } = KINDS[kind];
    replay
      .command(kind, { isDefault: kind === 'tape' })
      .description(shows)
      .usage(`<directory> | --${kind} <file> [options]`)
      .argument('[directory]', 'a run directory', parsePath)
      .addOption(new Option(`--${kind} <file>`, `${kind}.jsonl; - is stdin`).argParser(parsePath))
      .addOption(new Option('--format <form>', 'how to print the rows').choices(Object.keys(FORMATS)).default('table'))
      .addOption(new Option('--json', 'the same as --format json'))
      .option(limit, `${rows} to show; the chain is checked to its end (default: all)`, count)
      .addHelpText('after', `\nExample:\n  ${example}`)
      .action(async (directory: string | undefined, flags: Flags, command: Command) => {
        const path = requestedPath(kind, directory, flags[kind], command);
        const { replayCommand } = await import('./replay-command');
        const format = flags.json === true ? 'json' : flags.format;
        finish(await replayCommand(kind, { file: path, format, rowsMax: flags.maxSteps ?? flags.maxRows ?? Infinity }, io));
      });
  }
}

function requestedPath(kind: RowsOf, directory: string | undefined, file: string | undefined, command: Command): string {
  const path = directory ?? file;
  if (path === undefined) return command.error(`error: ewm replay ${kind} needs a run directory, or --${kind} <file>`);
  if (directory !== undefined && file !== undefined) return command.error(`error: a run directory or --${kind} <file>, and not both`);
  // `replay tap` names no directory, and is close to a command.
  const meant = directory === undefined || existsSync(directory) ? undefined : nearestName(directory, Object.keys(KINDS));
  return meant === undefined ? path : (command.parent ?? command).error(`error: unknown command '${path}'\n(Did you mean ${meant}?)`);
}

function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('expected a path, and - where stdin is meant');
  return text;
}
