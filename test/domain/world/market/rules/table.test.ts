/** A kind of rule is one file and its line in the table: nothing else in the program names one, and a new one needs nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { countCodec, type Decoded, literalCodec, objectCodec } from '../../../../../src/domain/codec/codec';
import { ONE } from '../../../../../src/domain/decimal/decimal';
import { symbolCodec } from '../../../../../src/domain/market/symbol';
import type { RuleKind } from '../../../../../src/domain/world/market/rules/rule';
import { makeRuleTable, type Rule, RULES, type RuleTable } from '../../../../../src/domain/world/market/rules/table';
import { makeWindows } from '../../../../../src/domain/world/market/rules/windows';
import { lookbackSteps, makeSignalSource } from '../../../../../src/domain/world/market/signals';
import { decodeStrategy } from '../../../../../src/domain/world/market/strategy';
import { expectLeft, expectRight } from '../../../../support/harness';

const ROOT = join(__dirname, '../../../../..');
const SOURCES = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join(ROOT, 'src', path));

test.each(RULES.map(({ type }) => type))('%s is named in its own file alone', (type) => {
  const literal = new RegExp(`'${type}'`);
  const naming = SOURCES.filter((path) => literal.test(readFileSync(path, 'utf8'))).map((path) => relative(ROOT, path));
  expect(naming).toEqual([`src/domain/world/market/rules/${type.replaceAll('_', '-')}.ts`]);
});

const codec = objectCodec('above_past rule', {
  required: { type: literalCodec('above_past'), symbol: symbolCodec, steps: countCodec(1) },
});
const toy: RuleKind<Decoded<typeof codec>> = {
  type: 'above_past',
  codec,
  normal: (rule) => ({ ...rule }),
  make: ({ steps }, windows) => {
    const sum = windows.sum(steps);
    return { side: () => (windows.price() * BigInt(steps) > sum() ? 1 : 0), buyWhy: 'above_past', sellWhy: '' };
  },
};
const table = makeRuleTable([...RULES, toy] as unknown as readonly RuleKind<Rule>[]) as unknown as RuleTable<Decoded<typeof codec> | Rule>;

test('a kind that is put into the table is decoded, written, looked back for and evaluated', () => {
  const rule = expectRight(table.codec.decode({ type: 'above_past', symbol: 'x', steps: 3 }));
  expect(table.kindOf(rule).normal(rule)).toEqual({ type: 'above_past', symbol: 'X', steps: 3 });
  expect(expectLeft(table.codec.decode({ type: 'above' }))[0]?.message).toContain('above_past');

  const plain = {
    metadata: { name: 'n', version: '1', description: '' },
    universe: { symbols: ['X'] },
    sizing: { order_qty: 1, max_position_qty_per_symbol: 1 },
  };
  const strategy = {
    ...expectRight(decodeStrategy({ ...plain, rules: [{ type: 'threshold_price', symbol: 'X', buy_below: 1 }] })),
    rules: [rule as Rule],
  };
  expect(lookbackSteps(strategy, table as unknown as RuleTable<Rule>)).toBe(2);
  const source = makeSignalSource(strategy, ['X'], table as unknown as RuleTable<Rule>);
  const said = [5n, 1n, 6n].map((price, t) => {
    source.observe([price * ONE]);
    return source.evaluate(t).signals[0];
  });
  expect(said).toEqual(['BUY', 'HOLD', 'BUY']);
});

test('windows cannot be asked for once prices came: a rule that did would know less than it looks back', () => {
  const windows = makeWindows();
  windows.observe(ONE);
  expect(() => windows.sum(2)).toThrow('before the first price');
});
