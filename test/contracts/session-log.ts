/** What every session log does, whatever is behind it. */
import { randomBytes } from 'node:crypto';
import { noDeadline } from '../../src/adapters/in-process/clock';
import type { SessionLog, SessionPage } from '../../src/ports/session-log';
import { leftOf, passedDeadline, rightOf } from '../support/task';

export interface SessionLogHarness {
  readonly log: SessionLog;
  /** A second door to the same sessions, as another process has. */
  readonly other: SessionLog;
  readonly close: () => Promise<void>;
}

export function describeSessionLogContract(name: string, makeHarness: () => Promise<SessionLogHarness>): void {
  describe(`session log contract: ${name}`, () => {
    let harness: SessionLogHarness;
    let session: string;

    beforeAll(async () => {
      harness = await makeHarness();
    });
    afterAll(() => harness.close());
    // Logs forget nothing, so every test has a session of its own.
    beforeEach(() => {
      session = randomBytes(16).toString('hex');
    });

    const create = (seq: number, content: string, log = harness.log): ReturnType<SessionLog['create']> =>
      log.create({ session, seq }, text(content), noDeadline);
    const contentOf = async (seq: number, log = harness.log): Promise<string> =>
      Buffer.from(await rightOf(log.read({ session, seq }, noDeadline))).toString();

    it('answers the bytes of each segment, through every door', async () => {
      const long = 'x'.repeat(300_000);
      for (const [seq, content] of ['', 'one', long].entries()) expect(await rightOf(create(seq, content))).toBe('created');
      for (const log of [harness.log, harness.other]) {
        expect(await contentOf(0, log)).toBe('');
        expect(await contentOf(1, log)).toBe('one');
        expect(await contentOf(2, log)).toBe(long);
      }
    });

    it('creates a segment once: later ones change nothing, equal bytes or not', async () => {
      await rightOf(create(0, 'first'));
      expect(await rightOf(create(0, 'second', harness.other))).toBe('taken');
      expect(await rightOf(create(0, 'first'))).toBe('taken');
      expect(await contentOf(0)).toBe('first');
    });

    it('lets exactly one of many writers create a segment', async () => {
      for (let seq = 0; seq < 5; seq += 1) {
        const writers = Array.from({ length: 8 }, (_, index) => `writer ${String(index)}`);
        const outcomes = await Promise.all(
          writers.map((content, index) => rightOf(create(seq, content, index % 2 === 0 ? harness.log : harness.other))),
        );
        const winners = writers.filter((_, index) => outcomes[index] === 'created');
        expect(winners).toHaveLength(1);
        expect(await contentOf(seq)).toBe(winners[0]);
      }
    });

    it('finds the newest segment from no hint, a stale hint and the newest itself', async () => {
      expect(await leftOf(harness.log.newest(session, -1, noDeadline))).toEqual({ _tag: 'SegmentNotFound', session });
      for (let seq = 0; seq < 23; seq += 1) {
        await rightOf(create(seq, String(seq)));
        for (const known of new Set([-1, 0, Math.floor(seq / 2), seq])) {
          expect(await rightOf(harness.other.newest(session, known, noDeadline))).toBe(seq);
        }
      }
    });

    it('lists the sessions that have a segment', async () => {
      await rightOf(create(0, 'here'));
      const day = { session: 'day-2026-11-26', seq: 0 };
      await rightOf(harness.log.create(day, text('a day'), noDeadline));
      const ids: string[] = [];
      for (let page: SessionPage | undefined; page?.more !== false;) {
        page = await rightOf(harness.other.list(ids.at(-1) ?? '', noDeadline));
        ids.push(...page.sessions);
      }
      expect(ids).toEqual(expect.arrayContaining([session, day.session]));
      expect(ids).toEqual([...new Set(ids)].sort());
      expect(await rightOf(harness.log.list(ids.at(-1) ?? '', noDeadline))).toEqual({ sessions: [], more: false });
    });

    it('says when there is nothing', async () => {
      await rightOf(create(0, 'only'));
      expect(await leftOf(harness.log.read({ session, seq: 1 }, noDeadline))).toEqual({ _tag: 'SegmentNotFound', session });
      const absent = 'f'.repeat(32);
      expect(await leftOf(harness.log.read({ session: absent, seq: 0 }, noDeadline))).toEqual({ _tag: 'SegmentNotFound', session: absent });
    });

    it('does not share memory with the caller', async () => {
      const bytes = text('before');
      await rightOf(harness.log.create({ session, seq: 0 }, bytes, noDeadline));
      bytes.fill(0);
      (await rightOf(harness.log.read({ session, seq: 0 }, noDeadline))).fill(1);
      expect(await contentOf(0)).toBe('before');
    });

    it('does nothing once the deadline has passed', async () => {
      const late = { _tag: 'DeadlineExceeded', effect: 'none' };
      expect(await leftOf(harness.log.create({ session, seq: 0 }, text('x'), passedDeadline))).toMatchObject(late);
      expect(await leftOf(harness.log.read({ session, seq: 0 }, passedDeadline))).toMatchObject(late);
      expect(await leftOf(harness.log.newest(session, -1, passedDeadline))).toMatchObject(late);
      expect(await leftOf(harness.log.list('', passedDeadline))).toMatchObject(late);
      expect(await leftOf(harness.log.newest(session, -1, noDeadline))).toMatchObject({ _tag: 'SegmentNotFound' });
    });

    it.each(['../x', 'a'.repeat(31), 'A'.repeat(32), '', 'day-2026-1-1'])('takes the session id %j for a bug', async (illegal) => {
      await expect(harness.log.create({ session: illegal, seq: 0 }, text('x'), noDeadline)()).rejects.toThrow('session id');
    });
  });
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
