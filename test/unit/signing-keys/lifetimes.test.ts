import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings.ts';

const API = { identifier: 'https://api.example.com', name: 'API' };
const CLIENT = { id: 'app', type: 'web', name: 'App', secret: { env: 'APP_SECRET' } };
const REDIRECT = { redirectUris: ['https://app.example.com/callback'] };
const LONG = '3d';

/** What is refused of the settings, by path. */
function refusals(settings: object): readonly string[] {
  const { error } = settingsSchema.safeParse({ issuer: 'https://id.example.com', ...settings });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`);
}

test.each([
  ['access tokens', { tokens: { accessToken: LONG } }],
  ['ID tokens', { tokens: { idToken: LONG } }],
  ['access tokens of one API', { apis: [{ ...API, accessTokenTtl: LONG }] }],
  ['access tokens of one client', { clients: [{ ...CLIENT, ...REDIRECT, accessTokenTtl: LONG }] }],
  ['ID tokens of one client', { clients: [{ ...CLIENT, ...REDIRECT, idTokenTtl: LONG }] }],
  ['status lists', { statusLists: { lifetime: LONG } }],
])('%s that would outlive their key are refused', (_what, settings) => {
  const revocation = { longestToken: '30d' };
  expect(refusals({ ...settings, revocation })).toEqual([
    expect.stringMatching(
      /^signingKeys\.verifyFor must be at least 259290s: the longest token lives 259200s/u,
    ),
  ]);
});

test('status lists that nobody publishes outlive no key', () => {
  expect(refusals({ statusLists: { enabled: false, lifetime: LONG } })).toEqual([]);
});
