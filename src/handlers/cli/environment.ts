/**
 * The environment of a program that calls the API. Apart from `config.ts`, which decodes what a deployment sets for the handlers: a client
 * does not take part in that, and a Lambda does not carry this.
 */
import type { Environment } from '../config';

export function environment(): Environment {
  return process.env;
}

/** A variable that is set to nothing says nothing. */
export function variable(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}
