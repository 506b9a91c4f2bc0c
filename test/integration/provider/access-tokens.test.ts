import { decodeJwt, decodeProtectedHeader, SignJWT, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const OPERATOR = { by: 'test', origin: { address: 'test' } };

let house: House;
let app: RelyingParty;
beforeAll(async () => {
  house = await openHouse({
    nodes: 2,
    apis: [
      {
        identifier: API,
        name: 'The example API',
        scopes: { read: 'Read', write: 'Write' },
        claims: { roles: 'roles' },
      },
      {
        identifier: 'my-api',
        name: 'An API with a plain name',
        scopes: { read: 'Read' },
        signingAlgorithm: 'RS256',
        accessTokenTtl: '5m',
      },
      {
        identifier: 'https://closed.example.com',
        name: 'Closed',
        restricted: true,
        scopes: { read: 'Read' },
      },
      {
        identifier: 'https://opaque.example.com',
        name: 'Opaque',
        accessTokenFormat: 'opaque',
        scopes: { read: 'Read' },
      },
    ],
  });
  app = await createRelyingParty(house);
});
afterAll(() => house.close());

async function introspected(
  party: RelyingParty,
  token: string,
  at?: string,
): Promise<Record<string, unknown>> {
  const response = await party.post('/introspect', { token }, at);
  return (await response.json()) as Record<string, unknown>;
}

async function userinfo(token: string, at = house.issuer): Promise<Response> {
  return fetch(`${at}/userinfo`, { headers: { authorization: `Bearer ${token}` } });
}

async function machineToken(form: Record<string, string>): Promise<Record<string, unknown>> {
  const response = await app.post('/token', { grant_type: 'client_credentials', ...form });
  return { status: response.status, ...((await response.json()) as object) };
}

describe('the audience of an access token', () => {
  test('is our userinfo alone when no API is named', async () => {
    const { access_token: token } = await app.signIn(house.browser());
    expect(decodeJwt(token).aud).toBe(`${house.issuer}/userinfo`);
  });

  test('is the API and our userinfo when both openid and an API are asked for, and OIDC scopes stay', async () => {
    const tokens = await app.signIn(house.browser(), { scope: 'openid email read', resource: API });
    const claims = decodeJwt(tokens.access_token);
    expect(claims.aud).toEqual([API, `${house.issuer}/userinfo`]);
    expect(String(claims['scope']).split(' ').toSorted()).toEqual(['email', 'openid', 'read']);
    expect(await (await userinfo(tokens.access_token)).json()).toMatchObject({
      email: 'alice@example.com',
    });
  });

  test('is the API alone without openid, and userinfo refuses the token', async () => {
    const authorized = await app.authorize(house.browser(), {
      scope: 'read',
      resource: API,
      nonce: '',
    });
    const response = await app.redeem(authorized);
    const { access_token: token } = (await response.json()) as { access_token: string };
    expect(decodeJwt(token).aud).toBe(API);
    expect(decodeJwt(token)['scope']).toBe('read');
    expect((await userinfo(token)).status).toBe(403);
  });

  test('is named by audience as well as by resource, and an API may have a plain name', async () => {
    const tokens = await app.signIn(house.browser(), { scope: 'openid read', audience: 'my-api' });
    expect(decodeJwt(tokens.access_token).aud).toEqual(['my-api', `${house.issuer}/userinfo`]);
    expect(decodeProtectedHeader(tokens.access_token).alg).toBe('RS256');
    expect(tokens.expires_in).toBe(300);
  });

  test('stays the API through a refresh', async () => {
    const tokens = await app.signIn(house.browser(), {
      scope: 'openid read offline_access',
      audience: 'my-api',
    });
    const response = await app.refresh(tokens.refresh_token ?? '');
    const { access_token: token } = (await response.json()) as { access_token: string };
    expect(decodeJwt(token).aud).toEqual(['my-api', `${house.issuer}/userinfo`]);
  });

  test('of a client itself is the API it names, with the scopes of that API alone', async () => {
    const { access_token: token } = await machineToken({
      audience: API,
      scope: 'read email openid nothing',
    });
    expect(decodeJwt(String(token))).toMatchObject({
      aud: API,
      scope: 'read',
      sub: app.id,
      client_id: app.id,
    });
    expect(decodeJwt(String(token))).not.toHaveProperty('gid');
    const without = await machineToken({ scope: 'anything' });
    expect(decodeJwt(String(without['access_token']))).not.toHaveProperty('scope');
  });

  test('cannot be an unknown or a closed API, nor more than was granted', async () => {
    expect(await machineToken({ audience: 'https://unknown.example' })).toMatchObject({
      status: 400,
      error: 'invalid_target',
    });
    expect(await machineToken({ resource: 'https://closed.example.com' })).toMatchObject({
      error: 'invalid_target',
    });
    const tokens = await app.signIn(house.browser(), {
      scope: 'openid read offline_access',
      resource: API,
    });
    const grown = await app.refresh(tokens.refresh_token ?? '', undefined, { resource: 'my-api' });
    expect(await grown.json()).toMatchObject({ error: 'invalid_target' });
    const wider = await app.refresh(tokens.refresh_token ?? '', undefined, {
      scope: 'openid read write',
    });
    expect(await wider.json()).toMatchObject({ error: 'invalid_scope' });
  });

  test('carries the claims of the API', async () => {
    const tokens = await app.signIn(house.browser(), { scope: 'openid read', resource: API });
    expect(decodeJwt(tokens.access_token)['roles']).toEqual(['admin']);
  });
});

const FORMATS = [
  ['a JWT', API],
  ['opaque', 'https://opaque.example.com'],
] as const;

describe.each(FORMATS)('an access token that is %s', (_name, resource) => {
  const signIn = async (
    scope = 'openid email read offline_access',
  ): Promise<{ access: string; refresh: string }> => {
    const tokens = await app.signIn(house.browser(), { scope, resource });
    return { access: tokens.access_token, refresh: tokens.refresh_token ?? '' };
  };

  test('is told of to its client and to the API it is for, and to nobody else', async () => {
    const { access } = await signIn();
    const api = await createRelyingParty(house, {
      ...webClient(),
      policy: { introspects: [resource] },
    });
    const stranger = await createRelyingParty(house);
    const expected = { active: true, sub: house.alice.id, client_id: app.id, iss: house.issuer };
    expect(await introspected(app, access)).toMatchObject(expected);
    expect(await introspected(api, access, house.nodes[1]?.url)).toMatchObject({
      ...expected,
      aud: [resource, `${house.issuer}/userinfo`],
    });
    expect(await introspected(stranger, access)).toEqual({ active: false });
  });

  test('revoked, is dead on every node, while the refresh token lives', async () => {
    const { access, refresh } = await signIn();
    expect((await app.post('/revoke', { token: access })).status).toBe(200);
    for (const { url } of house.nodes) {
      expect(await introspected(app, access, url)).toEqual({ active: false });
      expect((await userinfo(access, url)).status).toBe(401);
    }
    expect((await app.refresh(refresh)).status).toBe(200);
  });

  test('dies with its refresh token, its grant', async () => {
    const { access, refresh } = await signIn();
    expect((await app.post('/revoke', { token: refresh }, house.nodes[1]?.url)).status).toBe(200);
    expect(await introspected(app, access)).toEqual({ active: false });
    expect((await userinfo(access)).status).toBe(401);
    expect((await app.refresh(refresh)).status).toBe(400);
  });

  test('cannot be revoked by another client', async () => {
    const { access } = await signIn();
    const stranger = await createRelyingParty(house);
    expect((await stranger.post('/revoke', { token: access })).status).toBe(400);
    expect(await introspected(app, access)).toMatchObject({ active: true });
  });

  test('dies when its client is deleted', async () => {
    const gone = await createRelyingParty(house);
    const tokens = await gone.signIn(house.browser(), { scope: 'openid read', resource });
    const api = await createRelyingParty(house, {
      ...webClient(),
      policy: { introspects: [resource] },
    });
    expect(await introspected(api, tokens.access_token)).toMatchObject({ active: true });
    await house.clients.delete(gone.id, { by: 'test', origin: { address: 'test' } });
    expect(await introspected(api, tokens.access_token)).toEqual({ active: false });
    expect((await userinfo(tokens.access_token)).status).toBe(401);
  });

  test.each([
    ['disabled', (id: string) => house.accounts.disable(id, OPERATOR)],
    ['locked', (id: string) => house.accounts.lock(id, OPERATOR)],
    ['expired', (id: string) => house.accounts.setExpiry(id, 1, OPERATOR)],
    ['deleted', (id: string) => house.accounts.delete(id, OPERATOR)],
  ])('dies with an account that is %s, and that gets nothing new', async (name, end) => {
    const bob = await house.accounts.create({ username: `${name}-${resource.length}` }, OPERATOR);
    const willing = house.person;
    house.person = (interaction) =>
      interaction.prompt === 'login'
        ? { kind: 'signed-in', accountId: bob.id, amr: ['pwd'], remember: false }
        : willing(interaction);
    const browser = house.browser();
    const tokens = await app.signIn(browser, { scope: 'openid read offline_access', resource });
    house.person = willing;
    expect(await introspected(app, tokens.access_token)).toMatchObject({ active: true });
    await end(bob.id);
    for (const { url } of house.nodes)
      expect(await introspected(app, tokens.access_token, url)).toEqual({ active: false });
    expect((await userinfo(tokens.access_token)).status).toBe(401);
    expect((await app.refresh(tokens.refresh_token ?? '')).status).toBe(400);
    const silent = await app.authorize(browser, { scope: 'openid', prompt: 'none' });
    expect(silent.url.searchParams.get('error')).toBe('login_required');
  });

  test('everything issued before an instant dies at it', async () => {
    const { access, refresh } = await signIn();
    await house.first.revocation.revoke(
      { kind: 'before' },
      { reason: 'test', actor: { by: 'test', origin: { address: 'test' } } },
    );
    expect(await introspected(app, access)).toEqual({ active: false });
    expect((await app.refresh(refresh)).status).toBe(400);
    expect(await introspected(app, (await signIn()).access)).toMatchObject({ active: true });
  });
});

describe('an access token that is no token of ours', () => {
  test('is refused: signed by another key, changed, cut, an ID token, a refresh token', async () => {
    const tokens = await app.signIn(house.browser());
    const { access_token: good } = tokens;
    const [header = '', payload = '', signature = ''] = good.split('.');
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await new SignJWT(decodeJwt(good))
      .setProtectedHeader({ ...decodeProtectedHeader(good), alg: 'ES256' })
      .sign(privateKey);
    const changed = { ...decodeJwt(good), sub: 'somebody-else' };
    const encoded = Buffer.from(JSON.stringify(changed)).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    const bad = [
      forged,
      [header, encoded, signature].join('.'),
      [header, payload, signature.slice(0, -4)].join('.'),
      [none, payload, ''].join('.'),
      tokens.id_token ?? '',
      tokens.refresh_token ?? '',
    ];
    for (const token of bad) {
      expect((await userinfo(token)).status).toBe(401);
      if (token !== tokens.refresh_token)
        expect(await introspected(app, token)).toEqual({ active: false });
    }
  });

  test('of a key that left the key set is refused, while hints signed by it are understood', async () => {
    const tokens = await app.signIn(house.browser());
    await house.keys.rotate();
    expect((await userinfo(tokens.access_token)).status).toBe(200);
    house.keys.retire();
    expect((await userinfo(tokens.access_token)).status).toBe(401);
    const hinted = await house
      .browser()
      .visit(`${house.issuer}/logout?id_token_hint=${tokens.id_token}`);
    expect(hinted.response?.status).toBe(200);
  });
});

test('the claims parameter works at userinfo and in the ID token', async () => {
  const tokens = await app.signIn(house.browser(), {
    scope: 'openid',
    claims: JSON.stringify({ userinfo: { name: { essential: true } }, id_token: { email: null } }),
  });
  expect(tokens.claims()).toMatchObject({ email: 'alice@example.com' });
  expect(await (await userinfo(tokens.access_token)).json()).toEqual({
    sub: house.alice.id,
    name: 'Alice Adams',
  });
});

test('no access token is taken from a URL', async () => {
  const { access_token: token } = await app.signIn(house.browser());
  expect((await fetch(`${house.issuer}/userinfo?access_token=${token}`)).status).toBe(400);
});
