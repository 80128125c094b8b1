/**
 * The CloudFormation template of a gateway in front of the function of sessions, made of the tools themselves: terraform/agentcore-gateway.template.json.
 * Invariant: one parameter says which tools its clients are shown, and nobody is let in unsigned: by IAM, or by tokens of an issuer that is named.
 */
import type { Json } from '../../domain/canonical/canonical';
import { isRecord, type JsonSchema } from '../../domain/codec/codec';
import { gatewayTool } from './gateway';
import { type Plane, PLANES } from './scope';
import type { Kind } from './tool';
import { TOOLS } from './tools';

type Template = Readonly<Record<string, Json>>;

/** The most that CloudFormation takes as text. Unit: bytes. */
export const TEMPLATE_BYTES_MAX = 51_200;

const DEFAULT_PLANE: Plane = 'agent';
/** Kinds of tools that a plane leaves out, by the condition that has them. What only looks is on every plane. */
const CONDITION_OF: Readonly<Record<Exclude<Kind, 'look'>, string>> = { act: 'Acts', control: 'Controls' };

const ref = (name: string): Template => ({ Ref: name });
const attribute = (resource: string, name: string): Template => ({ 'Fn::GetAtt': [resource, name] });
const unless = (parameter: string, value: string): Template => ({ 'Fn::Not': [{ 'Fn::Equals': [ref(parameter), value] }] });
const where = (condition: string, then: Json, otherwise: Json = ref('AWS::NoValue')): Template => ({
  'Fn::If': [condition, then, otherwise],
});

export function gatewayTemplate(): Json {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'An AgentCore Gateway whose tools are played by the sessions function of an Executable World Models deployment.',
    Parameters: {
      GatewayName: { Type: 'String', AllowedPattern: '^([0-9a-zA-Z][-]?){1,48}$', Description: 'Its id begins with it.' },
      RoleArn: { Type: 'String', Description: 'What the gateway may do: invoke that one function.' },
      FunctionArn: { Type: 'String', Description: 'The function of sessions.' },
      Plane: {
        Type: 'String',
        AllowedValues: [...PLANES],
        Default: DEFAULT_PLANE,
        Description: 'Tools that clients are shown. agent: look and act; control: look, make, fork and close; all: every tool.',
      },
      JwtDiscoveryUrl: { Type: 'String', Default: '', Description: 'An OpenID issuer whose tokens let callers in; nothing for IAM.' },
      JwtAudience: { Type: 'String', Default: '', Description: 'Audiences of those tokens, separated by commas.' },
    },
    Conditions: {
      [CONDITION_OF.act]: unless('Plane', 'control'),
      [CONDITION_OF.control]: unless('Plane', 'agent'),
      HasIssuer: unless('JwtDiscoveryUrl', ''),
    },
    Resources: {
      Gateway: {
        Type: 'AWS::BedrockAgentCore::Gateway',
        Properties: {
          Name: ref('GatewayName'),
          Description: 'Sessions of executable world models, as tools',
          RoleArn: ref('RoleArn'),
          ProtocolType: 'MCP',
          AuthorizerType: where('HasIssuer', 'CUSTOM_JWT', 'AWS_IAM'),
          AuthorizerConfiguration: where('HasIssuer', {
            CustomJWTAuthorizer: { DiscoveryUrl: ref('JwtDiscoveryUrl'), AllowedAudience: { 'Fn::Split': [',', ref('JwtAudience')] } },
          }),
          Tags: { Application: 'executable-world-models', ManagedBy: 'terraform' },
        },
      },
      Sessions: {
        Type: 'AWS::BedrockAgentCore::GatewayTarget',
        Properties: {
          GatewayIdentifier: attribute('Gateway', 'GatewayIdentifier'),
          Name: 'ewm',
          Description: 'The function of sessions',
          CredentialProviderConfigurations: [{ CredentialProviderType: 'GATEWAY_IAM_ROLE' }],
          TargetConfiguration: {
            Mcp: { Lambda: { LambdaArn: ref('FunctionArn'), ToolSchema: { InlinePayload: TOOLS.map(shownTool) } } },
          },
        },
      },
    },
    Outputs: {
      GatewayId: { Value: attribute('Gateway', 'GatewayIdentifier') },
      GatewayArn: { Value: attribute('Gateway', 'GatewayArn') },
      GatewayUrl: { Value: attribute('Gateway', 'GatewayUrl') },
    },
  };
}

function shownTool(tool: (typeof TOOLS)[number]): Json {
  const { name, description, inputSchema } = gatewayTool(tool);
  const shown = { Name: name, Description: description, InputSchema: capitalised(inputSchema) };
  return tool.kind === 'look' ? shown : where(CONDITION_OF[tool.kind], shown);
}

/** Members of a schema as CloudFormation writes them; the names of properties stay. */
function capitalised({ type, description, properties, items, required }: JsonSchema): Template {
  return {
    Type: type as Json,
    ...(description === undefined ? {} : { Description: description }),
    ...(isRecord(properties)
      ? { Properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, capitalised(inner as JsonSchema)])) }
      : {}),
    ...(isRecord(items) ? { Items: capitalised(items) } : {}),
    ...(required === undefined ? {} : { Required: required }),
  };
}
