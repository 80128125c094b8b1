/** Inputs of a world file that are at hand: values, or none at all for so many steps. */
import { right } from 'fp-ts/Either';
import { canonical, type Json } from '../../domain/canonical/canonical';
import type { WorldInputLines } from '../../ports/world-inputs';

const LINES_PER_READ = 1_000;

export function makeWorldInputs(count: number, inputAt: (step: number) => Json = () => null): WorldInputLines {
  let next = 0;
  return {
    read: () => () => {
      const lines: string[] = [];
      for (; next < count && lines.length < LINES_PER_READ; next += 1) lines.push(`${canonical(inputAt(next))}\n`);
      return Promise.resolve(right(lines.join('')));
    },
    close: () => Promise.resolve(),
  };
}
