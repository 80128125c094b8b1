/**
 * A market path: symbols, and for each step the price of every one of them.
 * The decoders accept what people write (numbers, lower-case symbols); what comes out is exact and in one order.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, failures, success } from 'io-ts';
import { type Codec, decimalCodec, isRecord, makeCodec, objectCodec, POSITIVE, textCodec } from '../codec/codec';
import { excerpt, type Problem, pointerStep, problemsOf } from '../codec/problem';
import { type Decimal, decimalFromJson } from '../decimal/decimal';
import { TIME_CHARS_MAX } from '../limits';
import { normalSymbol, symbolListCodec } from './symbol';
import { makeTimeOrder } from './time-order';

export interface MarketStep {
  /** One price per symbol, in the order of the header; all positive. */
  readonly prices: readonly Decimal[];
  readonly time: string | undefined;
}

export interface MarketPath {
  readonly symbols: readonly string[];
  readonly steps: readonly MarketStep[];
}

const headerCodec = objectCodec('market header', { required: { symbols: symbolListCodec }, optional: { description: textCodec } });
/** The members of a `.json` market beside its steps. */
const documentHeaderCodec = objectCodec('market path', {
  required: { symbols: symbolListCodec },
  optional: { description: textCodec, $schema: textCodec },
});

/** First line of a `.jsonl` market. The description is for people: it is no part of the market's content, nor of its digest. */
export function decodeMarketHeader(value: unknown): Either<readonly Problem[], readonly string[]> {
  const decoded = headerCodec.decode(value);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right.symbols);
}

/** A mistake in a step: the keys that lead to it, what stands there, and what is legal. */
interface Mistake {
  readonly keys: readonly string[];
  readonly value: unknown;
  readonly message: string;
}

/** A line of a `.jsonl` market: `{"prices": {...}, "time"?}`. Pointers are relative to the line. */
export function decodeNestedStep(value: unknown, symbols: readonly string[]): Either<readonly Problem[], MarketStep> {
  const step = nestedStep(value, symbols);
  if (!isLeft(step)) return step;
  return left(
    step.left.map(({ keys, value: found, message }) => ({
      pointer: keys.map(pointerStep).join(''),
      message: `${excerpt(found)}: ${message}`,
    })),
  );
}

function nestedStep(value: unknown, symbols: readonly string[]): Either<readonly Mistake[], MarketStep> {
  if (!isRecord(value)) return left([{ keys: [], value, message: 'expected an object with prices and, if known, time' }]);
  const mistakes: Mistake[] = [];
  for (const key of Object.keys(value)) {
    if (key !== 'prices' && key !== 'time')
      mistakes.push({ keys: [key], value: value[key], message: 'unknown field; legal here: prices, time' });
  }
  const prices = Object.hasOwn(value, 'prices') ? value['prices'] : undefined;
  if (!isRecord(prices))
    return left([...mistakes, { keys: ['prices'], value: prices, message: 'expected an object with a price for each symbol' }]);
  const step = decodeStep(Object.entries(prices), Object.hasOwn(value, 'time') ? value['time'] : undefined, symbols, ['prices']);
  if (mistakes.length === 0) return step;
  return left(isLeft(step) ? [...mistakes, ...step.left] : mistakes);
}

/** A step of a `.json` market: `{"time"?: str, "AAPL": 99.86, ...}`. */
function flatStep(value: unknown, symbols: readonly string[]): Either<readonly Mistake[], MarketStep> {
  if (!isRecord(value)) return left([{ keys: [], value, message: 'expected an object with a price for each symbol' }]);
  const prices = Object.entries(value).filter(([key]) => key !== 'time');
  return decodeStep(prices, Object.hasOwn(value, 'time') ? value['time'] : undefined, symbols, []);
}

function decodeStep(
  entries: readonly (readonly [string, unknown])[],
  time: unknown,
  symbols: readonly string[],
  at: readonly string[],
): Either<readonly Mistake[], MarketStep> {
  const mistakes: Mistake[] = [];
  const wrong = (key: string, value: unknown, message: string): void => {
    mistakes.push({ keys: [...at, key], value, message });
  };
  const bySymbol = new Map<string, Decimal>();
  for (const [key, raw] of entries) {
    // Most files write symbols as the header has them.
    const symbol = symbols.includes(key) ? key : normalSymbol(key);
    if (symbol === undefined || !symbols.includes(symbol)) {
      wrong(key, raw, `unknown field; legal here: ${symbols.join(', ')}${at.length === 0 ? ', time' : ''}`);
    } else if (bySymbol.has(symbol)) {
      wrong(key, raw, `a second price for ${symbol}`);
    } else {
      const price = decimalFromJson(raw);
      if (isLeft(price)) wrong(key, raw, price.left);
      else if (price.right <= 0n) wrong(key, raw, 'a price must be more than 0');
      bySymbol.set(symbol, isLeft(price) ? 1n : price.right);
    }
  }
  const prices: Decimal[] = [];
  for (const symbol of symbols) {
    const price = bySymbol.get(symbol);
    if (price === undefined) wrong(symbol, undefined, `no price for ${symbol}; each step prices every symbol`);
    else prices.push(price);
  }
  if (time !== undefined && typeof time !== 'string')
    return left([...mistakes, { keys: ['time'], value: time, message: 'expected a string' }]);
  const mistake = time === undefined ? undefined : timeMistake(time);
  if (mistake !== undefined) return left([...mistakes, { keys: ['time'], value: time, message: mistake }]);
  return mistakes.length > 0 ? left(mistakes) : right({ prices, time });
}

function timeMistake(time: string): string | undefined {
  if (!time.isWellFormed()) return 'holds a lone surrogate, which has no UTF-8 form';
  return time.length > TIME_CHARS_MAX
    ? `a time of ${String(time.length)} characters; at most ${String(TIME_CHARS_MAX)} are read`
    : undefined;
}

const priceSchema = decimalCodec(POSITIVE).schema;

/** A whole `.json` market document. */
export const marketPathCodec: Codec<MarketPath> = makeCodec(
  'market path',
  {
    type: 'object',
    description: 'Symbols and, for each step, the price of every symbol and (if known) its time.',
    properties: {
      $schema: textCodec.schema,
      symbols: symbolListCodec.schema,
      description: textCodec.schema,
      steps: {
        type: 'array',
        minItems: 1,
        items: { type: 'object', properties: { time: { type: 'string' } }, additionalProperties: priceSchema },
      },
    },
    required: ['symbols', 'steps'],
    additionalProperties: false,
  },
  (value, context) => {
    if (!isRecord(value)) return failure(value, context, 'expected an object with symbols, steps and, if wanted, description');
    const { steps: rawSteps, ...header } = value;
    const decodedHeader = documentHeaderCodec.validate(header, context);
    const stepsContext = [...context, { key: 'steps', type: marketPathCodec, actual: rawSteps }];
    const errors = isLeft(decodedHeader) ? [...decodedHeader.left] : [];
    if (!Array.isArray(rawSteps)) errors.push({ value: rawSteps, context: stepsContext, message: 'expected a list of steps' });
    else if (rawSteps.length === 0) errors.push({ value: rawSteps, context: stepsContext, message: 'expected at least one step' });
    if (isLeft(decodedHeader) || !Array.isArray(rawSteps)) return failures(errors);
    const steps: MarketStep[] = [];
    const order = makeTimeOrder();
    let inOrder = true;
    rawSteps.forEach((raw: unknown, index) => {
      const step = flatStep(raw, decodedHeader.right.symbols);
      if (!isLeft(step)) steps.push(step.right);
      // One step that is out of order may put all behind it out of order: the first is the one to look at.
      const late = isLeft(step) || !inOrder ? undefined : order.next(step.right.time, index);
      inOrder &&= late === undefined;
      const mistakes = isLeft(step) ? step.left : late === undefined ? [] : [{ keys: ['time'], value: step.right.time, message: late }];
      for (const { keys, value: found, message } of mistakes) {
        const inner = [String(index), ...keys].map((key) => ({ key, type: marketPathCodec, actual: raw }));
        errors.push({ value: found, context: [...stepsContext, ...inner], message });
      }
    });
    return errors.length > 0 ? failures(errors) : success({ symbols: decodedHeader.right.symbols, steps });
  },
);
