/** What each function asks of AWS, and no more: a deployment's roles are held to it, and so is what the handlers ask in all their tests. */

export type Name = 'base' | 'tools' | 'memory' | 'sessions' | 'mcp';

const STORE = ['s3:PutObject', 's3:GetObject'];
const PLAN = [
  'StartCodeInterpreterSession',
  'InvokeCodeInterpreter',
  'StopCodeInterpreterSession',
  'InvokeAgentRuntime',
  'StopRuntimeSession',
].map((name) => `bedrock-agentcore:${name}`);
const MEMORY = ['CreateEvent', 'ListEvents', 'DeleteEvent'].map((name) => `bedrock-agentcore:${name}`);

// The newest segment is found by a list.
const SESSIONS = [...STORE, 's3:ListBucket', ...PLAN, ...MEMORY];

export const ACTIONS: Readonly<Record<Name, readonly string[]>> = {
  base: STORE,
  tools: [...STORE, ...PLAN],
  memory: [...STORE, ...MEMORY],
  sessions: SESSIONS,
  mcp: SESSIONS,
};

/** What an alarm may set off: the stop switch, and nothing that lets anything go on. */
export const STOP_ACTIONS: readonly string[] = ['s3:PutObject', 'lambda:PutFunctionConcurrency'];
