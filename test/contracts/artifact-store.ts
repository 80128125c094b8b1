/** What every artifact store does, whatever is behind it. */
import { randomUUID } from 'node:crypto';
import { noDeadline } from '../../src/adapters/in-process/clock';
import type { Artifact, ArtifactStore } from '../../src/ports/artifact-store';
import { leftOf, passedDeadline, rightOf } from '../support/task';

export interface ArtifactStoreHarness {
  readonly store: ArtifactStore;
  readonly close: () => Promise<void>;
}

const ILLEGAL_KEYS = [
  '',
  '/',
  '/etc/passwd',
  '..',
  '../x',
  'runs/../../x',
  'runs/./x',
  'runs//x',
  'runs/',
  '.hidden',
  'runs/.hidden',
  'a\0b',
  'a\\b',
  'C:\\x',
  'a b',
  'a\nb',
  'ключ',
  'a%2e%2e',
  `runs/${'x'.repeat(129)}`,
  `${'abcdefgh/'.repeat(57)}x`,
];

export function describeArtifactStoreContract(name: string, makeHarness: () => Promise<ArtifactStoreHarness>): void {
  describe(`artifact store contract: ${name}`, () => {
    let harness: ArtifactStoreHarness;
    let folder: string;

    beforeAll(async () => {
      harness = await makeHarness();
    });
    afterAll(() => harness.close());
    // Stores forget nothing, so every test has a folder of its own.
    beforeEach(() => {
      folder = `artifacts/${randomUUID()}`;
    });

    const put = (key: string, bytes: Uint8Array): ReturnType<ArtifactStore['put']> => harness.store.put(artifact(key, bytes), noDeadline);
    const contentOf = async (key: string): Promise<string> => Buffer.from(await rightOf(harness.store.get(key, noDeadline))).toString();

    it('answers the bytes that were put, whatever they are', async () => {
      const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
      const long = new Uint8Array(300_000).fill(7);
      for (const [file, bytes] of [
        ['empty', new Uint8Array()],
        ['bytes.bin', everyByte],
        ['long', long],
      ] as const) {
        expect(await rightOf(put(`${folder}/${file}`, bytes))).toBe('written');
        expect(Buffer.compare(await rightOf(harness.store.get(`${folder}/${file}`, noDeadline)), bytes)).toBe(0);
      }
    });

    it('takes the same bytes again, refuses others, and keeps the first', async () => {
      const key = `${folder}/run.json`;
      expect(await rightOf(put(key, text('{"ok":true}')))).toBe('written');
      expect(await rightOf(put(key, text('{"ok":true}')))).toBe('unchanged');
      for (const other of ['{"ok":null}', '{"ok":false}', '']) {
        expect(await leftOf(put(key, text(other)))).toEqual({ _tag: 'ArtifactConflict', key });
      }
      expect(await contentOf(key)).toBe('{"ok":true}');
    });

    it('does not count the content type among what makes artifacts equal', async () => {
      const key = `${folder}/report.md`;
      await rightOf(put(key, text('# Report')));
      const again = { key, bytes: text('# Report'), contentType: 'text/plain' };
      expect(await rightOf(harness.store.put(again, noDeadline))).toBe('unchanged');
    });

    it('writes once when the same artifact is put many times at once', async () => {
      const key = `${folder}/tape.jsonl`;
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => rightOf(put(key, text('same')))));
      expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'unchanged')).toHaveLength(7);
    });

    it('lets exactly one of several artifacts that are put at once under one key win', async () => {
      const key = `${folder}/tape.jsonl`;
      const contents = Array.from({ length: 8 }, (_, index) => `writer ${String(index)}`);
      const outcomes = await Promise.all(contents.map((content) => put(key, text(content))()));
      const winners = contents.filter((_, index) => outcomes[index]?._tag === 'Right');
      expect(winners).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome._tag === 'Left').map((outcome) => outcome.left._tag)).toEqual(
        Array(7).fill('ArtifactConflict'),
      );
      expect(await contentOf(key)).toBe(winners[0]);
    });

    it('does not share memory with the caller', async () => {
      const key = `${folder}/bytes`;
      const bytes = text('before');
      await rightOf(put(key, bytes));
      bytes.fill(0);
      (await rightOf(harness.store.get(key, noDeadline))).fill(1);
      expect(await contentOf(key)).toBe('before');
    });

    describe('a folder', () => {
      const NAMES = ['a.json', 'b.jsonl', 'c.md', 'd', 'e', 'f', 'g', 'h', 'i', 'run.json'];
      const filesOf = (content: string, names = NAMES): readonly Artifact[] =>
        names.map((name) => artifact(`${folder}/${name}`, text(`${name}: ${content}`)));
      const putFolder = (files: readonly Artifact[]): ReturnType<ArtifactStore['putFolder']> => harness.store.putFolder(files, noDeadline);
      const names = (): Promise<readonly string[]> => rightOf(harness.store.list(`${folder}/`, noDeadline));

      it('is written whole, and once', async () => {
        expect(await rightOf(putFolder(filesOf('x')))).toBe('written');
        expect(await names()).toEqual([...NAMES].sort());
        for (const name of NAMES) expect(await contentOf(`${folder}/${name}`)).toBe(`${name}: x`);
        expect(await rightOf(putFolder(filesOf('x')))).toBe('unchanged');
        expect(await rightOf(putFolder(filesOf('y', ['other'])))).toBe('written');
      });

      it('that is there in part is completed', async () => {
        for (const file of filesOf('x', ['b.jsonl', 'e'])) await rightOf(harness.store.put(file, noDeadline));
        expect(await rightOf(putFolder(filesOf('x')))).toBe('written');
        expect(await names()).toEqual([...NAMES].sort());
      });

      it('with a file that is another one is refused, and does not get its last file', async () => {
        const [, taken] = filesOf('x');
        await rightOf(put(taken?.key ?? '', text('another')));
        expect(await leftOf(putFolder(filesOf('x')))).toEqual({ _tag: 'ArtifactConflict', key: taken?.key });
        expect(await names()).not.toContain('run.json');
        expect(await contentOf(taken?.key ?? '')).toBe('another');
      });

      it('of several mistakes answers the first', async () => {
        for (const name of ['h', 'c.md']) await rightOf(put(`${folder}/${name}`, text('another')));
        expect(await leftOf(putFolder(filesOf('x')))).toEqual({ _tag: 'ArtifactConflict', key: `${folder}/c.md` });
      });

      it('whose last file is another one is refused', async () => {
        await rightOf(put(`${folder}/run.json`, text('another')));
        expect(await leftOf(putFolder(filesOf('x')))).toEqual({ _tag: 'ArtifactConflict', key: `${folder}/run.json` });
      });

      it('shows its last file after all others, whenever one looks', async () => {
        for (let round = 0; round < 5; round += 1) {
          const state = { done: false };
          const writing = rightOf(putFolder(filesOf(String(round)))).finally(() => {
            state.done = true;
          });
          const seen: (readonly string[])[] = [];
          while (!state.done) seen.push(await names());
          await writing;
          expect(seen.filter((listed) => listed.includes('run.json') && listed.length < NAMES.length)).toEqual([]);
          folder = `artifacts/${randomUUID()}`;
        }
      });

      it('put many times at once is written once, and by one writer where they differ', async () => {
        const same = await Promise.all(Array.from({ length: 6 }, () => rightOf(putFolder(filesOf('x')))));
        expect(same).toContain('written');
        expect(await names()).toEqual([...NAMES].sort());
        folder = `artifacts/${randomUUID()}`;
        const others = await Promise.all(['1', '2', '3', '4'].map((content) => putFolder(filesOf(content))()));
        const failures = others.flatMap((outcome) => (outcome._tag === 'Left' ? [outcome.left._tag] : []));
        expect(failures.length).toBeGreaterThanOrEqual(3);
        expect(new Set(failures)).toEqual(new Set(['ArtifactConflict']));
      });

      it('refuses a key that is none, and a deadline that has passed', async () => {
        expect(await leftOf(putFolder([...filesOf('x', ['a']), artifact(`${folder}/..`, text('x'))]))).toMatchObject({
          _tag: 'InvalidKey',
        });
        folder = `artifacts/${randomUUID()}`;
        expect(await leftOf(harness.store.putFolder(filesOf('x'), passedDeadline))).toMatchObject({
          _tag: 'DeadlineExceeded',
          effect: 'none',
        });
        expect(await names()).toEqual([]);
      });
    });

    it('says when there is nothing', async () => {
      await rightOf(put(`${folder}/there/file`, text('x')));
      for (const key of [`${folder}/absent`, `${folder}/absent/deeper`, `${folder}/there`, `${folder}/there/file/below`]) {
        expect(await leftOf(harness.store.get(key, noDeadline))).toEqual({ _tag: 'NotFound', key });
      }
    });

    it('lists what is directly below a folder, folders with a slash, in order', async () => {
      for (const file of ['b', 'a.json', 'deep/er/file', 'deep/file', 'B', 'a-0', 'deep2/x'])
        await rightOf(put(`${folder}/${file}`, text(file)));
      expect(await rightOf(harness.store.list(`${folder}/`, noDeadline))).toEqual(['B', 'a-0', 'a.json', 'b', 'deep/', 'deep2/']);
      expect(await rightOf(harness.store.list(`${folder}/deep/`, noDeadline))).toEqual(['er/', 'file']);
      expect(await rightOf(harness.store.list(`${folder}/absent/`, noDeadline))).toEqual([]);
      expect(await rightOf(harness.store.list('', noDeadline))).toContain('artifacts/');
      expect(await rightOf(harness.store.list('artifacts/', noDeadline))).toContain(`${folder.slice('artifacts/'.length)}/`);
    });

    it.each(ILLEGAL_KEYS.map((key) => [key.slice(0, 20), key] as const))('refuses the key %j', async (_start, key) => {
      expect(await leftOf(put(key, text('x')))).toMatchObject({ _tag: 'InvalidKey', key });
      expect(await leftOf(harness.store.get(key, noDeadline))).toMatchObject({ _tag: 'InvalidKey', key });
    });

    it.each(['/', '../', 'artifacts', 'artifacts//', './', 'a\0/', '.git/'])('refuses the folder %j', async (illegal) => {
      expect(await leftOf(harness.store.list(illegal, noDeadline))).toMatchObject({ _tag: 'InvalidKey', key: illegal });
    });

    it('does nothing once the deadline has passed', async () => {
      const key = `${folder}/late`;
      expect(await leftOf(harness.store.put(artifact(key, text('x')), passedDeadline))).toMatchObject({
        _tag: 'DeadlineExceeded',
        effect: 'none',
      });
      expect(await leftOf(harness.store.get(key, passedDeadline))).toMatchObject({ _tag: 'DeadlineExceeded', effect: 'none' });
      expect(await leftOf(harness.store.list('', passedDeadline))).toMatchObject({ _tag: 'DeadlineExceeded', effect: 'none' });
      expect(await leftOf(harness.store.get(key, noDeadline))).toMatchObject({ _tag: 'NotFound' });
    });
  });
}

function artifact(key: string, bytes: Uint8Array): Artifact {
  return { key, bytes, contentType: 'application/octet-stream' };
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
