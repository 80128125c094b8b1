/**
 * What AWS would refuse half-way is said before anything is changed: in one line, with what to do. Against accounts that lack something; each attempt
 * may only have looked.
 */
import { CreateFunctionCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, DeleteBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { CreateRoleCommand, DeleteRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execFileSync } from 'node:child_process';
import { describeWhere } from '../support/needs';
import { controlPlane, type ControlPlane } from './control-plane';
import { type Deployment, missingDeployTools, startDeployment } from './deploy-target';

const BUCKET = 'ewm-refused';
const LOOKS = /:(Get|List|Describe|Head|View)|^apigateway:GET$/;

describeWhere(missingDeployTools(), 'a deployment that AWS would refuse', () => {
  let deployment: Deployment;
  let aws: ControlPlane;

  beforeAll(async () => {
    // A new account.
    deployment = await startDeployment({ TF_VAR_artifact_bucket_name: BUCKET }, 10);
    aws = controlPlane(deployment.url);
  });
  afterAll(async () => {
    aws.close();
    await deployment.stop();
  });

  /** Refused, in lines that begin so; and nothing was asked of AWS but to look. */
  async function refused(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
    const { code, output } = await deployment.attempt(args, env);
    expect([code, output.slice(-600)]).toEqual([2, expect.stringContaining('nothing was changed')]);
    expect(output).not.toMatch(/\n\s+at /);
    expect(deployment.proxy.actions().filter((action) => !LOOKS.test(action))).toEqual([]);
    return output.split('\n').filter((line) => line.startsWith('nothing was changed: '));
  }

  it('a new account, with 10 executions at once: nothing is changed, and it says whom to ask for what', async () => {
    const lines = await refused(['deploy', 'base']);
    expect(lines).toEqual([
      'nothing was changed: Lambda allows this account 10 executions at once in us-east-1, 10 of them unreserved; 1 to reserve and 100 to leave take 101. ' +
        'Ask for 1000 (free, minutes to days) and deploy again: aws service-quotas request-service-quota-increase --region us-east-1 ' +
        '--service-code lambda --quota-code L-B99A9384 --desired-value 1000',
    ]);
    expect((await aws.lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
    expect((await aws.iam.send(new ListRolesCommand({}))).Roles).toEqual([]);
    expect((await aws.s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
  });

  it('a Region without AgentCore, names that are taken, a key of another Region: all at once, a line each', async () => {
    const key = 'arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-4000-8000-000000000000';
    const trust = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    const { Role: role } = await aws.iam.send(new CreateRoleCommand({ RoleName: 'somebody', AssumeRolePolicyDocument: trust }));
    await aws.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await aws.lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'ewm-memory',
        Role: role?.Arn,
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Code: { ZipFile: Buffer.from('x') },
      }),
    );
    const lines = await refused(['deploy', 'memory'], {
      ENABLE_AGENTCORE_MEMORY: '1',
      TF_VAR_kms_key_arn: key,
      AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL: 'https://bedrock-agentcore-control.eu-nowhere-1.invalid',
      HTTPS_PROXY: '',
      https_proxy: '',
    });
    expect(lines).toEqual([
      expect.stringContaining('Lambda allows this account 10 executions'),
      expect.stringContaining('a function ewm-memory is there already, and this state does not know it'),
      expect.stringContaining(`the bucket ${BUCKET} is there already, and this state does not know it: terraform -chdir=terraform import`),
      expect.stringContaining(
        'us-east-1 has no AgentCore (bedrock-agentcore-control.eu-nowhere-1.invalid: no such host), which the memory would need',
      ),
      expect.stringContaining('kms_key_arn is a key of eu-west-1: everything is in us-east-1'),
    ]);
    await aws.s3.send(new DeleteBucketCommand({ Bucket: BUCKET }));
    await aws.iam.send(new DeleteRoleCommand({ RoleName: 'somebody' }));
  });

  it.each([
    ['no Region', { AWS_REGION: '', AWS_DEFAULT_REGION: '' }, 'no region: say where'],
    ['a Region that is none', { AWS_REGION: 'Frankfurt' }, 'AWS_REGION is "Frankfurt": expected the name of a Region'],
    ['nobody signed in', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', HOME: '/nowhere' }, 'no AWS credentials: set AWS_PROFILE'],
    ['no way to AWS', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, 'AWS cannot be reached in us-east-1'],
    ['no Terraform', { PATH: '/nowhere' }, 'terraform is not on the path: install 1.7 or newer'],
  ])('%s: one line, and Terraform is not even started', async (_name, env, line) => {
    const { code, output } = await deployment.attempt(['deploy', 'base'], env);
    // Terraform may warn of settings of this machine when it is asked for its version.
    expect([code, output.trim().split('\n').at(-1)]).toEqual([2, expect.stringContaining(line)]);
    expect(output).not.toContain('Initializing');
  });
});

describe('the end of a runtime', () => {
  const warned = (runtimes: readonly string[], now: string): unknown => {
    const module = pathToFileURL(join(__dirname, '../../.config/deploy-checks.mjs')).href;
    const script = `import { runtimeLines } from '${module}'; console.log(JSON.stringify(runtimeLines(${JSON.stringify(runtimes)}, new Date('${now}'))));`;
    return (
      JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })) as { warnings: unknown }
    ).warnings;
  };

  it('is told from three months before it on, and not a day earlier', () => {
    expect(warned(['nodejs22.x'], '2027-01-29T23:59:59Z')).toEqual([]);
    expect(warned(['nodejs22.x'], '2027-01-30T00:00:00Z')).toEqual([
      expect.stringContaining('Lambda stops supporting nodejs22.x on 2027-04-30'),
    ]);
    expect(warned(['nodejs22.x'], '2027-04-30T00:00:00Z')).toEqual([expect.stringContaining('Lambda stopped supporting nodejs22.x')]);
    expect(warned(['nodejs24.x'], '2027-04-30T00:00:00Z')).toEqual([]);
  });
});
