import { decodeJwt, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import type { Browser } from '../../support/provider-browser.ts';
import {
  API,
  CALLBACK,
  openTenantNode,
  SECRET,
  SPA,
  type Answer,
  type TenantNode,
} from './tenant-node.ts';

const ADMIN = 'admin-client';
const INVITING = 'inviting-client';
const LOGIN = 'https://app.example.com/login?from=mail';
const ACME = 'org_acme';
const ACTOR = { by: 'test', origin: { address: 'test' } };

let node: TenantNode;
let rooms: Rooms;
let bearer: string;

beforeAll(async () => {
  node = await openTenantNode({
    organizations: [
      { id: ACME, name: 'acme', displayName: 'Acme', members: ['ann', 'ben@example.com', 'zed'] },
      { name: 'other', members: ['ann'] },
    ],
    clients: [
      { clientId: SPA, appType: 'spa', callbacks: [CALLBACK] },
      { clientId: INVITING, appType: 'spa', callbacks: [CALLBACK], initiateLoginUrl: LOGIN },
      ...(['deny', 'require'] as const).map((organizationUsage) => ({
        clientId: organizationUsage,
        appType: 'spa',
        callbacks: [CALLBACK],
        organizationUsage,
      })),
      {
        clientId: ADMIN,
        appType: 'non_interactive',
        clientSecretInClear: SECRET,
        managementScopes: [
          ...(['read', 'create', 'update', 'delete'] as const).map((do_) => `${do_}:organizations`),
          ...(['read', 'create', 'delete'] as const).flatMap((do_) => [
            `${do_}:organization_members`,
            `${do_}:organization_invitations`,
          ]),
          'read:organization_connections',
        ],
      },
    ],
  });
  rooms = await node.openRooms();
  const { body } = await node.token({
    grant_type: 'client_credentials',
    client_id: ADMIN,
    client_secret: SECRET,
    audience: `${node.tenant}/api/v2/`,
  });
  bearer = String(body['access_token']);
});

afterAll(async () => {
  await rooms.close();
  await node.close();
});

interface Told {
  readonly status: number;
  readonly body: Record<string, unknown> & readonly Record<string, unknown>[];
}

async function manage(method: string, path: string, body?: object): Promise<Told> {
  const response = await fetch(`${node.tenant}/api/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text === '' ? '{}' : text) as Told['body'] };
}

async function subjectOf(name: string): Promise<string> {
  return `auth0|${(await rooms.accounts.findByLogin(name))?.id ?? ''}`;
}

interface SignedIn {
  readonly answer: Answer;
  readonly id: JWTPayload;
  readonly access: JWTPayload;
}

async function signIn(
  organization: string | undefined,
  options: { readonly login?: string; readonly browser?: Browser } = {},
): Promise<SignedIn> {
  const asked = { audience: API, scope: 'openid offline_access read:messages' };
  const parameters = organization === undefined ? asked : { ...asked, organization };
  return read(await node.signIn(parameters, options));
}

function read(answer: Answer): SignedIn {
  return {
    answer,
    id: decodeJwt(String(answer.body['id_token'])),
    access: decodeJwt(String(answer.body['access_token'])),
  };
}

function refresh({ body }: Answer): Promise<Answer> {
  return node.token({
    grant_type: 'refresh_token',
    client_id: SPA,
    refresh_token: String(body['refresh_token']),
  });
}

async function userinfo({ body }: Answer): Promise<number> {
  const headers = { authorization: `Bearer ${String(body['access_token'])}` };
  return (await fetch(`${node.tenant}/userinfo`, { headers })).status;
}

test('tokens say in whose name a member signed in, also after a refresh', async () => {
  const claims = { org_id: ACME, org_name: 'acme' };
  const byId = await signIn(ACME);
  expect(byId.id).toMatchObject(claims);
  expect(byId.access).toMatchObject(claims);
  expect((await signIn('Acme', { login: 'ben' })).id).toMatchObject(claims);
  const again = read(await refresh(byId.answer));
  expect(again.id).toMatchObject(claims);
  expect(again.access).toMatchObject(claims);
});

test('each name that one browser signs in by has a grant of its own', async () => {
  const browser = node.browser();
  const plain = await signIn(undefined, { browser });
  const acme = await signIn(ACME, { browser });
  const other = await signIn('other', { browser });
  expect(plain.access).not.toHaveProperty('org_id');
  expect(other.access).toMatchObject({ org_name: 'other' });
  const grants = [plain, acme, other].map(({ access }) => access['gid']);
  expect(new Set(grants).size).toBe(3);
  expect((await signIn(ACME, { browser })).access).toMatchObject({
    org_id: ACME,
    gid: acme.access['gid'],
  });
  expect(read(await refresh(plain.answer)).access).not.toHaveProperty('org_id');
  expect(read(await refresh(acme.answer)).access).toMatchObject({ org_id: ACME });
});

test('who is no member is refused, at a page as in a frame, and so is a name that is none', async () => {
  const browser = node.browser();
  const asked = {
    client_id: SPA,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  };
  const authorize = async (more: Readonly<Record<string, string>>): Promise<URLSearchParams> =>
    (await node.authorize({ ...asked, ...more }, { browser, login: 'cat' })).searchParams;
  const refused = await authorize({ organization: ACME });
  expect(refused.get('error')).toBe('access_denied');
  expect(refused.get('error_description')).toBe('user is not part of the org_acme organization');
  expect((await authorize({ organization: 'other', prompt: 'none' })).get('error')).toBe(
    'access_denied',
  );
  expect((await authorize({ organization: 'nowhere' })).get('error')).toBe('invalid_request');
  expect((await authorize({ organization: '' })).get('code')).not.toBeNull();
});

test.each([
  ['deny', ACME, 'parameter organization is not allowed for this client'],
  ['require', undefined, 'parameter organization is required for this client'],
  ['deny', undefined, null],
  ['require', ACME, null],
])('an application of %s is held to it when it names %s', async (client, organization, words) => {
  const asked = {
    client_id: client,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  };
  const to = await node.authorize(organization === undefined ? asked : { ...asked, organization });
  expect(to.searchParams.get('error_description')).toBe(words);
  expect(to.searchParams.get('error')).toBe(words === null ? null : 'invalid_request');
  expect(to.searchParams.has('code')).toBe(words === null);
});

test('the Management API makes, lists, changes and deletes organizations', async () => {
  const made = await manage('POST', '/organizations', { name: 'new-one', metadata: { tier: 'a' } });
  expect(made).toMatchObject({ status: 201, body: { name: 'new-one', display_name: 'new-one' } });
  const id = String(made.body['id']);
  expect(id).toMatch(/^org_[A-Za-z0-9]{16}$/u);
  expect((await manage('POST', '/organizations', { name: 'new-one' })).status).toBe(409);
  expect((await manage('POST', '/organizations', { name: 'acme' })).status).toBe(409);
  expect((await manage('POST', '/organizations', { name: 'Not A Name' })).status).toBe(400);
  const change = { display_name: 'New', name: 'renamed' };
  expect((await manage('PATCH', `/organizations/${id}`, change)).body).toMatchObject(change);
  expect((await manage('GET', '/organizations/name/renamed')).body).toMatchObject({
    id,
    metadata: { tier: 'a' },
  });
  const list = await manage('GET', '/organizations');
  expect(list.body.map((one) => one['name'])).toEqual(['acme', 'other', 'renamed']);
  expect((await manage('GET', `/organizations/${id}/enabled_connections`)).body).toMatchObject([
    { connection: { strategy: 'auth0' } },
  ]);
  expect(await manage('PATCH', `/organizations/${ACME}`, { display_name: 'x' })).toMatchObject({
    status: 409,
    body: { errorCode: 'declared_in_config' },
  });
  expect((await manage('DELETE', `/organizations/${id}`)).status).toBe(204);
  expect(await manage('GET', `/organizations/${id}`)).toMatchObject({
    status: 404,
    body: { errorCode: 'inexistent_organization' },
  });
});

test('a member who is put out holds nothing any more', async () => {
  const members = [await subjectOf('dan')];
  const path = `/organizations/${ACME}/members`;
  expect((await manage('POST', path, { members })).status).toBe(204);
  expect((await manage('POST', path, { members: ['auth0|nobody'] })).status).toBe(404);
  const ids = (await manage('GET', path)).body.map((one) => one['user_id']);
  expect(new Set(ids)).toEqual(
    new Set([...members, await subjectOf('ann'), await subjectOf('ben')]),
  );
  expect(
    (await manage('GET', `/users/${encodeURIComponent(members[0] ?? '')}/organizations`)).body,
  ).toMatchObject([{ id: ACME }]);

  const { answer } = await signIn(ACME, { login: 'dan' });
  expect(await userinfo(answer)).toBe(200);
  expect((await manage('DELETE', path, { members })).status).toBe(204);
  await expect.poll(() => userinfo(answer), { interval: 20 }).toBe(401);
  expect(await refresh(answer)).toMatchObject({ status: 403, body: { error: 'invalid_grant' } });
  expect((await manage('DELETE', path, { members: [await subjectOf('ann')] })).body).toMatchObject({
    errorCode: 'declared_in_config',
  });
});

test('an organization that is deleted takes along what its members hold', async () => {
  const { body } = await manage('POST', '/organizations', { name: 'short-lived' });
  const path = `/organizations/${String(body['id'])}`;
  await manage('POST', `${path}/members`, { members: [await subjectOf('eve')] });
  const { answer } = await signIn('short-lived', { login: 'eve' });
  await manage('DELETE', path);
  await expect.poll(() => userinfo(answer), { interval: 20 }).toBe(401);
  await rooms.accounts.delete((await rooms.accounts.findByLogin('eve'))?.id ?? '', ACTOR);
});

describe('an invitation', () => {
  const path = `/organizations/${ACME}/invitations`;
  const wish = {
    inviter: { name: 'Ann' },
    client_id: INVITING,
    send_invitation_email: false,
  };

  async function ticketFor(email: string, more: object = {}): Promise<string> {
    const made = await manage('POST', path, { ...wish, invitee: { email }, ...more });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    return String(made.body['ticket_id']);
  }

  async function come(
    login: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<string | null> {
    const asked = {
      client_id: INVITING,
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
      organization: ACME,
    };
    const { searchParams } = await node.authorize({ ...asked, ...parameters }, { login });
    return searchParams.has('code') ? 'in' : searchParams.get('error');
  }

  test('makes whom it is for a member at their sign-in, once, and nobody else', async () => {
    const invitee = { email: 'GUS@example.com' };
    const { status, body } = await manage('POST', path, { ...wish, invitee });
    const { invitation_url: link, ticket_id: ticket, ...told } = body;
    expect(status).toBe(201);
    expect(told).toMatchObject({
      id: expect.stringMatching(/^uinv_/u),
      organization_id: ACME,
      inviter: { name: 'Ann' },
      invitee,
    });
    expect(link).toBe(
      `${LOGIN}&invitation=${String(ticket)}&organization=${ACME}&organization_name=acme`,
    );
    expect((await manage('GET', path)).body).toEqual([told]);
    expect((await manage('GET', `${path}/${String(told['id'])}`)).body).toEqual(told);

    const invitation = String(ticket);
    expect(await come('hal', { invitation })).toBe('access_denied');
    expect(await come('gus', { invitation: 'another' })).toBe('access_denied');
    expect(await come('gus', { invitation, client_id: SPA })).toBe('access_denied');
    expect(await come('gus', { invitation, organization: 'other' })).toBe('access_denied');
    expect(await come('gus', { invitation })).toBe('in');
    expect(await come('gus', {})).toBe('in');
    expect((await manage('GET', path)).body).toEqual([]);
    const members = [await subjectOf('gus')];
    await manage('DELETE', `/organizations/${ACME}/members`, { members });
    expect(await come('gus', { invitation })).toBe('access_denied');
  });

  test('is no proof that an address is somebody’s', async () => {
    const invitation = await ticketFor('mia@example.com');
    expect(await come('mia', { invitation })).toBe('access_denied');
  });

  test('that was taken back, or for which nobody came in time, is good for nobody', async () => {
    const early = await ticketFor('ida@example.com', { ttl_sec: 60 });
    node.clock.advance(61);
    expect(await come('ida', { invitation: early })).toBe('access_denied');
    const taken = await ticketFor('ida@example.com');
    const { body } = await manage('GET', path);
    const id = body.map((one) => String(one['id'])).at(0) ?? '';
    expect((await manage('DELETE', `${path}/${id}`)).status).toBe(204);
    expect(await come('ida', { invitation: taken })).toBe('access_denied');
    for (const method of ['GET', 'DELETE'])
      expect((await manage(method, `${path}/${id}`)).body['errorCode']).toBe(
        'inexistent_invitation',
      );
  });

  test('goes to whom it is for in a letter, in their language, unless the application hands it over', async () => {
    const { send_invitation_email: _, ...asked } = wish;
    const { id = '' } = (await rooms.accounts.findByLogin('lee')) ?? {};
    const by = { editor: 'operator', actor: ACTOR } as const;
    await rooms.accounts.update(id, { claims: { locale: 'de' } }, by);
    const invitee = { email: 'lee@example.com' };
    const { status, body } = await manage('POST', path, { ...asked, invitee });
    expect(status, JSON.stringify(body)).toBe(201);
    const [letter] = await node.letters(invitee.email);
    expect(letter).toMatchObject({
      name: 'organization-invitation',
      subject: 'Sie sind zu Acme bei Latchkey eingeladen',
      links: [body['invitation_url']],
    });
    expect(letter?.text).toContain('Ann lädt Sie zu Acme ein');
    expect(await come('lee', { invitation: String(body['ticket_id']) })).toBe('in');
    await manage('POST', path, { ...wish, invitee });
    expect(await node.letters(invitee.email)).toHaveLength(1);
  });

  test('fills nobody’s mailbox', async () => {
    const { send_invitation_email: _, ...asked } = wish;
    const invitee = { email: 'full@example.com' };
    const invite = async (): Promise<Told> => await manage('POST', path, { ...asked, invitee });
    for (let count = 0; count < 5; count += 1) expect((await invite()).status).toBe(201);
    expect(await invite()).toMatchObject({
      status: 429,
      body: { errorCode: 'too_many_requests' },
    });
    expect(await node.letters(invitee.email)).toHaveLength(5);
    expect((await manage('POST', path, { ...wish, invitee })).status).toBe(201);
  });

  test.each([
    [{ send_invitation_email: 'yes' }, 'send_invitation_email'],
    [{ client_id: SPA }, 'initiate_login_uri'],
    [{ invitee: { email: 'nobody' } }, 'invitee.email'],
    [{ roles: 'rol_x' }, "'roles'"],
    [{ more: 1 }, 'Additional properties not allowed: more'],
  ])('that cannot be made is refused: %j', async (fields, words) => {
    const invitee = { email: 'ida@example.com' };
    expect(await manage('POST', path, { ...wish, invitee, ...fields })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining(words) },
    });
  });
});
