/** The tools that look at a world, try what could be done in it, and do it. docs/spec.md section 6. */
import type { Json, JsonObject } from '../canonical/canonical';
import { type Codec, countCodec, objectCodec } from '../codec/codec';
import type { RunStop } from './stop';
import { type Attempt, failed, makeTool, type Rejected, type Tool, TOOL_CALL, type ToolAnswer, type ToolContext } from './tool';

/** `anyStep`: a call that names no step is about the next one, as in a session; else a step is required. */
export function makeWorldTools<Q>(actions: Codec<Q>, anyStep: boolean): readonly Tool<Q>[] {
  const required = anyStep ? {} : { step: countCodec(0) };
  const optional = anyStep ? { step: countCodec(0) } : {};
  const stepArgs: Codec<StepArgs> = objectCodec('arguments', { required, optional });
  const planArgs: Codec<PlanArgs<Q>> = objectCodec('arguments', { required, optional: { ...optional, actions } });
  const look = (name: string, at: (context: ToolContext<Q>, step: number) => JsonObject): Tool<Q> =>
    makeTool<StepArgs, Q>({
      name,
      args: stepArgs,
      attempt: TOOL_CALL,
      reach: 'inside',
      call: (context, args) => atStep(context, name, args, (t) => ({ result: { step: t, ...at(context, t) } })),
    });
  const attempt = (name: string, act: (context: ToolContext<Q>, step: number, given: Q | undefined) => Attempt): Tool<Q> =>
    makeTool<PlanArgs<Q>, Q>({
      name,
      args: planArgs,
      attempt: TOOL_CALL,
      reach: 'inside',
      call: (context, args) => atStep(context, name, args, (t) => attempted(context, name, act(context, t, args.actions))),
    });
  return [
    look('get_price_context', ({ world }, t) => world.observe(t)),
    look('evaluate_strategy', ({ world }, t) => world.evaluate(t)),
    attempt('simulate_and_verify', ({ world }, t, given) => world.simulate(t, given)),
    attempt('execute', ({ world }, t, given) => world.execute(t, given)),
  ];
}

interface StepArgs {
  readonly step?: number;
}

interface PlanArgs<Q> extends StepArgs {
  readonly actions?: Q;
}

function atStep<Q>({ index, world }: ToolContext<Q>, tool: string, args: StepArgs, call: (step: number) => ToolAnswer): ToolAnswer {
  const next = world.next();
  const step = args.step ?? next;
  // Before the end is looked at: how long the path is, is the future, too.
  if (step > next && !world.lookAhead) {
    const message = `step ${String(step)} is not there to be seen yet: the next step is ${String(next)}`;
    return { stop: { code: 'look_ahead', message, index, tool } };
  }
  if (step >= world.steps) {
    const ended = args.step === undefined ? `the ${world.path} has ended; ` : '';
    return failed(index, tool, `${ended}step ${String(step)}: the ${world.path} has steps 0 to ${String(world.steps - 1)}`);
  }
  return call(step);
}

/** What an attempt comes to for the call that made it. */
export function attempted<Q>({ index }: ToolContext<Q>, tool: string, attempt: Attempt): ToolAnswer {
  if ('failed' in attempt) return failed(index, tool, attempt.failed);
  return 'rejected' in attempt ? { ...attemptedResult(attempt), stop: rejection(index, attempt) } : attempt;
}

export function rejection(index: number, { rejected }: Rejected): RunStop {
  const codes = rejected.map(({ code }) => code).join(', ');
  return { code: 'simulation_rejected', message: `the plan was refused: ${codes}`, index, verifier_errors: rejected };
}

function attemptedResult({ result }: { readonly result?: Json }): { readonly result?: Json } {
  return result === undefined ? {} : { result };
}
