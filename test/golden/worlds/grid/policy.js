/** The shortest way to the goal, keys and doors included: breadth first over places and the keys that are held. */
const MOVES = { north: [-1, 0], east: [0, 1], south: [1, 0], west: [0, -1] };

export function decide({ map, at, keys }) {
  const seen = new Set([nameOf(at, keys)]);
  let edge = [{ at, keys, first: undefined }];
  while (edge.length > 0) {
    const next = [];
    for (const place of edge) {
      for (const [direction, [down, right]] of Object.entries(MOVES)) {
        const to = [place.at[0] + down, place.at[1] + right];
        const tile = map[to[0]]?.[to[1]] ?? '#';
        if (tile === '#' || (/[A-E]/.test(tile) && !place.keys.includes(tile.toLowerCase()))) continue;
        const held = /[a-e]/.test(tile) && !place.keys.includes(tile) ? [...place.keys, tile].sort() : place.keys;
        const first = place.first ?? direction;
        if (tile === 'X') return [{ type: 'move', direction: first }];
        const name = nameOf(to, held);
        if (seen.has(name)) continue;
        seen.add(name);
        next.push({ at: to, keys: held, first });
      }
    }
    edge = next;
  }
  return [];
}

function nameOf([row, column], keys) {
  return `${row},${column},${keys.join('')}`;
}
