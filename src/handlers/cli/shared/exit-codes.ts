/** The exit codes of `ewm`: a closed table, printed by `ewm --help` and in the README. */

export const EXIT = {
  ok: 0,
  notProven: 1,
  badInput: 2,
  refused: 3,
  cannotWrite: 4,
  bug: 70,
  interrupted: 130,
  readerGone: 141,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_TABLE: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done; verify: proven; replay, show, report: the chain is whole; diff: the same run'],
  [
    EXIT.notProven,
    'verify: not proven; replay, show, report: unsealed or broken chain; diff: different runs; world check, score: a rule is broken, a prediction is not exact; smoke, demo: a check does not hold',
  ],
  [EXIT.badInput, 'bad usage, or an input that cannot be read or is not legal; serve: cannot listen there'],
  [EXIT.refused, 'run: a budget ended it; the directory is sealed and verifiable; any: stopped by an operator (ewm status says by whom)'],
  [
    EXIT.cannotWrite,
    'the output exists already, or cannot be written; serve: --data cannot be written; stop, resume: a part is left to do',
  ],
  [EXIT.bug, 'a broken invariant: a bug of ewm, please report it'],
  [EXIT.interrupted, 'interrupted; what a run did until then is in *.partial files'],
  [EXIT.readerGone, 'whoever read stdout stopped reading, as in `| head -1`'],
];
