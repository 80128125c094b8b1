/** A text table that is printed as it is made: the first rows decide the widths, and no more are held. */
import { printable } from '../../../domain/codec/printable';
import type { TextSink } from './io';

const SAMPLE_ROWS = 200;
const GAP = '  ';

export interface Table {
  readonly row: (cells: readonly string[]) => Promise<void>;
  /** Prints what was held back; rows may still follow. */
  readonly flush: () => Promise<void>;
}

export function makeTable(columns: readonly string[], sink: Pick<TextSink, 'write'>): Table {
  let sample: (readonly string[])[] | undefined = [columns];
  let widths: readonly number[] = [];

  async function flush(): Promise<void> {
    const rows = sample ?? [];
    sample = undefined;
    widths = columns.map((_, index) => Math.max(...rows.map((cells) => cells[index]?.length ?? 0)));
    await sink.write(rows.map(line).join(''));
  }

  function line(cells: readonly string[]): string {
    return `${cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join(GAP)
      .trimEnd()}\n`;
  }

  return {
    row: async (cells) => {
      const shown = cells.map(printable);
      if (sample === undefined) {
        await sink.write(line(shown));
        return;
      }
      sample.push(shown);
      if (sample.length > SAMPLE_ROWS) await flush();
    },
    flush: async () => {
      if (sample !== undefined) await flush();
    },
  };
}
