/** The policy of who deploys, made of actions: each belongs to one statement, which says on what; an action that no statement takes throws. */
import type { Policy, Statement } from './iam-policy';

interface Rule {
  readonly sid: string;
  /** The first rule that fits has the action. */
  readonly takes: RegExp;
  readonly resource: string | readonly string[];
  readonly condition?: Statement['Condition'];
}

const RULES: readonly Rule[] = [
  { sid: 'WhoAmI', takes: /^(sts:GetCallerIdentity|lambda:GetAccountSettings)$/, resource: '*' },
  { sid: 'Functions', takes: /^lambda:/, resource: 'arn:aws:lambda:REGION:ACCOUNT:function:ewm-*' },
  {
    sid: 'RolesForFunctionsMachinesBudgetsAndGatewaysOnly',
    takes: /^iam:PassRole$/,
    resource: 'arn:aws:iam::ACCOUNT:role/ewm-*',
    condition: {
      StringEquals: {
        'iam:PassedToService': ['lambda.amazonaws.com', 'budgets.amazonaws.com', 'bedrock-agentcore.amazonaws.com', 'states.amazonaws.com'],
      },
    },
  },
  {
    sid: 'RoleOfApiGateway',
    takes: /^iam:CreateServiceLinkedRole$/,
    resource: 'arn:aws:iam::ACCOUNT:role/aws-service-role/ops.apigateway.amazonaws.com/*',
    condition: { StringEquals: { 'iam:AWSServiceName': 'ops.apigateway.amazonaws.com' } },
  },
  { sid: 'MachineOfSweeps', takes: /^states:/, resource: 'arn:aws:states:REGION:ACCOUNT:stateMachine:ewm-*' },
  { sid: 'Roles', takes: /^iam:/, resource: 'arn:aws:iam::ACCOUNT:role/ewm-*' },
  {
    sid: 'Api',
    takes: /^apigateway:/,
    resource: ['arn:aws:apigateway:REGION::/apis', 'arn:aws:apigateway:REGION::/apis/*', 'arn:aws:apigateway:REGION::/tags/*'],
  },
  {
    sid: 'ArtifactsForSmokeAndForceDestroy',
    takes: /^s3:(Get|Delete)Object(Version)?$/,
    resource: 'arn:aws:s3:::ewm-artifacts-ACCOUNT-REGION/*',
  },
  { sid: 'StopSwitch', takes: /^s3:(Put|Get)Object(Tagging)?$/, resource: 'arn:aws:s3:::ewm-artifacts-ACCOUNT-REGION/stop.json' },
  { sid: 'Bucket', takes: /^s3:/, resource: 'arn:aws:s3:::ewm-artifacts-ACCOUNT-REGION' },
  { sid: 'Logs', takes: /^logs:/, resource: '*' },
  { sid: 'AlarmsAndDashboard', takes: /^cloudwatch:/, resource: '*' },
  { sid: 'MemoryAndGatewayStacks', takes: /^cloudformation:/, resource: 'arn:aws:cloudformation:REGION:ACCOUNT:stack/ewm-*/*' },
  { sid: 'MemoryAndGatewayByCloudFormation', takes: /^bedrock-agentcore:/, resource: '*' },
  { sid: 'AlarmMail', takes: /^sns:/, resource: 'arn:aws:sns:REGION:ACCOUNT:ewm-*' },
  { sid: 'MonthlyBudget', takes: /^budgets:/, resource: 'arn:aws:budgets::ACCOUNT:budget/ewm-*' },
  // Only with enable_signing: a key has no name of its own before it is made, so its tags say whose it is.
  {
    sid: 'MakeSigningKeys',
    takes: /^kms:(CreateKey|TagResource)$/,
    resource: '*',
    condition: { StringEquals: { 'aws:RequestTag/Application': 'executable-world-models' } },
  },
  {
    sid: 'ChangeSigningKeys',
    takes: /^kms:(PutKeyPolicy|ScheduleKeyDeletion|UntagResource|UpdateKeyDescription)$/,
    resource: 'arn:aws:kms:REGION:ACCOUNT:key/*',
    condition: { StringEquals: { 'aws:ResourceTag/Application': 'executable-world-models' } },
  },
  {
    sid: 'AliasOfSigningKeys',
    takes: /^kms:(Create|Update|Delete)Alias$/,
    resource: ['arn:aws:kms:REGION:ACCOUNT:alias/ewm-*', 'arn:aws:kms:REGION:ACCOUNT:key/*'],
  },
  { sid: 'FindAlias', takes: /^kms:ListAliases$/, resource: '*' },
  {
    sid: 'LookAtSigningKeys',
    takes: /^kms:(GetKeyRotationStatus|GetPublicKey|ListResourceTags)$/,
    resource: 'arn:aws:kms:REGION:ACCOUNT:key/*',
  },
  // Only with kms_key_arn: what the bucket, the logs and the memory ask of the key in the name of who sets it.
  { sid: 'KeyOfYourOwn', takes: /^kms:/, resource: 'arn:aws:kms:REGION:ACCOUNT:key/*' },
  { sid: 'CallTheApi', takes: /^execute-api:/, resource: 'arn:aws:execute-api:REGION:ACCOUNT:*/*' },
];

export function deployerPolicy(actions: readonly string[]): Policy {
  const taken = new Map<Rule, Set<string>>();
  for (const action of actions) {
    const rule = RULES.find(({ takes }) => takes.test(action));
    if (rule === undefined) throw new Error(`on what may ${action} be done? Give it a rule in test/support/deployer-policy.ts`);
    taken.set(rule, (taken.get(rule) ?? new Set()).add(action));
  }
  return {
    Version: '2012-10-17',
    Statement: RULES.filter((rule) => taken.has(rule)).map((rule) => ({
      Sid: rule.sid,
      Effect: 'Allow',
      Action: [...(taken.get(rule) ?? [])].sort(),
      Resource: rule.resource,
      ...(rule.condition === undefined ? {} : { Condition: rule.condition }),
    })),
  };
}
