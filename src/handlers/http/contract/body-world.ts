/** The part of a body that describes a world: base and tools have it. What is left out is a bundled example, or the domain's default. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { Codec } from '../../../domain/codec/codec';
import type { Problem } from '../../../domain/codec/problem';
import type { MarketPath } from '../../../domain/market/market-path';
import { decodeStrategy } from '../../../domain/world/market/strategy';
import { decodePolicy } from '../../../domain/world/market/policy';
import { decodeState } from '../../../domain/world/market/state';
import { DEFAULT_MARKET, DEFAULT_STRATEGY, marketCodec, policyDocumentCodec, stateDocumentCodec, strategyCodec } from './documents';

export const worldFields = { market: marketCodec, strategy: strategyCodec, policy: policyDocumentCodec, initial_state: stateDocumentCodec };

/** The documents of a world, whole and checked, as the use cases take them. */
export interface BodyDocuments {
  readonly market: MarketPath;
  readonly strategy: unknown;
  readonly policy: unknown;
  readonly initialState: unknown;
}

interface Documents {
  readonly market?: MarketPath;
  readonly strategy?: unknown;
  readonly policy?: unknown;
  readonly initial_state?: unknown;
}

export function decodeDocuments(documents: Documents): Either<readonly Problem[], BodyDocuments> {
  // Read when they are asked for: a start has no use for them.
  const { market = defaultOf(marketCodec, DEFAULT_MARKET), strategy = defaultOf(strategyCodec, DEFAULT_STRATEGY) } = documents;
  const { policy = {}, initial_state: initialState = {} } = documents;
  const problems = [
    ...under('/strategy', decodeStrategy(strategy, market.symbols)),
    ...under('/policy', decodePolicy(policy)),
    ...under('/initial_state', decodeState(initialState, market.symbols)),
  ];
  return problems.length > 0 ? left(problems) : right({ market, strategy, policy, initialState });
}

function under(pointer: string, decoded: Either<readonly Problem[], unknown>): readonly Problem[] {
  return isLeft(decoded) ? decoded.left.map((problem) => ({ ...problem, pointer: pointer + problem.pointer })) : [];
}

function defaultOf<A>(codec: Codec<A>, name: string): A {
  const decoded = codec.decode(name);
  if (isLeft(decoded)) throw new Error(`the bundled example ${name} cannot be read`);
  return decoded.right;
}
