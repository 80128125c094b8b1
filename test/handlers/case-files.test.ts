/** No input that was reported lies here unused: each file of test/fixtures/cases is named by a test, whole or by the case it is of. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TESTS = join(__dirname, '..');
const CASES = join(TESTS, 'fixtures/cases');

const sources = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') && !path.endsWith('case-files.test.ts'))
  .map((path) => readFileSync(join(TESTS, path), 'utf8'))
  .filter((source) => source.includes('fixtures/cases') || source.includes('support/cases'));

test.each(readdirSync(CASES))('%s', (file) => {
  const [name = ''] = file.split('-');
  expect(sources.some((source) => source.includes(file) || source.includes(`'${name}'`))).toBe(true);
});
