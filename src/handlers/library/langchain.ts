/**
 * The package's `./langchain`: a guard as middleware of `createAgent` (`langchain` 1). The retry of a chat model sits below every middleware, in
 * the model's own caller: there each attempt is an act, too.
 */
import { createMiddleware } from 'langchain';
import type { AgentMiddleware } from 'langchain';
import type { Usage } from '../../domain/budget/prices';
import type { BegunAct, Guard, ModelRequest } from './guard';
import { refusalOf } from './refusal';
import { within } from './within';

export interface LangChainOptions {
  /** The model that the price table knows, where the chat model has another name. */
  readonly model?: string;
  /** The most output tokens that the chat model asks for, where its settings do not say so by a name that is known here. */
  readonly maxOutputTokens?: number;
}

/** `createAgent({ model, tools, middleware: [guardMiddleware(guard)] })`. Put it last: what stands behind it is not seen. */
export function guardMiddleware(guard: Guard, options: LangChainOptions = {}): AgentMiddleware {
  return createMiddleware({
    name: 'ExecutableWorldModelsGuard',
    wrapModelCall: async (request, handler) => {
      const { model, messages, systemMessage, tools, toolChoice, runtime } = request;
      const modelRequest: ModelRequest = {
        model: options.model ?? nameOf(model),
        request: { messages, systemMessage, tools: tools.map(describe), toolChoice },
        maxOutputTokens: options.maxOutputTokens ?? maximumOf(model),
        signal: runtime.signal,
        ...(namesContentElsewhere(messages) ? { maxInputTokens: null } : {}),
      };
      const attempts = await firstAttempt(guard, modelRequest);
      try {
        const message = await within(attempts.act().signal, Promise.resolve(handler({ ...request, model: attempts.counted(model) })));
        attempts.act().done(message, usageOf((message as unknown as Reported).usage_metadata));
        return message;
      } catch (error) {
        attempts.act().failed(error);
        throw refusalOf(error) === undefined ? attempts.act().explain(error) : error;
      }
    },
    wrapToolCall: async (request, handler) => {
      const { toolCall, runtime } = request;
      let act: BegunAct;
      try {
        act = await guard.beginTool(toolCall.name, toolCall.args, runtime.signal);
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        // What a tool answers when it fails: the model sees it, and the next model call ends the loop.
        const { ToolMessage } = await import('@langchain/core/messages');
        return new ToolMessage({ content: refusal.message, tool_call_id: toolCall.id ?? '', name: toolCall.name, status: 'error' });
      }
      try {
        const result = await within(act.signal, Promise.resolve(handler(request)));
        act.done(result);
        return result;
      } catch (error) {
        act.failed(error);
        throw act.explain(error);
      }
    },
  });
}

interface Attempts {
  /** The act of the attempt under way, or of the last one. */
  readonly act: () => BegunAct;
  /** The model, each further attempt of whose caller is an act of its own. */
  readonly counted: <M>(model: M) => M;
}

/** What chat models send through: `call` tries again what fails. */
interface Caller {
  readonly call: (callable: (...args: readonly unknown[]) => Promise<unknown>, ...args: readonly unknown[]) => Promise<unknown>;
  readonly callWithOptions: (
    options: unknown,
    callable: (...args: readonly unknown[]) => Promise<unknown>,
    ...args: readonly unknown[]
  ) => Promise<unknown>;
}

async function firstAttempt(guard: Guard, request: ModelRequest): Promise<Attempts> {
  let act = await guard.beginModel(request);
  let attempts = 0;
  const attempt = async (send: () => Promise<unknown>): Promise<unknown> => {
    attempts += 1;
    if (attempts > 1) act = await guard.beginModel(request);
    try {
      return await send();
    } catch (error) {
      act.failed(error);
      throw error;
    }
  };
  return {
    act: () => act,
    counted: (model) => {
      const { caller } = model as { readonly caller?: Caller };
      if (caller === undefined) return model;
      const counting: Partial<Caller> = {
        call: (callable, ...args) => caller.call((...sent) => attempt(() => callable(...sent)), ...args),
        callWithOptions: (options, callable, ...args) =>
          caller.callWithOptions(options, (...sent) => attempt(() => callable(...sent)), ...args),
      };
      const own = Object.assign(Object.create(caller) as object, counting);
      return Object.assign(Object.create(model as object) as object, { caller: own }) as typeof model;
    },
  };
}

interface Reported {
  readonly usage_metadata?: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly input_token_details?: { readonly cache_read?: number; readonly cache_creation?: number };
  };
}

function usageOf(usage: Reported['usage_metadata']): Usage | undefined {
  if (usage === undefined) return undefined;
  const { input_tokens, output_tokens, input_token_details: details } = usage;
  return {
    input_tokens,
    output_tokens,
    ...(details?.cache_read === undefined ? {} : { cache_read_tokens: details.cache_read }),
    ...(details?.cache_creation === undefined ? {} : { cache_write_tokens: details.cache_creation }),
  };
}

type Settings = Readonly<Record<string, unknown>>;

function nameOf(model: unknown): string {
  const { model: name, modelName, modelId } = model as Settings;
  const named = [name, modelName, modelId].find((one) => typeof one === 'string');
  return typeof named === 'string' ? named : 'unknown';
}

/** By what the chat models of each provider call it. */
function maximumOf(model: unknown): number | undefined {
  const settings = model as Settings;
  const named = [settings['maxTokens'], settings['maxOutputTokens'], settings['maxCompletionTokens']].find(
    (one) => typeof one === 'number' && one > 0,
  );
  return typeof named === 'number' ? named : undefined;
}

function describe(tool: unknown): unknown {
  const { name, description, schema } = tool as Settings;
  return name === undefined ? tool : { name, description, schema };
}

/** A picture or a file by its URL: its bytes are not in the request. */
function namesContentElsewhere(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(namesContentElsewhere);
  const { image_url: image, url, file_id: file, content } = value as Settings;
  const address = typeof image === 'object' && image !== null ? (image as Settings)['url'] : (image ?? url);
  if ((typeof address === 'string' && !address.startsWith('data:')) || file !== undefined) return true;
  return namesContentElsewhere(content);
}
