import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import { PASSWORD } from '../../support/account-node.ts';
import { openManagedNode, type ManagedNode, type Told } from './management-client.ts';
import { CALLBACK, SECRET, SPA, WEB } from './tenant-node.ts';

const DATABASE = 'Username-Password-Authentication';
const OTP = 'http://auth0.com/oauth/grant-type/passwordless/otp';
const PATH = '/connections/con_0000000000000001';
const IS_OFF = 'no connections enabled for the client';
const NEW_PASSWORD = 'correct-horse-battery-47';

let node: ManagedNode;
let rooms: Rooms;

beforeAll(async () => {
  const grantTypes = ['authorization_code', 'implicit', 'refresh_token', 'password', OTP];
  node = await openManagedNode(
    {
      clients: [
        { clientId: SPA, appType: 'spa', callbacks: [CALLBACK], grantTypes },
        { clientId: WEB, clientSecretInClear: SECRET, callbacks: [CALLBACK], grantTypes },
      ],
    },
    {
      authentication: { emailCode: true },
      joining: { mode: 'open' },
      signIn: { password: { charactersMin: 12 }, argon2: { memoryKib: 7168, iterations: 1 } },
    },
  );
  rooms = await node.openRooms();
});

afterAll(async () => {
  await rooms?.close();
  await node?.close();
});

beforeEach(async () => {
  const enabled = [SPA, WEB].map((id) => ({ client_id: id, status: true }));
  expect((await node.manage('PATCH', `${PATH}/clients`, enabled)).status).toBe(204);
  expect((await patch({ options: {} })).status).toBe(200);
});

async function patch(body: object): Promise<Told> {
  return await node.manage('PATCH', PATH, body);
}

/** What an authorization request comes to, without anybody signing in. */
async function asked(client: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const query = new URLSearchParams({
    client_id: client,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
    ...more,
  });
  const { url, response } = await node
    .browser()
    .visit(`${node.tenant}/authorize?${query.toString()}`);
  return (await response?.text()) ?? url.searchParams.get('error_description') ?? '';
}

async function post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${node.tenant}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

function signUp(email: string, client = SPA): Promise<Readonly<Record<string, unknown>>> {
  const who = { email, password: NEW_PASSWORD, connection: DATABASE };
  return post('/dbconnections/signup', { client_id: client, ...who });
}

test('a change tells what is kept; options are replaced as a whole', async () => {
  const before = await node.manage('GET', PATH);
  expect(before.body).toMatchObject({ options: {}, enabled_clients: [SPA, WEB, 'manager-client'] });
  const options = {
    passwordPolicy: 'low',
    password_complexity_options: { min_length: 12 },
    password_dictionary: { enable: true, dictionary: [] },
    brute_force_protection: true,
  };
  const metadata = { owner: 'ops' };
  const all = { options, metadata, display_name: 'People', is_domain_connection: true };
  const changed = await patch(all);
  expect(changed).toMatchObject({ status: 200, body: { ...all, id: 'con_0000000000000001' } });
  expect((await node.manage('GET', PATH)).body).toEqual(changed.body);
  const next = await patch({ options: { disable_signup: false } });
  expect(next.body).toMatchObject({ metadata, display_name: DATABASE, is_domain_connection: true });
  expect(next.body['options']).toEqual({ disable_signup: false });
});

test('an application for which it is off signs nobody in, by no way', async () => {
  const off = [{ client_id: SPA, status: false }];
  expect(await asked(SPA)).toContain('name="password"');
  expect((await node.manage('PATCH', `${PATH}/clients`, off)).status).toBe(204);
  expect(await asked(SPA)).toBe(IS_OFF);
  expect(await asked(SPA, { prompt: 'none' })).toBe(IS_OFF);
  expect(await asked(SPA, { screen_hint: 'signup' })).toBe(IS_OFF);
  expect(await asked(WEB)).toContain('name="password"');
  const password = { grant_type: 'password', username: 'ann', password: PASSWORD };
  expect(await node.token({ ...password, client_id: SPA })).toMatchObject({
    status: 403,
    body: { error: 'unauthorized_client', error_description: IS_OFF },
  });
  const web = { ...password, client_id: WEB, client_secret: SECRET };
  expect((await node.token(web)).status).toBe(200);
  const code = { grant_type: OTP, client_id: SPA, username: 'a@example.com', realm: 'email' };
  expect((await node.token({ ...code, otp: '000000' })).body).toMatchObject({
    error_description: IS_OFF,
  });
  const start = { client_id: SPA, connection: 'email', email: 'ann@example.com', send: 'code' };
  expect(await post('/passwordless/start', start)).toMatchObject({
    status: 400,
    error: 'bad.connection',
  });
  expect(await signUp('new@example.com')).toMatchObject({
    status: 400,
    code: 'invalid_connection',
  });
});

test('applications are listed, named all at once, and those that are made later sign people in', async () => {
  expect((await patch({ enabled_clients: [WEB] })).body['enabled_clients']).toEqual([WEB]);
  expect(await asked(SPA)).toBe(IS_OFF);
  const path = `${PATH}/clients`;
  expect((await node.manage('GET', path)).body['clients']).toEqual([{ client_id: WEB }]);
  const { body } = await node.manage('POST', '/clients', { name: 'Later', callbacks: [CALLBACK] });
  const later = String(body['client_id']);
  expect(await asked(later)).toContain('name="password"');
  const first = await node.manage('GET', `${path}?take=1`);
  expect(first.body).toMatchObject({ clients: [{}], next: '1' });
  const all = [SPA, WEB, later].map((id) => ({ client_id: id, status: true }));
  await node.manage('PATCH', path, all);
  const { body: told } = await node.manage('GET', path);
  expect(told['clients']).toEqual(all.map(({ client_id }) => ({ client_id })));
  expect(told).not.toHaveProperty('next');
});

test('nobody signs up where that is disabled, at the page, by the API, or by a code', async () => {
  expect(await asked(SPA)).toContain('/join');
  expect((await signUp('first@example.com'))['status']).toBe(200);
  await patch({ options: { disable_signup: true } });
  expect(await asked(SPA)).not.toContain('/join');
  expect(await asked(SPA, { screen_hint: 'signup' })).not.toContain('name="email"');
  expect(await signUp('second@example.com')).toMatchObject({
    status: 400,
    code: 'public_signup_disabled',
  });
  const start = { client_id: SPA, connection: 'email', send: 'code' };
  const third = 'third@example.com';
  expect(await post('/passwordless/start', { ...start, email: third })).toMatchObject({
    status: 200,
  });
  expect(
    (await post('/passwordless/start', { ...start, email: 'ann@example.com' }))['status'],
  ).toBe(200);
  await expect.poll(async () => (await node.letters('ann@example.com')).length).toBe(1);
  expect(await node.letters(third)).toEqual([]);
});

test('of two changes at once neither is lost', async () => {
  const ids = [SPA, WEB];
  await Promise.all(
    ids.map((id) => node.manage('PATCH', `${PATH}/clients`, [{ client_id: id, status: false }])),
  );
  const { body } = await node.manage('GET', PATH);
  for (const id of ids) expect(body['enabled_clients']).not.toContain(id);
});

test.each([
  [{ options: { passwordPolicy: 'good' } }, 'must be none or low'],
  [{ options: { password_complexity_options: { min_length: 13 } } }, 'may be 12 at most'],
  [{ options: { password_dictionary: { dictionary: ['acme'] } } }, 'must be empty'],
  [{ options: { password_history: { enable: true } } }, 'must be false'],
  [{ options: { brute_force_protection: false } }, 'must be true'],
  [{ options: { customScripts: {} } }, 'Additional properties not allowed: customScripts'],
  [{ enabled_clients: ['nobody'] }, 'nobody is no application of the tenant'],
  [{ name: 'Other' }, 'Additional properties not allowed: name'],
  [{ metadata: { a: 1 } }, 'metadata.a'],
])('what cannot be kept is refused: %j', async (body, words) => {
  expect(await patch(body)).toMatchObject({
    status: 400,
    body: { errorCode: 'invalid_body', message: expect.stringContaining(words) },
  });
});

test.each([
  ['POST', '/connections', { name: 'g', strategy: 'google-oauth2' }, 'operation_not_supported'],
  ['POST', '/connections', { name: 'more', strategy: 'auth0' }, 'operation_not_supported'],
  ['POST', '/connections', { name: DATABASE, strategy: 'auth0' }, 'connection_conflict'],
  ['DELETE', PATH, undefined, 'operation_not_supported'],
  ['PATCH', '/connections/con_1', {}, 'inexistent_connection'],
  ['DELETE', '/connections/con_1', undefined, 'inexistent_connection'],
  ['GET', '/connections/con_1/clients', undefined, 'inexistent_connection'],
  ['PATCH', `${PATH}/clients`, [{ client_id: 'nobody', status: true }], 'invalid_body'],
] as const)('%s %s of %j is refused', async (method, path, body, errorCode) => {
  expect((await node.manage(method, path, body)).body['errorCode']).toBe(errorCode);
});
