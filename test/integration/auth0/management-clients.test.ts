import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import { openManagedNode, type ManagedNode, type Told } from './management-client.ts';
import { API, CALLBACK, HOME, MACHINE, SECRET, STANDARD_API, type Answer } from './tenant-node.ts';

const CLAIM = 'https://app.example.com/tier';
const ACTION = `
exports.onExecuteCredentialsExchange = async (event, api) =>
  api.accessToken.setCustomClaim('${CLAIM}', event.client.metadata.tier ?? 'none');`;

let folder: string;
let node: ManagedNode;
let rooms: Rooms;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-clients-'));
  await writeFile(join(folder, 'action.cjs'), ACTION);
  node = await openManagedNode({
    actions: { folder },
    clients: [{ clientId: MACHINE, appType: 'non_interactive', clientSecretInClear: SECRET }],
  });
  rooms = await node.openRooms();
});

afterAll(async () => {
  await rooms.close();
  await node.close();
  await rm(folder, { recursive: true });
});

async function made(fields: object): Promise<Record<string, string>> {
  const { status, body } = await node.manage('POST', '/clients', { name: 'An app', ...fields });
  expect(status, JSON.stringify(body)).toBe(201);
  return body as unknown as Record<string, string>;
}

function machineToken(
  { client_id = '', client_secret = '' }: Record<string, string>,
  more: Readonly<Record<string, string>> = { audience: API },
): Promise<Answer> {
  return node.token({ grant_type: 'client_credentials', client_id, client_secret, ...more });
}

/** Signs somebody in to the application, by a code with PKCE. */
async function signIn(
  app: Record<string, string>,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { client_id = '', client_secret } = app;
  const verifier = randomBytes(32).toString('base64url');
  const to = await node.authorize({
    client_id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid email offline_access',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  });
  return await node.token({
    grant_type: 'authorization_code',
    client_id,
    ...(client_secret !== undefined && { client_secret }),
    redirect_uri: CALLBACK,
    code: to.searchParams.get('code') ?? `none: ${to.href}`,
    code_verifier: verifier,
  });
}

function refresh(app: Record<string, string>, token: unknown): Promise<Answer> {
  const { client_id = '', client_secret } = app;
  return node.token({
    grant_type: 'refresh_token',
    client_id,
    ...(client_secret !== undefined && { client_secret }),
    refresh_token: String(token),
  });
}

describe('applications', () => {
  test('are made as Auth0 makes them, and sign people in at once', async () => {
    const app = await made({
      app_type: 'regular_web',
      callbacks: [CALLBACK],
      allowed_logout_urls: [HOME],
      web_origins: [HOME],
      description: 'For tests',
      client_metadata: { tier: 'gold' },
      jwt_configuration: { alg: 'RS256', lifetime_in_seconds: 1200 },
    });
    expect(app).toMatchObject({
      tenant: 'test',
      client_id: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
      client_secret: expect.stringMatching(/^[\w-]{43}$/),
      app_type: 'regular_web',
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
      refresh_token: { rotation_type: 'non-rotating', leeway: 0 },
      is_first_party: true,
      oidc_conformant: true,
    });
    const { status, body } = await signIn(app);
    expect(status, JSON.stringify(body)).toBe(200);
    const { sub, iat = 0, exp = 0 } = decodeJwt(String(body['id_token']));
    expect(sub).toMatch(/^auth0\|/);
    expect(exp - iat).toBe(1200);
    const logout = await fetch(
      `${node.tenant}/v2/logout?client_id=${app['client_id']}&returnTo=${encodeURIComponent(HOME)}`,
      { redirect: 'manual' },
    );
    expect(logout.headers.get('location')).toBe(`${HOME}/`);
    const read = await node.manage('GET', `/clients/${app['client_id']}`);
    expect(read.body).toEqual(app);
    const { list } = await node.manage('GET', '/clients?app_type=regular_web');
    expect(list).toContainEqual(app);
    const { list: connections } = await node.manage('GET', '/connections');
    expect(connections[0]?.['enabled_clients']).toContain(app['client_id']);
  });

  test('that must name an organization are refused when they do not', async () => {
    const usage = { organization_usage: 'require', organization_require_behavior: 'no_prompt' };
    const app = await made({ callbacks: [CALLBACK], ...usage });
    expect(app).toMatchObject(usage);
    const asked = { client_id: app['client_id'] ?? '', response_type: 'code', scope: 'openid' };
    const to = await node.authorize({ ...asked, redirect_uri: CALLBACK });
    expect(to.searchParams.get('error_description')).toBe(
      'parameter organization is required for this client',
    );
    const path = `/clients/${app['client_id']}`;
    await node.manage('PATCH', path, { organization_usage: null });
    const after = await node.authorize({ ...asked, redirect_uri: CALLBACK });
    expect(after.searchParams.has('code')).toBe(true);
  });

  test('that say nothing of organizations name none, and older ones of which nothing is written may', async () => {
    const app = await made({ callbacks: [CALLBACK] });
    expect(app).toMatchObject({ organization_usage: 'deny' });
    const id = app['client_id'] ?? '';
    const answered = async (): Promise<string | null> => {
      const asked = { client_id: id, response_type: 'code', scope: 'openid', organization: 'acme' };
      const to = await node.authorize({ ...asked, redirect_uri: CALLBACK });
      return to.searchParams.get('error_description');
    };
    expect(await answered()).toBe('parameter organization is not allowed for this client');
    await rooms.clients.revise(
      id,
      ({ metadata, policy }) => {
        const { organization_usage: _, ...beside } = policy.beside ?? {};
        return { metadata, policy: { ...policy, beside } };
      },
      { by: 'test', origin: { address: 'test' } },
    );
    await expect.poll(answered).toBe('parameter organization is invalid');
    const path = `/clients/${id}`;
    const renamed = await node.manage('PATCH', path, { name: 'Renamed' });
    expect(renamed.body).toMatchObject({ organization_usage: 'allow' });
    const reset = await node.manage('PATCH', path, { organization_usage: null });
    expect(reset.body).toMatchObject({ organization_usage: 'deny' });
  });

  test('have their secret told to whoever may read secrets, and to nobody else', async () => {
    const app = await made({ app_type: 'non_interactive' });
    const grant = { client_id: app['client_id'], audience: `${node.tenant}/api/v2/` };
    await node.manage('POST', '/client-grants', { ...grant, scope: ['read:clients'] });
    const { body } = await machineToken(app, { audience: grant.audience });
    const seen = await fetch(`${node.tenant}/api/v2/clients/${app['client_id']}`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    });
    expect(seen.status).toBe(200);
    expect(await seen.json()).not.toHaveProperty('client_secret');
    const [row] = await rooms.records.all(
      rooms.records.queries
        .selectFrom('client')
        .selectAll()
        .where('id', '=', app['client_id'] ?? ''),
    );
    expect(JSON.stringify(row)).not.toContain(app['client_secret']);
  });

  test('are changed member by member, and null takes a field back', async () => {
    const app = await made({
      app_type: 'spa',
      callbacks: [CALLBACK],
      client_metadata: { one: '1', two: '2' },
      logo_uri: 'https://app.example.com/logo.png',
    });
    expect(app).not.toHaveProperty('client_secret');
    const path = `/clients/${app['client_id']}`;
    const told = await node.manage('PATCH', path, {
      name: 'Another name',
      logo_uri: null,
      client_metadata: { one: null, three: '3' },
      refresh_token: { expiration_type: 'expiring', token_lifetime: 60 },
    });
    expect(told).toMatchObject({
      status: 200,
      body: {
        name: 'Another name',
        callbacks: [CALLBACK],
        client_metadata: { two: '2', three: '3' },
        refresh_token: { rotation_type: 'rotating', token_lifetime: 60 },
      },
    });
    expect(told.body).not.toHaveProperty('logo_uri');
    const { body } = await signIn(app);
    expect((await refresh(app, body['refresh_token'])).status).toBe(200);
    await node.manage('PATCH', path, { callbacks: [HOME] });
    await expect(signIn(app)).rejects.toThrow(/no sign-in page: 400|none/);
  });

  test('rotate refresh tokens as they say', async () => {
    const app = await made({ callbacks: [CALLBACK] });
    const { body } = await signIn(app);
    for (let use = 0; use < 2; use += 1) {
      const again = await refresh(app, body['refresh_token']);
      expect(again.body).toMatchObject({ refresh_token: body['refresh_token'] });
    }
    await node.manage('PATCH', `/clients/${app['client_id']}`, {
      refresh_token: { rotation_type: 'rotating' },
    });
    const { body: next } = await refresh(app, body['refresh_token']);
    expect(next['refresh_token']).not.toBe(body['refresh_token']);
    expect((await refresh(app, body['refresh_token'])).status).toBe(403);
  });

  test('are given a secret once they need one, and another on demand', async () => {
    const app = await made({ app_type: 'spa', callbacks: [CALLBACK] });
    const path = `/clients/${app['client_id']}`;
    const { body } = await node.manage('PATCH', path, {
      token_endpoint_auth_method: 'client_secret_post',
      app_type: 'non_interactive',
    });
    const first = body as unknown as Record<string, string>;
    await node.manage('POST', '/client-grants', {
      client_id: app['client_id'],
      audience: API,
      scope: [],
    });
    expect((await machineToken(first)).status).toBe(200);
    const rotated = await node.manage('POST', `${path}/rotate-secret`);
    const second = rotated.body as unknown as Record<string, string>;
    expect(second['client_secret']).not.toBe(first['client_secret']);
    expect((await machineToken(first)).status).toBe(401);
    expect((await machineToken(second)).status).toBe(200);
  });

  test('take all that was issued to them along when they are deleted', async () => {
    const app = await made({ callbacks: [CALLBACK] });
    const { body } = await signIn(app);
    const path = `/clients/${app['client_id']}`;
    expect((await node.manage('DELETE', path)).status).toBe(204);
    expect((await node.manage('DELETE', path)).status).toBe(204);
    expect(await node.manage('GET', path)).toMatchObject({
      status: 404,
      body: { errorCode: 'inexistent_client' },
    });
    expect((await refresh(app, body['refresh_token'])).status).toBe(401);
    const user = await fetch(`${node.tenant}/userinfo`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    });
    expect(user.status).toBe(401);
  });

  test('are served by their tenant alone', async () => {
    const app = await made({ app_type: 'non_interactive' });
    const response = await fetch(`${node.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: app['client_id'] ?? '',
        client_secret: app['client_secret'] ?? '',
        audience: API,
      }),
    });
    expect(await response.json()).toMatchObject({ error: 'invalid_client' });
  });

  test.each([
    [{ callbacks: ['http://app.example.com/'] }, 'callbacks.0: must be https'],
    [{ jwt_configuration: { alg: 'HS256' } }, 'must be RS256'],
    [{ oidc_conformant: false }, 'must be true'],
    [{ organization_usage: 'sometimes' }, 'organization_usage'],
    [
      { organization_usage: 'require', grant_types: ['password'] },
      'beside the grant type password',
    ],
    [{ oidc_logout: { backchannel_logout_urls: [CALLBACK, HOME] } }, 'may hold one'],
    [{ addons: { samlp: {} } }, 'Additional properties not allowed: addons'],
    [{ refresh_token: { rotation_type: 'rotating', leeway: 30 } }, 'auth0.tenants[].refreshLeeway'],
    [{ refresh_token: { token_lifetime: 1e9 } }, 'revocation.longestRecord'],
    [{ app_type: 'spa', grant_types: ['client_credentials'] }, 'grant_types'],
    [{ name: null }, "'name'"],
  ])('refuse what is not so here: %j', async (fields, words) => {
    const told = await node.manage('POST', '/clients', { name: 'An app', ...fields });
    expect(told).toMatchObject({
      status: 400,
      body: { errorCode: 'invalid_body', message: expect.stringContaining(words) },
    });
  });

  test('of the configuration are changed there', async () => {
    const refused = { status: 409, body: { errorCode: 'declared_in_config' } };
    const path = `/clients/${MACHINE}`;
    expect(await node.manage('PATCH', path, { name: 'Other' })).toMatchObject(refused);
    expect(await node.manage('POST', `${path}/rotate-secret`)).toMatchObject(refused);
    expect(await node.manage('DELETE', path)).toMatchObject(refused);
    const grant = { client_id: MACHINE, audience: API, scope: [] };
    expect(await node.manage('POST', '/client-grants', grant)).toMatchObject(refused);
    // Of the installation, and not of the tenant.
    expect((await node.manage('GET', '/clients/latchkey-account')).status).toBe(404);
    expect((await node.manage('PATCH', '/clients/latchkey-account', {})).status).toBe(404);
  });
});

describe('client grants', () => {
  function granted(app: Record<string, string>, scope: readonly string[]): Promise<Told> {
    const grant = { client_id: app['client_id'], audience: API, scope };
    return node.manage('POST', '/client-grants', grant);
  }

  test('give a machine what they say at once, and no more', async () => {
    const app = await made({ app_type: 'non_interactive', client_metadata: { tier: 'gold' } });
    expect((await machineToken(app)).status).toBe(403);
    const grant = await granted(app, ['read:messages']);
    expect(grant).toMatchObject({
      status: 201,
      body: { id: expect.stringMatching(/^cgr_/), audience: API, scope: ['read:messages'] },
    });
    const { body } = await machineToken(app);
    expect(body).toMatchObject({ scope: 'read:messages' });
    expect(decodeJwt(String(body['access_token']))[CLAIM]).toBe('gold');
    expect((await machineToken(app, { audience: STANDARD_API })).status).toBe(403);
    const more = await machineToken(app, { audience: API, scope: 'read:messages write:messages' });
    expect(more.body['scope'] ?? '').not.toContain('write');
    expect(await granted(app, [])).toMatchObject({
      status: 409,
      body: { errorCode: 'client_grant_conflict' },
    });
    const { list } = await node.manage('GET', `/client-grants?client_id=${app['client_id']}`);
    expect(list).toEqual([grant.body]);
    expect((await node.manage('GET', `/client-grants/${grant.body.id}`)).body).toEqual(grant.body);
  });

  test('take back what a machine holds when they shrink or go', async () => {
    const app = await made({ app_type: 'non_interactive' });
    const { body: grant } = await granted(app, ['read:messages', 'write:messages']);
    const path = `/client-grants/${grant.id}`;
    const isAlive = async (token: unknown): Promise<boolean> => {
      const { jti = '', rev } = decodeJwt(String(token));
      const clientId = app['client_id'] ?? '';
      return !(await rooms.revocation.isRevoked({ jti, clientId, mark: String(rev) }));
    };
    const { body: wide } = await machineToken(app);
    await node.manage('PATCH', path, { scope: ['read:messages'] });
    await expect.poll(() => isAlive(wide['access_token'])).toBe(false);
    const { body: narrow } = await machineToken(app);
    expect(narrow).toMatchObject({ scope: 'read:messages' });
    expect(await isAlive(narrow['access_token'])).toBe(true);
    expect((await node.manage('DELETE', path)).status).toBe(204);
    await expect.poll(() => isAlive(narrow['access_token'])).toBe(false);
    expect((await machineToken(app)).status).toBe(403);
    expect((await node.manage('DELETE', path)).status).toBe(404);
  });

  test('say nothing of what people may be asked for', async () => {
    const app = await made({ callbacks: [CALLBACK] });
    await granted(app, ['read:messages']);
    const { body } = await signIn(app, { audience: API, scope: 'openid write:messages' });
    expect(decodeJwt(String(body['access_token']))['scope']).toContain('write:messages');
    expect((await machineToken(app)).body).toMatchObject({ scope: 'read:messages' });
  });

  test.each([
    [{ audience: 'https://nobody.example.com' }, 404],
    [{ client_id: 'nobody' }, 404],
    [{ scope: ['no:such'] }, 400],
    [{ subject_type: 'user' }, 400],
  ])('are refused for what is not there: %j', async (fields, status) => {
    const { client_id } = await made({ app_type: 'non_interactive' });
    const grant = { client_id, audience: API, scope: [], ...fields };
    expect((await node.manage('POST', '/client-grants', grant)).status).toBe(status);
  });
});
