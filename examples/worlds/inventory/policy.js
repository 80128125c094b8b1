/** An (s, S) policy: where stock and orders of a product fall to s, order up to S, as far as storage and cash go. */
const LEVELS = { cola: [40, 120], crisps: [25, 80], sandwich: [10, 18] };
/** Days of rent that are not spent on stock. */
const RESERVE = '60';

export function decide(observation) {
  const actions = [];
  let { storage_left: room } = observation;
  let money = decimal.sub(observation.cash, RESERVE);
  for (const [sku, { cost }] of Object.entries(observation.products)) {
    const [low, high] = LEVELS[sku] ?? [10, 30];
    const position = observation.in_stock[sku] + observation.ordered[sku];
    const budget = decimal.sub(money, observation.delivery_fee);
    if (position > low || decimal.lt(budget, cost)) continue;
    const quantity = Math.min(high - position, room, decimal.toInteger(decimal.div(budget, decimal.add(cost, '0.00000001'))));
    if (quantity < 1) continue;
    actions.push({ type: 'order', sku, quantity });
    room -= quantity;
    money = decimal.sub(budget, decimal.mul(cost, quantity));
  }
  return actions;
}
