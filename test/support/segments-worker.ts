/** A share of the tampering with a long run, in a process of its own; see `segments.test.ts`. */
import { longRun, tamperWithSegments, windows } from './long-run';

process.once('message', ({ seed, share, of }: { readonly seed: number; readonly share: number; readonly of: number }) => {
  void longRun(windows)
    .then((files) => tamperWithSegments(files, seed, share, of))
    .then((score) => {
      process.send?.(score);
      process.disconnect();
    });
});
