/** Artifacts held by this process: for tests, and for runs whose files nobody will ask for. */
import { isLeft, left, right } from 'fp-ts/Either';
import type { ArtifactStore } from '../../ports/artifact-store';
import type { DeadlineExceeded } from '../../ports/dependency';
import { checkFolder, checkKey } from '../artifact-key';
import { putFolderBy } from '../put-folder';
import { isOver } from './clock';

export function makeMemoryArtifactStore(): ArtifactStore {
  const artifacts = new Map<string, Uint8Array>();
  const put: ArtifactStore['put'] = (artifact, deadline) => () => {
    const key = checkKey(artifact.key);
    if (isLeft(key)) return Promise.resolve(key);
    if (isOver(deadline)) return Promise.resolve(left(over('put')));
    const there = artifacts.get(artifact.key);
    if (there !== undefined) {
      const same = Buffer.compare(there, artifact.bytes) === 0;
      return Promise.resolve(same ? right('unchanged') : left({ _tag: 'ArtifactConflict', key: artifact.key }));
    }
    // Copied in and out: what the caller does to its bytes later does not reach the artifact.
    artifacts.set(artifact.key, artifact.bytes.slice());
    return Promise.resolve(right('written'));
  };
  return {
    location: 'memory',
    put,
    putFolder: putFolderBy(put),
    get: (key, deadline) => () => {
      const checked = checkKey(key);
      if (isLeft(checked)) return Promise.resolve(checked);
      if (isOver(deadline)) return Promise.resolve(left(over('get')));
      const bytes = artifacts.get(key);
      return Promise.resolve(bytes === undefined ? left({ _tag: 'NotFound', key }) : right(bytes.slice()));
    },
    list: (folder, deadline) => () => {
      const checked = checkFolder(folder);
      if (isLeft(checked)) return Promise.resolve(checked);
      if (isOver(deadline)) return Promise.resolve(left(over('list')));
      const names = new Set<string>();
      for (const key of artifacts.keys()) if (key.startsWith(folder)) names.add(firstSegment(key.slice(folder.length)));
      return Promise.resolve(right([...names].sort()));
    },
  };
}

function firstSegment(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? path : path.slice(0, slash + 1);
}

function over(operation: string): DeadlineExceeded {
  return { _tag: 'DeadlineExceeded', service: 'memory', operation, effect: 'none' };
}
