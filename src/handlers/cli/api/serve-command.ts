/** `ewm serve`: the API on this machine, until it is told to stop. */
import type { Environment } from '../../config';
import { composeServer } from '../../compose-server';
import { isLoopback } from '../../server/gate';
import { SERVER_LIMITS } from '../../server/limits';
import { startServer } from '../../server/server';
import { isLeft } from 'fp-ts/Either';
import { EXIT, type ExitCode } from '../shared/exit-codes';
import { fail, storeFailure } from '../shared/failure';
import type { Io } from '../shared/io';
import { localSigning, type SignFlags } from '../shared/sign-option';
import { stopSignal } from '../shared/stop-signal';

export interface ServeOptions extends SignFlags {
  readonly port: number;
  readonly host: string;
  /** Names it is called by; a loopback address has its own. */
  readonly allowHost?: readonly string[];
  readonly data: string;
  /** Directories whose runs are shown too. */
  readonly runs?: readonly string[];
  readonly json: boolean;
}

/** What the requests that are being answered may still take once the server was told to stop. */
const STOP_GRACE_MS = 30_000;

export async function serveCommand(options: ServeOptions, io: Io, env: Environment): Promise<ExitCode> {
  const note = (what: string): void => {
    void io.stderr.write(`ewm: ${what}\n`);
  };
  const { host, allowHost = [] } = options;
  if (!isLoopback(host) && allowHost.length === 0) {
    return fail(io, options.json, { exit: EXIT.badInput, code: 'no_allowed_host', messages: [unnamed(host)] });
  }
  const signing = await localSigning(options);
  if (isLeft(signing)) return fail(io, options.json, signing.left);
  const parts = await composeServer(options.data, env, note, { runs: options.runs, signing: signing.right })();
  if (isLeft(parts)) {
    return parts.left._tag === 'BadConfig'
      ? fail(io, options.json, { exit: EXIT.badInput, code: 'misconfigured', messages: parts.left.messages })
      : fail(io, options.json, storeFailure(parts.left));
  }
  const server = await startServer({ ...parts.right.deps, limits: SERVER_LIMITS, note }, host, options.port, allowHost);
  if ('_tag' in server) {
    const why = REASONS[server.code] ?? server.message;
    const message = `${host}:${String(options.port)}: ${why}`;
    return fail(io, options.json, { exit: EXIT.badInput, code: 'cannot_listen', messages: [message] });
  }
  if (!isLoopback(host)) {
    await io.stderr.write(`ewm: WARNING: ${host} can be reached from other machines, and this server asks nobody who they are\n`);
  }
  const { about } = parts.right;
  const ready = { ok: true, url: server.url, ...about };
  await io.stdout.write(options.json ? `${JSON.stringify(ready)}\n` : `ewm serves on ${server.url}\n`);
  if (!options.json) {
    await io.stderr.write(`ewm: in a browser: ${server.url}/ lists the runs, shows each, and sends example requests\n`);
    for (const [what, label] of Object.entries(about)) await io.stderr.write(`ewm: ${what}: ${label}\n`);
  }
  await stopSignal(io, STOP_GRACE_MS);
  note('stopping: no new requests; waiting for those that run');
  await server.stop();
  return EXIT.ok;
}

function unnamed(host: string): string {
  return `--host ${host} can be reached from other machines, and any page in a browser that reaches it could come in under a name of its own (DNS rebinding): say by which names it is called, such as --allow-host ewm.example --allow-host 192.168.1.5`;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken; --port names another, and --port 0 takes a free one',
  EACCES: 'this user may not listen on that port; use one above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; use --host 127.0.0.1',
  ENOTFOUND: 'no such host; use --host 127.0.0.1',
};
