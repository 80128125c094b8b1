// An agent of the Vercel AI SDK under a guard. The model is a script: put yours in its place.
import { generateText, jsonSchema, stepCountIs, tool, wrapLanguageModel } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { guard } from 'executable-world-models';
import { guardMiddleware, guardTools } from 'executable-world-models/ai-sdk';

const answers = [
  [{ type: 'tool-call', toolCallId: '1', toolName: 'search', input: '{"query":"prices"}' }],
  [{ type: 'text', text: 'It costs 42.' }],
];
const usage = { inputTokens: { total: 20, noCache: 20, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 7, text: 7, reasoning: 0 } };
const model = new MockLanguageModelV4({
  modelId: 'claude-haiku-4-5',
  doGenerate: async () => {
    const content = answers.shift() ?? [];
    const reason = content[0]?.type === 'text' ? 'stop' : 'tool-calls';
    return { content, finishReason: { unified: reason, raw: reason }, usage, warnings: [] };
  },
});
const tools = {
  search: tool({ description: 'search', inputSchema: jsonSchema({ type: 'object' }), execute: async () => '42' }),
};

const around = guard({
  budget: { max_model_calls: 5, max_tool_calls: 3, max_output_tokens: 2_000, max_cost_microusd: 100_000 },
  tape: process.argv[2] ?? 'tmp/agent',
});
const { text } = await generateText({
  model: wrapLanguageModel({ model, middleware: guardMiddleware(around, { maxOutputTokens: 500 }) }),
  tools: guardTools(around, tools),
  stopWhen: stepCountIs(5),
  prompt: 'What does it cost?',
});
console.log(text, around.state());
await around.close();
