/** What every memory does, whatever is behind it. */
import { randomUUID } from 'node:crypto';
import { noDeadline } from '../../src/adapters/in-process/clock';
import { canonical, type Json } from '../../src/domain/canonical/canonical';
import type { Memory } from '../../src/ports/memory';
import { leftOf, passedDeadline, rightOf } from '../support/task';

export interface MemoryHarness {
  readonly memory: Memory;
  readonly close: () => Promise<void>;
}

const VALUES: readonly Json[] = [
  null,
  false,
  0,
  -1.5,
  9007199254740991,
  1e300,
  '',
  'text with "quotes", \\ and \n lines',
  '日本 🏯 é é',
  '{content=hi, role=user}',
  [],
  {},
  [[[1], null], { a: { b: [true] } }],
  JSON.parse('{"__proto__":{"polluted":true},"constructor":"x","":0}') as Json,
  'x'.repeat(20_000),
];

/** No two of these may meet: case, space, path, encoding and length are all part of a key. */
const KEYS = [
  'a',
  'A',
  'a ',
  'a/b',
  'a:b',
  'a-b',
  'a_b',
  '../a',
  '%61',
  'é',
  'é',
  '日本',
  '🏯',
  '__proto__',
  '0',
  'k'.repeat(5_000),
  `${'k'.repeat(5_000)}2`,
];

export function describeMemoryContract(name: string, makeHarness: () => Promise<MemoryHarness>): void {
  describe(`memory contract: ${name}`, () => {
    let harness: MemoryHarness;
    let space: string;

    beforeAll(async () => {
      harness = await makeHarness();
    });
    afterAll(() => harness.close());
    beforeEach(() => {
      space = randomUUID();
    });

    const put = (key: string, value: Json, operationId: string = randomUUID()): Promise<void> =>
      rightOf(harness.memory.put({ op: 'memory_put', key: space + key, value }, operationId, noDeadline));
    const get = (key: string): Promise<Json | undefined> => rightOf(harness.memory.get({ op: 'memory_get', key: space + key }, noDeadline));
    const clear = (key: string): Promise<void> => rightOf(harness.memory.clear({ op: 'memory_clear', key: space + key }, noDeadline));

    it('has nothing under a key that was never put', async () => {
      expect(await get('absent')).toBeUndefined();
    });

    it('answers every JSON value as it was put', async () => {
      for (const [index, value] of VALUES.entries()) {
        await put(String(index), value);
        const read = await get(String(index));
        expect(read === undefined ? undefined : canonical(read)).toBe(canonical(value));
      }
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it('keeps keys apart', async () => {
      for (const key of KEYS) await put(key, { of: key });
      for (const key of KEYS) expect(await get(key)).toEqual({ of: key });
      await clear('a');
      for (const key of KEYS) expect(await get(key)).toEqual(key === 'a' ? undefined : { of: key });
    });

    it('answers the newest of several values, a repeated one included', async () => {
      for (const value of ['one', 'two', 'one']) await put('k', value);
      expect(await get('k')).toBe('one');
    });

    it('does a put once that is sent again under the same operation id', async () => {
      await put('k', 'first', 'run:0');
      await put('k', 'second', 'run:1');
      await put('k', 'first', 'run:0');
      expect(await get('k')).toBe('second');
    });

    it('clears every value of a key, and a key without one', async () => {
      await clear('never');
      for (const value of [1, 2, 3, 4, 5]) await put('k', value);
      await clear('k');
      expect(await get('k')).toBeUndefined();
      await clear('k');
      await put('k', 6);
      expect(await get('k')).toBe(6);
    });

    it('does nothing once the deadline has passed', async () => {
      const late = { _tag: 'DeadlineExceeded', effect: 'none' };
      await put('k', 'kept');
      const key = `${space}k`;
      expect(await leftOf(harness.memory.put({ op: 'memory_put', key, value: 'late' }, 'late', passedDeadline))).toMatchObject(late);
      expect(await leftOf(harness.memory.get({ op: 'memory_get', key }, passedDeadline))).toMatchObject(late);
      expect(await leftOf(harness.memory.clear({ op: 'memory_clear', key }, passedDeadline))).toMatchObject(late);
      expect(await get('k')).toBe('kept');
    });

    it('behaves as a map over any sequence of operations', async () => {
      const draw = draws(20_240_201);
      for (let sequence = 0; sequence < 20; sequence += 1) {
        space = randomUUID();
        const model = new Map<string, string>();
        for (let operations = draw(13); operations > 0; operations -= 1) {
          const [op, key] = [draw(3), ['a', 'b', 'c'][draw(3)] ?? ''];
          if (op === 0) {
            const value = VALUES[draw(VALUES.length)] ?? null;
            await put(key, value);
            model.set(key, canonical(value));
          } else if (op === 1) {
            await clear(key);
            model.delete(key);
          } else {
            const read = await get(key);
            expect(read === undefined ? undefined : canonical(read)).toBe(model.get(key));
          }
        }
      }
    });
  });
}

/** Whole numbers below a limit, the same for the same seed: the suite is part of the package, which brings no generator of its own. */
function draws(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
