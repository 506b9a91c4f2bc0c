import { createHash, randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServers, type TestServers } from '../../support/servers.ts';
import { openManagedNode, type ManagedNode } from './management-client.ts';
import {
  CALLBACK,
  openTenantNode,
  STANDARD_API,
  type Answer,
  type TenantNode,
} from './tenant-node.ts';

const ORDERS = 'https://orders.example.com';

let servers: TestServers;
let node: ManagedNode;
/** Beside the first, on the same stores and keys. */
let other: TenantNode;
beforeAll(async () => {
  servers = await startServers();
  const { settings } = servers;
  node = await openManagedNode({}, settings);
  other = await openTenantNode({ clients: [] }, settings, node.tenant);
});
afterAll(async () => {
  await Promise.all([node.close(), other.close()]);
  await servers.stop();
});

type App = Readonly<Record<'client_id' | 'client_secret', string>>;

async function makeApp(fields: object): Promise<App> {
  const { status, body } = await node.manage('POST', '/clients', { name: 'An app', ...fields });
  expect(status).toBe(201);
  const { client_id, client_secret } = body as unknown as App;
  return { client_id, client_secret };
}

/** Somebody comes to the first node, and their code to the other. */
async function signInAcross(
  app: App,
  wish: Readonly<Record<'scope' | 'audience', string>>,
  login = 'ann',
): Promise<Answer> {
  const verifier = randomBytes(32).toString('base64url');
  const asked = {
    client_id: app.client_id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...wish,
  };
  const to = await node.authorize(asked, { login });
  return await other.token({
    ...app,
    grant_type: 'authorization_code',
    redirect_uri: CALLBACK,
    code: to.searchParams.get('code') ?? `none: ${to.href}`,
    code_verifier: verifier,
  });
}

test('an API, an application and its grant that are made at one node are good at the other at once', async () => {
  const scopes = [{ value: 'read:orders' }, { value: 'write:orders' }];
  await node.manage('POST', '/resource-servers', { identifier: ORDERS, name: 'Orders', scopes });
  const app = await makeApp({ app_type: 'non_interactive' });
  const grant = { client_id: app.client_id, audience: ORDERS, scope: ['read:orders'] };
  const { body: made } = await node.manage('POST', '/client-grants', grant);
  const own = { ...app, grant_type: 'client_credentials', audience: ORDERS };
  expect(await other.token(own)).toMatchObject({ status: 200, body: { scope: 'read:orders' } });
  expect((await other.token({ ...own, audience: `${node.tenant}/api/v2/` })).status).toBe(403);

  await node.manage('DELETE', `/client-grants/${made.id}`);
  await expect.poll(async () => (await other.token(own)).status).toBe(403);
});

test('people sign in, refresh and are signed out across both, by an application of the API', async () => {
  const app = await makeApp({
    callbacks: [CALLBACK],
    refresh_token: { rotation_type: 'rotating' },
  });
  const { status, body } = await signInAcross(app, {
    scope: 'openid offline_access read:orders',
    audience: ORDERS,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  expect(decodeJwt(String(body['access_token']))).toMatchObject({ iss: `${node.tenant}/` });
  const refresh = (at: TenantNode, token: unknown): Promise<Answer> =>
    at.token({ ...app, grant_type: 'refresh_token', refresh_token: String(token) });
  const second = await refresh(node, body['refresh_token']);
  const third = await refresh(other, second.body['refresh_token']);
  expect([second.status, third.status]).toEqual([200, 200]);

  const userinfo = async (at: TenantNode): Promise<number> => {
    const authorization = `Bearer ${String(third.body['access_token'])}`;
    return (await fetch(`${at.tenant}/userinfo`, { headers: { authorization } })).status;
  };
  expect([await userinfo(node), await userinfo(other)]).toEqual([200, 200]);
  const revoked = await fetch(`${node.tenant}/oauth/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ ...app, token: String(third.body['refresh_token']) }),
  });
  expect(revoked.status).toBe(200);
  await expect.poll(() => userinfo(other)).toBe(401);
  expect((await refresh(other, third.body['refresh_token'])).status).toBe(403);

  await node.manage('DELETE', `/clients/${app.client_id}`);
  const gone = async (): Promise<number> => (await refresh(other, 'x')).status;
  await expect.poll(gone).toBe(401);
});

test('a permission that is given at one node is in tokens of the other, and a link of one is good at the other', async () => {
  const { list } = await node.manage('GET', '/users-by-email?email=ben%40example.com');
  const path = `/users/${encodeURIComponent(list[0]?.user_id ?? '')}/permissions`;
  const permission = { resource_server_identifier: STANDARD_API, permission_name: 'read:all' };
  const app = await makeApp({ callbacks: [CALLBACK] });
  const permitted = async (): Promise<unknown> => {
    const { body } = await signInAcross(app, { scope: 'openid', audience: STANDARD_API }, 'ben');
    return decodeJwt(String(body['access_token']))['permissions'];
  };
  expect(await permitted()).toEqual([]);
  await node.manage('POST', path, { permissions: [permission] });
  expect(await permitted()).toEqual(['read:all']);
  await node.manage('DELETE', path, { permissions: [permission] });
  expect(await permitted()).toEqual([]);

  const { body: job } = await node.manage('POST', '/jobs/users-exports', { limit: 1 });
  const { body } = await node.manage('GET', `/jobs/${job.id}`);
  const { pathname } = new URL(String(body['location']));
  const file = await fetch(`${other.tenant}${pathname}`);
  expect(JSON.parse(gunzipSync(await file.arrayBuffer()).toString())).toHaveProperty('user_id');
});
