/**
 * What the stored segments of all sessions come to, counted row by row as they are created. It shares no code with src/: agreement with it is
 * evidence. Whatever breaks a promise of docs/spec.md section 8 throws.
 */
import assert from 'node:assert/strict';

type Row = Readonly<Record<string, unknown>>;
type Counts = Record<string, number>;

interface Kept {
  readonly budget: Counts;
  readonly parent: string | undefined;
  spent: Counts;
  lastHash: string;
  readonly heads: string[];
  readonly children: Map<string, Counts>;
  readonly refunded: Set<string>;
  pending: { readonly index: number; readonly costs: Counts; readonly until: number; readonly name: string } | undefined;
  intents: number;
  acts: number;
  step: number;
  latched: boolean;
  sealed: boolean;
}

export interface Ledger {
  /** A segment that was created. `latestMs`: the latest that any clock has shown. */
  readonly created: (session: string, seq: number, text: string, latestMs: number) => void;
  /** An act that happened, by its id. */
  readonly acted: (operationId: string) => void;
  readonly headsOf: (session: string) => readonly string[];
  readonly sessions: () => readonly string[];
  readonly isSealed: (session: string) => boolean;
  readonly isLatched: (session: string) => boolean;
  /** Children whose grant was taken back. */
  readonly refundedOf: (session: string) => readonly string[];
  /** At the end: everything that the sessions of a tree spent themselves, beside the budget of its root. */
  readonly checkTrees: () => void;
}

export function makeLedger(): Ledger {
  const sessions = new Map<string, Kept>();
  const acts = new Set<string>();

  function of(session: string): Kept {
    const kept = sessions.get(session);
    assert(kept, `session ${session} has no first segment`);
    return kept;
  }

  function open(session: string, row: Row): void {
    const inputs = row['inputs'] as {
      readonly budget: Row;
      readonly parent: { readonly session_id: string; readonly head: string; readonly step: number } | null;
    };
    const budget = countsOf(inputs.budget, 'max_');
    const { parent } = inputs;
    if (parent !== null) {
      const granted = of(parent.session_id).children.get(session);
      assert(granted, 'a child begins before its grant is stored');
      assert.deepEqual(granted, budget, 'a child begins with another budget than its grant');
    }
    sessions.set(session, {
      budget,
      parent: parent?.session_id,
      spent: Object.fromEntries(Object.keys(budget).map((key) => [key, 0])),
      lastHash: '',
      heads: [],
      children: new Map(),
      refunded: new Set(),
      pending: undefined,
      intents: 0,
      acts: 0,
      step: parent?.step ?? 0,
      latched: false,
      sealed: false,
    });
  }

  function charge(kept: Kept, costs: Counts, why: string): void {
    for (const [key, cost] of Object.entries(costs)) {
      if (!(key in kept.budget)) continue;
      kept.spent[key] = (kept.spent[key] ?? 0) + cost;
      const max = kept.budget[key] ?? 0;
      assert((kept.spent[key] ?? 0) <= max, `${why}: ${key} is ${String(kept.spent[key])} of ${String(max)}`);
    }
  }

  function call(kept: Kept, row: Row, latestMs: number): void {
    const { pending } = kept;
    const awaited = pending !== undefined && pending.index === row['index'];
    const error = row['error'] as Row | undefined;
    if (error?.['service'] === 'session') {
      assert(awaited, 'an act of unknown effect that nobody announced');
      assert(latestMs >= pending.until, 'an act is ended while its maker may be at work');
    }
    if (awaited) {
      // The charge of an announced act stays, and what came back is paid beside it.
      charge(kept, { memory_bytes: bytesBack(row) }, 'an answer');
      kept.pending = undefined;
      return;
    }
    assert(pending === undefined, 'a call before the outcome of the act that was announced');
    assert(!isOutside(row), 'an act that leaves the process without an intent');
    charge(kept, { steps: 1, tool_calls: 1, [`tools.${String(row['name'])}`]: 1 }, 'a call');
  }

  function follow(session: string, kept: Kept, row: Row, latestMs: number): void {
    const type = row['type'];
    assert(!kept.sealed, 'a row behind a seal');
    if (kept.latched) assert(['resume', 'refund', 'seal'].includes(String(type)), `a ${String(type)} row behind a breaker that tripped`);
    switch (type) {
      case 'resume': {
        const told = countsOf(row['budget_state'] as Row, '');
        for (const key of Object.keys(kept.budget)) assert.equal(told[key], kept.spent[key], `the tape tells ${key}`);
        assert.deepEqual(
          [...(row['children'] as string[])].sort(),
          [...kept.children.keys()].filter((one) => !kept.refunded.has(one)).sort(),
        );
        assert.equal('pending' in row, kept.pending !== undefined, 'an announced act is forgotten');
        break;
      }
      case 'tool':
      case 'memory':
        call(kept, row, latestMs);
        break;
      case 'intent': {
        assert(kept.pending === undefined, 'an intent behind an intent');
        const costs = countsOf(row['costs'] as Row, '');
        const { name } = row as { readonly name: string };
        const expected = name.startsWith('memory_')
          ? { memory_ops: 1, memory_bytes: bytesOf({ op: name, ...(row['args'] as Row) }), [`tools.${name}`]: 1 }
          : { steps: 1, tool_calls: 1, [`tools.${name}`]: 1 };
        for (const [key, cost] of Object.entries(expected))
          if (key in kept.budget) assert.equal(costs[key], cost, `the intent reserves ${key}`);
        charge(kept, costs, 'an intent');
        kept.pending = { index: row['index'] as number, costs, until: row['until'] as number, name };
        kept.intents += 1;
        break;
      }
      case 'stop':
        if ((row['error'] as Row)['code'] === 'budget_exceeded') kept.latched = true;
        break;
      case 'step':
        assert((row['step_index'] as number) >= kept.step, 'the world goes back');
        kept.step = (row['step_index'] as number) + 1;
        break;
      case 'grant': {
        const { child } = row as { readonly child: string };
        assert(!kept.children.has(child), 'a child is granted twice');
        const granted = countsOf(row['budget'] as Row, 'max_');
        for (const key of Object.keys(kept.budget)) assert(key in granted, `a child that ${key} does not limit`);
        charge(kept, granted, 'a grant');
        kept.children.set(child, granted);
        break;
      }
      case 'refund': {
        const { child } = row as { readonly child: string };
        const granted = kept.children.get(child);
        const below = sessions.get(child);
        assert(granted, 'a refund without a grant');
        assert(!kept.refunded.has(child), 'a grant is taken back twice');
        assert(below?.sealed, 'a refund of a child that may still spend');
        assert.equal(row['head'], below.heads.at(-1), 'a refund names another head than that of the sealed child');
        for (const [key, max] of Object.entries(granted))
          if (key in kept.spent) kept.spent[key] = (kept.spent[key] ?? 0) - (max - (below.spent[key] ?? 0));
        kept.refunded.add(child);
        break;
      }
      case 'seal':
        kept.sealed = true;
        break;
      default:
        assert.equal(type, 'run', `a row of type ${String(type)} in session ${session}`);
    }
  }

  return {
    created: (session, seq, text, latestMs) => {
      const rows = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Row);
      if (seq === 0) open(session, rows[0] ?? {});
      const kept = of(session);
      assert.equal(seq, kept.heads.length, 'a segment is left out');
      for (const [at, row] of rows.entries()) {
        if (seq > 0 || at > 0) assert.equal(row['prev_hash'], kept.lastHash, 'a row that does not follow');
        if (seq > 0 && at === 0) assert.deepEqual([row['type'], row['seq']], ['resume', seq]);
        follow(session, kept, row, latestMs);
        kept.lastHash = String(row['hash']);
      }
      kept.heads.push(`${String(seq)}-${kept.lastHash}`);
    },
    acted: (id) => {
      assert(!acts.has(id), `the act ${id} happens twice`);
      acts.add(id);
      const kept = of(id.slice(0, 32));
      kept.acts += 1;
      assert(kept.acts <= kept.intents, 'an act that is not written ahead');
    },
    headsOf: (session) => sessions.get(session)?.heads ?? [],
    sessions: () => [...sessions.keys()],
    isSealed: (session) => sessions.get(session)?.sealed ?? false,
    isLatched: (session) => sessions.get(session)?.latched ?? false,
    refundedOf: (session) => [...(sessions.get(session)?.refunded ?? [])],
    checkTrees: () => {
      const own = (id: string): Counts => {
        const kept = of(id);
        const total: Counts = { ...kept.spent };
        for (const [child, granted] of kept.children) {
          const below = sessions.has(child) ? own(child) : {};
          for (const key of Object.keys(total)) {
            // What a child was given is replaced by what the tree below it spent.
            const given = kept.refunded.has(child) ? (sessions.get(child)?.spent[key] ?? 0) : (granted[key] ?? 0);
            total[key] = (total[key] ?? 0) - given + (below[key] ?? 0);
          }
        }
        return total;
      };
      for (const [id, kept] of sessions) {
        if (kept.parent !== undefined) continue;
        const spent = own(id);
        for (const [key, max] of Object.entries(kept.budget))
          assert((spent[key] ?? 0) <= max, `the tree of ${id} spent ${String(spent[key])} ${key}`);
      }
    },
  };
}

function isOutside(row: Row): boolean {
  return row['type'] === 'memory' || row['name'] === 'execute_code' || row['name'] === 'propose_plan';
}

function bytesBack(row: Row): number {
  const result = row['result'] as Row | null | undefined;
  return row['op'] === 'memory_get' && result?.['found'] === true ? bytesOf(result['value']) : 0;
}

/** UTF-8 length of the canonical text; the simulation uses ASCII and no number that needs care. */
function bytesOf(value: unknown): number {
  return sorted(value).length;
}

export function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  if (typeof value !== 'object' || value === null) return value === undefined ? '' : JSON.stringify(value);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${sorted(member)}`).join()}}`;
}

/** `{max_steps: 3, tools: {execute: 1}}` and `{steps: 3, ...}` as one flat record. */
function countsOf(row: Row, prefix: string): Counts {
  const counts: Counts = {};
  for (const [key, value] of Object.entries(row)) {
    if (key === 'tools') for (const [tool, count] of Object.entries(value as Counts)) counts[`tools.${tool}`] = count;
    else counts[key.slice(prefix.length)] = value as number;
  }
  return counts;
}
