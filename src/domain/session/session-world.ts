/**
 * A world as a session uses it: which world it is, and the types of its parts, end here. Everything that leaves is JSON.
 * Invariant: nothing that is handed out depends on a step behind the next one.
 */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { ToolPrice } from '../agent/bounds';
import type { CallSource } from '../agent/calls';
import { recordedAnswerProblem, type RecordedTool } from '../agent/recorded-answers';
import type { RunStop } from '../agent/stop';
import type { ToolCall } from '../agent/tool';
import { sessionTools } from '../agent/tools';
import type { Budget } from '../budget/budget';
import type { Json, JsonObject } from '../canonical/canonical';
import type { Problem } from '../codec/problem';
import type { Cursor } from '../episode/cursor';
import { type Episode, type EpisodeIdentity, makeEpisode } from '../episode/episode';
import type { DigestedOutput } from '../episode/output';
import { NO_DECISIONS, type Transitioned, type World } from '../episode/world';
import type { Row } from '../tape/chain';
import { HISTORY_MAX } from './limits';

/** A cursor without the types of its world: what a `resume` row holds. */
export interface SessionCursor {
  readonly tapeHead: string;
  readonly ledgerHead: string;
  readonly ledgerRows: number;
  readonly steps: number;
  readonly decisions: Cursor<never, never>['decisions'];
  readonly spent: Cursor<never, never>['spent'];
  readonly refusal?: NonNullable<Cursor<never, never>['refusal']>;
  /** Null without a world. */
  readonly world: { readonly step: number; readonly state: JsonObject; readonly totals: JsonObject; readonly evaluation: Json } | null;
}

/** An episode whose cursor is JSON. */
export interface SessionEpisode<E> extends Pick<Episode<never, never, E>, 'call' | 'closeCalls' | 'breaker' | 'append' | 'flush'> {
  readonly cursor: () => SessionCursor;
  /** Ends the tape. Nothing follows. */
  readonly seal: (stop: RunStop | null) => Promise<Either<E, { readonly headHash: string }>>;
}

export interface EpisodeUse<E> {
  readonly inputs: JsonObject;
  readonly identity: EpisodeIdentity;
  readonly budget: Budget;
  readonly from: SessionCursor;
  readonly calls: CallSource;
  /** As those of an episode. */
  readonly prices?: ToolPrice | undefined;
  readonly output: DigestedOutput<E>;
}

export interface SessionWorld {
  /** What may be called in it. */
  readonly tools: readonly RecordedTool[];
  /** What is wrong with the row of a call, as `recordedAnswerProblem` says it. */
  readonly answerProblem: (row: Row, calls: readonly (ToolCall | undefined)[]) => Problem | undefined;
  /** An episode that goes on from a cursor, or what is wrong with the cursor. */
  readonly play: <E>(use: EpisodeUse<E>) => Either<readonly Problem[], SessionEpisode<E>>;
  /** The cursor of a session that begins at a step, behind the row that opens its tape. */
  readonly begin: (
    state: JsonObject,
    step: number,
    anchor: string,
    spent: SessionCursor['spent'],
  ) => Either<readonly Problem[], SessionCursor>;
  /** The next step, and at most `history` before it; null where the path has ended. */
  readonly observe: (step: number, history: number, state: JsonObject) => JsonObject | null;
}

/** `path`: the inputs of the world, all of them. */
export function makeSessionWorld<S, I, P, A, T extends Transitioned<S>>(world: World<S, I, P, A, T>, path: readonly I[]): SessionWorld {
  const tools = sessionTools(world.actions);

  function restored(cursor: SessionCursor): Either<readonly Problem[], Cursor<S, P>> {
    const { world: at, ...rest } = cursor;
    if (at === null) return left([{ pointer: '/state', message: 'a session in a world has a state' }]);
    const state = world.decodeState(at.state);
    if (isLeft(state)) return state;
    const { evaluation } = at;
    if (evaluation === null) return right({ ...rest, world: { step: at.step, state: state.right, totals: at.totals } });
    const { step, plan: planText } = evaluation as { readonly step: number; readonly plan: Json };
    const plan = world.decodePlan(planText);
    if (isLeft(plan)) return plan;
    return right({ ...rest, world: { step: at.step, state: state.right, totals: at.totals, evaluation: { step, plan: plan.right } } });
  }

  return {
    tools,
    answerProblem: (row, calls) => recordedAnswerProblem(row, calls, tools),
    play: ({ inputs, identity, budget, from, calls, prices, output }) => {
      const cursor = restored(from);
      if (isLeft(cursor)) return cursor;
      const initial = cursor.right.world?.state;
      if (initial === undefined) return left([{ pointer: '/state', message: 'a session in a world has a state' }]);
      const episode = makeEpisode({
        inputs,
        identity,
        budget,
        world: { world, initial, path, lookAhead: false },
        tools,
        calls,
        prices,
        from: cursor.right,
        output,
      });
      return right({
        ...episode,
        cursor: () => {
          const { world: at, ...rest } = episode.cursor();
          if (at === undefined) return { ...rest, world: null };
          const { step, state, totals, evaluation } = at;
          const evaluated = evaluation === undefined ? null : { step: evaluation.step, plan: world.planText(evaluation.plan) };
          return { ...rest, world: { step, state: world.stateText(state), totals, evaluation: evaluated } };
        },
      });
    },
    begin: (stateText, step, anchor, spent) => {
      const state = world.decodeState(stateText);
      if (isLeft(state)) return state;
      // Worth at the last step that was taken, as everywhere.
      const input = path[Math.max(0, step - 1)];
      return right({
        ...atStart(anchor, spent),
        world: {
          step,
          state: world.stateText(state.right),
          totals: input === undefined ? {} : world.totalsAt(state.right, input),
          evaluation: null,
        },
      });
    },
    observe: (step, history, stateText) => {
      const now = path[step];
      if (now === undefined) return null;
      const from = Math.max(0, step - Math.min(history, HISTORY_MAX));
      const before = path.slice(from, step).map((input, index) => ({ step: from + index, ...world.observe(input, undefined) }));
      const state = world.decodeState(stateText);
      return { step, ...world.observe(now, isLeft(state) ? undefined : state.right), ...(history > 0 ? { history: before } : {}) };
    },
  };
}

/** The session of a day has no world: grants are all that happens in it. */
export const NO_WORLD: SessionWorld = {
  tools: [],
  answerProblem: () => ({ pointer: '/type', message: 'nothing is called in a session without a world' }),
  play: ({ inputs, identity, budget, from, calls, output }) => {
    const { world: _none, ...rest } = from;
    const episode = makeEpisode({ inputs, identity, budget, calls, output, from: { ...rest, world: undefined } });
    return right({ ...episode, cursor: () => ({ ...episode.cursor(), world: null }) });
  },
  begin: (_state, _step, anchor, spent) => right({ ...atStart(anchor, spent), world: null }),
  observe: () => null,
};

function atStart(anchor: string, spent: SessionCursor['spent']): Omit<SessionCursor, 'world'> {
  return { tapeHead: anchor, ledgerHead: anchor, ledgerRows: 0, steps: 0, decisions: NO_DECISIONS, spent };
}
