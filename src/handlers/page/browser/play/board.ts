/**
 * One session, played by a person: what is seen, what is left, and a button for each act.
 * Invariants: every request names the head that is on the screen, so nobody acts on what they have not seen; what came of it is said in the live
 * region, in the words of the API; the focus stays where the reader put it.
 */
import { badge } from '../shared/marks';
import { button, code, facts, fill, h } from '../shared/dom';
import { grouped, shortHash } from '../shared/format';
import { list, record, text } from '../shared/run-model';
import { actionChoice, labelled } from './actions';
import { type ApiReply, ask, wrong } from './ask';
import { amountsOf, amountsText, isPeak, words } from './costs';
import { observationView, regionOf } from './prices';

/** Steps before the next one that are shown. */
const HISTORY = 60;
const EVALUATE = 'evaluate_strategy';

export interface Board {
  readonly element: HTMLElement;
  /** Shows a session; nothing is shown of one that cannot be read, but why. */
  readonly open: (session: string) => Promise<void>;
}

/** `say`: into the live region. `changed`: the sessions are to be listed again. */
export function makeBoard(say: (tone: 'good' | 'bad' | 'plain', what: string) => void, changed: () => Promise<void>): Board {
  let session = '';
  let seen: Readonly<Record<string, unknown>> = {};
  let asking = false;
  /** The step that the strategy was asked about last. */
  let evaluated: unknown;
  const choice = actionChoice((what) => {
    say('plain', what);
  });
  const title = h('h2', { id: 'board-title', attributes: { tabindex: '-1' } });
  const [standing, sight, spending, forks] = [h('div', {}), h('div', {}), h('div', {}), h('div', {})];
  const answer = h('div', { id: 'answer' });
  const acts = h(
    'div',
    { class: 'acts', attributes: { role: 'group', 'aria-label': 'Acts' } },
    act('Reload', 'reload', reload),
    act('Quote', 'quote', quote),
    act('Evaluate', 'evaluate', () => call(EVALUATE)),
    act('Simulate', 'simulate', () => call('simulate_and_verify', choice.chosen())),
    act('Execute', 'execute', () => call('execute', choice.chosen()), 'primary'),
    act('Close', 'close', close),
  );
  const fork = h('details', { id: 'fork' });
  const element = h(
    'section',
    { id: 'board', attributes: { 'aria-labelledby': 'board-title' } },
    title,
    standing,
    sight,
    choice.element,
    acts,
    answer,
    spending,
    fork,
    forks,
  );
  element.hidden = true;

  /** Not `disabled` while it is under way: the button would lose the focus. */
  function act(label: string, id: string, does: () => Promise<void>, look = ''): HTMLButtonElement {
    return button(
      label,
      () => {
        if (asking) return;
        asking = true;
        element.setAttribute('aria-busy', 'true');
        void does().finally(() => {
          asking = false;
          element.removeAttribute('aria-busy');
        });
      },
      { id: `act-${id}`, class: look },
    );
  }

  const path = (rest = ''): string => `/sessions/${session}${rest}`;

  async function reload(): Promise<void> {
    if (await look()) say('plain', `Step ${stepText()}, head ${headText()}.`);
  }

  /** Whether it could be read. */
  async function look(): Promise<boolean> {
    const reply = await ask(path(`?history=${String(HISTORY)}`));
    const problem = wrong(reply);
    if (problem !== undefined) {
      say('bad', problem);
      return false;
    }
    seen = reply.body;
    draw();
    return true;
  }

  const headOf = (): string => text(seen['head']);
  const headText = (): string => headOf().slice(0, headOf().indexOf('-') + 13);
  const stepText = (): string => text(seen['step'] ?? '–');

  async function quote(): Promise<void> {
    const reply = await ask(path('/quote'), { calls: callsOf('execute', choice.chosen()) });
    const problem = wrong(reply);
    if (problem !== undefined) {
      say('bad', problem);
      return;
    }
    const { least, most, fits, needed } = reply.body;
    const exact = amountsText(least) === amountsText(most);
    const takes = exact ? amountsText(most) : `${amountsText(least)} at least, ${amountsText(most)} at most`;
    say(
      fits === true ? 'good' : 'bad',
      `Execute would take ${takes}. ${fits === true ? 'It fits.' : `It does not fit: ${JSON.stringify(needed)} would do.`}`,
    );
  }

  /** What the strategy says is asked of it once a step. */
  function callsOf(name: string, actions?: readonly unknown[]): readonly object[] {
    if (actions !== undefined) return [{ name, args: { actions } }];
    const evaluation = name === EVALUATE || evaluated === seen['step'] ? [] : [{ name: EVALUATE, args: {} }];
    return [...evaluation, { name, args: {} }];
  }

  async function call(name: string, actions?: readonly unknown[]): Promise<void> {
    const { step } = seen;
    const reply = await ask(path('/calls'), { head: headOf(), calls: callsOf(name, actions) });
    if (list(reply.body['results']).some((one) => record(one)['name'] === EVALUATE && record(one)['ok'] === true)) evaluated = step;
    await came(reply, () => summaryOf(name, reply));
    const results = list(reply.body['results']);
    if (results.length > 0) answer.replaceChildren(regionOf(`Answer of ${name}`, h('pre', {}, JSON.stringify(results, null, 2))));
  }

  function summaryOf(name: string, { body }: ApiReply): string {
    const result = record(record(list(body['results']).at(-1))['result']);
    const [decision, equity] = [result['decision'], result['equity']];
    const came = [typeof decision === 'string' ? decision : '', typeof equity === 'string' ? `equity ${grouped(equity)}` : ''];
    return `${name}: ${came.filter((one) => one !== '').join(', ') || 'done'}`;
  }

  /** Says what came of a request, and shows where the session stands now, whoever moved it. */
  async function came(reply: ApiReply, done: () => string): Promise<void> {
    const problem = wrong(reply);
    const moved = record(reply.body['error'])['code'] === 'head_moved';
    const [before, stepBefore] = [headText(), seen['step']];
    if (reply.status !== 0 && !(await look())) return;
    await changed();
    if (moved) {
      say(
        'bad',
        `${problem ?? ''} Somebody else was faster: from ${before} to ${headText()}. What is shown now is the newest; look, and act again.`,
      );
    } else if (problem !== undefined) say('bad', problem);
    else {
      if (seen['step'] !== stepBefore) choice.clear();
      say(
        'good',
        `${done()}${reply.body['repeated'] === true ? ' (from the record: it had been done before)' : ''}. Step ${stepText()}, head ${headText()}.`,
      );
    }
  }

  async function close(): Promise<void> {
    const reply = await ask(path('/close'), { head: headOf() });
    await came(reply, () => 'The session is sealed: nothing follows');
  }

  async function makeFork(): Promise<void> {
    const limits: Record<string, unknown> = {};
    const tools: Record<string, number> = {};
    for (const input of fork.querySelectorAll<HTMLInputElement>('input[data-limit]')) {
      const { limit = '' } = input.dataset;
      const count = input.value.trim() === '' ? Number.NaN : Number(input.value);
      if (!Number.isSafeInteger(count) || count < 0) {
        say('bad', `${words(limit)}: expected a whole number of 0 or more.`);
        input.focus();
        return;
      }
      if (limit.startsWith('tools.')) tools[limit.slice('tools.'.length)] = count;
      else limits[`max_${limit}`] = count;
    }
    const name = fork.querySelector<HTMLInputElement>('#fork-name')?.value.trim() ?? '';
    const budget = { ...limits, ...(Object.keys(tools).length === 0 ? {} : { tools }) };
    const reply = await ask(path('/fork'), { head: headOf(), ...(name === '' ? {} : { name }), budget });
    await came(reply, () => `Fork ${shortHash(text(record(reply.body['child'])['session_id']))} is made`);
  }

  async function reclaim(child: string): Promise<void> {
    const reply = await ask(path('/reclaim'), { head: headOf(), child });
    await came(reply, () => `What ${shortHash(child)} did not use is taken back`);
    // Its button is gone.
    if (wrong(reply) === undefined) title.focus();
  }

  function draw(): void {
    const { status, head, state, observation, children } = seen;
    const sealed = status === 'sealed';
    element.hidden = false;
    fill(title, 'Session ', code(session), ' ', sealed ? badge('good', 'plain', 'sealed') : badge('open', 'good', 'open'));
    standing.replaceChildren(
      facts([
        ['Next step', stepText()],
        ['Head', code(text(head))],
        ['State', code(JSON.stringify(state))],
      ]),
    );
    sight.replaceChildren(h('h3', {}, 'Observation'), observationView(observation));
    if (observation !== null) choice.offer(observation);
    spending.replaceChildren(h('h3', {}, 'Budget'), budgetTable());
    // What is sealed is looked at, and reclaims what its children did not use no more.
    for (const part of [choice.element, fork]) part.hidden = sealed;
    for (const one of acts.querySelectorAll('button')) one.hidden = sealed && one.id !== 'act-reload';
    if (!fork.contains(document.activeElement)) drawFork();
    forks.replaceChildren(...(sealed ? [] : childrenOf(list(children).map(text))));
  }

  function budgetTable(): HTMLElement {
    const [spent, left] = [seen['budget_state'], seen['remaining']].map(
      (costs) => new Map(amountsOf(costs).map(({ name, count }) => [name, count])),
    );
    const number = (count: number | undefined): HTMLElement => h('td', {}, count === undefined ? '–' : grouped(String(count)));
    const rows = amountsOf(seen['budget'], 'max_').map(({ name, count }) =>
      h('tr', {}, h('th', { attributes: { scope: 'row' } }, words(name)), number(count), number(spent?.get(name)), number(left?.get(name))),
    );
    const heads = ['Limit', 'Granted', 'Spent, and granted to forks', 'Left'].map((name) =>
      h('th', { attributes: { scope: 'col' } }, name),
    );
    return regionOf('Budget', h('table', {}, h('thead', {}, h('tr', {}, ...heads)), h('tbody', {}, ...rows)));
  }

  function drawFork(): void {
    const left = new Map(amountsOf(seen['remaining']).map(({ name, count }) => [name, count]));
    const limits = amountsOf(seen['budget'], 'max_').map(({ name, count }) => {
      const half = isPeak(name) ? count : Math.ceil((left.get(name) ?? 0) / 2);
      const input = h('input', {
        id: `fork-${name}`,
        attributes: { inputmode: 'numeric', value: String(half), size: '10', 'data-limit': name },
      });
      return labelled(words(name), input);
    });
    fork.replaceChildren(
      h('summary', { id: 'fork-open' }, 'Fork: a child that goes on from here, with a part of this budget'),
      labelled('Name (optional)', h('input', { id: 'fork-name', attributes: { maxlength: '256' } })),
      ...limits,
      act('Make the fork', 'fork', makeFork),
    );
  }

  function childrenOf(children: readonly string[]): readonly HTMLElement[] {
    if (children.length === 0) return [];
    const rows = children.map((child) =>
      h(
        'li',
        {},
        h('a', { attributes: { href: `#${child}` } }, code(shortHash(child))),
        ' ',
        act(`Reclaim from ${shortHash(child)}`, `reclaim-${child}`, () => reclaim(child)),
      ),
    );
    return [h('h3', {}, 'Forks whose grant was not taken back'), h('ul', { class: 'forks' }, ...rows)];
  }

  return {
    element,
    open: async (id) => {
      const other = id !== session;
      session = id;
      if (other) {
        answer.replaceChildren();
        evaluated = undefined;
        choice.clear();
      }
      if (!(await look())) {
        element.hidden = true;
        return;
      }
      say('plain', `Session ${shortHash(id)}: step ${stepText()}, head ${headText()}.`);
      if (other) title.focus();
    },
  };
}
