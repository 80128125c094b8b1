/** What a tool plan would take: nothing is sent, and nothing is kept. docs/spec.md section 8. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { MarketInput } from '../../ports/market-input';
import type { RunWriter } from '../../ports/run-files';
import type { ToolCall, OutsidePorts } from '../agent/tool';
import { planTools } from '../agent/tools';
import { makeEpisode } from '../episode/episode';
import { digested } from '../episode/output';
import { quoteCalls, type Quoted } from '../episode/quote';
import { makeTextReader } from '../episode/text-reader';
import { withCursor } from './cursors';
import { readPath } from './path';
import { marketLines, prepare, type RunError } from './prepare';
import { type Handled, unlimited } from './quote';

export async function quoteToolPlan(
  request: Handled,
  plan: readonly ToolCall[],
  market: MarketInput,
  scratch: RunWriter,
  ports: OutsidePorts,
): Promise<Either<RunError, Quoted>> {
  try {
    const output = digested(scratch);
    const prepared = await prepare(unlimited(request), market, output, {});
    if (isLeft(prepared)) return prepared;
    const { identity, symbols, world, inputs, initial } = prepared.right;
    const path = await withCursor(marketLines(symbols, scratch), (cursor) => readPath(world, makeTextReader(cursor)));
    if (isLeft(path)) return path;
    const beyond = path.right[0] === undefined ? undefined : world.beyondRangeAt(initial, path.right[0]);
    if (beyond !== undefined) {
      const problems = [{ pointer: '', message: `step 0: ${beyond[0]?.message ?? ''}` }];
      return left({ _tag: 'InvalidRequest' as const, document: 'initial_state' as const, problems });
    }
    const tools = planTools(world.actions);
    const { budget } = inputs;
    const inPlay = { world, initial, path: path.right };
    return right(
      await quoteCalls(
        {
          open: (calls) => makeEpisode({ inputs, identity, budget, world: inPlay, tools, calls, output }),
          tools,
          ports,
          memoryBytesLeft: 0,
        },
        plan,
      ),
    );
  } finally {
    await market.close();
  }
}
