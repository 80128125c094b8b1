// The scenarios on Strands Agents (`@strands-agents/sdk`), under its own caps and under a guard.
import { Agent, ConstantBackoff, DefaultModelRetryStrategy, Model, ModelThrottledError, tool } from '@strands-agents/sdk';
import { guardPlugin } from 'executable-world-models/strands';
import { z } from 'zod';

class ScriptedModel extends Model {
  constructor(provider, maxTokens) {
    super();
    this.provider = provider;
    this.config = { modelId: 'scripted', ...(maxTokens === undefined ? {} : { maxTokens }) };
  }
  updateConfig(config) {
    this.config = { ...this.config, ...config };
  }
  getConfig() {
    return this.config;
  }
  async *stream(_messages, options) {
    const answer = this.provider.next(this.config.maxTokens);
    if (answer === undefined) throw new ModelThrottledError('overloaded');
    yield { type: 'modelMessageStartEvent', role: 'assistant' };
    if (answer.text !== undefined) {
      yield { type: 'modelContentBlockStartEvent' };
      yield { type: 'modelContentBlockDeltaEvent', delta: { type: 'textDelta', text: answer.text } };
      if (this.provider.hangs === true) await new Promise((resolve) => options?.cancelSignal?.addEventListener('abort', resolve));
      yield { type: 'modelContentBlockStopEvent' };
    } else {
      for (const [index, name] of answer.tools.entries()) {
        yield {
          type: 'modelContentBlockStartEvent',
          start: { type: 'toolUseStart', name, toolUseId: `${name}-${index}-${Math.random()}` },
        };
        yield { type: 'modelContentBlockDeltaEvent', delta: { type: 'toolUseInputDelta', input: '{}' } };
        yield { type: 'modelContentBlockStopEvent' };
      }
    }
    yield { type: 'modelMessageStopEvent', stopReason: answer.text === undefined ? 'toolUse' : 'endTurn' };
    yield {
      type: 'modelMetadataEvent',
      usage: { inputTokens: 3, outputTokens: answer.outputTokens, totalTokens: 3 + answer.outputTokens },
    };
  }
}

function agentOf(provider, guard, { maxTokens, ...more } = {}) {
  return new Agent({
    model: new ScriptedModel(provider, maxTokens),
    tools: [tool({ name: 'search', description: 'search', inputSchema: z.object({}), callback: () => provider.tool() })],
    printer: false,
    plugins: guard === undefined ? [] : [guardPlugin(guard)],
    retryStrategy: null,
    ...more,
  });
}

export const scenarios = {
  parallel: async (provider, guard, most) => {
    // No cap of its own on calls of tools: one on turns is the nearest.
    await agentOf(provider, guard, { toolExecutor: 'concurrent' }).invoke('go', { limits: { turns: most } });
  },
  retries: async (provider, guard, most) => {
    const retryStrategy = new DefaultModelRetryStrategy({ maxAttempts: 6, backoff: new ConstantBackoff({ delayMs: 1 }) });
    await agentOf(provider, guard, { retryStrategy }).invoke('go', { limits: { turns: most } });
  },
  oversized: async (provider, guard, most) => {
    await agentOf(provider, guard, guard === undefined ? {} : { maxTokens: most }).invoke('go', { limits: { outputTokens: most } });
  },
  nested: async (provider, guard, most) => {
    const inner = () => agentOf(provider, guard).invoke('go', { limits: { turns: most } });
    await Promise.allSettled([inner(), inner()]);
  },
  cut: async (provider, guard, most) => {
    provider.hangs = true;
    for (let stream = 0; stream < 5; stream += 1) {
      const agent = agentOf(provider, guard, { maxTokens: 30 });
      for await (const event of agent.stream('go', { limits: { outputTokens: most } }))
        if (event.type === 'modelStreamUpdateEvent' && event.event.type === 'modelContentBlockDeltaEvent') break;
    }
  },
};
