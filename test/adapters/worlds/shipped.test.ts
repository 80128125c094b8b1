/** The worlds that ship, each against a model that shares no code with it: under its own policy, and under random plays, legal and not. */
import fc from 'fast-check';
import type { Json } from '../../../src/domain/canonical/canonical';
import { runWorldCase, shipped, worldVerdict } from '../../support/world-runs';
import { MODELS, type Totals } from '../../support/world-models';

const SEED = Number(process.env['EWM_SEED'] ?? 20_261_126);
const RUNS = Number(process.env['EWM_RUNS'] ?? 25);

type Name = keyof typeof MODELS;
type Row = Readonly<Record<string, Json>>;

/** Plays so many steps of a list, and nothing behind it: the whole list is a constant of the policy, the step is told by what is observed. */
const scripted = (plays: readonly (readonly Json[])[], at: string): string =>
  `const PLAYS = ${JSON.stringify(plays)}; export function decide(seen) { return PLAYS[${at}] ?? []; }`;

/** Where each world says which step it is. Refused steps do not move it, so a play that is refused is tried again by the next step. */
const AT: Readonly<Record<Name, string>> = { inventory: 'seen.day', capacity: 'seen.minute', grid: 'seen.moves' };

const quantity = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }) }, fc.constantFrom(0, -1, 1.5, 1000));
const ACTIONS: Readonly<Record<Name, fc.Arbitrary<Json>>> = {
  inventory: fc.oneof(
    { weight: 9, arbitrary: fc.record({ type: fc.constant('order'), sku: fc.constantFrom('cola', 'crisps', 'sandwich'), quantity }) },
    fc.constantFrom<Json>({ type: 'order', sku: 'toString', quantity: 1 }, { type: 'sell' }),
  ),
  capacity: fc.oneof(
    { weight: 9, arbitrary: fc.record({ type: fc.constant('scale'), replicas: fc.integer({ min: 0, max: 52 }) }) },
    fc.constantFrom<Json>({ type: 'stop' }),
  ),
  grid: fc.record({ type: fc.constant('move'), direction: fc.constantFrom('north', 'east', 'south', 'west', 'up', '__proto__') }),
};

function agrees(name: Name, steps: readonly Row[], inputs: readonly Json[]): void {
  const model = MODELS[name]();
  for (const step of steps) {
    const said = model(step['actions'] as Row[], (inputs[step['step_index'] as number] ?? {}) as Row);
    const refused = (step['verifier_errors'] as Row[]).map(({ code }) => code);
    if ('refused' in said) expect(refused).toEqual([said.refused]);
    else expect([refused, step['totals'] as Totals]).toEqual([[], said]);
  }
}

describe.each<Name>(['inventory', 'capacity', 'grid'])('%s', (name) => {
  const { world, policy, inputs } = shipped(name);
  const some = (count: number): { readonly inputs: readonly Json[] } => ({
    inputs: name === 'grid' ? Array.from({ length: count }, () => null) : inputs.slice(0, count),
  });

  test('under its policy it does what the model does, and is proven', async () => {
    const { files, steps, summary } = await runWorldCase({ world, policy, ...some(90) });
    agrees(name, steps, inputs);
    expect(summary).toMatchObject({ error: null, decisions: { REJECTED: 0 } });
    expect(await worldVerdict(files)).toMatchObject({ _tag: 'Proven' });
  });

  test('under random plays, too', async () => {
    const plays = fc.array(fc.array(ACTIONS[name], { maxLength: 2 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(plays, async (played) => {
        const { steps } = await runWorldCase({ world, policy: scripted(played, AT[name]), ...some(12) });
        agrees(name, steps, inputs);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
