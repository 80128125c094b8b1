/** `ewm mcp`: what can be said. The server is loaded when it is called for. */
import { type Command, Option } from 'commander';
import { PLANES, type Plane } from '../../mcp/scope';
import { type CreateOptions, parseObject } from '../session/add-session-commands';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import type { SignFlags } from '../shared/sign-option';

const ABOUT = `
A client starts this command and talks to it over stdin and stdout; nothing but the protocol is written to stdout.

With --session, or with --budget and the documents of a session, the server is about that session, on the agent plane: the client can look
and act, cannot make, fork or close sessions, and so cannot refill its budget. Without them it is all planes: the client makes sessions of
its own, each with a budget up to the ceilings of \`ewm serve --help\`.
--budget makes the session, or finds it: the same name, documents and budget are the same session, so starting again does not start afresh.

With --api the sessions are those of an API (\`ewm serve\`, or the deployed one): stdin and stdout are joined to its /mcp, or to /mcp/ID with
--session. Requests to AWS are signed with the credentials that the AWS SDK finds, so any client that starts a command can play.

Examples:
  ewm mcp --data /home/me/sessions --budget '{"max_steps":50,"max_tool_calls":50}'
  ewm mcp --api https://ID.execute-api.REGION.amazonaws.com --session ID
README.md has it in the form that clients are configured with.
`;

export interface McpOptions extends CreateOptions, SignFlags {
  readonly data: string;
  readonly api?: string;
  readonly session?: string;
  readonly plane?: Plane;
}

export function addMcpCommand(program: Command, io: Io, finish: (exit: ExitCode) => void): void {
  program
    .command('mcp')
    .description('sessions as tools of the Model Context Protocol, over stdin and stdout')
    .option('--data <directory>', 'where the sessions are', 'tmp/serve')
    .option('--api <url>', 'the API that has the sessions instead')
    .option('--session <id>', 'the session that the client plays')
    .addOption(new Option('--plane <plane>', 'what the client sees (default: agent where a session is named, else all)').choices(PLANES))
    .addOption(
      new Option('--budget <json>', 'make the session, with limits such as {"max_steps":50,"max_tool_calls":50}').argParser(parseObject),
    )
    .option('--name <name>', 'of the session that --budget makes (default: mcp)')
    .option('--market <file>', 'its prices, or the name of an example')
    .option('--strategy <file>', 'its rules, or the name of an example')
    .option('--policy <file>', 'its risk limits and fees')
    .option('--cash <amount>', 'its initial cash (default: 1000)')
    .option('--sign <file>', 'a private key: each session gets a receipt at its seal')
    .option('--sign-segments', 'with --sign: each segment of a session, too')
    .addHelpText('after', ABOUT)
    .action(async ({ api, ...options }: McpOptions, command: Command) => {
      if (api !== undefined) {
        const { data: _data, session, ...made } = options;
        const names = [...Object.keys(made), ...(command.getOptionValueSource('data') === 'cli' ? ['data'] : [])];
        const { bridgeCommand, refuseBeside } = await import('./bridge-command');
        finish(
          names.length > 0
            ? await refuseBeside(names, io)
            : await bridgeCommand({ api, ...(session === undefined ? {} : { session }) }, io),
        );
        return;
      }
      const { mcpCommand } = await import('./mcp-command');
      finish(await mcpCommand(options, io));
    });
}
