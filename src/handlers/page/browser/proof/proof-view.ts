/** What the page could prove about itself, with the button that does it again. Invariant: it says `proven` only of a whole, sealed tape. */
import { button, code, facts, fill, h } from '../shared/dom';
import { badge, sign } from '../shared/marks';
import type { Check } from './check';
import { prove, type PageProof } from './proof';
import { signatureView } from './signature-view';
import type { RunModel } from '../shared/run-model';

export interface ProofView {
  readonly badge: HTMLElement;
  readonly section: HTMLElement;
  readonly run: () => Promise<void>;
}

const BADGES: Readonly<Record<PageProof['state'], readonly ['good' | 'bad' | 'open', 'good' | 'bad' | 'warn', string]>> = {
  proven: ['good', 'good', 'Proven'],
  sampled: ['open', 'warn', 'Sample re-hashed'],
  unsealed: ['open', 'warn', 'Not proven: no seal'],
  incomplete: ['open', 'warn', 'Not fully checked'],
  broken: ['bad', 'bad', 'Not proven'],
  unavailable: ['open', 'warn', 'Not checked'],
};

const PROVING = 'Proving…';

/** `suffix`: tells the views of two runs apart. */
export function makeProofView(model: RunModel, suffix: string, further: () => readonly Check[] = () => []): ProofView {
  const held = h('span', { class: 'proof-badge', id: `proof-badge${suffix}` }, badge('open', 'plain', PROVING));
  const result = h('div', { class: 'proof-result', id: `proof-result${suffix}`, attributes: { role: 'status' } });
  const list = h('ul', { class: 'checks' });
  const again = button(
    'Prove again',
    () => {
      void run();
    },
    { class: 'primary', id: `prove${suffix}` },
  );

  async function run(): Promise<void> {
    again.disabled = true;
    result.dataset['state'] = 'running';
    fill(result, h('p', {}, 'Re-hashing…'));
    fill(held, badge('open', 'plain', PROVING));
    const proof = await prove(model, further);
    const [kind, tone, words] = BADGES[proof.state];
    fill(held, badge(kind, tone, words));
    result.className = `proof-result ${tone}`;
    fill(
      result,
      h('p', {}, sign(kind), ' ', proof.sentence),
      proof.headHash === '' || proof.state === 'broken'
        ? null
        : facts([[proof.state === 'unsealed' ? 'hash of the last row' : 'head hash', code(proof.headHash)]]),
    );
    fill(list, ...proof.checks.map(checkItem));
    again.disabled = false;
    result.dataset['state'] = proof.state;
  }

  return {
    badge: held,
    section: h('div', { class: 'proof' }, result, list, again, h('h3', {}, 'Signature'), signatureView(model, suffix)),
    run,
  };
}

function checkItem({ what, fault, missing }: Check): HTMLElement {
  if (fault !== undefined) return h('li', { class: 'bad' }, sign('bad'), h('span', {}, `${what}: no. ${fault}`));
  if (missing !== undefined) return h('li', { class: 'warn' }, sign('open'), h('span', {}, `${what}: could not be checked. ${missing}`));
  return h('li', { class: 'good' }, sign('good'), h('span', {}, what));
}

export function proofWords(): HTMLElement {
  return h(
    'p',
    { class: 'quiet' },
    'This page re-hashes the tape in it, row by row, with the SHA-256 of your browser, and compares the documents in it with the tape. Not covered, because no run records them: the name of the run and which program made the page. It does not execute the run again: ',
    code('ewm verify DIR'),
    ' does. Who ran it, a receipt says, checked below with the key of who you trust; where there is none, compare the head hash with one that was kept elsewhere.',
  );
}
