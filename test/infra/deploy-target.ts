/** The deployment targets, run on a copy of the Terraform directory against a `moto_server` of their own. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TEST_REGION } from '../support/aws-calls';
import { executablePath } from '../support/executable';
import { startMoto } from '../support/moto';
import { type MotoProxy, startMotoProxy } from '../support/moto-proxy';

const ROOT = join(__dirname, '../..');
const SCRIPT = join(ROOT, '.config/deploy.mjs');

export interface Deployment {
  /** Of what stands in for AWS. */
  readonly url: string;
  readonly proxy: MotoProxy;
  /** Runs a target without a person to ask; what it printed. A target that fails throws with it. */
  readonly target: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<string>;
  readonly attempt: (
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly code: number; readonly output: string }>;
  readonly outputs: () => Promise<Readonly<Record<string, unknown>>>;
  readonly stop: () => Promise<void>;
}

export function missingDeployTools(): string | undefined {
  const missing = ['terraform', 'moto_server'].filter((name) => executablePath(name) === undefined);
  return missing.length === 0 ? undefined : `${missing.join(' and ')} not on the path`;
}

export async function startDeployment(variables: Readonly<Record<string, string>>, concurrentExecutions?: number): Promise<Deployment> {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-deployment-'));
  const leftOut = /(^|\/)(\.terraform|terraform\.tfstate.*|.*\.tfvars|backend\.(tf|hcl))$/;
  await cp(join(ROOT, 'terraform'), join(directory, 'terraform'), { recursive: true, filter: (path) => !leftOut.test(path) });
  await symlink(join(ROOT, 'dist'), join(directory, 'dist'));
  const moto = await startMoto(executablePath('moto_server') ?? '');
  const proxy = await startMotoProxy(moto.url, concurrentExecutions);
  const base = {
    ...machine(),
    AWS_ENDPOINT_URL: proxy.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: TEST_REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    AUTO_APPROVE: '1',
    TF_CLI_ARGS: '-no-color',
    TF_IN_AUTOMATION: '1',
    ...variables,
  };

  const run = (
    file: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly code: number; readonly stdout: string; readonly output: string }> =>
    new Promise((resolve) => {
      execFile(file, args, { cwd: directory, env: { ...base, ...env }, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, output: stdout + stderr });
      });
    });
  const attempt: Deployment['attempt'] = (args, env) => run(process.execPath, [SCRIPT, ...args], env);

  return {
    url: proxy.url,
    proxy,
    attempt,
    target: async (args, env) => {
      const { code, output } = await attempt(args, env);
      if (code !== 0) throw new Error(`${args.join(' ')}: exit code ${String(code)}\n${output}`);
      return output;
    },
    outputs: async () => {
      const { stdout } = await run('terraform', ['-chdir=terraform', 'output', '-json']);
      const told = JSON.parse(stdout) as Readonly<Record<string, { readonly value: unknown }>>;
      return Object.fromEntries(Object.entries(told).map(([name, { value }]) => [name, value]));
    },
    stop: async () => {
      await proxy.close();
      await moto.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The machine as it is, without what it knows of AWS accounts. */
function machine(): Readonly<Record<string, string>> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('AWS_') && !name.startsWith('TF_VAR_') && !name.startsWith('EWM_'),
  );
  return {
    ...Object.fromEntries(kept.map(([name, value]) => [name, value ?? ''])),
    PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter),
  };
}
