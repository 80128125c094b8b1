export function decide({ count, input }) {
  if (input === 'undecided') throw new TypeError('cannot decide');
  return input === 'hold' ? [] : [{ add: 1 }];
}