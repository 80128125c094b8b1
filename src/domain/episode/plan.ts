/** A plan of calls taken through an episode: what a tool plan, a memory plan and a request of a session have in common. */
import type { JsonObject } from '../canonical/canonical';
import type { RunStop } from '../agent/stop';
import type { ToolCall } from '../agent/tool';
import type { Episode } from './episode';

export interface TakenCalls {
  readonly stop: RunStop | null;
  readonly results: readonly JsonObject[];
  /** Rows of the report's table of calls. */
  readonly rows: readonly string[];
  /** The call that was refused before it began, if one was. */
  readonly notBegun: { readonly index: number; readonly call: ToolCall; readonly stop: RunStop } | undefined;
}

/** Makes calls in order; the first stop ends them. However they end, what they began outside is ended, too. */
export async function takeCalls(
  episode: Pick<Episode<never, never, unknown>, 'call' | 'closeCalls'>,
  calls: readonly ToolCall[],
  stopped: RunStop | null = null,
): Promise<TakenCalls> {
  const results: JsonObject[] = [];
  const rows: string[] = [];
  let stop = stopped;
  let notBegun: TakenCalls['notBegun'];
  let last: JsonObject;
  try {
    for (const [index, call] of calls.entries()) {
      if (stop !== null) break;
      const called = await episode.call(index, call);
      stop = called.stop ?? null;
      if (called._tag === 'NotBegun') notBegun = { index, call, stop: called.stop };
      else {
        results.push(called.result);
        rows.push(called.reportRow);
      }
    }
  } finally {
    last = await episode.closeCalls();
  }
  return { stop, results: withLast(results, last), rows, notBegun };
}

/** What the closing said belongs to the last call. */
export function withLast(results: readonly JsonObject[], last: JsonObject): readonly JsonObject[] {
  return results.map((result, index) => (index === results.length - 1 ? { ...result, ...last } : result));
}
