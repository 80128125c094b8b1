/** What a model is told before it begins. Invariant: it says nothing of a world that the world does not say of itself. */
import type { Scope } from './scope';

/** Goes with the first answer to a client. */
export function instructions({ plane, session }: Scope): string {
  const where = session === undefined ? '' : ` This server is about session ${session}.`;
  const may =
    plane === 'agent'
      ? 'You may look and act; you cannot make, fork or close sessions, and the budget cannot be raised.'
      : plane === 'control'
        ? 'You may make, fork, look at and close sessions; acting in them is left to others.'
        : 'A session is made by world_create, played by world_act, and proven by world_verify.';
  return `Executable world models: a session is a world that is played step by step under one budget; every act is charged before it is done, recorded, and can be proven.${where} ${may} Every answer tells head, state, the next observation and what is left of each limit. Amounts are exact decimals as text.`;
}

export const PLAY_PROMPT = {
  name: 'play',
  title: 'Play a session',
  description: 'How to play a session: look, quote, try, act, and stop when the budget says so.',
  arguments: [
    { name: 'session_id', description: 'The session to play; left out, one is made or the one of this server is meant.', required: false },
    { name: 'goal', description: 'What to achieve, in a sentence.', required: false },
  ],
} as const;

export function playText(scope: Scope, { session_id: requested, goal }: { readonly session_id?: string; readonly goal?: string }): string {
  const id = requested ?? scope.session;
  const begin =
    id === undefined
      ? 'Make a session with world_create; name max_steps and max_tool_calls in its budget, for each call takes one of both.'
      : `Play session ${id}.`;
  return [
    `${begin} The goal: ${goal ?? 'end with more equity than you began with, inside the risk limits and the budget'}.`,
    '',
    '1. world_observe (free) tells head, state, the prices at the next step and what is left. `history` shows steps before it.',
    '2. Decide. evaluate_strategy (a call of world_act) says what the rules of the session would do; world_simulate tries actions of your own. Both are charged. world_quote (free) says beforehand what calls would take.',
    '3. world_act with {"name":"execute","args":{"actions":[{"type":"PlaceBuy","symbol":"...","quantity":"1"}]}} trades at the next step and moves on; with "actions":[] it only moves on. PlaceSell sells.',
    '4. Use the head of the newest answer for the next act. head_moved: look again, then decide again. session_busy: wait retry_after_ms. An answer was lost: send the very same call again.',
    '5. simulation_rejected: the risk limits refused the plan as a whole; change it. tool_failed and look_ahead: the call was wrong; it was charged all the same.',
    '6. budget_exceeded: stop. Nothing more can be done in this session; `needed` is the limit that would have sufficed. Say so, and do not try again.',
    scope.plane === 'agent'
      ? '7. At the end say what you did; whoever gave you the session closes and proves it.'
      : '7. At the end world_close seals the session and world_verify proves it.',
  ].join('\n');
}
