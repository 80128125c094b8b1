/**
 * A small game for tests of agents: one move a step on a map with walls (#), keys (a to e), doors (A to E, which take their key) and a goal (X).
 * It takes no inputs. A map is a parameter; the start is @.
 */
export const meta = {
  name: 'grid',
  version: '1.0.0',
  description: 'A map with walls, keys, doors and a goal.',
  charts: [{ title: 'Moves', lines: ['/totals/moves', '/totals/keys'] }],
};

const MAP = ['#########', '#@..#..a#', '#.#.#.#.#', '#.#...#.#', '#.###.#.#', '#..b#...#', '###A#####', '#...B..X#', '#########'];
const MOVES = { north: [-1, 0], east: [0, 1], south: [1, 0], west: [0, -1] };
const SIDE_MOST = 64;

export function init({ map = MAP, moves_most = 200 }) {
  if (!Array.isArray(map) || map.length === 0 || map.length > SIDE_MOST) throw new Error(`/map: expected 1 to ${SIDE_MOST} lines`);
  for (const [row, line] of map.entries()) {
    if (typeof line !== 'string' || line.length !== map[0].length || line.length > SIDE_MOST) throw new Error(`/map/${row}: expected a line as long as the first`);
    if (/[^#.@Xa-eA-E]/.test(line)) throw new Error(`/map/${row}: expected # . @ X, a to e and A to E`);
  }
  const at = find(map, '@');
  if (at === undefined || find(map, 'X') === undefined) throw new Error('/map: expected one @ and an X');
  if (!Number.isInteger(moves_most) || moves_most < 1) throw new Error('/moves_most: expected 1 or more');
  return { map, at, keys: [], moves: 0, moves_most, won: false };
}

function find(map, tile) {
  for (const [row, line] of map.entries()) {
    const column = line.indexOf(tile);
    if (column !== -1) return [row, column];
  }
  return undefined;
}

/** What stands at a place: nothing outside the map. A key that was taken is gone. */
function tileAt(state, [row, column]) {
  const tile = state.map[row]?.[column] ?? '#';
  return state.keys.includes(tile) ? '.' : tile;
}

function ahead({ at: [row, column] }, direction) {
  const [down, right] = MOVES[direction];
  return [row + down, column + right];
}

function isOpen(state, place) {
  const tile = tileAt(state, place);
  return tile !== '#' && (!/[A-E]/.test(tile) || state.keys.includes(tile.toLowerCase()));
}

export function legal(state) {
  return Object.keys(MOVES)
    .filter((direction) => isOpen(state, ahead(state, direction)))
    .map((direction) => ({ type: 'move', direction }));
}

export function observe({ map, at, keys, moves, moves_most }) {
  return { map, at, keys, moves, moves_most };
}

export function step(state, actions) {
  if (actions.length > 1) return { refused: { action_index: 1, code: 'one_action', message: 'one move a step' } };
  const [action] = actions;
  if (action !== undefined) {
    if (action?.type !== 'move' || !Object.hasOwn(MOVES, action.direction)) {
      return { refused: { code: 'unknown_action', message: `expected {"type":"move","direction"}, one of ${Object.keys(MOVES).join(', ')}` } };
    }
    const place = ahead(state, action.direction);
    if (!isOpen(state, place)) {
      const what = /[A-E]/.test(tileAt(state, place)) ? 'a locked door' : 'a wall';
      return { refused: { code: 'blocked', message: `${what} is to the ${action.direction}` } };
    }
    const tile = tileAt(state, place);
    if (/[a-e]/.test(tile)) state.keys.push(tile);
    state.at = place;
    state.moves += 1;
    state.won = tile === 'X';
  }
  return { state, totals: { moves: state.moves, keys: state.keys.length, won: state.won ? 1 : 0 } };
}

export function invariants(state) {
  return [...(tileAt(state, state.at) === '#' ? ['nobody stands in a wall'] : []), ...(state.moves > state.moves_most ? ['no more moves than allowed'] : [])];
}

/** Moves that were left when the goal was reached; nothing before that. */
export function score(state) {
  return state.won ? state.moves_most - state.moves : 0;
}

export function done(state) {
  return state.won || state.moves >= state.moves_most;
}
