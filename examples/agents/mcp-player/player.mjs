// node examples/agents/mcp-player/player.mjs DIRECTORY: a principal gives a player 50 acts, the player uses them up, and all of it is proven.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { ewmMcp, PRINCIPAL } from './server.mjs';

const [directory = 'tmp/player'] = process.argv.slice(2);
const GRANT = { max_steps: 50, max_tool_calls: 50 };
/** How many months the player looks back. */
const HISTORY = 6;

async function connect(name, ...args) {
  const client = new Client({ name, version: '1' });
  await client.connect(new StdioClientTransport(ewmMcp(directory, ...args)));
  return {
    /** The answer of a tool; a refusal is an answer, too. */
    call: async (tool, args = {}) => (await client.callTool({ name: tool, arguments: args })).structuredContent,
    close: () => client.close(),
  };
}

/** Buys one share of what fell below its mean, and sells what rose above it by a fifth. */
function decide({ prices, history }, { positions }) {
  return Object.entries(prices).flatMap(([symbol, price]) => {
    const past = history.map((step) => Number(step.prices[symbol]));
    if (past.length < HISTORY) return [];
    const mean = past.reduce((sum, value) => sum + value, 0) / past.length;
    if (Number(price) < mean && positions[symbol] === undefined) return [{ type: 'PlaceBuy', symbol, quantity: '1' }];
    if (Number(price) > 1.2 * mean && positions[symbol] !== undefined) return [{ type: 'PlaceSell', symbol, quantity: '1' }];
    return [];
  });
}

/** Acts until it is refused for its budget; a plan that the risk limits refuse is tried without its orders. */
async function play(player) {
  for (let acts = 0; ;) {
    const { head, observation, state } = await player.call('world_observe', { history: HISTORY });
    let answer = await player.call('world_act', { head, calls: [{ name: 'execute', args: { actions: decide(observation, state) } }] });
    acts += 1;
    if (answer.error?.code === 'simulation_rejected') {
      answer = await player.call('world_act', { head: answer.head, calls: [{ name: 'execute', args: { actions: [] } }] });
      acts += 1;
    }
    if (answer.error?.code === 'budget_exceeded') return { ...answer, acts: acts - 1 };
    if (answer.error !== undefined) throw new Error(answer.error.message);
  }
}

const principal = await connect('principal', ...PRINCIPAL);
const made = await principal.call('world_observe');
const forked = await principal.call('world_fork', { head: made.head, name: 'player', budget: GRANT });
const { session_id: child } = forked.child;

const player = await connect('player', '--session', child);
const ended = await play(player);
await player.close();
console.log(`player  ${child}: ${ended.acts} acts, then ${ended.error.limiter}: ${ended.error.message}`);
console.log(`        step ${ended.step}, ${JSON.stringify(ended.state)}`);

await principal.call('world_close', { session_id: child, head: ended.head });
const back = await principal.call('world_reclaim', { head: forked.head, child });
const closed = await principal.call('world_close', { head: back.head });
const verdict = await principal.call('world_verify');
await principal.close();
console.log(
  `session ${closed.session_id}: ${verdict.verdict}, ${verdict.proof.children[0].calls} calls of its child among it, head ${closed.head}`,
);
if (verdict.verdict !== 'proven') process.exitCode = 1;
