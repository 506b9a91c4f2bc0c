import { expect, test } from 'vitest';
import { InvalidAccount, type NewAccount } from '../../../src/accounts/accounts.ts';
import { newAccountId, readIdentity } from '../../../src/accounts/new-account.ts';

const rules = { charactersMin: 8, refuseCommon: true };

function problems(account: NewAccount): readonly string[] {
  try {
    readIdentity(account, rules);
    return [];
  } catch (error) {
    if (error instanceof InvalidAccount) return error.problems;
    throw error;
  }
}

test('names are kept as written and folded beside', () => {
  const identity = readIdentity({ username: 'Alice', email: 'Alice@Example.com' }, rules);
  expect(identity).toMatchObject({
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
    password: 'short',
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
    'password',
  ]);
});

test('an account without a sign-in name is refused', () => {
  expect(problems({ password: 'long enough' })).toEqual([
    'a username or an e-mail address is missing',
  ]);
});

test('a problem with a password never repeats it', () => {
  expect(problems({ username: 'alice', password: 'hunter2' }).join()).not.toContain('hunter2');
});

test('ids are random, and none can be taken for an option of a command', () => {
  const ids = Array.from({ length: 2000 }, newAccountId);
  expect(new Set(ids).size).toBe(2000);
  expect(ids.filter((id) => !/^[A-Za-z0-9]/.test(id))).toEqual([]);
});
