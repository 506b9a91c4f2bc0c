import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAudit } from '../../../src/audit/list-audit.ts';
import type { Rooms } from '../../../src/compose.ts';
import {
  openAccountNode,
  PASSWORD,
  type AccountNode,
  type Seen,
  type Visitor,
} from '../../support/account-node.ts';
import { codeOf } from '../../support/app-codes.ts';
import { rounds } from '../../support/counts.ts';

/** A node over the stores that `open` gives settings for. */
export interface Stores {
  readonly settings: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

const NEW = 'a horse on a battery staple';
const ACTOR = { by: 'test', origin: { address: 'test' } };
const ORIGIN = { address: '127.0.0.1' };

/** How people get back into their account, on any stores. */
export function recoveryContract(name: string, open: () => Promise<Stores>): void {
  describe(name, () => {
    let node: AccountNode;
    let stores: Stores;
    let rooms: Rooms;
    let aheadMs = 0;
    const seen = new Set<string>();
    beforeAll(async () => {
      stores = await open();
      node = await openAccountNode({ recovery: { perAddress: 10_000 }, ...stores.settings });
      rooms = await node.openRooms();
    });
    afterAll(async () => {
      await rooms.close();
      await node.close();
      await stores.close();
    });

    async function idOf(login: string): Promise<string> {
      return (await rooms.accounts.findByLogin(login))?.id ?? '';
    }

    async function signsIn(login: string, password: string): Promise<boolean> {
      const outcome = await rooms.accounts.verifyPassword({ login, password, origin: ORIGIN });
      return outcome.kind === 'verified';
    }

    async function ask(login: string): Promise<Seen> {
      const visitor = node.visitor();
      await visitor.get('/recover');
      return await visitor.send('/recover', { login, action: 'continue' });
    }

    async function links(login: string): Promise<readonly string[]> {
      const all = await node.letters(`${login}@example.com`);
      return all.filter((one) => one.name === 'recovery').flatMap((one) => one.links);
    }

    /** The path in the letter that has come since this was last asked. */
    async function linkTo(login: string): Promise<string> {
      const unseen = async (): Promise<string | undefined> =>
        (await links(login)).find((link) => !seen.has(link));
      await expect.poll(unseen).toBeDefined();
      const link = (await unseen()) ?? '';
      seen.add(link);
      expect(link).toMatch(new RegExp(`^${node.issuer}/recover/link/`, 'u'));
      return new URL(link).pathname;
    }

    /** To the first step behind the link. */
    async function follow(visitor: Visitor, path: string): Promise<Seen> {
      await visitor.get(path);
      return await visitor.send(path, { action: 'continue' });
    }

    function advance(seconds: number): void {
      node.clock.advance(seconds);
      aheadMs += seconds * 1000;
    }

    function codeNow(key: string): string {
      return codeOf(key, Date.now() + aheadMs);
    }

    async function enrolApp(login: string): Promise<string> {
      const id = await idOf(login);
      const begun = await rooms.factors.totp.beginEnrolment(id);
      const key = begun?.key ?? '';
      const answer = { accountId: id, sealed: begun?.sealed ?? '', code: codeNow(key) };
      expect(await rooms.factors.totp.finishEnrolment({ ...answer, actor: ACTOR })).toBe(true);
      return key;
    }

    test('a new password comes of the letter; sessions end, the person is told, a lock is lifted', async () => {
      const ann = node.visitor();
      await ann.get('/account');
      expect((await ann.signIn('ann')).url.pathname).toBe('/account');
      await rooms.accounts.lock(await idOf('ann'), ACTOR);

      expect((await ask('Ann@example.com')).url.pathname).toBe('/recover/sent');
      const other = node.visitor();
      const step = await follow(other, await linkTo('ann'));
      const short = await other.send(step.url.href, { password: 'short', action: 'continue' });
      expect([short.status, short.html]).toEqual([422, expect.stringContaining('Use at least')]);
      const done = await other.send(step.url.href, { password: NEW, action: 'continue' });
      expect(done.html).toContain('You are back');

      expect(await signsIn('ann', NEW)).toBe(true);
      expect(await signsIn('ann', PASSWORD)).toBe(false);
      expect((await ann.get('/account')).url.pathname).toMatch(/^\/interaction/u);
      const told = await node.letters('ann@example.com');
      const notice = told.find((one) => one.name === 'notice');
      expect(notice?.links[0]).toContain('/account/not-me/');
      // The flow is over, and so is the link.
      expect((await other.get(step.url.href)).status).toBe(404);
    });

    test('whoever has a second factor shows it, also while the account is locked', async () => {
      const key = await enrolApp('ben');
      await rooms.accounts.lock(await idOf('ben'), ACTOR);
      await ask('ben');
      const ben = node.visitor();
      const step = await follow(ben, await linkTo('ben'));
      expect(step.html).toContain('Code from the app');
      // Neither the fields of the next step nor a wrong code lead by it.
      const skipped = await ben.send(step.url.href, { password: NEW, action: 'continue' });
      expect([skipped.status, skipped.html]).toEqual([422, expect.stringContaining('the app')]);
      const wrong = await ben.send(step.url.href, { code: '000000', method: 'totp' });
      expect(wrong.status).toBe(401);
      expect(await signsIn('ben', NEW)).toBe(false);
      advance(60);
      const code = codeNow(key);
      const next = await ben.send(step.url.href, { code, method: 'totp', action: 'continue' });
      expect(next.html).toContain('Choose a new password');
      const done = await ben.send(step.url.href, { password: NEW, action: 'continue' });
      expect(done.html).toContain('You are back');
      expect(await signsIn('ben', NEW)).toBe(true);

      // On record in the order in which it happened, from where, and without anything to get in with.
      const told = await listAudit(rooms.records, { accountId: await idOf('ben'), limit: 50 });
      const events = told.map(({ event }) => event).toReversed();
      const types = events.map((event) => Object(event).type);
      expect(types.slice(types.indexOf('account.locked'))).toEqual([
        'account.locked',
        'account.recovery_link_made',
        'factor.failed',
        'sign_in.failed',
        'factor.used',
        'revocation',
        'account.password_set',
        'account.recovered',
      ]);
      expect(events.at(-1)).toMatchObject({ by: 'self', origin: ORIGIN });
      const text = JSON.stringify(events);
      for (const secret of [code, NEW, key, (await links('ben'))[0]?.split('/').at(-1)])
        expect(text).not.toContain(secret);
    });

    test('in no order do the steps lead anywhere without the second factor', async () => {
      await enrolApp('cat');
      await ask('cat');
      const thief = node.visitor();
      const { url } = await follow(thief, await linkTo('cat'));
      const moves: readonly Readonly<Record<string, string>>[] = [
        {},
        { password: NEW },
        { code: '123456', method: 'totp' },
        { code: 'ABCD-EFGH-IJKL-MNOP', method: 'recovery-code' },
        { credential: '{}', method: 'passkey' },
        { code: '', password: NEW, method: 'email-code' },
      ];
      const move = fc.record({
        fields: fc.constantFrom(...moves),
        action: fc.constantFrom('continue', 'passkey', 'password', 'again', 'restart', ''),
        path: fc.constantFrom(url.pathname, `${url.pathname}/passkey`, `${url.pathname}?with=x`),
        isLook: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(move, { minLength: 4, maxLength: 12 }), async (steps) => {
          await thief.get(url.pathname);
          for (const { fields, action, path, isLook } of steps) {
            await (isLook ? thief.get(url.pathname) : thief.send(path, { ...fields, action }));
          }
          const page = await thief.get(url.pathname);
          expect(page.html).not.toContain('Choose a new password');
        }),
        { numRuns: rounds(6, 100), endOnFailure: true },
      );
      expect(await signsIn('cat', PASSWORD)).toBe(true);
    });

    test('nobody, somebody unverified and somebody who is kept out get the same page and no letter', async () => {
      await rooms.accounts.disable(await idOf('dan'), ACTOR);
      const bare = ({ status, url, html }: Seen): unknown => [status, url.pathname, html];
      const pages = await Promise.all(
        ['nobody@example.com', 'mia', 'dan', 'eve'].map(async (login) => bare(await ask(login))),
      );
      for (const page of pages) expect(page).toEqual(pages[0]);
      await linkTo('eve');
      expect([...(await links('dan')), ...(await links('mia'))]).toEqual([]);
    });

    test('looking at the link uses nothing up, as mail scanners do; of many who use it at once, one goes on', async () => {
      await ask('fay');
      const path = await linkTo('fay');
      for (let look = 0; look < 3; look += 1)
        expect((await node.visitor().get(path)).html).toContain('Go on here');
      const page = await node.visitor().get(path);
      const crowd = await Promise.all(
        Array.from({ length: 64 }, () => node.visitor().send(path, { action: 'continue' }, page)),
      );
      const gone = crowd.filter(({ status }) => status === 404);
      expect(gone).toHaveLength(63);
      expect((await node.visitor().get(path)).status).toBe(404);
    });

    test('a letter is good until the next, and for a quarter of an hour', async () => {
      await ask('gus');
      const first = await linkTo('gus');
      await ask('gus');
      const second = await linkTo('gus');
      expect((await node.visitor().get(first)).status).toBe(404);
      expect((await node.visitor().get(second)).status).toBe(200);
      advance(901);
      expect((await node.visitor().get(second)).status).toBe(404);
    });

    test('what began in one browser goes on in no other', async () => {
      await ask('hal');
      const step = await follow(node.visitor(), await linkTo('hal'));
      const thief = node.visitor();
      expect((await thief.get(step.url.href)).status).toBe(404);
      const sent = await thief.send(step.url.href, { password: NEW, action: 'continue' }, step);
      expect(sent.status).toBe(404);
      expect(await signsIn('hal', PASSWORD)).toBe(true);
    });

    test('asking on and on sends no more letters, and the last one stays good', async () => {
      let last = '';
      for (let count = 1; count <= 5; count += 1) {
        await ask('ida');
        last = await linkTo('ida');
      }
      expect((await ask('ida')).url.pathname).toBe('/recover/sent');
      await ask('jon');
      await linkTo('jon');
      expect(await links('ida')).toHaveLength(5);
      expect((await node.visitor().get(last)).status).toBe(200);
    });

    test('a letter to an address that the account has no more is worth nothing (a thief had changed it)', async () => {
      await ask('lee');
      const [path, id] = [await linkTo('lee'), await idOf('lee')];
      await rooms.accounts.setEmail(id, { address: 'lee@new.example', isVerified: true }, ACTOR);
      expect((await follow(node.visitor(), path)).status).toBe(404);
      expect(await signsIn('lee', PASSWORD)).toBe(true);
    });

    test('an operator hands over the same link to whoever has no verified address', async () => {
      const about = await idOf('mia');
      const { token } = await rooms.tickets.issue({ kind: 'recovery', about });
      const mia = node.visitor();
      const step = await follow(mia, `/recover/link/${token}`);
      await mia.send(step.url.href, { password: NEW, action: 'continue' });
      expect(await signsIn('mia', NEW)).toBe(true);
    });

    test('whoever is disabled meanwhile goes on nowhere', async () => {
      await ask('kim');
      const kim = node.visitor();
      const step = await follow(kim, await linkTo('kim'));
      await rooms.accounts.disable(await idOf('kim'), ACTOR);
      expect((await kim.send(step.url.href, { password: NEW })).status).toBe(404);
    });
  });
}
