import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invitationUrl } from '../../../src/accounts/invitation.ts';
import type { Rooms } from '../../../src/compose.ts';
import { sha256 } from '../../../src/runtime/digest.ts';
import {
  openAccountNode,
  PASSWORD,
  type AccountNode,
  type Letter,
  type Seen,
  type Visitor,
} from '../../support/account-node.ts';
import { rounds } from '../../support/counts.ts';
import { createSoftwareAuthenticator } from '../../support/software-authenticator.ts';

/** A node over the stores that `open` gives settings for. */
export interface Stores {
  readonly settings: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

const GOOD = 'a horse on a battery staple';
const BY_SELF = { by: 'test', origin: { address: 'test' } };
const SETTINGS = {
  joining: {
    mode: 'open',
    perAddressWithoutProof: 200,
    fields: { username: 'optional' },
    terms: { version: '2026-11', url: 'https://example.com/terms' },
  },
  accounts: {
    attributes: [
      { name: 'team', type: 'string', required: true, editableBy: 'person' },
      { name: 'grade', type: 'string' },
    ],
  },
  groups: [{ name: 'lab' }],
  roles: [{ name: 'keeper', permissions: [] }],
  people: [
    { username: 'ann', email: 'ann@example.com', emailVerified: true },
    { username: 'ben', email: 'ben@example.com', emailVerified: true },
  ].map((one) => ({ ...one, password: PASSWORD, attributes: { team: 'red' } })),
};
const DETAILS = { name: 'Zoe', 'attribute.team': 'blue', terms: 'yes', action: 'continue' };

/** How people come to have an account, on any stores. */
export function joiningContract(name: string, open: () => Promise<Stores>): void {
  describe(name, () => {
    let node: AccountNode;
    let stores: Stores;
    let rooms: Rooms;
    beforeAll(async () => {
      stores = await open();
      node = await openAccountNode({ ...SETTINGS, ...stores.settings });
      rooms = await node.openRooms();
    });
    afterAll(async () => {
      await rooms.close();
      await node.close();
      await stores.close();
    });

    async function letter(to: string, letterName: string): Promise<Letter> {
      const found = async (): Promise<Letter | undefined> =>
        (await node.letters(to)).find((one) => one.name === letterName);
      await expect.poll(found).toBeDefined();
      const one = await found();
      if (one === undefined) throw new Error('a letter that was there');
      return one;
    }

    /** From the first page to the one after the address. */
    async function withAddress(visitor: Visitor, email: string): Promise<Seen> {
      const page = await visitor.get('/join');
      return await visitor.send(page.url.href, { email, action: 'continue' });
    }

    /** To the page where the account is made. */
    async function withCode(visitor: Visitor, email: string): Promise<Seen> {
      const page = await withAddress(visitor, email);
      const { codes } = await letter(email, 'verify-email');
      return await visitor.send(page.url.href, { code: codes[0] ?? '', action: 'continue' });
    }

    async function invite(
      email: string,
      groups: readonly string[] = [],
      roles: readonly string[] = [],
    ): Promise<string> {
      const payload = {
        email,
        username: 'guest',
        attributes: { grade: 'A' },
        groups: [...groups],
        roles: roles.map((role) => ({ name: role })),
      };
      const ticket = { kind: 'invitation', about: email, payload } as const;
      const { token } = await rooms.tickets.issue(ticket);
      return new URL(invitationUrl(node.issuer, token)).pathname;
    }

    async function accept(visitor: Visitor, path: string): Promise<Seen> {
      await visitor.get(path);
      return await visitor.send(path, { action: 'continue' });
    }

    test('an address becomes an account once its code was typed, and the person is signed in', async () => {
      const zoe = node.visitor();
      const details = await withCode(zoe, 'Zoe@example.com');
      expect(await rooms.accounts.findByLogin('zoe@example.com')).toBeUndefined();
      const done = await zoe.send(details.url.href, { ...DETAILS, password: GOOD });
      expect([done.url.pathname, done.html]).toEqual([
        '/account',
        expect.stringContaining('Hello, Zoe'),
      ]);
      expect(await rooms.accounts.findByLogin('zoe@example.com')).toMatchObject({
        email: 'Zoe@example.com',
        emailVerified: true,
        hasPassword: true,
        attributes: { team: 'blue' },
        terms: { version: '2026-11' },
      });
    });

    test('every field that cannot be as it is is marked, and nothing is made meanwhile', async () => {
      const yan = node.visitor();
      const { url } = await withCode(yan, 'yan@example.com');
      const wrong = await yan.send(url.href, {
        username: 'ANN',
        password: 'short',
        action: 'continue',
      });
      expect(wrong.status).toBe(422);
      for (const text of ['That username is taken', 'Accept the terms', 'Use at least'])
        expect(wrong.html).toContain(text);
      expect(wrong.html).toMatch(/name="attribute\.team"[^>]*aria-invalid="true"/u);
      expect(wrong.html).not.toContain('attribute.grade');
      expect(await rooms.accounts.findByLogin('yan@example.com')).toBeUndefined();
      // What only operators set is not taken from a form.
      await yan.send(url.href, { ...DETAILS, password: GOOD, 'attribute.grade': 'A' });
      const made = await rooms.accounts.findByLogin('yan@example.com');
      expect(made?.attributes).toEqual({ team: 'blue' });
    });

    test('an address that is taken looks the same, gets a letter of its own, and no code makes it theirs', async () => {
      const [free, taken] = [node.visitor(), node.visitor()];
      const first = await withAddress(free, 'xia@example.com');
      const second = await withAddress(taken, 'ANN@example.com');
      const bare = (page: Seen): string =>
        page.html
          .replaceAll(/value="[^"]*"|\/interaction\/[\w-]+/gu, '')
          .replaceAll(/xia@example\.com|ANN@example\.com/gu, '');
      expect(bare(second)).toBe(bare(first));
      expect(second.status).toBe(first.status);
      const { codes, links } = await letter('ANN@example.com', 'account-exists');
      expect([codes, links]).toEqual([[], [`${node.issuer}/account`]]);
      // The very code that was made for it, were it guessed, leads nowhere.
      const tried = await taken.send(second.url.href, { code: '123456', action: 'continue' });
      expect(tried.status).toBe(422);
      const skipped = await taken.send(second.url.href, { ...DETAILS, password: GOOD });
      expect(skipped.html).toContain('name="code"');
    });

    test('whoever operators keep out is not written to, and the page looks as ever', async () => {
      const account = await rooms.accounts.findByLogin('ben@example.com');
      await rooms.accounts.disable(account?.id ?? '', BY_SELF);
      const page = await withAddress(node.visitor(), 'ben@example.com');
      expect(page.html).toContain('We sent a message to ben@example.com');
      // A later letter is there: an earlier one would be, too.
      await withAddress(node.visitor(), 'ann@example.com');
      await letter('ann@example.com', 'account-exists');
      expect(await node.letters('ben@example.com')).toEqual([]);
    });

    test('no step can be left out: details before the code make nothing', async () => {
      const wes = node.visitor();
      const page = await wes.get('/join');
      const sent = await wes.send(page.url.href, { ...DETAILS, password: GOOD });
      expect(sent.status).toBe(422);
      const code = await withAddress(wes, 'wes@example.com');
      expect((await wes.send(code.url.href, { ...DETAILS, password: GOOD })).status).toBe(422);
      const challenge = await wes.send(`${code.url.pathname}/passkey`);
      expect(challenge.status).toBe(409);
      expect(await rooms.accounts.findByLogin('wes@example.com')).toBeUndefined();
    });

    test('a code is of no use in another browser', async () => {
      const [vic, thief] = [node.visitor(), node.visitor()];
      const mine = await withAddress(vic, 'vic@example.com');
      const theirs = await withAddress(thief, 'thief@example.com');
      const { codes } = await letter('vic@example.com', 'verify-email');
      const code = { code: codes[0] ?? '', action: 'continue' };
      expect((await thief.send(theirs.url.href, code)).status).toBe(422);
      expect((await thief.get(mine.url.href)).status).toBe(400);
    });

    test('an invitation makes an account with all that it says; looking at it uses nothing up', async () => {
      const path = await invite('una@example.com', ['lab', 'gone'], ['keeper', 'lost']);
      for (let look = 0; look < 3; look += 1)
        expect((await node.visitor().get(path)).status).toBe(200);
      const una = node.visitor();
      const details = await accept(una, path);
      expect(details.html).toContain('una@example.com is confirmed');
      expect(details.html).not.toContain('name="username"');
      const done = await una.send(details.url.href, { ...DETAILS, password: GOOD });
      expect(done.url.pathname).toBe('/account');
      const made = await rooms.accounts.findByLogin('una@example.com');
      expect(made).toMatchObject({
        username: 'guest',
        emailVerified: true,
        attributes: { team: 'blue', grade: 'A' },
      });
      expect(await rooms.groups.rightsOf(made?.id ?? '', {})).toMatchObject({
        groups: ['lab'],
        roles: ['keeper'],
      });
      const logged = node.log.map(({ fields }) => fields['event']);
      expect(logged).toEqual(
        expect.arrayContaining(['joining.group_failed', 'joining.role_failed']),
      );
      expect((await node.visitor().get(path)).status).toBe(404);
    });

    test('of many who use one invitation at once, one gets the account', async () => {
      const path = await invite('tom@example.com');
      const count = rounds(16, 64);
      const crowd = await Promise.all(
        Array.from({ length: count }, async () => {
          const visitor = node.visitor();
          return { visitor, page: await accept(visitor, path) };
        }),
      );
      const ends = await Promise.all(
        crowd.map(({ visitor, page }, index) =>
          visitor.send(page.url.href, { ...DETAILS, name: `Tom ${index}`, password: GOOD }, page),
        ),
      );
      expect(ends.filter(({ url }) => url.pathname === '/account')).toHaveLength(1);
    });

    test('an invitation that was taken back is of no use, also to whoever has accepted it', async () => {
      const path = await invite('sue@example.com');
      const sue = node.visitor();
      const details = await accept(sue, path);
      await rooms.tickets.withdraw('invitation', 'sue@example.com');
      await sue.send(details.url.href, { ...DETAILS, password: GOOD });
      expect(await rooms.accounts.findByLogin('sue@example.com')).toBeUndefined();
    });

    test('a passkey takes the place of a password, and is told in the session', async () => {
      const roy = node.visitor();
      const details = await withCode(roy, 'roy@example.com');
      const page = await roy.send(details.url.href, { ...DETAILS, action: 'passkey' });
      expect(page.html).toContain('data-passkey-create');
      const challenge = `${page.url.pathname}/passkey`;
      const options: unknown = JSON.parse((await roy.send(challenge, {}, page)).html);
      const made = createSoftwareAuthenticator({ origin: node.issuer }).create(options);
      const credential = JSON.stringify(made);
      const done = await roy.send(page.url.href, { credential, action: 'continue' }, page);
      expect(done.url.pathname).toBe('/account');
      const account = await rooms.accounts.findByLogin('roy@example.com');
      expect(account).toMatchObject({ hasPassword: false, emailVerified: true });
      expect(await rooms.factors.passkeys.list(account?.id ?? '')).toHaveLength(1);
    });

    test('a page that was left open has no right to an account that its owner has got into since', async () => {
      const left = node.visitor();
      const details = await withCode(left, 'quin@example.com');
      const page = await left.send(details.url.href, { ...DETAILS, action: 'passkey' });
      const account = await rooms.accounts.findByLogin('quin@example.com');
      const id = account?.id ?? '';
      await rooms.accounts.setPassword(id, GOOD, BY_SELF);
      const late = { password: 'the password of somebody else', action: 'password' };
      const end = await left.send(page.url.href, late, page);
      expect(end.url.pathname).toMatch(/\/join$/u);
      const origin = { address: '127.0.0.1' };
      const attempt = { login: 'quin@example.com', password: GOOD, origin };
      expect((await rooms.accounts.verifyPassword(attempt)).kind).toBe('verified');
    });

    test('more letters are to be had for work that was done, each time anew', async () => {
      const page = await node.visitor().get('/join');
      const text = /data-work="(?<work>[^"]+)"/u.exec(page.html)?.groups?.['work'] ?? '';
      const task = JSON.parse(text.replaceAll('&#34;', '"').replaceAll('&amp;', '&')) as Record<
        string,
        string
      >;
      const { challenge = '', salt = '', algorithm = '', signature } = task;
      const isRight = (number: number): boolean =>
        createHash('sha256').update(`${salt}${number}`).digest('hex') === challenge;
      const number = Array.from({ length: 50_001 }, (_, index) => index).findIndex(isRight);
      const work = JSON.stringify({ algorithm, challenge, number, salt, signature });
      const counts = (): Promise<readonly number[]> =>
        Promise.all(['network', 'unproven'].map(counterOf));
      const before = await counts();
      const ask = async (email: string): Promise<void> => {
        const visitor = node.visitor();
        const { url } = await visitor.get('/join');
        await visitor.send(url.href, { email, work, action: 'continue' });
      };
      await ask('pia@example.com');
      // The same solution once more is none.
      await ask('pit@example.com');
      const after = await counts();
      expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1]);
    });

    async function counterOf(kind: string): Promise<number> {
      return await rooms.state.count(`quota:joining:${kind}:${sha256('127.0.0.1')}`, 0, 3600);
    }
  });
}
