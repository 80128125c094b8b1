/**
 * The tamper score: every byte flipped, and every row dropped, swapped, doubled and cut, of every file of a run. A verifier that misses
 * one of them, or throws at one, fails here.
 */
import type { RunFileBytes } from '../../../src/adapters/in-process/run-files';
import { filesOf } from '../../../src/domain/run/modes';
import { HANDLER_RUNS, handlerRun } from '../../support/golden-runs';
import { bytesOf, rowsOf, runCase, verdictOn } from '../../support/harness';
import type { JsonObject, ReferenceRequest } from '../../support/reference-model';
import { type Score, tamperings, type Tampering, tryTamperings } from '../../support/tamper';
import { emptyLedgerCase, stoppedCase, tamperCase } from '../../support/tamper-cases';
import { inProcesses } from '../../support/processes';

const LOCAL_FILES = filesOf('local');

const PROCESSES = 2;
/** Some ten seconds on two free cores. */
const BUSY_MACHINE_MS = 240_000;

describe('a run that was tampered with is never proven', () => {
  const scores: Score[] = [];

  afterAll(() => {
    const tried = scores.reduce((sum, score) => sum + score.tried, 0);
    const missed = scores.reduce((sum, score) => sum + score.missed.length, 0);
    process.stdout.write(`tamper score ${String(tried - missed)}/${String(tried)}\n`);
  });

  /** The score of one run, after having seen that it is proven as it stands. */
  async function scoreOf(request: ReferenceRequest): Promise<number> {
    const { files, summary } = await runCase(request);
    expect(await verdictOn(files)).toEqual({ _tag: 'Proven', summary });
    const tasks = Array.from({ length: PROCESSES }, (_, share) => ({ files, share, of: PROCESSES }));
    const shares = await inProcesses<Score>('tamper-worker.ts', tasks);
    scores.push(...shares);
    expect(shares.flatMap(({ missed }) => missed)).toEqual([]);
    const bytes = LOCAL_FILES.reduce((sum, file) => sum + bytesOf(files, file).length, 0);
    const tried = shares.reduce((sum, score) => sum + score.tried, 0);
    // Two flips a byte, and the rows and files on top.
    expect(tried).toBeGreaterThan(2 * bytes + 100);
    return tried;
  }

  test('the run holds what there is to tamper with', async () => {
    const { tape, executions } = await runCase(tamperCase);
    const rows = rowsOf(tape);
    expect(new Set(rows.map(({ decision }) => decision))).toEqual(new Set([undefined, 'APPROVED', 'REJECTED', 'HOLD']));
    expect(new Set(rowsOf(executions).map(({ side }) => side))).toEqual(new Set(['BUY', 'SELL']));
    expect(new Set(rows.flatMap(({ skipped }) => ((skipped ?? []) as JsonObject[]).map(({ reason }) => reason))).size).toBeGreaterThan(1);
    const stopped = await runCase(stoppedCase);
    expect(stopped.summary).toMatchObject({ error: { limiter: 'max_steps' }, executions: { rows: 2 } });
    expect((await runCase(emptyLedgerCase())).executions).toEqual([]);
  });

  test(
    'every byte and every row of every file',
    async () => {
      expect(await scoreOf(tamperCase)).toBeGreaterThan(38_000);
    },
    BUSY_MACHINE_MS,
  );

  test(
    'of a run that its budget stopped',
    async () => {
      expect(await scoreOf(stoppedCase)).toBeGreaterThan(10_000);
    },
    BUSY_MACHINE_MS,
  );

  const handlerFiles = async (name: string): Promise<RunFileBytes> => {
    const made = HANDLER_RUNS[name] ?? { mode: 'agentcore-base', body: {} };
    const files = (await handlerRun(made, made.body)) ?? {};
    expect(await verdictOn(files)).toMatchObject({ _tag: 'Proven' });
    return files;
  };

  test.each(['tools-rejected', 'memory-withheld'])(
    'every byte of the handler run %s',
    async (name) => {
      const files = await handlerFiles(name);
      const tasks = Array.from({ length: PROCESSES }, (_, share) => ({ files, share, of: PROCESSES, flips: [0x01] }));
      const shares = await inProcesses<Score>('tamper-worker.ts', tasks);
      scores.push(...shares);
      expect(shares.flatMap(({ missed }) => missed)).toEqual([]);
      const bytes = Object.values(files).reduce((sum, file) => sum + file.length, 0);
      expect(shares.reduce((sum, score) => sum + score.tried, 0)).toBeGreaterThan(bytes + 100);
    },
    BUSY_MACHINE_MS,
  );

  test.each(Object.keys(HANDLER_RUNS).filter((name) => name !== 'base-deadline'))(
    'every row and file of the handler run %s',
    async (name) => {
      const score = await tryTamperings(tamperings(await handlerFiles(name), []));
      scores.push(score);
      expect(score.missed).toEqual([]);
      expect(score.tried).toBeGreaterThan(150);
    },
  );

  test('of a run without a fill: every row', async () => {
    const { files } = await runCase(emptyLedgerCase());
    const score = await tryTamperings([...tamperings(files, [])]);
    scores.push(score);
    expect(score.missed).toEqual([]);
    expect(score.tried).toBeGreaterThan(300);
  });

  test('with files of another run, proven in itself', async () => {
    const { files } = await runCase(tamperCase);
    for (const other of [stoppedCase, { ...tamperCase, initialState: { cash: '900.51', positions: { AAPL: '1.25' } } }]) {
      const { files: others } = await runCase(other);
      const score = await tryTamperings([...exchanged(files, others), ...exchanged(others, files)]);
      scores.push(score);
      expect(score.missed).toEqual([]);
      expect(score.tried).toBeGreaterThanOrEqual(8);
    }
  });

  test('the score would show a verifier that looks away', async () => {
    const { files } = await runCase(stoppedCase);
    const score = await tryTamperings([{ what: 'nothing', files }, ...[...tamperings(files)].slice(-1)]);
    expect(score).toEqual({ tried: 2, missed: ['nothing was proven'] });
  });
});

function exchanged(files: RunFileBytes, others: RunFileBytes): readonly Tampering[] {
  return LOCAL_FILES.filter((file) => !Buffer.from(bytesOf(files, file)).equals(bytesOf(others, file))).map((file) => ({
    what: `${file}: of another run`,
    files: { ...files, [file]: others[file] },
  }));
}
