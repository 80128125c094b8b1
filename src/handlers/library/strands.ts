/**
 * The package's `./strands`: a guard as a plugin of a Strands agent (`@strands-agents/sdk` 1). Model calls pass through it attempt by attempt, a
 * retry strategy included; a refused tool call is told to the model as a tool error, a refused model call ends the loop.
 */
import { ExecuteToolStage, InvokeModelStage, type Plugin, ToolResultBlock, TextBlock } from '@strands-agents/sdk';
import type { Usage } from '../../domain/budget/prices';
import type { Guard } from './guard';
import { refusalOf } from './refusal';
import { within } from './within';

export interface StrandsOptions {
  /** The model that the price table knows, where the agent's model has another name. */
  readonly model?: string;
}

/** `new Agent({ model, tools, plugins: [guardPlugin(guard)] })`. Put it last: middleware that is added after it is not seen. */
export function guardPlugin(guard: Guard, { model: named }: StrandsOptions = {}): Plugin {
  return {
    name: 'executable-world-models:guard',
    initAgent: (agent) => {
      agent.addMiddleware(InvokeModelStage.Wrap, async function* (context, next) {
        const { model, messages, systemPrompt, toolSpecs, toolChoice } = context;
        const { maxTokens } = model.getConfig();
        const act = await guard.beginModel({
          model: named ?? model.modelId ?? 'unknown',
          request: { messages, systemPrompt, toolSpecs, toolChoice },
          maxOutputTokens: maxTokens,
          signal: agent.cancelSignal,
          ...(namesContentElsewhere(messages) ? { maxInputTokens: null } : {}),
        });
        let ended = false;
        try {
          const result = yield* until(act.signal, next(context));
          ended = true;
          act.done(result.result.message, usageOf(result.result.metadata?.usage));
          return result;
        } catch (error) {
          ended = true;
          act.failed(error);
          throw act.explain(error);
        } finally {
          // Whoever reads the stream has turned away: no report will come.
          if (!ended) act.failed(new Error('the stream was cut off'));
        }
      });
      agent.addMiddleware(ExecuteToolStage.Wrap, async function* (context, next) {
        const { toolUse, cancelSignal } = context;
        let act;
        try {
          act = await guard.beginTool(toolUse.name, toolUse.input, cancelSignal);
        } catch (error) {
          const refusal = refusalOf(error);
          if (refusal === undefined) throw error;
          const content = [new TextBlock(refusal.message)];
          return { result: new ToolResultBlock({ toolUseId: toolUse.toolUseId, status: 'error', content }) };
        }
        let ended = false;
        try {
          const result = yield* until(act.signal, next(context));
          ended = true;
          if (result.result.status === 'error') act.failed(result.result.error ?? new Error('the tool failed'));
          else act.done(result.result.content);
          return result;
        } catch (error) {
          ended = true;
          act.failed(error);
          throw act.explain(error);
        } finally {
          if (!ended) act.failed(new Error('the stream was cut off'));
        }
      });
    },
  };
}

/** What a stage yields and comes to, as long as it has time. */
async function* until<E, R>(signal: AbortSignal, stage: AsyncGenerator<E, R, undefined>): AsyncGenerator<E, R, undefined> {
  let ended = false;
  try {
    for (;;) {
      const step = await within(signal, stage.next());
      if (step.done === true) {
        ended = true;
        return step.value;
      }
      yield step.value;
    }
  } finally {
    // Not waited for: what hangs does not end by being asked to.
    if (!ended) void stage.return(undefined as R).catch(() => undefined);
  }
}

interface ReportedUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadInputTokens?: number;
  readonly cacheWriteInputTokens?: number;
}

/** Bedrock counts what its cache took in and answered beside the input. */
function usageOf(usage: ReportedUsage | undefined): Usage | undefined {
  if (usage === undefined) return undefined;
  const { inputTokens, outputTokens, cacheReadInputTokens: read, cacheWriteInputTokens: written } = usage;
  return {
    input_tokens: inputTokens + (read ?? 0) + (written ?? 0),
    output_tokens: outputTokens,
    ...(read === undefined ? {} : { cache_read_tokens: read }),
    ...(written === undefined ? {} : { cache_write_tokens: written }),
  };
}

/** A document or a picture in a bucket: its bytes are not in the request. */
function namesContentElsewhere(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  if (Array.isArray(value)) return value.some(namesContentElsewhere);
  const { source } = value as { readonly source?: unknown };
  if (typeof source === 'object' && source !== null && !('bytes' in source) && !('text' in source) && !('content' in source)) return true;
  return Object.values(value).some((member) => typeof member === 'object' && namesContentElsewhere(member));
}
