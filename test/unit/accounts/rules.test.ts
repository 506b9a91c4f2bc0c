import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCommonPasswords } from '../../../src/accounts/common-passwords.ts';
import { createNewPasswords } from '../../../src/accounts/new-passwords.ts';
import type { PasswordOwner } from '../../../src/accounts/password-review.ts';
import {
  isAccountId,
  isPasswordHash,
  isPasswordTooLong,
  passwordProblem,
  passwordProblemText,
} from '../../../src/accounts/rules.ts';
import { rounds } from '../../support/counts.ts';

const rules = { charactersMin: 8, refuseCommon: true };

async function refusal(password: string, owner: PasswordOwner): Promise<string | undefined> {
  const [problem] = await createNewPasswords({ rules }).problems(password, owner);
  return problem && passwordProblemText(problem);
}

describe('new passwords', () => {
  test.each([
    'correct horse battery staple',
    'xkcd-936',
    'пароль-на-сегодня',
    '🙂🙃🙂🙃🙂🙃🙂🙃',
    ' spaces at the ends ',
  ])('"%s" is taken', async (password) => {
    const owner = { username: 'alice', email: 'alice@example.com' };
    expect(await refusal(password, owner)).toBeUndefined();
  });

  test.each([
    ['too short', 'seven77', 'at least 8'],
    ['short, if counted in characters and not in bytes', '🙂🙃🙂🙃', 'at least 8'],
    ['over 1 KB', 'a'.repeat(1025), 'at most 1024 bytes'],
    ['over 1 KB in bytes', 'é'.repeat(513), 'at most 1024 bytes'],
    ['known to everyone', 'Password123', 'everybody guesses'],
    ['the e-mail address', 'Alice@example.com', 'must not be the name'],
    ['the full name, written together', 'AliceVanSmith', 'must not be the name'],
    ['the nickname with digits', 'wonderland7', 'must not be the name'],
    ['in the list of the common', 'Charlie123', 'everybody guesses'],
    ['the username with digits', 'alicesmith2026', 'must not be the name'],
  ])('one that is %s is refused', async (_, password, reason) => {
    const owner = {
      username: 'alicesmith',
      email: 'alice@example.com',
      claims: { name: 'Alice van Smith', nickname: 'Wonderland' },
    };
    expect(await refusal(password, owner)).toContain(reason);
  });

  test('there are no rules about kinds of characters', () => {
    const longEnough = fc.string({ minLength: 8, maxLength: 200, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(longEnough, (password) => {
        expect(passwordProblem(password, rules, {})).toBeUndefined();
      }),
      { numRuns: rounds(500, 20_000) },
    );
  });

  test('the list of common passwords holds thousands, none of which its own length would refuse', async () => {
    const common = await readCommonPasswords();
    expect(common.size).toBeGreaterThan(15_000);
    expect([...common].filter((word) => word.length < 8)).toEqual([]);
  });
});

test('a password of a megabyte is too long, one of 1,024 bytes is not', () => {
  expect(isPasswordTooLong('a'.repeat(1024))).toBe(false);
  expect(isPasswordTooLong('a'.repeat(1025))).toBe(true);
  expect(isPasswordTooLong('𝒂'.repeat(257))).toBe(true);
  expect(isPasswordTooLong('a'.repeat(1_000_000))).toBe(true);
});

test.each([
  ['auth0|5f7c8ec7', true],
  ['pV3x_9', true],
  ['alice@example.com', false],
  ['-x', false],
  ['with space', false],
  ['', false],
  ['a'.repeat(256), false],
])('whether "%s" can be a sub: %s', (id, isOne) => {
  expect(isAccountId(id)).toBe(isOne);
});

describe('hashes from elsewhere', () => {
  const tail = `$c2FsdHNhbHRzYWx0c2FsdA$${'A'.repeat(43)}`;

  test('Argon2id is taken', () => {
    expect(isPasswordHash(`$argon2id$v=19$m=65536,t=3,p=4${tail}`)).toBe(true);
  });

  test.each([
    ['bcrypt', '$2b$12$CwTycUXWue0Thq9StjUM0uJ8mW1yB5Xqk3p3Zq3p3p3p3p3p3p3p3'],
    ['Argon2i', `$argon2i$v=19$m=65536,t=3,p=4${tail}`],
    ['a password', 'hunter2'],
    ['a hash that costs a gigabyte', `$argon2id$v=19$m=1048576,t=3,p=4${tail}`],
    ['a hash that takes minutes', `$argon2id$v=19$m=65536,t=99,p=4${tail}`],
    ['a hash of no passes', `$argon2id$v=19$m=65536,t=0,p=4${tail}`],
    ['a hash with less memory than its lanes need', `$argon2id$v=19$m=16,t=1,p=4${tail}`],
    ['a hash with more behind it', `$argon2id$v=19$m=65536,t=3,p=4${tail}$x`],
  ])('%s is refused', (_, phc) => {
    expect(isPasswordHash(phc)).toBe(false);
  });
});
