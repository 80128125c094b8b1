// What AWS would refuse half-way through a deployment, asked before anything is changed. Each check gives lines that say what is wrong and what to do;
// what cannot be asked (a permission that is missing, say) stops nobody: Terraform says it then.
import { GetAccountSettingsCommand, GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeKeyCommand, GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { lookup } from 'node:dns/promises';

/** Lambda keeps so many executions of an account unreserved. */
const UNRESERVED_MIN = 100;

export const oneLine = (error) =>
  String(error?.message ?? error)
    .replace(/\s+/g, ' ')
    .slice(0, 200);

/** Who is signed in, or why nobody is. */
export async function identityIn(region) {
  return ask(STSClient, region, new GetCallerIdentityCommand({}));
}

/** Lines that forbid applying this plan, and lines worth reading first. */
export async function checkPlan(plan, region) {
  const changed = (type, ...actions) =>
    (plan.resource_changes ?? [])
      .filter((one) => one.type === type && one.change.actions.some((action) => actions.includes(action)))
      .map(({ change }) => change);
  const created = (type) => changed(type, 'create');
  const limits = plan.planned_values?.outputs?.limits?.value ?? {};
  const checks = await Promise.all([
    concurrency(changed('aws_lambda_function', 'create', 'update'), region),
    existing(created('aws_lambda_function'), region),
    buckets(created('aws_s3_bucket'), region),
    agentCore(limits, region),
    keys(plan, region),
    Promise.resolve(runtimeLines(runtimesIn(plan), new Date())),
    Promise.resolve(stopped(changed('aws_lambda_function', 'update'))),
  ]);
  return { refusals: checks.flatMap(({ refusals = [] }) => refusals), warnings: checks.flatMap(({ warnings = [] }) => warnings) };
}

/** A deployment that is held off is let in by whoever stopped it, and not by the way. */
function stopped(changes) {
  const held = changes.filter(
    ({ before, after }) => before?.reserved_concurrent_executions === 0 && after?.reserved_concurrent_executions !== 0,
  );
  if (held.length === 0) return {};
  const names = held.map(({ before }) => before.function_name).join(', ');
  return {
    refusals: [
      `this deployment is stopped (${names}: reserved concurrency 0): make stop-status says by whom and why; make resume, then again`,
    ],
  };
}

/** A function reserves its executions, and Lambda refuses where fewer than 100 would be left: at 10 in a new account. */
async function concurrency(changes, region) {
  // One that is replaced has its reservation already, unless it was left half-made.
  const reserved = (state) => Math.max(0, state?.reserved_concurrent_executions ?? 0);
  const added = changes.reduce((sum, { before, after }) => sum + Math.max(0, reserved(after) - reserved(before)), 0);
  if (added === 0) return {};
  const { value } = await ask(LambdaClient, region, new GetAccountSettingsCommand({}));
  const { ConcurrentExecutions: all, UnreservedConcurrentExecutions: left } = value?.AccountLimit ?? {};
  if (left === undefined || left - added >= UNRESERVED_MIN) return {};
  const needed = all - left + added + UNRESERVED_MIN;
  return {
    refusals: [
      `Lambda allows this account ${all} executions at once in ${region}, ${left} of them unreserved; ${added} to reserve and ${UNRESERVED_MIN} to leave take ${needed}. ` +
        `Ask for 1000 (free, minutes to days) and deploy again: aws service-quotas request-service-quota-increase --region ${region} --service-code lambda --quota-code L-B99A9384 --desired-value 1000`,
    ],
  };
}

async function existing(changes, region) {
  const names = changes.filter(({ actions }) => !actions.includes('delete')).map(({ after }) => after.function_name);
  const found = await Promise.all(
    names.map(async (name) => ((await ask(LambdaClient, region, new GetFunctionCommand({ FunctionName: name }))).value ? [name] : [])),
  );
  return {
    refusals: found
      .flat()
      .map(
        (name) =>
          `a function ${name} is there already, and this state does not know it: use its state (backend.tf), or another name (TF_VAR_name)`,
      ),
  };
}

async function buckets(changes, region) {
  const refusals = await Promise.all(
    changes.map(async ({ actions, after: { bucket } }) => {
      if (actions.includes('delete')) return [];
      const { value, status } = await ask(S3Client, region, new HeadBucketCommand({ Bucket: bucket }));
      const taken = 'another name (TF_VAR_artifact_bucket_name)';
      if (value !== undefined)
        return [
          `the bucket ${bucket} is there already, and this state does not know it: terraform -chdir=terraform import -var=region=${region} aws_s3_bucket.artifacts ${bucket}, or ${taken}`,
        ];
      return status === 403 || status === 301
        ? [`the bucket ${bucket} belongs to somebody else, or is in another Region: take ${taken}`]
        : [];
    }),
  );
  return { refusals: refusals.flat() };
}

/** A Region without AgentCore has no such host. */
async function agentCore({ memory, code_interpreter: interpreter, planner, gateway }, region) {
  const asked = Object.entries({
    'the memory': memory,
    'the code interpreter': interpreter,
    'the planner': planner,
    'the gateway': gateway,
  });
  const names = asked.filter(([, wanted]) => wanted === true).map(([name]) => name);
  if (names.length === 0) return {};
  const endpoint =
    process.env.AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL ||
    process.env.AWS_ENDPOINT_URL ||
    `https://bedrock-agentcore-control.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
  try {
    await lookup(new URL(endpoint).hostname);
    return {};
  } catch (error) {
    // Behind a proxy, names of the internet need not be known here.
    if (error.code !== 'ENOTFOUND' || process.env.HTTPS_PROXY || process.env.https_proxy) return {};
    return {
      refusals: [
        `${region} has no AgentCore (${new URL(endpoint).hostname}: no such host), which ${names.join(' and ')} would need: another Region, or without`,
      ],
    };
  }
}

/** A key that cannot be used fails the first log group, when half of the rest is there. */
async function keys(plan, region) {
  const key = plan.variables?.kms_key_arn?.value;
  const makesNothing = !(plan.resource_changes ?? []).some(({ change }) => change.actions.includes('create'));
  if (key == null || makesNothing) return {};
  const keyRegion = key.split(':')[3];
  if (keyRegion !== region)
    return { refusals: [`kms_key_arn is a key of ${keyRegion}: everything is in ${region}, and so must its key be`] };
  const { value, error } = await ask(KMSClient, region, new DescribeKeyCommand({ KeyId: key }));
  if (error?.name === 'NotFoundException') return { refusals: [`kms_key_arn: there is no key ${key}`] };
  const { KeyState: state, KeySpec: spec } = value?.KeyMetadata ?? {};
  if (state !== undefined && state !== 'Enabled') return { refusals: [`kms_key_arn: the key is ${state}: enable it, or take another`] };
  if (spec !== undefined && spec !== 'SYMMETRIC_DEFAULT')
    return { refusals: [`kms_key_arn: a key of kind ${spec} encrypts no bucket: take a symmetric one`] };
  const { value: policy } = await ask(KMSClient, region, new GetKeyPolicyCommand({ KeyId: key, PolicyName: 'default' }));
  return policy?.Policy === undefined || policy.Policy.includes('logs.')
    ? {}
    : {
        warnings: [
          `the policy of kms_key_arn does not name logs.${region}.amazonaws.com: CloudWatch Logs will refuse the key (docs/deploy.md)`,
        ],
      };
}

/** By AWS's table of runtimes: from then on functions get no patches, and later cannot be made any more. */
const SUPPORT_ENDS = { 'nodejs22.x': '2027-04-30', 'nodejs24.x': '2028-04-30' };
const WARNED_MONTHS = 3;

function runtimesIn(plan) {
  const of = (module) => [...(module?.resources ?? []), ...(module?.child_modules ?? []).flatMap(of)];
  const functions = of(plan.planned_values?.root_module).filter(({ type }) => type === 'aws_lambda_function');
  return [...new Set(functions.map(({ values }) => values.runtime))];
}

/** Warns from three months before the end of support. */
export function runtimeLines(runtimes, now) {
  const warnings = runtimes.flatMap((runtime) => {
    const end = SUPPORT_ENDS[runtime];
    if (end === undefined) return [];
    const from = new Date(`${end}T00:00:00Z`);
    from.setUTCMonth(from.getUTCMonth() - WARNED_MONTHS);
    const over = now >= new Date(`${end}T00:00:00Z`);
    return now < from
      ? []
      : [`Lambda ${over ? 'stopped' : 'stops'} supporting ${runtime} on ${end}: TF_VAR_runtime=nodejs24.x (docs/deploy.md)`];
  });
  return { warnings };
}

/** One question to one service: its answer, or the status and the error. */
async function ask(Client, region, command) {
  const client = new Client({
    region,
    maxAttempts: 2,
    ...(Client === S3Client ? { forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined } : {}),
  });
  try {
    return { value: await client.send(command) };
  } catch (error) {
    return { error, status: error?.$metadata?.httpStatusCode };
  } finally {
    client.destroy();
  }
}
