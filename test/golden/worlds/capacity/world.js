/**
 * An autoscaler, a minute a step: replicas take time to start, each minute of each costs money, and what cannot be served waits. The service level
 * is verified before a plan is done: fewer replicas than the last minute needs are refused.
 */
export const meta = {
  name: 'capacity',
  version: '1.0.0',
  description: 'An autoscaler: load, replicas with a start-up delay, cost, backlog, and a service level that is verified.',
  charts: [
    { title: 'Requests', lines: ['/totals/load', '/totals/served', '/totals/backlog'] },
    { title: 'Replicas', lines: ['/totals/running', '/totals/starting'] },
  ],
};

export function init(params) {
  const { replicas = 2, per_replica = 600, startup_minutes = 3, most = 50, cost_per_minute = '0.0021', backlog_most = 1200 } = params;
  for (const [name, value] of Object.entries({ replicas, per_replica, startup_minutes, most, backlog_most })) {
    if (!Number.isInteger(value) || value < 1) throw new Error(`/${name}: expected 1 or more`);
  }
  if (replicas > most) throw new Error('/replicas: more than most');
  return {
    minute: 0,
    running: replicas,
    // Minutes at which replicas are ready, soonest first.
    starting: [],
    backlog: 0,
    last_load: 0,
    late_minutes: 0,
    cost: '0',
    limits: { per_replica, startup_minutes, most, backlog_most },
    cost_per_minute: decimal.of(cost_per_minute),
  };
}

/** How many replicas the last minute took, its backlog included: the least that may be left. */
function needed({ last_load: load, backlog, limits }) {
  return Math.max(1, Math.min(limits.most, Math.ceil((load + backlog) / limits.per_replica)));
}

export function legal(state) {
  const now = state.running + state.starting.length;
  const least = Math.min(now, needed(state));
  return [...new Set([least, now, Math.min(state.limits.most, now + 1), state.limits.most])].map((replicas) => ({ type: 'scale', replicas }));
}

export function observe(state) {
  const { minute, running, backlog, last_load, limits, cost } = state;
  return { minute, running, starting: state.starting.length, backlog, last_load, limits, cost };
}

/** `input`: `{load}`, the requests of the minute. */
export function step(state, actions, input) {
  if (!Number.isInteger(input?.load) || input.load < 0) throw new Error('/load: expected 0 or more requests');
  if (actions.length > 1) return { refused: { action_index: 1, code: 'one_action', message: 'one action a minute' } };
  const [action] = actions;
  if (action !== undefined) {
    const no = scale(state, action);
    if (no !== undefined) return { refused: no };
  }
  state.running += state.starting.filter((ready) => ready <= state.minute).length;
  state.starting = state.starting.filter((ready) => ready > state.minute);
  const wanted = input.load + state.backlog;
  const served = Math.min(wanted, state.running * state.limits.per_replica);
  state.backlog = wanted - served;
  state.last_load = input.load;
  if (state.backlog > state.limits.backlog_most) state.late_minutes += 1;
  state.cost = decimal.add(state.cost, decimal.mul(state.cost_per_minute, state.running + state.starting.length));
  state.minute += 1;
  const { running, backlog, late_minutes, cost } = state;
  return { state, totals: { load: input.load, served, backlog, running, starting: state.starting.length, late_minutes, cost } };
}

function scale(state, action) {
  const { replicas } = action ?? {};
  if (action?.type !== 'scale' || !Number.isInteger(replicas) || replicas < 1) {
    return { code: 'unknown_action', message: 'expected {"type":"scale","replicas"}, 1 or more' };
  }
  if (replicas > state.limits.most) return { code: 'too_many', message: `${replicas} replicas, at most ${state.limits.most}` };
  const now = state.running + state.starting.length;
  if (replicas < now && replicas < needed(state)) {
    return { code: 'slo_at_risk', message: `${replicas} replicas, the last minute takes ${needed(state)}` };
  }
  for (let k = now; k < replicas; k += 1) state.starting.push(state.minute + state.limits.startup_minutes);
  for (let k = replicas; k < now; k += 1) {
    // Those that do not run yet go first.
    if (state.starting.length > 0) state.starting.pop();
    else state.running -= 1;
  }
  return undefined;
}

export function invariants({ running, starting, backlog, limits, minute }) {
  const broken = [];
  if (running < 0 || running + starting.length > limits.most) broken.push('replicas are within their limits');
  if (backlog < 0) broken.push('the backlog is not negative');
  if (starting.some((ready) => ready < minute)) broken.push('what is ready runs');
  return broken;
}

/** Minutes within the service level, and what they cost. Fewer late minutes first, then less cost. */
export function score({ late_minutes, cost }) {
  return decimal.neg(decimal.add(decimal.mul(late_minutes, 1000), cost));
}
