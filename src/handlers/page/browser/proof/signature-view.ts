/**
 * Who says that they signed the run, and a place for the public keys that the reader trusts. Invariant: a key that was not given is not trusted,
 * and what is not checked is told as that; no key leaves the page.
 */
import { button, code, facts, fill, h } from '../shared/dom';
import { sign } from '../shared/marks';
import type { RunModel } from '../shared/run-model';
import { claimIn, type PageClaim } from '../shared/receipt';
import { checkSignature, publicKeysIn, type SignatureVerdict } from './signature';

/** A file of keys is a few hundred bytes. Unit: bytes. */
const KEY_FILE_BYTES_MAX = 65_536;

/** `suffix`: tells the views of two runs apart. */
export function signatureView(model: RunModel, suffix: string): HTMLElement {
  const { receipt } = model.page;
  if (receipt === undefined) return h('p', { class: 'quiet', id: `receipt${suffix}` }, 'No receipt: nobody signed this run.');
  const claim = claimIn(receipt);
  if (typeof claim === 'string')
    return h(
      'p',
      { class: 'proof-result bad', id: `receipt${suffix}` },
      sign('bad'),
      ` The receipt beside the run cannot be read: ${claim}.`,
    );

  const result = h('div', {
    class: 'proof-result warn',
    id: `signature-result${suffix}`,
    attributes: { role: 'status', 'data-state': 'open' },
  });
  fill(result, h('p', {}, sign('open'), ' Signature not checked: paste the public key of who you think signed, or drop its file here.'));
  const keyId = `key${suffix}`;
  const pasted = h('textarea', {
    id: keyId,
    attributes: { rows: '5', spellcheck: 'false', autocomplete: 'off', placeholder: '-----BEGIN PUBLIC KEY-----' },
  });
  const chosen = h('input', { id: `key-file${suffix}`, attributes: { type: 'file', accept: '.pem,.pub,.txt', multiple: '' } });

  async function check(): Promise<void> {
    const keys = await publicKeysIn(pasted.value);
    // A private key that came here by mistake does not stay.
    if (pasted.value.includes('PRIVATE KEY')) pasted.value = '';
    tell(result, typeof keys === 'string' ? { state: 'fails', reason: keys } : await checkSignature(model, receipt ?? '', keys));
  }
  async function take(files: FileList | null | undefined): Promise<void> {
    const texts = await Promise.all([...(files ?? [])].map((file) => (file.size > KEY_FILE_BYTES_MAX ? Promise.resolve('') : file.text())));
    if (texts.length === 0) return;
    pasted.value = texts.join('\n');
    await check();
  }
  chosen.addEventListener('change', () => {
    void take(chosen.files);
  });

  const place = h(
    'div',
    { class: 'signature' },
    claimed(claim, suffix),
    result,
    h('label', { attributes: { for: keyId } }, 'Public keys that you trust (PEM)'),
    pasted,
    h(
      'div',
      { class: 'signature-acts' },
      button(
        'Check signature',
        () => {
          void check();
        },
        { class: 'primary', id: `check-signature${suffix}` },
      ),
      h('label', { attributes: { for: chosen.id } }, 'or a file '),
      chosen,
    ),
  );
  place.addEventListener('dragover', (event) => {
    event.preventDefault();
  });
  place.addEventListener('drop', (event) => {
    event.preventDefault();
    void take(event.dataTransfer?.files);
  });
  return place;
}

function claimed({ keyIds, attested }: PageClaim, suffix: string): HTMLElement {
  const { program, deployment, signed_at: at } = attested;
  const list = facts([
    ['says it was signed by', code(keyIds.join(', '))],
    ['at', at],
    ['with', h('span', {}, `${program.name} ${program.version} `, code(program.sha256))],
    [
      'in',
      deployment === null
        ? 'no deployment'
        : `account ${deployment.account}, ${deployment.region}, ${deployment.function} ${deployment.function_version}`,
    ],
  ]);
  list.id = `receipt${suffix}`;
  return list;
}

function tell(result: HTMLElement, verdict: SignatureVerdict): void {
  const [kind, tone, words] = wordsOf(verdict);
  result.className = `proof-result ${tone}`;
  result.dataset['state'] = verdict.state;
  fill(result, h('p', {}, sign(kind), ` ${words}`));
}

function wordsOf(verdict: SignatureVerdict): readonly ['good' | 'bad' | 'open', 'good' | 'bad' | 'warn', string] {
  if (verdict.state !== 'holds')
    return verdict.state === 'unavailable'
      ? ['open', 'warn', `Not checked: ${verdict.reason}.`]
      : ['bad', 'bad', `Signature does not hold: ${verdict.reason}.`];
  const { keyIds, attested, below } = verdict;
  const more =
    below === 0
      ? ''
      : ` ${String(below)} files of sessions below it are in the receipt and not in this page: ewm verify --key checks them.`;
  return ['good', 'good', `Signature holds: key ${keyIds.join(', ')} signed this run at ${attested.signed_at} by its clock.${more}`];
}
