/** `ewm cost` as it is said on the command line. Its code, and the price table with it, is loaded when it is called. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { environment } from '../shared/environment';
import type { CostOptions } from './cost-command';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';

const HELP = `
Limits are those of the deployment in ./terraform (its output \`limits\`); where nothing is applied, the defaults of one.
docs/cost.md derives every figure.

Example:
  ewm cost --mode tools --set code_interpreter=true --set max_tool_calls=3
  ewm cost --requests 20000
`;

type Settings = Readonly<Record<string, unknown>>;

export function addCostCommand(program: Command, io: Io, finish: (exit: ExitCode) => void): void {
  program
    .command('cost')
    .description('the most that a deployment can cost in USD: an invocation, an hour, a month; and a typical month')
    .option('--limits <file>', 'limits to price: the Terraform output limits, or all outputs, .json; - is stdin', parsePath)
    .option('--prices <file>', 'a price table like terraform/prices.json; - is stdin', parsePath)
    .addOption(new Option('--mode <mode>', 'one function alone').choices(['base', 'tools', 'memory']))
    .option('--set <limit=value>', 'what if: another value for a limit; may be given more than once', parseSetting, {})
    .option('--requests <n>', 'requests to each function in the typical month', parseRequests)
    .addOption(new Option('--brief', 'the figures alone, without what they hold under').default(false))
    .addOption(new Option('--json', 'print one JSON document, of an error too').default(false))
    .addHelpText('after', HELP)
    .action(async (options: CostOptions) => {
      const { costCommand } = await import('./cost-command');
      finish(await costCommand(options, io, environment()));
    });
}

function parsePath(text: string): string {
  if (text === '') throw new InvalidArgumentError('expected a path, or - for stdin');
  return text;
}

function parseRequests(text: string): number {
  if (!/^(0|[1-9][0-9]{0,8})$/.test(text)) throw new InvalidArgumentError('expected an integer from 0 to 999999999');
  return Number(text);
}

/** The value is JSON; a word that is none stands for itself. */
function parseSetting(text: string, before: Settings): Settings {
  const [, name = '', value = ''] = /^([a-z][a-z0-9_]*)=(.+)$/s.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('expected a limit and its value, such as max_tool_calls=3');
  return { ...before, [name]: jsonOr(value) };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
