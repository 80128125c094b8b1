/**
 * Terraform on copies of the configuration: each copy is its own folder, and all share one set of plugins.
 * Invariant: no account and no network; what the machine knows of AWS is taken out of the environment, and requests have nowhere to go.
 */
import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isRecord } from '../../src/domain/codec/codec';

export const CONFIGURATION = join(__dirname, '../../terraform');

export interface Edit {
  /** Relative to the configuration. */
  readonly file: string;
  /** Where to look: the block of this header, such as `variable "region"`. The whole file where left out. */
  readonly block?: string;
  /** What stands there exactly once; all of it where left out. */
  readonly from?: string;
  readonly to: string;
}

export interface Finished {
  readonly code: number;
  /** What Terraform prints as its result; that an operator's own settings are odd, it says elsewhere. */
  readonly output: string;
}

export interface Workspace {
  readonly directory: string;
  readonly terraform: (args: readonly string[]) => Promise<Finished>;
  readonly edit: (edit: Edit) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Downloading the provider, where there is no mirror of it. Unit: milliseconds. */
const INIT_TIMEOUT_MS = 300_000;
const RUN_TIMEOUT_MS = 600_000;
const VERSION_MIN = [1, 7] as const;

/**
 * Installs what the configuration needs into a folder of this name, and says why it cannot; `TF_CLI_ARGS_init` may name a mirror
 * (`-plugin-dir=...`). Synchronous, for tests are declared or skipped by it.
 */
export function prepareTerraform(name: string): string | undefined {
  try {
    const told = execFileSync('terraform', ['version', '-json'], { env: environment(name), encoding: 'utf8', stdio: 'pipe' });
    const version = JSON.parse(told) as unknown;
    const text = isRecord(version) ? String(version['terraform_version']) : '';
    const [major = 0, minor = 0] = text.split('.').map(Number);
    const tooOld = major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1]);
    if (tooOld) return `terraform is ${text}, and 1.7 or later is needed`;
  } catch {
    return 'terraform is not on the path';
  }
  mkdirSync(dataDirectory(name), { recursive: true });
  try {
    // In the configuration itself: it leaves nothing there, for plugins go to the folder above and the lock file is read only.
    const args = ['init', '-input=false', '-no-color', '-backend=false', '-lockfile=readonly'];
    const options = { cwd: CONFIGURATION, env: environment(name), encoding: 'utf8', stdio: 'pipe', timeout: INIT_TIMEOUT_MS } as const;
    execFileSync('terraform', args, options);
    return undefined;
  } catch (error) {
    const said = isRecord(error) && typeof error['stderr'] === 'string' ? error['stderr'] : String(error);
    const why = said
      .split('\n')
      .map((line) => line.replace(/^[\s│╷╵]+/, '').trim())
      .filter((line) => line !== '');
    return `terraform init failed: ${why.slice(0, 4).join(' ')} (TF_CLI_ARGS_init=-plugin-dir=... names a local mirror)`;
  }
}

export async function openWorkspace(name: string): Promise<Workspace> {
  const directory = await mkdtemp(join(tmpdir(), 'ewm-terraform-'));
  await cp(CONFIGURATION, directory, { recursive: true, filter: (path) => !isPrivate(basename(path)) });
  const env = { ...environment(name), HTTP_PROXY: NOWHERE, HTTPS_PROXY: NOWHERE, NO_PROXY: '' };
  return {
    directory,
    terraform: (args) =>
      new Promise((resolve) => {
        execFile('terraform', args, { cwd: directory, env, timeout: RUN_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 }, (error, output) => {
          resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, output });
        });
      }),
    edit: async (edit) => {
      const path = join(directory, edit.file);
      await writeFile(path, edited(await readFile(path, 'utf8'), edit));
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

function edited(text: string, { file, block, from, to }: Edit): string {
  const start = block === undefined ? 0 : onlyIndexOf(text, `${block} {\n`, file);
  const end = block === undefined ? text.length : text.indexOf('\n}\n', start) + 3;
  const part = text.slice(start, end);
  if (from === undefined) return text.slice(0, start) + to + text.slice(end);
  const at = onlyIndexOf(part, from, block === undefined ? file : `${file}, ${block}`);
  return text.slice(0, start) + part.slice(0, at) + to + part.slice(at + from.length) + text.slice(end);
}

/** A mutation of what is not there, or not only there, would prove nothing. */
function onlyIndexOf(text: string, wanted: string, where: string): number {
  const times = text.split(wanted).length - 1;
  if (times !== 1) throw new Error(`${where}: expected once, found ${String(times)} times: ${wanted}`);
  return text.indexOf(wanted);
}

/** What an operator keeps beside the configuration, and what Terraform does. */
function isPrivate(file: string): boolean {
  return file === '.terraform' || file === 'backend.tf' || /\.tfvars(\.json)?$|\.tfstate/.test(file);
}

/** The discard port: nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';

function environment(name: string): Readonly<Record<string, string>> {
  const kept = Object.entries(process.env).filter(([variable]) => !/^(AWS_|TF_VAR_|TF_WORKSPACE|TF_CLI_ARGS$)/.test(variable));
  return {
    ...Object.fromEntries(kept.map(([variable, value]) => [variable, value ?? ''])),
    AWS_EC2_METADATA_DISABLED: 'true',
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_DATA_DIR: dataDirectory(name),
  };
}

/** Kept between runs, so that a provider is downloaded once. One a test file: they run at the same time. */
function dataDirectory(name: string): string {
  return join(__dirname, '../../tmp/terraform', name);
}
