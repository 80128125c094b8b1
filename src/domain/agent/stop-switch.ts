/**
 * The stop switch as runs meet it: the form in which an order is stored, what a run that it ends says, and the look before an act. docs/spec.md
 * section 12. Invariant: what cannot be read counts as set.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import { failure, success } from 'io-ts';
import type { StopOrder, StopSwitch, SwitchUnreadable } from '../../ports/stop-switch';
import { canonical } from '../canonical/canonical';
import { type Codec, isRecord, literalCodec, makeCodec, objectCodec, orNull, refinedCodec, textCodec } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { printable } from '../codec/printable';
import { describeProblem, problemsOf } from '../codec/problem';
import type { Look, StoppedByOperator } from './stop';

/** Units: UTF-16 code units. */
export const WHO_CHARS_MAX = 200;
export const WHY_CHARS_MAX = 1_000;

const AT = /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$/;

const atCodec: Codec<string> = makeCodec('instant', { type: 'string', pattern: AT.source }, (value, context) =>
  typeof value === 'string' && AT.test(value)
    ? success(value)
    : failure(value, context, 'expected an instant such as 2026-11-26T09:30:00.000Z'),
);

/** One line: it stands in tables, logs and terminals. */
function lineCodec(name: string, charsMax: number): Codec<string> {
  return makeCodec(name, { type: 'string', minLength: 1, maxLength: charsMax }, (value, context) =>
    typeof value === 'string' && value !== '' && value === oneLine(value, charsMax)
      ? success(value)
      : failure(value, context, `expected one line of 1 to ${String(charsMax)} characters, without control characters`),
  );
}

/** Any text as such a line: what is no part of one is shown, what is too long is cut. */
export function oneLine(text: string, charsMax: number): string {
  const line = printable(
    text
      .toWellFormed()
      .trim()
      .replaceAll(/[\t\n\r]+/g, ' '),
  );
  return line.length > charsMax ? `${line.slice(0, charsMax - 1).toWellFormed()}…` : line;
}

export const stopOrderCodec: Codec<StopOrder> = objectCodec('stop order', {
  required: { who: lineCodec('who', WHO_CHARS_MAX), why: lineCodec('why', WHY_CHARS_MAX), at: atCodec },
});

/** The document that is stored where the switch is: `{"stopped":false}`, or the order beside `"stopped":true`. */
export function switchText(order: StopOrder | undefined): string {
  return `${canonical(order === undefined ? { stopped: false } : { stopped: true, ...order })}\n`;
}

export function readSwitchText(bytes: Uint8Array): Either<SwitchUnreadable, StopOrder | undefined> {
  const value = parseJson(new TextDecoder().decode(bytes));
  if (!isRecord(value)) return unreadable('it holds no JSON object');
  const { stopped, ...order } = value;
  if (stopped === false && Object.keys(order).length === 0) return right(undefined);
  if (stopped !== true) return unreadable('it holds neither {"stopped":false} nor an order with "stopped":true');
  const decoded = stopOrderCodec.decode(order);
  if (!isLeft(decoded)) return decoded;
  const [problem] = problemsOf(decoded.left);
  return unreadable(problem === undefined ? 'no order' : describeProblem('order', problem));
}

function unreadable(reason: string): Either<SwitchUnreadable, never> {
  return left({ _tag: 'SwitchUnreadable', reason });
}

/** What a run that the switch ends says. */
export function stoppedBy(state: StopOrder | SwitchUnreadable): StoppedByOperator {
  if ('_tag' in state) {
    const why = oneLine(`${UNREADABLE}${state.reason}`, WHY_CHARS_MAX);
    return { code: 'stopped_by_operator', message: `${why} (that counts as stopped)`, who: null, why, at: null };
  }
  const { who, why, at } = state;
  return { code: 'stopped_by_operator', message: `stopped by ${who} at ${at}: ${why}`, who, why, at };
}

const UNREADABLE = 'the stop switch could not be read: ';

/** What a tape may hold as such an end: only what `stoppedBy` makes of something. */
export const stoppedCodec: Codec<StoppedByOperator> = refinedCodec(
  objectCodec('error', {
    required: {
      code: literalCodec('stopped_by_operator'),
      message: textCodec,
      who: orNull(lineCodec('who', WHO_CHARS_MAX)),
      why: lineCodec('why', WHY_CHARS_MAX),
      at: orNull(atCodec),
    },
  }),
  (stop) => {
    const { who, why, at, message } = stop;
    const expected =
      who !== null && at !== null
        ? stoppedBy({ who, why, at })
        : who === null && at === null && why.startsWith(UNREADABLE)
          ? stoppedBy({ _tag: 'SwitchUnreadable', reason: why.slice(UNREADABLE.length) })
          : undefined;
    return expected?.message === message ? [] : [{ path: ['message'], message: 'no end that a stop switch makes' }];
  },
);

/** The look at a switch. Nothing is kept: each look is a read. */
export function lookAt(stopSwitch: StopSwitch): Look {
  return async (deadline) => {
    const state = await stopSwitch.read(deadline)();
    if (isLeft(state)) return stoppedBy(state.left);
    return state.right === undefined ? undefined : stoppedBy(state.right);
  };
}
