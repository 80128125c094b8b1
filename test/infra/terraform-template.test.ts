/** The CloudFormation templates, held to the schemas of their resource types by cfn-lint, which would see a mistake. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEMPLATE_BYTES_MAX } from '../../src/handlers/mcp/gateway-template';
import { PLANES } from '../../src/handlers/mcp/scope';
import { isOn } from '../../src/handlers/mcp/tool';
import { TOOLS } from '../../src/handlers/mcp/tools';
import { describeWhere } from '../support/needs';
import { CONFIGURATION } from './terraform-workspace';

const MEMORY = 'agentcore-memory.template.json';
const GATEWAY = 'agentcore-gateway.template.json';

function missingLinter(): string | undefined {
  try {
    execFileSync('cfn-lint', ['--version'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'cfn-lint is not on the path (pip install cfn-lint)';
  }
}

describeWhere(missingLinter(), 'the CloudFormation templates', () => {
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

  test.each([
    [MEMORY, ['AWS::BedrockAgentCore::Memory']],
    [GATEWAY, ['AWS::BedrockAgentCore::Gateway', 'AWS::BedrockAgentCore::GatewayTarget']],
  ])('%s fits the schema of its resources', async (template, types) => {
    const text = await readFile(join(CONFIGURATION, template), 'utf8');
    const { Resources: resources } = JSON.parse(text) as { readonly Resources: Readonly<Record<string, { readonly Type: string }>> };
    expect(Object.values(resources).map(({ Type: type }) => type)).toEqual(types);
    expect(await lint(text)).toEqual([]);
  });

  test.each([
    [MEMORY, 'a property that does not exist', '"EventExpiryDuration":', '"EventExpiryDays":', 'E3002'],
    [MEMORY, 'a property that is missing', '"Name": { "Ref": "MemoryName" },', '', 'E3003'],
    [MEMORY, 'a name that is not legal', '{ "Ref": "MemoryName" }', '"ewm-memory"', 'E3031'],
    [
      MEMORY,
      'tags as a list',
      '{ "Application": "executable-world-models", "ManagedBy": "terraform" }',
      '[{ "Key": "a", "Value": "b" }]',
      'E3012',
    ],
    [MEMORY, 'an output that the type does not have', '["Memory", "MemoryId"]', '["Memory", "Id"]', 'E6101'],
    [GATEWAY, 'an authorization that does not exist', '"AWS_IAM"', '"IAM"', 'E3030'],
    [GATEWAY, 'a target without its name', '        "Name": "ewm",\n', '', 'E3003'],
    [GATEWAY, 'a name of a target with an underscore', '"Name": "ewm",', '"Name": "ewm_1",', 'E3031'],
    [GATEWAY, 'a kind of target that does not exist', '"Lambda": {', '"Lambdas": {', 'E3002'],
    [GATEWAY, 'an output that the type does not have', '"GatewayUrl"\n', '"Url"\n', 'E6101'],
  ])('%s: %s: noticed', async (template, _what, from, to, rule) => {
    const text = await readFile(join(CONFIGURATION, template), 'utf8');
    expect(text.split(from)).toHaveLength(2);
    expect(await lint(text.replace(from, to))).toContain(rule);
  });
});

describe('the template of the gateway', () => {
  interface Tool {
    readonly Name: string;
  }
  type Listed = Tool | { readonly 'Fn::If': readonly [string, Tool, object] };

  /** As CloudFormation reads the list of tools. */
  async function shown(conditions: Readonly<Record<string, boolean>>): Promise<readonly string[]> {
    const text = await readFile(join(CONFIGURATION, GATEWAY), 'utf8');
    const { Resources: resources } = JSON.parse(text) as {
      readonly Resources: { readonly Sessions: { readonly Properties: { readonly TargetConfiguration: Target } } };
    };
    const { InlinePayload: listed } = resources.Sessions.Properties.TargetConfiguration.Mcp.Lambda.ToolSchema;
    return listed.flatMap((tool) => {
      if ('Name' in tool) return [tool.Name];
      const [condition, then] = tool['Fn::If'];
      return conditions[condition] === true ? [then.Name] : [];
    });
  }

  interface Target {
    readonly Mcp: { readonly Lambda: { readonly ToolSchema: { readonly InlinePayload: readonly Listed[] } } };
  }

  test.each(PLANES)('shows what the plane %s of MCP shows', async (plane) => {
    // As its conditions have it: `Acts` everywhere but on control, `Controls` everywhere but on agent.
    const names = await shown({ Acts: plane !== 'control', Controls: plane !== 'agent' });
    expect(names).toEqual(TOOLS.filter((tool) => isOn(plane, tool)).map(({ name }) => name));
  });

  test('is short enough to be sent, and its names are, behind that of the target', async () => {
    const text = await readFile(join(CONFIGURATION, GATEWAY), 'utf8');
    expect(Buffer.byteLength(JSON.stringify(JSON.parse(text)))).toBeLessThan(TEMPLATE_BYTES_MAX);
    for (const name of await shown({ Acts: true, Controls: true })) expect(`ewm___${name}`.length).toBeLessThanOrEqual(64);
  });
});
