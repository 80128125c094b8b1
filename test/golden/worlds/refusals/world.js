
export const meta = { name: 'refusals', version: '1.0.0', charts: [{ title: 'Count', lines: ['/totals/count'] }] };
export const init = ({ start }) => ({ count: start, drawn: [] });
export const legal = () => [{ add: 1 }];
export const observe = (state, input) => ({ count: state.count, input });
export const invariants = ({ count }) => (count > 100 ? ['count is at most 100'] : []);
export const score = ({ count }) => decimal.div(count, 3);
export function step(state, actions, input) {
  switch (input) {
    case 'throw': throw new RangeError('out of days');
    case 'spin': for (;;);
    case 'fill': { const all = []; for (;;) all.push(1, 2, 3, 4, 5, 6, 7, 8); }
    case 'fall': return JSON.parse('['.repeat(1e5));
    case 'nothing': return { state: { count: undefined, drawn: [NaN] } };
    case 'promise': return Promise.resolve({ state });
    case 'large': return { state: { ...state, drawn: ['x'.repeat(5000)] } };
    case 'invariant': return { state: { ...state, count: 101 } };
    case 'refuse': return { refused: [{ action_index: 0, code: 'closed', message: 'not on Sundays | and <not> today' }] };
    case 'draw': state.drawn = [random(), randomInteger(1, 6)]; break;
  }
  for (const { add } of actions) state.count += add;
  return { state, totals: { count: state.count, 'Größe 🕓': decimal.mul(state.count, '0.1') } };
}