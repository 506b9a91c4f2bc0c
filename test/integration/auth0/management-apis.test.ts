import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openResourceServers } from '../../../src/clients/kept-resource-servers.ts';
import type { Rooms } from '../../../src/compose.ts';
import { openManagedNode, type ManagedNode, type Told } from './management-client.ts';
import { API, CALLBACK, SPA, type Answer } from './tenant-node.ts';

const ORDERS = 'https://orders.example.com';
const SCOPES = [
  { value: 'read:orders', description: 'Read orders' },
  { value: 'write:orders', description: 'Write orders' },
];

let node: ManagedNode;
let rooms: Rooms;

beforeAll(async () => {
  node = await openManagedNode({
    clients: [{ clientId: SPA, appType: 'spa', callbacks: [CALLBACK] }],
  });
  rooms = await node.openRooms();
});

afterAll(async () => {
  await rooms.close();
  await node.close();
});

function make(identifier: string, fields: object = {}): Promise<Told> {
  const api = { identifier, name: 'Orders', scopes: SCOPES, ...fields };
  return node.manage('POST', '/resource-servers', api);
}

function pathOf(identifier: string): string {
  return `/resource-servers/${encodeURIComponent(identifier)}`;
}

async function newMachine(
  audience: string,
  scope: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const { body } = await node.manage('POST', '/clients', {
    name: 'A machine',
    app_type: 'non_interactive',
  });
  const made = body as unknown as Readonly<Record<string, string>>;
  const grant = { client_id: made['client_id'], audience, scope };
  expect((await node.manage('POST', '/client-grants', grant)).status).toBe(201);
  return made;
}

async function machine(audience: string, scope: readonly string[]): Promise<Answer> {
  const { client_id = '', client_secret = '' } = await newMachine(audience, scope);
  const grant_type = 'client_credentials';
  return await node.token({ grant_type, client_id, client_secret, audience });
}

describe('APIs', () => {
  test('are made as Auth0 makes them, and tokens are for them at once', async () => {
    const made = await make(ORDERS, {
      token_lifetime: 120,
      token_dialect: 'rfc9068_profile',
      allow_offline_access: true,
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        identifier: ORDERS,
        is_system: false,
        scopes: SCOPES,
        signing_alg: 'RS256',
        token_lifetime: 120,
        allow_offline_access: true,
      },
    });
    const { body } = await machine(ORDERS, ['read:orders']);
    expect(body).toMatchObject({ scope: 'read:orders', expires_in: 120 });
    const token = String(body['access_token']);
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'RS256' });
    const person = await node.signIn({ audience: ORDERS, scope: 'openid write:orders' });
    expect(decodeJwt(String(person.body['access_token']))).toMatchObject({
      aud: expect.arrayContaining([ORDERS]),
      scope: expect.stringContaining('write:orders'),
    });
    expect((await node.manage('GET', pathOf(ORDERS))).body).toEqual(made.body);
    expect((await node.manage('GET', `/resource-servers/${made.body.id}`)).body).toEqual(made.body);
    const { list } = await node.manage('GET', '/resource-servers');
    expect(list).toContainEqual(made.body);
    expect(await make(ORDERS)).toMatchObject({
      status: 409,
      body: { errorCode: 'resource_server_conflict' },
    });
  });

  test('give people what their roles permit, where they say so', async () => {
    const identifier = 'https://guarded.example.com';
    await make(identifier, { enforce_policies: true, token_dialect: 'access_token_authz' });
    const { body: role } = await node.manage('POST', '/roles', { name: 'Clerk' });
    await node.manage('POST', `/roles/${role.id}/permissions`, {
      permissions: [{ resource_server_identifier: identifier, permission_name: 'read:orders' }],
    });
    const { list } = await node.manage('GET', '/users-by-email?email=ann%40example.com');
    await node.manage('POST', `/roles/${role.id}/users`, { users: [list[0]?.user_id] });
    const tokenOf = async (login: string): Promise<unknown> => {
      const scope = 'openid read:orders write:orders';
      const { body } = await node.signIn({ audience: identifier, scope }, { login });
      return decodeJwt(String(body['access_token']));
    };
    expect(await tokenOf('ann')).toMatchObject({
      permissions: ['read:orders'],
      scope: 'openid read:orders',
    });
    expect(await tokenOf('ben')).toMatchObject({ permissions: [], scope: 'openid' });

    // What was permitted at an API is gone with it.
    expect((await node.manage('DELETE', pathOf(identifier))).status).toBe(204);
    await make(identifier, { enforce_policies: true, token_dialect: 'access_token_authz' });
    expect(await tokenOf('ann')).toMatchObject({ permissions: [] });
  });

  test('are changed, and null takes a field back', async () => {
    const identifier = 'plain-name';
    await make(identifier, {
      token_lifetime: 60,
      skip_consent_for_verifiable_first_party_clients: true,
    });
    const told = await node.manage('PATCH', pathOf(identifier), {
      name: 'Renamed',
      scopes: [{ value: 'only:this' }],
      token_lifetime: null,
    });
    expect(told).toMatchObject({
      status: 200,
      body: {
        name: 'Renamed',
        scopes: [{ value: 'only:this', description: '' }],
        skip_consent_for_verifiable_first_party_clients: true,
      },
    });
    expect(told.body).not.toHaveProperty('token_lifetime');
    expect((await machine(identifier, ['only:this'])).body).toMatchObject({ scope: 'only:this' });
  });

  test('are what they are now to machines that ask for the same again', async () => {
    const identifier = 'https://again.example.com';
    await make(identifier, { token_lifetime: 60 });
    const { client_id = '', client_secret = '' } = await newMachine(identifier, ['read:orders']);
    const pair = Buffer.from(`${client_id}:${client_secret}`).toString('base64');
    const ask = async (): Promise<Answer> =>
      await node.token(
        { grant_type: 'client_credentials', audience: identifier },
        { headers: { authorization: `Basic ${pair}` } },
      );
    expect((await ask()).body).toMatchObject({ expires_in: 60 });
    await node.manage('PATCH', pathOf(identifier), { token_lifetime: 90 });
    expect((await ask()).body).toMatchObject({ expires_in: 90 });
    await node.manage('PATCH', pathOf(identifier), { scopes: [{ value: 'other' }] });
    expect((await ask()).body['scope'] ?? '').not.toContain('read:orders');
  });

  test('end with all that machines may ask of them', async () => {
    const identifier = 'https://gone.example.com';
    await make(identifier);
    expect((await machine(identifier, [])).status).toBe(200);
    expect((await node.manage('DELETE', pathOf(identifier))).status).toBe(204);
    expect((await node.manage('DELETE', pathOf(identifier))).status).toBe(204);
    expect((await node.manage('GET', pathOf(identifier))).status).toBe(404);
    const { list } = await node.manage('GET', `/client-grants?audience=${identifier}`);
    expect(list).toEqual([]);
    const to = await node.authorize({
      client_id: SPA,
      response_type: 'code',
      redirect_uri: CALLBACK,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      audience: identifier,
    });
    expect(to.searchParams.get('error_description')).toContain('Service not found');
  });

  test('of the configuration are changed there, and those of the installation are not known', async () => {
    const declared = { status: 409, body: { errorCode: 'declared_in_config' } };
    expect(await node.manage('PATCH', pathOf(API), { name: 'Other' })).toMatchObject(declared);
    expect(await node.manage('DELETE', pathOf(`${node.tenant}/api/v2/`))).toMatchObject(declared);
    expect((await make(API)).status).toBe(409);
    const response = await fetch(`${node.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: SPA }),
    });
    expect(response.ok).toBe(false);
  });

  test.each([
    [{ signing_alg: 'HS256' }, 'must be RS256'],
    [{ token_lifetime: 1e7 }, 'revocation.longestToken'],
    [{ scopes: [{ value: 'two words' }] }, 'is no scope'],
    [{ subject_type_authorization: {} }, 'Additional properties not allowed'],
  ])('refuse what is not so here: %j', async (fields, words) => {
    expect(await make('https://refused.example.com', fields)).toMatchObject({
      status: 400,
      body: { errorCode: 'invalid_body', message: expect.stringContaining(words) },
    });
  });

  test('are known at another node as soon as it looks, and changes at once all count', async () => {
    const actor = { by: 'test', origin: { address: 'test' } };
    const open = () => openResourceServers({ ...rooms, declared: [] });
    const [one, other] = await Promise.all([open(), open()]);
    const settings = {
      name: '0',
      scopes: {},
      enforcePermissions: false,
      signingAlgorithm: 'RS256',
      servedBy: 'test',
      beside: {},
    };
    await one.create('counted', settings, actor);
    expect(one.find('counted')?.name).toBe('0');
    expect(other.find('counted')).toBeUndefined();
    await other.catchUp();
    expect(other.find('counted')?.name).toBe('0');
    const count = (servers: typeof one): Promise<unknown> =>
      servers.revise(
        'counted',
        ({ name }) => ({ ...settings, name: `${Number(name) + 1}` }),
        actor,
      );
    await Promise.all([one, other, one, other].map(count));
    await Promise.all([one.catchUp(), other.catchUp()]);
    expect([one, other].map((servers) => servers.find('counted')?.name)).toEqual(['4', '4']);
    expect(await other.delete('counted', actor)).toBe(true);
    await one.catchUp();
    expect(one.list().map(({ identifier }) => identifier)).not.toContain('counted');
  });
});
