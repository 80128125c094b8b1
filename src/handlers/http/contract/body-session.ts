/** The bodies of requests about sessions. docs/spec.md section 8. */
import { isLeft, left, right } from 'fp-ts/Either';
import type { ToolCall } from '../../../domain/agent/tool';
import { type Budget, DEFAULT_BUDGET } from '../../../domain/budget/budget';
import { engineLimitsIn, NOTHING_COUNTS } from './request-budget';
import { listCodec, objectCodec, textCodec } from '../../../domain/codec/codec';
import { budgetCodec, budgetStateCodec } from '../../../domain/budget/budget-codec';
import { type ModelPriceTable, pricesCodec } from '../../../domain/budget/prices';
import { recordCodec, sha256Codec } from '../../../domain/run/inputs';
import { callCodec } from '../../../domain/run/request-codecs';
import type { GuardRefundRequest, GuardTerms } from '../../../domain/session/guard-grant';
import { nameCodec } from '../../../domain/session/inputs';
import { CALLS_MAX } from '../../../domain/session/limits';
import { type Decode, decodeWith } from './body';
import { decodeFileWorld, fileWorldCodec } from './body-file-world';
import { decodeDocuments, type BodyDocuments, worldFields } from './body-world';
import type { NewWorld } from '../../../domain/session/world-documents';

export const createBodyCodec = objectCodec('session', {
  description:
    'Make a session: a world, and a budget for its whole life. The same body is the same session; without a name each request makes a new one.',
  required: {},
  optional: { name: nameCodec, ...worldFields, world: fileWorldCodec, prices: pricesCodec },
  defaulted: { budget: budgetCodec },
  defaults: { budget: DEFAULT_BUDGET },
});

export type CreateRequest = { readonly name?: string; readonly budget: Budget; readonly prices?: ModelPriceTable } & (
  BodyDocuments | { readonly world: NewWorld }
);

export const decodeCreateBody: Decode<CreateRequest> = (body) => {
  const decoded = decodeWith(createBodyCodec, body);
  if (isLeft(decoded)) return decoded;
  const { name, budget, world, prices } = decoded.right;
  const named = { ...(name === undefined ? {} : { name }), budget, ...(prices === undefined ? {} : { prices }) };
  if (world !== undefined) {
    const twice = (['market', 'strategy', 'policy', 'initial_state'] as const).filter((field) => decoded.right[field] !== undefined);
    const problems = twice.map((field) => ({
      pointer: `/${field}`,
      message: 'belongs to a market: a world of your own has its own inputs, policy and state',
    }));
    return problems.length > 0 ? left(problems) : decodeFileWorld(named, world);
  }
  const idle = engineLimitsIn(budget).map((limiter) => ({ pointer: `/budget/${limiter}`, message: NOTHING_COUNTS }));
  if (idle.length > 0) return left(idle);
  const documents = decodeDocuments(decoded.right);
  return isLeft(documents) ? documents : right({ ...named, ...documents.right });
};

const head = { head: textCodec };
const callsCodec = listCodec(callCodec, { min: 1, max: CALLS_MAX });

export const callsBodyCodec = objectCodec('calls', {
  description: 'Make calls in order. A call that names no step is about the next one not yet committed.',
  required: { ...head, calls: callsCodec },
});
export const decodeCallsBody: Decode<{ readonly head: string; readonly calls: readonly ToolCall[] }> = (body) =>
  decodeWith(callsBodyCodec, body);

export const quoteBodyCodec = objectCodec('calls to quote', { required: { calls: callsCodec } });
export const decodeQuoteBody: Decode<{ readonly calls: readonly ToolCall[] }> = (body) => decodeWith(quoteBodyCodec, body);

const FORK = { required: head, defaulted: { budget: budgetCodec }, defaults: { budget: DEFAULT_BUDGET } };
const FORKED = 'Make a child that goes on from here. Its budget is taken from this one.';

/** Of a child that is a session: all that a tool of an agent makes. */
export const childBodyCodec = objectCodec('fork', { ...FORK, description: FORKED, optional: { name: nameCodec } });

export const forkBodyCodec = objectCodec('fork', {
  ...FORK,
  description: `${FORKED} With \`guard\`, the child is a guarded run of the library, elsewhere.`,
  optional: { name: nameCodec, guard: objectCodec('guard', { required: { record: recordCodec, prices_sha256: sha256Codec } }) },
});
export interface ForkBody {
  readonly head: string;
  readonly name?: string;
  readonly budget: Budget;
  /** Of a grant to a guarded run elsewhere. */
  readonly guard?: Pick<GuardTerms, 'record' | 'prices_sha256'>;
}
export const decodeForkBody: Decode<ForkBody> = (body) => decodeWith(forkBodyCodec, body);

const RECLAIM = { required: { ...head, child: textCodec } };
const RECLAIMED = 'Take back what a sealed child did not use, once.';

/** From a child that is a session: what it used is on its own tape, and nobody's word. */
export const childReclaimCodec = objectCodec('reclaim', { ...RECLAIM, description: RECLAIMED });

export const reclaimBodyCodec = objectCodec('reclaim', {
  ...RECLAIM,
  description: `${RECLAIMED} A guarded run says what was granted to it, its sealed head, and what it used.`,
  optional: {
    guard: objectCodec('guard', {
      required: {
        name: nameCodec,
        budget: budgetCodec,
        record: recordCodec,
        prices_sha256: sha256Codec,
        granted_at: textCodec,
        sealed: sha256Codec,
        spent: budgetStateCodec,
      },
    }),
  },
});
export interface ReclaimBody {
  readonly head: string;
  readonly child: string;
  readonly guard?: GuardRefundRequest['terms'] & Pick<GuardRefundRequest, 'sealed' | 'spent'>;
}
export const decodeReclaimBody: Decode<ReclaimBody> = (body) => decodeWith(reclaimBodyCodec, body);

export const closeBodyCodec = objectCodec('close', { description: 'Seal the session: nothing follows.', required: head });
export const decodeCloseBody: Decode<{ readonly head: string }> = (body) => decodeWith(closeBodyCodec, body);
