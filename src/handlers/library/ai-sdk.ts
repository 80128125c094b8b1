/**
 * The package's `./ai-sdk`: a guard around a language model and the tools of the Vercel AI SDK (`ai` 7). Each attempt of its own retry is an act,
 * because the SDK retries around its middleware.
 */
import type { LanguageModelMiddleware, ToolSet } from 'ai';
import type { Usage } from '../../domain/budget/prices';
import type { BegunAct, Guard } from './guard';

type Wraps = Required<Pick<LanguageModelMiddleware, 'wrapGenerate' | 'wrapStream'>>;
type CallOptions = Parameters<Wraps['wrapGenerate']>[0]['params'];
type ReportedUsage = Awaited<ReturnType<Wraps['wrapGenerate']>>['usage'];
type StreamPart = Awaited<ReturnType<Wraps['wrapStream']>>['stream'] extends ReadableStream<infer P> ? P : never;

export interface AiSdkOptions {
  /** What requests that name no maximum of output tokens are sent with; without it they are refused where tokens or money are limited. */
  readonly maxOutputTokens?: number;
}

/** `wrapLanguageModel({ model, middleware: guardMiddleware(guard) })`. Put it last, next to the model: what stands behind it is not seen. */
export function guardMiddleware(guard: Guard, { maxOutputTokens }: AiSdkOptions = {}): LanguageModelMiddleware {
  const begin = (model: string, params: CallOptions): Promise<BegunAct> => {
    const { abortSignal, headers: _headers, maxOutputTokens: most, ...request } = params;
    return guard.beginModel({
      model,
      request,
      maxOutputTokens: most,
      signal: abortSignal,
      ...(namesContentElsewhere(request.prompt) ? { maxInputTokens: null } : {}),
    });
  };
  return {
    specificationVersion: 'v4',
    transformParams: ({ params }) =>
      Promise.resolve(maxOutputTokens === undefined || params.maxOutputTokens !== undefined ? params : { ...params, maxOutputTokens }),
    wrapGenerate: async ({ params, model }) => {
      const act = await begin(model.modelId, params);
      try {
        const result = await model.doGenerate({ ...params, abortSignal: act.signal });
        act.done(result.content, usageOf(result.usage));
        return result;
      } catch (error) {
        act.failed(error);
        throw act.explain(error);
      }
    },
    wrapStream: async ({ params, model }) => {
      const act = await begin(model.modelId, params);
      try {
        const { stream, ...rest } = await model.doStream({ ...params, abortSignal: act.signal });
        return { ...rest, stream: watched(stream, act) };
      } catch (error) {
        act.failed(error);
        throw act.explain(error);
      }
    },
  };
}

/** Ends the act with the stream. One that is cut off, from either side, has no report: it stays charged in full. */
function watched(stream: ReadableStream<StreamPart>, act: BegunAct): ReadableStream<StreamPart> {
  const reader = stream.getReader();
  const parts: StreamPart[] = [];
  let usage: Usage | undefined;
  return new ReadableStream<StreamPart>({
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (done) {
          if (usage === undefined) act.failed(new Error('the stream ended without a report'));
          else act.done(parts, usage);
          controller.close();
          return;
        }
        if (value.type === 'finish') usage = usageOf(value.usage);
        parts.push(value);
        controller.enqueue(value);
      } catch (error) {
        act.failed(error);
        controller.error(act.explain(error));
      }
    },
    cancel: async (reason) => {
      act.failed(reason instanceof Error ? reason : new Error('the stream was cancelled'));
      await reader.cancel(reason);
    },
  });
}

/** The tools, each of whose calls is an act under its name; a refusal is thrown, and the SDK tells the model of it as a tool error. */
export function guardTools<T extends ToolSet>(guard: Guard, tools: T): T {
  const guarded = Object.entries(tools).map(([name, tool]) => {
    const { execute } = tool;
    if (execute === undefined) return [name, tool] as const;
    const run = async (input: unknown, options: { readonly abortSignal?: AbortSignal | undefined }): Promise<unknown> => {
      const act = await guard.beginTool(name, input, options.abortSignal);
      try {
        const result: unknown = await wholeOf(
          (execute as (input: unknown, options: unknown) => unknown)(input, { ...options, abortSignal: act.signal }),
        );
        act.done(result);
        return result;
      } catch (error) {
        act.failed(error);
        throw act.explain(error);
      }
    };
    return [name, { ...tool, execute: run }] as const;
  });
  return Object.fromEntries(guarded) as unknown as T;
}

/** A tool may answer bit by bit: the last bit is the answer. */
async function wholeOf(result: unknown): Promise<unknown> {
  const answered: unknown = await result;
  if (typeof answered !== 'object' || answered === null || !(Symbol.asyncIterator in answered)) return answered;
  let last: unknown;
  for await (const part of answered as AsyncIterable<unknown>) last = part;
  return last;
}

function usageOf(usage: ReportedUsage | undefined): Usage | undefined {
  const [input, output] = [usage?.inputTokens.total, usage?.outputTokens.total];
  if (input === undefined || output === undefined) return undefined;
  const { cacheRead, cacheWrite } = usage?.inputTokens ?? {};
  return {
    input_tokens: input,
    output_tokens: output,
    ...(cacheRead === undefined ? {} : { cache_read_tokens: cacheRead }),
    ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
  };
}

/** A URL, or a file that the provider holds: its bytes are not in the request. */
function namesContentElsewhere(value: unknown): boolean {
  if (value instanceof URL) return true;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  if (Array.isArray(value)) return value.some(namesContentElsewhere);
  const type = (value as { readonly type?: unknown }).type;
  if (type === 'url' || type === 'reference') return true;
  return Object.values(value).some((member) => typeof member === 'object' && namesContentElsewhere(member));
}
