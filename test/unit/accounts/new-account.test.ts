import { expect, test } from 'vitest';
import type { NewAccount } from '../../../src/accounts/accounts.ts';
import { createAttributeSchema } from '../../../src/accounts/attributes.ts';
import { identityOf, identityProblems, newAccountId } from '../../../src/accounts/new-account.ts';

function problems(account: NewAccount): readonly string[] {
  return identityProblems(account, createAttributeSchema([]));
}

test('names are kept as written and folded beside', () => {
  expect(identityOf({ username: 'Alice', email: 'Alice@Example.com' })).toMatchObject({
    username: 'Alice',
    username_key: 'alice',
    email: 'Alice@Example.com',
    email_key: 'alice@example.com',
    email_verified: 0,
    owner: 0,
  });
});

test('every mistake is told at once', () => {
  const account = {
    id: 'me@example.com',
    username: 'a b',
    email: 'nowhere',
    passwordHash: '$1$md5',
    claims: { sub: 'x', address: { country: 1 } },
    attributes: { notes: 'x'.repeat(20_000) },
  };
  expect(problems(account).map((problem) => problem.split(':')[0])).toEqual([
    'username',
    'email',
    'claims.address.country',
    'claims',
    'attributes',
    'id',
    'passwordHash',
  ]);
});

test('an account without a sign-in name is refused', () => {
  expect(problems({ password: 'long enough' })).toEqual([
    'a username, an e-mail address or a telephone number is missing',
  ]);
});

test('a password in clear does not stand beside a hash', () => {
  const account = { username: 'alice', password: 'long enough', passwordHash: '$2b$10$' };
  expect(problems(account)).toEqual(['password: must not stand beside a password hash']);
});

test('ids are random, and none can be taken for an option of a command', () => {
  const ids = Array.from({ length: 2000 }, newAccountId);
  expect(new Set(ids).size).toBe(2000);
  expect(ids.filter((id) => !/^[A-Za-z0-9]/.test(id))).toEqual([]);
});
