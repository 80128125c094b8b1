/**
 * No case that was reported goes untested: each id of test/fixtures/cases/INDEX.md is named by a test, and each of its files by one that reads it.
 * That a test is named after a case says that it asserts the value which the index has for it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TESTS = join(__dirname, '..');
const CASES = join(TESTS, 'fixtures/cases');
const INDEX = 'INDEX.md';

const sources = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') && !path.endsWith('case-files.test.ts'))
  .map((path) => readFileSync(join(TESTS, path), 'utf8'));

/** As the index lists them: `- **A34** ...`. */
const ids = [...readFileSync(join(CASES, INDEX), 'utf8').matchAll(/^- \*\*([A-G][0-9]{2}b?)\*\* /gm)].map(([, id = '']) => id);

test('the index lists every case once', () => {
  expect(ids).toHaveLength(65);
  expect(new Set(ids).size).toBe(ids.length);
  expect(readFileSync(join(CASES, INDEX), 'utf8').match(/^- /gm)).toHaveLength(ids.length);
});

test.each(ids)('%s is named by a test', (id) => {
  // In a name, which begins with it, or in a table of names.
  const named = new RegExp(`'(?:[A-G][0-9]{2}b? and |[A-G][0-9]{2}b?, )*${id}(?:'|:| )`);
  expect(sources.filter((source) => named.test(source))).not.toEqual([]);
});

test.each(readdirSync(CASES).filter((file) => file !== INDEX))('%s is read by a test', (file) => {
  const [name = ''] = file.split('-');
  const read = sources.filter((source) => source.includes('fixtures/cases') || source.includes('support/cases'));
  expect(read.some((source) => source.includes(file) || source.includes(`'${name}'`))).toBe(true);
});
