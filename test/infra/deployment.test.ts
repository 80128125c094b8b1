/**
 * A whole deployment against `moto_server`: the targets of the Makefile apply it mode by mode, what stands there is read back through the AWS
 * SDK, the zips are fetched and run with the settings they were deployed with, and the targets take it down again.
 */
import {
  type ApiGatewayV2Client,
  GetApisCommand,
  GetIntegrationsCommand,
  GetRoutesCommand,
  GetStageCommand,
} from '@aws-sdk/client-apigatewayv2';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DescribeKeyCommand, GetKeyPolicyCommand, GetPublicKeyCommand } from '@aws-sdk/client-kms';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetRolePolicyCommand, ListAttachedRolePoliciesCommand, ListRolePoliciesCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import {
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import {
  DeleteBucketPolicyCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { DescribeStateMachineCommand, ListStateMachinesCommand } from '@aws-sdk/client-sfn';
import { unzipSync } from 'fflate';
import { createPublicKey } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentCoreStub,
  resultFrame,
  startAgentCoreStub,
  STUB_CODE_INTERPRETER_ID,
  STUB_MEMORY_ID,
  STUB_RUNTIME_ARN,
} from '../support/agentcore-stub';
import { billOf } from '../../src/domain/cost/bill';
import { decodeLimits } from '../../src/domain/cost/limits';
import { decodePrices } from '../../src/domain/cost/prices';
import { fractionOf, isAtMost, type ModelPrices } from '../support/bill-model';
import { type ApiSettings, setOff, strangerRequests, strangersHour } from '../support/strangers';
import { valueOfRight } from '../support/task';
import { agentCoreCalls, s3Call, TEST_ACCOUNT, TEST_REGION } from '../support/aws-calls';
import { httpEvent } from '../support/http-events';
import { mcpMessage } from '../../src/handlers/cli/api/mcp-message';
import { ROUTES } from '../../src/handlers/http/contract/routes';
import { deployerPolicy } from '../support/deployer-policy';
import { type AwsCall, isAllowed, type Policy } from '../support/iam-policy';
import { describeWhere } from '../support/needs';
import { type S3Stub, startS3Stub, STUB_BUCKET } from '../support/s3-stub';
import { controlPlane, type ControlPlane } from './control-plane';
import { ACTIONS, type Name } from './function-actions';
import { STUB_OUTPUTS } from '../support/moto-proxy';
import { type Deployment, missingDeployTools, startDeployment } from './deploy-target';
import { missingRuntimeClient, startFunction } from './runtime-client';

const MODES = ['base', 'tools', 'memory', 'sessions', 'mcp'] as const;
const ZIPS = join(__dirname, '../../dist/lambda');

/** What a person would have in a .tfvars file; the rest comes from the targets and the defaults. */
const VARIABLES = {
  TF_VAR_artifact_bucket_name: STUB_BUCKET,
  TF_VAR_code_interpreter_id: STUB_CODE_INTERPRETER_ID,
  TF_VAR_planner_runtime_arn: STUB_RUNTIME_ARN,
  TF_VAR_max_model_calls: '1',
  TF_VAR_alarm_email: 'operator@example.com',
  // From the function of sessions on.
  TF_VAR_enable_gateway: 'true',
  TF_VAR_enable_signing: 'true',
  TF_VAR_sign_segments: 'true',
};

describeWhere(missingDeployTools() ?? missingRuntimeClient(), 'a deployment', () => {
  let deployment: Deployment;
  let aws: ControlPlane;

  beforeAll(async () => {
    deployment = await startDeployment(VARIABLES);
    aws = controlPlane(deployment.url);
  });
  afterAll(async () => {
    aws.close();
    await deployment.stop();
  });

  // The steps build on each other, as they do for a person.

  it('deploys base alone, and nothing that was not asked for', async () => {
    await deployment.target(['deploy', 'base']);
    const { Functions: functions = [] } = await aws.lambda.send(new ListFunctionsCommand({}));
    expect(functions.map(({ FunctionName: name }) => name)).toEqual(['ewm-base']);
    expect(await deployment.outputs()).toMatchObject({
      modes: ['base'],
      region: TEST_REGION,
      artifact_bucket: STUB_BUCKET,
      artifact_prefix: 'ewm/',
      function_names: { base: 'ewm-base' },
      api_url: expect.stringMatching(/^https:\/\/\S+[^/]$/) as string,
      curl: expect.stringContaining('--aws-sigv4 "aws:amz:us-east-1:execute-api"') as string,
    });
    expect(deployment.proxy.templates.size).toBe(0);
  });

  it.each([
    ['tools', {}],
    ['memory', { ENABLE_AGENTCORE_MEMORY: '1', MEMORY_MAX_OPS: '7', MEMORY_MAX_BYTES: '2048' }],
    ['sessions', {}],
    ['mcp', {}],
  ] as const)('adds %s', async (mode, env) => {
    expect(await deployment.target(['deploy', mode], env)).toContain(`make smoke-agentcore-${mode}`);
  });

  it('keeps what is there', async () => {
    expect(await deployment.outputs()).toMatchObject({
      modes: ['base', 'mcp', 'memory', 'sessions', 'tools'],
      memory_id: STUB_MEMORY_ID,
      function_names: { base: 'ewm-base', tools: 'ewm-tools', memory: 'ewm-memory', sessions: 'ewm-sessions', mcp: 'ewm-mcp' },
      gateway_url: STUB_OUTPUTS['GatewayUrl'],
      gateway_arn: STUB_OUTPUTS['GatewayArn'],
      limits: { max_memory_ops: 7, max_memory_bytes: 2048, gateway: true },
    });
  });

  it('finds nothing to change when it is applied again, by any target and without the variables of the first time', async () => {
    for (const target of [['plan'], ['deploy', 'base']]) {
      const said = await deployment.target(target);
      expect(said).toContain('No changes.');
      // The bill below the plan, and the typical month beside the worst.
      expect(said).toMatch(/^component +an invocation \((?:tools|sessions|mcp)\) +an hour +a month +typical month$/m);
      expect(said).toMatch(/^total( +[0-9]+\.[0-9]{6}){4}$/m);
    }
  });

  it('says no to another region, where it would have destroyed what is there', async () => {
    const { code, output } = await deployment.attempt(['deploy', 'base'], { AWS_REGION: 'eu-west-1' });
    expect([code, output]).toEqual([2, expect.stringContaining('deployed in us-east-1, and AWS_REGION is eu-west-1')]);
  });

  it.each(MODES)('%s: stands there with the guardrails', async (name) => {
    const { Configuration: settings, Concurrency: concurrency } = await aws.lambda.send(
      new GetFunctionCommand({ FunctionName: `ewm-${name}` }),
    );
    expect(settings).toMatchObject({
      Runtime: 'nodejs22.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Timeout: 29,
      MemorySize: 512,
      TracingConfig: { Mode: 'PassThrough' },
    });
    expect(deployment.proxy.created.get(`ewm-${name}`)).toMatchObject({
      LoggingConfig: { LogFormat: 'JSON', LogGroup: `/aws/lambda/ewm-${name}` },
    });
    expect(concurrency).toEqual({ ReservedConcurrentExecutions: 1 });
    expect(await aws.lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: `ewm-${name}` }))).toMatchObject({
      ReservedConcurrentExecutions: 1,
    });
    expect(await aws.lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: `ewm-${name}` }))).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
    expect(deployment.proxy.recursion.get(`ewm-${name}`)).toBe('Terminate');
    expect(settings?.Environment?.Variables).toEqual(ENVIRONMENT[name]);
  });

  it('takes signed requests only, of the routes that are there, so many a second, and lets that API alone call', async () => {
    const api = await theApi(aws.api);
    const { Items: routes = [] } = await aws.api.send(new GetRoutesCommand({ ApiId: api.id }));
    const { Items: integrations = [] } = await aws.api.send(new GetIntegrationsCommand({ ApiId: api.id }));
    const leadsTo = (target = ''): string | undefined =>
      integrations.find(({ IntegrationId: id }) => target === `integrations/${id ?? ''}`)?.IntegrationUri;
    expect(Object.fromEntries(routes.map(({ RouteKey: key, AuthorizationType: auth }) => [key, auth]))).toEqual({
      'GET /health': 'AWS_IAM',
      'GET /openapi.json': 'AWS_IAM',
      'POST /agentcore/base': 'AWS_IAM',
      'POST /agentcore/memory': 'AWS_IAM',
      'POST /agentcore/tools': 'AWS_IAM',
      ...Object.fromEntries(SESSION_ROUTES.map((route) => [route, 'AWS_IAM'])),
    });
    for (const { RouteKey: key = '', Target: target } of routes) {
      const mode =
        /^POST .agentcore.(\w+)$/.exec(key)?.[1] ?? (key.includes('/sessions') ? 'sessions' : key.includes('/mcp') ? 'mcp' : 'base');
      expect(leadsTo(target)).toContain(`function:ewm-${mode}/`);
    }
    for (const integration of integrations)
      expect(integration).toMatchObject({ IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0', TimeoutInMillis: 30_000 });
    const stage = await aws.api.send(new GetStageCommand({ ApiId: api.id, StageName: '$default' }));
    expect(stage).toMatchObject({ AutoDeploy: true, DefaultRouteSettings: { ThrottlingRateLimit: 2, ThrottlingBurstLimit: 5 } });
    expect(stage.AccessLogSettings).toBeUndefined();
    const { Policy: policy = '' } = await aws.lambda.send(new GetPolicyCommand({ FunctionName: 'ewm-tools' }));
    expect((JSON.parse(policy) as { Statement: unknown[] }).Statement).toMatchObject([
      {
        Effect: 'Allow',
        Principal: { Service: 'apigateway.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Condition: { ArnLike: { 'AWS:SourceArn': `arn:aws:execute-api:${TEST_REGION}:${TEST_ACCOUNT}:${api.id}/*/POST/agentcore/tools` } },
      },
    ]);
  });

  it('lets no stranger cause what the total does not have', async () => {
    const { id } = await theApi(aws.api);
    const { Items: apis = [] } = await aws.api.send(new GetApisCommand({}));
    const { Items: routes = [] } = await aws.api.send(new GetRoutesCommand({ ApiId: id }));
    const stage = await aws.api.send(new GetStageCommand({ ApiId: id, StageName: '$default' }));
    const logFormat = stage.AccessLogSettings?.Format;
    const settings: ApiSettings = {
      routes: Object.fromEntries(routes.map(({ RouteKey: key = '', AuthorizationType: auth = '' }) => [key, auth])),
      ...(logFormat === undefined ? {} : { logFormat }),
      detailedMetrics: stage.DefaultRouteSettings?.DetailedMetricsEnabled ?? false,
      corsOrigins: apis.flatMap(({ CorsConfiguration: cors }) => cors?.AllowOrigins ?? []),
    };
    const prices = JSON.parse(await readFile(join(__dirname, '../../terraform/prices.json'), 'utf8')) as ModelPrices;
    const limits = valueOfRight(decodeLimits((await deployment.outputs())['limits']));
    const { per_hour: hour } = billOf(limits, valueOfRight(decodePrices(prices)));
    for (const request of strangerRequests(Object.keys(settings.routes))) {
      const one = setOff(settings, request);
      expect([request, one.status >= 400, one.invocations]).toEqual([request, true, 0]);
      const amount = strangersHour(prices, one, 10_000, limits.log_retention_days + 1);
      expect([request, isAtMost(amount, fractionOf(hour.by_component.refused_requests))]).toEqual([request, true]);
    }
  });

  it('keeps every log for so long and no longer, and watches every function', async () => {
    const { logGroups = [] } = await aws.logs.send(new DescribeLogGroupsCommand({}));
    expect(Object.fromEntries(logGroups.map(({ logGroupName, retentionInDays }) => [logGroupName, retentionInDays]))).toEqual({
      '/aws/lambda/ewm-base': 14,
      '/aws/lambda/ewm-memory': 14,
      '/aws/lambda/ewm-mcp': 14,
      '/aws/lambda/ewm-sessions': 14,
      '/aws/lambda/ewm-tools': 14,
    });
    const { MetricAlarms: alarms = [] } = await aws.watch.send(new DescribeAlarmsCommand({}));
    for (const name of MODES) {
      const metrics = alarms
        .filter(({ AlarmName: alarm = '' }) => alarm.startsWith(`ewm-${name}-`))
        .map(({ MetricName: metric }) => metric);
      expect(metrics).toEqual(expect.arrayContaining(['Throttles', 'Errors', 'Duration', 'Invocations', 'Refusals']));
    }
  });

  it('keeps artifacts private, versioned, encrypted, behind TLS, and not for ever', async () => {
    const where = { Bucket: STUB_BUCKET };
    const open = await aws.s3.send(new GetPublicAccessBlockCommand(where));
    expect(open.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(await aws.s3.send(new GetBucketVersioningCommand(where))).toMatchObject({ Status: 'Enabled' });
    const { OwnershipControls: owner } = await aws.s3.send(new GetBucketOwnershipControlsCommand(where));
    expect(owner?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    const { ServerSideEncryptionConfiguration: encryption } = await aws.s3.send(new GetBucketEncryptionCommand(where));
    expect(encryption?.Rules).toMatchObject([{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }]);
    const { Policy: policy = '' } = await aws.s3.send(new GetBucketPolicyCommand(where));
    expect((JSON.parse(policy) as Policy).Statement).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    );
    const { Rules: rules = [] } = await aws.s3.send(new GetBucketLifecycleConfigurationCommand(where));
    expect(rules).toEqual(
      expect.arrayContaining([expect.objectContaining({ Status: 'Enabled', Filter: { Prefix: 'ewm/' }, Expiration: { Days: 30 } })]),
    );
    expect(rules).toEqual(expect.arrayContaining([expect.objectContaining({ NoncurrentVersionExpiration: { NoncurrentDays: 7 } })]));
  });

  it('hands the memory of the stack to the function that uses it', () => {
    const template = deployment.proxy.templates.get('ewm-memory');
    expect(Object.values(template?.Resources ?? {}).map(({ Type: type }) => type)).toEqual(['AWS::BedrockAgentCore::Memory']);
    expect(template?.Outputs['MemoryId']?.Value).toEqual({ 'Fn::GetAtt': ['Memory', 'MemoryId'] });
    // The environment above holds what the stack's output said: STUB_MEMORY_ID.
    expect(ENVIRONMENT.memory).toMatchObject({ AGENTCORE_MEMORY_ID: STUB_MEMORY_ID });
  });

  it('has a gateway that calls one function, for callers whom IAM lets in', async () => {
    const { Roles: roles = [] } = await aws.iam.send(new ListRolesCommand({}));
    const role = roles.find(({ RoleName: found }) => found === `ewm-gateway-${TEST_REGION}`);
    const trust = JSON.parse(decodeURIComponent(role?.AssumeRolePolicyDocument ?? '{}')) as { readonly Statement: readonly object[] };
    expect(trust.Statement).toMatchObject([
      {
        Principal: { Service: 'bedrock-agentcore.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': TEST_ACCOUNT },
          ArnLike: { 'aws:SourceArn': `arn:aws:bedrock-agentcore:${TEST_REGION}:${TEST_ACCOUNT}:gateway/ewm-*` },
        },
      },
    ]);
    const policy = await aws.iam.send(new GetRolePolicyCommand({ RoleName: role?.RoleName, PolicyName: 'gateway' }));
    const may = JSON.parse(decodeURIComponent(policy.PolicyDocument ?? '{}')) as Policy;
    const calling = (name: string): AwsCall => ({
      action: 'lambda:InvokeFunction',
      resource: `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:ewm-${name}`,
    });
    expect(MODES.filter((name) => isAllowed(may, calling(name)))).toEqual(['sessions']);
    expect(isAllowed(may, { ...calling('sessions'), action: 'lambda:UpdateFunctionCode' })).toBe(false);
    const stack = deployment.proxy.templates.get('ewm-gateway');
    expect(stack?.parameters).toEqual({
      GatewayName: 'ewm',
      RoleArn: role?.Arn,
      FunctionArn: `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:ewm-sessions`,
      Plane: 'agent',
      JwtDiscoveryUrl: '',
      JwtAudience: '',
    });
    expect(stack?.Resources['Gateway']?.Properties['AuthorizerType']).toEqual({
      'Fn::If': ['HasIssuer', 'CUSTOM_JWT', 'AWS_IAM'],
    });
  });

  describe('what was deployed, fetched back and run', () => {
    let directory: string;
    let s3: S3Stub;
    let agentCore: AgentCoreStub;
    /** By mode: every call to AWS that a function makes while it does all that it can. */
    const calls = new Map<Name, AwsCall[]>();
    const policies = new Map<Name, Policy>();

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'ewm-deployed-'));
      [s3, agentCore] = await Promise.all([startS3Stub(), startAgentCoreStub()]);
      // As it was deployed.
      s3.objects.set('stop.json', { bytes: Buffer.from('{"stopped":false}\n'), contentType: 'application/json' });
      for (const name of MODES) policies.set(name, await policyOf(name));
    });
    afterAll(async () => {
      await Promise.all([s3.close(), agentCore.close(), rm(directory, { recursive: true })]);
    });

    it.each(MODES)('%s: is the zip of this build, and answers with the settings it was deployed with', async (name) => {
      const { Configuration: settings, Code: code } = await aws.lambda.send(new GetFunctionCommand({ FunctionName: `ewm-${name}` }));
      const zip = Buffer.from(await (await fetch(code?.Location ?? '')).arrayBuffer());
      expect(zip.equals(await readFile(join(ZIPS, `${name}-signing.zip`)))).toBe(true);
      const taskRoot = join(directory, name);
      await mkdir(join(taskRoot, '../scratch'), { recursive: true });
      await mkdir(taskRoot);
      for (const [file, bytes] of Object.entries(unzipSync(zip))) await writeFile(join(taskRoot, file), bytes);
      const endpoints = {
        AWS_ENDPOINT_URL_S3: s3.url,
        AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.url,
        AWS_ENDPOINT_URL_KMS: deployment.url,
      };
      const lambda = await startFunction({
        taskRoot,
        scratch: join(directory, 'scratch'),
        name: `ewm-${name}`,
        env: { ...settings?.Environment?.Variables, ...endpoints },
      });
      [s3, agentCore].forEach((stub) => {
        stub.reset();
      });
      agentCore.programs.splice(0, Infinity, [resultFrame({ stdout: '1\n' })]);
      agentCore.replies.splice(0, Infinity, { contentType: 'application/json', chunks: ['[]'] });
      try {
        // The second time it finds its artifacts there, and compares them.
        const [first, ...others] = REQUESTS[name];
        let answer: unknown;
        for (const [index, request] of [first, first, ...others].map((one, at) => [Math.max(at - 1, 0), one] as const)) {
          const requestId = `8f5d3c1a-0000-4000-8000-${String(index).padStart(12, '0')}`;
          const {
            method = 'POST',
            path = `/agentcore/${name}`,
            headers,
            body,
          } = typeof request === 'function' ? request(answer) : { body: request };
          const event = httpEvent({
            method,
            path,
            ...(headers === undefined ? {} : { headers: { 'content-type': 'application/json', ...headers } }),
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });
          const outcome = await lambda.invoke(event, requestId);
          expect(outcome).toMatchObject({ _tag: 'Response', payload: { statusCode: name === 'sessions' && index === 0 ? 201 : 200 } });
          answer = JSON.parse((outcome as { readonly payload: { readonly body: string } }).payload.body);
        }
      } finally {
        await lambda.stop();
      }
      calls.set(name, [...s3.requests().map(s3Call), ...agentCore.requests().flatMap(agentCoreCalls), ...(await keyCalls())]);
      expect(new Set(calls.get(name)?.map(({ action }) => action))).toEqual(new Set([...ACTIONS[name], ...SIGN]));
    });

    it('what it signed is proven with the public key that Terraform puts out, and nothing of AWS', async () => {
      const { signing_public_key: publicKey } = await deployment.outputs();
      const keyFile = join(directory, 'signing.pub.pem');
      await writeFile(keyFile, String(publicKey));
      const runs = [...s3.objects.keys()].filter((key) => key.endsWith('/receipt.json'));
      expect(runs.length).toBeGreaterThan(0);
      for (const [index, receipt] of runs.entries()) {
        const folder = receipt.slice(0, -'receipt.json'.length);
        const copy = join(directory, `signed-${String(index)}`);
        await mkdir(copy);
        for (const [key, { bytes }] of s3.objects) if (key.startsWith(folder)) await writeFile(join(copy, key.slice(folder.length)), bytes);
        const args = [EWM, 'verify', copy, '--key', keyFile, '--require-receipt', '--json'];
        const { stdout } = await promisify(execFile)(process.execPath, args, { env: {} });
        expect(JSON.parse(stdout)).toMatchObject({ ok: true });
      }
    });

    it('the key lets the functions sign, and nobody else', async () => {
      const { arn } = await signingKey();
      const { Policy: text = '' } = await aws.kms.send(new GetKeyPolicyCommand({ KeyId: arn, PolicyName: 'default' }));
      const account = `arn:aws:iam::${TEST_ACCOUNT}:root`;
      const statements = (JSON.parse(text) as { Statement: (Policy['Statement'][number] & { Principal: { AWS: string } })[] }).Statement;
      expect(statements.map(({ Principal: who }) => who)).toEqual([{ AWS: account }, { AWS: account }]);
      const policy: Policy = { Version: '2012-10-17', Statement: statements.map(({ Principal: _, ...statement }) => statement) };
      const mayBy = (role: string, algorithm = 'ECDSA_SHA_256'): boolean =>
        isAllowed(policy, {
          action: 'kms:Sign',
          resource: arn,
          context: { 'aws:PrincipalArn': `arn:aws:iam::${TEST_ACCOUNT}:role/${role}`, 'kms:SigningAlgorithm': algorithm },
        });
      expect(MODES.filter((name) => !mayBy(`ewm-${name}-${TEST_REGION}`))).toEqual([]);
      expect([mayBy('Administrator'), mayBy(`ewm-stop-${TEST_REGION}`), mayBy(`ewm-base-${TEST_REGION}`, 'SM2DSA')]).toEqual([
        false,
        false,
        false,
      ]);
    });

    it.each(MODES)('%s: its role allows every call that it makes', (name) => {
      for (const call of [...callsOf(name), ...byLambda(name)]) expect([call, isAllowed(policyIn(name), call)]).toEqual([call, true]);
    });

    it('the bucket takes what the functions write, and nothing that could overwrite it, whoever writes', async () => {
      const { Policy: text = '' } = await aws.s3.send(new GetBucketPolicyCommand({ Bucket: STUB_BUCKET }));
      const bucket = JSON.parse(text) as Policy;
      const together = (role: Policy): Policy => ({ ...role, Statement: [...role.Statement, ...bucket.Statement] });
      for (const name of MODES)
        for (const call of callsOf(name)) expect([name, call, isAllowed(together(policyIn(name)), call)]).toEqual([name, call, true]);
      const anything: Policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
      const put = (key: string, context: Readonly<Record<string, string>>): boolean =>
        isAllowed(together(anything), { action: 's3:PutObject', resource: `arn:aws:s3:::${STUB_BUCKET}/${key}`, context });
      const tls = { 'aws:SecureTransport': 'true', 's3:TlsVersion': '1.3' };
      const once = { ...tls, 's3:if-none-match': '*' };
      for (const kind of ['artifacts', 'sessions']) {
        expect([kind, put(`ewm/${kind}/x/run.json`, once), put(`ewm/${kind}/x/run.json`, tls)]).toEqual([kind, true, false]);
        // A copy and a multipart upload are puts, too, and cannot say it.
        expect(put(`ewm/${kind}/x/run.json`, { ...tls, 's3:x-amz-copy-source': '/other/key' })).toBe(false);
      }
      // Beside them, such as the stop switch: whoever may write may overwrite.
      expect(put('stop.json', tls)).toBe(true);
      expect(put('ewm/artifacts/x/run.json', { ...once, 'aws:SecureTransport': 'false' })).toBe(false);
      expect(put('ewm/artifacts/x/run.json', { ...once, 's3:TlsVersion': '1.1' })).toBe(false);
    });

    it.each(MODES)('%s: without any one statement, and without any one action of it, something breaks', (name) => {
      const policy = policyIn(name);
      const needed = [...callsOf(name), ...byLambda(name)];
      for (const statement of policy.Statement) {
        for (const action of [statement.Action].flat()) {
          const others = [statement.Action].flat().filter((other) => other !== action);
          const rest = policy.Statement.flatMap((one) =>
            one === statement ? (others.length === 0 ? [] : [{ ...one, Action: others }]) : [one],
          );
          const broken =
            statement.Effect === 'Allow' ? needed.some((call) => !isAllowed({ ...policy, Statement: rest }, call)) : invokes(rest);
          expect([statement.Sid, action, broken]).toEqual([statement.Sid, action, true]);
        }
      }
    });

    it.each(MODES)('%s: its role allows nothing beside: not the neighbours of what it may touch, and no function', (name) => {
      const forbidden: AwsCall[] = [
        { action: 's3:GetObject', resource: `arn:aws:s3:::${STUB_BUCKET}/secret` },
        { action: 's3:PutObject', resource: `arn:aws:s3:::${STUB_BUCKET}/ewm/other/x` },
        ...['artifacts/x/run.json', 'sessions/x/segments/00000000.jsonl'].map((key) => ({
          action: 's3:DeleteObject',
          resource: `arn:aws:s3:::${STUB_BUCKET}/ewm/${key}`,
        })),
        ...['PutObject', 'GetObject'].map((action) => ({
          action: `s3:${action}`,
          resource: `arn:aws:s3:::${STUB_BUCKET}/ewm/${['sessions', 'mcp'].includes(name) ? 'artifacts/x/run.json' : 'sessions/x/segments/00000000.jsonl'}`,
        })),
        { action: 's3:GetObject', resource: 'arn:aws:s3:::another-bucket/ewm/artifacts/x/run.json' },
        { action: 's3:ListBucket', resource: `arn:aws:s3:::${STUB_BUCKET}` },
        ...['', 'ewm/', 'ewm/artifacts/'].map((prefix) => ({
          action: 's3:ListBucket',
          resource: `arn:aws:s3:::${STUB_BUCKET}`,
          context: { 's3:prefix': prefix },
        })),
        { action: 'lambda:InvokeFunction', resource: `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:ewm-base` },
        { action: 'kms:Sign', resource: `arn:aws:kms:${TEST_REGION}:${TEST_ACCOUNT}:key/00000000-0000-4000-8000-000000000000` },
        ...callsOf(name).flatMap(({ action, resource }) =>
          action === 'kms:Sign' ? [{ action: 'kms:ScheduleKeyDeletion', resource }] : [],
        ),
        { action: 'logs:PutLogEvents', resource: `arn:aws:logs:${TEST_REGION}:${TEST_ACCOUNT}:log-group:/aws/lambda/another:log-stream:x` },
        {
          action: 'bedrock-agentcore:ListEvents',
          resource: `arn:aws:bedrock-agentcore:${TEST_REGION}:${TEST_ACCOUNT}:memory/another-0123456789`,
        },
        {
          action: 'bedrock-agentcore:InvokeAgentRuntime',
          resource: `arn:aws:bedrock-agentcore:${TEST_REGION}:${TEST_ACCOUNT}:runtime/another-0123456789`,
        },
        ...MODES.flatMap((other) => callsOf(other)).filter(({ action }) => ![...ACTIONS[name], ...SIGN].includes(action)),
      ];
      for (const call of forbidden) expect([call, isAllowed(policyIn(name), call)]).toEqual([call, false]);
    });

    /** A key is called by its alias, or by its ARN; what a policy speaks of is the key. */
    async function keyCalls(): Promise<readonly AwsCall[]> {
      const { arn } = await signingKey();
      return deployment.proxy.keyCalls().map(({ action, key }) => {
        // moto names a key by its id where AWS answers its ARN.
        expect(['alias/ewm-signing', arn, arn.split('/').at(-1)]).toContain(key);
        return { action, resource: arn };
      });
    }

    const callsOf = (name: Name): readonly AwsCall[] => calls.get(name) ?? [];
    const policyIn = (name: Name): Policy => policies.get(name) ?? { Version: '', Statement: [] };

    async function policyOf(name: Name): Promise<Policy> {
      const { Roles: roles = [] } = await aws.iam.send(new ListRolesCommand({}));
      const role = roles.find(({ RoleName: found = '' }) => found.startsWith(`ewm-${name}-`))?.RoleName;
      const { PolicyNames: names = [] } = await aws.iam.send(new ListRolePoliciesCommand({ RoleName: role }));
      const { AttachedPolicies: attached = [] } = await aws.iam.send(new ListAttachedRolePoliciesCommand({ RoleName: role }));
      expect([names.length, attached]).toEqual([1, []]);
      const { PolicyDocument: document = '' } = await aws.iam.send(new GetRolePolicyCommand({ RoleName: role, PolicyName: names[0] }));
      return JSON.parse(decodeURIComponent(document)) as Policy;
    }
  });

  it('puts out the public half of the key that signs, whose private half nobody has', async () => {
    const { arn, spec, usage } = await signingKey();
    expect([spec, usage]).toEqual(['ECC_NIST_P256', 'SIGN_VERIFY']);
    const { PublicKey: der = new Uint8Array() } = await aws.kms.send(new GetPublicKeyCommand({ KeyId: arn }));
    const { signing_public_key: newest, signing_public_keys: all } = await deployment.outputs();
    expect(createPublicKey(String(newest)).export({ type: 'spki', format: 'der' }).equals(der)).toBe(true);
    expect(all).toEqual({ '1': newest });
  });

  it('rotates: the alias moves to another key, and the public half of the one before is still there', async () => {
    const [before, { signing_public_key: older }] = [await signingKey(), await deployment.outputs()];
    await deployment.target(['deploy', 'base'], { TF_VAR_signing_keys: '2' });
    const [after, outputs] = [await signingKey(), await deployment.outputs()];
    expect(after.arn).not.toBe(before.arn);
    expect(outputs['signing_public_keys']).toEqual({ '1': older, '2': outputs['signing_public_key'] });
    expect((await aws.kms.send(new DescribeKeyCommand({ KeyId: before.arn }))).KeyMetadata?.KeyState).toBe('Enabled');
  });

  it('adds sweeps beside what is there: the machine that the tests of sweeps run, with limits of its own', async () => {
    const { modes } = await deployment.outputs();
    expect(await deployment.target(['deploy', 'sweeps'])).toContain('ewm sweep submit');
    const outputs = await deployment.outputs();
    expect(outputs).toMatchObject({ modes, sweeps: { state_machine_arn: expect.stringContaining(':stateMachine:ewm-sweeps') as string } });
    const { stateMachines: machines = [] } = await aws.steps.send(new ListStateMachinesCommand({}));
    expect(machines).toHaveLength(1);
    const { definition = '', type } = await aws.steps.send(
      new DescribeStateMachineCommand({ stateMachineArn: machines[0]?.stateMachineArn }),
    );
    const machine = JSON.parse(definition) as MachineLimits;
    const tested = JSON.parse(await readFile(join(__dirname, '../fixtures/sweep-machine.json'), 'utf8')) as MachineLimits;
    expect(type).toBe('STANDARD');
    expect(withoutLimits(machine)).toEqual(withoutLimits(tested));
    const { ReservedConcurrentExecutions: atOnce } = await aws.lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: 'ewm-cell' }));
    expect(machine.States.Cells.MaxConcurrency).toBe(atOnce);
  });

  it('takes the API down and keeps the artifacts, and says so', async () => {
    const key = 'ewm/artifacts/00000000000000000000000000000000/run.json';
    // moto takes the ban on requests without TLS for a ban on requests.
    await aws.s3.send(new DeleteBucketPolicyCommand({ Bucket: STUB_BUCKET }));
    await aws.s3.send(new PutObjectCommand({ Bucket: STUB_BUCKET, Key: key, Body: '{}' }));
    const told = await deployment.target(['destroy']);
    expect(told).toContain(`aws s3 rm --recursive s3://${STUB_BUCKET}/ewm/artifacts/<run_id>/`);
    expect((await aws.lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
    expect(await bucketNames()).toEqual([STUB_BUCKET]);
  });

  it('takes the artifacts down when told to, and leaves nothing but keys that can be had back for 30 days', async () => {
    const { KeyMetadata: key } = await aws.kms.send(new DescribeKeyCommand({ KeyId: signingArn }));
    expect(key).toMatchObject({ KeyState: 'PendingDeletion' });
    await deployment.target(['destroy'], { FORCE_DESTROY: '1' });
    expect(await bucketNames()).toEqual([]);
    expect((await aws.iam.send(new ListRolesCommand({}))).Roles).toEqual([]);
    expect((await aws.logs.send(new DescribeLogGroupsCommand({}))).logGroups).toEqual([]);
    expect(await deployment.target(['destroy'])).toContain('nothing is deployed here');
  });

  it('took the actions of docs/deployer-policy.json, which is made of them (UPDATE=1 writes it, npm run format shapes it)', async () => {
    const path = join(__dirname, '../../docs/deployer-policy.json');
    const taken = deployment.proxy.actions();
    expect(taken.length).toBeGreaterThan(50);
    expect(UNSEEN.filter((action) => taken.includes(action))).toEqual([]);
    const policy = deployerPolicy([...taken, ...UNSEEN]);
    if (process.env['UPDATE'] === '1') await writeFile(path, JSON.stringify(policy, null, 2));
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(policy);
  });

  /** The last that was seen. */
  let signingArn = '';

  /** By its alias. */
  async function signingKey(): Promise<{ readonly arn: string; readonly spec: string | undefined; readonly usage: string | undefined }> {
    const { KeyMetadata: key } = await aws.kms.send(new DescribeKeyCommand({ KeyId: 'alias/ewm-signing' }));
    signingArn = key?.Arn ?? '';
    return { arn: signingArn, spec: key?.KeySpec, usage: key?.KeyUsage };
  }

  async function bucketNames(): Promise<readonly (string | undefined)[]> {
    return ((await aws.s3.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name: name }) => name);
  }
});

interface MachineLimits {
  readonly States: { readonly Cells: { readonly MaxConcurrency: number } };
}

/** What a deployment sets: how many at a time, how many at the most, for how long, in which bucket. */
function withoutLimits(machine: MachineLimits): unknown {
  return JSON.parse(
    JSON.stringify(machine, (key, value: unknown) => (/^(MaxConcurrency|MaxItems|TimeoutSeconds|Bucket)$/.test(key) ? null : value)),
  );
}

const OF_ALL = {
  EWM_ARTIFACT_BUCKET: STUB_BUCKET,
  EWM_ARTIFACT_PREFIX: 'ewm/',
  EWM_S3_PATH_STYLE: '0',
  EWM_CONNECT_TIMEOUT_MS: '1000',
  EWM_S3_TIMEOUT_MS: '5000',
  EWM_STORE_RESERVE_MS: '3000',
  EWM_MAX_BODY_BYTES: '1048576',
  EWM_MAX_ARTIFACT_BYTES: '4194304',
  EWM_ENABLED: 'memory,code_interpreter,planner',
  EWM_SIGNING_KEY: 'alias/ewm-signing',
  EWM_SIGN_SEGMENTS: '1',
  EWM_MAX_STEPS: '100',
  EWM_MAX_TOOL_CALLS: '10',
  EWM_MAX_MODEL_CALLS: '1',
  MEMORY_MAX_OPS: '7',
  MEMORY_MAX_BYTES: '2048',
};

/** What signing takes, besides what it stores. */
const SIGN = ['kms:GetPublicKey', 'kms:Sign'];
const EWM = join(__dirname, '../../dist/ewm.cjs');

const OUTSIDE = { EWM_AGENTCORE_TIMEOUT_MS: '20000', EWM_STOP_KEY: 'stop.json' };
const PLAN = { AGENTCORE_CODE_INTERPRETER_ID: STUB_CODE_INTERPRETER_ID, AGENTCORE_RUNTIME_ARN: STUB_RUNTIME_ARN };
const MEMORY = { ENABLE_AGENTCORE_MEMORY: '1', AGENTCORE_MEMORY_ID: STUB_MEMORY_ID, AGENTCORE_MEMORY_ACTOR_ID: 'ewm' };

const ENVIRONMENT: Readonly<Record<Name, Readonly<Record<string, string>>>> = {
  base: OF_ALL,
  tools: { ...OF_ALL, ...OUTSIDE, ...PLAN },
  memory: { ...OF_ALL, ...OUTSIDE, ...MEMORY },
  sessions: { ...OF_ALL, ...OUTSIDE, ...PLAN, ...MEMORY },
  mcp: { ...OF_ALL, ...OUTSIDE, ...PLAN, ...MEMORY },
};

const SESSION_ROUTES = Object.entries(ROUTES).flatMap(([route, { service }]) =>
  service === 'sessions' || service === 'mcp' ? [route] : [],
);

/** A request; a session's follows from the answer before it. */
type Following = (before: unknown) => {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
};

const tool =
  (name: string, args: (before: unknown) => object): Following =>
  (before) => ({ path: '/mcp', ...mcpMessage('tools/call', { name, arguments: args(before) }) });

const run =
  (name: Name, body: object): Following =>
  () => ({ path: `/agentcore/${name}`, body });

const sessionOf = (answer: unknown): Session =>
  (answer as { readonly result?: { readonly structuredContent: Session } }).result?.structuredContent ?? (answer as Session);

interface Session {
  readonly session_id: string;
  readonly head: string;
}

const LONG_LIFE = { max_steps: 9, max_tool_calls: 3, max_model_calls: 1, max_memory_ops: 3, max_memory_bytes: 1000 };
const OUTSIDE_CALLS = [
  { name: 'execute_code', args: { language: 'python', code: 'print(1)' } },
  { name: 'propose_plan', args: { goal: 'hold' } },
  { name: 'memory_put', args: { key: 'k', value: 1 } },
  { name: 'memory_get', args: { key: 'k' } },
  { name: 'memory_clear', args: { key: 'k' } },
];

const addressed = (before: unknown): Session => ({ session_id: sessionOf(before).session_id, head: sessionOf(before).head });

/** Together all that a function can do; the first one is sent twice. */
const REQUESTS: Readonly<Record<Name, readonly [Following, ...Following[]]>> = {
  sessions: [
    () => ({
      path: '/sessions',
      body: {
        name: 'deployed',
        budget: LONG_LIFE,
      },
    }),
    (before) => ({
      path: `/sessions/${sessionOf(before).session_id}/calls`,
      body: {
        head: sessionOf(before).head,
        calls: OUTSIDE_CALLS,
      },
    }),
    (before) => ({ method: 'GET', path: `/sessions/${sessionOf(before).session_id}` }),
    () => ({ method: 'GET', path: '/sessions' }),
  ],
  mcp: [
    tool('world_create', () => ({ name: 'deployed, over MCP', budget: LONG_LIFE })),
    tool('world_act', (before) => ({ ...addressed(before), calls: OUTSIDE_CALLS })),
    tool('world_close', addressed),
    tool('world_verify', (before) => ({ session_id: sessionOf(before).session_id })),
  ],
  base: [run('base', {})],
  tools: [
    run('tools', { tool_plan: [{ name: 'get_price_context', args: { step: 0 } }], budget: { max_steps: 1, max_tool_calls: 1 } }),
    run('tools', {
      tool_plan: [
        { name: 'execute_code', args: { language: 'python', code: 'print(1)' } },
        { name: 'propose_plan', args: { goal: 'hold' } },
      ],
      budget: { max_steps: 2, max_tool_calls: 2, max_model_calls: 1 },
    }),
  ],
  memory: [
    run('memory', { requests: [{ op: 'memory_put', key: 'a', value: 1 }], budget: { max_memory_ops: 1, max_memory_bytes: 100 } }),
    run('memory', {
      requests: [
        { op: 'memory_put', key: 'k', value: 1 },
        { op: 'memory_get', key: 'k' },
        { op: 'memory_clear', key: 'k' },
      ],
      budget: { max_memory_ops: 3, max_memory_bytes: 1000 },
    }),
  ],
};

/** What Lambda itself does in the name of the role, and no stub sees. Source: "Lambda execution role" in the Lambda Developer Guide. */
function byLambda(name: Name): readonly AwsCall[] {
  const stream = `arn:aws:logs:${TEST_REGION}:${TEST_ACCOUNT}:log-group:/aws/lambda/ewm-${name}:log-stream:2025/11/24/[$LATEST]0123`;
  return ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({ action, resource: stream }));
}

/** Whether these statements would let a function be invoked if some other policy allowed it: what the ban is for. */
function invokes(statements: Policy['Statement']): boolean {
  const generous = { Sid: 'Generous', Effect: 'Allow', Action: '*', Resource: '*' } as const;
  const target = `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:ewm-base`;
  return ['lambda:InvokeFunction', 'lambda:InvokeAsync', 'lambda:InvokeFunctionUrl'].some((action) =>
    isAllowed({ Version: '2012-10-17', Statement: [...statements, generous] }, { action, resource: target }),
  );
}

/**
 * What a deployment takes and this one did not show: changes to what is there, a budget (moto cannot answer for one), what AWS does in the name of who
 * deploys (the memory, the delivery of access logs, the role handed to Lambda), and what smoke and demo call.
 */
const UNSEEN: readonly string[] = [
  // Changes to what is there.
  'apigateway:PATCH',
  'apigateway:PUT',
  'cloudformation:DescribeStackEvents',
  'cloudformation:UpdateStack',
  ...['TagResource', 'UntagResource'].map((name) => `cloudformation:${name}`),
  'iam:UpdateAssumeRolePolicy',
  ...['TagResource', 'UntagResource', 'UpdateStateMachine'].map((name) => `states:${name}`),
  'lambda:UpdateFunctionCode',
  ...['cloudwatch', 'lambda', 'logs'].flatMap((service) => [`${service}:TagResource`, `${service}:UntagResource`]),
  'iam:UntagRole',
  'lambda:ListTags',
  // Tags that come with what is made take permissions of their own.
  'apigateway:TagResource',
  'iam:TagRole',
  'sns:TagResource',
  // The test took the policy away before the target could.
  's3:DeleteBucketPolicy',
  // By AWS in the name of who deploys: the roles, the delivery of access logs, the memory, the gateway.
  'iam:PassRole',
  ...[
    'CreateLogDelivery',
    'DeleteLogDelivery',
    'DescribeResourcePolicies',
    'GetLogDelivery',
    'ListLogDeliveries',
    'PutResourcePolicy',
    'UpdateLogDelivery',
  ].map((name) => `logs:${name}`),
  ...['Memory', 'Gateway', 'GatewayTarget']
    .flatMap((type) => ['Create', 'Get', 'Update', 'Delete'].map((verb) => `${verb}${type}`))
    // Each gateway has an identity of its own, which the service makes and takes away with it.
    .concat('CreateWorkloadIdentity', 'GetWorkloadIdentity', 'DeleteWorkloadIdentity')
    .concat('ListTagsForResource', 'TagResource', 'UntagResource')
    .map((name) => `bedrock-agentcore:${name}`),
  // A key of one's own: for the bucket and the memory in the name of who deploys, for the logs, and to look at before.
  ...['CreateGrant', 'Decrypt', 'GenerateDataKey'].map((name) => `kms:${name}`),
  // Keys that sign: what comes with tags, and what changes one.
  ...['TagResource', 'UntagResource', 'UpdateKeyDescription'].map((name) => `kms:${name}`),
  ...['AssociateKmsKey', 'DisassociateKmsKey'].map((name) => `logs:${name}`),
  // The first API of an account.
  'iam:CreateServiceLinkedRole',
  // A budget, and its action.
  ...['CreateBudgetAction', 'DeleteBudgetAction', 'DescribeBudgetAction', 'UpdateBudgetAction'].map((name) => `budgets:${name}`),
  ...['ListTagsForResource', 'ModifyBudget', 'TagResource', 'ViewBudget'].map((name) => `budgets:${name}`),
  // Smoke, demo, and removing a run by hand.
  'execute-api:Invoke',
  's3:DeleteObject',
  // Stopping and resuming by hand.
  ...['GetFunctionConcurrency', 'DeleteFunctionConcurrency'].map((name) => `lambda:${name}`),
];

async function theApi(client: ApiGatewayV2Client): Promise<{ readonly id: string }> {
  const { Items: apis = [] } = await client.send(new GetApisCommand({}));
  expect(apis).toMatchObject([{ Name: 'ewm', ProtocolType: 'HTTP' }]);
  return { id: apis[0]?.ApiId ?? '' };
}
