/** The commands around the API, built as a file of its own (`dist/ewm-api.cjs`): the rest of the CLI starts without the AWS SDK. */
import { demoCommand } from './demo-command';
import type { DemoMode } from './demo-stories';
import { environment } from '../shared/environment';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import { quoteCommand, type QuotedMode, type QuoteOptions } from './quote-command';
import { serveCommand, type ServeOptions } from './serve-command';
import { type ApiMode, smokeCommand, type SmokeOptions } from './smoke-command';
import { smokeLocalCommand } from './smoke-local';

export function serve(options: ServeOptions, io: Io): Promise<ExitCode> {
  return serveCommand(options, io, environment());
}

export function smoke(mode: ApiMode, options: SmokeOptions, io: Io): Promise<ExitCode> {
  return smokeCommand(mode, options, io, environment());
}

export function quote(mode: QuotedMode, request: string, options: QuoteOptions, io: Io): Promise<ExitCode> {
  return quoteCommand(mode, request, options, io, environment());
}

export function smokeLocal(json: boolean, io: Io): Promise<ExitCode> {
  return smokeLocalCommand(process.argv[1] ?? '', json, io, environment());
}

export function demo(mode: DemoMode, json: boolean, io: Io): Promise<ExitCode> {
  return demoCommand(mode, json, io, environment());
}
