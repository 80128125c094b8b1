/** The API of the package, as a report in the repository: a change that a user would notice shows in a review. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const LIBRARY = join(ROOT, 'dist/library');
const REPORT = join(ROOT, 'docs/api.md');

/** What the chunks of shared types are called depends on their content, and the order in which they are bundled on nothing a user sees. */
function declarations(): string {
  const names = readdirSync(LIBRARY).filter((name) => name.endsWith('.d.cts'));
  const entries = names.filter((name) => !name.startsWith('types-')).sort();
  const shared = names.filter((name) => name.startsWith('types-')).map(read);
  return [
    '# The API of the package',
    '',
    'Written by `UPDATE=1` before `test/e2e/api-report.test.ts`, from the types that are published.',
    ...entries.flatMap((name) => section(`\`.${name === 'index.d.cts' ? '' : `/${name.replace('.d.cts', '')}`}\``, read(name))),
    ...section('Types that several entries name', shared.sort().join('\n')),
    '',
  ].join('\n');
}

function section(title: string, text: string): readonly string[] {
  return ['', `## ${title}`, '', '```ts', text.trim(), '```'];
}

function read(name: string): string {
  return readFileSync(join(LIBRARY, name), 'utf8').replaceAll(/types-[\w-]+\.cjs/g, 'types.cjs');
}

it('is the one that docs/api.md reports', () => {
  const report = declarations();
  if (process.env['UPDATE'] === '1') writeFileSync(REPORT, report);
  expect(readFileSync(REPORT, 'utf8')).toBe(report);
});
