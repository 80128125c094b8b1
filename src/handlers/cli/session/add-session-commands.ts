/** The commands of sessions. What they need is loaded when one of them is called. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import type { SignFlags } from '../shared/sign-option';

type Finish = (exit: ExitCode) => void;

const WHERE = `
A session is in a directory (--data, the one that \`ewm serve\` writes to) or behind an API (--api, or EWM_API_URL).
A head is told by every answer; where --head is left out, the newest is asked for first.
`;

interface Place extends SignFlags {
  readonly data: string;
  readonly api?: string;
  readonly json?: boolean;
}

export function addSessionCommands(program: Command, io: Io, finish: Finish): void {
  const session = program
    .command('session')
    .description('play a world over several requests, under one budget')
    .usage('<command> [options]');

  const command = (name: string, description: string): Command =>
    session
      .command(name)
      .description(description)
      .option('--data <directory>', 'where the sessions are', 'tmp/serve')
      .option('--api <url>', 'the API that has them instead')
      .addOption(new Option('--json', 'print the answer as it came'))
      .addHelpText('after', WHERE);
  const acting = (name: string, description: string): Command =>
    command(name, description)
      .option('--sign <file>', 'a private key: the session gets a receipt when this seals it; with --data, for an API signs by itself')
      .option('--sign-segments', 'with --sign: what this writes gets one, sealed or not');
  const act = (name: string, description: string): Command =>
    acting(name, description).argument('<id>', 'the session').option('--head <head>', 'what it was when you last looked');
  const budget = new Option('--budget <json>', 'limits, such as {"max_steps":20,"max_tool_calls":20}').argParser(parseObject);

  acting('create', 'make a session')
    .option('--name <name>', 'the same documents, budget and name are the same session (default: a new one)')
    .option('--market <file>', 'prices, or the name of an example')
    .option('--strategy <file>', 'the rules, or the name of an example')
    .option('--policy <file>', 'risk limits and fees')
    .option('--cash <amount>', 'initial cash (default: 1000)')
    .option('--world <file>', 'a world of your own in place of a market, .js or .ts; its policy is --policy, .js or .ts')
    .option('--inputs <file>', 'its inputs, .jsonl or .csv')
    .option('--steps <n>', 'how many steps there are, where it takes no inputs')
    .option('--params <file>', 'its parameters, .json')
    .option('--seed <text>', 'what its random() draws from')
    .addOption(budget)
    .action(async (options: Place & CreateOptions) => {
      const { create } = await import('./session-commands');
      finish(await create(options, io));
    });
  command('list', 'all sessions').action(async (options: Place) => {
    const { list } = await import('./session-commands');
    finish(await list(options, io));
  });
  command('show', 'where a session stands, and what is to be seen at its next step')
    .argument('<id>', 'the session')
    .option('--history <n>', 'steps before the next one to be shown too', '0')
    .action(async (id: string, options: Place & { readonly history: string }) => {
      const { show } = await import('./session-commands');
      finish(await show(id, options, io));
    });
  command('quote', 'what calls would take, with nothing done')
    .argument('<id>', 'the session')
    .argument('<calls>', 'a JSON list, a file of one, or - for stdin')
    .action(async (id: string, calls: string, options: Place) => {
      const { quote } = await import('./session-commands');
      finish(await quote(id, calls, options, io));
    });
  act('call', 'make calls')
    .argument('<calls>', 'a JSON list such as [{"name":"execute"}], a file of one, or - for stdin')
    .action(async (id: string, calls: string, options: Place & Headed) => {
      const { call } = await import('./session-commands');
      finish(await call(id, calls, options, io));
    });
  act('fork', 'make a child that goes on from here, with a budget taken from this one')
    .option('--name <name>', 'of the child')
    .addOption(budget)
    .action(async (id: string, options: Place & Headed & { readonly name?: string; readonly budget?: object }) => {
      const { fork } = await import('./session-commands');
      finish(await fork(id, options, io));
    });
  act('reclaim', 'take back what a sealed child did not use')
    .requiredOption('--child <id>', 'the child')
    .action(async (id: string, options: Place & Headed & { readonly child: string }) => {
      const { reclaim } = await import('./session-commands');
      finish(await reclaim(id, options, io));
    });
  act('close', 'seal a session: nothing follows').action(async (id: string, options: Place & Headed) => {
    const { close } = await import('./session-commands');
    finish(await close(id, options, io));
  });
  command('pull', 'fetch a session and its children into a directory that proves itself')
    .argument('<id>', 'the session')
    .requiredOption('--out <directory>', 'where it goes')
    .option('--force', 'replace what is there')
    .action(async (id: string, options: Place & { readonly out: string; readonly force?: boolean }) => {
      const { pull } = await import('./session-commands');
      finish(await pull(id, options, io));
    });
  session
    .command('verify')
    .description('prove a session that was pulled, with its children: the same as `ewm verify`')
    .argument('<directory>', 'where it was pulled to')
    .option('--allow-extra', 'files that are no part of it may stand there; nothing is proven of them')
    .option('--open', 'an open session is proven so far: exit 0 all the same')
    .option('--key <file...>', 'public keys that are trusted: the receipt of the session must be signed by one of them')
    .option('--require-receipt', 'a session without a receipt that holds is not proven')
    .addOption(new Option('--json', 'print one JSON document'))
    .action(async (directory: string, { key = [], ...options }: VerifyFlags) => {
      const { verifyPulled } = await import('./session-commands');
      const { allowExtra = false, open = false, requireReceipt = false, json = false } = options;
      finish(await verifyPulled(directory, { keys: key, allowExtra, open, requireReceipt, json }, io));
    });
}

interface VerifyFlags {
  readonly allowExtra?: boolean;
  readonly open?: boolean;
  readonly key?: readonly string[];
  readonly requireReceipt?: boolean;
  readonly json?: boolean;
}

export interface Headed {
  readonly head?: string;
}

export interface CreateOptions {
  readonly world?: string;
  readonly inputs?: string;
  readonly steps?: string;
  readonly params?: string;
  readonly seed?: string;
  readonly name?: string | undefined;
  readonly market?: string | undefined;
  readonly strategy?: string | undefined;
  readonly policy?: string | undefined;
  readonly cash?: string | undefined;
  readonly budget?: object | undefined;
}

export function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('expected a JSON object');
}
