/** What a JSON document seems to be: a file in the place of another one is told as that, and not field by field. */
import { isRecord } from './codec';
import type { Problem } from './problem';

/** Members that no other kind has; the first kind that has all of them is it. */
const KINDS: readonly (readonly [kind: string, members: readonly string[]])[] = [
  ['the run.json of a finished run', ['genesis', 'digests']],
  ['a row of a tape or ledger', ['prev_hash', 'type']],
  ['a request for the API', ['tool_plan']],
  ['a request for the API', ['requests']],
  ['a strategy', ['rules']],
  ['a strategy', ['universe', 'sizing']],
  ['a market path', ['steps', 'symbols']],
  ['a policy', ['risk_limits']],
  ['a policy', ['policy_id']],
  ['a budget', ['max_steps']],
];

/** The one problem of a document that is clearly of another kind than was expected; else nothing. */
export function otherKind(value: unknown, expected: 'a strategy' | 'a policy' | 'a market path'): Problem | undefined {
  if (!isRecord(value)) return undefined;
  const found = KINDS.find(([, members]) => members.every((member) => Object.hasOwn(value, member)))?.[0];
  return found === undefined || found === expected ? undefined : { pointer: '', message: `this is ${found}, not ${expected}` };
}
