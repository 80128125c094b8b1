/** The pass over JSON text that finds what JSON.parse does not report. */
import fc from 'fast-check';
import { jsonFault, NESTING_MAX, parsedNumberFault } from '../../../src/domain/codec/json-faults';

const SEED = 20_240_201;

describe('jsonFault', () => {
  test.each<[text: string, key: string, offset: number, pointer?: string]>([
    ['{"a":1,"a":2}', '"a"', 7],
    ['{"a":1,"b":{"c":1,"c":2}}', '"c"', 18, '/b'],
    ['[{"a":1},{"b":1,"b":1}]', '"b"', 16, '/1'],
    ['{"a":1,"\\u0061":2}', '"\\u0061"', 7],
    ['{"__proto__":1,"__proto__":2}', '"__proto__"', 15],
    ['{"":1,"":2}', '""', 6],
    ['{"a":{"x":1},"a":2}', '"a"', 13],
    ['{"a":["a","a"],"a":1}', '"a"', 15],
    ['{"q\\"{":1,"q\\"{":2}', '"q\\"{"', 10],
  ])('%s holds a key twice', (text, key, offset, pointer = '') => {
    expect(jsonFault(text)).toEqual({ message: `the key ${key} stands twice in one object`, pointer, offset });
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
    expect(jsonFault(nested(1_000_000))).toEqual({
      message: `nested deeper than ${String(NESTING_MAX)} levels`,
      pointer: '',
      offset: NESTING_MAX,
    });
  });

  test.each<[text: string, pointer: string, message: RegExp]>([
    [
      '{"a":{"id":9007199254740993}}',
      '/a/id',
      /^9007199254740993: a JSON number keeps an integer of at most 9007199254740991 as it is written/,
    ],
    ['[1,[2,-9007199254740993]]', '/1/1', /^-9007199254740993: .*; write it as a string$/],
    ['[{"a":[]},{"x~/y":[0, 123456789012.12345678 ]}]', '/1/x~0~1y/1', /^123456789012\.12345678: more digits than a JSON number keeps/],
    ['{"A":0.10000000000000000555}', '/A', /it would become 0\.1\)/],
    ['{"a":12345678901234567890,"b":1}', '/a', /^12345678901234567890: /],
    // A double holds these two. Where the text is lost nobody can tell them from their neighbours, so they are taken nowhere.
    ['[9007199254740992]', '/0', /keeps an integer of at most/],
    ['[1e17]', '/0', /^1e17: a JSON number keeps an integer of at most/],
    ['1e400', '', /^1e400: beyond what a JSON number holds/],
    ['[1e-400]', '/0', /it would become 0\)/],
    ['{"a":1,"b":"x","c":1.00000000000000001}', '/c', /it would become 1\)/],
    ['{"\\u0061":9007199254740993}', '/a', /./],
    [`[${'9'.repeat(300)}]`, '/0', /^9{40}…: /],
  ])('%s holds a number that a double does not', (text, pointer, message) => {
    const fault = jsonFault(text);
    expect(fault).toEqual({ pointer, message: expect.stringMatching(message) as string, offset: expect.any(Number) as number });
    expect(text.slice(fault?.offset)).toMatch(/^-?[0-9]/);
  });

  test.each([
    '[0,-0,0.0,-0.0e5,1,-1,1.0,1.50,1e2,1E+2,100e-2,0.1,99.86,1e-7,5e-324,1.7976931348623157e308]',
    '[9007199254740991,-9007199254740991,9007199254740991.0,1e21,-2.5e300,123456789012345,0.123456789012345]',
    '{"a":"9007199254740993","9007199254740993":1}',
    '[0e999,0.000000000000000000000000]',
  ])('%s holds numbers that a double does', (text) => {
    expect(jsonFault(text)).toBeUndefined();
  });

  test('a number is refused exactly when its value is not that of the shortest text of its double, or is an integer beyond 2^53', () => {
    const digits = fc.stringMatching(/^[0-9]{1,24}$/);
    const exponent = fc.constantFrom('', 'e0', 'e3', 'E-5', 'e+20', 'e-30');
    fc.assert(
      fc.property(digits, fc.option(digits), exponent, fc.boolean(), (integer, fraction, power, negative) => {
        const literal = `${negative ? '-' : ''}${integer.replace(/^0+(?=.)/, '')}${fraction === null ? '' : `.${fraction}`}${power}`;
        const value = Number(literal);
        const taken = exact(literal) === exact(String(value)) && parsedNumberFault(value) === undefined;
        expect(jsonFault(`[${literal}]`) === undefined).toBe(taken);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
    /** The number in units of 10^-60, as an integer. */
    function exact(text: string): bigint {
      const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
      const [integer = '', fraction = ''] = mantissa.split('.');
      return BigInt(integer.replace(/^-?$/, '0') + fraction) * 10n ** BigInt(60 + Number(power) - fraction.length);
    }
  });

  test('what JSON.stringify writes has no fault', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(
          value,
          (_key, member: unknown) => (typeof member === 'number' && parsedNumberFault(member) !== undefined ? 0 : member),
          indent,
        );
        expect(jsonFault(text)).toBeUndefined();
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
