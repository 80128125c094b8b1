/** Each guardrail's assertion can fail: the configuration is mutated, and `terraform test` has to name what was taken away. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWhere } from '../support/needs';
import { BATCHES, type Batch } from './terraform-mutations';
import { readReport, type TestReport } from './terraform-report';
import { CONFIGURATION, openWorkspace, prepareTerraform, type Workspace } from './terraform-workspace';

const NAME = 'mutations';
/** Terraform reads a provider of some hundred MB for each run; the reference machine has two cores. */
const AT_ONCE = 2;
/** A variable that stays checked while the others are not. */
const SENTINEL = 'name';

function nameOf(block: string): string {
  return /^variable "(\w+)"/.exec(block)?.[1] ?? '';
}

describeWhere(prepareTerraform(NAME), 'mutations of the Terraform configuration', () => {
  const reports = new Map<string, TestReport>();

  beforeAll(async () => {
    const jobs = [
      ...BATCHES.map((batch) => () => runBatch(batch)),
      () => runUnchecked('all but one', (name) => name !== SENTINEL),
      () => runUnchecked('that one', (name) => name === SENTINEL),
    ];
    const worker = async (): Promise<void> => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }, 1_800_000);

  async function runBatch({ name, tests, mutations }: Batch): Promise<void> {
    await inWorkspace(name, tests, async (workspace) => {
      for (const { edits } of mutations) for (const edit of edits) await workspace.edit(edit);
    });
  }

  /** The validations of these variables say yes to everything. Where one is left, the plan ends there and reports the rest. */
  async function runUnchecked(name: string, chosen: (variable: string) => boolean): Promise<void> {
    await inWorkspace(name, 'tests/validation.tftest.hcl', async ({ directory }) => {
      const path = join(directory, 'variables.tf');
      const blocks = (await readFile(path, 'utf8')).split(/^(?=variable )/m);
      const unchecked = blocks.map((block) => (chosen(nameOf(block)) ? block.replace(/^( +condition +=) /gm, '$1 true || ') : block));
      await writeFile(path, unchecked.join(''));
    });
  }

  async function inWorkspace(name: string, tests: string, mutate: (workspace: Workspace) => Promise<void>): Promise<void> {
    const workspace = await openWorkspace(NAME);
    try {
      await mutate(workspace);
      const { output } = await workspace.terraform(['test', '-json', `-filter=${tests}`]);
      reports.set(name, readReport(output));
    } finally {
      await workspace.close();
    }
  }

  describe.each(BATCHES)('$name', ({ name, mutations }) => {
    test.each(mutations)('$what: noticed', ({ fails }) => {
      expect(reports.get(name)?.failures).toEqual(expect.arrayContaining([...fails]));
    });

    test('nothing else failed, and no two mutations share an assertion', () => {
      expect(reports.get(name)?.failures).toEqual(mutations.flatMap(({ fails }) => fails).sort());
    });
  });

  test('validations that say yes to everything: noticed for each variable', async () => {
    const text = await readFile(join(CONFIGURATION, 'variables.tf'), 'utf8');
    const validated = text
      .split(/^(?=variable )/m)
      .filter((block) => block.includes('\n  validation {'))
      .map(nameOf);
    const unexpected = [...(reports.get('all but one')?.failures ?? []), ...(reports.get('that one')?.failures ?? [])];
    const missing = /^Missing expected failure: The checkable object, var\.(\w+),/;
    const noticed = unexpected.flatMap((failure) => missing.exec(failure)?.[1] ?? []);
    expect(noticed.sort()).toEqual(validated.sort());
    expect(validated.length).toBeGreaterThan(30);
  });
});
