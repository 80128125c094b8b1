import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFilesystemArtifactStore } from '../../src/adapters/filesystem/artifact-store';
import { noDeadline } from '../../src/adapters/in-process/clock';
import type { Artifact } from '../../src/ports/artifact-store';
import { describeArtifactStoreContract } from '../contracts/artifact-store';
import { leftOf, rightOf } from '../support/task';

describeArtifactStoreContract('filesystem', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-artifacts-'));
  return {
    store: makeFilesystemArtifactStore({ directory: join(directory, 'made', 'later') }),
    close: () => rm(directory, { recursive: true }),
  };
});

describe('filesystem artifact store', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ewm-artifacts-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const artifact = (key: string, content = 'content'): Artifact => ({ key, bytes: Buffer.from(content), contentType: 'text/plain' });

  it('leaves exactly the file, byte for byte', async () => {
    const store = makeFilesystemArtifactStore({ directory });
    await rightOf(store.put(artifact('artifacts/run/tape.jsonl'), noDeadline));
    await rightOf(store.put(artifact('artifacts/run/tape.jsonl'), noDeadline));
    await leftOf(store.put(artifact('artifacts/run/tape.jsonl', 'other'), noDeadline));
    expect(await readdir(join(directory, 'artifacts', 'run'))).toEqual(['tape.jsonl']);
    expect(await readFile(join(directory, 'artifacts', 'run', 'tape.jsonl'), 'utf8')).toBe('content');
  });

  it('makes a folder of files at once, and leaves nothing beside it, also where the name is taken', async () => {
    const store = makeFilesystemArtifactStore({ directory });
    const run = [artifact('artifacts/run/tape.jsonl'), artifact('artifacts/run/run.json')];
    expect(await rightOf(store.putFolder(run, noDeadline))).toBe('written');
    expect(await rightOf(store.putFolder(run, noDeadline))).toBe('unchanged');
    // A file where the folder should be, and a folder that somebody made and left empty.
    await writeFile(join(directory, 'artifacts', 'file'), '');
    const below = [artifact('artifacts/file/tape.jsonl'), artifact('artifacts/file/run.json')];
    expect(await leftOf(store.putFolder(below, noDeadline))).toEqual({ _tag: 'ArtifactConflict', key: 'artifacts/file/tape.jsonl' });
    await mkdir(join(directory, 'artifacts', 'empty'));
    const empty = [artifact('artifacts/empty/tape.jsonl'), artifact('artifacts/empty/run.json')];
    expect(await rightOf(store.putFolder(empty, noDeadline))).toBe('written');
    expect((await readdir(directory, { recursive: true })).sort()).toEqual(
      ['artifacts', 'artifacts/empty', 'artifacts/empty/run.json', 'artifacts/empty/tape.jsonl', 'artifacts/file'].concat(
        'artifacts/run',
        'artifacts/run/run.json',
        'artifacts/run/tape.jsonl',
      ),
    );
    await symlink(tmpdir(), join(directory, 'leak'));
    expect(await leftOf(store.putFolder([artifact('leak/run/run.json')], noDeadline))).toMatchObject({ _tag: 'DependencyFailed' });
  });

  it('shows no file that a crash left half written, and is not stopped by it', async () => {
    const store = makeFilesystemArtifactStore({ directory });
    await mkdir(join(directory, 'run'));
    await writeFile(join(directory, 'run', '.writing-0'), 'half');
    expect(await rightOf(store.list('run/', noDeadline))).toEqual([]);
    expect(await rightOf(store.put(artifact('run/run.json'), noDeadline))).toBe('written');
    expect(await rightOf(store.list('run/', noDeadline))).toEqual(['run.json']);
  });

  it('follows no link out of its directory', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'ewm-outside-'));
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(directory, 'leak'));
    await symlink(join(outside, 'secret'), join(directory, 'file'));
    const store = makeFilesystemArtifactStore({ directory });
    expect(await leftOf(store.get('leak/secret', noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      service: 'filesystem',
      effect: 'none',
    });
    expect(await leftOf(store.get('file', noDeadline))).toMatchObject({ _tag: 'DependencyFailed' });
    expect(await leftOf(store.list('leak/', noDeadline))).toMatchObject({ _tag: 'DependencyFailed' });
    expect(await leftOf(store.put(artifact('leak/new'), noDeadline))).toMatchObject({ _tag: 'DependencyFailed' });
    expect(await rightOf(store.list('', noDeadline))).toEqual([]);
    expect(await readdir(outside)).toEqual(['secret']);
    await rm(outside, { recursive: true });
  });

  it('refuses a key that is a folder of another one, and the reverse', async () => {
    const store = makeFilesystemArtifactStore({ directory });
    await rightOf(store.put(artifact('run/tape'), noDeadline));
    expect(await leftOf(store.put(artifact('run'), noDeadline))).toEqual({ _tag: 'ArtifactConflict', key: 'run' });
    expect(await leftOf(store.put(artifact('run/tape/row'), noDeadline))).toEqual({ _tag: 'ArtifactConflict', key: 'run/tape/row' });
    expect(await readdir(join(directory, 'run'))).toEqual(['tape']);
  });

  it('says why the file system refuses', async () => {
    await writeFile(join(directory, 'plain'), '');
    const store = makeFilesystemArtifactStore({ directory: join(directory, 'plain', 'artifacts') });
    expect(await leftOf(store.put(artifact('run/tape'), noDeadline))).toMatchObject({
      _tag: 'DependencyFailed',
      service: 'filesystem',
      operation: 'put',
      reason: expect.stringMatching(/^E[A-Z]+: /) as string,
    });
  });
});
