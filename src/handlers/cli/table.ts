/** A text table that is printed as it is made: the first rows decide the widths, and no more are held. */
import type { TextSink } from './io';

const SAMPLE_ROWS = 200;
const GAP = '  ';

export interface Table {
  readonly row: (cells: readonly string[]) => Promise<void>;
  readonly end: () => Promise<void>;
}

export function makeTable(columns: readonly string[], sink: TextSink): Table {
  let sample: (readonly string[])[] | undefined = [columns];
  let widths: readonly number[] = [];

  async function flush(): Promise<void> {
    const rows = sample ?? [];
    sample = undefined;
    widths = columns.map((_, index) => Math.max(...rows.map((cells) => cells[index]?.length ?? 0)));
    await sink.write(rows.map(line).join(''));
  }

  function line(cells: readonly string[]): string {
    return `${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(GAP).trimEnd()}\n`;
  }

  return {
    row: async (cells) => {
      const printable = cells.map(withoutControls);
      if (sample === undefined) {
        await sink.write(line(printable));
        return;
      }
      sample.push(printable);
      if (sample.length > SAMPLE_ROWS) await flush();
    },
    end: async () => {
      if (sample !== undefined) await flush();
    },
  };
}

/** A tape may come from anybody: nothing in it may drive the terminal. */
function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}
