/** What the demos send, and what it means. */
import { requestBytes } from '../../../domain/agent/memory-tools';
import type { MemoryOperation } from '../../../ports/memory';
import type { MemoryBudget } from './memory-budget';
import { textAt } from './api-answer';
import type { ApiAnswer } from './api-client';
import { sessionPath } from './session-source';
import type { ApiMode } from './smoke-command';

export type DemoMode = Exclude<ApiMode, 'mcp'>;

export interface StoryAct {
  readonly title: string;
  /** What is sent to the mode's own path. */
  readonly body: object;
  /** Instead, where it follows from what was answered before. */
  readonly following?: (before: readonly ApiAnswer[]) => { readonly path: string; readonly body: object };
  /** The status that the story goes on with. */
  readonly status: number;
  readonly meaning: readonly string[];
}

export interface Story {
  readonly title: string;
  readonly acts: readonly StoryAct[];
  readonly moral: string;
}

const MORAL = 'When a budget trips: read error.limiter, compare budget with budget_state, raise that one limit and no other.';

export const STORIES: Readonly<Record<DemoMode, (memory: MemoryBudget) => Story>> = { base, tools, memory, sessions };

function base(): Story {
  return {
    title: 'Base: a strategy over a market, step by step. Every step has to be paid for.',
    acts: [
      {
        title: 'A budget that is too small: five steps, two allowed',
        body: { steps: 5, budget: { max_steps: 2 } },
        status: 422,
        meaning: [
          'Two steps were taken and are on the tape; the third was refused before it began.',
          'The run is sealed and can be verified like any other: it is a run that succeeded in saying no.',
          'What to raise: max_steps, to 5. Nothing else was short.',
        ],
      },
      { title: 'Enough', body: { steps: 5, budget: { max_steps: 5 } }, status: 200, meaning: ['Five steps, five paid for.'] },
    ],
    moral: MORAL,
  };
}

function tools(): Story {
  return {
    title: 'Tools: a plan of three calls (price context, evaluate, simulate). Each takes a step and a tool call.',
    acts: [
      {
        title: 'A budget that is too small: three calls, one allowed',
        body: { budget: { max_steps: 3, max_tool_calls: 1 } },
        status: 422,
        meaning: [
          'The first call was made and its result is on the tape. The second had its step, but no tool call was left: it was not made.',
          'What to raise: max_tool_calls, to 3. max_steps is enough already.',
        ],
      },
      {
        title: 'Enough',
        body: { budget: { max_steps: 3, max_tool_calls: 3 } },
        status: 200,
        meaning: ['Nothing was committed: a simulation is a what-if. The tool "execute" commits.'],
      },
    ],
    moral: MORAL,
  };
}

const KEY = 'demo/last-decision';
const PUT: MemoryOperation = { op: 'memory_put', key: KEY, value: { decision: 'HOLD', note: 'kept between two invocations' } };
const GET: MemoryOperation = { op: 'memory_get', key: KEY };

function memory(budget: MemoryBudget): Story {
  const bytes = requestBytes(PUT);
  return {
    title:
      'Memory: values that outlive an invocation. Operations and bytes are both paid for, and a list is checked before the first is sent.',
    acts: [
      {
        title: `A budget that is too small: a put of ${String(bytes)} bytes, ${String(bytes - 1)} allowed`,
        body: { requests: [PUT], budget: { max_memory_ops: 1, max_memory_bytes: bytes - 1 } },
        status: 422,
        meaning: [
          'Nothing was sent: budget_state counts no operation and no byte.',
          `What to raise: max_memory_bytes, to ${String(bytes)}.`,
        ],
      },
      {
        title: `Enough (MEMORY_MAX_OPS=${String(budget.max_memory_ops)}, MEMORY_MAX_BYTES=${String(budget.max_memory_bytes)})`,
        body: { requests: [PUT], budget },
        status: 200,
        meaning: ['The value is kept.'],
      },
      {
        title: 'Another invocation gets it back',
        body: { requests: [GET], budget },
        status: 200,
        meaning: ['The bytes of the value that came back are paid for too; a value that does not fit the budget is withheld.'],
      },
    ],
    moral: MORAL,
  };
}

/** A step of the world with no action: what is paid for is the step. */
const STEP = { name: 'execute', args: { actions: [] } };

/** On the newest head, or on that of an earlier answer. */
function onSession(calls: readonly object[], answer = -1): Pick<StoryAct, 'body' | 'following'> {
  return {
    body: { calls },
    following: (before) => ({
      path: `${sessionPath(textAt(before[0]?.json, 'session_id') ?? '')}/calls`,
      body: { head: textAt(before.at(answer)?.json, 'head') ?? '', calls },
    }),
  };
}

function sessions(): Story {
  return {
    title: 'Sessions: a world that lives across requests. One budget holds for its whole life.',
    acts: [
      {
        title: 'A session with two steps to spend',
        body: { budget: { max_steps: 2, max_tool_calls: 5 } },
        status: 201,
        meaning: ['It stands before its first step, and waits: nothing runs between two requests, and nothing is paid for.'],
      },
      {
        title: 'One step is taken',
        ...onSession([STEP]),
        status: 200,
        meaning: ['The head names where the session stands now. The next request is made on it.'],
      },
      {
        title: 'The very same request again, as after an answer that was lost',
        ...onSession([STEP], 0),
        status: 200,
        meaning: ['Answered from the record: nothing was done again, and nothing was charged.'],
      },
      {
        title: 'A budget that is too small: two more steps, one is left',
        ...onSession([STEP, STEP]),
        status: 422,
        meaning: [
          'The first of the two was taken. The second was refused before it began, and the breaker holds for good.',
          'What to raise: max_steps, to 3 (error.needed), in a session of its own; "quote" says so before anything is spent.',
        ],
      },
      {
        title: 'Enough',
        body: { budget: { max_steps: 3, max_tool_calls: 5 } },
        status: 201,
        meaning: ['Another session. Or let a child of the first one spend a part: "fork" takes its budget from the parent.'],
      },
    ],
    moral: MORAL,
  };
}
