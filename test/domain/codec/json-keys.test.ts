/** The pass over JSON text that finds what JSON.parse does not report. */
import fc from 'fast-check';
import { jsonFault, NESTING_MAX } from '../../../src/domain/codec/json-keys';

const SEED = 20_240_201;

describe('jsonFault', () => {
  test.each([
    ['{"a":1,"a":2}', '"a"', 7],
    ['{"a":1,"b":{"c":1,"c":2}}', '"c"', 18],
    ['[{"a":1},{"b":1,"b":1}]', '"b"', 16],
    ['{"a":1,"\\u0061":2}', '"\\u0061"', 7],
    ['{"__proto__":1,"__proto__":2}', '"__proto__"', 15],
    ['{"":1,"":2}', '""', 6],
    ['{"a":{"x":1},"a":2}', '"a"', 13],
    ['{"a":["a","a"],"a":1}', '"a"', 15],
    ['{"q\\"{":1,"q\\"{":2}', '"q\\"{"', 10],
  ])('%s holds a key twice', (text, key, offset) => {
    expect(jsonFault(text)).toEqual({ message: `the key ${key} stands twice in one object`, offset });
  });

  test.each(['{"a":1,"b":"a"}', '[{"a":1},{"a":1}]', '{"a":{"a":{"a":1}}}', '{"a":["a","a"]}', '"a"', '[]', '{"a":"\\\\","b":"\\"a\\":"}'])(
    '%s is fine',
    (text) => {
      expect(jsonFault(text)).toBeUndefined();
    },
  );

  test('depth is bounded without recursion', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(jsonFault(nested(NESTING_MAX))).toBeUndefined();
    expect(jsonFault(nested(1_000_000))).toEqual({ message: `nested deeper than ${String(NESTING_MAX)} levels`, offset: NESTING_MAX });
  });

  test('what JSON.stringify writes has no fault', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 2), (value, indent) => {
        expect(jsonFault(JSON.stringify(value, null, indent))).toBeUndefined();
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
