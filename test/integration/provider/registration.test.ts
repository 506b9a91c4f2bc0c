import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { basic, CALLBACK } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

let house: House;
afterEach(() => house.close());

type Fields = Record<string, unknown>;

async function send(
  url: string,
  options: { method?: string; body?: Fields; token?: string | undefined } = {},
): Promise<{ status: number; body: Fields; headers: Headers }> {
  const { method = 'POST', body, token } = options;
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? {} : (JSON.parse(text) as Fields),
    headers: response.headers,
  };
}

interface Registered {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  readonly uri: string;
}

function registered(body: Fields): Registered {
  return {
    id: String(body['client_id']),
    secret: String(body['client_secret']),
    token: String(body['registration_access_token']),
    uri: String(body['registration_client_uri']),
  };
}

const APP = {
  client_name: 'Self-made',
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  contacts: ['dev@example.com'],
};

async function discovery(): Promise<Fields> {
  return (
    await fetch(`${house.issuer}/.well-known/openid-configuration`)
  ).json() as Promise<Fields>;
}

describe('registration', () => {
  test('is off by default: not announced and not there', async () => {
    house = await openHouse();
    expect(await discovery()).not.toHaveProperty('registration_endpoint');
    expect((await send(`${house.issuer}/register`, { body: APP })).status).toBe(404);
  });

  test('open: a client is made, with nothing that it may not choose', async () => {
    house = await openHouse({ registration: { mode: 'open' } });
    expect((await discovery())['registration_endpoint']).toBe(`${house.issuer}/register`);
    const chosen = { client_id: 'chosen', client_secret: 'chosen', policy: { firstParty: true } };
    const made = await send(`${house.issuer}/register`, { body: { ...APP, ...chosen } });
    expect(made).toMatchObject({
      status: 201,
      body: {
        client_name: 'Self-made',
        client_secret_expires_at: 0,
        contacts: ['dev@example.com'],
        registration_client_uri: expect.stringContaining(`${house.issuer}/register/`),
      },
    });
    const { id, secret } = registered(made.body);
    expect([id, secret]).not.toContain('chosen');
    const client = await house.clients.find(id);
    expect(client?.policy).toMatchObject({ firstParty: false, requirePkce: true });
    const works = await fetch(`${house.issuer}/token`, {
      method: 'POST',
      headers: { authorization: basic(id, secret) },
      body: new URLSearchParams({ grant_type: 'client_credentials', audience: API }),
    });
    expect(works.status).toBe(200);
  });

  test('open: no client gets a grant that the issuer does not have', async () => {
    house = await openHouse({ registration: { mode: 'open' } });
    for (const grant of ['password', 'https://grants.example/other'])
      expect(
        await send(`${house.issuer}/register`, { body: { ...APP, grant_types: [grant] } }),
      ).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } });
  });

  test('open: a client reads, changes and deletes itself, and is told its secret once only', async () => {
    house = await openHouse({ registration: { mode: 'open' } });
    const made = await send(`${house.issuer}/register`, { body: APP });
    const { id, secret, token, uri } = registered(made.body);

    const read = await send(uri, { method: 'GET', token });
    expect(read.body).toMatchObject({ client_id: id, client_name: 'Self-made' });
    expect(read.body).not.toHaveProperty('client_secret');
    const change = { ...APP, client_name: 'Renamed', client_id: id, client_secret: secret };
    const changed = await send(uri, { method: 'PUT', token, body: change });
    expect(changed).toMatchObject({ status: 200, body: { client_name: 'Renamed' } });
    expect(changed.body).not.toHaveProperty('client_secret');
    const wrong = { ...change, client_secret: 'wrong', client_name: 'Wrong' };
    expect((await send(uri, { method: 'PUT', token, body: wrong })).status).toBe(400);
    expect((await house.clients.find(id))?.metadata['client_name']).toBe('Renamed');

    expect((await send(uri, { method: 'DELETE', token: 'wrong' })).status).toBe(401);
    expect((await send(uri, { method: 'DELETE', token })).status).toBe(204);
    expect(await house.clients.find(id)).toBeUndefined();
    expect((await send(uri, { method: 'GET', token })).status).toBe(401);
  });

  test('open: a client may name scopes of APIs, and then gets no others (RFC 7591 section 2)', async () => {
    house = await openHouse({ registration: { mode: 'open' } });
    const asked = { ...APP, scope: 'openid read' };
    const made = await send(`${house.issuer}/register`, { body: asked });
    expect(made).toMatchObject({ status: 201, body: { scope: 'openid read' } });
    const { id, secret, token, uri } = registered(made.body);
    const scopeOf = async (scope: string): Promise<unknown> => {
      const response = await fetch(`${house.issuer}/token`, {
        method: 'POST',
        headers: { authorization: basic(id, secret) },
        body: new URLSearchParams({ grant_type: 'client_credentials', audience: API, scope }),
      });
      return ((await response.json()) as Fields)['scope'];
    };
    expect(await scopeOf('read')).toBe('read');
    expect(await scopeOf('write')).toBeUndefined();

    expect((await send(uri, { method: 'GET', token })).body).toMatchObject({
      scope: 'openid read',
    });
    const change = { ...APP, client_id: id, scope: 'write' };
    const changed = await send(uri, { method: 'PUT', token, body: change });
    expect(changed).toMatchObject({ status: 200, body: { scope: 'write' } });
    expect(await scopeOf('write')).toBe('write');
    expect(await scopeOf('read')).toBeUndefined();

    const unknown = { ...APP, scope: 'openid of-nobody' };
    expect(await send(`${house.issuer}/register`, { body: unknown })).toMatchObject({
      status: 400,
      body: { error: 'invalid_client_metadata' },
    });
  });

  test('open: the token of one client does not open another', async () => {
    house = await openHouse({ registration: { mode: 'open' } });
    const [one, other] = [
      await send(`${house.issuer}/register`, { body: APP }),
      await send(`${house.issuer}/register`, { body: APP }),
    ];
    const uri = String(other.body['registration_client_uri']);
    const token = String(one.body['registration_access_token']);
    expect((await send(uri, { method: 'DELETE', token })).status).toBe(401);
    expect(await house.clients.find(String(other.body['client_id']))).toBeDefined();
  });

  test.each([
    ['https://*.example.com/cb', 'invalid_redirect_uri'],
    ['https://user:pass@app.example.com/cb', 'invalid_redirect_uri'],
    ['https://app.example.com/cb#fragment', 'invalid_redirect_uri'],
    ['http://app.example.com/cb', 'invalid_redirect_uri'],
    ['javascript:alert(1)', 'invalid_redirect_uri'],
    ['not a uri', 'invalid_redirect_uri'],
  ])('open: refuses the redirect URI %j', async (uri, error) => {
    house = await openHouse({ registration: { mode: 'open' } });
    const refused = await send(`${house.issuer}/register`, {
      body: { ...APP, redirect_uris: [uri] },
    });
    expect(refused).toMatchObject({ status: 400, body: { error } });
    expect(await house.clients.list()).toEqual([]);
  });

  test('open: a confidential client may go without PKCE where the setting says so, a public one never', async () => {
    house = await openHouse({ registration: { mode: 'open', requirePkce: false } });
    const confidential = await send(`${house.issuer}/register`, { body: APP });
    const open = await send(`${house.issuer}/register`, {
      body: { ...APP, grant_types: ['authorization_code'], token_endpoint_auth_method: 'none' },
    });
    const policyOf = async (id: unknown): Promise<boolean | undefined> =>
      (await house.clients.find(String(id)))?.policy.requirePkce;
    expect(await policyOf(confidential.body['client_id'])).toBe(false);
    expect(await policyOf(open.body['client_id'])).toBe(true);
    expect(open.body).not.toHaveProperty('client_secret');
  });

  test('open: every one of a hundred gets an id that our own rules take', async () => {
    const quotas = { perAddressPerHour: 1000, overallPerHour: 1000 };
    house = await openHouse({ registration: { mode: 'open', ...quotas } });
    for (let number = 0; number < 100; number += 1)
      expect(await send(`${house.issuer}/register`, { body: APP })).toMatchObject({ status: 201 });
  });

  test('open: stops at the quota', async () => {
    house = await openHouse({ registration: { mode: 'open', perAddressPerHour: 2 } });
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => send(`${house.issuer}/register`, { body: APP })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    const [refused] = answers.filter(({ status }) => status === 429);
    expect(refused?.headers.get('retry-after')).toBeTruthy();
  });

  test('with a token: only whoever has it, and nobody else uses up what may register', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-iat-'));
    const file = join(folder, 'token');
    const token = 'an-initial-access-token-of-some-length';
    await writeFile(file, `${token}\n`, { mode: 0o600 });
    const limits = { initialAccessToken: { file }, overallPerHour: 2 };
    house = await openHouse({ registration: { mode: 'token', ...limits } });
    expect((await send(`${house.issuer}/register`, { body: APP })).status).toBe(401);
    expect((await send(`${house.issuer}/register`, { body: APP, token: 'wrong' })).status).toBe(
      401,
    );
    expect((await send(`${house.issuer}/register`, { body: APP, token })).status).toBe(201);
    await rm(folder, { recursive: true });
  });
});
