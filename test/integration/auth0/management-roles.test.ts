import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API, CALLBACK, SPA, STANDARD_API } from './tenant-node.ts';
import { openManagedNode, type Item, type ManagedNode } from './management-client.ts';

let node: ManagedNode;

beforeAll(async () => {
  node = await openManagedNode({
    clients: [{ clientId: SPA, appType: 'spa', callbacks: [CALLBACK] }],
  });
});

afterAll(() => node.close());

function at(userId: string, rest = ''): string {
  return `/users/${encodeURIComponent(userId)}${rest}`;
}

async function idOf(name: string): Promise<string> {
  const { list } = await node.manage('GET', `/users-by-email?email=${name}%40example.com`);
  return list[0]?.user_id ?? 'nobody';
}

async function roleNamed(name: string): Promise<Item> {
  const { list } = await node.manage('GET', `/roles?name_filter=${name}`);
  const [role] = list;
  if (role === undefined) throw new Error(`no role ${name}`);
  return role;
}

async function permissionsInToken(login: string): Promise<unknown> {
  const { body } = await node.signIn({ audience: STANDARD_API, scope: 'openid' }, { login });
  return decodeJwt(String(body['access_token']))['permissions'];
}

function permission(name: string, api = STANDARD_API): object {
  return { permissions: [{ resource_server_identifier: api, permission_name: name }] };
}

describe('roles', () => {
  test('are made, described, and keep their names', async () => {
    const made = await node.manage('POST', '/roles', {
      name: 'Support Agent',
      description: 'Helps',
    });
    expect(made).toMatchObject({
      status: 200,
      body: { id: expect.stringMatching(/^rol_[0-9a-f]{16}$/u), name: 'Support Agent' },
    });
    const path = `/roles/${made.body.id}`;
    const described = await node.manage('PATCH', path, { description: 'Helps more' });
    expect(described.body).toEqual({ ...made.body, description: 'Helps more' });
    expect(await node.manage('PATCH', path, { name: 'Other' })).toMatchObject({
      status: 400,
      body: { errorCode: 'operation_not_supported' },
    });
    expect((await node.manage('POST', '/roles', { name: 'Support Agent' })).status).toBe(409);
    expect((await node.manage('DELETE', path)).status).toBe(204);
    expect(await node.manage('GET', path)).toMatchObject({
      status: 404,
      body: { errorCode: 'inexistent_role' },
    });
  });

  test('permit at several APIs, whoever holds them already included', async () => {
    const { body: role } = await node.manage('POST', '/roles', { name: 'editor' });
    const [ben, cat] = [await idOf('ben'), await idOf('cat')];
    const given = await node.manage('POST', at(ben, '/roles'), { roles: [role.id] });
    expect(given.status).toBe(204);
    const path = `/roles/${role.id}/permissions`;
    expect((await node.manage('POST', path, permission('write:all'))).status).toBe(201);
    expect((await node.manage('POST', path, permission('read:messages', API))).status).toBe(201);
    expect((await node.manage('POST', path, permission('fly'))).status).toBe(400);
    const listed = await node.manage('GET', `${path}?include_totals=true`);
    expect(listed.body).toMatchObject({ total: 2, length: 2 });
    expect(listed.body['permissions']).toContainEqual({
      permission_name: 'write:all',
      description: 'Write',
      resource_server_identifier: STANDARD_API,
      resource_server_name: 'Standard',
    });
    expect(await permissionsInToken('ben')).toEqual(['write:all']);
    expect(await permissionsInToken('cat')).toEqual([]);
    await node.manage('POST', `/roles/${role.id}/users`, { users: [cat] });
    expect(await permissionsInToken('cat')).toEqual(['write:all']);
    const members = await node.manage('GET', `/roles/${role.id}/users?take=1`);
    expect(members.body).toMatchObject({ users: [{ user_id: expect.any(String) }], next: '1' });
    const rest = await node.manage('GET', `/roles/${role.id}/users?take=1&from=1`);
    expect(rest.body).not.toHaveProperty('next');
    expect(
      new Set([...members.body.users, ...rest.body.users].map((user) => user.user_id)),
    ).toEqual(new Set([ben, cat]));
    const held = await node.manage('GET', at(ben, '/permissions'));
    expect(held.list).toContainEqual(
      expect.objectContaining({
        permission_name: 'write:all',
        sources: [{ source_id: role.id, source_name: 'editor', source_type: 'ROLE' }],
      }),
    );
    expect((await node.manage('DELETE', path, permission('write:all'))).status).toBe(204);
    expect(await permissionsInToken('ben')).toEqual([]);
    await node.manage('DELETE', at(ben, '/roles'), { roles: [role.id] });
    expect((await node.manage('GET', at(ben, '/roles'))).list).toEqual([]);
  });

  test('of many that are given at once with a part that is being made, none is half', async () => {
    const { body: role } = await node.manage('POST', '/roles', { name: 'crowd' });
    const names = ['dan', 'eve', 'fay', 'gus', 'hal'];
    const ids = await Promise.all(names.map(idOf));
    await Promise.all([
      ...ids.map((id) => node.manage('POST', at(id, '/roles'), { roles: [role.id] })),
      node.manage('POST', `/roles/${role.id}/permissions`, permission('read:all')),
    ]);
    for (const id of ids)
      expect((await node.manage('GET', at(id, '/permissions'))).list).toHaveLength(1);
    await Promise.all([
      ...ids.map((id) => node.manage('DELETE', at(id, '/roles'), { roles: [role.id] })),
      node.manage('POST', `/roles/${role.id}/permissions`, permission('read:messages', API)),
    ]);
    for (const id of ids)
      expect((await node.manage('GET', at(id, '/permissions'))).list).toEqual([]);
  });

  test('of the configuration are there, and are changed there alone', async () => {
    const reader = await roleNamed('reader');
    expect((await node.manage('GET', at(await idOf('ann'), '/roles'))).list).toEqual([reader]);
    const declared = { status: 409, body: { errorCode: 'declared_in_config' } };
    const give = await node.manage('POST', at(await idOf('ben'), '/roles'), { roles: [reader.id] });
    expect(give).toMatchObject(declared);
    const path = `/roles/${reader.id}`;
    expect(await node.manage('DELETE', path)).toMatchObject(declared);
    expect(
      await node.manage('POST', `${path}/permissions`, permission('write:messages', API)),
    ).toMatchObject(declared);
  });
});

describe('permissions without a role', () => {
  test('count in tokens, are told beside those of roles, and leave those when they are taken', async () => {
    const ida = await idOf('ida');
    const path = at(ida, '/permissions');
    expect((await node.manage('POST', path, permission('read:all'))).status).toBe(201);
    expect((await node.manage('POST', path, permission('read:all'))).status).toBe(201);
    const reader = { name: 'second reader', description: 'Reads, too' };
    const { body: role } = await node.manage('POST', '/roles', reader);
    await node.manage('POST', `/roles/${role.id}/permissions`, permission('read:all'));
    await node.manage('POST', at(ida, '/roles'), { roles: [role.id] });
    const byRole = { source_id: role.id, source_name: 'second reader', source_type: 'ROLE' };
    const told = {
      permission_name: 'read:all',
      description: 'Read',
      resource_server_identifier: STANDARD_API,
      resource_server_name: 'Standard',
    };
    expect((await node.manage('GET', path)).list).toEqual([
      {
        ...told,
        sources: [byRole, { source_id: '', source_name: '', source_type: 'DIRECT' }],
      },
    ]);
    await node.manage('DELETE', at(ida, '/roles'), { roles: [role.id] });
    expect(await permissionsInToken('ida')).toEqual(['read:all']);
    // Nobody has a role by it.
    expect((await node.manage('GET', at(ida, '/roles'))).list).toEqual([]);
    await node.manage('POST', at(ida, '/roles'), { roles: [role.id] });
    expect((await node.manage('DELETE', path, permission('read:all'))).status).toBe(204);
    expect((await node.manage('GET', path)).list).toEqual([{ ...told, sources: [byRole] }]);
    await node.manage('DELETE', at(ida, '/roles'), { roles: [role.id] });
    expect(await permissionsInToken('ida')).toEqual([]);
  });

  test.each([
    ['that the API does not have', permission('fly')],
    ['of an API that is not the tenant’s', permission('read:all', 'https://other.example.com')],
    ['of the Management API', permission('read:users', 'MANAGEMENT')],
    ['without a name', { permissions: [{ resource_server_identifier: STANDARD_API }] }],
  ])('%s are refused', async (_, wanted) => {
    const body = JSON.parse(
      JSON.stringify(wanted).replace('MANAGEMENT', `${node.tenant}/api/v2/`),
    ) as object;
    const path = at(await idOf('jon'), '/permissions');
    expect(await node.manage('POST', path, body)).toMatchObject({
      status: 400,
      body: { errorCode: 'invalid_body' },
    });
    expect((await node.manage('GET', path)).list).toEqual([]);
  });
});

describe('what the configuration declares', () => {
  test('is told: applications without their secrets, their grants, APIs, and the one connection', async () => {
    const clients = await node.manage('GET', '/clients?include_totals=true');
    expect(clients.body).toMatchObject({
      total: 2,
      clients: [
        {
          client_id: SPA,
          app_type: 'spa',
          callbacks: [CALLBACK],
          token_endpoint_auth_method: 'none',
        },
        { client_id: 'manager-client', grant_types: ['client_credentials'] },
      ],
    });
    expect(JSON.stringify(clients.body)).not.toContain('secret-of-the-tests');
    const one = await node.manage('GET', `/clients/${SPA}?fields=name,app_type`);
    expect(one.body).toEqual({ name: SPA, app_type: 'spa' });
    expect((await node.manage('GET', '/clients/nobody')).body['errorCode']).toBe(
      'inexistent_client',
    );

    const management = `${node.tenant}/api/v2/`;
    const servers = await node.manage('GET', '/resource-servers');
    expect(servers.list.map(({ identifier }) => identifier)).toEqual([
      API,
      STANDARD_API,
      management,
    ]);
    const path = `/resource-servers/${encodeURIComponent(STANDARD_API)}`;
    expect((await node.manage('GET', path)).body).toMatchObject({
      id: servers.list[1]?.id,
      enforce_policies: true,
      token_dialect: 'rfc9068_profile_authz',
      scopes: [
        { value: 'read:all', description: 'Read' },
        { value: 'write:all', description: 'Write' },
      ],
    });

    const grants = await node.manage('GET', '/client-grants?take=10&client_id=manager-client');
    expect(grants.body['client_grants']).toMatchObject([
      { audience: API, scope: ['read:messages', 'write:messages'] },
      { audience: STANDARD_API },
      { id: expect.stringMatching(/^cgr_/u), audience: management },
    ]);
    const found = await node.manage('GET', '/connections?strategy=auth0&take=50');
    const [connection] = found.body['connections'] as readonly Item[];
    expect(connection).toMatchObject({ name: 'Username-Password-Authentication' });
    expect((await node.manage('GET', `/connections/${connection?.id}`)).body).toEqual(connection);
    expect((await node.manage('GET', '/connections?name=other')).list).toEqual([]);
  });
});
