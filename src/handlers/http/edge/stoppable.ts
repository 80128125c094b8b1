/**
 * Acts behind the stop switch: none is begun while it is set. What only reads is answered all the same, for that is how an operator finds out what
 * ran. docs/spec.md section 12.
 */
import type { Look } from '../../../domain/agent/stop';
import type { Service } from '../contract/routes';
import { type Act, answerOf } from './act';
import type { Served } from './handler';

export function stoppable<S extends Service>(served: Served<S>, look: Look | undefined): Served<S> {
  if (look === undefined) return served;
  const behind =
    (act: Act): Act =>
    async (call, invocation) => {
      const stopped = await look(invocation.storing);
      return stopped === undefined ? act(call, invocation) : answerOf(served.refused(stopped));
    };
  const acts = Object.entries<Act>(served.acts).map(([route, act]) => [route, route.startsWith('GET ') ? act : behind(act)] as const);
  return { ...served, acts: Object.fromEntries(acts) as Served<S>['acts'], direct: behind(served.direct) };
}
