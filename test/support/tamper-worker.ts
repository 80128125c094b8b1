/** A share of the tamper score in a process of its own, on files that the test hands over; see `tamper.test.ts`. */
import type { RunFileBytes } from '../../src/adapters/in-process/run-files';
import { tamperings, tryTamperings } from './tamper';

interface Task {
  readonly files: RunFileBytes;
  readonly share: number;
  readonly of: number;
  readonly flips?: readonly number[];
}

process.once('message', ({ files, share, of, flips }: Task) => {
  void tryTamperings(tamperings(files, flips), share, of).then((score) => {
    process.send?.(score);
    process.disconnect();
  });
});
