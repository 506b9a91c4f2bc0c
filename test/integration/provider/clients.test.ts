import { createHash, createHmac, randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  basic,
  CALLBACK,
  createRelyingParty,
  webClient,
  type RelyingParty,
} from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse({ nodes: 2 });
});
afterAll(() => house.close());

const FORM = { grant_type: 'client_credentials', audience: API };

function token(
  form: Record<string, string>,
  headers: Record<string, string> = {},
  at = house.issuer,
): Promise<Response> {
  return fetch(`${at}/token`, { method: 'POST', headers, body: new URLSearchParams(form) });
}

describe('a client authenticates', () => {
  test('by its secret in the header or in the body, and not by a wrong one', async () => {
    const { id, secret } = await house.client(webClient());
    expect((await token(FORM, { authorization: basic(id, secret) })).status).toBe(200);
    expect((await token({ ...FORM, client_id: id, client_secret: secret })).status).toBe(200);
    for (const wrong of ['wrong', `${secret}x`, secret.slice(1), '']) {
      const response = await token(FORM, { authorization: basic(id, wrong) });
      expect([400, 401]).toContain(response.status);
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
    const refused = await token(FORM, { authorization: basic(id, 'wrong') });
    expect(await refused.json()).toEqual({
      error: 'invalid_client',
      error_description: 'client authentication failed',
    });
    expect(house.audited).toContainEqual(
      expect.objectContaining({
        type: 'client.authentication_failed',
        clientId: id,
        reason: 'wrong_secret',
      }),
    );
  });

  test('in one way at a time, and never as the hash of its secret', async () => {
    const { id, secret } = await house.client(webClient());
    const both = await token(
      { ...FORM, client_id: id, client_secret: secret },
      { authorization: basic(id, secret) },
    );
    expect(both.status).toBe(400);
    const client = await house.clients.find(id);
    const hashed = await token(FORM, { authorization: basic(id, client?.secretHash ?? '') });
    expect(hashed.status).toBe(401);
  });

  test('by an assertion signed with its key, once', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const { id } = await house.client(
      webClient({
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] },
      }),
    );
    const assertion = await new SignJWT({ jti: randomBytes(8).toString('hex') })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(house.issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey);
    const form = {
      ...FORM,
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    };
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, index) => token(form, {}, house.nodes[index % 2]?.url)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await token(form)).status).toBeGreaterThanOrEqual(400);
  });

  test('by an assertion made with the secret itself, where it registered for that', async () => {
    const { id, secret } = await house.client(
      webClient({ token_endpoint_auth_method: 'client_secret_jwt' }),
    );
    const sign = (key: string): string => {
      const now = Math.floor(Date.now() / 1000);
      const part = (value: object): string =>
        Buffer.from(JSON.stringify(value)).toString('base64url');
      const claims = {
        iss: id,
        sub: id,
        aud: house.issuer,
        jti: randomBytes(8).toString('hex'),
        iat: now,
        exp: now + 60,
      };
      const data = `${part({ alg: 'HS256' })}.${part(claims)}`;
      return `${data}.${createHmac('sha256', key).update(data).digest('base64url')}`;
    };
    const form = (key: string): Record<string, string> => ({
      ...FORM,
      client_assertion: sign(key),
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    expect((await token(form(secret))).status).toBe(200);
    expect((await token(form('wrong'))).status).toBe(401);
    const hash = createHash('sha256').update(secret).digest('base64url');
    expect((await token(form(hash))).status).toBe(401);
  });

  test('never by its name alone when it has a secret, nor with a secret when it has none', async () => {
    const { id } = await house.client(webClient());
    expect((await token({ ...FORM, client_id: id })).status).toBe(401);
    const open = await house.client(publicClient());
    const claimed = await token({ ...FORM, client_id: open.id, client_secret: 'anything' });
    expect(claimed.status).toBe(401);
  });
});

function publicClient(more: object = {}): Parameters<House['client']>[0] {
  return webClient({
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    ...more,
  });
}

describe('PKCE', () => {
  const without = { code_challenge: '', code_challenge_method: '' };

  test.each([
    ['a public client', publicClient()],
    ['a confidential client', webClient()],
    ['a public client whose switch is off', { ...publicClient(), policy: { requirePkce: false } }],
  ])('is required of %s', async (_name, client) => {
    const app = await createRelyingParty(house, client);
    const { url } = await app.authorize(house.browser(), without);
    expect(url.searchParams.get('error')).toBe('invalid_request');
    expect(url.searchParams.get('iss')).toBe(house.issuer);
  });

  test('is not required of a confidential client whose switch is off; a verifier nobody asked for is refused', async () => {
    const app = await createRelyingParty(house, { ...webClient(), policy: { requirePkce: false } });
    const first = await app.authorize(house.browser(), without);
    expect((await app.redeem(first)).status).toBe(400);
    const second = await app.authorize(house.browser(), without);
    expect((await app.redeem({ ...second, verifier: '' })).status).toBe(200);
  });

  test('is S256, and the verifier must fit', async () => {
    const app = await createRelyingParty(house, publicClient());
    const plain = await app.authorize(house.browser(), { code_challenge_method: 'plain' });
    expect(plain.url.searchParams.get('error')).toBe('invalid_request');
    const authorized = await app.authorize(house.browser());
    expect((await app.redeem({ ...authorized, verifier: 'a'.repeat(43) })).status).toBe(400);
    expect((await app.redeem({ ...authorized, verifier: '' })).status).toBe(400);
    expect((await app.redeem(authorized)).status).toBe(200);
  });
});

describe('a redirect URI', () => {
  let app: RelyingParty;
  beforeAll(async () => {
    app = await createRelyingParty(house);
  });

  test.each([
    `${CALLBACK}/`,
    `${CALLBACK}?x=1`,
    `${CALLBACK}#x`,
    `${CALLBACK}/../callback`,
    'https://APP.example.com/callback',
    'https://app.example.com:443/callback',
    'https://app.example.com/%63allback',
    'https://app.example.com/callback%00',
    'https://app.example.com@evil.example/callback',
    'https://app.example.com.evil.example/callback',
    'https://app.example.com./callback',
    'https://app.example.com\\callback',
    'http://app.example.com/callback',
    'javascript:alert(1)',
    '',
  ])('is compared byte for byte: %j shows our own page', async (redirect_uri) => {
    const { response, url } = await app.authorize(house.browser(), { redirect_uri });
    expect(url.origin).toBe(house.issuer);
    expect(response?.status).toBe(400);
    expect(await response?.text()).toContain('<h1>problem</h1>');
  });

  test('may have any port on loopback for a native app, and nothing else may differ', async () => {
    const native = await createRelyingParty(
      house,
      publicClient({ application_type: 'native', redirect_uris: ['http://127.0.0.1/cb'] }),
    );
    const visit = async (redirect_uri: string): Promise<string> =>
      (await native.authorize(house.browser(), { redirect_uri })).url.href;
    expect(await visit('http://127.0.0.1:51004/cb')).toMatch(
      /^http:\/\/127\.0\.0\.1:51004\/cb\?code=/,
    );
    for (const other of [
      'http://localhost:51004/cb',
      'http://127.0.0.1:51004/cb2',
      'http://127.0.0.1:99999/cb',
      'https://127.0.0.1:5/cb',
      'http://127.0.0.1:5@evil.example/cb',
    ])
      expect(await visit(other)).toContain(house.issuer);
    const web = await createRelyingParty(
      house,
      webClient({ redirect_uris: ['http://127.0.0.1/cb'] }),
    );
    const refused = await web.authorize(house.browser(), {
      redirect_uri: 'http://127.0.0.1:51004/cb',
    });
    expect(refused.url.origin).toBe(house.issuer);
    const seeded = await createRelyingParty(house, {
      ...webClient({ redirect_uris: ['http://127.0.0.1/cb'] }),
      policy: { anyLoopbackPort: true },
    });
    const taken = await seeded.authorize(house.browser(), {
      redirect_uri: 'http://127.0.0.1:51004/cb',
    });
    expect(taken.url.port).toBe('51004');
  });

  test('must be the same when the code is redeemed', async () => {
    const authorized = await app.authorize(house.browser());
    const other = await app.redeem(authorized, undefined, { redirect_uri: `${CALLBACK}x` });
    expect(await other.json()).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('an authorization request', () => {
  let app: RelyingParty;
  beforeAll(async () => {
    app = await createRelyingParty(house);
  });

  test('is refused when it names a parameter twice', async () => {
    const url = `${house.issuer}/authorize?client_id=${app.id}&response_type=code&scope=openid&scope=email&redirect_uri=${encodeURIComponent(CALLBACK)}`;
    const visit = await house.browser().visit(url);
    expect(visit.url.searchParams.get('error')).toBe('invalid_request');
    const twice = await fetch(`${house.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: basic(app.id, app.secret),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&audience=a&audience=b',
    });
    expect(twice.status).toBe(400);
  });

  test('is answered in the fragment or with a token in the URL never', async () => {
    for (const response_type of ['token', 'id_token', 'code token', 'id_token token', 'none']) {
      const { url } = await app.authorize(house.browser(), { response_type });
      expect(url.href).not.toContain('access_token');
      expect(url.href).toContain('unsupported_response_type');
    }
  });

  test('may be posted, and may be answered by a form', async () => {
    const verifier = oidc.randomPKCECodeVerifier();
    const body = new URLSearchParams({
      client_id: app.id,
      response_type: 'code',
      response_mode: 'form_post',
      scope: 'openid',
      redirect_uri: CALLBACK,
      state: 'a&b"<c>',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const { response } = await house
      .browser()
      .visit(`${house.issuer}/authorize`, { method: 'POST', body });
    const html = (await response?.text()) ?? '';
    expect(html).toContain(`action="${CALLBACK}"`);
    expect(html).toContain('name="code"');
    expect(html).toContain('value="a&amp;b&quot;&lt;c&gt;"');
    expect(html).toContain(`name="iss" value="${house.issuer}"`);
  });

  test('posted with more than a URL can carry is refused', async () => {
    const body = new URLSearchParams({ client_id: app.id, state: 'x'.repeat(9000) });
    const refused = await fetch(`${house.issuer}/authorize`, { method: 'POST', body });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: 'invalid_request' });
  });

  test('may be pushed ahead, and the reference works once', async () => {
    const verifier = oidc.randomPKCECodeVerifier();
    const pushed = await app.post('/par', {
      client_id: app.id,
      response_type: 'code',
      scope: 'openid offline_access',
      redirect_uri: CALLBACK,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    expect(pushed.status).toBe(201);
    const { request_uri: uri } = (await pushed.json()) as { request_uri: string };
    const url = `${house.issuer}/authorize?client_id=${app.id}&request_uri=${encodeURIComponent(uri)}`;
    const { url: first } = await house.browser().visit(url);
    const redeemed = await app.redeem({
      code: first.searchParams.get('code') ?? '',
      verifier,
    } as never);
    expect(await redeemed.json()).toMatchObject({ scope: 'openid offline_access' });
    const again = await house.browser().visit(url);
    expect(again.url.searchParams.has('code')).toBe(false);
  });

  test('with offline_access gets a refresh token without prompt=consent, since the person is asked anyway', async () => {
    const asked: (readonly string[])[] = [];
    const willing = house.person;
    house.person = (interaction) => {
      if (interaction.consent !== undefined) asked.push(interaction.consent.scopes);
      return willing(interaction);
    };
    const mine = await createRelyingParty(house, { ...webClient(), policy: { firstParty: true } });
    expect((await mine.signIn(house.browser())).refresh_token).toBeDefined();
    expect(asked).toEqual([]);
    const theirs = await createRelyingParty(house);
    const browser = house.browser();
    expect((await theirs.signIn(browser)).refresh_token).toBeDefined();
    expect(asked).toEqual([['openid', 'profile', 'email', 'offline_access']]);
    // Remembered: another browser is not asked again, not even silently.
    expect((await theirs.signIn(house.browser())).refresh_token).toBeDefined();
    expect((await theirs.signIn(browser, { prompt: 'none' })).refresh_token).toBeDefined();
    expect(asked).toHaveLength(1);
    const others = await createRelyingParty(house);
    await others.signIn(browser, { scope: 'openid' });
    const silent = await others.signIn(browser, { scope: 'openid offline_access', prompt: 'none' });
    expect(silent.refresh_token).toBeUndefined();
    house.person = willing;
  });

  test('that is refused on a page goes back with access_denied', async () => {
    const willing = house.person;
    house.person = (interaction) =>
      interaction.prompt === 'consent' ? { kind: 'refused' } : willing(interaction);
    const { url } = await (await createRelyingParty(house)).authorize(house.browser());
    house.person = willing;
    expect(url.searchParams.get('error')).toBe('access_denied');
    expect(url.searchParams.get('state')).toBe('state-1');
  });

  test('asks again for prompt=login, max_age=0 and prompt=select_account', async () => {
    const browser = house.browser();
    await app.signIn(browser);
    const seen: string[] = [];
    const willing = house.person;
    house.person = (interaction) => {
      seen.push(interaction.prompt);
      return willing(interaction);
    };
    for (const parameters of [
      { prompt: 'login' },
      { max_age: '0' },
      { prompt: 'select_account' },
      { prompt: 'consent' },
    ] as Record<string, string>[])
      await app.authorize(browser, parameters);
    house.person = willing;
    expect(seen).toEqual(['login', 'login', 'select_account', 'consent']);
  });
});

describe('CORS', () => {
  test('is for the origins of the client alone', async () => {
    const app = await createRelyingParty(house, {
      ...publicClient(),
      policy: { corsOrigins: ['https://app.example.com'] },
    });
    const send = (origin: string): Promise<Response> =>
      fetch(`${house.issuer}/token`, {
        method: 'POST',
        headers: { origin },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: 'x',
          client_id: app.id,
        }),
      });
    const own = await send('https://app.example.com');
    expect(own.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(own.headers.get('access-control-allow-credentials')).toBeNull();
    for (const origin of ['https://evil.example', 'null', 'https://app.example.com.evil.example']) {
      const response = await send(origin);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect(response.status).toBe(400);
    }
  });
});
