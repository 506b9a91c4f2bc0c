import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import { CALLBACK, openTenantNode, SECRET, type Answer, type TenantNode } from './tenant-node.ts';

const READER = 'reader-client';
const MIXED = 'mixed-client';
const DETAILS = { reason: 'test', actor: { by: 'test', origin: { address: 'test' } } };

let node: TenantNode;
let rooms: Rooms;
let audience: string;

beforeAll(async () => {
  node = await openTenantNode({
    clients: [
      {
        clientId: READER,
        appType: 'non_interactive',
        clientSecretInClear: SECRET,
        managementScopes: ['read:users', 'read:roles'],
      },
      {
        clientId: MIXED,
        clientSecretInClear: SECRET,
        callbacks: [CALLBACK],
        grantTypes: ['authorization_code', 'client_credentials'],
        managementScopes: ['read:users'],
      },
      { clientId: 'other', appType: 'non_interactive', clientSecretInClear: SECRET },
    ],
  });
  rooms = await node.openRooms();
  audience = `${node.tenant}/api/v2/`;
});

afterAll(async () => {
  await rooms.close();
  await node.close();
});

function tokenOf(clientId = READER, parameters: object = {}): Promise<Answer> {
  return node.token({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: SECRET,
    audience,
    ...parameters,
  });
}

async function call(path: string, token?: string): Promise<Omit<Answer, 'headers'>> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${node.tenant}/api/v2${path}`, { headers });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
  };
}

async function goodToken(parameters: object = {}): Promise<string> {
  return String((await tokenOf(READER, parameters)).body['access_token']);
}

describe('the Management API', () => {
  test('is open to clients that were given scopes of it, for these and no others', async () => {
    const { status, body } = await tokenOf();
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { scope: 'read:users read:roles' },
    });
    expect(decodeJwt(String(body['access_token']))).toMatchObject({
      aud: audience,
      sub: `${READER}@clients`,
      gty: 'client-credentials',
    });
    const more = await tokenOf(READER, { scope: 'read:users delete:users' });
    expect(more.body['scope'] ?? more.body['error']).not.toContain('delete:users');
    expect(await tokenOf('other')).toMatchObject({
      status: 403,
      body: {
        error: 'access_denied',
        error_description: expect.stringContaining(`not authorized to access "${audience}"`),
      },
    });
  });

  test('refuses whoever shows no token of it, as Auth0 does', async () => {
    const refused = {
      status: 401,
      body: { statusCode: 401, error: 'Unauthorized', errorCode: 'invalid_token' },
    };
    expect(await call('/users/auth0%7Cx')).toMatchObject({
      ...refused,
      body: { ...refused.body, message: 'Missing authentication' },
    });
    expect(await call('/users/auth0%7Cx', 'a.b.c')).toMatchObject(refused);
    expect(await call('/nothing')).toMatchObject(refused);
    const token = await goodToken();
    const forged = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    expect(await call('/users/auth0%7Cx', forged)).toMatchObject(refused);
  });

  test('a token of a person opens nothing, even of a client that has scopes of it', async () => {
    const to = await node.authorize({
      client_id: MIXED,
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid read:users',
      audience,
    });
    const { body } = await node.token({
      grant_type: 'authorization_code',
      client_id: MIXED,
      client_secret: SECRET,
      redirect_uri: CALLBACK,
      code: to.searchParams.get('code') ?? '',
    });
    const token = String(body['access_token']);
    expect(decodeJwt(token)).toMatchObject({ scope: expect.stringContaining('read:users') });
    expect((await call('/users/auth0%7Cx', token)).status).toBe(401);
    expect((await call('/users/auth0%7Cx', String(body['id_token']))).status).toBe(401);
  });

  test('a scope that is missing is named', async () => {
    const token = await goodToken({ scope: 'read:roles' });
    expect(await call('/users/auth0%7Cx', token)).toMatchObject({
      status: 403,
      body: {
        statusCode: 403,
        error: 'Forbidden',
        message: 'Insufficient scope, expected any of: read:users',
        errorCode: 'insufficient_scope',
      },
    });
  });

  test('what is not there is told in words', async () => {
    const token = await goodToken();
    expect(await call('/users/auth0%7Cnobody', token)).toMatchObject({
      status: 404,
      body: { error: 'Not Found', errorCode: 'inexistent_user' },
    });
    expect(await call('/rules', token)).toMatchObject({
      status: 404,
      body: { message: 'GET /api/v2/rules is nothing that this Management API has' },
    });
  });

  test('a token that was taken back opens nothing any more', async () => {
    const token = await goodToken();
    const ben = await rooms.accounts.findByLogin('ben');
    const path = `/users/auth0%7C${ben?.id}`;
    expect(await call(path, token)).toMatchObject({
      status: 200,
      body: {
        user_id: `auth0|${ben?.id}`,
        email: 'ben@example.com',
        email_verified: true,
        identities: [{ provider: 'auth0', user_id: ben?.id }],
        logins_count: 0,
      },
    });
    await rooms.takeBack.revoke({ kind: 'client', clientId: READER }, DETAILS);
    await expect.poll(async () => (await call(path, token)).status).toBe(401);
    expect((await call(path, await goodToken())).status).toBe(200);
  });

  test('an answer has the fields that are asked for', async () => {
    const ann = await rooms.accounts.findByLogin('ann');
    const path = `/users/auth0%7C${ann?.id}`;
    const token = await goodToken();
    const { body } = await call(`${path}?fields=email,name`, token);
    expect(body).toEqual({ email: 'ann@example.com', name: 'ann@example.com' });
    const rest = await call(`${path}?fields=email&include_fields=false`, token);
    expect(rest.body).not.toHaveProperty('email');
    expect(rest.body).toHaveProperty('name');
    expect(await call(`${path}?include_fields=maybe`, token)).toMatchObject({
      status: 400,
      body: { errorCode: 'invalid_query_string' },
    });
  });
});
