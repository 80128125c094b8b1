/** The command that writes a run in a format of others. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode } from '../shared/exit-codes';
import type { Io } from '../shared/io';
import type { ExportFormat } from './export-command';

const FORMATS: Readonly<Record<ExportFormat, string>> = {
  atif: 'Agent Trajectory Interchange Format',
  otel: 'OpenTelemetry GenAI spans, OTLP JSON',
  itf: 'Informal Trace Format, for Quint and TLA+',
};

export function addExportCommand(program: Command, io: Io, finish: (exit: ExitCode) => void): void {
  const formats = Object.entries(FORMATS).map(([name, what]) => `  ${name.padEnd(6)}${what}`);
  program
    .command('export')
    .description('a run of any mode as a trace that other programs read, on stdout, with its head hash')
    .argument('<directory>', 'a run directory', (text: string) => {
      if (text === '' || text === '-') throw new InvalidArgumentError('expected a path');
      return text;
    })
    .addOption(new Option('--format <format>', 'see below').choices(Object.keys(FORMATS)).makeOptionMandatory())
    .addHelpText('after', `\nFormats:\n${formats.join('\n')}\n\nExample:\n  ewm export --format otel runs/first > spans.json`)
    .action(async (directory: string, { format }: { format: ExportFormat }) => {
      const { exportCommand } = await import('./export-command');
      finish(await exportCommand(directory, format, io));
    });
}
