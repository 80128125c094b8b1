/**
 * The environment of a program that calls the API. Apart from `config.ts`, which decodes what a deployment sets for the handlers: a client
 * does not take part in that, and a Lambda does not carry this.
 */
import type { Environment } from '../../config';

export function environment(): Environment {
  return process.env;
}

/** A variable that is set to nothing says nothing. */
export function variable(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}

/** Whether to colour what goes to a terminal or not, and what does not go to one: NO_COLOR never, FORCE_COLOR always (but for `0`). */
export function wantsColour(env: Environment, isTerminal: boolean): boolean {
  if (variable(env, 'NO_COLOR') !== undefined) return false;
  const forced = variable(env, 'FORCE_COLOR');
  return forced === undefined ? isTerminal : forced !== '0';
}
