/** Work that has until its signal aborts. */

/** Of an act that nobody can abort: it costs nothing to wait for. */
export const NEVER = new AbortController().signal;

/** What does not mind its signal is not waited for: it stays charged in full. */
export async function within<R>(signal: AbortSignal, work: R | Promise<R>): Promise<R> {
  if (signal === NEVER) return work;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason instanceof Error ? signal.reason : new DOMException('aborted', 'AbortError'));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
