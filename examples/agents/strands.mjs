// An agent of Strands under a guard. The model is a script: put yours in its place.
import { Agent, Model, tool } from '@strands-agents/sdk';
import { guard } from 'executable-world-models';
import { guardPlugin } from 'executable-world-models/strands';
import { z } from 'zod';

class ScriptedModel extends Model {
  turns = [{ name: 'search' }, { text: 'It costs 42.' }];
  config = { modelId: 'amazon.nova-lite-v1:0', maxTokens: 500 };
  updateConfig(config) {
    this.config = { ...this.config, ...config };
  }
  getConfig() {
    return this.config;
  }
  async *stream() {
    const { name, text } = this.turns.shift() ?? { text: '' };
    yield { type: 'modelMessageStartEvent', role: 'assistant' };
    yield { type: 'modelContentBlockStartEvent', ...(name === undefined ? {} : { start: { type: 'toolUseStart', name, toolUseId: '1' } }) };
    const delta = name === undefined ? { type: 'textDelta', text } : { type: 'toolUseInputDelta', input: '{"query":"prices"}' };
    yield { type: 'modelContentBlockDeltaEvent', delta };
    yield { type: 'modelContentBlockStopEvent' };
    yield { type: 'modelMessageStopEvent', stopReason: name === undefined ? 'endTurn' : 'toolUse' };
    yield { type: 'modelMetadataEvent', usage: { inputTokens: 20, outputTokens: 7, totalTokens: 27 } };
  }
}

const around = guard({
  budget: { max_model_calls: 5, max_tool_calls: 3, max_output_tokens: 2_000, max_cost_microusd: 100_000 },
  tape: process.argv[2] ?? 'tmp/agent',
});
const agent = new Agent({
  model: new ScriptedModel(),
  tools: [tool({ name: 'search', description: 'search', inputSchema: z.object({ query: z.string() }), callback: () => '42' })],
  plugins: [guardPlugin(around)],
  printer: false,
});
const result = await agent.invoke('What does it cost?');
console.log(result.toString(), around.state());
await around.close();
