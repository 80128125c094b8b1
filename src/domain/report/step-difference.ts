/**
 * How two rows of the same step differ, causes before effects: what the market said, what the rules made of it, what there was to spend, what
 * sizing and verification let through, and what came of it.
 */
import { isRecord } from '../codec/codec';
import type { Row } from '../tape/chain';
import { clip, jsonDifferences, jsonText, sameJson } from './json-difference';

export interface StepDifference {
  /** In order of cause. */
  readonly pointers: readonly string[];
  /** One sentence on the first of them. */
  readonly why: string;
}

interface Cause {
  readonly pointer: string;
  /** What of the row it looks at, where that is not simply the member. */
  readonly read: (row: Row) => unknown;
  readonly sentence: (a: unknown, b: unknown) => string;
}

const POINTERS_MAX = 50;

const member = (name: string): Pick<Cause, 'pointer' | 'read'> => ({ pointer: `/${name}`, read: (row) => row[name] });

const CAUSES: readonly Cause[] = [
  { ...member('prices'), sentence: (a, b) => `the prices differ: ${membersText(a, b)}` },
  { ...member('input'), sentence: (a, b) => `the inputs differ: ${sides(a, b)}` },
  { ...member('time'), sentence: (a, b) => `the times differ: ${sides(a, b)}` },
  { ...member('signals'), sentence: (a, b) => `other signals at the same prices: ${membersText(a, b)}` },
  { ...member('rationales'), sentence: (a, b) => `the same signals for other reasons: ${membersText(a, b)}` },
  { pointer: '/state_delta', read: stateBefore, sentence: (a, b) => `another state before the step: ${membersText(a, b)}` },
  { ...member('skipped'), sentence: (a, b) => `sizing skipped other signals: ${sides(a, b)}` },
  { ...member('actions'), sentence: (a, b) => `other actions from the same signals: ${actionsText(a)} in A, ${actionsText(b)} in B` },
  {
    ...member('verifier_errors'),
    sentence: (a, b) => `verification said something else of the same actions: ${codesText(a)} in A, ${codesText(b)} in B`,
  },
  { ...member('decision'), sentence: (a, b) => `another decision: ${sides(a, b)}` },
  { ...member('why'), sentence: (a, b) => `the same decision for another reason: ${sides(a, b)}` },
  { ...member('state_delta'), sentence: (a, b) => `the same actions left another state: ${membersText(a, b)}` },
  { ...member('totals'), sentence: (a, b) => `the same actions came to other totals: ${membersText(a, b)}` },
  { ...member('changes'), sentence: () => 'the same actions changed other parts of the state' },
  { ...member('fuel'), sentence: (a, b) => `the world took other fuel: ${sides(a, b)}` },
  { ...member('state_hash'), sentence: () => 'the hashes of the state differ' },
];

/** Nothing where the two rows say the same; their hashes may differ all the same. */
export function stepDifference(a: Row, b: Row): StepDifference | undefined {
  const pointers: string[] = [];
  let why: string | undefined;
  for (const { pointer, read, sentence } of CAUSES) {
    const [left, right] = [read(a), read(b)];
    if (sameJson(left, right)) continue;
    why ??= sentence(left, right);
    for (const difference of jsonDifferences(left, right, pointer, isRecord(left) && isRecord(right) ? 1 : 0)) {
      if (pointers.length < POINTERS_MAX && !pointers.includes(difference.pointer)) pointers.push(difference.pointer);
    }
  }
  return why === undefined ? undefined : { pointers, why };
}

/** What is done, in a few words: `APPROVED BUY 1 AAPL`. */
export function decisionText(row: Row): string {
  const decision = typeof row['decision'] === 'string' ? row['decision'] : 'no decision';
  const actions = Array.isArray(row['actions']) && row['actions'].length > 0 ? ` ${actionsText(row['actions'])}` : '';
  return clip(decision + actions);
}

/** The `before` of every amount; of positions, those that the step changed. */
function stateBefore(row: Row): unknown {
  const delta = row['state_delta'];
  if (!isRecord(delta)) return undefined;
  const before: [string, unknown][] = ['cash', 'equity', 'exposure'].map((name) => [
    name,
    isRecord(delta[name]) ? delta[name]['before'] : undefined,
  ]);
  return Object.fromEntries(before.filter(([, value]) => value !== undefined));
}

function membersText(a: unknown, b: unknown): string {
  const [first, ...more] = jsonDifferences(a, b, '', 1);
  if (first === undefined) return sides(a, b);
  const name = first.pointer.slice(1);
  const rest = more.length === 0 ? '' : `, and ${String(more.length)} more`;
  return `${name === '' ? '' : `${clip(name)} `}${first.a ?? 'nothing'} in A, ${first.b ?? 'nothing'} in B${rest}`;
}

function sides(a: unknown, b: unknown): string {
  return `${jsonText(a) ?? 'nothing'} in A, ${jsonText(b) ?? 'nothing'} in B`;
}

function actionsText(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return 'none';
  const words = value.slice(0, 5).map((action: unknown) => {
    if (!isRecord(action)) return '?';
    if (action['type'] !== 'PlaceSell' && action['type'] !== 'PlaceBuy') return jsonText(action) ?? '?';
    return `${action['type'] === 'PlaceSell' ? 'SELL' : 'BUY'} ${textOf(action['quantity'])} ${textOf(action['symbol'])}`;
  });
  return clip(words.join(', ') + (value.length > 5 ? `, and ${String(value.length - 5)} more` : ''));
}

function codesText(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return 'passed';
  return clip(value.map((error: unknown) => (isRecord(error) ? textOf(error['code']) : '?')).join(', '));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}
