/**
 * The Informal Trace Format, for Quint and TLA+: a state a row of the tape, with what was spent, where the world is and what happened. Integers are big
 * integers and objects with keys of any name are maps, as the format wants; amounts stay the decimal texts that they are.
 */
import type { Row } from '../../../domain/tape/chain';
import { makeSpending } from '../../../domain/report/spending';
import { record } from './record';
import { makeItems, text, type Trace } from './trace';

const VARS = ['row', 'kind', 'name', 'ok', 'step', 'decision', 'cash', 'positions', 'spent', 'sealed'] as const;

export function makeItf(): Trace {
  const items = makeItems();
  const spending = makeSpending();
  const positions = new Map<string, string>();
  let cash = '';
  let step = 0;

  function state(row: Row, index: number): object {
    const spent = spending.next(row);
    const delta = record(row['state_delta']);
    const after = (change: unknown): string | undefined => {
      const value = record(change)['after'];
      return typeof value === 'string' ? value : undefined;
    };
    cash = after(delta['cash']) ?? cash;
    for (const [symbol, change] of Object.entries(record(delta['positions']))) {
      const quantity = after(change) ?? '0';
      if (quantity === '0') positions.delete(symbol);
      else positions.set(symbol, quantity);
    }
    if (typeof row['step_index'] === 'number') step = row['step_index'] + 1;
    return {
      '#meta': { index, hash: row['hash'] },
      row: integer(index),
      kind: text(row['type']),
      name: text(row['name'] ?? row['op']),
      ok: row['ok'] !== false && row['type'] !== 'stop',
      step: integer(step),
      decision: text(row['decision']),
      cash,
      positions: { '#map': [...positions] },
      spent: { '#map': Object.entries(flat({ ...spent })).map(([name, amount]) => [name, integer(amount)]) },
      sealed: row['type'] === 'seal',
    };
  }

  return {
    open: (run) => {
      const initial = record(record(run['inputs'])['initial_state']);
      cash = text(initial['cash']);
      for (const [symbol, quantity] of Object.entries(record(initial['positions']))) positions.set(symbol, text(quantity));
      return `{"vars":${JSON.stringify(VARS)},"states":[\n${items([state(run, 0)])}`;
    },
    row: (row, index) => items([state(row, index)]),
    close: ({ headHash, sealed }) => {
      const meta = {
        format: 'ITF',
        'format-description': 'https://apalache-mc.org/docs/adr/015adr-trace.html',
        source: 'tape.jsonl',
        head_hash: headHash,
        sealed,
      };
      return `\n],"#meta":${JSON.stringify(meta)}}\n`;
    },
  };
}

function integer(value: number): { readonly '#bigint': string } {
  return { '#bigint': String(value) };
}

/** Counts by name: those of single tools as `tools.name`. */
function flat(spent: Readonly<Record<string, unknown>>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [name, amount] of Object.entries(spent)) {
    if (typeof amount === 'number') counts[name] = amount;
    else for (const [tool, calls] of Object.entries(record(amount))) counts[`${name}.${tool}`] = typeof calls === 'number' ? calls : 0;
  }
  return counts;
}
