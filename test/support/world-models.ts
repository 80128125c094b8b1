/**
 * The worlds that ship, written again, slowly, from their READMEs: integers and bigint, no code of theirs and none of src/. A model answers what
 * the totals of each step are, and what the state comes to. Amounts are in units of 10^-8.
 */

type Action = Readonly<Record<string, unknown>>;
export type Totals = Readonly<Record<string, number | string>>;

/** One step: the totals after it, or the code of why it is refused. */
export type ModelStep = (actions: readonly Action[], input: Readonly<Record<string, unknown>>) => Totals | { readonly refused: string };

export function money(units: bigint): string {
  const magnitude = units < 0n ? -units : units;
  const digits = magnitude.toString().padStart(9, '0');
  const [whole, fraction] = [digits.slice(0, -8), digits.slice(-8).replace(/0+$/, '')];
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

const CENT = 1_000_000n;

// ---- inventory ----

interface Product {
  readonly cost: bigint;
  readonly price: bigint;
  readonly lead: number;
  readonly shelf: number;
}

const PRODUCTS: Readonly<Record<string, Product>> = {
  cola: { cost: 80n * CENT, price: 200n * CENT, lead: 2, shelf: 60 },
  crisps: { cost: 60n * CENT, price: 150n * CENT, lead: 3, shelf: 30 },
  sandwich: { cost: 190n * CENT, price: 450n * CENT, lead: 1, shelf: 3 },
};

/** Every unit is an entry of its own: when it arrives, and the last day on which it sells. */
interface Unit {
  readonly sku: string;
  readonly arrives: number;
}

export function modelInventory(): ModelStep {
  let [day, cash, sold, missed, spoiled] = [0, 50_000n * CENT, 0, 0, 0];
  let units: Unit[] = [];
  const product = (sku: string): Product => PRODUCTS[sku] as Product;
  return (actions, { demand }) => {
    let left = cash;
    let ordered: Unit[] = [];
    for (const { type, sku, quantity } of actions) {
      if (type !== 'order') return { refused: 'unknown_action' };
      if (typeof sku !== 'string' || !Object.hasOwn(PRODUCTS, sku)) return { refused: 'unknown_product' };
      if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 1) return { refused: 'invalid_quantity' };
      if (units.length + ordered.length + quantity > 400) return { refused: 'storage_full' };
      const due = product(sku).cost * BigInt(quantity) + 500n * CENT;
      if (due > left) return { refused: 'insufficient_cash' };
      left -= due;
      ordered = [...ordered, ...Array.from({ length: quantity }, () => ({ sku, arrives: day + product(sku).lead }))];
    }
    cash = left;
    units = [...units, ...ordered];
    for (const sku of Object.keys(PRODUCTS)) {
      const wanted = (demand as Readonly<Record<string, number>>)[sku] ?? 0;
      // What came first goes first.
      const here = units.filter((unit) => unit.sku === sku && unit.arrives <= day).sort((a, b) => a.arrives - b.arrives);
      const going = here.slice(0, wanted);
      units = units.filter((unit) => !going.includes(unit));
      cash += product(sku).price * BigInt(going.length);
      sold += going.length;
      missed += wanted - going.length;
      const off = units.filter((unit) => unit.sku === sku && unit.arrives <= day && unit.arrives + product(sku).shelf <= day + 1);
      spoiled += off.length;
      units = units.filter((unit) => !off.includes(unit));
    }
    if (cash >= 1200n * CENT) cash -= 1200n * CENT;
    const worth = units.reduce((sum, { sku }) => sum + product(sku).cost, cash);
    const in_stock = units.filter(({ arrives }) => arrives <= day).length;
    day += 1;
    return { cash: money(cash), worth: money(worth), in_stock, sold, missed, spoiled };
  };
}

// ---- capacity ----

export function modelCapacity(): ModelStep {
  const [each, most] = [600, 50];
  // The minute from which a replica serves; they are let go from the last one.
  let replicas: number[] = [0, 0];
  let [minute, backlog, last, late, cost] = [0, 0, 0, 0, 0n];
  return (actions, { load }) => {
    if (actions.length > 1) return { refused: 'one_action' };
    for (const { type, replicas: wanted } of actions) {
      if (type !== 'scale' || typeof wanted !== 'number' || !Number.isInteger(wanted) || wanted < 1) return { refused: 'unknown_action' };
      if (wanted > most) return { refused: 'too_many' };
      const least = Math.min(most, Math.max(1, Math.ceil((last + backlog) / each)));
      if (wanted < replicas.length && wanted < least) return { refused: 'slo_at_risk' };
      replicas = replicas.slice(0, wanted);
      while (replicas.length < wanted) replicas.push(minute + 3);
    }
    const running = replicas.filter((from) => from <= minute).length;
    const waiting = (load as number) + backlog;
    const served = Math.min(waiting, running * each);
    backlog = waiting - served;
    last = load as number;
    if (backlog > 1200) late += 1;
    cost += 210_000n * BigInt(replicas.length);
    minute += 1;
    return { load: last, served, backlog, running, starting: replicas.length - running, late_minutes: late, cost: money(cost) };
  };
}

// ---- grid ----

const MAP = ['#########', '#@..#..a#', '#.#.#.#.#', '#.#...#.#', '#.###.#.#', '#..b#...#', '###A#####', '#...B..X#', '#########'];

export function modelGrid(): ModelStep {
  let [x, y, moves] = [1, 1, 0];
  const held = new Set<string>();
  return (actions) => {
    if (actions.length > 1) return { refused: 'one_action' };
    const [action] = actions;
    if (action !== undefined) {
      if (action['type'] !== 'move') return { refused: 'unknown_action' };
      let [toX, toY] = [x, y];
      if (action['direction'] === 'north') toY -= 1;
      else if (action['direction'] === 'south') toY += 1;
      else if (action['direction'] === 'east') toX += 1;
      else if (action['direction'] === 'west') toX -= 1;
      else return { refused: 'unknown_action' };
      const tile = MAP[toY]?.charAt(toX) ?? '#';
      if (tile === '#') return { refused: 'blocked' };
      if ('ABCDE'.includes(tile) && !held.has(tile.toLowerCase())) return { refused: 'blocked' };
      if ('abcde'.includes(tile)) held.add(tile);
      [x, y, moves] = [toX, toY, moves + 1];
    }
    return { moves, keys: held.size, won: MAP[y]?.charAt(x) === 'X' ? 1 : 0 };
  };
}

export const MODELS = { inventory: modelInventory, capacity: modelCapacity, grid: modelGrid } as const;
