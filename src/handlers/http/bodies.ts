/** The bodies of the three modes: what may stand in them, and their decoded form. Every mistake has a pointer into the body. */
import { type Either, isLeft, left, right } from 'fp-ts/Either';
import type { MemoryOperation } from '../../ports/memory';
import { type Budget, budgetCodec, DEFAULT_BUDGET } from '../../domain/budget/budget';
import { type Codec, countCodec, objectCodec } from '../../domain/codec/codec';
import { type Problem, problemsOf } from '../../domain/codec/problem';
import type { MarketPath } from '../../domain/market/market-path';
import { memoryRequestsCodec, planCodec, type PlanItem } from '../../domain/run/request';
import { DEFAULT_PLAN } from '../../domain/run/tool-plan';
import { decodeStrategy } from '../../domain/strategy/strategy';
import { decodePolicy } from '../../domain/world/policy';
import { decodeState } from '../../domain/world/state';
import { DEFAULT_MARKET, DEFAULT_STRATEGY, marketCodec, policyDocumentCodec, stateDocumentCodec, strategyCodec } from './documents';

const world = { market: marketCodec, strategy: strategyCodec, policy: policyDocumentCodec, initial_state: stateDocumentCodec };

export const baseBodyCodec = objectCodec('base request', {
  description: 'Run a strategy over a market, step by step. No tool, no model, no memory.',
  required: {},
  optional: world,
  defaulted: { budget: budgetCodec, steps: countCodec(1) },
  defaults: { budget: DEFAULT_BUDGET, steps: 1 },
});

export const toolsBodyCodec = objectCodec('tools request', {
  description:
    'Take a plan of tool calls. Each takes a step and a tool call of the budget; without a plan: price context, evaluate, simulate.',
  required: {},
  optional: world,
  defaulted: { budget: budgetCodec, tool_plan: planCodec },
  defaults: { budget: DEFAULT_BUDGET, tool_plan: DEFAULT_PLAN },
});

export const memoryBodyCodec = objectCodec('memory request', {
  description: 'Put, get and clear values. The whole list is checked against the budget first.',
  required: {},
  defaulted: { budget: budgetCodec, requests: memoryRequestsCodec },
  defaults: { budget: DEFAULT_BUDGET, requests: [] },
});

/** The documents of a world, whole and checked, as the use cases take them. */
export interface WorldDocuments {
  readonly market: MarketPath;
  readonly strategy: unknown;
  readonly policy: unknown;
  readonly initialState: unknown;
}

export interface BaseRequest extends WorldDocuments {
  readonly budget: Budget;
  readonly steps: number;
}

export interface ToolsRequest extends WorldDocuments {
  readonly budget: Budget;
  readonly plan: readonly PlanItem[];
}

export interface MemoryRequest {
  readonly budget: Budget;
  readonly requests: readonly MemoryOperation[];
}

export type Decode<A> = (body: unknown) => Either<readonly Problem[], A>;

export const decodeBaseBody: Decode<BaseRequest> = (body) => {
  const decoded = decodeWith(baseBodyCodec, body);
  if (isLeft(decoded)) return decoded;
  const { budget, steps } = decoded.right;
  const documents = decodeDocuments(decoded.right);
  return isLeft(documents) ? documents : right({ budget, steps, ...documents.right });
};

export const decodeToolsBody: Decode<ToolsRequest> = (body) => {
  const decoded = decodeWith(toolsBodyCodec, body);
  if (isLeft(decoded)) return decoded;
  const { budget, tool_plan: plan } = decoded.right;
  const documents = decodeDocuments(decoded.right);
  return isLeft(documents) ? documents : right({ budget, plan, ...documents.right });
};

export const decodeMemoryBody: Decode<MemoryRequest> = (body) => decodeWith(memoryBodyCodec, body);

function decodeWith<A>(codec: Codec<A>, body: unknown): Either<readonly Problem[], A> {
  const decoded = codec.decode(body);
  return isLeft(decoded) ? left(problemsOf(decoded.left)) : right(decoded.right);
}

interface Documents {
  readonly market?: MarketPath;
  readonly strategy?: unknown;
  readonly policy?: unknown;
  readonly initial_state?: unknown;
}

const exampleMarket = defaultOf(marketCodec, DEFAULT_MARKET);
const exampleStrategy = defaultOf(strategyCodec, DEFAULT_STRATEGY);

function decodeDocuments(documents: Documents): Either<readonly Problem[], WorldDocuments> {
  const { market = exampleMarket, strategy = exampleStrategy, policy = {}, initial_state: initialState = {} } = documents;
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
