// A loop without a framework under a guard. `ask` is a script: send the request to your provider instead, with `signal`.
import { guard, refusalOf } from 'executable-world-models';

const answers = [
  { call: ['search', 'prices'] },
  { call: ['search', 'more prices'] },
  { call: ['search', 'all prices'] },
  { text: 'It costs 42.' },
];
async function ask() {
  return { answer: answers.shift() ?? { text: '' }, usage: { input_tokens: 20, output_tokens: 7 } };
}

const around = guard({ budget: { max_model_calls: 5, max_tool_calls: 2, max_output_tokens: 2_000 }, tape: process.argv[2] ?? 'tmp/agent' });
const search = around.tool('search', async (query) => `42 for ${query}`);
const messages = [{ role: 'user', content: 'What does it cost?' }];
try {
  for (;;) {
    const request = { model: 'my-model', messages, max_tokens: 500 };
    const { call, text } = await around.model({ model: request.model, request, maxOutputTokens: request.max_tokens }, async (signal) => {
      const { answer, usage } = await ask(request, signal);
      return { result: answer, usage };
    });
    if (call === undefined) {
      console.log(text);
      break;
    }
    // A refusal is something that the model may see; the next model call then ends the loop.
    const result = await search(call[1]).catch((error) => refusalOf(error)?.message ?? String(error));
    messages.push({ role: 'tool', content: result });
  }
} catch (error) {
  const refusal = refusalOf(error);
  if (refusal === undefined) throw error;
  console.log(`stopped: ${refusal.message}`);
}
console.log(around.state());
await around.close();
