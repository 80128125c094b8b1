/** A share of the tamper score in a process of its own, on files that the test hands over; see `tamper.test.ts`. */
import type { RunFileBytes } from '../../src/adapters/memory/run-files';
import { tamperings, tryTamperings } from './tamper';

process.once('message', ({ files, share, of }: { readonly files: RunFileBytes; readonly share: number; readonly of: number }) => {
  void tryTamperings(tamperings(files), share, of).then((score) => {
    process.send?.(score);
    process.disconnect();
  });
});
