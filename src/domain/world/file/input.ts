/** What is wrong with the canonical text of an input of a world file, wherever it comes from. */
import { INPUT_BYTES_MAX } from './limits';
import { textBytes } from './state';

export function inputMistake(text: string): string | undefined {
  const bytes = textBytes(text);
  return bytes > INPUT_BYTES_MAX ? `an input of ${String(bytes)} bytes; at most ${String(INPUT_BYTES_MAX)} are taken` : undefined;
}
