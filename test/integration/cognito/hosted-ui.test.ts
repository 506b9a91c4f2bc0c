import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD } from '../../support/account-node.ts';
import {
  CALLBACK,
  CLIENT,
  openCognitoNode,
  POOL,
  SECRET,
  SECRET_CLIENT,
  SIGNED_OUT,
  type CognitoNode,
} from '../../support/cognito-node.ts';
import { timeUntil } from '../../support/time-until.ts';
import { createHostedVisitor, post, type Answer } from './hosted-visitor.ts';

let node: CognitoNode;
beforeAll(async () => {
  node = await openCognitoNode();
});
afterAll(() => node.close());

function refresh(token: string): Promise<Answer> {
  return post(`${node.endpoint}/oauth2/token`, {
    grant_type: 'refresh_token',
    client_id: CLIENT,
    refresh_token: token,
  });
}

async function userInfo(token: string): Promise<Response> {
  return await fetch(`${node.endpoint}/oauth2/userInfo`, {
    headers: { authorization: `Bearer ${token}` },
  });
}

describe('a sign-in at the hosted pages', () => {
  test('gives tokens of the pool, in the shape of Cognito', async () => {
    const tokens = await createHostedVisitor(node.endpoint).signIn();
    expect(tokens).toMatchObject({ expires_in: 3600, token_type: 'Bearer' });
    const keys = createRemoteJWKSet(new URL(`${node.endpoint}/${POOL}/.well-known/jwks.json`));
    const issuer = `${node.endpoint}/${POOL}`;
    const access = await jwtVerify(tokens.access_token, keys, { issuer });
    expect(access.payload).toMatchObject({
      client_id: CLIENT,
      token_use: 'access',
      scope: 'openid profile email aws.cognito.signin.user.admin',
      username: 'ann',
      version: 2,
      origin_jti: expect.any(String),
    });
    expect(access.payload.aud).toBeUndefined();
    const id = await jwtVerify(tokens.id_token, keys, { issuer, audience: CLIENT });
    expect(id.payload).toMatchObject({
      sub: access.payload.sub,
      token_use: 'id',
      nonce: 'nonce',
      at_hash: expect.any(String),
      'cognito:username': 'ann',
      email_verified: true,
      origin_jti: access.payload['origin_jti'],
      auth_time: access.payload['auth_time'],
    });
  });

  test('is done by a library that checks all that it is answered', async () => {
    const server = new URL(`${node.endpoint}/${POOL}`);
    const config = await client.discovery(server, CLIENT, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
    });
    const verifier = client.randomPKCECodeVerifier();
    const visitor = createHostedVisitor(node.endpoint);
    const to = await visitor.authorize({
      scope: 'openid email',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
    });
    const tokens = await client.authorizationCodeGrant(config, to, {
      pkceCodeVerifier: verifier,
      expectedState: 'state',
      expectedNonce: 'nonce',
    });
    const { sub = '' } = tokens.claims() ?? {};
    expect(tokens.claims()).toMatchObject({ email: 'ann@example.com', email_verified: true });
    expect(await client.fetchUserInfo(config, tokens.access_token, sub)).toEqual({
      sub,
      email: 'ann@example.com',
      email_verified: 'true',
      username: 'ann',
    });
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(next.refresh_token).toBeUndefined();
    expect(decodeJwt(next.access_token)['origin_jti']).toBe(
      decodeJwt(tokens.access_token)['origin_jti'],
    );
  });

  test('binds access tokens to the one resource that was named, also those of a refresh', async () => {
    const resource = 'https://api.example.com/orders';
    const named = { resource, identity_provider: 'COGNITO' };
    const visitor = createHostedVisitor(node.endpoint);
    expect(decodeJwt((await visitor.signIn()).access_token).aud).toBeUndefined();
    const tokens = await visitor.signIn(named);
    expect(decodeJwt(tokens.access_token)).toMatchObject({ aud: resource, client_id: CLIENT });
    expect(decodeJwt(tokens.id_token)['aud']).toBe(CLIENT);
    const { body } = await refresh(tokens.refresh_token);
    expect(decodeJwt(body['access_token'] ?? '')['aud']).toBe(resource);
    expect((await userInfo(body['access_token'] ?? '')).status).toBe(200);
  });

  test.each([
    ['login', '/interaction/'],
    ['select_account', '/interaction/'],
    ['consent', '/interaction/'],
    ['none', '/callback'],
  ])('heeds prompt=%s of whoever is signed in', async (prompt, path) => {
    const visitor = createHostedVisitor(node.endpoint);
    await visitor.signIn();
    const { url, response } = await visitor.ask({ prompt });
    expect([url.pathname.startsWith(path), response?.status ?? 200]).toEqual([true, 200]);
  });

  test('is one sign-in for all clients of the browser', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const one = decodeJwt((await visitor.signIn()).access_token);
    const again = await visitor.ask({ client_id: SECRET_CLIENT }, '/login');
    expect(again.url.href).toMatch(/^http:\/\/localhost:3000\/callback\?code=/);
    const code = again.url.searchParams.get('code') ?? '';
    const fields = { client_id: SECRET_CLIENT, client_secret: SECRET };
    const { body } = await visitor.redeem(code, fields);
    expect(decodeJwt(body['access_token'] ?? '')['auth_time']).toBe(one['auth_time']);
  });
});

describe('on the account page', () => {
  test('whoever signed in at pages or API finds the application, and ends both sign-ins by removing it', async () => {
    const login = 'ida';
    const hosted = await createHostedVisitor(node.endpoint).signIn({}, login);
    const { body } = await node.call('InitiateAuth', {
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: CLIENT,
      AuthParameters: { USERNAME: login, PASSWORD },
    });
    const api = body.AuthenticationResult;
    const ida = node.visitor();
    await ida.get('/account/clients');
    const signedIn = await ida.signIn(login);
    expect(signedIn.url.pathname).toBe('/account/clients');
    await expect
      .poll(async () => (await ida.get('/account/clients')).html)
      .toMatch(new RegExp(`value="${CLIENT}"`, 'u'));
    const shown = await ida.get('/account/clients');
    expect(shown.html).toContain('Part of');

    const removed = await ida.send('/account/clients/remove', { client: CLIENT });
    expect(removed.html).toContain('No app has access');
    for (const AccessToken of [hosted.access_token, api.AccessToken]) {
      const isOver = async (): Promise<boolean> =>
        (await node.call('GetUser', { AccessToken })).error === 'NotAuthorizedException';
      expect(await timeUntil(isOver)).toBeLessThan(1000);
    }
    for (const token of [hosted.refresh_token, api.RefreshToken])
      expect((await refresh(token)).status).toBe(400);
  });
});

describe('what the two APIs know of each other', () => {
  test('an access token of the hosted pages tells who one is, and its refresh token is good at the JSON API', async () => {
    const tokens = await createHostedVisitor(node.endpoint).signIn({}, 'ben');
    const got = await node.call('GetUser', { AccessToken: tokens.access_token });
    expect(got.body.Username).toBe('ben');
    const next = await node.call('GetTokensFromRefreshToken', {
      ClientId: CLIENT,
      RefreshToken: tokens.refresh_token,
    });
    const claims = decodeJwt(next.body.AuthenticationResult.AccessToken);
    expect(claims).toMatchObject({ scope: expect.stringContaining('openid'), version: 2 });
  });

  test('a refresh token of the JSON API is good at the hosted endpoint', async () => {
    const { body } = await node.call('InitiateAuth', {
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: CLIENT,
      AuthParameters: { USERNAME: 'ben', PASSWORD },
    });
    const next = await refresh(body.AuthenticationResult.RefreshToken);
    expect(next.status).toBe(200);
    expect(Object.keys(next.body).toSorted()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'token_type',
    ]);
  });

  test('a token without the scope of operations opens none, and one without openid no userinfo', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const { access_token: plain } = await visitor.signIn({ scope: 'openid' }, 'ben');
    const refused = await node.call('GetUser', { AccessToken: plain });
    expect(refused.body.message).toBe('Access Token does not have required scopes');
    const { body } = await node.call('InitiateAuth', {
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: CLIENT,
      AuthParameters: { USERNAME: 'ben', PASSWORD },
    });
    const answer = await userInfo(body.AuthenticationResult.AccessToken);
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"'),
    ]);
  });
});

describe('what is taken back', () => {
  test('revoking a refresh token ends the access tokens with it', async () => {
    const tokens = await createHostedVisitor(node.endpoint).signIn({}, 'cat');
    const revoked = await post(`${node.endpoint}/oauth2/revoke`, {
      token: tokens.refresh_token,
      client_id: CLIENT,
    });
    expect(revoked.status).toBe(200);
    expect((await refresh(tokens.refresh_token)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await userInfo(tokens.access_token)).status).toBe(401);
  });

  test.each([
    [
      'a sign-out everywhere',
      (token: string) => node.call('GlobalSignOut', { AccessToken: token }),
    ],
    [
      'the end of the account',
      (token: string) =>
        node.call('AdminDisableUser', {
          UserPoolId: POOL,
          Username: String(decodeJwt(token)['username']),
        }),
    ],
  ])('%s ends it all', async (_, takeBack) => {
    const tokens = await createHostedVisitor(node.endpoint).signIn({}, 'dan');
    expect((await userInfo(tokens.access_token)).status).toBe(200);
    expect((await takeBack(tokens.access_token)).status).toBe(200);
    expect((await userInfo(tokens.access_token)).status).toBe(401);
    expect((await refresh(tokens.refresh_token)).status).toBe(400);
  });

  test('signing out ends what the browser had, and leads where the client registered', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const tokens = await visitor.signIn({}, 'eve');
    const query = new URLSearchParams({ client_id: CLIENT, logout_uri: SIGNED_OUT });
    const out = await visitor.browser.visit(`${node.endpoint}/logout?${query.toString()}`);
    expect(out.url.href).toBe(SIGNED_OUT);
    expect((await refresh(tokens.refresh_token)).status).toBe(400);
    expect((await visitor.ask()).url.pathname).toMatch(/^\/interaction\//);
  });

  test('signing out may lead to the sign-in page, and never to a stranger', async () => {
    const { browser } = createHostedVisitor(node.endpoint);
    const again = new URLSearchParams({
      client_id: SECRET_CLIENT,
      response_type: 'code',
      redirect_uri: CALLBACK,
    });
    const page = await browser.visit(`${node.endpoint}/logout?${again.toString()}`);
    expect(page.url.pathname).toMatch(/^\/interaction\//);
    const stranger = new URLSearchParams({
      client_id: CLIENT,
      logout_uri: 'https://evil.example.com/',
    });
    const stay = await browser.visit(`${node.endpoint}/logout?${stranger.toString()}`);
    expect(stay.response?.status).toBe(400);
  });

  test('a code that comes back ends what was issued for it', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const code = (await visitor.authorize({}, { login: 'fay' })).searchParams.get('code') ?? '';
    const { body } = await visitor.redeem(code);
    node.clock.advance(30);
    expect((await visitor.redeem(code)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await userInfo(body['access_token'] ?? '')).status).toBe(401);
  });
});

describe('what is refused', () => {
  test.each([
    ['another verifier', { code_verifier: 'x'.repeat(43) }],
    ['another redirect URI', { redirect_uri: SIGNED_OUT }],
    ['another client', { client_id: SECRET_CLIENT, client_secret: SECRET }],
  ])('a code with %s', async (_, fields) => {
    const visitor = createHostedVisitor(node.endpoint);
    const code = (await visitor.authorize()).searchParams.get('code') ?? '';
    const refused = await visitor.redeem(code, fields);
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_grant']);
    expect((await visitor.redeem(code)).status).toBe(200);
  });

  test('a client with a wrong secret, or none', async () => {
    const visitor = createHostedVisitor(node.endpoint);
    const fields = { client_id: SECRET_CLIENT, client_secret: 'wrong' };
    expect((await visitor.redeem('code', fields)).body).toMatchObject({ error: 'invalid_client' });
    const { body } = await visitor.redeem('code', { client_id: SECRET_CLIENT });
    expect(body['error']).toBe('invalid_client');
  });

  test('a redirect URI that is not registered, on a page of ours', async () => {
    const { response } = await createHostedVisitor(node.endpoint).ask({
      redirect_uri: 'https://evil.example.com/',
    });
    expect(response?.status).toBe(400);
  });

  test.each([
    ['a scope that the client may not have', { scope: 'openid address' }, 'invalid_scope'],
    ['a scope of nobody', { scope: 'openid made/up' }, 'invalid_scope'],
    ['an identity provider that is not there', { identity_provider: 'Google' }, 'invalid_request'],
    ['the same by another name', { idp_identifier: 'example.com' }, 'invalid_request'],
    ['a resource that is none', { resource: 'http://api.example.com' }, 'invalid_target'],
    ['a look at who is signed in, where nobody is', { prompt: 'none' }, 'login_required'],
    ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    [
      'a public client without a challenge',
      { code_challenge: '', code_challenge_method: '' },
      'invalid_request',
    ],
  ])('%s, at the application, in the name of the pool', async (_, parameters, error) => {
    const { url } = await createHostedVisitor(node.endpoint).ask(parameters);
    const answer = new URLSearchParams(url.search || url.hash.slice(1));
    expect(url.origin).toBe('http://localhost:3000');
    expect([answer.get('error'), answer.get('iss'), answer.get('state')]).toEqual([
      error,
      `${node.endpoint}/${POOL}`,
      'state',
    ]);
  });

  test('endpoints that are the engine’s and not Cognito’s', async () => {
    const paths = [
      '/oauth2/idpresponse',
      '/token',
      '/userinfo',
      '/introspect',
      '/revoke',
      '/register',
      '/authorize',
    ];
    const found = await Promise.all(paths.map((path) => fetch(`${node.endpoint}${path}`)));
    expect(found.map(({ status }) => status)).toEqual(paths.map(() => 404));
  });
});
