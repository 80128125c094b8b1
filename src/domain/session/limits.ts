/** Bounds of a session, each with the reason for it. */

/** Calls of one request: a request is one segment, and is played again whole by whoever reads it. */
export const CALLS_MAX = 64;

/** Children whose grant is not yet taken back: they are named in every `resume` row. */
export const CHILDREN_OPEN_MAX = 64;

/** The same of a day, which is everybody's parent. */
export const DAY_GRANTS_OPEN_MAX = 1_024;

/** Forks of forks: a tree this deep still names every session in one path of a file system. */
export const DEPTH_MAX = 16;

/** Steps of path that an observation may hold. */
export const HISTORY_MAX = 1_000;

/**
 * No call of a request begins once its rows hold more than this, and answers of the outside have as much together: a segment is read whole and
 * answered whole, and with one more call it stays below the 6 MB of a Lambda answer. Unit: bytes.
 */
export const REQUEST_BYTES_MAX = 2 * 1_048_576;

/** How long the maker of an act that leaves the process may be at work where its own deadline does not say. Unit: ms. */
export const ACT_MS_MAX = 15 * 60_000;
