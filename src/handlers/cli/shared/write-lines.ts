/** Lines on stderr beside what a command prints: what it was told, guessed or decided. */
import { printable } from '../../../domain/codec/printable';
import type { Io } from './io';

export async function writeLines(lines: readonly string[], io: Io): Promise<void> {
  for (const line of lines) await io.stderr.write(`ewm: ${printable(line)}\n`);
}
