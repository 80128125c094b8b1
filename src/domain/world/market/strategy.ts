/** Strategy documents: what they may say (docs/spec.md section 2), decoded to exact values, and their normal form. */
import { failure, success } from 'io-ts';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { canonical } from '../../canonical/canonical';
import {
  type Codec,
  countCodec,
  decimalCodec,
  type Decoded,
  describedCodec,
  listCodec,
  makeCodec,
  objectCodec,
  POSITIVE,
  textCodec,
} from '../../codec/codec';
import { didYouMean } from '../../codec/nearest';
import { type Problem, problemsOf } from '../../codec/problem';
import { formatDecimal } from '../../decimal/decimal';
import { otherKind } from '../../codec/document-kind';
import { RULES_MAX } from '../../limits';
import { symbolCodec, symbolListCodec } from '../../market/symbol';
import { optionalDecimal } from './rules/rule';
import { RULE_TABLE } from './rules/table';

const positive = decimalCodec(POSITIVE);

const FILL_AT = ['signal_step', 'next_step'] as const;
type FillAt = (typeof FILL_AT)[number];

const fillAtCodec: Codec<FillAt> = makeCodec(
  'fill_at',
  {
    enum: [...FILL_AT],
    default: 'signal_step',
    description:
      'Which price an order fills at: that of the step whose prices made the signal, or that of the step after it, as a trader who sees the close would.',
  },
  (value, context) => {
    const known = FILL_AT.find((name) => name === value);
    return known === undefined
      ? failure(value, context, `expected one of ${FILL_AT.join(', ')}${didYouMean(value, FILL_AT)}`)
      : success(known);
  },
);

const documentCodec = objectCodec('strategy', {
  description: 'A strategy of Executable World Models: which rules signal BUY, SELL or HOLD on which symbols, and how orders are sized.',
  required: {
    metadata: objectCodec('metadata', { required: { name: textCodec, version: textCodec, description: textCodec } }),
    universe: objectCodec('universe', { required: { symbols: symbolListCodec } }),
    sizing: objectCodec('sizing', {
      required: {
        order_qty: describedCodec(positive, 'Units of an order, where its rule names no quantity of its own.'),
        max_position_qty_per_symbol: describedCodec(positive, 'Most units to hold of one symbol; a BUY that would pass it is skipped.'),
      },
      optional: {
        max_new_exposure_per_step: describedCodec(positive, 'Most notional of the BUY orders of one step; what would pass it is skipped.'),
      },
    }),
    rules: listCodec(RULE_TABLE.codec, { min: 1, max: RULES_MAX }),
  },
  optional: { $schema: textCodec },
  defaulted: {
    timing: objectCodec('timing', {
      required: {},
      defaulted: {
        evaluation_frequency_steps: describedCodec(countCodec(1), 'The rules are looked at every so many steps, from step 0 on.', 1),
      },
      optional: { fill_at: fillAtCodec },
      defaults: { evaluation_frequency_steps: 1 },
    }),
  },
  defaults: { timing: { evaluation_frequency_steps: 1 } },
});

export type Strategy = Omit<Decoded<typeof documentCodec>, '$schema'>;

export type Timing = Strategy['timing'];

/** Whether orders fill at the step after the one that made their signal. */
export function fillsLater({ fill_at: fillAt }: Timing): boolean {
  return fillAt === 'next_step';
}

/** Whether a step has signals to act on: rules are looked at every so many steps, and speak at that step or at the next one. */
export function hasSignalsAt(t: number, timing: Timing): boolean {
  const signalled = fillsLater(timing) ? t - 1 : t;
  return signalled >= 0 && signalled % timing.evaluation_frequency_steps === 0;
}

/** How many prices the rules know at the last step, of so many, at which they are looked at and can still be followed; 0 when at none. */
export function pricesAtLastSignal(steps: number, timing: Timing): number {
  const last = steps - 1 - (fillsLater(timing) ? 1 : 0);
  return last < 0 ? 0 : last - (last % timing.evaluation_frequency_steps) + 1;
}

export const strategySchema = documentCodec.schema;

/** Decodes a strategy document; the left lists every mistake. `marketSymbols` adds the check of the universe against a market. */
export function decodeStrategy(value: unknown, marketSymbols?: readonly string[]): Either<readonly Problem[], Strategy> {
  const decoded = documentCodec.decode(value);
  const other = isLeft(decoded) ? otherKind(value, 'a strategy') : undefined;
  if (other !== undefined) return left([other]);
  const problems = isLeft(decoded) ? [...problemsOf(decoded.left)] : [];
  problems.push(...crossProblems(value, marketSymbols));
  if (isLeft(decoded) || problems.length > 0) return left(problems);
  const { $schema: _schema, ...strategy } = decoded.right;
  return right(strategy);
}

/** Rules against the universe, and the universe against the market: checked as far as the document can be read. */
function crossProblems(value: unknown, marketSymbols: readonly string[] | undefined): readonly Problem[] {
  const universe = symbolsIn(value);
  if (universe === undefined) return [];
  const problems: Problem[] = [];
  universe.forEach((symbol, index) => {
    if (marketSymbols !== undefined && !marketSymbols.includes(symbol)) {
      problems.push({
        pointer: `/universe/symbols/${String(index)}`,
        message: `"${symbol}": not in the market, which prices ${someOf(marketSymbols)}${didYouMean(symbol, marketSymbols)}`,
      });
    }
  });
  ruleSymbols(value).forEach((symbol, index) => {
    if (symbol !== undefined && !universe.includes(symbol)) {
      problems.push({
        pointer: `/rules/${String(index)}/symbol`,
        message: `"${symbol}": not in the universe, which is ${someOf(universe)}${didYouMean(symbol, universe)}`,
      });
    }
  });
  return problems;
}

const SYMBOLS_SHOWN = 20;

function someOf(symbols: readonly string[]): string {
  const more = symbols.length - SYMBOLS_SHOWN;
  return `${symbols.slice(0, SYMBOLS_SHOWN).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}

function symbolsIn(value: unknown): readonly string[] | undefined {
  const symbols = symbolListCodec.decode(field(field(value, 'universe'), 'symbols'));
  return isLeft(symbols) ? undefined : symbols.right;
}

function ruleSymbols(value: unknown): readonly (string | undefined)[] {
  const rules = field(value, 'rules');
  if (!Array.isArray(rules)) return [];
  return rules.map((rule: unknown) => {
    const symbol = symbolCodec.decode(field(rule, 'symbol'));
    return isLeft(symbol) ? undefined : symbol.right;
  });
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** The one line of `strategy.json`, without its newline: decimals as strings, counts as integers, defaults filled in. */
export function normalStrategy(strategy: Strategy): string {
  return canonical({
    metadata: strategy.metadata,
    universe: strategy.universe,
    timing: {
      evaluation_frequency_steps: strategy.timing.evaluation_frequency_steps,
      // The default is not written: strategies of before this choice keep their digests.
      ...(fillsLater(strategy.timing) ? { fill_at: 'next_step' } : {}),
    },
    sizing: {
      order_qty: formatDecimal(strategy.sizing.order_qty),
      max_position_qty_per_symbol: formatDecimal(strategy.sizing.max_position_qty_per_symbol),
      ...optionalDecimal('max_new_exposure_per_step', strategy.sizing.max_new_exposure_per_step),
    },
    rules: strategy.rules.map((rule) => RULE_TABLE.kindOf(rule).normal(rule)),
  });
}
