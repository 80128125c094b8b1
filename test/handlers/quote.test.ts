/** A quote is a bound: whatever the outside answers, a run takes no less than the least and no more than the most, and each of the two is what some run takes. */
import fc from 'fast-check';
import { left, right } from 'fp-ts/Either';
import { makeScriptedCodeInterpreter } from '../../src/adapters/in-process/code-interpreter';
import { makeInProcessMemory } from '../../src/adapters/in-process/memory';
import { makeScriptedPlanner } from '../../src/adapters/in-process/planner';
import type { Budget, BudgetState } from '../../src/domain/budget/budget';
import { REQUIRED_NAMES } from '../../src/domain/budget/dimensions';
import type { ApiResponse } from '../../src/handlers/http/contract/response';
import type { HandlerPorts } from '../../src/handlers/compose-http';
import type { CallFailure } from '../../src/ports/dependency';
import { invoke, makeTestHandler } from '../support/handlers';

const SEED = Number(process.env['EWM_SEED'] ?? 20_261_126);
const RUNS = Number(process.env['EWM_RUNS'] ?? 60);
const CEILINGS: Budget = { max_steps: 1000, max_tool_calls: 1000, max_model_calls: 1000, max_memory_ops: 1000, max_memory_bytes: 100_000 };
const failed: CallFailure = { _tag: 'DependencyFailed', service: 'x', operation: 'y', reason: 'z', effect: 'none' };

type Fate = 'good' | 'bad';

/** Ports whose acts go as they are told to, one after the other; nothing told is good. */
function portsOf(fates: readonly Fate[]): Partial<HandlerPorts> & { readonly sent: () => number } {
  let sent = 0;
  const next = (): boolean => fates[sent++] !== 'bad';
  const interpreter = makeScriptedCodeInterpreter();
  const planner = makeScriptedPlanner();
  const memory = makeInProcessMemory();
  return {
    sent: () => sent,
    interpreter: {
      ...interpreter,
      open: (run) => {
        const session = interpreter.open(run);
        return { ...session, execute: (...args) => (next() ? session.execute(...args) : () => Promise.resolve(left(failed))) };
      },
    },
    planner: {
      ...planner,
      open: (run) => {
        const session = planner.open(run);
        return { ...session, propose: () => () => Promise.resolve(next() ? right([]) : left(failed)) };
      },
    },
    memory: {
      ...memory,
      put: (...args) => (next() ? memory.put(...args) : () => Promise.resolve(left(failed))),
      get: (...args) => (next() ? memory.get(...args) : () => Promise.resolve(left(failed))),
      clear: (...args) => (next() ? memory.clear(...args) : () => Promise.resolve(left(failed))),
    },
  };
}

const step = fc.record({ step: fc.nat(6) });
const call = fc.oneof(
  fc.record({ name: fc.constantFrom('get_price_context', 'evaluate_strategy', 'simulate_and_verify', 'execute'), args: step }),
  fc.record({
    name: fc.constant('execute_code'),
    args: fc.constantFrom({ language: 'python', code: '1' }, { language: 'cobol', code: '' }),
  }),
  fc.record({ name: fc.constant('propose_plan'), args: fc.constant({ goal: 'hold' }) }),
  fc.record({ name: fc.constant('no_such_tool'), args: fc.constant({}) }),
);
const fates = fc.array(fc.constantFrom<Fate>('good', 'bad'), { maxLength: 8 });

async function ask(mode: 'agentcore-tools' | 'agentcore-memory', body: object, given: readonly Fate[]): Promise<ApiResponse> {
  const { sent, ...ports } = portsOf(given);
  const answer = await invoke(makeTestHandler(mode, { ceilings: CEILINGS }, ports), body);
  if ('quote' in body) expect([sent(), answer.run_id, answer.artifact_dir]).toEqual([0, null, null]);
  return answer;
}

const spentOf = ({ budget_state: spent }: ApiResponse): BudgetState => {
  if (spent === null) throw new Error('nothing ran');
  return spent;
};

test(`of a tool plan (EWM_SEED=${String(SEED)}, ${String(RUNS)} plans)`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 7 }), fates, async (plan, given) => {
      const body = { tool_plan: plan, budget: { ...CEILINGS, max_memory_ops: 0, max_memory_bytes: 0 } };
      const { quote, ok } = await ask('agentcore-tools', { ...body, quote: true }, []);
      if (quote === undefined) throw new Error('no quote');
      expect(ok && quote.fits).toBe(true);
      const [taken, worst, best] = await Promise.all(
        [given, Array(9).fill('bad') as Fate[], []].map(async (one) => spentOf(await ask('agentcore-tools', body, one))),
      );
      expect([worst, best]).toEqual([quote.least, quote.most]);
      for (const name of REQUIRED_NAMES) {
        expect(taken?.[name]).toBeGreaterThanOrEqual(quote.least[name]);
        expect(taken?.[name]).toBeLessThanOrEqual(quote.most[name]);
      }
      // The smallest budget that fits is the one that the quote names; one less of anything does not.
      const exact = Object.fromEntries(
        Object.entries({
          ...body.budget,
          max_steps: quote.most.steps,
          max_tool_calls: quote.most.tool_calls,
          max_model_calls: quote.most.model_calls,
        }),
      );
      expect((await ask('agentcore-tools', { ...body, budget: exact, quote: true }, [])).quote?.fits).toBe(true);
      const short = await ask(
        'agentcore-tools',
        { ...body, budget: { ...exact, max_tool_calls: quote.most.tool_calls - 1 }, quote: true },
        [],
      );
      expect(short.quote).toMatchObject({ fits: false, needed: { max_tool_calls: quote.most.tool_calls } });
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

test('of a plan whose later actions hang on a proposal: at the most they are taken', async () => {
  const plan = [
    { name: 'propose_plan', args: { goal: 'buy' } },
    { name: 'execute', args: { step: 0 } },
    { name: 'execute', args: { step: 1, actions: [{ type: 'PlaceSell', symbol: 'AAPL', quantity: '1' }] } },
    { name: 'get_price_context', args: { step: 2 } },
    { name: 'execute', args: { step: 0 } },
    { name: 'get_price_context', args: { step: 2 } },
  ];
  const { quote } = await ask('agentcore-tools', { tool_plan: plan, budget: CEILINGS, quote: true }, []);
  // The fifth call is about a step that was taken: it fails whatever was proposed, and is the last.
  expect(quote).toMatchObject({ least: { tool_calls: 1, model_calls: 1 }, most: { tool_calls: 5, model_calls: 1, steps: 5 } });
});

test('of memory requests: bytes that come back are paid for, with all that is left at the most', async () => {
  const requests = [
    { op: 'memory_put', key: 'k', value: 'v' },
    { op: 'memory_get', key: 'k' },
  ];
  const budget = { max_memory_ops: 2, max_memory_bytes: 500 };
  const { quote } = await ask('agentcore-memory', { requests, budget, quote: true }, []);
  expect(quote).toMatchObject({ least: { memory_ops: 1 }, most: { memory_ops: 2, memory_bytes: 500 }, fits: true });
  expect(spentOf(await ask('agentcore-memory', { requests, budget }, ['bad']))).toEqual(quote?.least);
  const puts = await ask(
    'agentcore-memory',
    { requests: [requests[0]], budget: { max_memory_ops: 1, max_memory_bytes: 1 }, quote: true },
    [],
  );
  expect(puts.quote).toMatchObject({ fits: false, needed: { max_memory_bytes: puts.quote?.most.memory_bytes } });
});

test('of steps: what the run takes, and nothing is stored', async () => {
  const handler = makeTestHandler('agentcore-base');
  const body = { steps: 3, budget: { max_steps: 2 } };
  expect(await invoke(handler, { ...body, quote: true })).toMatchObject({
    ok: true,
    budget_state: { steps: 0 },
    quote: { least: { steps: 3 }, most: { steps: 3 }, fits: false, needed: { max_steps: 3 } },
  });
  expect(handler.puts).toEqual([]);
  expect((await invoke(handler, { steps: 3, budget: { max_steps: 3 } })).budget_state).toMatchObject({ steps: 3 });
});
