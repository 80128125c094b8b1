/**
 * The text of `step` rows: canonical JSON written directly, because a run spends most of its time here.
 * Invariant: the text is what `canonical` gives for the same row; a test compares the two on random transitions.
 */
import { canonicalString } from '../canonical/canonical';
import { type Decimal, formatDecimal } from '../decimal/decimal';
import { sha256Hex } from '../hash';
import type { ScannedStep } from '../market/market-form';
import type { Action } from '../world/plan';
import { canonicalState, type State } from '../world/state';
import type { Transition, World } from '../world/step';
import { type Link, link } from './chain';

export interface StepRowWriter {
  readonly write: (t: number, market: ScannedStep, transition: Transition, prevHash: string) => Link;
}

export function makeStepRowWriter(world: World): StepRowWriter {
  const { symbols, strategy } = world;
  const universe = sortedWithIndex(strategy.universe.symbols);
  const market = sortedWithIndex(symbols);
  const frequency = strategy.timing.evaluation_frequency_steps;
  // The rationales are one text per rule and side, so this holds a handful of strings.
  const quoted = new Map<string, string>();
  let hashedState: State | undefined;
  let stateHash = '';

  function quote(text: string): string {
    let literal = quoted.get(text);
    if (literal === undefined) quoted.set(text, (literal = canonicalString(text)));
    return literal;
  }

  function hashOf(state: State): string {
    if (state !== hashedState) {
      stateHash = sha256Hex(canonicalState(state, symbols));
      hashedState = state;
    }
    return stateHash;
  }

  function positionsText({ before, after }: Transition): string {
    if (before === after) return '{}';
    let members = '';
    for (const { symbol, index } of market) {
      const [quantityBefore, quantityAfter] = [before.positions[index] ?? 0n, after.positions[index] ?? 0n];
      if (quantityBefore === quantityAfter) continue;
      members += `${members === '' ? '' : ','}"${symbol}":${changeText(quantityBefore, quantityAfter)}`;
    }
    return `{${members}}`;
  }

  function write(t: number, step: ScannedStep, transition: Transition, prevHash: string): Link {
    const { signals, valueBefore, valueAfter, before, after } = transition;
    let signalsText = '';
    let rationalesText = '';
    for (const { symbol, index } of universe) {
      const signal = signals.signals[index] ?? 'HOLD';
      signalsText += `${signalsText === '' ? '' : ','}"${symbol}":"${signal}"`;
      if (signal === 'HOLD') continue;
      rationalesText += `${rationalesText === '' ? '' : ','}"${symbol}":${quote(signals.whys[index] ?? '')}`;
    }
    const head = `{"actions":${actionsText(transition.actions)},"decision":"${transition.decision}",`;
    const delta =
      `{"cash":${changeText(before.cash, after.cash)},"equity":${changeText(valueBefore.equity, valueAfter.equity)},` +
      `"exposure":${changeText(valueBefore.exposure, valueAfter.exposure)},"positions":${positionsText(transition)}}`;
    const tail =
      `"prev_hash":"${prevHash}","prices":${step.pricesText},"rationales":{${rationalesText}},"signals":{${signalsText}},` +
      `"skipped":${skippedText(transition)},"state_delta":${delta},"state_hash":"${hashOf(after)}","step_index":${String(t)},` +
      `${step.timeText === '' ? '' : `"time":${step.timeText},`}"type":"step","verifier_errors":${errorsText(transition)},` +
      `"why":${canonicalString(whyText(t, frequency, transition))}}`;
    return link(head, tail);
  }

  return { write };
}

function sortedWithIndex(symbols: readonly string[]): readonly { readonly symbol: string; readonly index: number }[] {
  return symbols.map((symbol, index) => ({ symbol, index })).sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
}

function changeText(before: Decimal, after: Decimal): string {
  const text = formatDecimal(before);
  if (before === after) return `{"after":"${text}","before":"${text}","delta":"0"}`;
  return `{"after":"${formatDecimal(after)}","before":"${text}","delta":"${formatDecimal(after - before)}"}`;
}

function actionsText(actions: readonly Action[]): string {
  if (actions.length === 0) return '[]';
  const items = actions.map(
    ({ type, symbol, quantity, price }) =>
      `{"price":"${formatDecimal(price)}","quantity":"${formatDecimal(quantity)}","symbol":${canonicalString(symbol)},"type":"${type}"}`,
  );
  return `[${items.join(',')}]`;
}

function skippedText({ skipped }: Transition): string {
  if (skipped.length === 0) return '[]';
  let items = '';
  for (const { symbol, reason } of skipped) items += `${items === '' ? '' : ','}{"reason":"${reason}","symbol":"${symbol}"}`;
  return `[${items}]`;
}

function errorsText({ errors }: Transition): string {
  if (errors.length === 0) return '[]';
  const items = errors.map(
    ({ actionIndex, code, message }) => `{"action_index":${String(actionIndex)},"code":"${code}","message":${canonicalString(message)}}`,
  );
  return `[${items.join(',')}]`;
}

/** One sentence on why the decision is what it is. */
export function whyText(t: number, frequency: number, { decision, actions, skipped, errors }: Transition): string {
  switch (decision) {
    case 'APPROVED':
      return actions.length === 1 ? 'the action passed verification' : `all ${String(actions.length)} actions passed verification`;
    case 'REJECTED':
      return `action ${String(errors[0]?.actionIndex ?? 0)} refused: ${errors.map(({ code }) => code).join(', ')}`;
    case 'HOLD':
      if (skipped.length > 0) return `every signal was skipped: ${skipped.map(({ symbol, reason }) => `${symbol} ${reason}`).join(', ')}`;
      return t % frequency === 0 ? 'every signal is HOLD' : `evaluated every ${String(frequency)} steps, not at this one`;
  }
}
