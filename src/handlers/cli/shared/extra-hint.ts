/** What can be done about files that are no part of a run. */
import type { Divergence } from '../../../domain/run/divergence';

export function extraHint({ extra }: Pick<Divergence, 'extra'>): readonly string[] {
  if (extra === undefined) return [];
  return [
    `  Move ${extra.length === 1 ? 'it' : 'them'} elsewhere, or prove the run beside ${extra.length === 1 ? 'it' : 'them'} with --allow-extra.`,
  ];
}
