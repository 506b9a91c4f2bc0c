import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALLBACK, SECRET, SPA } from './tenant-node.ts';
import { openManagedNode, type Item, type ManagedNode } from './management-client.ts';

const CONNECTION = 'Username-Password-Authentication';
const GOOD = 'a-long-password-of-the-tests';

let node: ManagedNode;

beforeAll(async () => {
  const signIn = { argon2: { memoryKib: 7168, iterations: 1 }, limits: { strangers: 3 } };
  node = await openManagedNode(
    { clients: [{ clientId: SPA, appType: 'spa', callbacks: [CALLBACK] }] },
    { signIn },
  );
});

afterAll(() => node.close());

function at(userId: string, rest = ''): string {
  return `/users/${encodeURIComponent(userId)}${rest}`;
}

async function create(fields: object): Promise<Item> {
  const told = await node.manage('POST', '/users', { connection: CONNECTION, ...fields });
  expect(told.status).toBe(201);
  return told.body;
}

async function idOf(name: string): Promise<string> {
  const { list } = await node.manage('GET', `/users-by-email?email=${name}%40example.com`);
  return list[0]?.user_id ?? 'nobody';
}

describe('users', () => {
  test('are made with an id of their own, sign in under it, and are read without a password', async () => {
    const made = await create({
      user_id: '5f7c8ec7c33c6c004bbafe82',
      email: 'Nia@example.com',
      email_verified: true,
      password: GOOD,
      name: 'Nia N.',
      user_metadata: { theme: 'dark' },
      app_metadata: { plan: 'gold' },
    });
    expect(made).toEqual({
      user_id: 'auth0|5f7c8ec7c33c6c004bbafe82',
      email: 'Nia@example.com',
      email_verified: true,
      name: 'Nia N.',
      nickname: 'Nia',
      identities: [
        {
          connection: CONNECTION,
          provider: 'auth0',
          user_id: '5f7c8ec7c33c6c004bbafe82',
          isSocial: false,
        },
      ],
      created_at: expect.stringMatching(/^\d{4}-.*Z$/u),
      updated_at: expect.any(String),
      user_metadata: { theme: 'dark' },
      app_metadata: { plan: 'gold' },
      logins_count: 0,
    });
    const { body } = await node.manage('GET', at(made.user_id));
    expect(body).toEqual(made);
    expect(JSON.stringify(body)).not.toContain('argon2');
  });

  test('are made and changed by requests larger than any other endpoint takes', async () => {
    const text = 'x'.repeat(60_000);
    const much = { user_metadata: { text }, app_metadata: { text } };
    const { user_id: id } = await create({ email: 'lou@example.com', password: GOOD, ...much });
    expect(await node.manage('PATCH', at(id), much)).toMatchObject({ status: 200, body: much });
    const elsewhere = await fetch(`${node.tenant}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ text, more: text }),
    });
    expect(elsewhere.status).toBe(413);
  });

  test('of an address that is taken are a conflict, and a weak password is told', async () => {
    const fields = { connection: CONNECTION, email: 'ANN@example.com', password: GOOD };
    expect(await node.manage('POST', '/users', fields)).toMatchObject({
      status: 409,
      body: { message: 'The user already exists.', errorCode: 'auth0_idp_error' },
    });
    const weak = { connection: CONNECTION, email: 'weak@example.com', password: 'password' };
    expect(await node.manage('POST', '/users', weak)).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/^PasswordStrengthError: Password is too weak/u) },
    });
    const other = { ...weak, password: GOOD, connection: 'google-oauth2', colour: 'red' };
    expect(await node.manage('POST', '/users', other)).toMatchObject({
      status: 400,
      body: { errorCode: 'invalid_body', message: expect.stringContaining('colour') },
    });
  });

  test('are changed field by field; metadata is merged, and an empty object empties it', async () => {
    const { user_id: id } = await create({
      email: 'ola@example.com',
      password: GOOD,
      user_metadata: { a: 1, b: 2 },
    });
    const changes = { name: 'Ola', nickname: null, user_metadata: { b: null, c: 3 } };
    expect(await node.manage('PATCH', at(id), changes)).toMatchObject({
      status: 200,
      body: { name: 'Ola', nickname: 'ola', user_metadata: { a: 1, c: 3 } },
    });
    const emptied = await node.manage('PATCH', at(id), { user_metadata: {} });
    expect(emptied.body['user_metadata']).toEqual({});
    const verified = await node.manage('PATCH', at(id), { email_verified: true });
    expect(verified.body['email_verified']).toBe(true);
    const moved = await node.manage('PATCH', at(id), { email: 'ola2@example.com' });
    expect(moved.body).toMatchObject({ email: 'ola2@example.com', email_verified: false });
    const both = { password: GOOD, email: 'ola3@example.com' };
    expect(await node.manage('PATCH', at(id), both)).toMatchObject({
      status: 400,
      body: { message: 'Cannot update password and email simultaneously' },
    });
  });

  test('of a change that is refused nothing is changed', async () => {
    const half = 'x'.repeat(40_000);
    const before = await create({
      email: 'zoe@example.com',
      name: 'Zoe',
      password: GOOD,
      user_metadata: { one: half },
    });
    const { user_id: id } = before;
    const unfit = { picture: 'no address' };
    const large = { user_metadata: { other: half } };
    const refused = [
      { email: 'zoe2@example.com', ...unfit },
      { password: 'another-good-one-of-the-tests', ...large },
      { name: 'Zoe P.', ...large, blocked: true },
      { name: 'Zoe P.', email: 'ann@example.com', user_metadata: { a: 1 } },
      { name: 'Zoe P.', password: 'x', user_metadata: { a: 1 } },
    ];
    for (const changes of refused)
      expect([400, 409]).toContain((await node.manage('PATCH', at(id), changes)).status);
    expect((await node.manage('GET', at(id))).body).toEqual(before);
    expect(
      (await node.signIn({}, { login: 'zoe@example.com', password: GOOD })).body,
    ).toHaveProperty('access_token');
  });

  test('who are blocked lose what they hold and do not get in, until they are let in again', async () => {
    const id = await idOf('ben');
    const { body } = await node.signIn({}, { login: 'ben' });
    const refresh = (): ReturnType<ManagedNode['token']> =>
      node.token({
        grant_type: 'refresh_token',
        client_id: SPA,
        refresh_token: String(body['refresh_token']),
      });
    const blocked = await node.manage('PATCH', at(id), { blocked: true });
    expect(blocked.body).toMatchObject({ blocked: true, logins_count: 1 });
    expect(blocked.body['last_login']).toMatch(/Z$/u);
    // auth0-spa-js looks for these words.
    const told = { error: 'invalid_grant', error_description: 'user is blocked' };
    expect(await refresh()).toMatchObject({ status: 403, body: told });
    await expect(node.signIn({}, { login: 'ben' })).rejects.toThrow();
    const free = await node.manage('PATCH', at(id), { blocked: false });
    expect(free.body).not.toHaveProperty('blocked');
    expect((await refresh()).body['error_description']).toBe('Unknown or invalid refresh token.');
    expect((await node.signIn({}, { login: 'ben' })).status).toBe(200);
  });

  test('are found by the language of searches, sorted, by page and with totals', async () => {
    const q = (text: string): string => `q=${encodeURIComponent(text)}`;
    const one = await node.manage('GET', `/users?${q('email:"ann@example.com"')}`);
    expect(one.list.map((user) => user.email)).toEqual(['ann@example.com']);
    await node.manage('PATCH', at(await idOf('dan')), { user_metadata: { team: 'Red' } });
    await node.manage('PATCH', at(await idOf('eve')), { user_metadata: { team: 'red' } });
    const both = await node.manage(
      'GET',
      `/users?${q('user_metadata.team:red AND blocked:false')}&sort=email:-1&include_totals=true`,
    );
    expect(both.body).toMatchObject({ start: 0, limit: 50, length: 2, total: 2 });
    expect(both.body.users.map((user) => user.email)).toEqual([
      'eve@example.com',
      'dan@example.com',
    ]);
    const exact = await node.manage('GET', `/users?${q(`user_id:"${await idOf('fay')}"`)}`);
    expect(exact.list).toHaveLength(1);
    expect(await node.manage('GET', `/users?${q('email:a email:b')}`)).toMatchObject({
      status: 400,
      body: {
        errorCode: 'invalid_query_string',
        message: expect.stringContaining('what is known here'),
      },
    });
  });

  test('are listed by page, with the fields that are asked for', async () => {
    const path = '/users?per_page=4&sort=email:1&include_totals=true&fields=email';
    const first = await node.manage('GET', `${path}&page=0`);
    const second = await node.manage('GET', `${path}&page=1`);
    expect(first.body).toMatchObject({ start: 0, limit: 4, length: 4 });
    expect(second.body['start']).toBe(4);
    expect(first.body.total).toBeGreaterThan(12);
    const emails = [...first.body.users, ...second.body.users].map((user) => user.email);
    expect(emails).toEqual(emails.toSorted((one, other) => one.localeCompare(other)));
    expect(new Set(emails).size).toBe(8);
    expect(Object.keys(first.body.users[0] ?? {})).toEqual(['email']);
    for (const wrong of ['per_page=101', 'sort=shoe:1', 'page=x', 'search_engine=v2'])
      expect((await node.manage('GET', `/users?${wrong}`)).status).toBe(400);
  });

  test('who are deleted are gone, and their id is never given again', async () => {
    const { user_id: id } = await create({ email: 'pia@example.com', password: GOOD });
    expect((await node.manage('DELETE', at(id))).status).toBe(204);
    expect((await node.manage('DELETE', at(id))).status).toBe(204);
    expect((await node.manage('GET', at(id))).status).toBe(404);
    const again = { connection: CONNECTION, user_id: id, email: 'pia@example.com', password: GOOD };
    expect((await node.manage('POST', '/users', again)).status).toBe(409);
  });

  test('who were guessed at too often are told, and let try again', async () => {
    const guess = (): Promise<unknown> => node.signIn({}, { login: 'gus', password: 'wrong' });
    for (let tries = 0; tries < 4; tries += 1) await guess().catch(() => undefined);
    const path = `/user-blocks/${encodeURIComponent(await idOf('gus'))}`;
    expect((await node.manage('GET', path)).body['blocked_for']).toContainEqual({
      identifier: 'gus',
    });
    expect((await node.manage('DELETE', '/user-blocks?identifier=gus')).status).toBe(204);
    expect((await node.manage('GET', path)).body).toEqual({ blocked_for: [] });
  });

  test('get a letter to confirm their address by a job', async () => {
    const email = 'uma@example.com';
    const { user_id: id } = await create({ email, password: GOOD });
    const begun = await node.manage('POST', '/jobs/verification-email', { user_id: id });
    expect(begun).toMatchObject({
      status: 201,
      body: { type: 'verification_email', status: 'pending' },
    });
    expect((await node.manage('GET', `/jobs/${begun.body.id}`)).body).toMatchObject({
      type: 'verification_email',
      status: 'completed',
    });
    await expect.poll(async () => (await node.letters(email)).length).toBe(1);
    const [letter] = await node.letters(email);
    expect(letter?.links[0]).toContain(`${node.tenant}/u/email-verification?ticket=`);
    expect(
      (await node.manage('POST', '/jobs/verification-email', { user_id: 'auth0|nobody' })).status,
    ).toBe(404);
  });

  test('have their authenticators taken away, one by one or all at once', async () => {
    const id = await idOf('hal');
    const path = at(id, '/authentication-methods');
    expect(await node.manage('GET', path)).toMatchObject({ status: 200, list: [] });
    const rooms = await node.openRooms();
    const actor = { by: 'test', origin: { address: 'test' } };
    await rooms.factors.recoveryCodes.renew(id.replace('auth0|', ''), actor);
    await rooms.close();
    const codes = { id: 'recovery-code|0', type: 'recovery-code', confirmed: true };
    expect((await node.manage('GET', path)).list).toEqual([codes]);
    const one = `${path}/${encodeURIComponent(codes.id)}`;
    expect((await node.manage('GET', one)).body).toEqual(codes);
    expect((await node.manage('DELETE', one)).status).toBe(204);
    expect((await node.manage('GET', path)).list).toEqual([]);
    for (const gone of [one, `${path}/passkey%7Cx`, `${path}/totp%7C0`, `${path}/sms%7C0`])
      expect((await node.manage('DELETE', gone)).status, gone).toBe(404);
    expect((await node.manage('DELETE', at(id, '/authenticators'))).status).toBe(204);
  });
});

test('an authenticator app is an enrollment, which is told and taken away', async () => {
  const rooms = await node.openRooms();
  const { id } = await rooms.accounts.create(
    { email: 'tess@example.com' },
    { by: 'test', origin: { address: 'test' } },
    [rooms.factors.totp.carried('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP') ?? []].flat(),
  );
  await rooms.close();
  const ofUser = at(`auth0|${id}`, '/enrollments');
  const { list } = await node.manage('GET', ofUser);
  expect(list).toEqual([
    {
      id: `totp|${id}`,
      status: 'confirmed',
      type: 'authenticator',
      auth_method: 'authenticator',
      enrolled_at: expect.stringMatching(/Z$/u),
    },
  ]);
  const path = `/guardian/enrollments/${encodeURIComponent(`totp|${id}`)}`;
  expect((await node.manage('GET', path)).body).toEqual(list[0]);
  expect((await node.manage('DELETE', path)).status).toBe(204);
  expect((await node.manage('GET', ofUser)).list).toEqual([]);
  for (const gone of [path, `/guardian/enrollments/${id}`])
    for (const method of ['GET', 'DELETE'])
      expect(await node.manage(method, gone)).toMatchObject({
        status: 404,
        body: { errorCode: 'enrollment_not_found' },
      });
});

describe('exports of users', () => {
  async function locationFor(wish: object): Promise<string> {
    const begun = await node.manage('POST', '/jobs/users-exports', wish);
    expect(begun).toMatchObject({ status: 200, body: { type: 'users_export', status: 'pending' } });
    const { body } = await node.manage('GET', `/jobs/${begun.body.id}`);
    expect(body).toMatchObject({ status: 'completed', ...wish });
    return String(body['location']);
  }

  async function linesFor(wish: object): Promise<readonly string[]> {
    const file = await fetch(await locationFor(wish));
    expect(file.headers.get('content-type')).toBe('application/gzip');
    return gunzipSync(await file.arrayBuffer())
      .toString()
      .trim()
      .split(/\r?\n/u);
  }

  test('are a JSON object a line, as the API tells users, without a password', async () => {
    const made = await create({ email: 'mo@example.com', password: GOOD });
    const lines = await linesFor({ format: 'json' });
    const users = lines.map((line) => JSON.parse(line) as Item);
    expect(users.find(({ user_id: id }) => id === made.user_id)).toEqual(made);
    const { body } = await node.manage('GET', '/users?include_totals=true');
    expect(users).toHaveLength(body.total);
    expect(lines.join('')).not.toMatch(/argon2|password/u);
  });

  test('have the fields that are asked for, by their titles, and in CSV no formula', async () => {
    await create({
      user_id: '0-first',
      email: 'otto@example.com',
      password: GOOD,
      name: '=SUM("A1")',
      app_metadata: { plan: { tier: 'gold' } },
    });
    const fields = [
      { name: 'user_id', export_as: 'Id' },
      { name: 'name' },
      { name: 'app_metadata.plan' },
      { name: 'identities[0].isSocial' },
      { name: 'nothing.there' },
    ];
    expect(await linesFor({ format: 'csv', limit: 1, fields })).toEqual([
      '"Id","name","app_metadata.plan","identities[0].isSocial","nothing.there"',
      `"auth0|0-first","'=SUM(""A1"")","{""tier"":""gold""}","false",`,
    ]);
    const [line = ''] = await linesFor({ format: 'json', limit: 1, fields });
    expect(JSON.parse(line)).toEqual({
      Id: 'auth0|0-first',
      name: '=SUM("A1")',
      'app_metadata.plan': { tier: 'gold' },
      'identities[0].isSocial': false,
    });
  });

  test('are fetched for a minute, and only by those who may read users', async () => {
    const location = await locationFor({ format: 'csv' });
    expect((await fetch(location, { method: 'HEAD' })).status).toBe(200);
    node.clock.advance(61);
    expect(await (await fetch(location)).json()).toMatchObject({ errorCode: 'inexistent_export' });
    expect((await fetch(`${node.tenant}/exports/none`)).status).toBe(404);
    const { body: job } = await node.manage('POST', '/jobs/users-exports', {});
    const { body } = await node.token({
      grant_type: 'client_credentials',
      client_id: 'manager-client',
      client_secret: SECRET,
      audience: `${node.tenant}/api/v2/`,
      scope: 'create:users',
    });
    const headers = { authorization: `Bearer ${String(body['access_token'])}` };
    const answer = await fetch(`${node.tenant}/api/v2/jobs/${job.id}`, { headers });
    expect(answer.status).toBe(200);
    expect(await answer.json()).not.toHaveProperty('location');
  });

  test.each([
    { format: 'xml' },
    { connection_id: 'con_other' },
    { fields: [] },
    { fields: [{ name: 'a b' }] },
    { more: true },
  ])('that nobody can make are refused: %j', async (wish) => {
    expect((await node.manage('POST', '/jobs/users-exports', wish)).status).toBe(400);
  });
});
