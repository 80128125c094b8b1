// The scenarios on the Vercel AI SDK (`ai`), under its own caps and under a guard.
import { APICallError, generateText, jsonSchema, streamText, tool, wrapLanguageModel } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { guardMiddleware, guardTools } from 'executable-world-models/ai-sdk';

function usage(outputTokens) {
  return {
    inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: outputTokens, text: outputTokens, reasoning: 0 },
  };
}

function partsOf(answer) {
  if (answer.text !== undefined) return [{ type: 'text', text: answer.text }];
  return answer.tools.map((toolName, index) => ({
    type: 'tool-call',
    toolCallId: `${toolName}-${index}-${Math.random()}`,
    toolName,
    input: '{}',
  }));
}

const overloaded = () =>
  new APICallError({
    message: 'overloaded',
    url: 'https://provider.invalid',
    requestBodyValues: {},
    statusCode: 503,
    isRetryable: true,
    responseHeaders: { 'retry-after-ms': '1' },
  });

function modelOf(provider) {
  return new MockLanguageModelV4({
    modelId: 'scripted',
    doGenerate: async ({ maxOutputTokens }) => {
      const answer = provider.next(maxOutputTokens);
      if (answer === undefined) throw overloaded();
      const unified = answer.text === undefined ? 'tool-calls' : 'stop';
      return { content: partsOf(answer), finishReason: { unified, raw: unified }, usage: usage(answer.outputTokens), warnings: [] };
    },
    doStream: async ({ maxOutputTokens }) => {
      const answer = provider.next(maxOutputTokens);
      return {
        stream: new ReadableStream({
          start: (controller) => {
            controller.enqueue({ type: 'stream-start', warnings: [] });
            controller.enqueue({ type: 'text-start', id: '0' });
            controller.enqueue({ type: 'text-delta', id: '0', delta: `${answer.outputTokens} tokens` });
            // The rest takes its time, and is paid for whether anybody reads it or not.
          },
        }),
      };
    },
  });
}

function parts(provider, guard, maxOutputTokens) {
  const model = modelOf(provider);
  const wrapped = guard === undefined ? model : wrapLanguageModel({ model, middleware: guardMiddleware(guard, { maxOutputTokens }) });
  const own = { search: tool({ description: 'search', inputSchema: jsonSchema({ type: 'object' }), execute: () => provider.tool() }) };
  return { model: wrapped, tools: guard === undefined ? own : guardTools(guard, own) };
}

const toolsUpTo =
  (most) =>
  ({ steps }) =>
    steps.flatMap(({ toolCalls }) => toolCalls).length >= most;
const tokensUpTo =
  (most) =>
  ({ steps }) =>
    steps.reduce((sum, { usage: used }) => sum + (used.outputTokens ?? 0), 0) >= most;

export const scenarios = {
  parallel: async (provider, guard, most) => {
    await generateText({ ...parts(provider, guard), prompt: 'go', stopWhen: toolsUpTo(most) });
  },
  retries: async (provider, guard) => {
    await generateText({ ...parts(provider, guard), prompt: 'go', maxRetries: 5 });
  },
  oversized: async (provider, guard, most) => {
    await generateText({ ...parts(provider, guard, most), prompt: 'go', stopWhen: tokensUpTo(most) });
  },
  nested: async (provider, guard, most) => {
    const { model, tools } = parts(provider, guard);
    const inner = () => generateText({ model, tools, prompt: 'go', stopWhen: toolsUpTo(most) });
    await Promise.allSettled([inner(), inner()]);
  },
  cut: async (provider, guard, most) => {
    const { model } = parts(provider, guard, 30);
    let spent = 0;
    for (let stream = 0; stream < 5 && spent < most; stream += 1) {
      const controller = new AbortController();
      const result = streamText({ model, prompt: 'go', maxOutputTokens: 30, abortSignal: controller.signal, onError: () => undefined });
      for await (const part of result.fullStream) {
        if (part.type === 'error') throw part.error;
        if (part.type === 'text-delta') controller.abort();
      }
      // All that a caller learns of a stream that was cut off.
      spent += (await Promise.resolve(result.totalUsage).catch(() => undefined))?.outputTokens ?? 0;
    }
  },
};
