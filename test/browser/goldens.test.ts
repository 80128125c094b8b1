/** The proof of a page over the runs of test/golden: every mode, runs that were stopped among them. It needs no browser but what Node has of one. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PAGE_FILES, type PageRun } from '../../src/domain/report/page-data';
import { prove } from '../../src/handlers/page/browser/proof/proof';
import { readRun } from '../../src/handlers/page/browser/shared/run-model';
import { unpackTape } from '../../src/handlers/page/browser/shared/unpack';

const GOLDEN = join(__dirname, '../golden');
const NAMES = [...readdirSync(GOLDEN), ...readdirSync(join(GOLDEN, 'worlds')).map((name) => `worlds/${name}`)].filter((name) =>
  existsSync(join(GOLDEN, name, 'tape.jsonl')),
);

function pageOf(name: string): PageRun {
  const text = (file: string): string => readFileSync(join(GOLDEN, name, file), 'utf8');
  const files = Object.fromEntries(PAGE_FILES.filter((file) => existsSync(join(GOLDEN, name, file))).map((file) => [file, text(file)]));
  return { name, tape: gzipSync(text('tape.jsonl')).toString('base64'), files, sample: null };
}

async function proofOf(page: PageRun): ReturnType<typeof prove> {
  return prove(readRun(page, await unpackTape(page.tape)));
}

describe('the proof of a page', () => {
  it.each(NAMES)('proves %s', async (name) => {
    const { state, sentence } = await proofOf(pageOf(name));
    expect({ state, sentence }).toMatchObject({ state: 'proven' });
  });

  it.each(NAMES)('tells files of %s that are not in the page from files that were changed', async (name) => {
    const page = pageOf(name);
    for (const absent of Object.keys(page.files)) {
      const files = Object.fromEntries(Object.entries(page.files).filter(([file]) => file !== absent));
      const { state, sentence } = await proofOf({ ...page, files });
      // memory.json is made again from the rows; a page without it shows nothing of it.
      if (absent === 'memory.json') expect(state).toBe('proven');
      else expect({ state, sentence }).toEqual({ state: 'incomplete', sentence: expect.stringContaining(absent) as string });
    }
  });
});
