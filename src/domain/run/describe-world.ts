/** What the file of a world says of itself for a report. Its code is loaded in the sandbox, within the limits of any world, and nothing of it is called. */
import { isLeft } from 'fp-ts/Either';
import type { Problem } from '../codec/problem';
import { chartsOf } from './chart-codec';
import { loadWorld } from '../world/file/definition';
import { WORLD_MEMORY_BYTES_DEFAULT } from '../world/file/limits';
import type { DescribeWorld } from './read-page';
import type { OpenSandbox } from './retake-world';

export function describeWith(open: OpenSandbox): DescribeWorld {
  return async (source) => {
    const loaded = loadWorld(await open(), source, WORLD_MEMORY_BYTES_DEFAULT);
    if (isLeft(loaded)) return { name: 'world.js', version: '', charts: [], fault: firstOf(loaded.left, 'it cannot be loaded') };
    const { meta } = loaded.right;
    const { name, version } = meta;
    const charts = chartsOf(meta);
    return isLeft(charts)
      ? { name, version, charts: [], fault: firstOf(charts.left, 'its charts cannot be drawn') }
      : { name, version, charts: charts.right };
  };
}

function firstOf([first]: readonly Problem[], otherwise: string): string {
  if (first === undefined) return otherwise;
  return first.pointer === '' ? first.message : `meta ${first.pointer}: ${first.message}`;
}
