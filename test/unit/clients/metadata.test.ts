import { describe, expect, test } from 'vitest';
import {
  isPublic,
  needsSecret,
  needsSharedSecret,
  readMetadata,
} from '../../../src/clients/metadata.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';

const production = { isDev: false, isStrict: true };
const web = { redirect_uris: ['https://app.example.com/callback'] };
const ec = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};

function problems(raw: JsonObject, rules = production): readonly string[] {
  return readMetadata(raw, rules).problems.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
}

describe('client metadata', () => {
  test('has the defaults of RFC 7591 section 2 filled in', () => {
    expect(readMetadata(web, production)).toEqual({
      metadata: {
        ...web,
        application_type: 'web',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
      problems: [],
    });
  });

  test('of every kind that may be registered is taken as it stands', () => {
    const whole = {
      ...web,
      client_name: 'Bücher & Co. <b>',
      client_uri: 'https://example.com/',
      logo_uri: 'https://example.com/logo.png',
      policy_uri: 'https://example.com/privacy#cookies',
      tos_uri: 'https://example.com/terms?lang=en',
      contacts: ['dev@example.com'],
      application_type: 'web',
      post_logout_redirect_uris: ['https://app.example.com/'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      id_token_signed_response_alg: 'ES256',
      jwks: { keys: [{ ...ec, kid: 'a', use: 'sig', alg: 'ES256' }] },
      subject_type: 'public',
      scope: 'openid profile read:messages',
      default_max_age: 3600,
      require_auth_time: true,
      default_acr_values: ['urn:example:mfa'],
      initiate_login_uri: 'https://app.example.com/login',
      backchannel_logout_uri: 'https://app.example.com/backchannel',
      backchannel_logout_session_required: true,
      require_pushed_authorization_requests: false,
      dpop_bound_access_tokens: false,
      software_id: '4NRB1-0XZABZI9E6-5SM3R',
      software_version: '2.1',
    };
    expect(readMetadata(whole, production)).toEqual({ metadata: whole, problems: [] });
  });

  test('that is unknown is ignored in a registration, and a mistake elsewhere', () => {
    const raw = { ...web, favourite_colour: 'blue', firstParty: true };
    expect(problems(raw)).toEqual(['favourite_colour: is unknown', 'firstParty: is unknown']);
    const { metadata } = readMetadata(raw, { ...production, isStrict: false });
    expect(metadata).not.toHaveProperty('firstParty');
    expect(problems(raw, { ...production, isStrict: false })).toEqual([]);
  });

  test('that the server gives is chosen by nobody', () => {
    const raw = { ...web, client_id: 'admin', client_secret: 'chosen' };
    expect(problems(raw)).toEqual(['client_id: is unknown', 'client_secret: is unknown']);
    expect(readMetadata(raw, { ...production, isStrict: false })).toEqual(
      readMetadata(web, production),
    );
  });

  test('that is null is as good as left out', () => {
    expect(readMetadata({ ...web, logo_uri: null }, production)).toEqual(
      readMetadata(web, production),
    );
  });

  test('with a name from Object.prototype is unknown like any other', () => {
    const raw = JSON.parse(
      '{"redirect_uris":["https://a.example/"],"__proto__":1,"constructor":1}',
    );
    expect(problems(raw)).toEqual(['__proto__: is unknown', 'constructor: is unknown']);
  });

  test.each<readonly [string, JsonObject, string]>([
    ['no redirect URI', {}, 'redirect_uris: must name at least one'],
    ['a redirect URI that is no text', { redirect_uris: [1] }, 'redirect_uris.0: '],
    [
      'a script to be sent to',
      { redirect_uris: ['javascript:alert(1)'] },
      'redirect_uris.0: must be https',
    ],
    [
      'a bad second URI',
      { redirect_uris: [...web.redirect_uris, 'https://*.example.com/'] },
      'redirect_uris.1: must not hold a wildcard',
    ],
    [
      'a bad URI after sign-out',
      { ...web, post_logout_redirect_uris: ['https://a.example/#x'] },
      'post_logout_redirect_uris.0: must not have a fragment',
    ],
    ['an implicit flow', { ...web, response_types: ['token'] }, 'response_types.0: '],
    ['a grant that nobody has', { ...web, grant_types: ['magic'] }, 'grant_types.0: '],
    [
      'codes that cannot be redeemed',
      { ...web, grant_types: ['client_credentials'], response_types: ['code'] },
      'response_types: must hold code with',
    ],
    [
      'refreshing without people',
      { grant_types: ['client_credentials', 'refresh_token'] },
      'grant_types: must not hold refresh_token',
    ],
    [
      'credentials of a public client',
      {
        ...web,
        grant_types: ['authorization_code', 'client_credentials'],
        token_endpoint_auth_method: 'none',
      },
      'grant_types: must not hold client_credentials',
    ],
    [
      'an unknown method',
      { ...web, token_endpoint_auth_method: 'tls' },
      'token_endpoint_auth_method: ',
    ],
    [
      'no keys to verify with',
      { ...web, token_endpoint_auth_method: 'private_key_jwt' },
      'jwks: is missing',
    ],
    [
      'a certificate without a name',
      { ...web, token_endpoint_auth_method: 'tls_client_auth' },
      'tls_client_auth_subject_dn: is missing',
    ],
    [
      'a certificate with two names',
      {
        ...web,
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=app',
        tls_client_auth_san_dns: 'app.example.com',
      },
      'tls_client_auth_san_dns: must not stand beside tls_client_auth_subject_dn',
    ],
    [
      'the name of a certificate beside a secret',
      { ...web, tls_client_auth_san_ip: '10.0.0.1' },
      'tls_client_auth_san_ip: is of use with tls_client_auth alone',
    ],
    [
      'a name that is none',
      {
        ...web,
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=app',
        tls_client_auth_san_ip: '10.0.0',
      },
      'tls_client_auth_san_ip: expected an IP address',
    ],
    [
      'a key in place of a certificate',
      {
        ...web,
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [ec] },
      },
      'jwks: must hold the certificate as `x5c`',
    ],
    [
      'keys in two places',
      { ...web, jwks: { keys: [ec] }, jwks_uri: 'https://a.example/jwks' },
      'jwks: must not stand beside jwks_uri',
    ],
    [
      'an HMAC over public keys',
      {
        ...web,
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [ec] },
        token_endpoint_auth_signing_alg: 'HS256',
      },
      'token_endpoint_auth_signing_alg: must not be HS256 with private_key_jwt',
    ],
    [
      'a signature without a key',
      {
        ...web,
        token_endpoint_auth_method: 'client_secret_jwt',
        token_endpoint_auth_signing_alg: 'RS256',
      },
      'token_endpoint_auth_signing_alg: must not be RS256 with client_secret_jwt',
    ],
    ['no signature at all', { ...web, id_token_signed_response_alg: 'none' }, 'id_token_signed'],
    [
      'an HMAC that a public client cannot verify',
      { ...web, token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'HS256' },
      'id_token_signed_response_alg: must not be HS256',
    ],
    [
      'a logo that is a script',
      { ...web, logo_uri: 'javascript:alert(1)' },
      'logo_uri: must begin',
    ],
    [
      'a logo that is data',
      { ...web, logo_uri: 'data:image/png;base64,x' },
      'logo_uri: must begin',
    ],
    ['a logo over http', { ...web, logo_uri: 'http://a.example/l.png' }, 'logo_uri: must be https'],
    [
      'a policy with a user',
      { ...web, policy_uri: 'https://u@a.example/' },
      'policy_uri: must not',
    ],
    [
      'a back channel over http',
      { ...web, backchannel_logout_uri: 'http://app.internal/logout' },
      'backchannel_logout_uri: must be https',
    ],
    [
      'a back channel with a fragment',
      { ...web, backchannel_logout_uri: 'https://a.example/#x' },
      'backchannel_logout_uri: must not have a fragment',
    ],
    ['keys in a file', { ...web, jwks_uri: 'file:///etc/passwd' }, 'jwks_uri: must begin'],
    [
      'a sign-in begun over http',
      { ...web, initiate_login_uri: 'http://localhost/login' },
      'initiate_login_uri: must be https',
    ],
    [
      'a contact that is no address',
      { ...web, contacts: ['me'] },
      'contacts.0: expected an e-mail',
    ],
    [
      'a name that turns the line',
      { ...web, client_name: 'Bank\u202Egnp' },
      'client_name: must not',
    ],
    ['a name that cannot be seen', { ...web, client_name: '\u200B' }, 'client_name: must not hold'],
    ['a name of spaces', { ...web, client_name: '   ' }, 'client_name: '],
    ['a name as long as a book', { ...web, client_name: 'x'.repeat(101) }, 'client_name: '],
    ['a scope with a quote', { ...web, scope: 'openid "x"' }, 'scope: expected scopes'],
    ['subjects of another kind', { ...web, subject_type: 'ephemeral' }, 'subject_type: '],
    [
      'pairwise subjects in two sectors',
      {
        ...web,
        subject_type: 'pairwise',
        redirect_uris: ['https://one.example/callback', 'https://two.example/callback'],
      },
      'sector_identifier_uri: is missing',
    ],
    ['a negative age', { ...web, default_max_age: -1 }, 'default_max_age: '],
    ['text for a flag', { ...web, require_auth_time: 'yes' }, 'require_auth_time: '],
  ])('with %s is refused', (_, raw, reason) => {
    expect(problems(raw)).toEqual([expect.stringContaining(reason)]);
  });

  test('tells all that is wrong with it', () => {
    const raw = {
      redirect_uris: ['nowhere'],
      logo_uri: 'x',
      contacts: ['x'],
      token_endpoint_auth_method: 'private_key_jwt',
    };
    expect(problems(raw).map((problem) => problem.split(':')[0])).toEqual([
      'contacts.0',
      'logo_uri',
      'redirect_uris.0',
      'jwks',
    ]);
  });

  test('of a native app may have a scheme of its own', () => {
    const raw = { redirect_uris: ['com.example.app:/callback'], application_type: 'native' };
    expect(problems(raw)).toEqual([]);
    expect(problems({ ...raw, application_type: 'web' })).toHaveLength(1);
  });

  test('in the dev profile may have pages and endpoints over http', () => {
    const raw = {
      ...web,
      logo_uri: 'http://app.test/logo.png',
      backchannel_logout_uri: 'http://app.test/logout',
    };
    expect(problems(raw, { isDev: true, isStrict: true })).toEqual([]);
    expect(problems(raw)).toHaveLength(2);
  });

  test('of a machine has neither redirects nor response types', () => {
    const { metadata, problems: found } = readMetadata(
      { grant_types: ['client_credentials'] },
      production,
    );
    expect(found).toEqual([]);
    expect(metadata).toMatchObject({ redirect_uris: [], response_types: [] });
  });
});

describe('keys that a client publishes', () => {
  const withKeys = (...keys: readonly JsonObject[]): readonly string[] =>
    problems({ ...web, jwks: { keys } });
  const rsa = (bits: number): JsonObject => ({
    kty: 'RSA',
    e: 'AQAB',
    n: Buffer.alloc(bits / 8, 255).toString('base64url'),
  });

  test('are RSA of 2048 bit and more, EC or Ed25519', () => {
    const okp = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    expect(withKeys(rsa(2048), { ...ec, kid: 'a' }, { ...okp, kid: 'b' })).toEqual([]);
  });

  test.each<readonly [string, JsonObject, string]>([
    ['the private part of an EC key', { ...ec, d: 'x' }, 'jwks.keys.0: must hold public keys only'],
    ['the private part of an RSA key', { ...rsa(2048), d: 'x', p: 'x', q: 'x' }, 'jwks.keys.0'],
    ['a shared secret', { kty: 'oct', k: 'AAAA' }, 'jwks.keys.0.kty: must hold public keys only'],
    ['a weak RSA key', rsa(1024), 'jwks.keys.0.n: must be an RSA modulus'],
    ['an enormous RSA key', rsa(8200), 'jwks.keys.0.n: must be an RSA modulus'],
    ['an unknown curve', { ...ec, crv: 'secp256k1' }, 'jwks.keys.0.crv'],
    ['a place to fetch a key from', { ...ec, x5u: 'https://evil.example/' }, 'jwks.keys.0.x5u'],
    ['what is not base64url', { ...ec, x: 'a+b/c=' }, 'jwks.keys.0.x'],
  ])('must not hold %s', (_, key, place) => {
    expect(withKeys(key)).toEqual([expect.stringContaining(place)]);
  });

  test('have each a kid of its own', () => {
    expect(withKeys({ ...ec, kid: 'a' }, { ...ec, kid: 'a' })).toHaveLength(1);
    expect(withKeys()).toHaveLength(1);
  });
});

test.each<readonly [JsonObject, readonly boolean[]]>([
  [{ token_endpoint_auth_method: 'client_secret_basic' }, [true, false, false]],
  [{ token_endpoint_auth_method: 'client_secret_post' }, [true, false, false]],
  [{ token_endpoint_auth_method: 'client_secret_jwt' }, [true, true, false]],
  [{ token_endpoint_auth_method: 'private_key_jwt' }, [false, false, false]],
  [{ token_endpoint_auth_method: 'none' }, [false, false, true]],
  [
    { token_endpoint_auth_method: 'private_key_jwt', id_token_signed_response_alg: 'HS256' },
    [true, true, false],
  ],
])('whether %j needs a secret, the secret itself, and is public: %j', (metadata, answers) => {
  expect([needsSecret(metadata), needsSharedSecret(metadata), isPublic(metadata)]).toEqual(answers);
});
