// The deployment targets of the Makefile: plan, deploy, outputs, destroy. What is missing is said in one line before anything is changed,
// nothing is applied that was not shown, and what an earlier target switched on stays on.
import { ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { checkPlan, identityIn, oneLine } from './deploy-checks.mjs';

const MODES = ['base', 'tools', 'memory', 'sessions', 'mcp'];
const TERRAFORM_MIN = [1, 7];
const PLAN_FILE = resolve('tmp/terraform.plan');
const EWM = 'dist/ewm.cjs';
const USAGE = `usage: node .config/deploy.mjs plan | deploy <${MODES.join('|')}> | outputs | destroy`;

/** Ends the target with one line and no stack trace. */
class Refusal extends Error {}
const refuse = (message) => {
  throw new Refusal(message);
};

const env = (name) => (process.env[name] === '' ? undefined : process.env[name]);

// ---- What must be there before anything is done ----

async function preflight(needsApproval) {
  await checkTerraform();
  const region = env('AWS_REGION') ?? env('AWS_DEFAULT_REGION');
  if (region === undefined) refuse('no region: say where, as in AWS_REGION=us-east-1 make ...');
  if (!/^[a-z]{2}(-[a-z]+)+-[0-9]$/.test(region))
    refuse(`AWS_REGION is ${JSON.stringify(region)}: expected the name of a Region, such as us-east-1`);
  const account = await checkIdentity(region);
  if (needsApproval && env('AUTO_APPROVE') !== '1' && !process.stdin.isTTY) {
    refuse('nobody to ask: this is no terminal. AUTO_APPROVE=1 applies the plan without asking');
  }
  return { region, account };
}

async function checkTerraform() {
  const told = await capture('terraform', ['version', '-json']).catch(() => undefined);
  const needed = TERRAFORM_MIN.join('.');
  if (told === undefined) refuse(`terraform is not on the path: install ${needed} or newer`);
  const { terraform_version: version } = JSON.parse(told);
  const [major, minor] = version.split('.').map(Number);
  if (major < TERRAFORM_MIN[0] || (major === TERRAFORM_MIN[0] && minor < TERRAFORM_MIN[1]))
    refuse(`terraform ${version} is too old: ${needed} or newer is needed`);
}

/** The account that would be changed, as AWS itself says. */
async function checkIdentity(region) {
  const profile = env('AWS_PROFILE');
  const { value, error, status } = await identityIn(region);
  if (value !== undefined) {
    console.log(`account ${value.Account}, ${region}, as ${value.Arn}`);
    return value.Account;
  }
  const where = profile === undefined ? '' : ` for AWS_PROFILE=${profile}`;
  if (error.name === 'CredentialsProviderError')
    refuse(
      `no AWS credentials${where}: set AWS_PROFILE, or sign in (aws sso login), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${oneLine(error)})`,
    );
  if (status === undefined) refuse(`AWS cannot be reached in ${region}: is AWS_REGION right, and the network there? (${oneLine(error)})`);
  refuse(
    `AWS does not take the credentials${where}: sign in again (aws sso login); a Region that is off by default has to be switched on for the account (${error.name}: ${oneLine(error)})`,
  );
}

// ---- What is there already ----

/** The state as Terraform shows it: outputs by name, and the managed resources. */
async function deployed({ region, account }) {
  const backend = existsSync('terraform/backend.hcl') ? ['-backend-config=backend.hcl'] : [];
  await terraform(['init', '-input=false', ...backend]);
  const { values } = JSON.parse(await capture('terraform', ['-chdir=terraform', 'show', '-json']));
  const outputs = Object.fromEntries(Object.entries(values?.outputs ?? {}).map(([name, { value }]) => [name, value]));
  const resources = resourcesOf(values?.root_module).filter(({ mode }) => mode === 'managed');
  if (outputs.region !== undefined && outputs.region !== region) {
    refuse(
      `deployed in ${outputs.region}, and AWS_REGION is ${region}: changing it would destroy what is there. AWS_REGION=${outputs.region}, or another state`,
    );
  }
  const owners = new Set(resources.flatMap(({ values }) => /^arn:[^:]*:lambda:[^:]*:([0-9]{12}):/.exec(values.arn ?? '')?.[1] ?? []));
  if (owners.size > 0 && !owners.has(account)) {
    refuse(`deployed in account ${[...owners].join(', ')}, and these credentials are of ${account}: another AWS_PROFILE, or another state`);
  }
  return { outputs, resources };
}

function resourcesOf(module) {
  return [...(module?.resources ?? []), ...(module?.child_modules ?? []).flatMap(resourcesOf)];
}

/**
 * What an earlier target switched on, as environment variables: the weakest source of Terraform's variables, so whatever a person writes into
 * a .tfvars file, or exports, has its way.
 */
function kept({ memory_id: memoryId, limits }) {
  const variables =
    memoryId == null
      ? {}
      : { enable_agentcore_memory: true, max_memory_ops: limits?.max_memory_ops, max_memory_bytes: limits?.max_memory_bytes };
  const named = Object.entries(variables).filter(([name, value]) => value !== undefined && env(`TF_VAR_${name}`) === undefined);
  return Object.fromEntries(named.map(([name, value]) => [`TF_VAR_${name}`, String(value)]));
}

function modesArgument(modes) {
  return `-var=modes=${JSON.stringify(MODES.filter((mode) => modes.includes(mode)))}`;
}

function regionArgument(region) {
  return `-var=region=${region}`;
}

// ---- The targets ----

async function plan() {
  const where = await preflight(false);
  const { outputs } = await deployed(where);
  const modes = outputs.modes === undefined ? [] : [modesArgument(outputs.modes)];
  await planned(where, modes, kept(outputs), async () => undefined);
}

async function deploy(mode) {
  if (mode === 'memory' && env('ENABLE_AGENTCORE_MEMORY') !== '1') {
    refuse(
      'AgentCore Memory costs money for as long as it is there: ENABLE_AGENTCORE_MEMORY=1 make deploy-agentcore-memory says that you want it',
    );
  }
  const memory = mode === 'memory' ? memoryArguments() : [];
  const where = await preflight(true);
  const { outputs } = await deployed(where);
  const args = [modesArgument([...(outputs.modes ?? []), mode]), ...memory];
  if (!(await planAndApply(where, args, kept(outputs)))) return;
  await terraform(['output']);
  const flag = mode === 'memory' ? 'ENABLE_AGENTCORE_MEMORY=1 ' : '';
  console.log(`\nnext: ${flag}make smoke-agentcore-${mode}`);
}

function memoryArguments() {
  const ceilings = { MEMORY_MAX_OPS: 'max_memory_ops', MEMORY_MAX_BYTES: 'max_memory_bytes' };
  const given = Object.entries(ceilings).flatMap(([name, variable]) => {
    const value = env(name);
    if (value === undefined) return [];
    if (!/^(0|[1-9][0-9]{0,8})$/.test(value)) refuse(`${name} is ${JSON.stringify(value)}: expected an integer of 0 or more`);
    return [`-var=${variable}=${value}`];
  });
  // A memory keeps the key it was made with; agentcore.tf refuses another one unless this is said.
  const replaced = env('REPLACE_MEMORY') === '1' ? ['-replace=terraform_data.memory_key[0]'] : [];
  return ['-var=enable_agentcore_memory=true', ...replaced, ...given];
}

async function destroy() {
  const where = await preflight(true);
  const { outputs, resources } = await deployed(where);
  if (resources.length === 0) {
    console.log('nothing is deployed here');
    return;
  }
  const modes = outputs.modes === undefined ? [] : [modesArgument(outputs.modes)];
  const bucket = resources.find(({ type }) => type === 'aws_s3_bucket');
  const name = bucket?.values.bucket;
  const holdsArtifacts = name !== undefined && (await holdsObjects(name, where.region, outputs.stop_switch?.key));
  const forced = env('FORCE_DESTROY') === '1';
  if (holdsArtifacts && forced) {
    console.log(
      `FORCE_DESTROY=1: the artifacts in s3://${name} go, too. First the bucket is told that it may be deleted with what it holds.`,
    );
    if (!(await planAndApply(where, [...modes, '-var=force_destroy=true', `-target=${bucket.address}`], kept(outputs)))) return;
  }
  const keeps = holdsArtifacts && !forced;
  const goes = resources.filter(({ type }) => !type.startsWith('aws_s3_bucket')).map(({ address }) => `-target=${address}`);
  if (keeps && goes.length === 0) console.log('all that is left is the bucket');
  else if (!(await planAndApply(where, [...modes, '-destroy', ...(keeps ? goes : [])], kept(outputs)))) return;
  if (keeps) tellKept(name, outputs.artifact_prefix ?? '');
}

/** Anything but the stop switch, which goes with the deployment. */
async function holdsObjects(bucket, region, stopKey) {
  const client = new S3Client({ region, maxAttempts: 1 });
  const firstBehind = async (after) => {
    const page = { Bucket: bucket, MaxKeys: 1, ...(after === undefined ? {} : { KeyMarker: after }) };
    const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand(page));
    return [...Versions, ...DeleteMarkers][0]?.Key;
  };
  try {
    const first = await firstBehind();
    return first !== undefined && (first !== stopKey || (await firstBehind(stopKey)) !== undefined);
  } catch (error) {
    if (error.name === 'NoSuchBucket') return false;
    console.log(`s3://${bucket} cannot be listed (${oneLine(error)}), so it is taken to hold artifacts`);
    return true;
  } finally {
    client.destroy();
  }
}

function tellKept(bucket, prefix) {
  console.log(`
Kept: the bucket s3://${bucket} with the artifacts in it. They go by themselves when their time is up (artifact_expiry_days);
until then they cost storage. Log groups, functions, the API and AgentCore Memory with what it held are gone.
  one run       aws s3 rm --recursive s3://${bucket}/${prefix}artifacts/<run_id>/
  all of it     FORCE_DESTROY=1 make destroy
The bucket is versioned: what is removed by hand stays as old versions for noncurrent_expiry_days.`);
}

// ---- Terraform ----

/** False where a person said no. */
function planAndApply(where, args, variables) {
  return planned(where, args, variables, async (changes) => {
    if (changes === 0) return true;
    if (env('AUTO_APPROVE') !== '1' && !(await approved())) {
      console.log('nothing was changed');
      process.exitCode = 1;
      return false;
    }
    await terraform(['apply', '-input=false', PLAN_FILE], variables);
    return true;
  });
}

/**
 * Shows a plan and, where something stays deployed, what that can cost; refuses what AWS would refuse; then goes on with it. The plan is gone
 * afterwards.
 */
async function planned({ region }, args, variables, then) {
  mkdirSync('tmp', { recursive: true });
  try {
    const changes = await terraform(
      ['plan', '-input=false', '-detailed-exitcode', `-out=${PLAN_FILE}`, regionArgument(region), ...args],
      variables,
      [0, 2],
    );
    const plan = JSON.parse(await capture('terraform', ['-chdir=terraform', 'show', '-json', PLAN_FILE]));
    await showBill(plan.planned_values?.outputs?.limits?.value);
    const { refusals, warnings } = await checkPlan(plan, region);
    for (const line of warnings) console.error(`warning: ${line}`);
    if (refusals.length > 0) refuse(`nothing was changed: ${refusals.join('\nnothing was changed: ')}`);
    return await then(changes);
  } finally {
    rmSync(PLAN_FILE, { force: true });
  }
}

/** Worked out by `ewm cost`, and nowhere else. */
async function showBill(limits) {
  if (limits === undefined) return;
  console.log('');
  const code = await run(
    process.execPath,
    [EWM, 'cost', '--brief', '--limits', '-'],
    { stdio: ['pipe', 'inherit', 'inherit'] },
    { input: JSON.stringify(limits) },
  );
  if (code !== 0) refuse(`ewm cost failed, exit code ${code}`);
  console.log('`ewm cost` says what these figures hold under, and what they leave out.\n');
}

async function approved() {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  lines.on('SIGINT', () => lines.close());
  const closed = new Promise((done) => lines.once('close', () => done('')));
  const answer = await Promise.race([lines.question('\nApply this? Only "yes" applies it: '), closed]);
  lines.close();
  return answer.trim() === 'yes';
}

async function terraform(args, variables = {}, fine = [0]) {
  const code = await run('terraform', ['-chdir=terraform', ...args], { stdio: 'inherit', env: { ...process.env, ...variables } });
  if (!fine.includes(code)) refuse(`terraform ${args[0]} failed, exit code ${code}: what it said stands above`);
  return code;
}

async function capture(command, args) {
  const chunks = [];
  const code = await run(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }, { onOutput: (chunk) => chunks.push(chunk) });
  if (code !== 0) refuse(`${command} ${args.join(' ')} failed, exit code ${code}`);
  return Buffer.concat(chunks).toString('utf8');
}

/** Ctrl-C reaches Terraform, too, which then ends in order and lets go of its lock; it is waited for. */
function run(command, args, options, { input, onOutput } = {}) {
  return new Promise((done, failed) => {
    const ignore = () => undefined;
    process.on('SIGINT', ignore);
    const child = spawn(command, args, options);
    child.stdout?.on('data', onOutput);
    child.stdin?.end(input);
    child.once('error', failed);
    child.once('close', (code, signal) => {
      process.off('SIGINT', ignore);
      done(code ?? `none (${signal})`);
    });
  });
}

const TARGETS = { plan, deploy, outputs: async () => showOutputs(), destroy };

async function showOutputs() {
  await checkTerraform();
  await terraform(['output']);
  const outputs = JSON.parse(await capture('terraform', ['-chdir=terraform', 'output', '-json']));
  await showBill(outputs.limits?.value);
}

const [target, mode] = process.argv.slice(2);
const known = Object.hasOwn(TARGETS, target ?? '') && (target === 'deploy' ? MODES.includes(mode) : mode === undefined);
try {
  if (!known) refuse(USAGE);
  await TARGETS[target](mode);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
