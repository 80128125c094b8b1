// How the examples start the server: the built program, the monthly prices beside them, and a session under one budget.
import { fileURLToPath } from 'node:url';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What a transport over stdin and stdout is made of. */
export function ewmMcp(data, ...args) {
  return { command: process.execPath, args: [file('../../../dist/ewm.cjs'), 'mcp', '--data', data, ...args], stderr: 'ignore' };
}

/** The options of a session over those prices: 60 acts, all planes. */
export const PRINCIPAL = [
  '--plane',
  'all',
  '--name',
  'principal',
  '--market',
  file('../../markets/stocks-2000-2010.csv'),
  '--strategy',
  file('../../strategies/sma_crossover.json'),
  '--budget',
  '{"max_steps":60,"max_tool_calls":60}',
];
