/** Target tracking: as many replicas as keep each at 70 % of what it can serve; up at once, down by one a minute. */
const TARGET_PERCENT = 70;

export function decide({ running, starting, backlog, last_load: load, limits }) {
  const now = running + starting;
  const wanted = Math.ceil(((load + backlog) * 100) / (limits.per_replica * TARGET_PERCENT));
  const replicas = Math.max(1, Math.min(limits.most, wanted < now ? now - 1 : wanted));
  return replicas === now ? [] : [{ type: 'scale', replicas }];
}
