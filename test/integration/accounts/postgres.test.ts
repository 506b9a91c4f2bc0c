import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { AccountExists } from '../../../src/accounts/accounts.ts';
import { peopleConfig, signInConfig } from '../../../src/accounts/config.ts';
import { startExpiry } from '../../../src/accounts/expiry.ts';
import { seedPeople } from '../../../src/accounts/seed-people.ts';
import { openPostgresRecords } from '../../../src/storage/postgres/open-postgres-records.ts';
import {
  PATIENT_POSTGRES,
  postgresSettings,
  startPostgres,
  type TestPostgres,
} from '../../support/postgres.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import { ACTOR, CHEAP, openPeople, type People } from './fixture.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const { logger } = createRecordingLogger();
const password = 'a long enough password';
const attempt = { login: 'Alice@example.com', password, origin: { address: '192.0.2.1' } };

async function openOnPostgres(): Promise<People> {
  const settings = postgresSettings(await postgres.createDatabase(), PATIENT_POSTGRES);
  const records = await openPostgresRecords(settings, { logger });
  onTestFinished(() => records.close());
  await records.migrate();
  return await openPeople({ argon2: CHEAP }, records);
}

test('on PostgreSQL, people are created once, found, listed, changed and signed in', async () => {
  const { accounts, open } = await openOnPostgres();
  const alice = await accounts.create(
    { username: 'alice', email: 'alice@example.com', password, attributes: { roles: ['x'] } },
    ACTOR,
  );
  await expect(accounts.create({ username: 'ALICE' }, ACTOR)).rejects.toThrow(AccountExists);
  expect(await accounts.find(alice.id)).toEqual(alice);
  expect(await accounts.list({ limit: 10 })).toEqual([alice]);
  expect(await accounts.verifyPassword(attempt)).toMatchObject({ kind: 'verified' });
  const stronger = open({ argon2: { memoryKib: 8192, iterations: 2 } });
  expect(await stronger.verifyPassword(attempt)).toMatchObject({ kind: 'verified' });
  await accounts.disable(alice.id, ACTOR);
  expect(await accounts.verifyPassword(attempt)).toEqual({ kind: 'refused' });
  await accounts.enable(alice.id, ACTOR);
  await accounts.setPassword(alice.id, 'another long password', ACTOR);
  expect(await accounts.verifyPassword(attempt)).toEqual({ kind: 'refused' });
});

test('on PostgreSQL, the people of the configuration are made, kept up to date and dismissed', async () => {
  const people = await openOnPostgres();
  const seed = (declared: readonly object[]): Promise<void> =>
    seedPeople(peopleConfig.parse(declared), {
      ...people,
      logger,
      settings: signInConfig.parse({ argon2: CHEAP }),
      profile: 'dev',
    });
  const alice = { username: 'alice', email: 'alice@example.com', password };
  const bob = { username: 'bob', password };
  await Promise.all([seed([alice, bob]), seed([alice, bob])]);
  await seed([{ ...alice, claims: { name: 'Alice' } }]);
  expect(await people.accounts.findByLogin('alice')).toMatchObject({ claims: { name: 'Alice' } });
  expect(await people.accounts.findByLogin('bob')).toMatchObject({ state: 'disabled' });
  expect(await people.accounts.verifyPassword(attempt)).toMatchObject({ kind: 'verified' });
});

test('on PostgreSQL, an account is edited, locked, expired and deleted', async () => {
  const people = await openOnPostgres();
  const { accounts, clock } = people;
  const alice = await accounts.create(
    { username: 'alice', email: 'alice@example.com', password, expiresAt: clock.now() + 60 },
    ACTOR,
  );
  const self = { editor: 'person', actor: ACTOR } as const;
  await Promise.all([
    accounts.update(alice.id, { claims: { nickname: 'Al' } }, self),
    accounts.update(alice.id, { claims: { locale: 'de' } }, self),
  ]);
  await accounts.update(alice.id, { username: null }, self);
  await accounts.verifyEmail(alice.id, 'alice@example.com', ACTOR);
  await accounts.acceptTerms(alice.id, '1', ACTOR);
  await accounts.requirePasswordChange(alice.id, ACTOR);
  expect(await accounts.find(alice.id)).toMatchObject({
    username: undefined,
    emailVerified: true,
    claims: { nickname: 'Al', locale: 'de' },
    terms: { version: '1' },
    mustChangePassword: true,
  });
  await accounts.lock(alice.id, ACTOR);
  expect(await accounts.verifyPassword(attempt)).toEqual({ kind: 'refused' });
  await accounts.unlock(alice.id, ACTOR);
  clock.advance(60);
  const expiry = startExpiry({ ...people, logger });
  await expect.poll(() => people.revoked.at(-1)?.reason).toBe('account.expired');
  await expiry.close();
  expect(await accounts.find(alice.id)).toMatchObject({ state: 'expired' });
  expect(await accounts.delete(alice.id, ACTOR)).toBe(true);
  await expect(accounts.create({ id: alice.id, username: 'eve' }, ACTOR)).rejects.toThrow(
    AccountExists,
  );
});
