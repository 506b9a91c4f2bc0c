import { expect, test } from 'vitest';
import { peopleConfig, signInConfig } from '../../../src/accounts/config.ts';

function problems(people: unknown): readonly string[] {
  const { error } = peopleConfig.safeParse(people);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('sign-in has the parameters that OWASP advises, and limits within what NIST allows', () => {
  const { argon2, password, limits } = signInConfig.parse({});
  expect(argon2).toMatchObject({ memoryKib: 19_456, iterations: 2, parallelism: 1 });
  expect(password.charactersMin).toBe(8);
  expect(2 * (limits.strangers + limits.acquaintances)).toBeLessThanOrEqual(100);
});

test('limits that would let an account be guessed more than 100 times in a row are refused', () => {
  const { error } = signInConfig.safeParse({ limits: { strangers: 40, acquaintances: 11 } });
  expect(error?.issues).toMatchObject([
    { path: ['limits', 'strangers'], message: expect.stringContaining('at most 50') },
  ]);
});

test('a person is known by username or e-mail address', () => {
  expect(problems([{ username: 'alice' }, { email: 'bob@example.com' }])).toEqual([]);
  expect(problems([{ owner: true }])).toEqual([
    '0.username: is missing: a person needs a username, an e-mail address or a telephone number to sign in with',
  ]);
});

test('every mistake about people is told at its place', () => {
  const people = [
    {
      username: 'al ice',
      email: 'alice',
      id: 'alice@example.com',
      claims: { birthdate: 'yesterday', favourite_colour: 'blue' },
      passwordHash: 'hunter2',
    },
    {
      username: 'bob',
      password: 'one',
      passwordHash: `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
    },
  ];
  const found = problems(people).map((problem) => problem.split(':')[0]);
  expect(found).toEqual(
    expect.arrayContaining([
      '0.username',
      '0.email',
      '0.id',
      '0.claims.birthdate',
      '0.claims',
      '0.passwordHash',
    ]),
  );
});

test('a password stands in clear or as a hash, not both', () => {
  const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  expect(problems([{ username: 'bob', password: 'latchkey-dev', passwordHash }])).toEqual([
    '0.password: must not stand beside passwordHash: one of them is enough',
  ]);
});

test('two people cannot share an id or a sign-in name, however it is written', () => {
  const people = [
    { id: 'a', username: 'alice', email: 'alice@example.com' },
    { id: 'a', username: 'Ａlice', email: 'Alice@Example.com' },
  ];
  expect(problems(people)).toEqual([
    '1.id: is taken by another',
    '1.username: is taken by another',
    '1.email: is taken by another',
  ]);
});
