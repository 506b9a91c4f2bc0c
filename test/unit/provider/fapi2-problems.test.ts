import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings.ts';

const CLIENT = {
  id: 'app',
  redirectUris: ['https://app.example.com/callback'],
  tokenEndpointAuthMethod: 'private_key_jwt',
  jwksUri: 'https://app.example.com/jwks',
  idTokenSignedResponseAlg: 'ES256',
  dpopBoundAccessTokens: true,
};
const SIGNED = {
  ...CLIENT,
  profile: 'fapi2-message-signing',
  requestObjectSigningAlg: 'ES256',
  authorizationSignedResponseAlg: 'ES256',
};
const PARTS = { requestObjects: { enabled: true }, signedAnswers: { enabled: true } };
const WEAK = { id: 'weak', secretInClear: 'a-secret-of-a-test-0123456789abcdef' };

function problems(client: object, more: object = {}): readonly string[] {
  const { error } = settingsSchema.safeParse({ profile: 'dev', clients: [client], ...more });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('settings beside a client of FAPI 2.0', () => {
  const client = { ...CLIENT, profile: 'fapi2' };

  test('are good as delivered', () => {
    expect(problems(client)).toEqual([]);
    expect(problems(SIGNED, { protocol: PARTS })).toEqual([]);
  });

  test.each([
    [
      'codes that live longer',
      { tokens: { authorizationCode: '2m' } },
      'tokens.authorizationCode: must be at most 60s for the profile fapi2',
    ],
    [
      'pushed requests that live longer',
      { protocol: { pushedRequests: { lifetime: '10m' } } },
      'protocol.pushedRequests.lifetime: must be at most 599s for the profile fapi2',
    ],
    [
      'no pushed requests',
      { protocol: { pushedRequests: { enabled: false } } },
      'protocol.pushedRequests.enabled: must be true for the profile fapi2',
    ],
    [
      'an API whose tokens are signed by RS256',
      {
        apis: [{ identifier: 'x', name: 'X', signingAlgorithm: 'RS256' }],
        signingKeys: { algorithms: ['ES256', 'RS256'] },
      },
      'apis.0.signingAlgorithm: must be one of PS256, ES256, EdDSA beside clients of FAPI 2.0',
    ],
  ])('have no %s', (_, more, problem) => {
    expect(problems(client, more)).toEqual([problem]);
  });

  test('have a way to bind tokens', () => {
    expect(problems(client, { protocol: { dpop: { enabled: false } } })).toEqual([
      'clients.0.dpopBoundAccessTokens: needs protocol.dpop.enabled',
      'protocol.dpop.enabled: must be true, or protocol.mtls.enabled for the profile fapi2',
    ]);
  });

  test('have all that signed messages need', () => {
    expect(problems(SIGNED)).toEqual(
      expect.arrayContaining([
        'protocol.requestObjects.enabled: must be true for the profile fapi2-message-signing',
        'protocol.signedAnswers.enabled: must be true for the profile fapi2-message-signing',
      ]),
    );
  });
});

test('a client says what it is held to, and is held to it at once', () => {
  expect(problems({ ...WEAK, profile: 'fapi2', redirectUris: CLIENT.redirectUris })).toEqual([
    expect.stringContaining('clients.0.tokenEndpointAuthMethod: must be one of'),
    expect.stringContaining('clients.0.dpopBoundAccessTokens: must be true'),
    expect.stringContaining('clients.0.idTokenSignedResponseAlg: must be one of'),
  ]);
});

test('where the profile is required, every client is held to it', () => {
  const protocol = { fapi2: { required: 'fapi2' } };
  expect(problems(CLIENT, { protocol })).toEqual([]);
  const machine = { ...WEAK, type: 'machine' };
  expect(problems(machine)).toEqual([]);
  expect(problems(machine, { protocol })).toEqual([
    'clients.0.tokenEndpointAuthMethod: must be one of private_key_jwt, tls_client_auth, self_signed_tls_client_auth, in the profile fapi2',
    'clients.0.dpopBoundAccessTokens: must be true, or tls_client_certificate_bound_access_tokens, in the profile fapi2',
  ]);
});

test('where the profile is required, nobody is served as by another provider', () => {
  const protocol = { fapi2: { required: 'fapi2' } };
  const told = problems(CLIENT, {
    protocol,
    signingKeys: { algorithms: ['ES256', 'RS256'] },
    auth0: {
      tenants: [{ name: 'main', issuer: 'http://localhost:4001/', listen: { port: 4001 } }],
    },
    cognito: { enabled: true },
  });
  const message = 'cannot stand beside protocol.fapi2.required: hold clients to it one by one';
  expect(told).toEqual(
    expect.arrayContaining([`auth0.tenants: ${message}`, `cognito.enabled: ${message}`]),
  );
});
