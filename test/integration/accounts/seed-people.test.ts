import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { InvalidAccount } from '../../../src/accounts/accounts.ts';
import { peopleConfig, signInConfig } from '../../../src/accounts/config.ts';
import { seedPeople } from '../../../src/accounts/seed-people.ts';
import { LatchkeyError } from '../../../src/runtime/errors.ts';
import { ACTOR, CHEAP, openPeople, type People } from './fixture.ts';

const origin = { address: '192.0.2.1' };
const alice = { username: 'alice', email: 'alice@example.com', password: 'latchkey-dev' };
const bob = { email: 'bob@example.com', password: 'latchkey-dev' };

async function seed(
  people: People,
  declared: readonly object[],
  profile: 'dev' | 'production' = 'dev',
): Promise<void> {
  await seedPeople(peopleConfig.parse(declared), {
    records: people.records,
    audit: people.audit,
    clock: people.clock,
    logger: silent,
    revocation: people.revocation,
    settings: signInConfig.parse({ argon2: CHEAP }),
    profile,
  });
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

async function signIn(people: People, login: string, password: string): Promise<string> {
  return (await people.accounts.verifyPassword({ login, password, origin })).kind;
}

async function rows(
  people: People,
): Promise<readonly { id: string; password_hash: string | null }[]> {
  return await people.records.all(
    people.records.queries.selectFrom('account').select(['id', 'password_hash']).orderBy('id'),
  );
}

describe('people of the configuration', () => {
  test('are there at the first start and can sign in', async () => {
    const people = await openPeople();
    await seed(people, [alice, bob]);
    expect(await signIn(people, 'alice', 'latchkey-dev')).toBe('verified');
    expect(await signIn(people, 'bob@example.com', 'latchkey-dev')).toBe('verified');
    expect((await people.events()).map(({ type }) => type).slice(0, 2)).toEqual([
      'account.created',
      'account.created',
    ]);
  });

  test('are left alone by a second start: the very same hashes, and nothing to tell', async () => {
    const people = await openPeople();
    await seed(people, [alice, bob]);
    const before = await rows(people);
    const events = (await people.events()).length;
    await seed(people, [alice, bob]);
    expect(await rows(people)).toEqual(before);
    expect(await people.events()).toHaveLength(events);
  });

  test('have the same sub when the data was thrown away', async () => {
    const [one, other] = [await openPeople(), await openPeople()];
    await seed(one, [alice]);
    await seed(other, [alice]);
    expect((await rows(one)).map(({ id }) => id)).toEqual((await rows(other)).map(({ id }) => id));
  });

  test('keep the password they set themselves until the configuration says another', async () => {
    const people = await openPeople();
    await seed(people, [alice]);
    const [row] = await rows(people);
    await people.accounts.setPassword(row?.id ?? '', 'chosen by alice', ACTOR);
    await seed(people, [{ ...alice, claims: { name: 'Alice Example' } }]);
    expect(await signIn(people, 'alice', 'chosen by alice')).toBe('verified');
    expect(await people.accounts.findByLogin('alice')).toMatchObject({
      claims: { name: 'Alice Example' },
    });
    await seed(people, [{ ...alice, password: 'given by the operator' }]);
    expect(await signIn(people, 'alice', 'chosen by alice')).toBe('refused');
    expect(await signIn(people, 'alice', 'given by the operator')).toBe('verified');
    expect(people.revoked.at(-1)).toMatchObject({ reason: 'account.password_set' });
  });

  test('who is taken out is disabled with all their tokens, and comes back when put back', async () => {
    const people = await openPeople();
    await seed(people, [alice, bob]);
    await seed(people, [alice]);
    expect(await signIn(people, 'bob@example.com', 'latchkey-dev')).toBe('refused');
    expect(people.revoked).toMatchObject([{ reason: 'account.disabled' }]);
    await seed(people, [alice, bob]);
    expect(await signIn(people, 'bob@example.com', 'latchkey-dev')).toBe('verified');
  });

  test('who was deleted since is not made again, and the node starts', async () => {
    const people = await openPeople();
    await seed(people, [alice, bob]);
    const { id } = (await people.accounts.findByLogin('alice')) ?? { id: '' };
    await people.accounts.delete(id, ACTOR);
    await seed(people, [{ ...alice, claims: { name: 'Alice' } }, bob]);
    expect(await people.accounts.find(id)).toBeUndefined();
    expect((await people.events()).at(-1)).toMatchObject({ type: 'account.deleted' });
    await seed(people, [bob]);
    expect(await people.accounts.findByLogin('bob@example.com')).toMatchObject({ state: 'active' });
  });

  test('whom an operator disabled is not enabled by a start', async () => {
    const people = await openPeople();
    await seed(people, [alice]);
    const [row] = await rows(people);
    await people.accounts.disable(row?.id ?? '', ACTOR);
    await seed(people, [{ ...alice, claims: { name: 'Alice' } }]);
    expect(await people.accounts.findByLogin('alice')).toMatchObject({ state: 'disabled' });
  });

  test('two nodes that start together make everyone once', async () => {
    const people = await openPeople();
    await Promise.all([seed(people, [alice, bob]), seed(people, [alice, bob])]);
    expect(await rows(people)).toHaveLength(2);
    expect(await signIn(people, 'alice', 'latchkey-dev')).toBe('verified');
  });

  test('in production a password in clear is refused, without telling it', async () => {
    const people = await openPeople();
    const refused = seed(people, [alice, bob], 'production');
    await expect(refused).rejects.toThrow(InvalidAccount);
    await expect(refused).rejects.toThrow(/alice.*bob@example\.com/s);
    await expect(refused).rejects.not.toThrow(/latchkey-dev/);
    expect(await rows(people)).toEqual([]);
  });

  test('in production people have hashes, or no password at all', async () => {
    const people = await openPeople();
    await seed(people, [alice]);
    const passwordHash = (await rows(people))[0]?.password_hash;
    const production = await openPeople();
    await seed(
      production,
      [{ username: 'alice', passwordHash }, { username: 'carol' }],
      'production',
    );
    expect(await signIn(production, 'alice', 'latchkey-dev')).toBe('verified');
    expect(await signIn(production, 'carol', '')).toBe('refused');
  });

  test('a name that somebody else has is told, and nobody is changed', async () => {
    const people = await openPeople();
    const { id } = await people.accounts.create({ email: 'BOB@example.com' }, ACTOR);
    await expect(seed(people, [alice, bob])).rejects.toThrow(
      `bob@example.com belongs to the account ${id}`,
    );
    expect(await rows(people)).toHaveLength(1);
    await seed(people, [alice, { ...bob, id }]);
    expect(await signIn(people, 'bob@example.com', 'latchkey-dev')).toBe('verified');
  });

  test('a start that was cut short is made good by the next', async () => {
    const people = await openPeople();
    await seed(people, [alice, bob]);
    const { revoke } = people.revocation;
    people.revocation.revoke = async () => await Promise.reject(new Error('cut short'));
    await expect(seed(people, [alice])).rejects.toThrow('cut short');
    people.revocation.revoke = revoke;
    await seed(people, [alice]);
    expect(people.revoked).toHaveLength(1);
  });

  test('a revocation that waits in the outbox does not keep the process from starting', async () => {
    const people = await openPeople();
    await seed(people, [alice, bob]);
    people.revocation.revoke = async () => await Promise.reject(new Unconfirmed('waits'));
    await seed(people, [alice]);
    expect(await people.accounts.findByLogin('bob@example.com')).toMatchObject({
      state: 'disabled',
    });
  });

  test('every mistake is told before anybody is made', async () => {
    const people = await openPeople();
    const weak = [
      { ...alice, password: 'short' },
      { ...bob, password: 'password123' },
    ];
    await expect(seed(people, weak)).rejects.toMatchObject({
      problems: [expect.stringContaining('alice'), expect.stringContaining('bob@example.com')],
    });
    expect(await rows(people)).toEqual([]);
  });
});

test('the sample people of the dev profile sign in, and Alice has every standard claim', async () => {
  const people = await openPeople();
  const file = new URL('../../../config/dev.yaml', import.meta.url);
  const { people: declared } = parse(await readFile(file, 'utf8'));
  await seed(people, declared);
  expect(await signIn(people, 'alice', 'latchkey-dev')).toBe('verified');
  expect(await signIn(people, 'bob@example.com', 'latchkey-dev')).toBe('verified');
  const sample = await people.accounts.findByLogin('alice@example.com');
  expect(sample).toMatchObject({ emailVerified: true, owner: true });
  const standard =
    'name given_name family_name middle_name nickname preferred_username profile picture website ' +
    'gender birthdate zoneinfo locale phone_number phone_number_verified address';
  expect(Object.keys(sample?.claims ?? {}).toSorted()).toEqual(standard.split(' ').toSorted());
});

class Unconfirmed extends LatchkeyError {
  readonly code = 'ERR_REVOCATION_UNCONFIRMED';
}
