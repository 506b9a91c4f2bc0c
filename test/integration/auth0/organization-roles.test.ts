import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, type JWTPayload } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import { openManagedNode, type ManagedNode, type Told } from './management-client.ts';
import { CALLBACK, SPA, STANDARD_API, type Answer } from './tenant-node.ts';

const ACME = 'org_acme';
const CLAIM = 'https://app.example.com/roles';
const ACTION = `exports.onExecutePostLogin = async (event, api) => {
  api.accessToken.setCustomClaim('${CLAIM}', event.authorization.roles);
};`;
const SCOPE = 'openid offline_access read:all write:all';

let node: ManagedNode;
let rooms: Rooms;
let folder: string;
/** The id of a role that permits `write:all`. */
let writer: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-roles-'));
  await writeFile(join(folder, 'roles.js'), ACTION);
  node = await openManagedNode({
    actions: { folder },
    organizations: [
      { id: ACME, name: 'acme', members: ['ann', 'ben'] },
      { id: 'org_other', name: 'other', members: ['ann', 'ben'] },
    ],
    clients: [
      {
        clientId: SPA,
        appType: 'spa',
        callbacks: [CALLBACK],
        initiateLoginUrl: 'https://app.example.com/login',
      },
    ],
  });
  rooms = await node.openRooms();
  const made = await node.manage('POST', '/roles', { name: 'writer' });
  writer = made.body.id;
  await node.manage('POST', `/roles/${writer}/permissions`, {
    permissions: [{ resource_server_identifier: STANDARD_API, permission_name: 'write:all' }],
  });
});

afterAll(async () => {
  await rooms?.close();
  await node?.close();
  await rm(folder, { recursive: true });
});

async function subjectOf(name: string): Promise<string> {
  return `auth0|${(await rooms.accounts.findByLogin(name))?.id ?? ''}`;
}

async function rolesPath(name: string, organization = ACME): Promise<string> {
  const member = encodeURIComponent(await subjectOf(name));
  return `/organizations/${organization}/members/${member}/roles`;
}

async function give(name: string): Promise<Told> {
  return await node.manage('POST', await rolesPath(name), { roles: [writer] });
}

interface SignedIn {
  readonly answer: Answer;
  readonly token: JWTPayload;
}

async function signIn(login: string, organization: string | undefined): Promise<SignedIn> {
  const asked = { audience: STANDARD_API, scope: SCOPE };
  const parameters = organization === undefined ? asked : { ...asked, organization };
  const answer = await node.signIn(parameters, { login });
  return { answer, token: decodeJwt(String(answer.body['access_token'])) };
}

/** What a token says that its person may do. */
function rightsIn({ token }: SignedIn): object {
  const { permissions, scope, [CLAIM]: roles } = token;
  return { permissions, scope, roles };
}

test('roles of a member count in the name of the organization, and there alone', async () => {
  const nothing = { permissions: [], scope: 'openid offline_access', roles: [] };
  expect((await give('ann')).status).toBe(204);
  expect(rightsIn(await signIn('ann', ACME))).toEqual({
    permissions: ['write:all'],
    scope: 'openid offline_access write:all',
    roles: ['writer'],
  });
  expect(rightsIn(await signIn('ann', undefined))).toEqual({
    permissions: ['read:all'],
    scope: 'openid offline_access read:all',
    roles: ['reader'],
  });
  expect(rightsIn(await signIn('ann', 'org_other'))).toEqual(nothing);
  expect(rightsIn(await signIn('ben', ACME))).toEqual(nothing);
  const refreshed = await node.token({
    grant_type: 'refresh_token',
    client_id: SPA,
    refresh_token: String((await signIn('ann', ACME)).answer.body['refresh_token']),
  });
  const token = decodeJwt(String(refreshed.body['access_token']));
  expect(rightsIn({ answer: refreshed, token })).toMatchObject({
    permissions: ['write:all'],
    roles: ['writer'],
  });
});

test('they are told of one member, and of a list that asks for them', async () => {
  await give('ann');
  const role = { id: writer, name: 'writer', description: '' };
  const path = await rolesPath('ann');
  expect((await node.manage('GET', path)).list).toEqual([role]);
  expect((await node.manage('GET', `${path}?include_totals=true`)).body).toMatchObject({
    total: 1,
    roles: [role],
  });
  const members = `/organizations/${ACME}/members`;
  expect((await node.manage('GET', members)).list[0]).not.toHaveProperty('roles');
  const { list } = await node.manage('GET', `${members}?fields=user_id,roles`);
  expect(list).toContainEqual({
    user_id: await subjectOf('ann'),
    roles: [{ id: writer, name: 'writer' }],
  });
  expect(list).toContainEqual({ user_id: await subjectOf('ben'), roles: [] });
});

test('whoever loses one loses what applications hold of them within a second', async () => {
  await give('ben');
  const { answer } = await signIn('ben', ACME);
  const headers = { authorization: `Bearer ${String(answer.body['access_token'])}` };
  const userinfo = async (): Promise<number> =>
    (await fetch(`${node.tenant}/userinfo`, { headers })).status;
  expect(await userinfo()).toBe(200);
  const taken = await node.manage('DELETE', await rolesPath('ben'), { roles: [writer] });
  expect(taken.status).toBe(204);
  await expect.poll(userinfo, { interval: 20 }).toBe(401);
  expect(rightsIn(await signIn('ben', ACME))).toMatchObject({ permissions: [], roles: [] });
});

test('whoever leaves and comes back has none of them, and neither has a role that is made anew', async () => {
  const member = { members: [await subjectOf('cat')] };
  const members = `/organizations/${ACME}/members`;
  expect(await give('cat')).toMatchObject({
    status: 404,
    body: { errorCode: 'inexistent_organization_member' },
  });
  await node.manage('POST', members, member);
  expect((await give('cat')).status).toBe(204);
  await node.manage('DELETE', members, member);
  await node.manage('POST', members, member);
  expect((await node.manage('GET', await rolesPath('cat'))).list).toEqual([]);

  const { body } = await node.manage('POST', '/roles', { name: 'passing' });
  await node.manage('POST', await rolesPath('cat'), { roles: [body.id] });
  await node.manage('DELETE', `/roles/${body.id}`);
  await node.manage('POST', '/roles', { name: 'passing' });
  expect((await node.manage('GET', await rolesPath('cat'))).list).toEqual([]);
});

test('what is permitted at one more API is permitted to members who hold the role', async () => {
  const { body } = await node.manage('POST', '/roles', { name: 'later' });
  await node.manage('POST', await rolesPath('ann', 'org_other'), { roles: [body.id] });
  await node.manage('POST', `/roles/${body.id}/permissions`, {
    permissions: [{ resource_server_identifier: STANDARD_API, permission_name: 'write:all' }],
  });
  expect(rightsIn(await signIn('ann', 'org_other'))).toMatchObject({ permissions: ['write:all'] });
});

test('whoever accepts an invitation has its roles', async () => {
  const wish = {
    inviter: { name: 'Ann' },
    invitee: { email: 'dan@example.com' },
    client_id: SPA,
    send_invitation_email: false,
  };
  const path = `/organizations/${ACME}/invitations`;
  expect((await node.manage('POST', path, { ...wish, roles: ['rol_none'] })).status).toBe(404);
  const { status, body } = await node.manage('POST', path, { ...wish, roles: [writer] });
  expect(status).toBe(201);
  expect(body['roles']).toEqual([writer]);
  const to = await node.signIn(
    {
      audience: STANDARD_API,
      scope: SCOPE,
      organization: ACME,
      invitation: String(body['ticket_id']),
    },
    { login: 'dan' },
  );
  const token = decodeJwt(String(to.body['access_token']));
  expect(rightsIn({ answer: to, token })).toMatchObject({
    permissions: ['write:all'],
    roles: ['writer'],
  });
});

test('an account that is deleted leaves none behind', async () => {
  await node.manage('POST', `/organizations/${ACME}/members`, {
    members: [await subjectOf('eve')],
  });
  await give('eve');
  const id = (await rooms.accounts.findByLogin('eve'))?.id ?? '';
  await rooms.accounts.delete(id, { by: 'test', origin: { address: 'test' } });
  const held = await rooms.groups.roles.find({ api: STANDARD_API, name: 'writer' });
  expect(held?.members.map((one) => one.id)).not.toContain(id);
  expect(held?.members.length).toBeGreaterThan(0);
});

test.each([
  [{ roles: [] }, 400],
  [{ roles: ['rol_none'] }, 404],
  [{}, 400],
  [{ roles: ['x'], more: 1 }, 400],
])('a body that names no roles is refused: %j', async (body, status) => {
  expect((await node.manage('POST', await rolesPath('ann'), body)).status).toBe(status);
});
