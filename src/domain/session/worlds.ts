/** The worlds of sessions: markets, and world files where there is a place to run them. */
import { isLeft } from 'fp-ts/Either';
import type { ToolPrice } from '../agent/bounds';
import { decodePrices, normalPrices, toolPriceOf } from '../budget/prices';
import { parseJson } from '../codec/parse';
import { decodeMarketHeader } from '../market/market-path';
import { linesAtHand, readPath } from '../run/path';
import { makeMarketWorld } from '../world/market/market-world';
import { decodePolicy } from '../world/market/policy';
import { decodeStrategy } from '../world/market/strategy';
import { makeBounded, makeContext, type SessionContext, type SessionPorts, type SessionWorlds } from './context';
import type { SessionDocuments } from './documents';
import { makeSessionWorld, type SessionWorld } from './session-world';
import type { OpenFileWorlds } from './world-documents';

/** A market may take tens of megabytes. */
const WORLDS_KEPT = 8;

export function makeSessionWorlds(files?: OpenFileWorlds): SessionWorlds {
  return { ...makeBounded<SessionWorld>(WORLDS_KEPT), market: openMarketWorld, files, prices: readPrices };
}

export function makeSessionContext(ports: SessionPorts, files?: OpenFileWorlds): SessionContext {
  return makeContext(ports, makeSessionWorlds(files));
}

function readPrices(text: string): ToolPrice | undefined {
  const table = decodePrices(parseJson(text));
  return isLeft(table) || normalPrices(table.right) !== text ? undefined : (tool) => toolPriceOf(table.right, tool);
}

/** Of documents in normal form that were held to their digests. */
async function openMarketWorld(documents: Partial<SessionDocuments>): Promise<SessionWorld | undefined> {
  const text = documents['market.jsonl'] ?? '';
  const headerEnd = text.indexOf('\n') + 1;
  const symbols = decodeMarketHeader(parseJson(text.slice(0, headerEnd)));
  if (isLeft(symbols)) return undefined;
  const strategy = decodeStrategy(parseJson(documents['strategy.json'] ?? ''), symbols.right);
  const policy = decodePolicy(parseJson(documents['policy.json'] ?? ''));
  if (isLeft(strategy) || isLeft(policy)) return undefined;
  const world = makeMarketWorld(symbols.right, strategy.right, policy.right);
  const path = await readPath(world, linesAtHand(text.slice(headerEnd)));
  return isLeft(path) ? undefined : makeSessionWorld(world, path.right);
}
