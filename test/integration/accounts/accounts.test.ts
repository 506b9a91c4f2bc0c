import { describe, expect, test } from 'vitest';
import { AccountExists, InvalidAccount } from '../../../src/accounts/accounts.ts';
import { ACTOR, openPeople } from './fixture.ts';

const origin = { address: '192.0.2.1' };
const password = 'a long enough password';

describe('accounts', () => {
  test('a person is found by id, e-mail address and username, however they are written', async () => {
    const { accounts } = await openPeople();
    const alice = await accounts.create(
      { username: 'Alice', email: 'Alice@Example.com', claims: { name: 'Alice' } },
      ACTOR,
    );
    expect(await accounts.find(alice.id)).toEqual(alice);
    for (const login of ['alice', ' ALICE ', 'ａlice', 'alice@example.com', 'ALICE@EXAMPLE.COM']) {
      expect(await accounts.findByLogin(login)).toEqual(alice);
    }
    expect(await accounts.findByLogin('alic')).toBeUndefined();
    expect(await accounts.findByLogin('a b')).toBeUndefined();
    expect(await accounts.find('alice')).toBeUndefined();
  });

  test('every field comes back as it was given', async () => {
    const { accounts, clock } = await openPeople();
    const given = {
      id: 'auth0|1234',
      username: 'alice',
      email: 'alice@example.com',
      emailVerified: true,
      claims: { name: 'Alice', address: { country: 'Germany' } },
      attributes: { roles: ['admin'], level: 3 },
      owner: true,
    };
    expect(await accounts.create(given, ACTOR)).toEqual({
      ...given,
      phone: undefined,
      state: 'active',
      expiresAt: undefined,
      hasPassword: false,
      mustChangePassword: false,
      terms: undefined,
      createdAt: clock.now(),
      updatedAt: clock.now(),
    });
  });

  test('a sign-in name is given once, in whatever case, and nothing is left of the second', async () => {
    const { accounts } = await openPeople();
    await accounts.create({ username: 'alice', email: 'alice@example.com' }, ACTOR);
    for (const taken of [{ username: 'ALICE' }, { email: 'Alice@example.com', username: 'al' }]) {
      await expect(accounts.create(taken, ACTOR)).rejects.toThrow(AccountExists);
    }
    expect(await accounts.list({ limit: 10 })).toHaveLength(1);
  });

  test('two that ask for one name at the same time: one gets it', async () => {
    const { accounts } = await openPeople();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => accounts.create({ username: 'alice' }, ACTOR)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('the id of a deleted account is never given again', async () => {
    const { accounts, records, clock } = await openPeople();
    const retired = { id: 'p-1', retired_at: clock.now() };
    await records.write(records.queries.insertInto('retired_account').values(retired));
    await expect(accounts.create({ id: 'p-1', username: 'eve' }, ACTOR)).rejects.toThrow(
      AccountExists,
    );
  });

  test('a password is never kept', async () => {
    const { accounts, records } = await openPeople();
    await accounts.create({ username: 'alice', password }, ACTOR);
    const rows = await records.all(records.queries.selectFrom('account').selectAll());
    expect(rows[0]?.password_hash).toMatch(/^\$argon2id\$v=19\$/);
    expect(JSON.stringify(rows)).not.toContain(password);
  });

  test('a list goes on where it ended, while people come and go', async () => {
    const { accounts } = await openPeople();
    for (let index = 0; index < 25; index += 1) {
      await accounts.create({ username: `person-${index}` }, ACTOR);
    }
    const seen: string[] = [];
    for (let after: string | undefined; ; after = seen.at(-1)) {
      const page = await accounts.list({ after, limit: 10 });
      seen.push(...page.map(({ id }) => id));
      if (page.length < 10) break;
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
  });
});

describe('changing accounts', () => {
  test('a disabled person cannot sign in, their tokens fall, and enabling lets them in again', async () => {
    const { accounts, revoked } = await openPeople();
    const { id } = await accounts.create({ username: 'alice', password }, ACTOR);
    expect(await accounts.disable(id, ACTOR)).toBe(true);
    expect(revoked).toEqual([{ accountId: id, reason: 'account.disabled' }]);
    expect(await accounts.find(id)).toMatchObject({ state: 'disabled' });
    expect(await accounts.verifyPassword({ login: 'alice', password, origin })).toEqual({
      kind: 'refused',
    });
    expect(await accounts.enable(id, ACTOR)).toBe(true);
    expect(await accounts.verifyPassword({ login: 'alice', password, origin })).toMatchObject({
      kind: 'verified',
    });
  });

  test('disabling again is no mistake, and takes back what was issued meanwhile', async () => {
    const { accounts, revoked, records, clock } = await openPeople();
    const { id } = await accounts.create({ username: 'alice' }, ACTOR);
    await accounts.disable(id, ACTOR);
    const at = clock.now();
    clock.advance(60);
    expect(await accounts.disable(id, ACTOR)).toBe(true);
    expect(revoked).toHaveLength(2);
    const row = await records.first(records.queries.selectFrom('account').select('disabled_at'));
    expect(row?.disabled_at).toBe(at);
  });

  test('a new password replaces the old one and ends what was signed in with it', async () => {
    const { accounts, revoked } = await openPeople();
    const { id } = await accounts.create({ username: 'alice', password }, ACTOR);
    expect(await accounts.setPassword(id, 'another long password', ACTOR)).toBe(true);
    expect(revoked).toEqual([{ accountId: id, reason: 'account.password_set' }]);
    const signIn = (typed: string): Promise<{ kind: string }> =>
      accounts.verifyPassword({ login: 'alice', password: typed, origin });
    expect((await signIn(password)).kind).toBe('refused');
    expect((await signIn('another long password')).kind).toBe('verified');
  });

  test('a new password obeys the rules', async () => {
    const { accounts, revoked } = await openPeople();
    const { id } = await accounts.create({ username: 'alice-smith', password }, ACTOR);
    for (const weak of ['short', 'password123', 'alice-smith1', 'x'.repeat(1025)]) {
      await expect(accounts.setPassword(id, weak, ACTOR)).rejects.toThrow(InvalidAccount);
    }
    expect(revoked).toEqual([]);
  });

  test('nobody is changed under an id that nobody has', async () => {
    const { accounts, revoked, events } = await openPeople();
    expect(await accounts.disable('nobody', ACTOR)).toBe(false);
    expect(await accounts.enable('nobody', ACTOR)).toBe(false);
    expect(await accounts.setPassword('nobody', password, ACTOR)).toBe(false);
    expect(revoked).toEqual([]);
    expect(await events()).toEqual([]);
  });

  test('every change is audited, with who did it', async () => {
    const { accounts, events } = await openPeople();
    const { id } = await accounts.create({ username: 'alice' }, ACTOR);
    await accounts.setPassword(id, password, ACTOR);
    await accounts.disable(id, ACTOR);
    await accounts.enable(id, ACTOR);
    const told = ['created', 'password_set', 'disabled', 'enabled'];
    expect(await events()).toEqual(
      told.map((what) => ({
        type: `account.${what}`,
        accountId: id,
        by: 'cli',
        origin: ACTOR.origin,
      })),
    );
  });

  test('a change that cannot be taken back everywhere at once is told, and audited all the same', async () => {
    const people = await openPeople();
    const { id } = await people.accounts.create({ username: 'alice' }, ACTOR);
    people.revocation.revoke = async () => await Promise.reject(new Error('not confirmed'));
    await expect(people.accounts.disable(id, ACTOR)).rejects.toThrow('not confirmed');
    expect(await people.accounts.find(id)).toMatchObject({ state: 'disabled' });
    expect((await people.events()).at(-1)).toMatchObject({ type: 'account.disabled' });
  });
});
