import { expect, test } from 'vitest';
import { canDoWithout } from '../../../src/account-page/ways-in.ts';
import type { FactorSummary } from '../../../src/factors/factors.ts';
import type { Passkey } from '../../../src/factors/passkeys.ts';

const passkey = (id: string): Passkey => ({
  id,
  name: id,
  device: undefined,
  createdAt: 0,
  lastUsedAt: undefined,
  backup: 'impossible',
  transports: [],
});
const NOTHING: FactorSummary = {
  password: false,
  passkeys: [],
  totp: undefined,
  recoveryCodes: 0,
  verifiedEmail: undefined,
};
const ALL = { password: true, passkeys: true, emailCode: true };
const PASSWORD = { kind: 'password' } as const;
const KEY = { kind: 'passkey', id: 'a' } as const;

test.each([
  ['a passkey beside a password', KEY, { password: true, passkeys: [passkey('a')] }, true],
  ['one passkey of two', KEY, { passkeys: [passkey('a'), passkey('b')] }, true],
  ['the only passkey', KEY, { passkeys: [passkey('a')] }, false],
  [
    'the only passkey beside second factors',
    KEY,
    { passkeys: [passkey('a')], totp: { createdAt: 0, lastUsedAt: undefined }, recoveryCodes: 10 },
    false,
  ],
  [
    'the only passkey beside a verified address',
    KEY,
    { passkeys: [passkey('a')], verifiedEmail: 'a@example.com' },
    true,
  ],
  ['a password beside a passkey', PASSWORD, { password: true, passkeys: [passkey('a')] }, true],
  ['the only password', PASSWORD, { password: true }, false],
] as const)('without %s: %o of %o is %s', (_, taken, has, expected) => {
  expect(canDoWithout(taken, { ...NOTHING, ...has }, ALL)).toBe(expected);
});

test('what the installation does not let in by is no way in', () => {
  const has = {
    ...NOTHING,
    password: true,
    passkeys: [passkey('a')],
    verifiedEmail: 'a@x.example',
  };
  expect(canDoWithout(KEY, has, { ...ALL, password: false, emailCode: false })).toBe(false);
  expect(canDoWithout(PASSWORD, has, { ...ALL, passkeys: false, emailCode: false })).toBe(false);
});
