import { expect, test } from 'vitest';
import { makeTemporaryPassword } from '../../../src/cognito/temporary-password.ts';

test('a password that is made up keeps to any policy, and is never the same', () => {
  const made = Array.from({ length: 50 }, () => makeTemporaryPassword({ minimumLength: 8 }));
  for (const one of made) {
    expect(one).toHaveLength(20);
    for (const kind of [/[A-Z]/, /[a-z]/, /\d/, /[^A-Za-z0-9]/]) expect(one).toMatch(kind);
  }
  expect(new Set(made).size).toBe(50);
  expect(makeTemporaryPassword({ minimumLength: 99 })).toHaveLength(99);
});
