import { randomBytes } from 'node:crypto';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { listen, readPosted, type Listener } from '../support/relying-parties/listener.ts';
import { createOpenidClient, type OpenidClient } from '../support/relying-parties/openid-client.ts';
import {
  ALICE,
  asks,
  BOB,
  CAROL,
  DAVE,
  createUserAgent,
  headingOf,
} from '../support/relying-parties/user-agent.ts';

const SECRET = randomBytes(32).toString('base64url');
const BYE = 'https://app.example/bye';

let app: Listener;
let latchkey: Latchkey;
/** With PKCE, as it should be, and told of sign-outs. */
let web: OpenidClient;
/** As older libraries do it: no PKCE, no nonce. */
let plain: OpenidClient;
const logoutTokens: string[] = [];
const posted: URLSearchParams[] = [];

beforeAll(async () => {
  app = await listen(async (request, response) => {
    const form = await readPosted(request);
    if (request.url === '/backchannel') logoutTokens.push(form.get('logout_token') ?? '');
    else posted.push(form);
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>App</title><h1>Back at the app</h1>');
  });
  const common = {
    type: 'web',
    secretInClear: SECRET,
    redirectUris: [`${app.url}/callback`],
    postLogoutRedirectUris: [BYE],
  };
  latchkey = await startLatchkey({
    settings: {
      http: { outbound: { allow: ['127.0.0.1'] } },
      clients: [
        { ...common, id: 'web', name: 'The shop', backchannelLogoutUri: `${app.url}/backchannel` },
        { ...common, id: 'plain', name: 'The old shop', requirePkce: false },
        { ...common, id: 'one-look', name: 'The library shop', claimsInIdToken: true },
      ],
    },
  });
  web = await discover('web');
  plain = await discover('plain');
});

afterAll(async () => {
  await latchkey?.stop();
  await latchkey?.clean();
  await app?.close();
});

function discover(id: string, secret = SECRET): Promise<OpenidClient> {
  return createOpenidClient({
    issuer: latchkey.issuer,
    id,
    redirectUri: `${app.url}/callback`,
    authentication: client.ClientSecretBasic(secret),
  });
}

const newAgent = (): ReturnType<typeof createUserAgent> => createUserAgent(latchkey.issuer);
/** What a refused answer of the token endpoint says. */
const refusal = (error: string, status = 400): object => expect.objectContaining({ error, status });

describe('discovery', () => {
  test('says what is offered, under the issuer', () => {
    const metadata = web.configuration.serverMetadata();
    const { issuer } = latchkey;
    expect(metadata).toMatchObject({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      introspection_endpoint: `${issuer}/introspect`,
      revocation_endpoint: `${issuer}/revoke`,
      end_session_endpoint: `${issuer}/logout`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      backchannel_logout_supported: true,
    });
    expect(metadata.supportsPKCE()).toBe(true);
    expect(metadata.scopes_supported).toEqual(
      expect.arrayContaining(['openid', 'profile', 'email', 'address', 'phone', 'offline_access']),
    );
  });

  test('of the OAuth kind (RFC 8414) says the same', async () => {
    const configuration = await client.discovery(
      new URL(latchkey.issuer),
      'web',
      SECRET,
      undefined,
      {
        algorithm: 'oauth2',
        execute: [client.allowInsecureRequests],
      },
    );
    expect(configuration.serverMetadata()).toEqual(web.configuration.serverMetadata());
  });
});

describe('a sign-in with code and PKCE', () => {
  test('gives an ID token, an access token and a refresh token', async () => {
    const tokens = await web.signIn(newAgent());
    expect(tokens).toMatchObject({
      token_type: 'bearer',
      expires_in: 900,
      scope: 'openid profile email offline_access',
      refresh_token: expect.any(String),
    });
    expect(tokens.claims()).toMatchObject({ iss: latchkey.issuer, aud: 'web' });
    expect(decodeProtectedHeader(tokens.id_token ?? '').alg).toBe('RS256');
    const { sub = '' } = tokens.claims() ?? {};
    await expect(
      client.fetchUserInfo(web.configuration, tokens.access_token, sub),
    ).resolves.toMatchObject({ sub, email: 'alice@example.com', email_verified: true });
  });

  test('works for a client that may go without PKCE, and without a nonce', async () => {
    const { url, checks } = await plain.authorize(newAgent(), {
      code_challenge: undefined,
      code_challenge_method: undefined,
      nonce: undefined,
    });
    const { expectedNonce: _, ...rest } = checks;
    const tokens = await client.authorizationCodeGrant(plain.configuration, url, rest);
    expect(tokens.claims()?.aud).toBe('plain');
  });

  test('without PKCE is refused to a client that must use it', async () => {
    const { url } = await web.authorize(newAgent(), {
      code_challenge: undefined,
      code_challenge_method: undefined,
    });
    expect(url.origin).toBe(app.url);
    expect(url.searchParams.get('error')).toBe('invalid_request');
  });

  test('by the plain method of PKCE is refused', async () => {
    const { url } = await web.authorize(newAgent(), { code_challenge_method: 'plain' });
    expect(url.searchParams.get('error')).toBe('invalid_request');
  });

  test('with another verifier is refused', async () => {
    const answer = await web.authorize(newAgent());
    const checks = { ...answer.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
    await expect(web.redeem({ ...answer, checks })).rejects.toEqual(refusal('invalid_grant'));
  });

  test('whose code is used again ends, tokens and all', async () => {
    const answer = await web.authorize(newAgent());
    const tokens = await web.redeem(answer);
    await expect(web.redeem(answer)).rejects.toEqual(refusal('invalid_grant'));
    await expect(introspect(tokens.access_token)).resolves.toEqual({ active: false });
    await expect(refresh(tokens.refresh_token)).rejects.toEqual(refusal('invalid_grant'));
  });

  test('whose code comes from another client is refused', async () => {
    const answer = await web.authorize(newAgent());
    await expect(plain.redeem(answer)).rejects.toEqual(refusal('invalid_grant'));
  });

  test('with a wrong secret is refused, whoever the client is', async () => {
    const answer = await web.authorize(newAgent());
    const thief = await discover('web', 'not-the-secret');
    await expect(thief.redeem(answer)).rejects.toMatchObject({ status: 401 });
    const stranger = await discover('nobody');
    await expect(stranger.redeem(answer)).rejects.toMatchObject({ status: 401 });
  });

  test('begun by a pushed request (RFC 9126) works once', async () => {
    const agent = newAgent();
    const { url: full, checks } = await web.request();
    const url = await client.buildAuthorizationUrlWithPAR(
      web.configuration,
      new URLSearchParams(full.searchParams),
    );
    expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
    const stop = await agent.authorize(url);
    expect(stop.url.origin, stop.html).toBe(app.url);
    await expect(web.redeem({ ...stop, checks })).resolves.toHaveProperty('id_token');
    const again = await agent.authorize(url);
    expect(again.url.origin).not.toBe(app.url);
  });

  test('ignores parameters that nobody knows, and wishes that it cannot meet', async () => {
    const tokens = await web.signIn(newAgent(), {
      display: 'touch',
      ui_locales: 'xx de',
      claims_locales: 'xx',
      acr_values: 'urn:example:gold',
      colour: 'blue',
    });
    expect(tokens.claims()?.sub).toEqual(expect.any(String));
  });

  test('may be asked for by POST, as the specification wants', async () => {
    const agent = newAgent();
    const { url, checks } = await web.request();
    const sent = await fetch(`${url.origin}${url.pathname}`, {
      method: 'POST',
      body: url.searchParams,
      redirect: 'manual',
    });
    const stop = await agent.authorize(sent.headers.get('location') ?? '');
    await expect(web.redeem({ ...stop, checks })).resolves.toHaveProperty('id_token');
  });

  test('puts the claims of scopes into the ID token only of a client that looks nowhere else', async () => {
    const other = await discover('one-look');
    const { email } = { email: undefined, ...(await other.signIn(newAgent())).claims() };
    expect(email).toBe('alice@example.com');
    expect((await web.signIn(newAgent())).claims()).not.toHaveProperty('email');
  });

  test('says how the person proved who they are', async () => {
    const acr = 'urn:latchkey:acr:1fa';
    const claims = JSON.stringify({ id_token: { amr: null } });
    const tokens = await web.signIn(newAgent(), { acr_values: acr, claims });
    expect(tokens.claims()).toMatchObject({ acr, amr: ['pwd'] });
  });

  test('with max_age tells when the person signed in', async () => {
    const tokens = await web.signIn(newAgent(), { max_age: '3600' });
    expect(tokens.claims()?.auth_time).toEqual(expect.any(Number));
  });

  test('asks for single claims by the claims parameter', async () => {
    const tokens = await web.signIn(newAgent(), {
      scope: 'openid',
      claims: JSON.stringify({
        userinfo: { name: { essential: true } },
        id_token: { email: null },
      }),
    });
    const { sub = '' } = tokens.claims() ?? {};
    expect(tokens.claims()).toHaveProperty('email', 'alice@example.com');
    await expect(
      client.fetchUserInfo(web.configuration, tokens.access_token, sub),
    ).resolves.toEqual({ sub, name: 'Alice Example' });
  });
});

describe('a browser in which somebody is signed in', () => {
  test('is asked for no password by a second app, and by none at all the second time', async () => {
    const agent = newAgent();
    await web.signIn(agent, {}, BOB);
    const { url } = await plain.request({ scope: 'openid' });
    const consent = await agent.open(url);
    expect(asks(consent, 'password')).toBe(false);
    expect(headingOf(consent)).toBe('Allow access?');
    await agent.submit(consent);
    const { url: again } = await plain.request({ scope: 'openid' });
    expect((await agent.open(again)).url.origin).toBe(app.url);
  });

  test('answers prompt=none in silence, or says what is missing', async () => {
    const agent = newAgent();
    const silent = { prompt: 'none', scope: 'openid' };
    const errorOf = async (one: OpenidClient): Promise<string | null> =>
      (await one.authorize(agent, silent, CAROL)).url.searchParams.get('error');
    await expect(errorOf(web)).resolves.toBe('login_required');
    await web.signIn(agent, { scope: 'openid' }, CAROL);
    await expect(errorOf(plain)).resolves.toBe('consent_required');
    await expect(web.signIn(agent, silent)).resolves.toHaveProperty('id_token');
  });

  test('asks for the password again under prompt=login, and the sign-in is newer', async () => {
    const agent = newAgent();
    const first = await web.signIn(agent, { max_age: '3600' });
    await nextSecond();
    const { url, checks } = await web.request({ prompt: 'login', max_age: '3600' });
    const page = await agent.open(url);
    expect(asks(page, 'password')).toBe(true);
    expect(page.html).toContain('asks you to sign in once more');
    const stop = await agent.submit(page, { ...ALICE });
    const second = await web.redeem({ ...stop, checks });
    expect(second.claims()?.auth_time).toBeGreaterThan(Number(first.claims()?.auth_time));
    expect(second.claims()?.sub).toBe(first.claims()?.sub);
  });

  test('asks for consent again under prompt=consent', async () => {
    const agent = newAgent();
    await web.signIn(agent);
    const { url } = await web.request({ prompt: 'consent' });
    expect(headingOf(await agent.open(url))).toBe('Allow access?');
  });

  test('asks for the password again when the sign-in is older than max_age', async () => {
    const agent = newAgent();
    await web.signIn(agent);
    await nextSecond();
    await nextSecond();
    const { url } = await web.request({ max_age: '1' });
    const page = await agent.open(url);
    expect(asks(page, 'password')).toBe(true);
    expect(page.html).toContain('It has been a while');
  });

  test('asks for the password again when the hint is of somebody else', async () => {
    const agent = newAgent();
    const { id_token: hint } = await web.signIn(agent);
    const { url } = await web.request({ id_token_hint: hint });
    expect((await agent.open(url)).url.origin).toBe(app.url);
    const { url: tampered } = await web.request({ id_token_hint: `${hint}x` });
    const refused = await agent.open(tampered);
    expect(refused.url.searchParams.get('error')).toBe('invalid_request');
  });

  test('fills in login_hint and asks nevertheless', async () => {
    const { url } = await web.request({ login_hint: 'alice@example.com' });
    const page = await newAgent().open(url);
    expect(page.html).toContain('value="alice@example.com"');
    expect(asks(page, 'password')).toBe(true);
  });
});

describe('a person that refuses', () => {
  test('to sign in sends the app access_denied, with state and iss', async () => {
    const agent = newAgent();
    const { url, checks } = await web.request();
    const stop = await agent.submit(await agent.open(url), {}, 'cancel');
    expect(stop.url.searchParams.get('iss')).toBe(latchkey.issuer);
    await expect(
      client.authorizationCodeGrant(web.configuration, stop.url, checks),
    ).rejects.toMatchObject({ error: 'access_denied' });
  });

  test('to consent at the end of a sign-in sends the app access_denied, and is not signed in', async () => {
    const agent = newAgent();
    const { url } = await web.request();
    const consent = await agent.submit(await agent.open(url), { ...DAVE });
    expect(headingOf(consent)).toBe('Allow access?');
    const stop = await agent.submit(consent, {}, 'cancel');
    expect(stop.url.searchParams.get('error')).toBe('access_denied');
    const { url: again } = await web.request();
    expect(asks(await agent.open(again), 'password')).toBe(true);
  });

  test('to consent while signed in sends the app access_denied, and stays signed in', async () => {
    const agent = newAgent();
    await web.signIn(agent);
    const { url } = await web.request({ prompt: 'consent' });
    const stop = await agent.submit(await agent.open(url), {}, 'cancel');
    expect(stop.url.searchParams.get('error')).toBe('access_denied');
    const { url: again } = await web.request();
    expect((await agent.open(again)).url.origin).toBe(app.url);
  });
});

describe('a request that must not be redirected', () => {
  test.each([
    ['an address that is not registered', { redirect_uri: 'https://evil.example/callback' }],
    ['a longer address than the registered', { redirect_uri: 'https://app.example/callback/x' }],
    ['an unknown client', { client_id: 'nobody' }],
  ])('shows a page of ours for %s', async (_what, parameters) => {
    const { url } = await web.request(parameters);
    const page = await newAgent().open(url);
    expect(page.url.origin).toBe(latchkey.issuer);
    expect(page.status).toBe(400);
    expect(headingOf(page)).toBe('This request cannot be completed');
  });
});

test('on every page the first action is to go on, whose fields and buttons never change their names', async () => {
  const agent = newAgent();
  const { url } = await web.request({ prompt: 'login consent' });
  const signIn = await agent.open(url);
  const consent = await agent.submit(signIn, { ...ALICE });
  await agent.submit(consent);
  const signOut = await agent.open('/logout');
  for (const page of [signIn, consent, signOut]) {
    const [first] = /<button[^>]*name="action"[^>]*>/.exec(page.html) ?? [];
    expect(first).toContain('value="continue"');
    expect(page.html).toContain('name="action" value="cancel"');
    expect(page.url.pathname).toMatch(/^\/(?:interaction\/[\w-]+|logout)$/);
  }
  expect(asks(signIn, 'login') && asks(signIn, 'password')).toBe(true);
});

describe('form_post', () => {
  test('is sent by Chromium itself, past our content security policy', async () => {
    const { url, checks } = await web.request({ response_mode: 'form_post', prompt: 'consent' });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(url.href);
      await page.fill('[name=login]', ALICE.login);
      await page.fill('[name=password]', ALICE.password);
      await page.click('button[name=action]');
      await page.waitForSelector('text=Allow access?');
      await page.click('button[name=action]');
      await page.waitForSelector('text=Back at the app');
    } finally {
      await browser.close();
    }
    const [form] = posted.splice(0);
    expect(form?.get('iss')).toBe(latchkey.issuer);
    const request = new Request(`${app.url}/callback`, { method: 'POST', body: form ?? '' });
    const tokens = await client.authorizationCodeGrant(web.configuration, request, checks);
    expect(tokens.claims()?.aud).toBe('web');
  });
});

describe('a refresh token', () => {
  test('is turned into new tokens, and by another one each time', async () => {
    const first = await web.signIn(newAgent());
    const second = await refresh(first.refresh_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.claims()?.sub).toBe(first.claims()?.sub);
    await expect(refresh(second.refresh_token)).resolves.toHaveProperty('access_token');
  });

  test('may ask for less, not for more', async () => {
    const { refresh_token: token } = await web.signIn(newAgent(), {
      scope: 'openid email offline_access',
    });
    const less = await refresh(token, { scope: 'openid' });
    expect(less.scope).toBe('openid');
    await expect(refresh(less.refresh_token, { scope: 'openid phone' })).rejects.toEqual(
      refusal('invalid_scope'),
    );
  });

  test('used again after its successor was used, ends the chain with all its tokens', async () => {
    const first = await web.signIn(newAgent());
    const second = await refresh(first.refresh_token);
    const third = await refresh(second.refresh_token);
    await expect(refresh(first.refresh_token)).rejects.toEqual(refusal('invalid_grant'));
    await expect(refresh(third.refresh_token)).rejects.toEqual(refusal('invalid_grant'));
    await expect(introspect(third.access_token)).resolves.toEqual({ active: false });
  });

  test('is of no use to another client', async () => {
    const { refresh_token: token } = await web.signIn(newAgent());
    await expect(client.refreshTokenGrant(plain.configuration, token ?? '')).rejects.toEqual(
      refusal('invalid_grant'),
    );
  });

  test('is given only for offline_access', async () => {
    const tokens = await web.signIn(newAgent(), { scope: 'openid' });
    expect(tokens.refresh_token).toBeUndefined();
  });
});

describe('tokens bound to a key (DPoP)', () => {
  test('are good with a proof of that key alone, and a proof is good once', async () => {
    const DPoP = client.getDPoPHandle(web.configuration, await client.randomDPoPKeyPair('ES256'));
    const { url, checks } = await web.authorize(newAgent());
    const tokens = await client.authorizationCodeGrant(web.configuration, url, checks, undefined, {
      DPoP,
    });
    expect(tokens.token_type).toBe('dpop');
    const { sub = '' } = tokens.claims() ?? {};
    const ask = (handle?: client.DPoPHandle): ReturnType<typeof client.fetchUserInfo> =>
      client.fetchUserInfo(web.configuration, tokens.access_token, sub, { DPoP: handle });
    await expect(ask(DPoP)).resolves.toHaveProperty('email');
    await expect(ask()).rejects.toMatchObject({ status: 401 });
    const other = await client.randomDPoPKeyPair('ES256');
    const stolen = client.getDPoPHandle(web.configuration, other);
    await expect(ask(stolen)).rejects.toMatchObject({ status: 401 });
    await expect(introspect(tokens.access_token)).resolves.toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: expect.any(String) },
    });
  });

  test('cannot be asked for by a proof that was used before', async () => {
    const proofs: string[] = [];
    const listening = await createOpenidClient({
      issuer: latchkey.issuer,
      id: 'web',
      redirectUri: `${app.url}/callback`,
      authentication: client.ClientSecretBasic(SECRET),
      fetch(input, init) {
        proofs.push(new Headers(init?.headers).get('dpop') ?? '');
        return fetch(input, init);
      },
    });
    const keys = await client.randomDPoPKeyPair('ES256');
    const DPoP = client.getDPoPHandle(listening.configuration, keys);
    const { refresh_token: token = '' } = await listening.signIn(newAgent());
    await client.refreshTokenGrant(listening.configuration, token, undefined, { DPoP });
    const { refresh_token: next = '' } = await listening.signIn(newAgent());
    const answer = await fetch(`${latchkey.issuer}/token`, {
      method: 'POST',
      headers: {
        dpop: proofs.findLast((proof) => proof !== '') ?? '',
        authorization: `Basic ${Buffer.from(`web:${SECRET}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: next }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'invalid_dpop_proof' });
  });
});

describe('introspection and revocation', () => {
  test('tell of an access token until it is taken back, and userinfo refuses it then', async () => {
    const { access_token: token, claims } = await web.signIn(newAgent());
    const { sub = '' } = claims() ?? {};
    await expect(introspect(token)).resolves.toMatchObject({
      active: true,
      sub,
      client_id: 'web',
      iss: latchkey.issuer,
      aud: `${latchkey.issuer}/userinfo`,
      scope: 'openid profile email offline_access',
      token_type: 'Bearer',
    });
    await client.tokenRevocation(web.configuration, token);
    await expect(introspect(token)).resolves.toEqual({ active: false });
    await expect(client.fetchUserInfo(web.configuration, token, sub)).rejects.toMatchObject({
      status: 401,
    });
  });

  test('of a refresh token take its access tokens along', async () => {
    const tokens = await web.signIn(newAgent());
    await client.tokenRevocation(web.configuration, tokens.refresh_token ?? '');
    await expect(refresh(tokens.refresh_token)).rejects.toEqual(refusal('invalid_grant'));
    await expect(introspect(tokens.access_token)).resolves.toEqual({ active: false });
  });

  test('of what is no token say nothing', async () => {
    await expect(introspect('nothing')).resolves.toEqual({ active: false });
    await expect(client.tokenRevocation(web.configuration, 'nothing')).resolves.toBeUndefined();
  });
});

describe('sign-out', () => {
  test('with a hint leads back to the app, ends the session and tells by back channel', async () => {
    const agent = newAgent();
    const tokens = await web.signIn(agent, { scope: 'openid' });
    const url = client.buildEndSessionUrl(web.configuration, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: BYE,
      state: 'see you',
    });
    const page = await agent.open(url);
    expect(headingOf(page)).toBe('Sign out?');
    const stop = await agent.submit(page);
    expect(stop.url.href).toBe(`${BYE}?state=see+you`);

    const { url: next } = await web.request();
    expect(asks(await agent.open(next), 'password')).toBe(true);
    await expect(introspect(tokens.access_token)).resolves.toEqual({ active: false });

    await expect.poll(() => logoutTokens.length).toBe(1);
    const keySet = createRemoteJWKSet(new URL(`${latchkey.issuer}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(logoutTokens[0] ?? '', keySet, {
      issuer: latchkey.issuer,
      audience: 'web',
      typ: 'logout+jwt',
    });
    expect(payload).toMatchObject({
      sub: tokens.claims()?.sub,
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    expect(payload).not.toHaveProperty('nonce');
  });

  test('without a hint asks first, and says so when it is done', async () => {
    const agent = newAgent();
    await web.signIn(agent);
    const page = await agent.open('/logout');
    expect(headingOf(page)).toBe('Sign out?');
    expect(headingOf(await agent.submit(page))).toBe('You are signed out');
  });

  test('may be declined', async () => {
    const agent = newAgent();
    await web.signIn(agent);
    const page = await agent.open('/logout');
    const kept = await agent.submit(
      { ...page, html: page.html.slice(page.html.lastIndexOf('<form')) },
      {},
      'cancel',
    );
    expect(kept.status).toBe(200);
    const { url } = await web.request();
    expect((await agent.open(url)).url.origin).toBe(app.url);
  });

  test('to an address that is not registered shows a page of ours', async () => {
    const { id_token: hint } = await web.signIn(newAgent());
    const url = client.buildEndSessionUrl(web.configuration, {
      id_token_hint: hint ?? '',
      post_logout_redirect_uri: 'https://evil.example/',
    });
    const page = await newAgent().open(url);
    expect(page.status).toBe(400);
    expect(headingOf(page)).toBe('This request cannot be completed');
  });
});

function introspect(token: string): ReturnType<typeof client.tokenIntrospection> {
  return client.tokenIntrospection(web.configuration, token);
}

function refresh(
  token: string | undefined,
  parameters = {},
): ReturnType<typeof client.refreshTokenGrant> {
  return client.refreshTokenGrant(web.configuration, token ?? '', parameters);
}

/** Times in tokens have whole seconds: the provider is a process of its own, whose clock nobody moves. */
async function nextSecond(): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await expect.poll(() => Math.floor(Date.now() / 1000), { interval: 20 }).toBeGreaterThan(now);
}
