/** Every tool of the MCP server. Each is a route of the HTTP API, or reads what those routes tell; what they take are the API's codecs. */
import { isLeft, right } from 'fp-ts/Either';
import type { Codec } from '../../domain/codec/codec';
import { quoteCodec, sessionAnswerCodec } from '../http/contract/answer-codecs';
import { decodeWith } from '../http/contract/body';
import {
  callsBodyCodec,
  childBodyCodec,
  childReclaimCodec,
  closeBodyCodec,
  createBodyCodec,
  quoteBodyCodec,
} from '../http/contract/body-session';
import { invalidRequest } from '../http/contract/problems';
import type { SessionRoute } from './call-route';
import { readHistory } from './history';
import { verify } from './proof';
import { answerSchema, historyCodec, historySchema, observeCodec, simulateCodec, verifyCodec, verifySchema, withCalls } from './schemas';
import { bodyOf, type WorldTool } from './tool';

const session = answerSchema(sessionAnswerCodec.schema);

const LOOK = { destructive: false, idempotent: true, openWorld: false };
/** The same arguments again are answered from the record. */
const RECORDED = { destructive: false, idempotent: true, openWorld: false };

const FREE = 'Costs nothing and changes nothing.';
const HEAD =
  'Needs the newest `head`, which every answer tells. If the session has gone on, the answer is head_moved with the newest head and nothing was done: look again, then decide again. After a lost answer send the very same call: it is answered from the record and not charged twice.';

/** A tool that is one route about a session: its arguments are the body. `codec`: of a tool that takes less than its route. */
function routed(route: SessionRoute, codec?: Codec<unknown>): WorldTool['call'] {
  return async ({ callRoute }, id, body) => {
    const request = codec === undefined ? right(body) : decodeWith(codec, body);
    if (isLeft(request)) return { ok: false, error: invalidRequest(request.left) };
    return bodyOf(await callRoute(route, { parameters: { id }, body }));
  };
}

const observe: WorldTool['call'] = async ({ callRoute }, id, args) => {
  const request = decodeWith(observeCodec, args);
  if (isLeft(request)) return { ok: false, error: invalidRequest(request.left) };
  const query = { history: String(request.right.history ?? 0) };
  return bodyOf(await callRoute('GET /sessions/{id}', { parameters: { id }, query }));
};

const simulate: WorldTool['call'] = async ({ callRoute }, id, args) => {
  const request = decodeWith(simulateCodec, args);
  if (isLeft(request)) return { ok: false, error: invalidRequest(request.left) };
  const { head, ...rest } = args;
  const body = { head, calls: [{ name: 'simulate_and_verify', args: rest }] };
  return bodyOf(await callRoute('POST /sessions/{id}/calls', { parameters: { id }, body }));
};

export const TOOLS: readonly WorldTool[] = [
  {
    name: 'world_create',
    title: 'Create a session',
    kind: 'control',
    description:
      'Make a session: a world (a market path, a strategy, risk limits; or a `world` file) under one budget for its whole life. Without arguments it is the bundled example with a budget of one step. Most calls made in it take 1 of max_steps and 1 of max_tool_calls, so name both. The same name, documents and budget are the same session: creating it again answers where it stands. A budget above the ceiling of this deployment is refused whole (budget_above_ceiling).',
    ofSession: false,
    input: createBodyCodec.schema,
    output: session,
    // Without a name each call makes another.
    hints: { ...RECORDED, idempotent: false },
    call: routed('POST /sessions'),
  },
  {
    name: 'world_observe',
    title: 'Look at a session',
    kind: 'look',
    description: `Where the session stands: head, state, what is to be seen at the next step (and \`history\` steps before it), and what is left of each limit. ${FREE} Nothing after the next step can be seen.`,
    ofSession: true,
    input: observeCodec.schema,
    output: session,
    hints: LOOK,
    call: observe,
  },
  {
    name: 'world_quote',
    title: 'Quote calls',
    kind: 'look',
    description: `What calls would take of each limit, at the least and at the most, and whether that is left (\`fits\`; \`needed\` names the limits that are too small). ${FREE}`,
    ofSession: true,
    input: withCalls(quoteBodyCodec.schema),
    output: answerSchema(quoteCodec.schema),
    hints: LOOK,
    call: routed('POST /sessions/{id}/quote'),
  },
  {
    name: 'world_simulate',
    title: 'Try actions',
    kind: 'act',
    description: `Try actions at the next step without taking them: what would be bought and sold, and which risk limit refuses it. The world stays as it is, but the attempt is charged and recorded: 1 step and 1 tool call of the budget. Without \`actions\`, those of the last evaluate_strategy. A refused plan answers simulation_rejected with every reason. ${HEAD}`,
    ofSession: true,
    input: simulateCodec.schema,
    output: session,
    hints: RECORDED,
    call: simulate,
  },
  {
    name: 'world_act',
    title: 'Act in a session',
    kind: 'act',
    description: `Make calls in order; they are charged, recorded and cannot be undone. \`execute\` takes its \`actions\` at the next step and moves the world one step on ([] waits; without \`actions\`, those of the last evaluate_strategy). Each call takes 1 step and 1 tool call, and propose_plan a model call; memory_put, memory_get and memory_clear take a memory operation and their bytes instead. The first call that fails ends the request, and what was done stays. budget_exceeded ends the session's acts for good: close it, or ask whoever gave the budget. ${HEAD}`,
    ofSession: true,
    input: withCalls(callsBodyCodec.schema),
    output: session,
    hints: { destructive: true, idempotent: true, openWorld: true },
    call: routed('POST /sessions/{id}/calls'),
  },
  {
    name: 'world_fork',
    title: 'Fork a session',
    kind: 'control',
    description: `Make a child session that goes on from here, to try something or to delegate it. Its budget is taken from this session's in the same act, so all of them together never spend more than the first was given; it has to name every optional limit that this one has. The answer's \`child\` has its id and head. ${HEAD}`,
    ofSession: true,
    input: childBodyCodec.schema,
    output: session,
    hints: RECORDED,
    call: routed('POST /sessions/{id}/fork', childBodyCodec),
  },
  {
    name: 'world_close',
    title: 'Close a session',
    kind: 'control',
    description: `Seal the session: nothing follows, and it can be proven as a whole. It costs nothing. ${HEAD}`,
    ofSession: true,
    input: closeBodyCodec.schema,
    output: session,
    hints: { destructive: true, idempotent: true, openWorld: false },
    report: true,
    call: routed('POST /sessions/{id}/close'),
  },
  {
    name: 'world_reclaim',
    title: 'Take back a grant',
    kind: 'control',
    description: `Take back, once, what a sealed child did not use of its budget. Close the child first. ${HEAD}`,
    ofSession: true,
    input: childReclaimCodec.schema,
    output: session,
    hints: RECORDED,
    call: routed('POST /sessions/{id}/reclaim', childReclaimCodec),
  },
  {
    name: 'world_history',
    title: 'Read the tape',
    kind: 'look',
    description: `What was done: rows of the session's tape, each linked to the row before it by its hash. Without arguments the newest segments; \`next_segment\` says where to go on. ${FREE}`,
    ofSession: true,
    input: historyCodec.schema,
    output: historySchema,
    hints: LOOK,
    call: readHistory,
  },
  {
    name: 'world_verify',
    title: 'Prove a session',
    kind: 'look',
    description: `Prove the session from its stored bytes, children and grants included: everything is computed again and compared. An open session is proven_so_far; what was changed afterwards is not_proven, with the first difference. ${FREE}`,
    ofSession: true,
    input: verifyCodec.schema,
    output: verifySchema,
    hints: LOOK,
    report: true,
    call: verify,
  },
];
