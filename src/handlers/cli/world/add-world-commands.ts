/** `ewm world ...` as it is said on the command line. Its code, and the engine with it, is loaded when it is called. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import type { WorldCheckOptions, WorldScoreOptions } from './world-commands';

export function addWorldCommands(program: Command, io: Io, finish: (exit: ExitCode) => void): void {
  const world = program
    .command('world')
    .description('check a world of your own, and say how well it predicts')
    .usage('<command> [options]');
  const json = (): Option => new Option('--json', 'print one JSON document, of an error too').default(false);

  world
    .command('check')
    .description('exports, random plays of what it says is legal, what it refuses, limits, and that it does the same twice')
    .argument('<file>', 'a world, .js or .ts', parsePath)
    .option('--params <file>', 'its parameters, .json (default: {})', parsePath)
    .option('--inputs <file>', 'inputs for the plays, .jsonl or .csv (default: none)', parsePath)
    .option('--seed <text>', 'what its random() draws from (default: check)')
    .option('--plays <n>', 'random plays', parseCount, 50)
    .option('--play-seed <n>', 'of the plays: the same seed plays the same', parseCount, 1)
    .option('--node <path>', 'the Node under which it is run a second time (default: this one)', parsePath)
    .addOption(new Option('--digest', 'print the digest of the plays alone: what a second process is asked for').default(false))
    .addOption(json())
    .addHelpText('after', '\nExample:\n  ewm world check world.js --inputs inputs.jsonl')
    .action(async (file: string, options: WorldCheckOptions) => {
      const { worldCheckCommand } = await import('./world-commands');
      finish(await worldCheckCommand(file, options, io));
    });

  world
    .command('score')
    .description('how many recorded transitions it predicts exactly, and where it first does not')
    .argument('<file>', 'a world, .js or .ts', parsePath)
    .addOption(
      new Option('--trajectories <file>', 'transitions, a tape.jsonl, or ATIF, one JSON value a line')
        .argParser(parsePath)
        .makeOptionMandatory(),
    )
    .addOption(json())
    .addHelpText('after', '\nExample:\n  ewm world score world.js --trajectories runs/first/tape.jsonl')
    .action(async (file: string, options: WorldScoreOptions) => {
      const { worldScoreCommand } = await import('./world-commands');
      finish(await worldScoreCommand(file, options, io));
    });
}

function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('expected a path');
  return text;
}

function parseCount(text: string): number {
  const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new InvalidArgumentError('expected an integer of 1 or more');
  return count;
}
