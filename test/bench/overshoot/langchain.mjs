// The scenarios on LangChain (`langchain`), under its own caps and under a guard.
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage } from '@langchain/core/messages';
import { guardMiddleware } from 'executable-world-models/langchain';
import { createAgent, modelCallLimitMiddleware, tool, toolCallLimitMiddleware } from 'langchain';
import { z } from 'zod';

/** As chat models are made: what it sends goes through the caller of its base, which tries again. */
class ScriptedChatModel extends BaseChatModel {
  constructor(provider, { maxTokens, maxRetries = 0 } = {}) {
    super({ maxRetries });
    this.provider = provider;
    this.model = 'scripted';
    if (maxTokens !== undefined) this.maxTokens = maxTokens;
  }
  _llmType() {
    return 'scripted';
  }
  bindTools() {
    return this;
  }
  async _generate(_messages, options) {
    const answer = await this.caller.call(async () => {
      const said = this.provider.next(this.maxTokens);
      if (said === undefined) throw new Error('overloaded');
      if (this.provider.hangs === true) await new Promise((resolve) => options.signal?.addEventListener('abort', resolve));
      return said;
    });
    const message = new AIMessage({
      content: answer.text ?? '',
      tool_calls: (answer.tools ?? []).map((name, index) => ({
        name,
        args: {},
        id: `${name}-${index}-${Math.random()}`,
        type: 'tool_call',
      })),
      usage_metadata: { input_tokens: 3, output_tokens: answer.outputTokens, total_tokens: 3 + answer.outputTokens },
    });
    return { generations: [{ text: answer.text ?? '', message }] };
  }
}

function agentOf(provider, guard, middleware, settings) {
  return createAgent({
    model: new ScriptedChatModel(provider, settings),
    tools: [tool(() => provider.tool(), { name: 'search', description: 'search', schema: z.object({}) })],
    middleware: guard === undefined ? middleware : [guardMiddleware(guard)],
  });
}

const go = { messages: [{ role: 'user', content: 'go' }] };

export const scenarios = {
  parallel: async (provider, guard, most) => {
    await agentOf(provider, guard, [toolCallLimitMiddleware({ runLimit: most })]).invoke(go);
  },
  retries: async (provider, guard, most) => {
    await agentOf(provider, guard, [modelCallLimitMiddleware({ runLimit: most })], { maxRetries: 1 }).invoke(go);
  },
  oversized: async (provider, guard, most) => {
    // No cap of its own on tokens: one on calls of models is the nearest.
    await agentOf(provider, guard, [modelCallLimitMiddleware({ runLimit: 1 })], guard === undefined ? {} : { maxTokens: most }).invoke(go);
  },
  nested: async (provider, guard, most) => {
    const inner = () => agentOf(provider, guard, [toolCallLimitMiddleware({ runLimit: most })]).invoke(go);
    await Promise.allSettled([inner(), inner()]);
  },
  cut: async (provider, guard) => {
    provider.hangs = true;
    for (let request = 0; request < 5; request += 1) {
      const controller = new AbortController();
      const asked = agentOf(provider, guard, [], { maxTokens: 30 }).invoke(go, { signal: controller.signal });
      setTimeout(() => controller.abort(), 20);
      await asked.catch((error) => {
        if (String(error).includes('GuardRefused') || error?.cause?.name === 'GuardRefused') throw error;
      });
    }
  },
};
