/** Each guardrail's assertion can fail: the configuration is mutated, and `terraform test` has to name what was taken away. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWhere } from '../support/infra';
import { BATCHES, type Batch } from './terraform-mutations';
import { readReport, type TestReport } from './terraform-report';
import { openWorkspace, prepareTerraform, type Workspace } from './terraform-workspace';

const NAME = 'mutations';
/** Terraform reads a provider of some hundred MB for each run; the reference machine has two cores. */
const AT_ONCE = 2;

describeWhere(prepareTerraform(NAME), 'mutations of the Terraform configuration', () => {
  const reports = new Map<string, TestReport>();

  beforeAll(async () => {
    const jobs = [...BATCHES.map((batch) => () => runBatch(batch)), () => runUnchecked()];
    const worker = async (): Promise<void> => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }, 600_000);

  async function runBatch({ name, tests, mutations }: Batch): Promise<void> {
    await inWorkspace(name, tests, async (workspace) => {
      for (const { edits } of mutations) for (const edit of edits) await workspace.edit(edit);
    });
  }

  /** Every validation says yes. */
  async function runUnchecked(): Promise<void> {
    await inWorkspace('validations', 'tests/validation.tftest.hcl', async ({ directory }) => {
      const path = join(directory, 'variables.tf');
      await writeFile(path, (await readFile(path, 'utf8')).replace(/^( +condition +=) /gm, '$1 true || '));
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
    const { failures } = reports.get('validations') ?? { failures: [] };
    const variables = await readFile(join(__dirname, '../../terraform/variables.tf'), 'utf8');
    const validated = [...variables.matchAll(/^variable "(\w+)" \{(?:(?!^\}).)*?^ {2}validation/gms)].map(([, name]) => String(name));
    expect(validated.length).toBeGreaterThan(30);
    for (const name of validated) expect(failures.filter((failure) => failure.includes(`var.${name},`) || failure.includes(`var.${name} `))).not.toEqual([]);
  });
});
