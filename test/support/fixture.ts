/** The five-step fixture of the project, as a case: the documents under `examples/`, with their defaults written out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReferenceRequest, ReferenceStrategy } from './reference-model';

const EXAMPLES = join(__dirname, '../../examples');

export function readExample(path: string): unknown {
  return JSON.parse(readFileSync(join(EXAMPLES, path), 'utf8'));
}

export function readFixture(): ReferenceRequest {
  const market = readExample('fixtures/trading_path.json') as { symbols: string[]; steps: Record<string, number>[] };
  const steps = market.steps.map((prices) => ({
    prices: Object.fromEntries(Object.entries(prices).map(([key, price]) => [key, String(price)])),
  }));
  return {
    market: { symbols: market.symbols, steps },
    strategy: readExample('strategies/threshold_demo.json') as ReferenceStrategy,
    policy: {},
    initialState: { cash: '1000', positions: {} },
    steps: steps.length,
    budget: { max_steps: steps.length, max_tool_calls: 0, max_model_calls: 0, max_memory_ops: 0, max_memory_bytes: 0 },
  };
}
