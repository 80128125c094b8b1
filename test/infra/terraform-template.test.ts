/** The CloudFormation template of the memory, held to the schema of its resource type by cfn-lint, which would see a mistake. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWhere } from '../support/needs';
import { CONFIGURATION } from './terraform-workspace';

const TEMPLATE = join(CONFIGURATION, 'agentcore-memory.template.json');

function missingLinter(): string | undefined {
  try {
    execFileSync('cfn-lint', ['--version'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'cfn-lint is not on the path (pip install cfn-lint)';
  }
}

describeWhere(missingLinter(), 'the CloudFormation template', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ewm-template-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  /** The rules that the template breaks. */
  async function lint(text: string): Promise<readonly string[]> {
    const path = join(directory, 'template.json');
    await writeFile(path, text);
    const output = await new Promise<string>((resolve) => {
      execFile('cfn-lint', ['--format', 'json', '--regions', 'us-east-1', '--template', path], (_error, stdout) => {
        resolve(stdout);
      });
    });
    return (JSON.parse(output) as readonly { readonly Rule: { readonly Id: string } }[]).map(({ Rule }) => Rule.Id);
  }

  test('fits the schema of AWS::BedrockAgentCore::Memory', async () => {
    const text = await readFile(TEMPLATE, 'utf8');
    expect(text).toContain('"AWS::BedrockAgentCore::Memory"');
    expect(await lint(text)).toEqual([]);
  });

  test.each([
    ['a property that does not exist', '"EventExpiryDuration":', '"EventExpiryDays":', 'E3002'],
    ['a property that is missing', '"Name": { "Ref": "MemoryName" },', '', 'E3003'],
    ['a name that is not legal', '{ "Ref": "MemoryName" }', '"ewm-memory"', 'E3031'],
    ['tags as a list', '{ "Application": "executable-world-models", "ManagedBy": "terraform" }', '[{ "Key": "a", "Value": "b" }]', 'E3012'],
    ['an output that the type does not have', '["Memory", "MemoryId"]', '["Memory", "Id"]', 'E6101'],
  ])('%s: noticed', async (_what, from, to, rule) => {
    const text = await readFile(TEMPLATE, 'utf8');
    expect(text.split(from)).toHaveLength(2);
    expect(await lint(text.replace(from, to))).toContain(rule);
  });
});
