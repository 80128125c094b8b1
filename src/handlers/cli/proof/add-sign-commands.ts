/** The commands that make keys and receipts. What they need is loaded when one of them is called. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import type { KeyAlgorithm } from './sign-command';

const ALGORITHMS: readonly KeyAlgorithm[] = ['p256', 'ed25519'];

const KEYS = `
The private key is written as PKCS #8, for its owner alone to read (mode 0600); the public one beside it, as key.pub.pem for key.pem. A key
is never replaced.
`;

const RECEIPT = `
The run is proven first: a receipt says that it happened. It stands beside the run as receipt.json (DSSE, in-toto); docs/threats.md says what
it proves and what not.
`;

export function addSignCommands(program: Command, io: Io, finish: (exit: ExitCode) => void): void {
  const json = (): Option => new Option('--json', 'print one JSON document, of an error too').default(false);
  const path = (flags: string, description: string): Option => new Option(flags, description).argParser(parsePath);

  program
    .command('keygen')
    .description('make a key that signs runs')
    .addOption(path('--out <file>', 'where the private key goes').makeOptionMandatory())
    .addOption(new Option('--algorithm <name>', 'what to sign with').choices(ALGORITHMS).default('p256'))
    .addOption(json())
    .addHelpText('after', `${KEYS}\nExample:\n  ewm keygen --out key.pem`)
    .action(async (options: { out: string; algorithm: KeyAlgorithm; json: boolean }) => {
      const { keygenCommand } = await import('./sign-command');
      finish(await keygenCommand(options, io));
    });

  program
    .command('sign')
    .description('put a receipt beside a run: who says that it happened, with which program, when')
    .argument('<directory>', 'a run directory, or a session that was pulled', parsePath)
    .addOption(path('--key <file>', 'a private key').makeOptionMandatory())
    .addOption(new Option('--force', 'replace the receipt that is there').default(false))
    .addOption(json())
    .addHelpText('after', `${RECEIPT}\nExample:\n  ewm sign runs/first --key key.pem`)
    .action(async (directory: string, options: { key: string; force: boolean; json: boolean }) => {
      const { signCommand } = await import('./sign-command');
      finish(await signCommand(directory, options, io));
    });
}

function parsePath(text: string): string {
  if (text === '' || text === '-') throw new InvalidArgumentError('expected a path');
  return text;
}
