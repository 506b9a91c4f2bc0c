import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  csrfIn,
  openAccountNode,
  PASSWORD,
  type AccountNode,
  type Letter,
  type Seen,
  type Visitor,
} from '../../support/account-node.ts';
import { codeOf } from '../../support/app-codes.ts';
import { createSoftwareAuthenticator } from '../../support/software-authenticator.ts';

/** A node over the stores that `open` gives settings for. */
export interface Stores {
  readonly settings: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** What people change of their account, on any stores. */
export function changesContract(name: string, open: () => Promise<Stores>): void {
  describe(name, () => {
    let node: AccountNode;
    let stores: Stores;
    beforeAll(async () => {
      stores = await open();
      node = await openAccountNode({ accountPage: { deletion: true }, ...stores.settings });
    });
    afterAll(async () => {
      await node.close();
      await stores.close();
    });

    async function signedIn(login: string, options?: { password?: string; totp?: string }) {
      const visitor = node.visitor();
      await visitor.get('/account');
      const page = await visitor.signIn(login, options);
      expect([page.status, page.url.pathname]).toEqual([200, '/account']);
      return visitor;
    }

    async function letter(to: string, letterName: string): Promise<Letter> {
      const found = (await node.letters(to)).find((one) => one.name === letterName);
      if (found === undefined) throw new Error(`no letter ${letterName} to ${to}`);
      return found;
    }

    async function linkIn(to: string, letterName: string): Promise<string> {
      const { links } = await letter(to, letterName);
      expect(links[0]).toMatch(new RegExp(`^${node.issuer}/`, 'u'));
      return new URL(links[0] ?? '').pathname;
    }

    /** Types the code of the letter that goes to `to`. */
    async function changeEmail(visitor: Visitor, to: string): Promise<Seen> {
      await visitor.get('/account/email');
      const asked = await visitor.send('/account/email', { email: to });
      expect(asked.url.pathname).toMatch(/^\/account\/email\/code\//u);
      const { codes } = await letter(to, 'verify-email');
      return await visitor.send(asked.url.pathname, { code: codes[0] ?? '' });
    }

    async function enrolApp(visitor: Visitor): Promise<string> {
      const page = await visitor.get('/account/authenticator');
      const key = /class="key"><code>(?<key>[^<]+)</u.exec(page.html)?.groups?.['key'] ?? '';
      const action = /action="(?<action>\/account\/authenticator\/[^"]+)"/u.exec(page.html);
      const done = await visitor.send(action?.groups?.['action'] ?? '', { code: codeOf(key) });
      expect(done.url.search).toBe('?done=authenticator-added');
      return key;
    }

    async function addPasskey(visitor: Visitor, passkeyName = ''): Promise<Seen> {
      const page = await visitor.get('/account/passkeys/add');
      const action = /action="(?<action>[^"]+)"/u.exec(page.html)?.groups?.['action'] ?? '';
      const options: unknown = JSON.parse(
        (await visitor.send(`${action}/challenge`, {}, page)).html,
      );
      const credential = createSoftwareAuthenticator({ origin: node.issuer }).create(options);
      const fields = { credential: JSON.stringify(credential), name: passkeyName };
      return await visitor.send(action, fields, page);
    }

    test('an address counts once its code was typed, and the old one is told with a way back', async () => {
      const ann = await signedIn('ann');
      const page = await ann.get('/account/email');
      const asked = await ann.send('/account/email', { email: 'ann@new.example' }, page);
      const { codes, links } = await letter('ann@new.example', 'verify-email');
      // Whoever opens the link sees the code, and no more has happened.
      const scanner = await node.visitor().get(new URL(links[0] ?? '').pathname);
      expect(scanner.html).toContain(codes[0]);
      expect(scanner.html).not.toContain('<form');
      const wrong = await ann.send(asked.url.pathname, { code: '000000' });
      expect([wrong.status, wrong.html]).toEqual([422, expect.stringContaining('role="alert"')]);
      expect((await ann.get('/account/profile')).html).toContain('ann@example.com');
      const done = await ann.send(asked.url.pathname, { code: codes[0] ?? '' });
      expect(done.url.search).toBe('?done=email');
      expect(done.html).toContain('ann@new.example');
      const again = await ann.send(asked.url.pathname, { code: codes[0] ?? '' });
      expect(again.url.pathname).toBe('/account/email');
      expect((await letter('ann@example.com', 'email-changed')).text).toContain(
        'an•••@new.example',
      );
      expect((await letter('ann@new.example', 'notice')).links).toHaveLength(1);
    });

    test('an address that nobody confirmed is confirmed by a code, and stays what it is', async () => {
      const mia = await signedIn('mia');
      expect((await mia.get('/account')).html).toContain('Confirm your e-mail address');
      const page = await mia.get('/account/email');
      expect(page.html).toContain('value="mia@example.com"');
      expect((await changeEmail(mia, 'mia@example.com')).url.search).toBe('?done=email');
      expect((await mia.get('/account/profile')).html).toContain('Confirmed');
      const names = (await node.letters('mia@example.com')).map((one) => one.name);
      expect(names).toEqual(['verify-email']);
    });

    test.each(['', 'nobody', 'a@b@c.example', 'x@example.com, y@example.com', '"a b"@c.example'])(
      'no letter goes to what is no address: %o',
      async (typed) => {
        const mia = await signedIn('mia');
        await mia.get('/account/email');
        const refused = await mia.send('/account/email', { email: typed });
        expect([refused.status, refused.url.pathname]).toEqual([422, '/account/email']);
      },
    );

    test("somebody else's address looks the same, and no code makes it one's own", async () => {
      const ben = await signedIn('ben');
      await ben.get('/account/email');
      const asked = await ben.send('/account/email', { email: 'Cat@example.com' });
      expect(asked.html).toContain('We sent a message to Cat@example.com');
      const names = (await node.letters('Cat@example.com')).map((one) => one.name);
      expect(names).toEqual(['account-exists']);
      const tried = await ben.send(asked.url.pathname, { code: '123456' });
      expect(tried.status).toBe(422);
      expect((await ben.get('/account/profile')).html).toContain('ben@example.com');
    });

    test('a change of the address is taken back by the old one, and then by none that came after', async () => {
      const thief = await signedIn('dan');
      await changeEmail(thief, 'dan@thief.example');
      node.clock.advance(2);
      await changeEmail(thief, 'dan@thieves.example');
      const undo = await linkIn('dan@example.com', 'email-changed');
      const owner = node.visitor();
      // Looking does nothing.
      await owner.get(undo);
      const page = await owner.get(undo);
      expect(page.html).toContain('dan@example.com');
      expect((await thief.get('/account')).url.pathname).toBe('/account');
      node.clock.advance(2);
      expect((await owner.send(undo, { action: 'continue' }, page)).html).toContain('is protected');
      expect((await thief.get('/account')).url.pathname).toMatch(/^\/interaction/u);
      const used = await owner.send(undo, { action: 'continue' }, page);
      expect([used.status, used.html]).toEqual([404, expect.stringContaining('of no use')]);
      // The thief has links of the same kind.
      const theirs = await linkIn('dan@thief.example', 'email-changed');
      const notMe = await linkIn('dan@thieves.example', 'notice');
      for (const link of [theirs, notMe]) {
        expect([link, (await thief.get(link)).status]).toEqual([link, 404]);
      }
      expect((await letter('dan@example.com', 'notice')).text).toContain('locked');
      const refused = await node.visitor().get('/account');
      expect(refused.url.pathname).toMatch(/^\/interaction/u);
    });

    test('a passkey is added, renamed and removed, each told by letter where it matters', async () => {
      const eve = await signedIn('eve');
      expect((await addPasskey(eve, 'My key')).url.search).toBe('?done=passkey-added');
      const stepUp = await eve.get('/account/passkeys/add');
      expect(stepUp.url.pathname).toMatch(/^\/interaction/u);
      const security = await eve.get('/account/security');
      const path = /href="(?<path>\/account\/passkeys\/(?!add)[^"]+)"/u.exec(security.html);
      const url = path?.groups?.['path'] ?? '';
      await eve.get(url);
      expect((await eve.send(url, { name: '' })).status).toBe(422);
      expect((await eve.send(url, { name: 'Desk' })).html).toContain('Desk');
      expect((await letter('eve@example.com', 'notice')).text).toContain('has a new passkey');

      // Whoever else knows its id can do nothing with it.
      const gus = await signedIn('gus');
      expect((await gus.get(url)).url.pathname).toBe('/account/security');
      await gus.send(url, { name: 'Stolen' });
      await gus.send(`${url}/remove`);
      expect((await eve.get('/account/security')).html).toContain('Desk');
    });

    test('an answer to a challenge is good once, and for the session that asked', async () => {
      const [hal, ida] = [await signedIn('hal'), await signedIn('ida')];
      const page = await hal.get('/account/passkeys/add');
      const action = /action="(?<action>[^"]+)"/u.exec(page.html)?.groups?.['action'] ?? '';
      const options: unknown = JSON.parse((await hal.send(`${action}/challenge`, {}, page)).html);
      const authenticator = createSoftwareAuthenticator({ origin: node.issuer });
      const credential = JSON.stringify(authenticator.create(options));
      const foreign = await ida.send(
        action,
        { credential },
        await ida.get('/account/passkeys/add'),
      );
      expect(foreign.status).toBe(422);
      const twice = await Promise.all([1, 2].map(() => hal.send(action, { credential }, page)));
      // The other one is refused, or meets the second factor that there is by now.
      const done = twice.filter(({ url }) => url.search === '?done=passkey-added');
      expect(done).toHaveLength(1);
    });

    test('an app is set up by a right code; from then on a password alone changes nothing', async () => {
      const jon = await signedIn('jon');
      const page = await jon.get('/account/authenticator');
      const action = /action="(?<action>\/account\/authenticator\/[^"]+)"/u.exec(page.html);
      const wrong = await jon.send(action?.groups?.['action'] ?? '', { code: '000000' });
      expect(wrong.status).toBe(422);
      expect((await jon.get('/account/security')).html).toContain('Set up an authenticator app');
      const key = await enrolApp(jon);
      const kept = await jon.get('/account/profile');
      const asked = await jon.send('/account/authenticator/remove', {}, kept);
      expect([asked.url.pathname, asked.html]).toEqual([
        expect.stringMatching(/^\/interaction/u),
        expect.stringContaining('Is it really you?'),
      ]);
      node.clock.advance(30);
      const code = codeOf(key, Date.now() + 30_000);
      const back = await jon.send(asked.url.href, { code, action: 'continue' });
      expect(back.url.pathname).toBe('/account/authenticator/remove');
      const removed = await jon.send('/account/authenticator/remove');
      expect(removed.url.search).toBe('?done=authenticator-removed');
    });

    test('recovery codes are shown in the answer that made them and never again', async () => {
      const kim = await signedIn('kim');
      const page = await kim.get('/account/recovery-codes');
      expect(page.html).toContain('There are no codes.');
      const made = await kim.send('/account/recovery-codes', { action: 'continue' });
      const codes = [...made.html.matchAll(/<li><code>([0-9A-Z-]+)<\/code>/gu)].map(
        ([, code]) => code,
      );
      expect(new Set(codes).size).toBe(10);
      expect(
        decodeURIComponent(/href="data:text\/plain[^,]*,([^"]*)"/u.exec(made.html)?.[1] ?? ''),
      ).toContain(codes.join('\r\n'));
      const later = await kim.get('/account/recovery-codes');
      expect(later.html).toContain('10 codes are left.');
      expect(later.html).not.toContain(codes[0]);
    });

    test('"this was not me" throws out whoever it was, and takes their factors away', async () => {
      const thief = await signedIn('lee');
      await addPasskey(thief);
      const link = await linkIn('lee@example.com', 'notice');
      const owner = node.visitor();
      const page = await owner.get(link);
      expect(page.html).toContain('lee@example.com');
      expect((await thief.get('/account/security')).html).toContain('/account/passkeys/');
      const wrongForm = await owner.send(link, { csrf: csrfIn(page.html).toUpperCase() });
      expect(wrongForm.status).toBe(400);
      expect((await owner.send(link, { action: 'continue' }, page)).html).toContain('is protected');
      expect((await thief.get('/account')).url.pathname).toMatch(/^\/interaction/u);
      const refused = await thief.signIn('lee@example.com', { password: PASSWORD });
      expect(refused.status).toBe(401);

      // The way back leads through the address, and asks for no factor of the thief's.
      await owner.get('/recover');
      await owner.send('/recover', { login: 'lee@example.com', action: 'continue' });
      await expect
        .poll(async () => (await node.letters('lee@example.com')).map((one) => one.name))
        .toContain('recovery');
      const recovery = await linkIn('lee@example.com', 'recovery');
      await owner.get(recovery);
      const step = await owner.send(recovery, { action: 'continue' });
      const password = 'walrus under the seventh bridge';
      await owner.send(step.url.pathname, { password, action: 'continue' });
      const back = await signedIn('lee', { password });
      const security = await back.get('/account/security');
      expect(security.html).not.toMatch(/\/account\/passkeys\/(?!add)/u);
    });

    test('a new password ends every session; one that is too weak says why', async () => {
      const [fay, elsewhere] = [await signedIn('fay'), await signedIn('fay')];
      await fay.get('/account/password');
      const weak = await fay.send('/account/password', { password: 'password' });
      expect([weak.status, weak.html]).toEqual([422, expect.stringContaining('role="alert"')]);
      expect((await elsewhere.get('/account')).url.pathname).toBe('/account');
      const password = 'walrus under the seventh bridge';
      const done = await fay.send('/account/password', { password });
      expect(done.html).toContain('Your password is changed');
      for (const visitor of [fay, elsewhere]) {
        expect((await visitor.get('/account')).url.pathname).toMatch(/^\/interaction/u);
      }
      expect((await fay.signIn('fay', { password })).url.pathname).toBe('/account');
      expect((await letter('fay@example.com', 'notice')).text).toContain('has a new password');
    });

    test('an account is deleted by who types its name', async () => {
      const cat = await signedIn('cat');
      await cat.get('/account/delete');
      expect((await cat.send('/account/delete', { confirmation: 'ben@example.com' })).status).toBe(
        422,
      );
      const gone = await cat.send('/account/delete', { confirmation: 'CAT@example.com' });
      expect(gone.html).toContain('Your account is deleted');
      expect((await letter('cat@example.com', 'notice')).links).toEqual([]);
      expect((await cat.get('/account')).url.pathname).toMatch(/^\/interaction/u);
      expect((await cat.signIn('cat')).status).toBe(401);
    });
  });
}
