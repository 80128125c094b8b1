/** What a bill holds under, and what it leaves out, as sentences: a figure is never shown without them. */
import type { Limits } from './limits';
import type { PriceTable } from './prices';

/** What has to be true for the figures to be upper bounds. */
export function assumptionsOf(limits: Limits, table: PriceTable): readonly string[] {
  const uncertain = Object.entries(table.prices).flatMap(([name, price]) => (price.certain ? [] : [name]));
  const { prices, region } = table;
  const oldest = Object.values(prices).reduce((first, { as_of: date }) => (date < first ? date : first), table.as_of);
  return [
    `Prices are those of ${region}, as read between ${oldest} and ${table.as_of}, without free tiers, discounts and tax.` +
      (limits.region === region ? '' : ` This deployment is in ${limits.region}, where they may be higher: give its own with --prices.`),
    ...(uncertain.length === 0 ? [] : [`Uncertain prices (no dated primary source, or sources that disagree): ${uncertain.join(', ')}.`]),
    'Everything fails in the dearest way at once: every initialisation takes 10 s, every timeout is used up, every file meets a taken key, no session stops when it is told to (a plan has one of the interpreter and one of the planner).',
    'A cost counts when it is caused: the hour that stores an object pays for it until it expires.',
    'A month has 744 hours, all of them like the worst hour.',
    'The API throttle holds, for each route on its own. AWS applies it as a target, not as a guarantee; the figures with direct invocations hold without it, for all but the API, its log and its answers.',
    'Strangers send 10,000 requests a second, the most that an account takes, day and night. AWS charges nothing for a request that it refuses (not signed, no route, throttled); whether the bytes of the refusal are charged is not published, so they are (refused_requests).',
    `Reserved concurrency is 1${limits.sessions_concurrency > 1 && limits.modes.some((mode) => ['sessions', 'mcp'].includes(mode)) ? `, and ${String(limits.sessions_concurrency)} of sessions and of MCP,` : ''} and Lambda takes 10 invocations a second of one instance.`,
    'Reading, listing and deleting events of AgentCore Memory is free: no price for it is published.',
  ];
}

/** What no limit of a deployment bounds. */
export function exclusionsOf(limits: Limits): readonly string[] {
  return [
    ...(limits.planner
      ? [
          'What the agent behind the planner does: tokens of its model, its own calls and logs. Its sessions are counted as long as they may live.',
        ]
      : []),
    ...(limits.code_interpreter
      ? ['What a program in the code interpreter reaches from there: traffic out, S3 requests under a role of yours.']
      : []),
    ...(limits.kms
      ? ['The key itself, and what other services ask of it beyond two requests for each request to S3 and to the memory.']
      : []),
    'Deploying, looking at logs and dashboards, reading artifacts (`ewm smoke`, `ewm verify`), and anything else in the account.',
    'A change of price by AWS, and tax.',
  ];
}
