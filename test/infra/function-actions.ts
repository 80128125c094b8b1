/** What each function asks of AWS, and no more: a deployment's roles are held to it, and so is what the handlers ask in all their tests. */

export type Name = 'base' | 'tools' | 'memory';

export const ACTIONS: Readonly<Record<Name, readonly string[]>> = {
  base: ['s3:PutObject', 's3:GetObject'],
  tools: [
    's3:PutObject',
    's3:GetObject',
    ...[
      'StartCodeInterpreterSession',
      'InvokeCodeInterpreter',
      'StopCodeInterpreterSession',
      'InvokeAgentRuntime',
      'StopRuntimeSession',
    ].map((name) => `bedrock-agentcore:${name}`),
  ],
  memory: ['s3:PutObject', 's3:GetObject', ...['CreateEvent', 'ListEvents', 'DeleteEvent'].map((name) => `bedrock-agentcore:${name}`)],
};
