import { describe, expect, test } from 'vitest';
import { readMetadata } from '../../../src/clients/metadata.ts';
import { strongerProfile, type SecurityProfile } from '../../../src/clients/security-profile.ts';

const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
} as const;
const STRONG = {
  redirect_uris: ['https://app.example.com/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [KEY] },
  id_token_signed_response_alg: 'ES256',
  dpop_bound_access_tokens: true,
};
const SIGNED = {
  ...STRONG,
  request_object_signing_alg: 'PS256',
  authorization_signed_response_alg: 'EdDSA',
};
const BY_CERTIFICATE = {
  ...STRONG,
  jwks: undefined,
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_san_dns: 'app.example.com',
  tls_client_certificate_bound_access_tokens: true,
  dpop_bound_access_tokens: undefined,
};

function problems(raw: object, security: SecurityProfile = 'fapi2'): readonly string[] {
  const read = readMetadata(JSON.parse(JSON.stringify(raw)), {
    isDev: true,
    isStrict: true,
    security,
  });
  return read.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the metadata of a client of FAPI 2.0', () => {
  test.each([
    ['with a key for each proof', STRONG],
    ['with a certificate', BY_CERTIFICATE],
    [
      'that acts for itself, and has no ID tokens',
      {
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [KEY] },
        dpop_bound_access_tokens: true,
      },
    ],
  ])('%s is good', (_, raw) => {
    expect(problems(raw)).toEqual([]);
  });

  test.each<[string, object, string]>([
    [
      'a secret',
      { token_endpoint_auth_method: 'client_secret_basic' },
      'token_endpoint_auth_method: must be one of',
    ],
    [
      'a shared key',
      { token_endpoint_auth_method: 'client_secret_jwt' },
      'token_endpoint_auth_method: must be one of',
    ],
    [
      'nothing to show',
      { token_endpoint_auth_method: 'none' },
      'token_endpoint_auth_method: must be one of',
    ],
    [
      'tokens that are bound to nothing',
      { dpop_bound_access_tokens: false },
      'dpop_bound_access_tokens: must be true',
    ],
    [
      'a page that is not https',
      { redirect_uris: ['http://localhost/callback'] },
      'redirect_uris.0: must be https',
    ],
    [
      'a scheme of its own',
      { application_type: 'native', redirect_uris: ['com.example.app:/callback'] },
      'redirect_uris.0: must be https',
    ],
    [
      'grants that bind nothing',
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:token-exchange'] },
      'grant_types: must hold none but',
    ],
    [
      'ID tokens signed by RSA as it was',
      { id_token_signed_response_alg: undefined },
      'id_token_signed_response_alg: must be one of',
    ],
    [
      'assertions signed so',
      { token_endpoint_auth_signing_alg: 'RS256' },
      'token_endpoint_auth_signing_alg: must be one of',
    ],
    [
      'userinfo signed so',
      { userinfo_signed_response_alg: 'RS256' },
      'userinfo_signed_response_alg: must be one of',
    ],
  ])('with %s is refused', (_, weaker, reason) => {
    expect(problems({ ...STRONG, ...weaker })).toEqual([expect.stringContaining(reason)]);
  });

  test('with answers from the authorization endpoint is refused', () => {
    const raw = {
      ...STRONG,
      grant_types: ['authorization_code', 'implicit'],
      response_types: ['code id_token'],
    };
    expect(problems(raw)).toEqual([
      expect.stringContaining('grant_types: must hold none but'),
      expect.stringContaining('response_types: must hold none but code'),
    ]);
  });

  test('with signed messages names strong algorithms for them, and has keys to sign with', () => {
    expect(problems(SIGNED, 'fapi2-message-signing')).toEqual([]);
    expect(problems(STRONG, 'fapi2-message-signing')).toEqual([
      'request_object_signing_alg: must be one of PS256, ES256, EdDSA, in the profile fapi2-message-signing',
      'authorization_signed_response_alg: must be one of PS256, ES256, EdDSA, in the profile fapi2-message-signing',
    ]);
    const { jwks: _, ...keyless } = { ...SIGNED, ...BY_CERTIFICATE };
    expect(problems(keyless, 'fapi2-message-signing')).toEqual([
      'jwks: is missing, as is jwks_uri: requests are signed, in the profile fapi2-message-signing',
    ]);
  });
});

test('of two profiles the one with signed messages is the stronger', () => {
  expect(strongerProfile('fapi2', 'fapi2-message-signing')).toBe('fapi2-message-signing');
  expect(strongerProfile('fapi2', undefined)).toBe('fapi2');
  expect(strongerProfile(undefined, undefined)).toBeUndefined();
});
