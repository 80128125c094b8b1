// An agent of LangChain under a guard. The model is a script: put yours in its place.
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage } from '@langchain/core/messages';
import { guard } from 'executable-world-models';
import { guardMiddleware } from 'executable-world-models/langchain';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

class ScriptedChatModel extends BaseChatModel {
  turns = [
    { content: '', tool_calls: [{ name: 'search', args: { query: 'prices' }, id: '1', type: 'tool_call' }] },
    { content: 'It costs 42.' },
  ];
  model = 'gpt-5-mini';
  maxTokens = 500;
  _llmType() {
    return 'scripted';
  }
  bindTools() {
    return this;
  }
  async _generate() {
    const said = await this.caller.call(async () => this.turns.shift() ?? { content: '' });
    const message = new AIMessage({ ...said, usage_metadata: { input_tokens: 20, output_tokens: 7, total_tokens: 27 } });
    return { generations: [{ text: said.content, message }] };
  }
}

const around = guard({
  budget: { max_model_calls: 5, max_tool_calls: 3, max_output_tokens: 2_000, max_cost_microusd: 100_000 },
  tape: process.argv[2] ?? 'tmp/agent',
});
const agent = createAgent({
  model: new ScriptedChatModel({}),
  tools: [tool(() => '42', { name: 'search', description: 'search', schema: z.object({ query: z.string() }) })],
  middleware: [guardMiddleware(around)],
});
const { messages } = await agent.invoke({ messages: [{ role: 'user', content: 'What does it cost?' }] });
console.log(messages.at(-1)?.content, around.state());
await around.close();
