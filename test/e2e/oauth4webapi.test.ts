import { randomBytes } from 'node:crypto';
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { ALICE, createUserAgent } from '../support/relying-parties/user-agent.ts';

const SECRET = randomBytes(32).toString('base64url');
const CALLBACK = 'https://app.example/callback';
const API = 'https://api.example.com';
const OPAQUE_API = 'https://opaque.example.com';
/** The plain http of loopback, which the library refuses unless told. */
const LOOPBACK = { [oauth.allowInsecureRequests]: true } as const;

interface App {
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
}

let latchkey: Latchkey;
let server: oauth.AuthorizationServer;
let apps: Readonly<Record<'post' | 'privateKey' | 'secretJwt' | 'api', App>>;

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'app-1', alg: 'ES256' }] };
  const common = {
    type: 'web',
    redirectUris: [CALLBACK],
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
  };
  const withSecret = { ...common, secretInClear: SECRET };
  latchkey = await startLatchkey({
    settings: {
      clients: [
        { ...withSecret, id: 'post', tokenEndpointAuthMethod: 'client_secret_post' },
        { ...withSecret, id: 'secret-jwt', tokenEndpointAuthMethod: 'client_secret_jwt' },
        { ...common, id: 'private-key', tokenEndpointAuthMethod: 'private_key_jwt', jwks },
        { type: 'machine', id: 'api', secretInClear: SECRET, introspects: [API, OPAQUE_API] },
      ],
      apis: [
        { identifier: API, name: 'Messages', scopes: { 'read:messages': 'Read', write: 'Write' } },
        { identifier: 'orders', name: 'Orders', signingAlgorithm: 'RS256', scopes: { buy: 'Buy' } },
        {
          identifier: OPAQUE_API,
          name: 'Vault',
          accessTokenFormat: 'opaque',
          scopes: { open: 'Open' },
        },
      ],
    },
  });
  apps = {
    post: { client: { client_id: 'post' }, authentication: oauth.ClientSecretPost(SECRET) },
    api: { client: { client_id: 'api' }, authentication: oauth.ClientSecretBasic(SECRET) },
    secretJwt: {
      client: { client_id: 'secret-jwt' },
      authentication: oauth.ClientSecretJwt(SECRET),
    },
    privateKey: {
      client: { client_id: 'private-key' },
      authentication: oauth.PrivateKeyJwt({ key: privateKey, kid: 'app-1' }),
    },
  };
  server = await discover();
});

afterAll(async () => {
  await latchkey?.stop();
  await latchkey?.clean();
});

async function discover(): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(latchkey.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, LOOPBACK));
}

describe('metadata', () => {
  test('of both kinds pass the strict reading of the library', async () => {
    const issuer = new URL(latchkey.issuer);
    const response = await oauth.discoveryRequest(issuer, { ...LOOPBACK, algorithm: 'oauth2' });
    await expect(oauth.processDiscoveryResponse(issuer, response)).resolves.toEqual(server);
  });

  test('of another issuer is not ours', async () => {
    const response = await oauth.discoveryRequest(new URL(latchkey.issuer), LOOPBACK);
    await expect(
      oauth.processDiscoveryResponse(new URL('https://other.example'), response),
    ).rejects.toThrow();
  });

  test('announces nothing that is not there', async () => {
    const { scopes_supported, ...rest } = server;
    expect(scopes_supported).not.toContain('read:messages');
    const endpoints = Object.entries(rest).filter(([name]) => /(_endpoint|_uri)$/.test(name));
    expect(endpoints).toHaveLength(9);
    for (const [name, url] of endpoints) {
      const method = /^(?:authorization|userinfo|end_session|jwks|status_list)_/.test(name)
        ? 'GET'
        : 'POST';
      const { status } = await fetch(url as string, { method, redirect: 'manual' });
      expect(status, name).not.toBe(404);
    }
  });
});

describe.each(['post', 'privateKey', 'secretJwt'] as const)(
  'a client that proves itself by %s',
  (kind) => {
    test('signs a person in, and the library verifies the signature of what it gets', async () => {
      const app = apps[kind];
      const { response, nonce } = await codeResponse(app);
      const tokens = await oauth.processAuthorizationCodeResponse(server, app.client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      });
      await oauth.validateApplicationLevelSignature(server, response, LOOPBACK);
      const { sub = '' } = oauth.getValidatedIdTokenClaims(tokens) ?? {};
      const asked = await oauth.userInfoRequest(server, app.client, tokens.access_token, LOOPBACK);
      await expect(
        oauth.processUserInfoResponse(server, app.client, sub, asked),
      ).resolves.toMatchObject({ sub, email: 'alice@example.com' });
    });

    test('acts for itself', async () => {
      const { client, authentication } = apps[kind];
      const tokens = await oauth.processClientCredentialsResponse(
        server,
        client,
        await machineRequest(apps[kind], { resource: API, scope: 'read:messages' }),
      );
      expect(tokens.scope).toBe('read:messages');
      expect(authentication).toBeTypeOf('function');
    });
  },
);

describe('an assertion', () => {
  test('is good for one request alone', async () => {
    const { client, authentication } = apps.privateKey;
    let sent: URLSearchParams | undefined;
    const keeping: oauth.ClientAuth = async (as, who, body, headers) => {
      await authentication(as, who, body, headers);
      sent = new URLSearchParams(body);
    };
    const first = await machineRequest({ client, authentication: keeping }, { resource: API });
    expect(first.status).toBe(200);
    const again = await fetch(server.token_endpoint ?? '', { method: 'POST', body: sent ?? '' });
    await expectOAuthError(again, 401, 'invalid_client');
  });

  test('signed by another key is refused', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const authentication = oauth.PrivateKeyJwt({ key: privateKey, kid: 'app-1' });
    const response = await machineRequest(
      { ...apps.privateKey, authentication },
      { resource: API },
    );
    await expectOAuthError(response, 401, 'invalid_client');
  });
});

describe('errors have the form of the specifications', () => {
  test('at the token endpoint', async () => {
    const { client } = apps.post;
    const wrong = { client, authentication: oauth.ClientSecretPost('wrong') };
    await expectOAuthError(await machineRequest(wrong, {}), 401, 'invalid_client');
    await expectOAuthError(
      await machineRequest(apps.post, { resource: 'https://unknown.example' }),
      400,
      'invalid_target',
    );
    const none = await oauth.genericTokenEndpointRequest(
      server,
      client,
      apps.post.authentication,
      'urn:example:unknown',
      {},
      LOOPBACK,
    );
    await expectOAuthError(none, 400, 'unsupported_grant_type');
  });

  test('a client that proves itself by a weaker method than its own is refused, with a challenge', async () => {
    const basic = { ...apps.secretJwt, authentication: oauth.ClientSecretBasic(SECRET) };
    const response = await machineRequest(basic, { resource: API });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
    await expect(
      oauth.processClientCredentialsResponse(server, basic.client, response),
    ).rejects.toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
  });

  test('at userinfo, as a challenge', async () => {
    const response = await oauth.userInfoRequest(server, apps.post.client, 'nothing', LOOPBACK);
    expect(response.status).toBe(401);
    const reading = oauth.processUserInfoResponse(server, apps.post.client, 'x', response);
    await expect(reading).rejects.toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
    await expect(reading).rejects.toMatchObject({
      cause: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }],
    });
  });

  test('answers about tokens are never cached', async () => {
    for (const response of [
      await machineRequest(apps.post, { resource: API }),
      await machineRequest(apps.post, { resource: 'https://unknown.example' }),
      await oauth.userInfoRequest(server, apps.post.client, 'nothing', LOOPBACK),
      await oauth.introspectionRequest(
        server,
        apps.post.client,
        apps.post.authentication,
        'x',
        LOOPBACK,
      ),
    ]) {
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('the iss parameter (RFC 9207)', () => {
  test('of another issuer, or none, makes the library refuse the answer', async () => {
    const { callback, state } = await authorize(apps.post);
    const read = (url: URL): URLSearchParams =>
      oauth.validateAuthResponse(server, apps.post.client, url, state);
    expect(read(callback).get('iss')).toBe(latchkey.issuer);
    const mixedUp = new URL(callback);
    mixedUp.searchParams.set('iss', 'https://evil.example');
    expect(() => read(mixedUp)).toThrow('unexpected "iss"');
    mixedUp.searchParams.delete('iss');
    expect(() => read(mixedUp)).toThrow('"iss" (issuer) missing');
  });
});

describe('the audience of an access token', () => {
  test('is userinfo alone when no API is named', async () => {
    const { aud, scope } = await accessTokenFor({ scope: 'openid email' });
    expect([aud, scope]).toEqual([server.userinfo_endpoint, 'openid email']);
  });

  test.each(['resource', 'audience'])(
    'is the API and userinfo when %s names it beside openid',
    async (name) => {
      const { aud, scope, raw } = await accessTokenFor({
        scope: 'openid email read:messages',
        [name]: API,
      });
      expect(aud).toEqual([API, server.userinfo_endpoint]);
      expect(scope).toBe('openid email read:messages');
      expect((await oauth.userInfoRequest(server, apps.post.client, raw, LOOPBACK)).status).toBe(
        200,
      );
    },
  );

  test('is the API alone without openid, and userinfo refuses it', async () => {
    const { aud, scope, raw } = await accessTokenFor({ scope: 'read:messages', resource: API });
    expect([aud, scope]).toEqual([API, 'read:messages']);
    const asked = await oauth.userInfoRequest(server, apps.post.client, raw, LOOPBACK);
    expect(asked.status).toBe(403);
    expect(asked.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });

  test('may be a plain name, whose tokens are signed as that API wants', async () => {
    const { aud, protectedHeader } = await accessTokenFor({
      scope: 'openid buy',
      audience: 'orders',
    });
    expect(aud).toEqual(['orders', server.userinfo_endpoint]);
    expect(protectedHeader.alg).toBe('RS256');
  });

  test('cannot be an API that nobody knows', async () => {
    const { callback, state } = await authorize(apps.post, { resource: 'https://unknown.example' });
    expect(() => oauth.validateAuthResponse(server, apps.post.client, callback, state)).toThrow(
      expect.objectContaining({ error: 'invalid_target' }),
    );
  });
});

describe('an API', () => {
  test('verifies the token (RFC 9068) by the key set alone', async () => {
    const { raw, ...claims } = await accessTokenFor({
      scope: 'openid read:messages',
      resource: API,
    });
    expect(claims.protectedHeader).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
    expect(claims).toMatchObject({ iss: latchkey.issuer, client_id: 'post', nbf: claims.iat });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(900);

    const request = new Request(API, { headers: { authorization: `Bearer ${raw}` } });
    await expect(
      oauth.validateJwtAccessToken(server, request, API, LOOPBACK),
    ).resolves.toMatchObject({ sub: claims.sub });
    await expect(
      oauth.validateJwtAccessToken(server, request, 'https://other.example', LOOPBACK),
    ).rejects.toThrow();
  });

  test('refuses what was tampered with, and takes no ID token for an access token', async () => {
    const { raw } = await accessTokenFor({ scope: 'openid read:messages', resource: API });
    const [header, payload = '', signature] = raw.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
    await expect(verify([header, forged, signature].join('.'))).rejects.toThrow('signature');
    const { tokens } = await signIn({ scope: 'openid' });
    const keySet = createRemoteJWKSet(new URL(server.jwks_uri ?? ''));
    await expect(jwtVerify(tokens.id_token ?? '', keySet, { typ: 'at+jwt' })).rejects.toThrow(
      'typ',
    );
  });

  test('finds no private part in the key set, RSA and EC keys side by side, each with its own kid', async () => {
    const response = await fetch(server.jwks_uri ?? '');
    const { keys } = (await response.json()) as { keys: Record<string, string>[] };
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
    expect(new Set(keys.map(({ alg }) => alg))).toEqual(new Set(['RS256', 'ES256']));
    for (const key of keys) {
      for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
        expect(key).not.toHaveProperty(part);
    }
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('cache-control')).toMatch(/max-age=\d+/);
  });

  test.each([
    ['a JWT', { scope: 'read:messages', resource: API }],
    ['an opaque token', { scope: 'open', resource: OPAQUE_API }],
  ])('learns of %s by introspection', async (_kind, parameters) => {
    const { tokens } = await signIn(parameters);
    await expect(introspect(apps.api, tokens.access_token)).resolves.toMatchObject({
      active: true,
      scope: parameters.scope,
      aud: parameters.resource,
      client_id: 'post',
      token_type: 'Bearer',
    });
    await expect(introspect(apps.secretJwt, tokens.access_token)).resolves.toEqual({
      active: false,
    });
    const { client, authentication } = apps.post;
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, authentication, tokens.access_token, LOOPBACK),
    );
    await expect(introspect(apps.api, tokens.access_token)).resolves.toEqual({ active: false });
  });

  test('gets a token of the same audience by refresh', async () => {
    const { tokens } = await signIn({
      scope: 'openid read:messages offline_access',
      prompt: 'consent',
      resource: API,
    });
    const { client, authentication } = apps.post;
    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        tokens.refresh_token ?? '',
        LOOPBACK,
      ),
    );
    const { payload } = await verify(refreshed.access_token);
    expect(payload.aud).toEqual([API, server.userinfo_endpoint]);
  });
});

interface Authorized {
  readonly callback: URL;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

async function authorize(app: App, parameters: Record<string, string> = {}): Promise<Authorized> {
  const [verifier, state, nonce] = [
    oauth.generateRandomCodeVerifier(),
    oauth.generateRandomState(),
    oauth.generateRandomNonce(),
  ];
  const url = new URL(server.authorization_endpoint ?? '');
  url.search = new URLSearchParams({
    client_id: app.client.client_id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid email',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    // Without openid there is no ID token that could carry it.
    ...(parameters['scope']?.includes('openid') !== false && { nonce }),
    ...parameters,
  }).toString();
  const stop = await createUserAgent(latchkey.issuer).authorize(url, ALICE);
  expect(stop.status, stop.html).toBe(0);
  return { callback: stop.url, state, nonce, verifier };
}

async function codeResponse(
  app: App,
  parameters: Record<string, string> = {},
): Promise<{ response: Response; nonce: string }> {
  const { callback, state, verifier, nonce } = await authorize(app, parameters);
  const { client, authentication } = app;
  const answer = oauth.validateAuthResponse(server, client, callback, state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    answer,
    CALLBACK,
    verifier,
    LOOPBACK,
  );
  return { response, nonce };
}

async function signIn(
  parameters: Record<string, string>,
): Promise<{ tokens: oauth.TokenEndpointResponse }> {
  const { response, nonce } = await codeResponse(apps.post, parameters);
  const hasIdToken = parameters['scope']?.includes('openid') === true;
  const tokens = await oauth.processAuthorizationCodeResponse(server, apps.post.client, response, {
    ...(hasIdToken && { expectedNonce: nonce, requireIdToken: true }),
  });
  return { tokens };
}

type AccessToken = Awaited<ReturnType<typeof verify>>['payload'] &
  Pick<Awaited<ReturnType<typeof verify>>, 'protectedHeader'> & { readonly raw: string };

/** Signs in and verifies the access token as an API would. */
async function accessTokenFor(parameters: Record<string, string>): Promise<AccessToken> {
  const { tokens } = await signIn(parameters);
  const { payload, protectedHeader } = await verify(tokens.access_token);
  return { ...payload, protectedHeader, raw: tokens.access_token };
}

function verify(token: string): ReturnType<typeof jwtVerify> {
  const keySet = createRemoteJWKSet(new URL(server.jwks_uri ?? ''));
  return jwtVerify(token, keySet, { issuer: latchkey.issuer, typ: 'at+jwt' });
}

function machineRequest(
  { client, authentication }: App,
  parameters: Record<string, string>,
): Promise<Response> {
  return oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, LOOPBACK);
}

async function introspect(
  { client, authentication }: App,
  token: string,
): Promise<oauth.IntrospectionResponse> {
  const asked = await oauth.introspectionRequest(server, client, authentication, token, LOOPBACK);
  return oauth.processIntrospectionResponse(server, client, asked);
}

async function expectOAuthError(response: Response, status: number, error: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(await response.json()).toEqual({ error, error_description: expect.any(String) });
}
