/** The exit codes of `ewm`: a closed table, printed by `ewm help exit-codes` and in the README. */

export const EXIT = {
  ok: 0,
  notProven: 1,
  badInput: 2,
  refused: 3,
  cannotWrite: 4,
  bug: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_TABLE: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done; verify: proven'],
  [EXIT.notProven, 'verify: not proven; replay: unsealed or broken chain; smoke, demo: a check does not hold'],
  [EXIT.badInput, 'bad usage, or an input that cannot be read or is not legal; serve: cannot listen there'],
  [EXIT.refused, 'run: a budget ended it; the directory is sealed and verifiable, run.json says ok: false'],
  [EXIT.cannotWrite, 'the output exists, or it cannot be written; serve: --data cannot be written'],
  [EXIT.bug, 'a broken invariant: a bug of ewm, please report it'],
  [EXIT.interrupted, 'interrupted; what was done is kept in *.partial files'],
];
