/**
 * A play of a world for a check of it: choices among what it says is legal, and probes that no world takes. Invariant: the same choices find the
 * same faults, so that whoever found some can look for fewer that do, too.
 */
import { canonical, type Json } from '../../canonical/canonical';
import { makeDigest } from '../../hash';
import { callGuest, seedOf } from './guest-call';
import type { WorldDefinition } from './definition';
import { CALL_FUEL_MAX } from './limits';
import { type FileState, fileState, textBytes } from './state';
import { isRecord } from '../../codec/codec';

export interface PlaySetup {
  readonly definition: WorldDefinition;
  readonly initial: FileState;
  readonly seed: string | null;
  readonly stateBytesMax: number;
  /** Taken in turn, from the first again where a play is longer. */
  readonly inputs: readonly Json[];
}

/** What is wrong, at which step, and what was done there. */
export interface Fault {
  readonly step: number;
  readonly rule: 'throws' | 'legal' | 'refuses_legal' | 'takes_anything' | 'invariant' | 'limits' | 'no_json';
  readonly message: string;
  readonly actions: readonly Json[];
}

export interface Played {
  readonly fault: Fault | undefined;
  readonly steps: number;
  /** Of `step`: probes have theirs. */
  readonly calls: number;
  /** The most that one step took. */
  readonly fuelMost: number;
  readonly fuelSum: number;
  readonly stateBytesMost: number;
  /** Of every state and observation: two plays of the same choices have the same. */
  readonly digest: string;
}

/** What no world takes: a step has to refuse these, and not to throw at them. */
const PROBES: readonly Json[] = [null, 7, 'anything', [], {}, { type: '__proto__' }, { type: 'no such action, whatever the world' }];

/** `choices`: of each step, which legal action to take (modulo how many there are), or none of them. */
export function playWorld({ definition, initial, seed, stateBytesMax, inputs }: PlaySetup, choices: readonly number[]): Played {
  const { program } = definition;
  const digest = makeDigest();
  const encoder = new TextEncoder();
  const note = (text: string): void => {
    digest.update(encoder.encode(`${text}\n`));
  };
  let state = initial;
  let [steps, calls, fuelMost, fuelSum, stateBytesMost] = [0, 0, 0, 0, textBytes(initial.text)];
  let fault: Fault | undefined;
  const fail = (rule: Fault['rule'], message: string, actions: readonly Json[] = []): void => {
    fault ??= { step: steps, rule, message, actions };
  };

  /** The state after, `undefined` where it was refused. */
  function take(actions: readonly Json[], input: string): { readonly after: FileState | undefined; readonly done: boolean } | undefined {
    const result = callGuest(program, 'step', [state.text, canonical(actions), input], seedOf(seed, 'step', steps), CALL_FUEL_MAX);
    calls += 1;
    fuelMost = Math.max(fuelMost, result.fuel);
    fuelSum += result.fuel;
    if ('refused' in result) {
      const { code, message } = result.refused;
      fail(code === 'no_json' ? 'no_json' : code === 'threw' ? 'throws' : 'limits', message, actions);
      return undefined;
    }
    const { refused, state: after, broken, done } = result.value as Readonly<Record<string, Json>>;
    if (refused !== undefined) {
      note(canonical(refused));
      return { after: undefined, done: false };
    }
    if (!isRecord(after)) {
      fail('no_json', 'step gave no object for a state', actions);
      return undefined;
    }
    if (Array.isArray(broken) && broken.length > 0) fail('invariant', `the state breaks ${broken.join(', ')}`, actions);
    const made = fileState(after);
    const bytes = textBytes(made.text);
    stateBytesMost = Math.max(stateBytesMost, bytes);
    if (bytes > stateBytesMax) fail('limits', `the state is ${String(bytes)} bytes, more than ${String(stateBytesMax)}`, actions);
    note(made.text);
    return { after: made, done: done === true };
  }

  function look(question: 'legal' | 'observe', texts: readonly string[]): Json | undefined {
    const result = callGuest(program, question, texts, '', CALL_FUEL_MAX);
    if (!('refused' in result)) return result.value;
    fail('throws', `${question}: ${result.refused.message}`);
    return undefined;
  }

  function refusesProbe(probe: Json, input: string): boolean {
    const probed = take([probe], input);
    if (probed?.after !== undefined)
      fail('takes_anything', `step takes ${canonical(probe)}, which no world does; refuse what is unknown`, [probe]);
    return probed !== undefined && probed.after === undefined;
  }

  for (const choice of choices) {
    if (fault !== undefined) break;
    const input = canonical(inputs[steps % Math.max(1, inputs.length)] ?? null);
    const seen = look('observe', [state.text, input]);
    const legal = look('legal', [state.text]);
    if (seen === undefined || legal === undefined) break;
    note(canonical(seen));
    if (!Array.isArray(legal)) {
      fail('legal', 'legal gave no list of actions');
      break;
    }
    if (!refusesProbe(PROBES[steps % PROBES.length] ?? null, input)) break;
    const action: Json | undefined =
      choice % (legal.length + 1) === legal.length ? undefined : (legal[choice % (legal.length + 1)] as Json);
    const actions = action === undefined ? [] : [action];
    const taken = take(actions, input);
    if (taken === undefined) break;
    if (taken.after === undefined) {
      fail('refuses_legal', action === undefined ? 'step refuses no actions at all' : 'legal offers it, and step refuses it', actions);
      break;
    }
    state = taken.after;
    steps += 1;
    if (taken.done) break;
  }
  return { fault, steps, calls, fuelMost, fuelSum, stateBytesMost, digest: digest.hex() };
}
