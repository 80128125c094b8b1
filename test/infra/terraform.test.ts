/** The Terraform configuration as committed: formatted, valid, tested on a mocked provider, and in step with the program it deploys. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ACCESS_LOG_BYTES_MAX } from '../../src/domain/cost/bounds';
import { OPTIONAL } from '../../src/domain/budget/dimensions';
import { DEFAULTS, VARIABLES } from '../../src/handlers/config';
import { METRICS } from '../../src/handlers/http/edge/observed';
import { NOT_SIGNED, SESSIONS_NOT_STOPPED } from '../../src/ports/telemetry';
import { ROUTES } from '../../src/handlers/http/contract/routes';
import { METRICS_NAMESPACE } from '../../src/adapters/powertools/telemetry';
import { describeWhere } from '../support/needs';
import { longestLine } from '../support/strangers';
import { readReport } from './terraform-report';
import { CONFIGURATION, openWorkspace, prepareTerraform, type Workspace } from './terraform-workspace';

const NAME = 'configuration';

async function sources(): Promise<ReadonlyMap<string, string>> {
  const files = (await readdir(CONFIGURATION, { recursive: true })).filter((file) => file.endsWith('.tf') && !file.includes('.terraform'));
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(join(CONFIGURATION, file), 'utf8')] as const)));
}

describeWhere(prepareTerraform(NAME), 'the Terraform configuration', () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await openWorkspace(NAME);
  });
  afterAll(() => workspace.close());

  test('is formatted', async () => {
    expect(await workspace.terraform(['fmt', '-check', '-recursive', '-diff'])).toEqual({ code: 0, output: '' });
  });

  test('is valid, without a warning: nothing in it is deprecated', async () => {
    const { output } = await workspace.terraform(['validate', '-json']);
    expect(JSON.parse(output)).toMatchObject({ valid: true, error_count: 0, warning_count: 0, diagnostics: [] });
  });

  test('passes its own tests', async () => {
    const { code, output } = await workspace.terraform(['test', '-json']);
    const { passed, failed, failures } = readReport(output);
    expect({ code, failed, failures }).toEqual({ code: 0, failed: 0, failures: [] });
    expect(passed).toBeGreaterThanOrEqual(20);
  }, 700_000);
});

describe('the Terraform files', () => {
  test('every variable has a description with its legal values, and a type', async () => {
    for (const [file, text] of await sources()) {
      for (const [, name, block] of text.matchAll(/^variable "(\w+)" \{\n(.*?)^\}/gms)) {
        const described = /^ {2}description = ".+ Legal: .+"$/m.test(block ?? '');
        const typed = /^ {2}type +=/m.test(block ?? '');
        expect({ file, name, described, typed }).toEqual({ file, name, described: true, typed: true });
      }
    }
  });

  test('every variable of the root is validated, but switches, which are true or false', async () => {
    for (const [file, text] of await sources()) {
      if (file.includes('/')) continue;
      for (const [, name, block] of text.matchAll(/^variable "(\w+)" \{\n(.*?)^\}/gms)) {
        expect({ name, validated: /^ {2}(validation \{|type +=\s*bool$)/m.test(block ?? '') }).toEqual({ name, validated: true });
      }
    }
  });

  test('every output has a description', async () => {
    for (const [, text] of await sources()) {
      for (const [, name, block] of text.matchAll(/^output "(\w+)" \{\n(.*?)^\}/gms)) {
        expect({ name, described: /^ {2}description = ".+"$/m.test(block ?? '') }).toEqual({ name, described: true });
      }
    }
  });

  test('the functions are given every variable that they read, and no other', async () => {
    const functions = (await sources()).get('functions.tf') ?? '';
    const given = [...functions.matchAll(/^ {4,8}([A-Z][A-Z0-9_]+) +=/gm)].map(([, name]) => String(name));
    const optional = Object.values(OPTIONAL);
    expect([...new Set(given), ...optional.map(({ variable }) => variable)].sort()).toEqual(Object.keys(VARIABLES).sort());
    // One map for those: a limiter is the name of its variable.
    const legal = /"optional_ceilings" \{.*?contains\(\s*(\[[^\]]+\])/s.exec((await sources()).get('variables.tf') ?? '')?.[1] ?? '[]';
    expect((JSON.parse(legal) as string[]).sort()).toEqual(optional.map(({ limiter }) => limiter).sort());
    for (const { limiter, variable } of optional) expect(variable).toBe(`EWM_${limiter.toUpperCase()}`);
  });

  test.each([
    ['max_steps', 'EWM_MAX_STEPS'],
    ['max_tool_calls', 'EWM_MAX_TOOL_CALLS'],
    ['max_model_calls', 'EWM_MAX_MODEL_CALLS'],
    ['max_memory_ops', 'MEMORY_MAX_OPS'],
    ['max_memory_bytes', 'MEMORY_MAX_BYTES'],
    ['max_body_bytes', 'EWM_MAX_BODY_BYTES'],
    ['store_reserve_ms', 'EWM_STORE_RESERVE_MS'],
    ['connect_timeout_ms', 'EWM_CONNECT_TIMEOUT_MS'],
    ['s3_timeout_ms', 'EWM_S3_TIMEOUT_MS'],
    ['agentcore_timeout_ms', 'EWM_AGENTCORE_TIMEOUT_MS'],
    ['memory_actor_id', 'AGENTCORE_MEMORY_ACTOR_ID'],
  ] as const)('%s has the default of %s', async (variable, name) => {
    const text = (await sources()).get('variables.tf') ?? '';
    const block = new RegExp(`^variable "${variable}" \\{\\n(.*?)^\\}`, 'ms').exec(text)?.[1] ?? '';
    expect(JSON.parse(/^ {2}default +=\s*(.+)$/m.exec(block)?.[1] ?? 'null')).toBe(DEFAULTS[name]);
  });

  test('the API has the routes of the program', async () => {
    const texts = await sources();
    const text = `${texts.get('functions.tf') ?? ''}${texts.get('api.tf') ?? ''}`;
    const routes = [...text.matchAll(/"((?:GET|POST) \/\S*)"/g)].map(([, route]) => String(route));
    // Those of the local server alone have no bundle.
    const bundles = (await readdir(join(__dirname, '../../src/handlers/lambda'))).map((file) => file.replace('.ts', ''));
    const onAws = Object.entries(ROUTES).filter(
      ([, { service }]) => service === 'every' || bundles.includes(service.replace('agentcore-', '')),
    );
    expect(routes.sort()).toEqual(onAws.map(([key]) => key).sort());
  });

  test('a line of the access log is no longer than the bill counts', async () => {
    const block = /access_log_format = \{\n(.*?)\n  \}/s.exec((await sources()).get('api.tf') ?? '')?.[1] ?? '';
    const fields = [...block.matchAll(/(\w+) += "(\S+)"/g)].map(([, name, value]) => [name, value] as const);
    expect(fields.length).toBeGreaterThan(5);
    expect(longestLine(JSON.stringify(Object.fromEntries(fields)))).toBeLessThanOrEqual(Number(ACCESS_LOG_BYTES_MAX));
  });

  test('alarms and graphs look at metrics that the functions write', async () => {
    const text = (await sources()).get('observability.tf') ?? '';
    expect(text).toContain(`metrics_namespace = "${METRICS_NAMESPACE}"`);
    const alarmed = [...text.matchAll(/namespace\s+= local\.metrics_namespace, metric\s+= "(\w+)"/g)].map(([, name]) => String(name));
    const graphs = [...text.matchAll(/namespace\s+= local\.metrics_namespace, metrics\s+= \[([^\]]+)\]/g)];
    const shown = graphs.flatMap(([, names]) => JSON.parse(`[${String(names)}]`) as string[]);
    expect(shown).not.toEqual([]);
    expect(alarmed.sort()).toEqual([METRICS.failures, NOT_SIGNED, METRICS.refusals, SESSIONS_NOT_STOPPED]);
    for (const name of [...alarmed, ...shown]) expect([...Object.values(METRICS), SESSIONS_NOT_STOPPED, NOT_SIGNED]).toContain(name);
  });
});
