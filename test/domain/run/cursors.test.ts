/** Every cursor that is opened is closed, also where a read fails; tried with a failure at each read of each use case in turn. */
import { left } from 'fp-ts/Either';
import { makeMemoryRunReader, type RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { compareRuns } from '../../../src/domain/run/diff';
import { readRun } from '../../../src/domain/run/read-page';
import { checkChains } from '../../../src/domain/run/replay';
import { planSegments } from '../../../src/domain/run/segments';
import { verify } from '../../../src/domain/run/verify';
import type { RunReader } from '../../../src/ports/run-files';
import { readFixture } from '../../support/fixture';
import { bytesOf, runCase } from '../../support/harness';

interface Counted extends RunReader {
  readonly stillOpen: () => number;
  readonly reads: () => number;
}

/** Fails at the `failAt`-th read; counts the cursors that are open. */
function countedReader(files: RunFileBytes, failAt: number): Counted {
  const reader = makeMemoryRunReader(files);
  let [opened, reads] = [0, 0];
  return {
    ...reader,
    open: (file, offset) => async () => {
      const cursor = await reader.open(file, offset)();
      if (cursor._tag === 'Left') return cursor;
      opened += 1;
      return {
        ...cursor,
        right: {
          read: (bytesMax) => () => {
            reads += 1;
            if (reads === failAt) return Promise.resolve(left({ _tag: 'Unreadable', path: file, reason: 'a test' }));
            return cursor.right.read(bytesMax)();
          },
          close: async () => {
            opened -= 1;
            await cursor.right.close();
          },
        },
      };
    },
    stillOpen: () => opened,
    reads: () => reads,
  };
}

const USES: readonly (readonly [string, (reader: RunReader) => Promise<unknown>])[] = [
  ['verify', (reader) => verify(reader)],
  ['verify in segments', (reader) => planSegments(reader, 2)],
  ['the check of chains', (reader) => checkChains(reader)],
  ['a report', (reader) => readRun(reader)],
  ['a comparison', (reader) => compareRuns(reader, reader)],
];

describe('no cursor stays open', () => {
  test.each(USES)('%s', async (_name, use) => {
    const { files } = await runCase(readFixture());
    // A changed row, so that the place of the difference is looked for, too.
    const changed = { ...files, 'tape.jsonl': Buffer.from(bytesOf(files, 'tape.jsonl')).fill(0x20, 3_000, 3_001) };
    for (const some of [files, changed]) {
      const all = countedReader(some, Infinity);
      await use(all);
      expect(all.stillOpen()).toBe(0);
      expect(all.reads()).toBeGreaterThan(2);
      for (let failAt = 1; failAt <= all.reads(); failAt += 1) {
        const reader = countedReader(some, failAt);
        await use(reader);
        expect([failAt, reader.stillOpen()]).toEqual([failAt, 0]);
      }
    }
  });
});
