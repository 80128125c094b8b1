/** The commands around the API. What they need (the handlers, the AWS SDK) is loaded when one of them is called, and not before. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { allowedHost } from '../../server/gate';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import type { ServeOptions } from './serve-command';

const ENVIRONMENT = `
Environment:
  EWM_API_URL              the API; unset: the outputs of terraform -chdir=terraform
  EWM_API_AUTH             iam or none (default: iam for *.amazonaws.com, else none)
  REQUESTS_CA_BUNDLE       PEM file of authorities to trust (then AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS, Node's own)
  HTTPS_PROXY, NO_PROXY    the proxy to the API and to S3 (also HTTP_PROXY, ALL_PROXY), and hosts that are called directly
  EWM_ARTIFACT_BUCKET      where the artifacts are, when Terraform's outputs do not say (with EWM_ARTIFACT_PREFIX);
                           with neither, the API itself is asked for them, as the local server wants it
  ENABLE_AGENTCORE_MEMORY  1: memory is expected to be on, and off is a failure
  MEMORY_MAX_OPS           operations that a memory request asks for (default: 2)
  MEMORY_MAX_BYTES         bytes that it asks for, sent and received (default: 1024)
`;

const SERVED = `
The handlers are those of AWS Lambda; what is behind them is not: artifacts are files, memory is in this process and gone with
it, and the planner and the code interpreter answer from a script and run nothing. One request a mode at a time, as on AWS:
another one meanwhile is answered 503.

Environment, as on AWS:
  ENABLE_AGENTCORE_MEMORY  1 switches memory on
  EWM_MAX_STEPS, EWM_MAX_TOOL_CALLS, EWM_MAX_MODEL_CALLS, MEMORY_MAX_OPS, MEMORY_MAX_BYTES
                           ceilings: a request whose budget names more is refused (defaults: 100, 10, 10, 10, 65536)

Exits 0 when told to stop (SIGINT, SIGTERM) once what runs is answered, 2 when it cannot listen, 4 when --data cannot be written.
`;

type Finish = (exit: ExitCode) => void;

export function addServeCommands(program: Command, io: Io, finish: Finish): void {
  const json = (): Option => new Option('--json', 'print one JSON document').default(false);
  program
    .command('serve')
    .description('the API on this machine, with stand-ins for what is remote on AWS')
    .option('--port <n>', 'where to listen; 0 takes a free port', parsePort, 3000)
    .option('--host <address>', 'address to listen on; anything but a loopback address needs --allow-host', '127.0.0.1')
    .option('--allow-host <name>', 'a name or address the server is called by, beside localhost; may be said again', addHost)
    .option('--data <directory>', 'where the artifacts go', 'tmp/serve')
    .option('--sign <file>', 'a private key: each run gets a receipt, and each session at its seal')
    .option('--sign-segments', 'with --sign: each segment of a session, too')
    .option('--runs <directory>', 'show the runs in this directory, too, or this one run; may be said again', addDirectory)
    .addOption(json())
    .addHelpText('after', SERVED)
    .action(async (options: ServeOptions) => {
      const { serve } = await import('./api-commands');
      finish(await serve(options, io));
    });

  program
    .command('quote')
    .description(
      'what a request would take at the least and at the most, with nothing done; exit 3 where its budget has less than the most',
    )
    .addArgument(new Argument('<mode>', 'what the request is for').choices(['base', 'tools', 'memory']))
    .argument('<request>', 'the JSON object that would be sent, a file of one, or - for stdin')
    .option('--api <url>', 'ask this API (or EWM_API_URL); left out: the very handler in this process')
    .addOption(json())
    .action(async (mode: 'base' | 'tools' | 'memory', request: string, options: { api?: string; json: boolean }) => {
      const { quote } = await import('./api-commands');
      finish(await quote(mode, request, options, io));
    });

  const smoke = program.command('smoke').description('check an API: the local server, or the one on AWS');
  const demo = program.command('demo').description('show what a budget does: too small, then enough');
  for (const mode of ['base', 'tools', 'memory', 'sessions', 'mcp'] as const) {
    const path = mode === 'sessions' || mode === 'mcp' ? `/${mode}` : `/agentcore/${mode}`;
    smoke
      .command(mode)
      .description(`check ${path} and prove what it wrote; exit 0 when all holds, 1 when not`)
      .option('--artifacts <directory>', 'read the artifacts here: a directory that holds artifacts/<run_id>/')
      .addOption(json())
      .addHelpText('after', ENVIRONMENT)
      .action(async (options: { artifacts?: string; json: boolean }) => {
        const { smoke: run } = await import('./api-commands');
        finish(await run(mode, options, io));
      });
    // What MCP can do, the demo of sessions shows.
    if (mode === 'mcp') continue;
    demo
      .command(mode)
      .description(`${path} with a budget that trips, and with one that suffices`)
      .addOption(json())
      .addHelpText('after', ENVIRONMENT)
      .action(async (options: { json: boolean }) => {
        const { demo: run } = await import('./api-commands');
        finish(await run(mode, options.json, io));
      });
  }
  smoke
    .command('local')
    .description('start the server of this build on a free port, check all modes, stop it')
    .addOption(json())
    .action(async (options: { json: boolean }) => {
      const { smokeLocal } = await import('./api-commands');
      finish(await smokeLocal(options.json, io));
    });
}

function addHost(text: string, before: readonly string[] = []): readonly string[] {
  const name = allowedHost(text);
  if (name === undefined) throw new InvalidArgumentError('expected a name or an address without scheme and port, such as ewm.example');
  return [...before, name];
}

function addDirectory(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function parsePort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 65_536;
  if (port > 65_535) throw new InvalidArgumentError('expected a port from 0 to 65535');
  return port;
}
