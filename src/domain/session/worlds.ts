/** The world of a session, made of its documents. */
import { isLeft, right } from 'fp-ts/Either';
import { decodeMarketHeader } from '../market/market-path';
import { readPath } from '../run/path';
import { makeMarketWorld } from '../world/market/market-world';
import { decodePolicy } from '../world/market/policy';
import { decodeStrategy } from '../world/market/strategy';
import type { Documents } from './context';
import { makeSessionWorld, type SessionWorld } from './session-world';

export async function worldOf(documents: Partial<Documents>): Promise<SessionWorld | undefined> {
  const text = documents['market.jsonl'] ?? '';
  const headerEnd = text.indexOf('\n') + 1;
  const symbols = decodeMarketHeader(parse(text.slice(0, headerEnd)));
  if (isLeft(symbols)) return undefined;
  const strategy = decodeStrategy(parse(documents['strategy.json'] ?? ''), symbols.right);
  const policy = decodePolicy(parse(documents['policy.json'] ?? ''));
  if (isLeft(strategy) || isLeft(policy)) return undefined;
  const world = makeMarketWorld(symbols.right, strategy.right, policy.right);
  let rest = text.slice(headerEnd);
  const path = await readPath(world, {
    close: () => Promise.resolve(),
    next: () => {
      const lines = rest;
      rest = '';
      return Promise.resolve(right(lines));
    },
  });
  return isLeft(path) ? undefined : makeSessionWorld(world, path.right);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
