import { decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  API,
  CALLBACK,
  HOME,
  MACHINE,
  openTenantNode,
  SECRET,
  SPA,
  STANDARD_API,
  WEB,
  type TenantNode,
} from './tenant-node.ts';

let node: TenantNode;

beforeAll(async () => {
  const protocol = {
    encryption: { enabled: true },
    requestObjects: { enabled: true, encryption: { enabled: true } },
  };
  node = await openTenantNode({}, { protocol });
});

afterAll(() => node.close());

async function subjectOf(login: string): Promise<string> {
  const rooms = await node.openRooms();
  const account = await rooms.accounts.findByLogin(login);
  await rooms.close();
  return `auth0|${account?.id ?? ''}`;
}

test('discovery tells an issuer with a slash, and the endpoints where Auth0 has them', async () => {
  const answer = await fetch(`${node.tenant}/.well-known/openid-configuration`);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(await answer.json()).toMatchObject({
    issuer: `${node.tenant}/`,
    authorization_endpoint: `${node.tenant}/authorize`,
    token_endpoint: `${node.tenant}/oauth/token`,
    userinfo_endpoint: `${node.tenant}/userinfo`,
    jwks_uri: `${node.tenant}/.well-known/jwks.json`,
    revocation_endpoint: `${node.tenant}/oauth/revoke`,
    end_session_endpoint: `${node.tenant}/oidc/logout`,
    device_authorization_endpoint: `${node.tenant}/oauth/device/code`,
    pushed_authorization_request_endpoint: `${node.tenant}/oauth/par`,
    response_modes_supported: expect.arrayContaining([
      'query',
      'fragment',
      'form_post',
      'web_message',
    ]),
  });
});

test('the key set has keys that sign alone, though the installation has others to encrypt to', async () => {
  const usesOf = async (issuer: string): Promise<ReadonlySet<string | undefined>> => {
    const answer = await fetch(`${issuer}/.well-known/jwks.json`);
    const { keys } = (await answer.json()) as { keys: readonly JWK[] };
    return new Set(keys.map(({ use }) => use));
  };
  expect(await usesOf(node.tenant)).toEqual(new Set(['sig']));
  expect(await usesOf(node.issuer)).toEqual(new Set(['sig', 'enc']));
});

test('a request is pushed where Auth0 has it', async () => {
  const pushed = await fetch(`${node.tenant}/oauth/par`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: WEB,
      client_secret: SECRET,
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid',
    }),
  });
  const { request_uri: requestUri } = (await pushed.json()) as { request_uri: string };
  const to = await node.authorize({ client_id: WEB, request_uri: requestUri });
  expect(to.searchParams.get('code')).not.toBeNull();
});

test("endpoints of ours that Auth0 has elsewhere are nobody's", async () => {
  for (const path of ['/token', '/revoke', '/logout', '/register', '/par', '/device'])
    expect((await fetch(`${node.tenant}${path}`, { method: 'POST' })).status, path).toBe(404);
});

test('whoever signs in gets an ID token with its claims and an opaque access token', async () => {
  const { status, body } = await node.signIn();
  expect(status).toBe(200);
  expect(body).toMatchObject({ token_type: 'Bearer', refresh_token: expect.any(String) });
  expect(String(body['access_token'])).not.toContain('.');
  expect(decodeJwt(String(body['id_token']))).toMatchObject({
    iss: `${node.tenant}/`,
    aud: SPA,
    sub: await subjectOf('ann'),
    sid: expect.any(String),
    nonce: 'nonce',
    email: 'ann@example.com',
    email_verified: true,
  });
  expect(decodeProtectedHeader(String(body['id_token']))).toMatchObject({ alg: 'RS256' });
});

test('the access token of an API is in the shape of Auth0, with what takes it back', async () => {
  const { body } = await node.signIn({ audience: API, scope: 'openid read:messages' });
  const token = String(body['access_token']);
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', typ: 'JWT' });
  const claims = decodeJwt(token);
  expect(claims).toMatchObject({
    iss: `${node.tenant}/`,
    sub: await subjectOf('ann'),
    aud: [API, `${node.tenant}/userinfo`],
    azp: SPA,
    scope: 'openid read:messages',
    jti: expect.any(String),
    gid: expect.any(String),
    rev: expect.any(String),
  });
  expect(claims).not.toHaveProperty('client_id');
  expect(claims).not.toHaveProperty('gty');
});

test('an API may have tokens as RFC 9068 has them, with the permissions of the person', async () => {
  const { body } = await node.signIn({
    audience: STANDARD_API,
    scope: 'openid read:all write:all',
  });
  const token = String(body['access_token']);
  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt' });
  expect(decodeJwt(token)).toMatchObject({
    client_id: SPA,
    aud: [STANDARD_API, `${node.tenant}/userinfo`],
    scope: 'openid read:all',
    permissions: ['read:all'],
  });
});

test('a refresh gives ID token, access token and a new refresh token; the used one is refused', async () => {
  const first = await node.signIn({ audience: API, scope: 'openid offline_access read:messages' });
  const refresh = (token: unknown, more: object = {}): ReturnType<TenantNode['token']> =>
    node.token(
      {
        ...more,
        grant_type: 'refresh_token',
        client_id: SPA,
        redirect_uri: CALLBACK,
        refresh_token: String(token),
      },
      { as: 'json' },
    );
  // What is refused uses nothing up.
  const elsewhere = await refresh(first.body['refresh_token'], { audience: STANDARD_API });
  expect(elsewhere).toMatchObject({ status: 403, body: { error: 'access_denied' } });
  const second = await refresh(first.body['refresh_token']);
  expect(second.status).toBe(200);
  expect(second.body).toMatchObject({
    id_token: expect.any(String),
    refresh_token: expect.any(String),
  });
  expect(decodeJwt(String(second.body['access_token'])).aud).toContain(API);
  const again = await refresh(first.body['refresh_token']);
  expect(again).toMatchObject({
    status: 403,
    body: { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' },
  });
});

test('a machine is told by its id, in JSON and by Basic alike', async () => {
  const asked = { grant_type: 'client_credentials', audience: API, scope: 'read:messages' };
  const json = await node.token(
    { ...asked, client_id: MACHINE, client_secret: SECRET },
    { as: 'json' },
  );
  expect(decodeJwt(String(json.body['access_token']))).toMatchObject({
    sub: `${MACHINE}@clients`,
    azp: MACHINE,
    aud: API,
    gty: 'client-credentials',
    scope: 'read:messages',
  });
  const authorization = `Basic ${Buffer.from(`${MACHINE}:${SECRET}`).toString('base64')}`;
  expect((await node.token(asked, { headers: { authorization } })).status).toBe(200);
});

test('a machine that names no scope gets all that it may have', async () => {
  const { body } = await node.token({
    grant_type: 'client_credentials',
    audience: API,
    client_id: MACHINE,
    client_secret: SECRET,
  });
  expect(body['scope']).toBe('read:messages write:messages');
});

test('userinfo takes the opaque token, the JWT of an API, and a token in the query', async () => {
  const opaque = (await node.signIn()).body['access_token'];
  const jwt = (await node.signIn({ audience: API, scope: 'openid email' })).body['access_token'];
  for (const token of [opaque, jwt]) {
    const headers = { authorization: `Bearer ${String(token)}` };
    const answer = await fetch(`${node.tenant}/userinfo`, { headers });
    expect(await answer.json()).toMatchObject({
      sub: await subjectOf('ann'),
      email: 'ann@example.com',
    });
  }
  const query = new URLSearchParams({ access_token: String(opaque) });
  expect((await fetch(`${node.tenant}/userinfo?${query.toString()}`)).status).toBe(200);
  const refused = await fetch(`${node.tenant}/userinfo?access_token=nothing`);
  expect(refused.status).toBe(401);
});

test('a frame is told by message whether somebody is signed in', async () => {
  const browser = node.browser();
  const silent = new URLSearchParams({
    client_id: SPA,
    response_type: 'code',
    response_mode: 'web_message',
    prompt: 'none',
    redirect_uri: HOME,
    scope: 'openid',
    state: 'state',
    nonce: 'nonce',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  });
  const ask = async (): Promise<{ html: string; headers: Headers }> => {
    const { response } = await browser.visit(`${node.tenant}/authorize?${silent.toString()}`);
    if (response === undefined) throw new Error('was sent away');
    return { html: await response.text(), headers: response.headers };
  };
  expect((await ask()).html).toContain('"error":"login_required"');
  await node.signIn({}, { browser });
  const { html, headers } = await ask();
  expect(html).toContain('"code":"');
  expect(html).toContain(`"redirect_uri":"${HOME}"`);
  expect(headers.get('x-frame-options')).toBeNull();
  expect(headers.get('content-security-policy')).not.toContain('frame-ancestors');
});

test('a web application without a secret is posted an ID token', async () => {
  const browser = node.browser();
  await node.signIn({}, { browser });
  const query = new URLSearchParams({
    client_id: WEB,
    response_type: 'id_token',
    response_mode: 'form_post',
    redirect_uri: CALLBACK,
    scope: 'openid profile email',
    nonce: 'nonce',
    state: 'state',
  });
  const { response } = await browser.visit(`${node.tenant}/authorize?${query.toString()}`);
  const html = (await response?.text()) ?? '';
  const idToken = /name="id_token" value="(?<token>[^"]+)"/u.exec(html)?.groups?.['token'] ?? '';
  expect(decodeJwt(idToken)).toMatchObject({ aud: WEB, email: 'ann@example.com' });
});

test('signing out asks nothing, ends the session, and leads only to what is allowed', async () => {
  const browser = node.browser();
  const { body } = await node.signIn({ scope: 'openid' }, { browser });
  const leave = async (returnTo: string): Promise<{ url: URL; status: number | undefined }> => {
    const query = new URLSearchParams({ client_id: SPA, returnTo });
    const { url, response } = await browser.visit(`${node.tenant}/v2/logout?${query.toString()}`);
    return { url, status: response?.status };
  };
  expect(await leave('https://evil.example/')).toMatchObject({ status: 400 });
  const headers = { authorization: `Bearer ${String(body['access_token'])}` };
  expect((await fetch(`${node.tenant}/userinfo`, { headers })).status).toBe(200);
  expect((await leave(`${HOME}?from=here`)).url.href).toBe(`${HOME}/?from=here`);
  expect((await fetch(`${node.tenant}/userinfo`, { headers })).status).toBe(401);
  const session = [...browser.cookies.values()].filter(({ name }) => name.includes('session'));
  expect(session).toEqual([]);
});

test('the OIDC endpoint signs out as well, by the hint alone', async () => {
  const browser = node.browser();
  const { body } = await node.signIn({}, { browser });
  const query = new URLSearchParams({
    id_token_hint: String(body['id_token']),
    post_logout_redirect_uri: HOME,
    state: 'back',
  });
  const { url } = await browser.visit(`${node.tenant}/oidc/logout?${query.toString()}`);
  expect(url.href).toBe(`${HOME}/?state=back`);
});

test('browsers may call from the origins of an application, and from no other', async () => {
  const ask = async (origin: string): Promise<string | null> => {
    const { headers } = await node.token(
      { grant_type: 'refresh_token', client_id: SPA, refresh_token: 'none' },
      { headers: { origin } },
    );
    return headers.get('access-control-allow-origin');
  };
  expect(await ask('http://localhost:3000')).toBe('http://localhost:3000');
  expect(await ask('https://evil.example')).toBeNull();
});

test('a refresh token that was revoked is worth nothing', async () => {
  const { body } = await node.signIn();
  const answer = await fetch(`${node.tenant}/oauth/revoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: SPA, token: body['refresh_token'] }),
  });
  expect(answer.status).toBe(200);
  const refreshed = await node.token({
    grant_type: 'refresh_token',
    client_id: SPA,
    refresh_token: String(body['refresh_token']),
  });
  expect(refreshed.status).toBe(403);
});

test('a redirect URI that is not registered is refused, and PKCE is asked of a browser app', async () => {
  const query = { client_id: SPA, response_type: 'code', scope: 'openid', state: 's' };
  const browser = node.browser();
  const ask = async (more: Readonly<Record<string, string>>): ReturnType<typeof browser.visit> =>
    await browser.visit(
      `${node.tenant}/authorize?${new URLSearchParams({ ...query, ...more }).toString()}`,
    );
  const elsewhere = await ask({ redirect_uri: 'http://localhost:3001/callback' });
  expect(elsewhere.response?.status).toBe(400);
  const bare = await ask({ redirect_uri: CALLBACK });
  expect(bare.url.searchParams.get('error')).toBe('invalid_request');
});
