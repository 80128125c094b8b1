/**
 * A vending business, a day a step: stock is ordered, arrives after its lead time, sells first in first out, and spoils. Every day costs rent;
 * ten days of unpaid rent in a row end the business. Money is exact.
 */
export const meta = {
  name: 'inventory',
  version: '1.0.0',
  description: 'A vending business: demand, orders with lead time, storage, cash, spoilage.',
  charts: [
    { title: 'Cash and worth', lines: ['/totals/cash', '/totals/worth'] },
    { title: 'Units', lines: ['/totals/in_stock', '/totals/sold', '/totals/missed', '/totals/spoiled'] },
  ],
};

const UNPAID_DAYS_MAX = 10;

export function init(params) {
  const products = params.products ?? {
    cola: { cost: '0.8', price: '2', lead_days: 2, shelf_days: 60 },
    crisps: { cost: '0.6', price: '1.5', lead_days: 3, shelf_days: 30 },
    sandwich: { cost: '1.9', price: '4.5', lead_days: 1, shelf_days: 3 },
  };
  for (const [sku, { cost, price, lead_days, shelf_days }] of Object.entries(products)) {
    if (decimal.lte(cost, 0) || decimal.lte(price, 0)) throw new Error(`/products/${sku}: cost and price are above 0`);
    if (!Number.isInteger(lead_days) || lead_days < 1) throw new Error(`/products/${sku}/lead_days: expected 1 or more days`);
    if (!Number.isInteger(shelf_days) || shelf_days < 1) throw new Error(`/products/${sku}/shelf_days: expected 1 or more days`);
  }
  return {
    day: 0,
    cash: decimal.of(params.cash ?? '500'),
    storage: params.storage ?? 400,
    rent: decimal.of(params.rent ?? '12'),
    delivery_fee: decimal.of(params.delivery_fee ?? '5'),
    unpaid_days: 0,
    products,
    // Of each product, what is there: units and the day on which they spoil, oldest first.
    stock: Object.fromEntries(Object.keys(products).map((sku) => [sku, []])),
    orders: [],
    sold: 0,
    missed: 0,
    spoiled: 0,
  };
}

/** What could be ordered now: of each product one unit, and as many as storage and cash allow. */
export function legal(state) {
  const actions = [];
  for (const [sku, { cost }] of Object.entries(state.products)) {
    const money = decimal.sub(state.cash, state.delivery_fee);
    const most = Math.min(state.storage - held(state), decimal.lt(money, cost) ? 0 : decimal.toInteger(decimal.div(money, cost)));
    // `div` rounds: one less where the last unit would not be covered.
    const covered = most > 0 && decimal.gt(decimal.mul(cost, most), money) ? most - 1 : most;
    if (covered >= 1) actions.push({ type: 'order', sku, quantity: 1 });
    if (covered >= 2) actions.push({ type: 'order', sku, quantity: covered });
  }
  return actions;
}

export function observe(state, input) {
  return {
    date: input.date,
    day: state.day,
    cash: state.cash,
    storage_left: state.storage - held(state),
    products: state.products,
    in_stock: Object.fromEntries(Object.keys(state.products).map((sku) => [sku, units(state.stock[sku])])),
    ordered: Object.fromEntries(Object.keys(state.products).map((sku) => [sku, ordered(state, sku)])),
    delivery_fee: state.delivery_fee,
    unpaid_days: state.unpaid_days,
  };
}

/** `input`: `{date, demand: {sku: units}}`. Demand is known when the day is over, and not to whoever orders. */
export function step(state, actions, input) {
  const refused = [];
  for (const [index, action] of actions.entries()) {
    const no = order(state, action);
    if (no !== undefined) refused.push({ action_index: index, ...no });
    if (refused.length > 0) return { refused };
  }
  const today = state.day;
  for (const { sku, quantity } of state.orders.filter(({ arrives }) => arrives === today)) {
    state.stock[sku].push([quantity, today + state.products[sku].shelf_days]);
  }
  state.orders = state.orders.filter(({ arrives }) => arrives !== today);

  for (const [sku, { price }] of Object.entries(state.products)) {
    const wanted = input.demand[sku] ?? 0;
    const sold = take(state.stock[sku], wanted);
    state.cash = decimal.add(state.cash, decimal.mul(price, sold));
    state.sold += sold;
    state.missed += wanted - sold;
    const fresh = state.stock[sku].filter(([, spoils]) => spoils > today + 1);
    state.spoiled += units(state.stock[sku]) - units(fresh);
    state.stock[sku] = fresh;
  }
  if (decimal.lt(state.cash, state.rent)) state.unpaid_days += 1;
  else {
    state.cash = decimal.sub(state.cash, state.rent);
    state.unpaid_days = 0;
  }
  state.day = today + 1;
  const { cash, sold, missed, spoiled } = state;
  const in_stock = Object.values(state.stock).reduce((sum, lots) => sum + units(lots), 0);
  return { state, totals: { cash, worth: worth(state), in_stock, sold, missed, spoiled } };
}

export function invariants(state) {
  const broken = [];
  if (decimal.lt(state.cash, 0)) broken.push('cash is not negative');
  if (held(state) > state.storage) broken.push('what is held and ordered fits into storage');
  for (const [sku, lots] of Object.entries(state.stock)) {
    if (lots.some(([quantity]) => !Number.isInteger(quantity) || quantity < 1)) broken.push(`lots of ${sku} are whole units`);
  }
  return broken;
}

/** Cash, and what is held and ordered at cost. */
export function score(state) {
  return worth(state);
}

export function done(state) {
  return state.unpaid_days >= UNPAID_DAYS_MAX;
}

/** Pays for an order and books it; or says why not. */
function order(state, action) {
  if (action === null || typeof action !== 'object' || action.type !== 'order') {
    return { code: 'unknown_action', message: 'expected {"type":"order","sku","quantity"}' };
  }
  const { sku, quantity } = action;
  if (!Object.hasOwn(state.products, sku)) return { code: 'unknown_product', message: `there is no product ${String(sku)}` };
  if (!Number.isInteger(quantity) || quantity < 1) return { code: 'invalid_quantity', message: 'quantity: expected 1 or more whole units' };
  const left = state.storage - held(state);
  if (quantity > left) return { code: 'storage_full', message: `${quantity} units, there is room for ${left}` };
  const { cost, lead_days } = state.products[sku];
  const price = decimal.add(decimal.mul(cost, quantity), state.delivery_fee);
  if (decimal.gt(price, state.cash)) return { code: 'insufficient_cash', message: `${price} to pay, there is ${state.cash}` };
  state.cash = decimal.sub(state.cash, price);
  state.orders.push({ sku, quantity, arrives: state.day + lead_days });
  return undefined;
}

function units(lots) {
  return lots.reduce((sum, [quantity]) => sum + quantity, 0);
}

function ordered(state, sku) {
  return state.orders.reduce((sum, one) => (one.sku === sku ? sum + one.quantity : sum), 0);
}

/** In stock and on the way: an order has its place before it comes. */
function held(state) {
  return Object.keys(state.products).reduce((sum, sku) => sum + units(state.stock[sku]) + ordered(state, sku), 0);
}

function worth(state) {
  let sum = state.cash;
  for (const [sku, { cost }] of Object.entries(state.products)) {
    sum = decimal.add(sum, decimal.mul(cost, units(state.stock[sku]) + ordered(state, sku)));
  }
  return sum;
}

/** Takes up to so many units from the oldest lots; answers how many. */
function take(lots, wanted) {
  let left = wanted;
  while (left > 0 && lots.length > 0) {
    const some = Math.min(left, lots[0][0]);
    lots[0][0] -= some;
    left -= some;
    if (lots[0][0] === 0) lots.shift();
  }
  return wanted - left;
}
