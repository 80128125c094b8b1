/**
 * 10,000 seeded requests of somebody who means harm, or of a broken client. Never a 500, never a stack trace, never an effect of a
 * request that is not valid, never more spent than the budget says, and an answer that the contract knows.
 */
import fc from 'fast-check';
import thresholdDemo from '../../examples/strategies/threshold_demo.json';
import tradingPath from '../../examples/fixtures/trading_path.json';
import { REQUIRED, REQUIRED_NAMES } from '../../src/domain/budget/dimensions';
import { jsonFault } from '../../src/domain/codec/json-faults';
import { sha256HexOfBytes } from '../../src/domain/hash';
import { STATUS_OF } from '../../src/handlers/http/contract/errors';
import type { HttpMode } from '../../src/handlers/http/contract/response';
import { HOSTILE_KEYS, HOSTILE_VALUES } from '../support/hostile-values';
import { answerOf, sendEvent, CONFIG, contextOf, makeTestHandler, type TestHandler } from '../support/handlers';
import { httpEvent, JSON_TYPE } from '../support/http-events';

const SEED = 20_251_124;
const REQUESTS = 10_000;
const MODES = ['agentcore-base', 'agentcore-tools', 'agentcore-memory'] as const satisfies readonly HttpMode[];

const plan = [
  { name: 'get_price_context', args: { step: 0 } },
  { name: 'evaluate_strategy', args: { step: 1 } },
  { name: 'execute', args: { step: 1 } },
  { name: 'simulate_and_verify', args: { step: 2, actions: [{ type: 'PlaceBuy', symbol: 'AAPL', quantity: '1', price: '99.51' }] } },
  { name: 'execute_code', args: { language: 'python', code: 'print(1)' } },
  { name: 'propose_plan', args: { goal: 'grow' } },
];
const budget = { max_steps: 6, max_tool_calls: 6, max_model_calls: 1, max_memory_ops: 3, max_memory_bytes: 500 };
const world = {
  market: tradingPath,
  strategy: thresholdDemo,
  policy: { risk_limits: { max_leverage: 2 }, costs: { fee_bps: 5 } },
  initial_state: { cash: 1000, positions: { AAPL: 1 } },
};
const VALID: Readonly<Record<HttpMode, unknown>> = {
  'agentcore-base': { budget, steps: 3, ...world },
  'agentcore-tools': { budget, tool_plan: plan, ...world },
  'agentcore-memory': {
    budget,
    requests: [
      { op: 'memory_put', key: 'k', value: { a: [1, 2, 3] } },
      { op: 'memory_get', key: 'k' },
      { op: 'memory_clear', key: 'k' },
    ],
  },
};

type Mutation = { readonly at: number; readonly kind: 'value' | 'key' | 'drop' | 'double'; readonly pick: number };

/** Applies a mutation at one of the places of a document, counted in document order. */
function mutated(document: unknown, { at, kind, pick }: Mutation): unknown {
  const places = countPlaces(document);
  let left = at % places;
  const walk = (value: unknown): unknown => {
    if (left === 0) {
      left = -1;
      return changed(value, kind, pick);
    }
    left -= 1;
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const copy: Record<string, unknown> = {};
    // defineProperty: an own `__proto__` stays one.
    for (const [key, member] of Object.entries(value))
      Object.defineProperty(copy, key, { value: walk(member), enumerable: true, configurable: true, writable: true });
    return copy;
  };
  return walk(document);
}

function countPlaces(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + countPlaces(member), 1);
}

function changed(value: unknown, kind: Mutation['kind'], pick: number): unknown {
  const hostile = HOSTILE_VALUES[pick % HOSTILE_VALUES.length];
  if (typeof value !== 'object' || value === null || kind === 'value') return hostile;
  if (Array.isArray(value)) return kind === 'drop' ? value.slice(1) : [...(value as unknown[]), ...(value as unknown[])];
  const entries = Object.entries(value);
  if (kind === 'drop') return Object.fromEntries(entries.slice(1));
  const key = kind === 'double' ? String(entries[0]?.[0]).toUpperCase() : String(HOSTILE_KEYS[pick % HOSTILE_KEYS.length]);
  return Object.fromEntries([...entries, [key, hostile]]);
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(200),
  kind: fc.constantFrom('value' as const, 'key' as const, 'drop' as const, 'double' as const),
  pick: fc.nat(1_000),
});

function changedText(mode: HttpMode): fc.Arbitrary<string> {
  return fc.array(mutation, { minLength: 1, maxLength: 3 }).map((mutations) => JSON.stringify(mutations.reduce(mutated, VALID[mode])));
}

/** Bodies: valid ones with one to three changes, their texts cut or spoilt, random JSON, random text, random bytes. */
function bodyOf(mode: HttpMode): fc.Arbitrary<{ readonly body: string; readonly isBase64Encoded: boolean }> {
  const text = changedText(mode);
  const plain = fc.oneof(
    { weight: 12, arbitrary: text },
    { weight: 2, arbitrary: fc.tuple(text, fc.nat(5_000)).map(([whole, at]) => whole.slice(0, at % (whole.length + 1))) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(text, fc.nat(5_000), fc.string({ unit: 'binary', maxLength: 3 }))
        .map(([whole, at, more]) => whole.slice(0, at % whole.length) + more + whole.slice(at % whole.length)),
    },
    { weight: 2, arbitrary: fc.json({ maxDepth: 6 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.nat(3_000).map((depth) => '{"market":'.repeat(depth)) },
    { weight: 1, arbitrary: fc.nat(3_000).map((depth) => `{"policy":${'['.repeat(depth)}${']'.repeat(depth)}}`) },
  );
  return fc.oneof(
    { weight: 9, arbitrary: plain.map((body) => ({ body, isBase64Encoded: false })) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => ({ body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true })),
    },
  );
}

const request = fc.constantFrom(...MODES).chain((mode) => fc.tuple(fc.constant(mode), bodyOf(mode)));

it(`meets ${String(REQUESTS)} requests (seed ${String(SEED)})`, async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(request, async ([mode, { body, isBase64Encoded }]) => {
      const test = makeTestHandler(mode, { bodyBytesMax: 100_000 });
      const path = `/agentcore/${mode.slice('agentcore-'.length)}`;
      const { status, text } = await sendEvent(test.handle, httpEvent({ path, body, isBase64Encoded, headers: JSON_TYPE }));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const answer = answerOf(mode, JSON.parse(text));
      const ran = answer.run_id !== null;
      const overspent = REQUIRED_NAMES.filter((dimension) => {
        const [limit, ceiling] = [answer.budget?.[REQUIRED[dimension].limiter] ?? 0, CONFIG.ceilings[REQUIRED[dimension].limiter]];
        return (answer.budget_state?.[dimension] ?? 0) > limit || (ran && limit > ceiling);
      });
      // Compared once and as text: ten thousand times ten comparisons of objects are most of what this test would take.
      const facts = {
        known: [200, 400, 413, 422].includes(status),
        status: answer.error === undefined ? 200 : STATUS_OF[answer.error.code],
        trace: /\n\s+at |node_modules|\.ts:\d/.test(text),
        effects: ran ? 0 : test.puts.length + test.memoryCalls.length,
        operations: mode === 'agentcore-memory' ? (answer.budget_state?.memory_ops ?? 0) : 0,
        overspent,
      };
      expect(JSON.stringify(facts)).toBe(
        JSON.stringify({ known: true, status, trace: false, effects: 0, operations: test.memoryCalls.length, overspent: [] }),
      );
    }),
    { seed: SEED, numRuns: REQUESTS, endOnFailure: true },
  );
  // Both sides of the line are met often enough to mean something.
  expect(statuses.get(400)).toBeGreaterThan(2_000);
  expect((statuses.get(200) ?? 0) + (statuses.get(422) ?? 0)).toBeGreaterThan(500);
  expect(Object.hasOwn(Object.prototype, 'ok')).toBe(false);
});

it('answers a direct invocation what it answers over HTTP', async () => {
  const changedRequest = fc.constantFrom(...MODES).chain((mode) => fc.tuple(fc.constant(mode), changedText(mode)));
  await fc.assert(
    fc.asyncProperty(changedRequest, async ([mode, body]) => {
      const [http, direct] = [makeTestHandler(mode), makeTestHandler(mode)];
      const { text } = await sendEvent(http.handle, httpEvent({ path: `/agentcore/${mode.slice('agentcore-'.length)}`, body }));
      const answer = JSON.stringify(await direct.handle(JSON.parse(body), contextOf()));
      // A number that is not held as written has a line where the text is at hand, and may not be the only one.
      if (jsonFault(body) === undefined) expect(answer).toBe(text);
      else expect([answer, text]).toEqual(Array(2).fill(expect.stringContaining('"code":"invalid_request"')));
      expect(effectsOf(direct)).toBe(effectsOf(http));
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

function effectsOf({ puts, memoryCalls }: TestHandler): string {
  return JSON.stringify([puts.map(({ key, bytes }) => [key, sha256HexOfBytes(bytes)]), memoryCalls]);
}
