// node examples/agents/mcp-player/strands.mjs DIRECTORY: a Strands agent plays a session of ten acts over MCP. Its model is a script, so that this runs
// without one; put `new BedrockModel()` or another in its place.
import { Agent, McpClient, Model } from '@strands-agents/sdk';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ewmMcp } from './server.mjs';

const [directory = 'tmp/strands'] = process.argv.slice(2);

/** Answers as a model does: with the next call, made of what the last one answered, until it is told that the budget is used up. */
class ScriptedModel extends Model {
  #calls = 0;

  updateConfig() {}

  getConfig() {
    return { modelId: 'script' };
  }

  async *stream(messages) {
    const [last] = (messages.at(-1)?.content ?? []).filter(({ type }) => type === 'toolResultBlock');
    const answer = last === undefined ? undefined : answerOf(last);
    yield { type: 'modelMessageStartEvent', role: 'assistant' };
    if (answer?.error !== undefined) {
      yield* text(`I was stopped: ${answer.error.code}, ${answer.error.message}. The session is at head ${answer.head}.`);
      return;
    }
    this.#calls += 1;
    const call =
      answer === undefined
        ? ['world_observe', {}]
        : ['world_act', { head: answer.head, calls: [{ name: 'execute', args: { actions: [] } }] }];
    yield* toolUse(`call-${this.#calls}`, ...call);
  }
}

function* text(said) {
  yield { type: 'modelContentBlockStartEvent' };
  yield { type: 'modelContentBlockDeltaEvent', delta: { type: 'textDelta', text: said } };
  yield { type: 'modelContentBlockStopEvent' };
  yield { type: 'modelMessageStopEvent', stopReason: 'endTurn' };
}

function* toolUse(toolUseId, name, input) {
  yield { type: 'modelContentBlockStartEvent', start: { type: 'toolUseStart', name, toolUseId } };
  yield { type: 'modelContentBlockDeltaEvent', delta: { type: 'toolUseInputDelta', input: JSON.stringify(input) } };
  yield { type: 'modelContentBlockStopEvent' };
  yield { type: 'modelMessageStopEvent', stopReason: 'toolUse' };
}

/** What a tool answered, as the model is told it: text that is JSON. */
function answerOf({ content }) {
  const [said] = content.filter(({ type }) => type === 'textBlock');
  return JSON.parse(said.text);
}

const budget = '{"max_steps":10,"max_tool_calls":10}';
const market = new URL('../../markets/stocks-2000-2010.csv', import.meta.url).pathname;
const strategy = new URL('../../strategies/sma_crossover.json', import.meta.url).pathname;
const transport = new StdioClientTransport(ewmMcp(directory, '--budget', budget, '--market', market, '--strategy', strategy));
const world = new McpClient({ transport });
const agent = new Agent({ model: new ScriptedModel(), tools: [world], printer: false });
const result = await agent.invoke('Play the session until its budget is used up.');
console.log(result.toString());
await world.disconnect();
