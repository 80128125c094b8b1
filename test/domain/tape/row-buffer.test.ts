/** Rows as bytes: whatever is put, a row reads as the canonical text of its members, hashed over itself without its hash. */
import fc from 'fast-check';
import { formatDecimal } from '../../../src/domain/decimal/decimal';
import { linkRow } from '../../../src/domain/tape/chain';
import { ascii, makeRowBuffer, type RowBuffer } from '../../../src/domain/tape/row-buffer';
import { elementAt, RUNS, seeded } from '../../support/harness';
import { sha256 } from '../../support/reference-model';

/** The text that `put` calls append, read out of a row made for it. */
function written(put: (row: RowBuffer) => void): string {
  const row = makeRowBuffer();
  row.put(ascii('{"a":"'));
  put(row);
  row.put(ascii('",'));
  row.placeHash();
  row.put(ascii('"z":0}'));
  row.endRow();
  return /^\{"a":"(.*)","hash"/s.exec(Buffer.from(row.take()).toString('utf8'))?.[1] ?? 'no row';
}

const arbitraryUnits = fc
  .oneof(
    fc.bigInt(0n, 10n ** 10n),
    fc.bigInt(2n ** 53n - 100n, 2n ** 53n + 100n),
    fc.bigInt(0n, 10n ** 45n),
    fc.tuple(fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 9n)).map(([whole, shift]) => whole * 10n ** shift),
    // Quotients of two doubles that round up to a whole number.
    fc.bigInt(1n, 90_071_991n).map((whole) => whole * 100_000_000n - 1n),
  )
  .chain((magnitude) => fc.constantFrom(magnitude, -magnitude));

describe('putDecimal', () => {
  test.each([
    0n,
    1n,
    -1n,
    10n,
    99_999_999n,
    100_000_000n,
    -150_000_000n,
    2n ** 53n - 2n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    -(2n ** 53n),
    10n ** 26n,
    -(10n ** 40n) - 1n,
  ])('of %p units', (units) => {
    expect(
      written((row) => {
        row.putDecimal(units);
      }),
    ).toBe(formatDecimal(units));
  });

  test('writes what formatDecimal writes, and repeats it', () => {
    fc.assert(
      fc.property(arbitraryUnits, arbitraryUnits, (a, b) => {
        const text = written((row) => {
          row.putDecimal(a);
          row.put(ascii(' '));
          row.putDecimal(b);
          row.put(ascii(' '));
          row.repeatDecimal();
        });
        expect(text).toBe(`${formatDecimal(a)} ${formatDecimal(b)} ${formatDecimal(b)}`);
      }),
      seeded(3 * RUNS.call),
    );
  });
});

describe('putCount', () => {
  test.each([0, 1, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER])('of %p', (count) => {
    expect(
      written((row) => {
        row.putCount(count);
      }),
    ).toBe(String(count));
  });
});

describe('putText', () => {
  test('takes any text that UTF-8 can hold, in rows of any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 2_000 }), (part, times) => {
        const text = part.replaceAll('"', "'").repeat(times);
        expect(
          written((row) => {
            row.putText(text);
          }),
        ).toBe(text);
      }),
      seeded(RUNS.call / 10),
    );
  });
});

describe('rows', () => {
  const put = (row: RowBuffer, index: number, prevHash: string): string => {
    row.put(ascii('{"e":'));
    row.putText(JSON.stringify(`é ${String(index)}`));
    row.put(ascii(','));
    row.placeHash();
    row.put(ascii('"prev_hash":"'));
    row.putAscii(prevHash);
    row.put(ascii('"}'));
    return row.endRow();
  };

  test('are what linkRow makes of the same members, in any batches, and stay until what was taken after them is on its way', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 1_500 })), {
          minLength: 1,
          maxLength: 7,
        }),
        (batches) => {
          const row = makeRowBuffer();
          let [head, index] = ['0'.repeat(64), 0];
          // What a writer may still be writing while the next batch is made, and must be done with when that is handed over.
          let writing: { readonly taken: Uint8Array; readonly expected: string } = { taken: new Uint8Array(), expected: '' };
          for (const size of batches) {
            let expected = '';
            for (let k = 0; k < size; k += 1) {
              const link = linkRow({ e: `é ${String(index)}` }, head);
              expected += link.line;
              // Every third row comes ready-made.
              if (index % 3 === 0) row.putLink(link);
              else if (put(row, index, head) !== link.hash) throw new Error(`row ${String(index)} is hashed otherwise`);
              head = link.hash;
              index += 1;
            }
            const taken = row.take();
            expect(Buffer.from(taken).toString('utf8')).toBe(expected);
            expect(Buffer.from(writing.taken).toString('utf8')).toBe(writing.expected);
            // Nothing is written of an empty batch, so it does not wait for the one before.
            if (taken.length > 0) writing = { taken, expected };
          }
        },
      ),
      seeded(RUNS.call / 40),
    );
  });

  test('the hash is SHA-256 of the row without it', () => {
    const row = makeRowBuffer();
    const hash = put(row, 1, 'p');
    expect(hash).toBe(sha256('{"e":"é 1","prev_hash":"p"}'));
    expect(Buffer.from(row.take()).toString('utf8')).toBe(`{"e":"é 1","hash":"${hash}","prev_hash":"p"}\n`);
    expect(row.take()).toHaveLength(0);
  });

  test('a row without a place for its hash, and half a row taken, are bugs', () => {
    const row = makeRowBuffer();
    row.put(ascii('{}'));
    expect(() => row.endRow()).toThrow('a place for its hash');
    expect(() => row.take()).toThrow('only whole rows');
    expect(() => {
      row.putLink(linkRow({ type: 'x' }, 'p'));
    }).toThrow('between rows');
  });
});

describe('linkRow', () => {
  test('sorts its members around the hash, wherever they fall', () => {
    const { line, hash } = linkRow({ zz: 1, a: [1], 'hash!': 2, gone: null, hasg: true }, 'p');
    expect(line).toBe(`{"a":[1],"gone":null,"hasg":true,"hash":"${hash}","hash!":2,"prev_hash":"p","zz":1}\n`);
    expect(hash).toBe(sha256('{"a":[1],"gone":null,"hasg":true,"hash!":2,"prev_hash":"p","zz":1}'));
    expect(elementAt([hash], 0)).toMatch(/^[0-9a-f]{64}$/);
  });
});
