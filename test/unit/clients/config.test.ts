import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { unknownApis } from '../../../src/clients/api-references.ts';
import { apisConfig, clientsConfig } from '../../../src/clients/config.ts';
import { metadataOf, settingNameOf } from '../../../src/clients/declared-metadata.ts';
import { METADATA_FIELDS } from '../../../src/clients/metadata-fields.ts';
import { createResourceServers } from '../../../src/clients/resource-servers.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';

const redirectUris = ['https://app.example.com/callback'];
const secret = { env: 'WEB_SECRET' };

function declared(client: object): JsonObject {
  const [one] = clientsConfig.parse([client]);
  if (one === undefined) throw new Error('one client was declared');
  return metadataOf(one);
}

function problems(
  schema: typeof clientsConfig | typeof apisConfig,
  list: unknown,
): readonly string[] {
  const { error } = schema.safeParse(list);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('declared clients', () => {
  test('are web apps with a secret unless they say otherwise', () => {
    expect(declared({ id: 'web', secret, redirectUris })).toEqual({
      client_name: 'web',
      redirect_uris: redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_basic',
    });
  });

  test.each([
    ['spa', { redirectUris }, { token_endpoint_auth_method: 'none' }],
    [
      'native',
      { redirectUris: ['com.example.app:/cb'] },
      { token_endpoint_auth_method: 'none', application_type: 'native' },
    ],
    ['machine', { secret }, { grant_types: ['client_credentials'] }],
  ])('of type %s are what the type says', (type, settings, metadata) => {
    expect(declared({ id: 'x', type, ...settings })).toMatchObject(metadata);
  });

  test('have their settings under the names that metadata have, in our spelling', () => {
    const metadata = declared({
      id: 'web',
      name: 'Web',
      uri: 'https://example.com/',
      secret,
      redirectUris,
      postLogoutRedirectUris: ['https://app.example.com/'],
      tokenEndpointAuthMethod: 'client_secret_post',
      idTokenSignedResponseAlg: 'ES256',
      backchannelLogoutUri: 'https://app.example.com/logout',
      requirePushedAuthorizationRequests: true,
      firstParty: true,
    });
    expect(metadata).toMatchObject({
      client_name: 'Web',
      client_uri: 'https://example.com/',
      post_logout_redirect_uris: ['https://app.example.com/'],
      token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: 'ES256',
      backchannel_logout_uri: 'https://app.example.com/logout',
      require_pushed_authorization_requests: true,
    });
    expect(metadata).not.toHaveProperty('first_party');
  });

  test('can say whatever can be registered, but for what follows from their type', () => {
    const { items } = z.toJSONSchema(clientsConfig, { io: 'input', unrepresentable: 'any' });
    const settings = Object.keys(Object(Object(items).properties));
    const missing = Object.keys(METADATA_FIELDS)
      .map(settingNameOf)
      .filter((name) => !settings.includes(name));
    expect(missing).toEqual(['applicationType', 'softwareId', 'softwareVersion']);
  });

  test.each([
    ['without a secret', { id: 'web', redirectUris }, '0.secret: is missing'],
    ['public, with a secret', { id: 'x', type: 'spa', redirectUris, secret }, '0.secret: must not'],
    [
      'with two secrets',
      { id: 'x', redirectUris, secret, secretInClear: 'x' },
      '0.secret: must not stand beside',
    ],
    ['without redirect URIs', { id: 'web', secret }, '0.redirectUris: must name at least one'],
    [
      'with a wildcard',
      { id: 'web', secret, redirectUris: ['https://*.example.com/'] },
      '0.redirectUris.0: must not hold a wildcard',
    ],
    ['with an id of spaces', { id: 'my app', secret, redirectUris }, '0.id: expected 1 to 128'],
    [
      'with an origin and a path',
      { id: 'x', type: 'spa', redirectUris, corsOrigins: ['https://a.example/x'] },
      '0.corsOrigins.0: expected an origin',
    ],
    [
      'with a life that is no duration',
      { id: 'x', secret, redirectUris, accessTokenTtl: 900 },
      '0.accessTokenTtl: expected a duration',
    ],
  ])('%s are refused at their place', (_, client, problem) => {
    expect(problems(clientsConfig, [client])).toEqual([expect.stringContaining(problem)]);
  });

  test('have each an id of their own', () => {
    const client = { id: 'web', secret, redirectUris };
    expect(problems(clientsConfig, [client, client])).toEqual(['1.id: is taken by another client']);
  });

  test('ids of our own pages are nobody else’s', () => {
    const client = {
      id: 'latchkey-account',
      type: 'spa',
      redirectUris: ['https://app.example/cb'],
    };
    expect(problems(clientsConfig, [client])).toEqual([
      '0.id: is reserved: latchkey-... are pages of our own',
    ]);
  });

  test('name only APIs that are declared', () => {
    const clients = clientsConfig.parse([
      { id: 'web', secret, redirectUris, apis: ['https://a.example', 'https://b.example'] },
      { id: 'machine', type: 'machine', secret, introspects: ['https://c.example'] },
      { id: 'other', type: 'machine', secret, apiScopes: { 'https://d.example': ['read'] } },
    ]);
    const apis = apisConfig.parse([{ identifier: 'https://a.example', name: 'A' }]);
    expect(unknownApis(clients, apis)).toEqual([
      { path: [0, 'apis', 1], message: 'no API has the identifier https://b.example' },
      { path: [1, 'introspects', 0], message: 'no API has the identifier https://c.example' },
      {
        path: [2, 'apiScopes', 'https://d.example'],
        message: 'no API has the identifier https://d.example',
      },
    ]);
  });
});

describe('declared APIs', () => {
  test('are found by identifier, with the words of their scopes', () => {
    const servers = createResourceServers(
      apisConfig.parse([
        {
          identifier: 'https://api.example.com',
          name: 'Messages',
          scopes: { 'read:messages': 'Read your messages' },
          accessTokenTtl: '5m',
          claims: { roles: 'roles' },
        },
        {
          identifier: 'urn:example:api',
          name: 'Other',
          accessTokenFormat: 'opaque',
          restricted: true,
        },
      ]),
    );
    expect(servers.list()).toHaveLength(2);
    expect(servers.find('https://api.example.com')).toEqual({
      identifier: 'https://api.example.com',
      name: 'Messages',
      permissions: new Map(),
      enforcePermissions: false,
      scopes: new Map([['read:messages', 'Read your messages']]),
      accessTokenFormat: 'jwt',
      signingAlgorithm: 'ES256',
      accessTokenTtlSeconds: 300,
      statusList: true,
      publishMetadata: false,
      restricted: false,
      claims: new Map([['roles', 'roles']]),
    });
    expect(servers.find('https://api.example.com/')).toBeUndefined();
  });

  test.each([
    ['an identifier with a space', { identifier: 'my api', name: 'A' }, '0.identifier'],
    ['no name', { identifier: 'a' }, '0.name'],
    [
      'a scope with a space',
      { identifier: 'a', name: 'A', scopes: { 'read all': 'x' } },
      '0.scopes',
    ],
    [
      'a scope of OpenID Connect',
      { identifier: 'a', name: 'A', scopes: { email: 'x' } },
      '0.scopes.email',
    ],
    [
      'a claim of the token itself',
      { identifier: 'a', name: 'A', claims: { sub: 'x' } },
      '0.claims.sub',
    ],
    [
      'an algorithm without a key',
      { identifier: 'a', name: 'A', signingAlgorithm: 'none' },
      '0.signingAlgorithm',
    ],
  ])('with %s are refused at their place', (_, api, place) => {
    expect(problems(apisConfig, [api])).toEqual([expect.stringContaining(place)]);
  });

  test('have each an identifier of their own', () => {
    const api = { identifier: 'a', name: 'A' };
    expect(problems(apisConfig, [api, api])).toEqual(['1.identifier: is taken by another API']);
  });

  const rsa = { kty: 'RSA', n: 'u'.repeat(342), e: 'AQAB' };
  test.each([
    [{ algorithm: 'RSA-OAEP-256' }, 'jwks: is missing: RSA-OAEP-256 needs it'],
    [{ algorithm: 'dir' }, 'secret: is missing: dir needs it'],
    [
      { algorithm: 'ECDH-ES+A256KW', jwks: { keys: [rsa] } },
      'jwks: holds no public key for ECDH-ES+A256KW',
    ],
    [
      { algorithm: 'RSA-OAEP-256', jwks: { keys: [{ ...rsa, use: 'sig' }] } },
      'jwks: holds no public key for RSA-OAEP-256',
    ],
    [{ algorithm: 'A256KW', secret, jwks: { keys: [rsa] } }, 'jwks: is of no use with A256KW'],
  ])('encrypted by %j are told what is wrong', (encryption, problem) => {
    const api = { identifier: 'x', name: 'X', encryption };
    expect(problems(apisConfig, [api])).toEqual([`0.encryption.${problem}`]);
  });

  test('with opaque tokens have nothing to encrypt', () => {
    const encryption = { algorithm: 'dir', secret };
    const api = { identifier: 'x', name: 'X', accessTokenFormat: 'opaque', encryption };
    expect(problems(apisConfig, [api])).toEqual([
      '0.encryption: has nothing to encrypt: its tokens are opaque',
    ]);
  });
});
