import { describe, expect, test } from 'vitest';
import { AccountExists, InvalidAccount, type Account } from '../../../src/accounts/accounts.ts';
import { accountsConfig } from '../../../src/accounts/attributes-config.ts';
import { startExpiry } from '../../../src/accounts/expiry.ts';
import { ACTOR, CHEAP, openPeople, type People } from './fixture.ts';

const origin = { address: '192.0.2.1' };
const password = 'a long enough password';
const SELF = { editor: 'person', actor: { by: 'self', origin } } as const;
const OPERATOR = { editor: 'operator', actor: ACTOR } as const;

async function openAlice(): Promise<People & { readonly alice: Account }> {
  const people = await openPeople();
  const alice = await people.accounts.create(
    { username: 'alice', email: 'alice@example.com', password, claims: { name: 'Alice' } },
    ACTOR,
  );
  return { ...people, alice };
}

async function signIn({ accounts }: Pick<People, 'accounts'>, typed = password): Promise<string> {
  return (await accounts.verifyPassword({ login: 'alice', password: typed, origin })).kind;
}

describe('the states of an account', () => {
  test('a locked account lets nobody in, has lost its tokens, and is recovered by a new password', async () => {
    const people = await openAlice();
    const { accounts, alice, revoked } = people;
    expect(await accounts.lock(alice.id, ACTOR)).toBe(true);
    expect(await accounts.find(alice.id)).toMatchObject({ state: 'locked' });
    expect(await signIn(people)).toBe('refused');
    expect(revoked).toEqual([{ accountId: alice.id, reason: 'account.locked' }]);
    expect((await people.events()).at(-1)).toMatchObject({
      type: 'sign_in.failed',
      reason: 'locked',
    });
    await accounts.setPassword(alice.id, 'another long password', ACTOR);
    expect(await accounts.find(alice.id)).toMatchObject({ state: 'active' });
    expect(await signIn(people, 'another long password')).toBe('verified');
  });

  test('an operator unlocks; what an operator disabled stays so, locked or not', async () => {
    const { accounts, alice } = await openAlice();
    await accounts.lock(alice.id, ACTOR);
    await accounts.disable(alice.id, ACTOR);
    await accounts.setPassword(alice.id, 'another long password', ACTOR);
    expect(await accounts.find(alice.id)).toMatchObject({ state: 'disabled' });
    await accounts.lock(alice.id, ACTOR);
    await accounts.enable(alice.id, ACTOR);
    expect(await accounts.find(alice.id)).toMatchObject({ state: 'locked' });
    await accounts.unlock(alice.id, ACTOR);
    expect(await accounts.find(alice.id)).toMatchObject({ state: 'active' });
  });

  test('an account expires by the clock, without anything being written', async () => {
    const people = await openAlice();
    const { accounts, alice, clock, revoked } = people;
    await accounts.setExpiry(alice.id, clock.now() + 60, ACTOR);
    expect(await signIn(people)).toBe('verified');
    clock.advance(60);
    expect(await accounts.find(alice.id)).toMatchObject({ state: 'expired' });
    expect(await signIn(people)).toBe('refused');
    expect(revoked).toEqual([]);
    await accounts.setExpiry(alice.id, undefined, ACTOR);
    expect(await signIn(people)).toBe('verified');
  });

  test('who is made with their time over already holds nothing to take back', async () => {
    const people = await openPeople();
    const { id } = await people.accounts.create({ username: 'alice', expiresAt: 1 }, ACTOR);
    expect(await people.accounts.find(id)).toMatchObject({ state: 'expired' });
    const expiry = startExpiry({ ...people, logger: silent });
    await settled();
    await expiry.close();
    expect(people.revoked).toEqual([]);
  });

  test('an expiry in the past ends everything at once', async () => {
    const people = await openAlice();
    await people.accounts.setExpiry(people.alice.id, people.clock.now(), ACTOR);
    expect(people.revoked).toEqual([{ accountId: people.alice.id, reason: 'account.expiry_set' }]);
  });

  test('when accounts expire their tokens are taken back within the second, once, on two nodes', async () => {
    const people = await openAlice();
    const { accounts, alice, clock, revoked } = people;
    const bob = await accounts.create({ username: 'bob', expiresAt: clock.now() + 25 }, ACTOR);
    await accounts.setExpiry(alice.id, clock.now() + 15, ACTOR);
    const nodes = [1, 2].map(() => startExpiry({ ...people, logger: silent }));
    const told = async (): Promise<readonly unknown[]> =>
      (await people.events()).filter(({ type }) => type === 'account.expired');
    for (const [seconds, ids] of [
      [14, []],
      [1, [alice.id]],
      [9, [alice.id]],
      [1, [alice.id, bob.id]],
      [100, [alice.id, bob.id]],
    ] as const) {
      for (let second = 0; second < seconds; second += 1) {
        clock.advance(1);
        await settled();
      }
      expect([...new Set(revoked.map(({ accountId }) => accountId))]).toEqual(ids);
      await expect.poll(told).toHaveLength(ids.length);
    }
    await Promise.all(nodes.map((node) => node.close()));
  });

  test('a deleted person is gone for good with what they allowed, and their id with them', async () => {
    const people = await openPeople();
    const accounts = people.open({ argon2: CHEAP }, undefined, {
      belongings: [(queries, id) => [queries.deleteFrom('consent').where('account_id', '=', id)]],
    });
    const alice = await accounts.create({ username: 'alice', password }, ACTOR);
    const { queries } = people.records;
    for (const account_id of [alice.id, 'other']) {
      const row = { account_id, client_id: 'app', allowed: '{}', granted_at: 1, updated_at: 1 };
      await people.records.write(queries.insertInto('consent').values(row));
    }
    expect(await accounts.delete(alice.id, ACTOR)).toBe(true);
    expect(await accounts.find(alice.id)).toBeUndefined();
    expect(await signIn({ accounts })).toBe('refused');
    expect(people.revoked).toEqual([{ accountId: alice.id, reason: 'account.deleted' }]);
    expect(await people.records.all(queries.selectFrom('consent').selectAll())).toMatchObject([
      { account_id: 'other' },
    ]);
    await expect(accounts.create({ id: alice.id, username: 'eve' }, ACTOR)).rejects.toThrow(
      AccountExists,
    );
    expect(await accounts.delete(alice.id, ACTOR)).toBe(false);
    // The name is free, the person another.
    expect((await accounts.create({ username: 'alice' }, ACTOR)).id).not.toBe(alice.id);
    expect((await people.events()).map(({ type }) => type)).toContain('account.deleted');
  });

  test('who must change their password is told to until they have', async () => {
    const people = await openAlice();
    const { accounts, alice } = people;
    await accounts.requirePasswordChange(alice.id, ACTOR);
    const attempt = { login: 'alice', password, origin };
    expect(await accounts.verifyPassword(attempt)).toMatchObject({
      account: { mustChangePassword: true },
    });
    await accounts.setPassword(alice.id, 'another long password', ACTOR);
    expect(await accounts.find(alice.id)).toMatchObject({ mustChangePassword: false });
  });

  test('operators see what was counted towards the limits, and reset it', async () => {
    const people = await openAlice();
    const { accounts, alice } = people;
    expect(await accounts.limits(alice.id)).toEqual([]);
    for (let count = 0; count < 3; count += 1) await signIn(people, 'wrong');
    expect(await accounts.limits(alice.id)).toEqual([
      { who: 'strangers', login: 'alice', failures: 3, max: 30, forgottenAfterSeconds: 2_592_000 },
    ]);
    expect(await accounts.resetLimits(alice.id, ACTOR)).toBe(true);
    expect(await accounts.limits(alice.id)).toEqual([]);
    expect(await accounts.resetLimits('nobody', ACTOR)).toBe(false);
  });
});

describe('what is known of a person', () => {
  test('people change their own data: what is left out stays, null takes away', async () => {
    const { accounts, alice, clock } = await openAlice();
    clock.advance(5);
    const claims = { name: null, given_name: 'Alice', picture: 'https://a.example/p.png' };
    expect(await accounts.update(alice.id, { claims }, SELF)).toBe(true);
    expect(await accounts.find(alice.id)).toMatchObject({
      username: 'alice',
      email: 'alice@example.com',
      claims: { given_name: 'Alice', picture: 'https://a.example/p.png' },
      updatedAt: alice.updatedAt + 5,
    });
    expect((await accounts.find(alice.id))?.claims).not.toHaveProperty('name');
  });

  test.each([
    [{ claims: { phone_number_verified: true } }, 'cannot be changed by the person'],
    [{ claims: { picture: 'http://a.example/p.png' } }, 'must begin with https://'],
    [{ claims: { picture: 'javascript:alert(1)' } }, 'claims.picture'],
    [{ claims: { sub: 'x' } }, 'cannot be changed by the person'],
    [{ attributes: { roles: ['admin'] } }, 'cannot be changed by the person'],
    [{ username: 'a b' }, 'username'],
  ])('a person cannot write %j', async (changes, problem) => {
    const { accounts, alice } = await openAlice();
    const change = accounts.update(alice.id, changes, SELF);
    await expect(change).rejects.toThrow(InvalidAccount);
    await expect(change).rejects.toThrow(problem);
    expect(await accounts.find(alice.id)).toEqual(alice);
  });

  test('attributes go by the schema at every door', async () => {
    const people = await openPeople();
    const { attributes } = accountsConfig.parse({
      attributes: [
        { name: 'team', type: 'enum', values: ['red', 'blue'] },
        { name: 'motto', type: 'string', editableBy: 'person' },
      ],
    });
    const accounts = people.open({ argon2: CHEAP }, undefined, { attributes });
    const alice = { username: 'alice', attributes: { team: 'red' } };
    const { id } = await accounts.create(alice, ACTOR);
    await expect(
      accounts.create({ username: 'bob', attributes: { team: 'green' } }, ACTOR),
    ).rejects.toThrow('must be one of');
    await accounts.update(id, { attributes: { motto: 'Onwards' } }, SELF);
    await expect(accounts.update(id, { attributes: { team: 'blue' } }, SELF)).rejects.toThrow(
      InvalidAccount,
    );
    await accounts.update(id, { attributes: { team: 'blue' } }, OPERATOR);
    expect(await accounts.find(id)).toMatchObject({
      attributes: { team: 'blue', motto: 'Onwards' },
    });
  });

  test('an attribute that is required since keeps nobody from changing something else', async () => {
    const people = await openAlice();
    const { attributes } = accountsConfig.parse({
      attributes: [{ name: 'team', type: 'string', required: true }],
    });
    const accounts = people.open({ argon2: CHEAP }, undefined, { attributes });
    expect(await accounts.update(people.alice.id, { claims: { locale: 'de' } }, SELF)).toBe(true);
    await expect(
      accounts.update(people.alice.id, { attributes: { team: 1 } }, OPERATOR),
    ).rejects.toThrow('must be text');
    await expect(accounts.create({ username: 'bob' }, ACTOR)).rejects.toThrow('team: is missing');
  });

  test('two who change different things at once both get theirs', async () => {
    const { accounts, alice } = await openAlice();
    await Promise.all([
      accounts.update(alice.id, { claims: { nickname: 'Al' } }, SELF),
      accounts.update(alice.id, { claims: { locale: 'de' } }, SELF),
      accounts.setEmail(alice.id, { address: 'al@example.com', isVerified: true }, ACTOR),
    ]);
    expect(await accounts.find(alice.id)).toMatchObject({
      email: 'al@example.com',
      emailVerified: true,
      claims: { name: 'Alice', nickname: 'Al', locale: 'de' },
    });
  });

  test('an e-mail address is one person’s, and verified only while it is theirs', async () => {
    const { accounts, alice, events } = await openAlice();
    const bob = await accounts.create({ email: 'bob@example.com' }, ACTOR);
    const taken = { address: 'BOB@example.com', isVerified: true };
    await expect(accounts.setEmail(alice.id, taken, ACTOR)).rejects.toThrow(AccountExists);
    await expect(
      accounts.setEmail(alice.id, { address: 'nowhere', isVerified: true }, ACTOR),
    ).rejects.toThrow(InvalidAccount);
    await expect(accounts.setEmail(bob.id, undefined, ACTOR)).rejects.toThrow('the only name');
    expect(await accounts.verifyEmail(alice.id, 'bob@example.com', ACTOR)).toBe(false);
    expect(await accounts.verifyEmail(alice.id, 'Alice@example.com', ACTOR)).toBe(true);
    expect(await accounts.find(alice.id)).toMatchObject({ emailVerified: true });
    await accounts.setEmail(alice.id, { address: 'al@example.com', isVerified: false }, ACTOR);
    expect(await accounts.find(alice.id)).toMatchObject({ emailVerified: false });
    await accounts.setEmail(alice.id, undefined, ACTOR);
    expect((await accounts.find(alice.id))?.email).toBeUndefined();
    expect((await events()).map(({ type }) => type).slice(2)).toEqual([
      'account.email_verified',
      'account.email_changed',
      'account.email_changed',
    ]);
  });

  test('a telephone number to sign in by is one person’s, and theirs while the claims say so', async () => {
    const { accounts, alice } = await openAlice();
    const phone = '+15551234567';
    expect(await accounts.update(alice.id, { phone }, OPERATOR)).toBe(true);
    expect(await accounts.findByPhone(phone)).toMatchObject({
      id: alice.id,
      phone,
      claims: { name: 'Alice', phone_number: phone, phone_number_verified: true },
    });
    await expect(accounts.create({ phone }, ACTOR)).rejects.toThrow(AccountExists);
    expect(await accounts.check({ phone })).toEqual([`phone: belongs to the account ${alice.id}`]);
    await expect(accounts.create({ phone: '555 1234' }, ACTOR)).rejects.toThrow(InvalidAccount);
    await expect(accounts.update(alice.id, { phone }, SELF)).rejects.toThrow(
      'phone: cannot be changed by the person',
    );
    await accounts.update(alice.id, { claims: { name: 'Al' } }, SELF);
    expect(await accounts.findByPhone(phone)).toMatchObject({ id: alice.id });

    await accounts.update(alice.id, { claims: { phone_number: '+15557654321' } }, OPERATOR);
    expect(await accounts.findByPhone(phone)).toBeUndefined();
    const moved = await accounts.find(alice.id);
    expect(moved).toMatchObject({ phone: undefined, claims: { phone_number: '+15557654321' } });
    expect(moved?.claims).not.toHaveProperty('phone_number_verified');
    const other = await accounts.create({ username: 'bob', phone }, ACTOR);
    await accounts.update(other.id, { phone: null }, OPERATOR);
    expect(await accounts.find(other.id)).toMatchObject({ phone: undefined });
    expect(await accounts.findByPhone(phone)).toBeUndefined();
  });

  test('the terms that were accepted are kept with their time, and are on record', async () => {
    const { accounts, alice, clock, events } = await openAlice();
    expect(alice.terms).toBeUndefined();
    await accounts.acceptTerms(alice.id, '2026-11', ACTOR);
    expect(await accounts.find(alice.id)).toMatchObject({
      terms: { version: '2026-11', acceptedAt: clock.now() },
    });
    expect((await events()).at(-1)).toMatchObject({
      type: 'account.terms_accepted',
      version: '2026-11',
    });
    await expect(accounts.acceptTerms(alice.id, 'a b', ACTOR)).rejects.toThrow(InvalidAccount);
  });

  test('nobody is changed under an id that nobody has', async () => {
    const { accounts, events } = await openPeople();
    expect(await accounts.update('nobody', {}, SELF)).toBe(false);
    expect(await accounts.setEmail('nobody', undefined, ACTOR)).toBe(false);
    expect(await accounts.acceptTerms('nobody', '1', ACTOR)).toBe(false);
    expect(await accounts.lock('nobody', ACTOR)).toBe(false);
    expect(await accounts.unlock('nobody', ACTOR)).toBe(false);
    expect(await accounts.setExpiry('nobody', 1, ACTOR)).toBe(false);
    expect(await accounts.requirePasswordChange('nobody', ACTOR)).toBe(false);
    expect(await events()).toEqual([]);
  });
});

const silent = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

/** Lets what was woken run until it sleeps again. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}
