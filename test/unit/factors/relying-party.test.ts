import { describe, expect, test } from 'vitest';
import { factorsConfig, passkeyProblems } from '../../../src/factors/config.ts';
import { settingsSchema } from '../../../src/settings.ts';
import { canHavePasskeys, relyingPartyOf } from '../../../src/factors/relying-party.ts';

function problems(issuer: string, passkeys: Record<string, unknown>): readonly string[] {
  return passkeyProblems({ issuer, factors: factorsConfig.parse({ passkeys }) }).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
}

describe('the domain of passkeys', () => {
  test('is the host of the issuer, or one above it', () => {
    expect(problems('https://id.example.com', {})).toEqual([]);
    expect(problems('https://id.example.com', { rpId: 'id.example.com' })).toEqual([]);
    expect(problems('https://id.example.com', { rpId: 'example.com' })).toEqual([]);
    expect(problems('http://localhost:4000', { rpId: 'localhost' })).toEqual([]);
  });

  test.each(['example.org', 'd.example.com', 'xample.com', 'a.id.example.com', 'com'])(
    '%s is refused for id.example.com',
    (rpId) => {
      expect(problems('https://id.example.com', { rpId })).toEqual([
        expect.stringMatching(/^rpId: /u),
      ]);
    },
  );

  test('is nothing for an address', () => {
    expect(problems('http://127.0.0.1:4000', { rpId: '127.0.0.1' })).toEqual([
      "rpId: passkeys need a name, and the issuer's host 127.0.0.1 is an address",
    ]);
    expect(problems('http://127.0.0.1:4000', {})).toEqual([]);
    for (const host of ['127.0.0.1', '[::1]']) expect(canHavePasskeys(host)).toBe(false);
    for (const host of ['localhost', 'id.example.com']) expect(canHavePasskeys(host)).toBe(true);
  });

  test('bounds the other origins, which are https', () => {
    const issuer = 'https://id.example.com';
    const rpId = 'example.com';
    expect(problems(issuer, { rpId, origins: ['https://shop.example.com'] })).toEqual([]);
    expect(
      problems(issuer, { rpId, origins: ['https://example.org', 'http://shop.example.com'] }),
    ).toEqual([
      'origins.0: is not within example.com: browsers refuse it',
      'origins.1: is http: browsers offer passkeys on https alone',
    ]);
    expect(problems(issuer, { origins: ['https://shop.example.com'] })).toHaveLength(1);
  });

  test('and the issuer make the relying party', () => {
    const common = { name: 'Example', rpId: undefined, origins: [] };
    expect(relyingPartyOf({ issuer: 'https://id.example.com:8443', ...common })).toEqual({
      id: 'id.example.com',
      name: 'Example',
      origins: ['https://id.example.com:8443'],
      available: true,
    });
  });
});

test('a domain in capitals, with a port or a path is none', () => {
  for (const rpId of ['Example.com', 'example.com:443', 'https://example.com', '', '.com']) {
    expect(factorsConfig.safeParse({ passkeys: { rpId } }).success).toBe(false);
  }
});

test('a configuration with a domain that no browser takes does not start', () => {
  const { error } = settingsSchema.safeParse({
    issuer: 'https://id.example.com',
    factors: { passkeys: { rpId: 'example.org' } },
  });
  expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['factors.passkeys.rpId']);
});
