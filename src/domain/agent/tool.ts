/**
 * A tool: a value that says what it is called with, what a call costs, whether it leaves the process, and what it does. Everything else
 * (reserving, recording, replaying, ceilings) reads it from here, so a new tool is one value and one row of `tools.ts`.
 */
import type { Deadline } from '../../ports/clock';
import type { CodeInterpreter, CodeSession } from '../../ports/code-interpreter';
import type { Source } from '../../ports/dependency';
import type { Memory } from '../../ports/memory';
import type { Planner, PlannerSession } from '../../ports/planner';
import type { Budget, BudgetExceeded, Costs } from '../budget/budget';
import { canonical, type Json, type JsonObject } from '../canonical/canonical';
import type { Codec, JsonSchema } from '../codec/codec';
import { parseJson } from '../codec/parse';
import { describeProblem, problemsOf } from '../codec/problem';
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type {
  DeadlineExceededStop,
  DependencyFailedStop,
  RefusedAction,
  RunStop,
  StaleReadStop,
  StoppedByOperator,
  Unbounded,
} from './stop';
import { boundedCosts, type ToolPrice } from './bounds';

/** One call as it was asked for. */
export type ToolCall = { readonly name: string; readonly args: JsonObject };

/** Every call of a tool takes a step of the budget, whatever step of the world it is about. */
export const TOOL_CALL: Costs = { steps: 1, tool_calls: 1 };

/** What a call comes to: a result, or why the episode is to stop here, with the result as far as there is one. */
export type ToolAnswer = { readonly result: Json } | { readonly stop: RunStop; readonly result?: Json };

/** The world of an episode as tools see it: steps by their index, everything else as JSON. `A`: actions as an outsider proposes them. */
export interface WorldView<A> {
  /** What its path of inputs is called, such as `market`. */
  readonly path: string;
  /** Steps of the path of inputs: legal ones are 0 to `steps` - 1. */
  readonly steps: number;
  /** The next step not yet committed. */
  readonly next: () => number;
  /** Whether a call may be about a step behind the next one. */
  readonly lookAhead: boolean;
  /** What is to be seen at a step. Nothing changes. */
  readonly observe: (step: number) => JsonObject;
  /** What the world's own policy would do at a step; remembered for a call that names no actions of its own. */
  readonly evaluate: (step: number) => JsonObject;
  /** What these actions, or those of the last evaluation, would do at a step. Nothing changes. */
  readonly simulate: (step: number, actions: A | undefined) => Attempt;
  /** The same, committed: state, tape and ledger advance. An earlier step than the last one committed is a failed call. */
  readonly execute: (step: number, actions: A | undefined) => Attempt;
  /** What a planner is told: the step of the last evaluation, else the next one. Or why nothing can be done there. */
  readonly context: () => { readonly goalContext: JsonObject } | Rejected;
  /** Takes a planner's actions for the evaluation at the step of `context`, and simulates them. */
  readonly consider: (actions: A) => Attempt;
}

/** `failed`: a sentence on why the call failed. */
export type Attempt =
  | { readonly failed: string }
  | { readonly result: Json }
  /** Without a result where no row could hold one. */
  | (Rejected & { readonly result?: Json });

/** What the world refused, action by action. */
export interface Rejected {
  readonly rejected: readonly RefusedAction[];
}

export interface ToolContext<A> {
  readonly index: number;
  readonly world: WorldView<A>;
  /** Charges for what only the answer shows, such as the bytes of a value that came back. */
  readonly reserve: (costs: Costs) => BudgetExceeded | undefined;
}

/** A call that failed by itself; its place in the episode is added where the error has one. */
export type CallError =
  | DependencyFailedStop
  | DeadlineExceededStop
  | StaleReadStop
  | StoppedByOperator
  | { readonly code: 'tool_failed'; readonly message: string };

/** `result` beside an error: what is left of an act that failed. */
export type RecordedResult =
  { readonly ok: true; readonly result: Json } | { readonly ok: false; readonly error: CallError; readonly result?: Json };

/** What came from outside, or was read from a tape. */
export interface OutsideAnswer {
  readonly recorded: RecordedResult;
  readonly source: Source;
}

/** Only those that the deployment has: calling a tool whose port is absent is a failed call. */
export interface OutsidePorts {
  readonly interpreter?: CodeInterpreter | undefined;
  readonly planner?: Planner | undefined;
  readonly memory?: Memory | undefined;
}

type Opened<S> = S & { readonly source: Source };

/** The same, opened for one run: whoever opened them closes them. */
export interface OpenedPorts {
  readonly interpreter?: Opened<CodeSession> | undefined;
  readonly planner?: Opened<PlannerSession> | undefined;
  readonly memory?: Memory | undefined;
}

/** Sends an act, once, and never again. `operationId` names this act of this episode. */
export type Send = (operationId: string, deadline: Deadline) => Promise<OutsideAnswer>;

/** One act that leaves the process. */
export interface OutsideAct {
  /** How to send it; nothing where the deployment has no port for it. Asking sends nothing. */
  readonly sender: (ports: OpenedPorts) => Send | undefined;
  /** Members of a row of its own for the answer as it came, before the call's row. Absent: the call's row holds the answer. */
  readonly row?: JsonObject & { readonly type: 'model' };
}

interface ToolShape<A> {
  readonly name: string;
  readonly args: Codec<A>;
  /** Of the attempt, whatever its arguments. */
  readonly attempt: Costs;
  /** Of a call with these arguments, the attempt included. */
  readonly costs?: (args: A) => Costs;
}

export interface InsideTool<A, Q> extends ToolShape<A> {
  readonly reach: 'inside';
  readonly call: (context: ToolContext<Q>, args: A) => ToolAnswer;
}

/** What the outside can answer to a call, as it stands on a tape: what a verifier holds a recorded answer to. */
export interface RecordedAnswer {
  /** Type of the row that holds the answer as it came. */
  readonly rowType: 'tool' | 'model' | 'memory';
  /** A good answer, in the one form in which it is written. */
  readonly result: Codec<unknown>;
  /** The least good answer that there is: what a quote goes on with. */
  readonly good: Json;
  /** What is left of an answer that the budget does not cover; such an answer is handed out whole where absent. */
  readonly withheld?: Codec<unknown>;
  /** How the message of a failure that the tool itself tells begins; such a failure does not exist where absent. */
  readonly failure?: string;
  /** What may stand beside such a failure; nothing where absent. */
  readonly evidence?: Codec<unknown>;
  /** Whether its answer may not show yet what was written before. */
  readonly mayBeStale?: true;
  /** Whether its calls are made in a session, one for all of a run, that has to be stopped. */
  readonly inSession?: true;
}

export interface OutsideTool<A, Q> extends ToolShape<A> {
  readonly reach: 'outside';
  readonly recorded: RecordedAnswer;
  /** What to send; an answer where there is nothing to send. */
  readonly act: (context: ToolContext<Q>, args: A) => OutsideAct | ToolAnswer;
  /** What the call makes of a good answer; the answer itself where absent. */
  readonly respond?: (context: ToolContext<Q>, args: A, result: Json) => ToolAnswer;
  /** How its row and its result name the call; a tool's name and arguments where absent. */
  readonly naming?: CallNaming;
}

export interface CallNaming {
  /** Type of the row of a call. */
  readonly rowType: 'tool' | 'memory';
  readonly row: (call: ToolCall) => JsonObject;
  readonly result: (call: ToolCall) => JsonObject;
  /** What the report calls it. */
  readonly label: (call: ToolCall) => string;
}

/** A tool whose arguments are not yet known. */
export interface Tool<Q> {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly reach: 'inside' | 'outside';
  readonly attempt: Costs;
  readonly naming: CallNaming | undefined;
  /** Of a tool that leaves the process. */
  readonly recorded: RecordedAnswer | undefined;
  /** A call with these arguments, or what is wrong with them. */
  readonly bind: (args: JsonObject) => Either<string, BoundCall<Q>>;
}

export type BoundCall<Q> = { readonly costs: Costs } & (
  | { readonly reach: 'inside'; readonly call: (context: ToolContext<Q>) => ToolAnswer }
  | {
      readonly reach: 'outside';
      /** The costs with the money, or why nobody can say the most that it takes. */
      readonly bounded: (budget: Budget, priceOf: ToolPrice) => Either<Omit<Unbounded, 'budgets'>, Costs>;
      readonly act: (context: ToolContext<Q>) => OutsideAct | ToolAnswer;
      readonly respond: (context: ToolContext<Q>, result: Json) => ToolAnswer;
    }
);

export function makeTool<A, Q>(tool: InsideTool<A, Q> | OutsideTool<A, Q>): Tool<Q> {
  const { name, reach, attempt } = tool;
  return {
    name,
    schema: tool.args.schema,
    reach,
    attempt,
    naming: tool.reach === 'outside' ? tool.naming : undefined,
    recorded: tool.reach === 'outside' ? tool.recorded : undefined,
    bind: (raw) => {
      // In the order in which a tape has them: what is wrong is told member by member, live and from a tape alike.
      const decoded = tool.args.decode(parseJson(canonical(raw)));
      if (isLeft(decoded)) {
        return left(
          problemsOf(decoded.left)
            .map((problem) => describeProblem('args', problem))
            .join('; '),
        );
      }
      const args = decoded.right;
      const costs = tool.costs?.(args) ?? attempt;
      if (tool.reach === 'inside') return right({ costs, reach: tool.reach, call: (context) => tool.call(context, args) });
      return right({
        costs,
        reach: tool.reach,
        bounded: (budget, priceOf) => boundedCosts(name, costs, budget, priceOf),
        act: (context) => tool.act(context, args),
        respond: (context, result) => tool.respond?.(context, args, result) ?? { result },
      });
    },
  };
}

/** A call's own error, with its place where the error has one. */
export function placed(error: CallError, index: number, tool: string): RunStop {
  return error.code === 'tool_failed' ? { ...error, index, tool } : error;
}

export function failed(index: number, tool: string, message: string): ToolAnswer {
  return { stop: { code: 'tool_failed', message, index, tool } };
}
