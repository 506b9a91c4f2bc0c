import { describe, expect, test } from 'vitest';
import { signingKeysConfig } from '../../../src/signing-keys/config.ts';
import { checkKeyPromises } from '../../../src/signing-keys/promises.ts';

const HOUR = 3600;
const DAY = 86_400;
const lifetimes = { longestTokenSeconds: HOUR, longestSessionSeconds: 14 * DAY };

function messages(section: Parameters<typeof signingKeysConfig.safeParse>[0]): readonly string[] {
  const result = signingKeysConfig.safeParse(section);
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`);
}

describe('the settings of signing keys', () => {
  test('keep every promise by default', () => {
    const settings = signingKeysConfig.parse(undefined);
    expect(settings).toEqual({
      algorithms: ['RS256', 'ES256'],
      signFor: 30 * DAY,
      publishAhead: DAY,
      verifyFor: 2 * DAY,
      hintsFor: 30 * DAY,
      jwksMaxAge: 900,
      clockTolerance: 60,
      otherMasterKeys: [],
      folder: 'keys',
    });
    expect(checkKeyPromises(settings, lifetimes)).toEqual([]);
  });

  test('allow for clients that fetch the key set once a day', () => {
    const section = { publishAhead: '2d', jwksMaxAge: '1d' };
    expect(messages(section)).toEqual([]);
  });

  test('are refused when a key would sign before every verifier can know it', () => {
    expect(messages({ publishAhead: '1h', jwksMaxAge: '1h' })).toEqual([
      'publishAhead must be at least 3665s: verifiers keep a key set for jwksMaxAge (3600s), clocks differ by clockTolerance (60s), nodes hear of a key within 5s',
    ]);
  });

  test('are refused when keys would pile up', () => {
    expect(messages({ signFor: '30m' })).toEqual([
      'signFor is too short: publishAhead and verifyFor would keep more than 50 keys in the key set',
      'hintsFor is too long: more than 200 retired keys would have to be kept',
    ]);
    expect(messages({ signFor: '0s' })).toContain('signFor must be at least 1s');
  });

  test('are refused when they name an algorithm twice, none, or one that cannot be verified by a key set', () => {
    for (const algorithms of [['ES256', 'ES256'], [], ['HS256']])
      expect(messages({ algorithms })).toHaveLength(1);
  });

  test('tell a wrong value once', () => {
    expect(messages({ publishAhead: 'soon' })).toHaveLength(1);
  });

  test('are refused when the longest token would outlive its key', () => {
    const settings = signingKeysConfig.parse({ verifyFor: '1h' });
    expect(checkKeyPromises(settings, lifetimes)).toEqual([
      {
        path: ['verifyFor'],
        message:
          'must be at least 3690s: the longest token lives 3600s, plus clockTolerance (60s) and 30s for requests under way',
      },
    ]);
  });

  test('are refused when a sign-out at the end of the longest session would not understand its hint', () => {
    const settings = signingKeysConfig.parse({ hintsFor: '7d' });
    expect(checkKeyPromises(settings, lifetimes).map(({ path }) => path)).toEqual([['hintsFor']]);
  });
});
