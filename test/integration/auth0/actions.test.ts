import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import { PASSWORD } from '../../support/account-node.ts';
import {
  API,
  CALLBACK,
  MACHINE,
  openTenantNode,
  SECRET,
  SPA,
  STANDARD_API,
  type Answer,
  type TenantNode,
} from './tenant-node.ts';

const KEY = randomBytes(16).toString('base64url');
const CLAIM = 'https://app.example.com';

/** What each person's sign-in is about, by their name. */
const LOGIN = `
const counts = {};
exports.onExecutePostLogin = async (event, api) => {
  const name = event.user.username;
  counts[name] = (counts[name] ?? 0) + 1;
  if (name === 'ben') return api.access.deny('Ben is not to come in');
  if (name === 'cat') throw new Error('no way to the database with ' + event.secrets.KEY);
  if (name === 'dan' && counts.dan === 2) return api.access.deny('later');
  console.log('%s signs in with %s', name, event.secrets.KEY);
  api.idToken.setCustomClaim('${CLAIM}/count', counts[name]);
  api.idToken.setCustomClaim('${CLAIM}/event', event);
  api.idToken.setCustomClaim('nickname', 'Nick');
  api.accessToken.setCustomClaim('${CLAIM}/count', counts[name]);
  api.accessToken.addScope('by:action');
  api.accessToken.removeScope('write:messages');
  api.user.setUserMetadata('visits', (event.user.user_metadata.visits ?? 0) + 1);
  api.user.setAppMetadata('plan', 'gold');
};`;
const MACHINES = `
exports.onExecuteCredentialsExchange = async (event, api) => {
  if (event.request.body.scope === 'write:messages') return api.access.deny('invalid_scope', 'read only');
  api.accessToken.setCustomClaim('${CLAIM}/client', event.client.client_id);
  api.accessToken.setCustomClaim('${CLAIM}/body', event.request.body);
};`;
/** What is not an action's to set, and what says so. */
const FORBIDDEN = `
exports.onExecutePostLogin = async (event, api) => {
  if (event.user.username !== 'eve') return;
  for (const name of ['sub', 'gid', 'https://x.auth0.com/claim', 'permissions', 'email'])
    api.accessToken.setCustomClaim(name, 'forged');
  api.idToken.setCustomClaim('iss', 'forged');
  api.accessToken.addScope('offline_access');
};`;

let folder: string;
let node: TenantNode;
let rooms: Rooms;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-actions-'));
  await writeFile(join(folder, 'key'), `${KEY}\n`, { mode: 0o600 });
  for (const [name, code] of Object.entries({
    '1-login': LOGIN,
    '2-machines': MACHINES,
    '3-forbidden': FORBIDDEN,
  }))
    await writeFile(join(folder, `${name}.js`), code);
  const grantTypes = ['authorization_code', 'implicit', 'refresh_token', 'password'];
  node = await openTenantNode({
    organizations: [{ name: 'acme', displayName: 'Acme', members: ['ida'] }],
    actions: { folder, secrets: { KEY: { file: join(folder, 'key') } } },
    clients: [
      { clientId: SPA, appType: 'spa', callbacks: [CALLBACK], grantTypes },
      {
        clientId: MACHINE,
        appType: 'non_interactive',
        clientSecretInClear: SECRET,
        audiences: [API],
      },
    ],
  });
  rooms = await node.openRooms();
});

afterAll(async () => {
  await rooms?.close();
  await node?.close();
  await rm(folder, { recursive: true });
});

function claimsOf(token: unknown): Readonly<Record<string, unknown>> {
  return decodeJwt(String(token));
}

const READ = { audience: API, scope: 'openid profile offline_access read:messages write:messages' };

test('an action of a sign-in sets claims, scopes and metadata, and is run once', async () => {
  const { body } = await node.signIn(READ);
  const idToken = claimsOf(body['id_token']);
  expect(idToken).toMatchObject({ [`${CLAIM}/count`]: 1, nickname: 'Nick' });
  const token = claimsOf(body['access_token']);
  expect(token).toMatchObject({ [`${CLAIM}/count`]: 1, azp: SPA });
  expect(token['scope']).toBe('openid profile offline_access read:messages by:action');
  expect(body['scope']).toBe(token['scope']);
  const account = await rooms.accounts.findByLogin('ann');
  expect(idToken[`${CLAIM}/event`]).toMatchObject({
    user: {
      user_id: `auth0|${account?.id}`,
      email: 'ann@example.com',
      user_metadata: {},
      identities: [{ connection: 'Username-Password-Authentication' }],
    },
    client: { client_id: SPA },
    request: { method: 'GET', ip: '127.0.0.1', query: { state: 'state' } },
    authentication: { methods: [{ name: 'pwd' }] },
    authorization: { roles: [] },
    connection: { strategy: 'auth0' },
    resource_server: { identifier: API },
    tenant: { id: 'test' },
    transaction: {
      protocol: 'oidc-basic-profile',
      redirect_uri: CALLBACK,
      requested_scopes: expect.arrayContaining(READ.scope.split(' ')),
    },
    stats: { logins_count: 1 },
    secrets: { KEY },
  });
});

test('it is run at each refresh, too, where it finds the metadata that it has kept', async () => {
  const first = await node.signIn(READ, { login: 'fay' });
  const second = await refresh(first);
  const idToken = claimsOf(second.body['id_token']);
  expect(idToken).toMatchObject({ [`${CLAIM}/count`]: 2 });
  expect(idToken[`${CLAIM}/event`]).toMatchObject({
    user: { user_metadata: { visits: 1 }, app_metadata: { plan: 'gold' } },
    request: { method: 'POST', body: { grant_type: 'refresh_token' } },
    transaction: { protocol: 'oauth2-refresh-token' },
  });
  expect(JSON.stringify(idToken)).not.toContain(String(first.body['refresh_token']));
  expect(claimsOf(second.body['access_token'])).toMatchObject({ [`${CLAIM}/count`]: 2 });
});

test('an ID token that is answered at once has its claims, and so have tokens for a password', async () => {
  const to = await node.authorize(
    {
      client_id: SPA,
      response_type: 'id_token',
      response_mode: 'fragment',
      redirect_uri: CALLBACK,
      scope: 'openid',
      nonce: 'n',
    },
    { login: 'gus' },
  );
  const answered = new URLSearchParams(to.hash.slice(1));
  expect(claimsOf(answered.get('id_token'))).toMatchObject({ [`${CLAIM}/count`]: 1 });
  const { body } = await node.token({
    grant_type: 'password',
    client_id: SPA,
    username: 'gus',
    password: PASSWORD,
    audience: API,
    scope: 'openid',
  });
  expect(claimsOf(body['id_token'])).toMatchObject({
    [`${CLAIM}/count`]: 2,
    [`${CLAIM}/event`]: { authentication: { methods: [{ name: 'pwd' }] } },
  });
  expect(claimsOf(body['access_token'])).toMatchObject({ [`${CLAIM}/count`]: 2 });
  expect(JSON.stringify(claimsOf(body['id_token']))).not.toContain(PASSWORD);
});

test('whom an action denies is sent back with its reason', async () => {
  const query = {
    client_id: SPA,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    state: 's',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  };
  const to = await node.authorize(query, { login: 'ben' });
  expect(Object.fromEntries(to.searchParams)).toMatchObject({
    error: 'access_denied',
    error_description: 'Ben is not to come in',
    state: 's',
  });
  expect(await refusals('ben')).toEqual([{ action: '1-login', how: 'denied' }]);
});

test('an action that throws refuses the sign-in; the log has its words, and nobody the secret', async () => {
  const { body } = await node.signIn(READ, { login: 'cat' });
  expect(body).toMatchObject({ error: 'invalid_grant' });
  expect(await refusals('cat')).toEqual([{ action: '1-login', how: 'failed' }]);
  const failed = node.log.find(({ fields }) => fields.event === 'action.failed');
  expect(failed?.fields).toMatchObject({
    action: '1-login',
    how: 'failed',
    problem: expect.stringContaining('Error: no way to the database with [secret]'),
  });
  const printed = node.log.filter(({ fields }) => fields.event === 'action.printed');
  expect(printed.map(({ message }) => message)).toContain('ann signs in with [secret]');
});

test('a refresh that is denied leaves the refresh token as it was', async () => {
  const first = await node.signIn(READ, { login: 'dan' });
  expect(await refresh(first)).toMatchObject({
    status: 403,
    body: { error: 'access_denied', error_description: 'later' },
  });
  expect(await refresh(first)).toMatchObject({ status: 200 });
});

test('a machine has claims by its own action, and is refused in its words', async () => {
  const machine = {
    grant_type: 'client_credentials',
    client_id: MACHINE,
    client_secret: SECRET,
    audience: API,
  };
  const { body } = await node.token({ ...machine, scope: 'read:messages' }, { as: 'json' });
  const token = claimsOf(body['access_token']);
  expect(token).toMatchObject({ [`${CLAIM}/client`]: MACHINE, scope: 'read:messages' });
  expect(JSON.stringify(token[`${CLAIM}/body`])).not.toContain(SECRET);
  expect(await node.token({ ...machine, scope: 'write:messages' })).toMatchObject({
    body: { error: 'invalid_scope', error_description: 'read only' },
  });
});

test('what the protocol says, and what Auth0 keeps for itself, is no action’s to set', async () => {
  const { body } = await node.signIn(READ, { login: 'eve' });
  const told = JSON.stringify([claimsOf(body['id_token']), claimsOf(body['access_token'])]);
  expect(told).not.toContain('forged');
  const dropped = node.log.find(({ fields }) => fields.event === 'action.dropped');
  expect(dropped?.fields['names']).toEqual([
    'iss',
    'sub',
    'gid',
    'https://x.auth0.com/claim',
    'permissions',
    'email',
    'offline_access',
  ]);
});

test('an action knows in whose name somebody signs in, also at a refresh', async () => {
  const first = await node.signIn({ ...READ, organization: 'acme' }, { login: 'ida' });
  const organization = { name: 'acme', display_name: 'Acme', metadata: {} };
  for (const { body } of [first, await refresh(first)])
    expect(claimsOf(body['id_token'])[`${CLAIM}/event`]).toMatchObject({ organization });
});

test('a scope that an action adds is not taken away for want of a role', async () => {
  const { body } = await node.signIn(
    { audience: STANDARD_API, scope: 'openid read:all write:all' },
    { login: 'hal' },
  );
  expect(claimsOf(body['access_token'])['scope']).toBe('openid by:action');
});

/** What the audit has of actions that kept this person out. */
async function refusals(name: string): Promise<readonly object[]> {
  const account = await rooms.accounts.findByLogin(name);
  const rows = await rooms.records.all(
    rooms.records.queries
      .selectFrom('audit')
      .select('event')
      .where('type', '=', 'action.refused')
      .where('account_id', '=', account?.id ?? ''),
  );
  return rows.map(({ event }) => {
    const { action, how } = JSON.parse(event) as { action: string; how: string };
    return { action, how };
  });
}

async function refresh({ body }: Answer): Promise<Answer> {
  return await node.token({
    grant_type: 'refresh_token',
    client_id: SPA,
    refresh_token: String(body['refresh_token']),
  });
}
