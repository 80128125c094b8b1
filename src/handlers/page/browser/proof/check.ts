/** One thing that a page checks about itself: it holds, it does not, or it could not be looked at. */
export interface Check {
  readonly what: string;
  /** Why it does not hold. */
  readonly fault?: string | undefined;
  /** Why it could not be made. */
  readonly missing?: string | undefined;
}
