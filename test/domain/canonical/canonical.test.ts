/** Canonical JSON: the vectors of RFC 8785, and the properties that a hash over the text relies on. */
import fc from 'fast-check';
import { canonical, canonicalString, hasCanonicalForm, type Json } from '../../../src/domain/canonical/canonical';
import { RUNS, seeded } from '../../support/harness';
import { canonicalText, type Json as ModelJson } from '../../support/reference-model';

describe('RFC 8785', () => {
  test('section 3.2.2: the sample object', () => {
    const sample = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    ) as Json;
    expect(canonical(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('section 3.2.3: keys in the order of their UTF-16 code units', () => {
    const sample = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonical(sample)) as Record<string, string>)).toHaveLength(7);
    expect(canonical(sample)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign",' +
        '"😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  // Appendix B: the bits of a double, and its text.
  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('appendix B: %s is %s', (bits, text) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(`0x${bits}`));
    expect(canonical(view.getFloat64(0))).toBe(text);
  });

  test.each([NaN, Infinity, -Infinity])('appendix B: %p has no text', (number) => {
    expect(() => canonical(number)).toThrow('finite numbers only');
    expect(hasCanonicalForm(number)).toBe(false);
  });

  test('control characters take the short escapes where there are any; nothing else is escaped', () => {
    const all = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code)).join('');
    const short: Record<string, string> = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '"': '\\"', '\\': '\\\\' };
    const expected = Array.from(all, (c) => short[c] ?? (c < ' ' ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c)).join('');
    expect(canonicalString(all)).toBe(`"${expected}"`);
    expect(canonicalString('\u2028\u2029\u007f\ufeff é e\u0301 😀')).toBe('"\u2028\u2029\u007f\ufeff é e\u0301 😀"');
  });
});

describe('text without a UTF-8 form', () => {
  test.each(['\ud800', 'a\udc00', '\udc00\ud800', '\ud800\ud800\udc00'])('%j is refused, as a value and as a key', (text) => {
    expect(() => canonicalString(text)).toThrow('well-formed');
    expect(() => canonical({ [text]: 1 })).toThrow('well-formed');
    expect(hasCanonicalForm(text)).toBe(false);
    expect(hasCanonicalForm({ a: [{ [text]: 1 }] })).toBe(false);
  });
});

describe('canonical', () => {
  test('leaves out undefined, and takes keys that are names of the prototype', () => {
    expect(canonical({ b: undefined as unknown as Json, a: 1 })).toBe('{"a":1}');
    expect(canonical(JSON.parse('{"constructor":1,"__proto__":{"b":2,"a":1},"toString":3}') as Json)).toBe(
      '{"__proto__":{"a":1,"b":2},"constructor":1,"toString":3}',
    );
    expect(canonical([])).toBe('[]');
    expect(canonical({})).toBe('{}');
    // Integer-like keys: numbers for an engine, text for the order.
    expect(canonical({ 10: 1, 9: 2, a: 3, '': 4 })).toBe('{"":4,"10":1,"9":2,"a":3}');
  });

  const arbitraryJson = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<Json>;

  test('agrees with the reference model, reads back as the same value, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        expect(hasCanonicalForm(value)).toBe(true);
        const text = canonical(value);
        expect(text).toBe(canonicalText(value as ModelJson));
        expect(canonical(JSON.parse(text) as Json)).toBe(text);
        expect(canonical(reversed(value))).toBe(text);
        expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
      }),
      seeded(RUNS.call),
    );
  });

  test('a value nested beyond any row of ours has no form, and is found without overflowing the stack', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 64; level += 1) deep = level % 2 === 0 ? [deep] : { a: deep };
    expect(hasCanonicalForm(deep)).toBe(true);
    expect(hasCanonicalForm([deep])).toBe(false);
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(hasCanonicalForm(deep)).toBe(false);
    expect(hasCanonicalForm(undefined)).toBe(false);
    expect(hasCanonicalForm(1n)).toBe(false);
  });
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => reversed(item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, Json>)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
