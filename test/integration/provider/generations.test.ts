import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { request } from 'node:http';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../../support/counts.ts';
import { CALLBACK, createRelyingParty, type RelyingParty } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';

let house: House;
let app: RelyingParty;
beforeAll(async () => {
  house = await openHouse();
  app = await createRelyingParty(house);
});
afterAll(() => house.close());

/** A request whose first line and headers are written as they are. */
function raw(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  const { hostname, port } = new URL(house.issuer);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    sent.on('error', reject).end();
  });
}

describe('keys that turn', () => {
  test('in the middle of a sign-in: it ends with the new keys, and old tokens are understood', async () => {
    const before = await app.signIn(house.browser());
    const turning = house.browser();
    const url = await startOf(app);
    const visiting = turning.visit(url.href);
    await house.keys.rotate();
    const authorized = { url: (await visiting).url, verifier: url.verifier };
    const tokens = await oidc.authorizationCodeGrant(app.configuration, authorized.url, {
      pkceCodeVerifier: authorized.verifier,
    });
    const { kid } = decodeProtectedHeader(tokens.access_token);
    expect(kid).not.toBe(decodeProtectedHeader(before.access_token).kid);
    const keys = createRemoteJWKSet(new URL(`${house.issuer}/.well-known/jwks.json`));
    for (const token of [
      before.access_token,
      tokens.access_token,
      before.id_token ?? '',
      tokens.id_token ?? '',
    ])
      await expect(jwtVerify(token, keys, { issuer: house.issuer })).resolves.toBeDefined();
  });

  test('under load: not one request fails', async () => {
    const failures: string[] = [];
    const over = new AbortController();
    const load = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) {
        try {
          const tokens = await app.signIn(house.browser());
          const refreshed = await app.refresh(tokens.refresh_token ?? '');
          if (refreshed.status !== 200) failures.push(await refreshed.text());
        } catch (error) {
          failures.push(String(error));
        }
      }
    });
    for (let turn = 0; turn < rounds(5, 50); turn += 1) {
      await house.keys.rotate();
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    over.abort();
    await Promise.all(load);
    expect(failures).toEqual([]);
  });

  test('do not sign on a node that is cut off: 503, and the code can be redeemed later', async () => {
    const authorized = await app.authorize(house.browser());
    house.keys.halt(true);
    const refused = await app.redeem(authorized);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBeTruthy();
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable' });
    expect((await fetch(`${house.issuer}/.well-known/jwks.json`)).status).toBe(200);
    house.keys.halt(false);
    expect((await app.redeem(authorized)).status).toBe(200);
  });
});

async function startOf(party: RelyingParty): Promise<URL & { verifier: string }> {
  const verifier = oidc.randomPKCECodeVerifier();
  const url = oidc.buildAuthorizationUrl(party.configuration, {
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  return Object.assign(url, { verifier });
}

describe('the documents', () => {
  test.each(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
    '%s speaks of the issuer, whatever Host and target say',
    async (path) => {
      const plain = await raw(path, {});
      const { host } = new URL(house.issuer);
      for (const poisoned of [
        await raw(path, { host: 'evil.example' }),
        await raw(path, { host, 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }),
        await raw(`http://evil.example${path}`, { host: 'evil.example' }),
      ]) {
        expect(poisoned.body).toBe(plain.body);
        expect(poisoned.body).not.toContain('evil');
      }
      expect(JSON.parse(plain.body)).toMatchObject({
        issuer: house.issuer,
        authorization_endpoint: `${house.issuer}/authorize`,
        token_endpoint: `${house.issuer}/token`,
        userinfo_endpoint: `${house.issuer}/userinfo`,
        jwks_uri: `${house.issuer}/.well-known/jwks.json`,
        introspection_endpoint: `${house.issuer}/introspect`,
        revocation_endpoint: `${house.issuer}/revoke`,
        end_session_endpoint: `${house.issuer}/logout`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: true,
      });
    },
  );

  test('may be cached, by name and by time, and are open to every origin', async () => {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/jwks.json']) {
      const first = await fetch(`${house.issuer}${path}`);
      const etag = first.headers.get('etag') ?? '';
      expect(first.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
      expect(first.headers.get('access-control-allow-origin')).toBe('*');
      const second = await fetch(`${house.issuer}${path}`, { headers: { 'if-none-match': etag } });
      expect(second.status).toBe(304);
      expect(house.first.protocol.document(path)).toMatchObject({ etag });
    }
  });

  test('of keys hold no private part', async () => {
    const { keys } = (await (await fetch(`${house.issuer}/.well-known/jwks.json`)).json()) as {
      keys: object[];
    };
    expect(keys.length).toBeGreaterThan(1);
    for (const key of keys)
      for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
        expect(key).not.toHaveProperty(part);
  });
});

describe('a path', () => {
  test.each([
    '/TOKEN',
    '/token/',
    '/Authorize',
    '/userinfo/',
    '//token',
    '/token%2f',
    '/interaction',
    '/',
    '/register',
  ])('%s is nobody’s', async (path) => {
    expect(house.first.protocol.owns(path)).toBe(false);
    const response = await fetch(`${house.issuer}${path}`, {
      method: 'POST',
      body: new URLSearchParams({ a: 'b' }),
    });
    expect(response.status).toBe(404);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    '/authorize',
    '/token',
    '/userinfo',
    '/introspect',
    '/revoke',
    '/logout',
    '/par',
    '/.well-known/jwks.json',
  ])('%s is the engine’s, and what it says is not cached', async (path) => {
    expect(house.first.protocol.owns(path)).toBe(true);
    const response = await fetch(`${house.issuer}${path}`, {
      method: 'POST',
      body: new URLSearchParams({ a: 'b' }),
      redirect: 'manual',
    });
    if (!path.endsWith('.json')) expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('of ours is never built from the Host of a request', async () => {
    const url = await startOf(app);
    const poisoned = await raw(`${url.pathname}${url.search}`, { host: 'evil.example' });
    expect(poisoned.status).toBe(303);
    expect(String(poisoned.headers['location'])).toMatch(/^\/interaction\//);
    expect(JSON.stringify(poisoned.headers)).not.toContain('evil');
  });
});

describe('two issuers in one process', () => {
  test('share nothing: keys of state, cookies, tokens', async () => {
    const other = await openHouse({ path: '/tenant', namespace: 'tenant' });
    const theirs = await createRelyingParty(other);
    expect(other.issuer).toMatch(/\/tenant$/);
    const browser = other.browser();
    const tokens = await theirs.signIn(browser);
    expect(tokens.claims()?.iss).toBe(other.issuer);
    const refreshed = await theirs.refresh(tokens.refresh_token ?? '');
    expect(refreshed.status).toBe(200);
    const mine = await app.signIn(house.browser());
    const ask = (issuer: string, token: string): Promise<number> =>
      fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } }).then(
        ({ status }) => status,
      );
    expect(await ask(other.issuer, tokens.access_token)).toBe(200);
    expect(await ask(other.issuer, mine.access_token)).toBe(401);
    expect(await ask(house.issuer, tokens.access_token)).toBe(401);
    expect([...browser.cookies.values()].every(({ name }) => name.startsWith('tenant-'))).toBe(
      true,
    );
    const wellKnown = `${new URL(other.issuer).origin}/.well-known/oauth-authorization-server/tenant`;
    expect(await (await fetch(wellKnown)).json()).toMatchObject({ issuer: other.issuer });
    expect((await fetch(`${new URL(other.issuer).origin}/token`, { method: 'POST' })).status).toBe(
      404,
    );
    await other.close();
  });
});
