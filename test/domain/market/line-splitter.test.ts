/** Streams cut anywhere give the same text, and the same error on the same line. */
import { isLeft } from 'fp-ts/Either';
import fc from 'fast-check';
import { type LineError, makeLineSplitter } from '../../../src/domain/market/line-splitter';

const SEED = 20_240_202;

interface Outcome {
  readonly text: string;
  readonly error: LineError | undefined;
}

function split(bytes: Uint8Array, sizes: readonly number[], lineBytesMax?: number): Outcome {
  const splitter = makeLineSplitter(lineBytesMax);
  let text = '';
  for (let at = 0, k = 0; at < bytes.length; k += 1) {
    const size = sizes[k % sizes.length] ?? 1;
    const pushed = splitter.push(bytes.subarray(at, at + size));
    if (isLeft(pushed)) return { text, error: pushed.left };
    expect(pushed.right === '' || pushed.right.endsWith('\n')).toBe(true);
    text += pushed.right;
    at += size;
  }
  const rest = splitter.end();
  return isLeft(rest) ? { text, error: rest.left } : { text: text + rest.right, error: undefined };
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
const line = fc.string({ unit: fc.constantFrom('a', 'ß', '€', '🕓', '\ufffd', '\r', '\ufeff'), maxLength: 8 });

describe('makeLineSplitter', () => {
  test('joined output is the input, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), sizes, fc.boolean(), (lines, cut, ended) => {
        const text = lines.join('\n') + (ended ? '\n' : '');
        expect(split(new TextEncoder().encode(text), cut)).toEqual({ text, error: undefined });
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('a bad byte is found on its line after the lines before it, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 6 }),
        fc.array(line, { maxLength: 3 }),
        fc.constantFrom([0xff], [0xc3], [0xf0, 0x9f], [0x80]),
        sizes,
        (good, after, bad, cut) => {
          const before = good.map((text) => `${text}\n`).join('');
          const encoder = new TextEncoder();
          const bytes = Uint8Array.from([...encoder.encode(`${before}x`), ...bad, ...encoder.encode(['', ...after].join('\n'))]);
          expect(split(bytes, cut)).toEqual({ text: before, error: { line: good.length + 1, message: 'bytes that are not UTF-8' } });
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('a line that never ends is refused early', () => {
    const splitter = makeLineSplitter(100);
    expect(splitter.push(new Uint8Array(60).fill(97))._tag).toBe('Right');
    expect(splitter.push(new Uint8Array(60).fill(97))).toEqual({
      _tag: 'Left',
      left: { line: 1, message: 'a line longer than 100 bytes' },
    });
  });

  test('a long line after short ones is refused with its line', () => {
    const bytes = new TextEncoder().encode(`a\nb\n${'c'.repeat(30)}\n`);
    expect(split(bytes, [5], 20)).toEqual({ text: 'a\nb\n', error: { line: 3, message: 'a line longer than 20 bytes' } });
  });
});
