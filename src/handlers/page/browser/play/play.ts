/** The page of sessions: their tree, a form that makes one, and the one that is played. The address says which: `/play#<id>`. */
import { badge } from '../shared/marks';
import { button, fill, h } from '../shared/dom';
import { list, parseJson, record, text } from '../shared/run-model';
import { ask, wrong } from './ask';
import { makeBoard } from './board';
import { type Listed, listedOf, treeOf } from './tree';

const LISTED = '/play/sessions';
const SESSION = /^#([0-9a-f]{32}|day-\d{4}-\d{2}-\d{2})$/;

export function startPlay(host: HTMLElement): void {
  const status = document.getElementById('play-status');
  const [tree, form] = [document.getElementById('tree'), document.querySelector<HTMLFormElement>('#new-session form')];
  const body = document.querySelector<HTMLTextAreaElement>('#new-session textarea');
  if (status === null || tree === null || form === null || body === null) return;
  const [output, listed, area] = [status, tree, body];
  let sessions: readonly Listed[] = [];
  /** Behind which session each page begins that was listed. */
  let pages: readonly string[] = [''];

  function say(tone: 'good' | 'bad' | 'plain', what: string): void {
    fill(output, tone === 'plain' ? null : badge(tone, tone, tone === 'good' ? 'ok' : 'no'), ` ${what}`);
  }

  const board = makeBoard(say, listAgain);
  host.append(board.element);

  const selected = (): string => SESSION.exec(location.hash)?.[1] ?? '';

  /** As far as they were listed before. */
  async function listAgain(): Promise<void> {
    const found: Listed[] = [];
    const unreadable: unknown[] = [];
    let more: string | undefined;
    for (const after of pages) {
      const reply = await ask(`${LISTED}?after=${after}`);
      const problem = wrong(reply);
      if (problem !== undefined) {
        say('bad', problem);
        return;
      }
      found.push(...listedOf(reply.body));
      unreadable.push(...list(reply.body['unreadable']));
      more = reply.body['more'] === true ? text(reply.body['last']) : undefined;
    }
    sessions = found;
    draw(unreadable, more);
  }

  function draw(unreadable: readonly unknown[], more: string | undefined): void {
    const focused = listed.contains(document.activeElement) ? document.activeElement?.id : undefined;
    const problems = unreadable.map((one) => h('li', {}, h('code', {}, text(record(one)['session_id'])), `: ${text(record(one)['why'])}`));
    fill(
      listed,
      sessions.length === 0 ? h('p', { class: 'empty' }, 'No session yet. Make one below.') : treeOf(sessions, selected()),
      problems.length === 0 ? null : h('ul', { attributes: { 'aria-label': 'Sessions that cannot be shown' } }, ...problems),
      more === undefined ? null : button('List more', () => void listMore(more), { id: 'list-more' }),
    );
    if (focused !== undefined && focused !== '') document.getElementById(focused)?.focus();
  }

  async function listMore(after: string): Promise<void> {
    pages = [...pages, after];
    await listAgain();
    say('plain', `${String(sessions.length)} sessions are listed.`);
  }

  async function make(): Promise<void> {
    const request = parseJson(area.value);
    if (typeof request !== 'object' || request === null) {
      say('bad', 'The request is not a JSON object: nothing was sent.');
      return;
    }
    const reply = await ask('/sessions', request);
    const problem = wrong(reply);
    if (problem !== undefined) {
      say('bad', problem);
      return;
    }
    location.hash = text(reply.body['session_id']);
    await listAgain();
  }

  for (const control of form.querySelectorAll<HTMLTextAreaElement | HTMLButtonElement>('textarea, button')) control.disabled = false;
  document.querySelector('#new-session .note')?.remove();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void make();
  });

  async function openSelected(): Promise<void> {
    const id = selected();
    if (id !== '') await board.open(id);
    for (const link of listed.querySelectorAll('a')) {
      if (link.hash === location.hash) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  }
  addEventListener('hashchange', () => void openSelected());
  void listAgain().then(openSelected);
}
