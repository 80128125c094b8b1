/** Ending what calls began outside and is billed until it ends: sessions of an interpreter, of an agent. */
/** The longest that ending takes, all that is to be ended together: whoever opened something keeps this much time back. Unit: ms. */
export const CLOSE_MS_MAX = 2_000;

export interface Closable {
  /**
   * Ends what was begun, once; nothing is called afterwards. Answers how many sessions may still run: those that could not be stopped, and
   * those whose start was not answered. Never fails, and takes no longer than `CLOSE_MS_MAX`. Cost: one request where something was begun.
   */
  readonly close: () => Promise<number>;
}
