// An agent on Amazon Bedrock AgentCore Runtime, guarded from inside: each request runs under a budget and leaves a tape of its own. Deployed, it
// listens (`app.run()`); given a directory, it answers one request as the runtime would send it, and ends. `ask` is a script: put your model there.
import { guard, refusalOf } from 'executable-world-models';
import { BedrockAgentCoreApp } from 'bedrock-agentcore/runtime';
import { createServer } from 'node:net';
import { z } from 'zod';

async function ask() {
  return { result: { text: 'It costs 42.' }, usage: { input_tokens: 20, output_tokens: 7 } };
}

async function answer({ prompt }, tape) {
  const around = guard({
    budget: { max_model_calls: 3, max_tool_calls: 3, max_output_tokens: 2_000, max_wall_ms: 60_000 },
    tape,
    name: 'agentcore',
  });
  const search = around.tool('search', async (query) => `42 for ${query}`);
  try {
    const request = {
      model: 'my-model',
      messages: [
        { role: 'user', content: prompt },
        { role: 'tool', content: await search(prompt) },
      ],
    };
    const { text } = await around.model({ model: request.model, request, maxOutputTokens: 500 }, (signal) => ask(request, signal));
    return { text, spent: around.state() };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return { refused: refusal, spent: around.state() };
  } finally {
    await around.close();
  }
}

const out = process.argv[2];
const app = new BedrockAgentCoreApp({
  invocationHandler: {
    requestSchema: z.object({ prompt: z.string() }),
    // What a session leaves goes where it lives: a directory a request.
    process: (request, context) => answer(request, out ?? `/tmp/runs/${context.sessionId}-${Date.now()}`),
  },
});
if (out === undefined) app.run();
else {
  const port = await freePort();
  app.run({ port, host: '127.0.0.1' });
  const response = await asked(port);
  console.log(response.status, await response.text());
  process.exit(response.status === 200 ? 0 : 1);
}

/** As the runtime asks, once the agent listens. */
async function asked(port) {
  const headers = { 'content-type': 'application/json', 'x-amzn-bedrock-agentcore-runtime-session-id': 's'.repeat(40) };
  for (let attempt = 0; ; attempt += 1) {
    try {
      const body = JSON.stringify({ prompt: 'What does it cost?' });
      return await fetch(`http://127.0.0.1:${port}/invocations`, { method: 'POST', headers, body });
    } catch (error) {
      if (attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
