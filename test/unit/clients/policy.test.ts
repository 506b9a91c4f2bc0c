import { expect, test } from 'vitest';
import { policyOf } from '../../../src/clients/policy.ts';

const confidential = { token_endpoint_auth_method: 'client_secret_basic', redirect_uris: [] };
const spa = {
  token_endpoint_auth_method: 'none',
  redirect_uris: [
    'https://app.example.com/callback',
    'https://app.example.com/silent',
    'http://localhost:3000/callback',
    'com.example.app:/callback',
  ],
};

test('a client with a secret must use PKCE unless it is excused; a public one always must', () => {
  expect(policyOf(confidential, {}).requirePkce).toBe(true);
  expect(policyOf(confidential, { requirePkce: false }).requirePkce).toBe(false);
  expect(policyOf(spa, { requirePkce: false }).requirePkce).toBe(true);
});

test('a public client may call from where it is redirected to, others from nowhere', () => {
  expect(policyOf(spa, {}).corsOrigins).toEqual([
    'https://app.example.com',
    'http://localhost:3000',
  ]);
  expect(policyOf(spa, { corsOrigins: [] }).corsOrigins).toEqual([]);
  expect(policyOf({ ...spa, ...confidential }, {}).corsOrigins).toEqual([]);
});

test('any loopback port is good for native clients', () => {
  expect(policyOf({ ...spa, application_type: 'native' }, {}).anyLoopbackPort).toBe(true);
  expect(policyOf(spa, {}).anyLoopbackPort).toBe(false);
});

test('nobody is a first party, or sees tokens of others, without being told so', () => {
  expect(policyOf(spa, {})).toMatchObject({
    firstParty: false,
    claimsInIdToken: false,
    introspects: [],
  });
});
