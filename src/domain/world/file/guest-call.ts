/** Asking a world or a policy file: one call of its sandbox, and whatever comes back as a value or as a reason. Nothing here throws for what a file does. */
import type { GuestOutcome, GuestProgram } from '../../../ports/sandbox';
import { hasCanonicalForm, type Json } from '../../canonical/canonical';
import { parseJson } from '../../codec/parse';
import { sha256Hex } from '../../hash';
import { CALL_FUEL_MAX } from './limits';

/** What the guest can be asked. `guest.ts` says what each takes and gives. */
export type Question = 'describe' | 'init' | 'end' | 'legal' | 'observe' | 'look' | 'step' | 'decide';

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** `no_json`: an answer that has no JSON form, or another form than the question asks for. */
export type RefusalCode = 'threw' | 'out_of_fuel' | 'out_of_memory' | 'too_deep' | 'no_json';

export type GuestResult = { readonly fuel: number } & ({ readonly value: Json } | { readonly refused: Refusal });

/** `texts`: the arguments as JSON. `seed`: 32 hex digits, or nothing. `fuelLeft`: of the budget. */
export function callGuest(
  program: GuestProgram,
  question: Question,
  texts: readonly string[],
  seed: string,
  fuelLeft: number,
): GuestResult {
  const fuelMax = Math.min(CALL_FUEL_MAX, fuelLeft);
  if (fuelMax < 1) return { fuel: 0, refused: outOfFuel(0) };
  return read(question, program.call([question, `[${texts.join(',')}]`, seed], fuelMax));
}

function read(question: Question, outcome: GuestOutcome): GuestResult {
  const { fuel } = outcome;
  if (outcome._tag === 'Failed') {
    switch (outcome.failure._tag) {
      case 'OutOfFuel':
        return { fuel, refused: outOfFuel(fuel) };
      case 'OutOfMemory':
        return { fuel, refused: OUT_OF_MEMORY };
      case 'TooDeep':
        return { fuel, refused: TOO_DEEP };
      case 'Threw':
        return { fuel, refused: { code: 'threw', message: outcome.failure.message } };
    }
  }
  const { text } = outcome;
  if (text === '#memory') return { fuel, refused: OUT_OF_MEMORY };
  if (text === '#deep') return { fuel, refused: TOO_DEEP };
  if (text.startsWith('-')) return { fuel, refused: { code: 'threw', message: text.slice(1).toWellFormed() } };
  const value = text.startsWith('+') ? parseJson(text.slice(1)) : undefined;
  if (value !== undefined && hasCanonicalForm(value)) return { fuel, value };
  const message = `${question} gave text that is not well-formed Unicode, or nests too deep`;
  return { fuel, refused: { code: 'no_json', message } };
}

function outOfFuel(fuel: number): Refusal {
  return { code: 'out_of_fuel', message: `the fuel of the call ran out at ${String(fuel)} units` };
}

const OUT_OF_MEMORY: Refusal = { code: 'out_of_memory', message: 'the memory of the world ran out' };
const TOO_DEEP: Refusal = { code: 'too_deep', message: 'calls or values are nested too deep' };

const SEED_DIGITS = 32;

/** What `random()` draws from in one call: of the run's seed, the question and the step. Nothing without a seed. */
export function seedOf(seed: string | null, question: Question, step: number): string {
  return seed === null ? '' : sha256Hex(`${seed}\n${question}\n${String(step)}`).slice(0, SEED_DIGITS);
}
