/** The signature of a run, checked in its page against a key that the reader supplies. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { ewm } from '../support/built-cli';
import { violationsOf } from './axe';
import { describeInBrowser, textOf, visit, type Visit } from './chromium';
import { dataOf, type Pages, usePages, withData } from './pages';

let browser: Browser;
let pages: Pages;
let signed = '';
let other = '';
let keys: Readonly<
  Record<'mine' | 'theirs' | 'ed', { readonly publicPem: string; readonly privatePem: string; readonly path: string; readonly id: string }>
>;

const SMALL = { width: 400, height: 300 };

describeInBrowser('the signature in a page', () => {
  usePages((launched, made) => {
    [browser, pages] = [launched, made];
  });
  beforeAll(async () => {
    const key = async (name: string, options: readonly string[] = []): Promise<(typeof keys)['mine']> => {
      const path = join(pages.directory, `${name}.pem`);
      const { out, err } = await ewm(['keygen', '--out', path, ...options]);
      const id = /^key ([0-9a-f]{64})$/m.exec(out + err)?.[1] ?? '';
      const publicPath = join(pages.directory, `${name}.pub.pem`);
      return { publicPem: await readFile(publicPath, 'utf8'), privatePem: await readFile(path, 'utf8'), path: publicPath, id };
    };
    keys = { mine: await key('mine'), theirs: await key('theirs'), ed: await key('ed', ['--algorithm', 'ed25519']) };
    signed = await pages.report(await pages.run('signed', ['--sign', join(pages.directory, 'mine.pem')]));
    other = await pages.report(await pages.run('other', ['--sign', join(pages.directory, 'mine.pem'), '--steps', '50']));
  });

  async function opened(file: string): Promise<Visit> {
    const visited = await visit(browser, file, SMALL);
    expect(await textOf(visited.page, '#proof-badge')).toBe('Proven');
    return visited;
  }

  async function pasted(page: Page, pem: string): Promise<readonly [string | null, string]> {
    await page.evaluate(() => {
      delete document.getElementById('signature-result')?.dataset['state'];
    });
    await page.fill('#key', pem);
    await page.click('#check-signature');
    return resultOf(page);
  }

  async function resultOf(page: Page): Promise<readonly [string | null, string]> {
    await page.waitForSelector('#signature-result[data-state]:not([data-state="open"])');
    return [await page.getAttribute('#signature-result', 'data-state'), await textOf(page, '#signature-result')];
  }

  it('says who signed and when, that nobody checked it, and checks it with a key that is pasted', async () => {
    const { page, complaints, requests, close } = await opened(signed);
    expect(await textOf(page, '#signed')).toMatch(new RegExp(`^by ${keys.mine.id} at 20\\d\\d-\\S+Z: not checked yet, check it$`));
    expect(await textOf(page, '#signature-result')).toContain('Signature not checked');
    expect(await textOf(page, '#receipt')).toMatch(/with ?ewm \S+ [0-9a-f]{64}/);
    expect(await violationsOf(page)).toEqual([]);
    expect(await pasted(page, keys.mine.publicPem)).toEqual([
      'holds',
      expect.stringContaining(`Signature holds: key ${keys.mine.id} signed this run at 20`),
    ]);
    // Several at once; and what was right before is told anew when it is not.
    expect(await pasted(page, keys.theirs.publicPem + keys.mine.publicPem)).toMatchObject(['holds', expect.anything()]);
    expect(await pasted(page, keys.theirs.publicPem)).toEqual(['fails', expect.stringContaining('none of these is a key that was given')]);
    expect(await violationsOf(page)).toEqual([]);
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    await close();
  });

  it('takes keys that are no keys for what they are, and lets no private key stand', async () => {
    const { page, close } = await opened(signed);
    expect(await pasted(page, 'hello')).toEqual(['fails', expect.stringContaining('no public key in PEM')]);
    expect(await pasted(page, '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')).toEqual([
      'fails',
      expect.stringContaining('of another kind'),
    ]);
    expect(await pasted(page, keys.mine.privatePem)).toEqual(['fails', expect.stringContaining('a private key')]);
    expect(await page.inputValue('#key')).toBe('');
    await close();
  });

  it('takes a file that is chosen, and one that is dropped', async () => {
    const { page, close } = await opened(signed);
    await page.setInputFiles('#key-file', keys.mine.path);
    expect((await resultOf(page))[0]).toBe('holds');
    await page.evaluate((pem) => {
      delete document.getElementById('signature-result')?.dataset['state'];
      const dropped = new DataTransfer();
      dropped.items.add(new File([pem], 'theirs.pub.pem'));
      document
        .querySelector('.signature')
        ?.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }));
    }, keys.theirs.publicPem);
    expect((await resultOf(page))[0]).toBe('fails');
    await close();
  });

  const envelope = (change: (envelope: { payload: string; signatures: { keyid: string; sig: string }[] }) => object) =>
    withData((data) => ({ ...data, a: { ...data.a, receipt: JSON.stringify(change(JSON.parse(data.a.receipt ?? '') as never)) } }));
  const statement = (from: string, to: string) =>
    envelope(({ payload, ...rest }) => ({
      ...rest,
      payload: Buffer.from(Buffer.from(payload, 'base64').toString().replace(from, to)).toString('base64'),
    }));

  it.each<[string, (html: string) => string | Promise<string>, RegExp]>([
    ['another version of the program', statement('"name":"ewm"', '"name":"emw"'), /does not fit what the receipt says/],
    ['a later time', statement('"signed_at":"20', '"signed_at":"21'), /does not fit what the receipt says/],
    [
      'a signature of zeros',
      envelope(({ signatures, ...rest }) => ({
        ...rest,
        signatures: signatures.map(({ keyid }) => ({ keyid, sig: Buffer.alloc(70).toString('base64') })),
      })),
      /does not fit what the receipt says/,
    ],
    [
      'the id of another key',
      envelope(({ signatures, ...rest }) => ({ ...rest, signatures: signatures.map(({ sig }) => ({ keyid: '0'.repeat(64), sig })) })),
      /none of these is a key that was given/,
    ],
    [
      'the receipt of another run, which is signed by that very key',
      async (html) => {
        const { receipt } = dataOf(await readFile(other, 'utf8')).a;
        return withData((data) => ({ ...data, a: { ...data.a, ...(receipt === undefined ? {} : { receipt }) } }))(html);
      },
      /it is about another run: \/predicate\/\S+ is .* there and .* here/,
    ],
  ])('refuses %s', async (what, change, why) => {
    const file = join(pages.directory, `${what.replaceAll(/\W+/g, '-')}.html`);
    await writeFile(file, await change(await readFile(signed, 'utf8')));
    const { page, complaints, close } = await opened(file);
    expect(await pasted(page, keys.mine.publicPem)).toEqual(['fails', expect.stringMatching(why)]);
    expect(complaints).toEqual([]);
    await close();
  });

  it('checks Ed25519 where the browser can, and says so where it cannot', async () => {
    const { page, close } = await opened(await pages.report(await pages.run('ed', ['--sign', join(pages.directory, 'ed.pem')])));
    const known = await page.evaluate(() =>
      crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']).then(
        () => true,
        () => false,
      ),
    );
    expect((await pasted(page, keys.ed.publicPem))[0]).toBe(known ? 'holds' : 'unavailable');
    await close();
  });

  it('says that nobody signed, and what no receipt is', async () => {
    const unsigned = await opened(await pages.report(await pages.run('unsigned')));
    expect(await textOf(unsigned.page, '#receipt')).toBe('No receipt: nobody signed this run.');
    await unsigned.close();
    const broken = await pages.changed(
      signed,
      'broken',
      withData((data) => ({ ...data, a: { ...data.a, receipt: '{"payloadType":"x"}' } })),
    );
    const { page, complaints, close } = await opened(broken);
    expect(await textOf(page, '#receipt')).toContain('cannot be read: payloadType: expected application/vnd.in-toto+json');
    expect(complaints).toEqual([]);
    await close();
  });
});
