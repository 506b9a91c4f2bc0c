import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import { PASSWORD } from '../../support/account-node.ts';
import { codeOf } from '../../support/app-codes.ts';
import {
  API,
  CALLBACK,
  openTenantNode,
  SECRET,
  SPA,
  STANDARD_API,
  WEB,
  type Answer,
  type TenantNode,
} from './tenant-node.ts';

const REALM = 'http://auth0.com/oauth/grant-type/password-realm';
const OTP = 'http://auth0.com/oauth/grant-type/mfa-otp';
const RECOVERY = 'http://auth0.com/oauth/grant-type/mfa-recovery-code';
const BASIC = ['authorization_code', 'implicit', 'refresh_token'];
const ORIGIN = 'http://localhost:3000';
const ACTOR = { by: 'test', origin: { address: 'test' } };
/** Another application with the same grants. */
const OTHER = 'other-client';

let node: TenantNode;
let rooms: Rooms;

beforeAll(async () => {
  const grantTypes = [...BASIC, 'password', REALM, OTP, RECOVERY];
  const confidential = { clientSecretInClear: SECRET, callbacks: [CALLBACK], grantTypes };
  node = await openTenantNode(
    {
      clients: [
        { clientId: SPA, appType: 'spa', callbacks: [CALLBACK], webOrigins: [ORIGIN] },
        { clientId: WEB, ...confidential, webOrigins: [ORIGIN] },
        { clientId: OTHER, ...confidential },
      ],
    },
    {
      authentication: { secondFactorForGroups: ['staff'] },
      groups: [{ name: 'staff', people: ['cat', 'dan', 'lee'] }],
      joining: { requireVerifiedEmail: true },
      signIn: {
        argon2: { memoryKib: 7168, iterations: 1 },
        limits: { strangers: 3, acquaintances: 3 },
      },
    },
  );
  rooms = await node.openRooms();
});

afterAll(async () => {
  await rooms.close();
  await node.close();
});

async function ask(parameters: Readonly<Record<string, string>>): Promise<Answer> {
  const asked = { grant_type: 'password', client_id: WEB, client_secret: SECRET, ...parameters };
  return await node.token(asked, { as: 'json' });
}

async function signInAs(
  name: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return await ask({ username: `${name}@example.com`, password: PASSWORD, ...more });
}

async function post(path: string, body: object, bearer?: string): Promise<Answer> {
  const headers: Record<string, string> = { 'content-type': 'application/json', origin: ORIGIN };
  if (bearer !== undefined) headers['authorization'] = `Bearer ${bearer}`;
  const response = await fetch(`${node.tenant}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ client_id: WEB, client_secret: SECRET, ...body }),
  });
  const { status, headers: answered } = response;
  return { status, headers: answered, body: (await response.json()) as Answer['body'] };
}

async function idOf(name: string): Promise<string> {
  return (await rooms.accounts.findByLogin(name))?.id ?? '';
}

test('a password is good for the tokens of a person, which die like any', async () => {
  const scope = 'openid profile offline_access read:messages';
  const { status, body } = await signInAs('ann', { audience: API, scope });
  expect(status).toBe(200);
  const sub = `auth0|${await idOf('ann')}`;
  expect(decodeJwt(String(body['id_token']))).toMatchObject({
    sub,
    aud: WEB,
    amr: ['pwd'],
  });
  const claims = decodeJwt(String(body['access_token']));
  expect(claims).toMatchObject({ sub, azp: WEB, gty: 'password', gid: expect.any(String) });
  expect(claims.aud).toEqual([API, `${node.tenant}/userinfo`]);
  expect(String(claims['scope']).split(' ').toSorted()).toEqual(scope.split(' ').toSorted());

  const refresh = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
  const refreshed = await ask(refresh);
  expect(refreshed.body).toMatchObject({
    id_token: expect.any(String),
    refresh_token: expect.any(String),
  });
  const authorization = `Bearer ${String(refreshed.body['access_token'])}`;
  const userinfo = async (): Promise<number> =>
    (await fetch(`${node.tenant}/userinfo`, { headers: { authorization } })).status;
  expect(await userinfo()).toBe(200);
  const details = { reason: 'test', actor: ACTOR };
  await rooms.takeBack.revoke({ kind: 'grant', grantId: String(claims['gid']) }, details);
  await expect.poll(userinfo, { interval: 20 }).toBe(401);
  const last = { ...refresh, refresh_token: String(refreshed.body['refresh_token']) };
  expect((await ask(last)).status).toBe(403);
});

test('who names no scope has all there is, as far as the roles of the person go', async () => {
  const { body } = await signInAs('ann', { audience: STANDARD_API });
  expect(body['scope']).toBe('openid profile email address phone read:all');
  expect(body).not.toHaveProperty('refresh_token');
  const plain = await signInAs('ann', { scope: 'openid email' });
  expect(String(plain.body['access_token'])).not.toContain('.');
  expect(decodeJwt(String(plain.body['id_token']))).toMatchObject({ email: 'ann@example.com' });
});

test('a scope that a role permits later comes with the next sign-in, by password or page, and with no refresh', async () => {
  const asked = { audience: STANDARD_API, scope: 'openid offline_access write:all' };
  const page = (): Promise<Answer> => node.signIn(asked, { login: 'ben' });
  const before = [await signInAs('ben', asked), await page()];
  for (const { body } of before) expect(body['scope']).toBe('openid offline_access');
  const id = (await rooms.accounts.findByLogin('ben'))?.id ?? '';
  const writer = { api: STANDARD_API, name: 'writer' };
  await rooms.groups.roles.create({ ...writer, permissions: ['write:all'] }, ACTOR);
  await rooms.groups.roles.give(writer, { kind: 'account', id }, ACTOR);
  const [byPassword, byPage] = before.map(({ body }) => String(body['refresh_token']));
  const refreshes = [
    await ask({ grant_type: 'refresh_token', refresh_token: byPassword ?? '' }),
    await node.token({
      grant_type: 'refresh_token',
      client_id: SPA,
      refresh_token: byPage ?? '',
    }),
  ];
  for (const { body } of refreshes) expect(body['scope']).toBe('openid offline_access');
  for (const { body } of [await signInAs('ben', asked), await page()])
    expect(body['scope']).toBe('openid offline_access write:all');
});

test('the directory may be named, and there is only the one', async () => {
  const realm = 'Username-Password-Authentication';
  expect((await signInAs('ann', { grant_type: REALM, realm })).status).toBe(200);
  expect(await signInAs('ann', { grant_type: REALM, realm: 'ldap' })).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  });
  expect(await signInAs('ann', { grant_type: REALM })).toMatchObject({
    status: 400,
    body: { error_description: 'Missing required parameter: realm' },
  });
});

test('only applications with the grant may, and only with their secret', async () => {
  const asked = { grant_type: 'password', username: 'ann', password: PASSWORD };
  expect(await node.token({ ...asked, client_id: SPA })).toMatchObject({
    status: 403,
    body: { error: 'unauthorized_client' },
  });
  expect(await signInAs('ann', { client_secret: 'wrong' })).toMatchObject({
    status: 401,
    body: { error: 'access_denied', error_description: 'Unauthorized' },
  });
  expect(await signInAs('ann', { audience: 'https://nobody.example' })).toMatchObject({
    status: 403,
    body: { error_description: 'Service not found: https://nobody.example' },
  });
});

test('wrong, unknown and disabled read the same, and guesses are counted', async () => {
  await rooms.accounts.disable(await idOf('eve'), ACTOR);
  const refused = { error: 'invalid_grant', error_description: 'Wrong email or password.' };
  for (const asked of [
    { username: 'ben', password: 'wrong' },
    { username: 'nobody', password: 'wrong' },
    { username: 'eve', password: PASSWORD },
  ])
    expect(await ask(asked)).toMatchObject({ status: 403, body: refused });
  for (let guess = 0; guess < 3; guess += 1) await signInAs('kim', { password: 'wrong' });
  expect(await signInAs('kim')).toMatchObject({
    status: 429,
    body: { error: 'too_many_attempts' },
  });
});

test('what our pages would ask first keeps tokens back', async () => {
  await rooms.accounts.requirePasswordChange(await idOf('fay'), ACTOR);
  expect(await signInAs('fay')).toMatchObject({
    status: 403,
    body: { error: 'password_change_required' },
  });
  expect(await signInAs('mia')).toMatchObject({
    status: 403,
    body: { error: 'access_denied', error_description: expect.stringContaining('verify') },
  });
});

test('whoever has a second factor shows it, once, to the application that they began at', async () => {
  const id = await idOf('ben');
  const begun = await rooms.factors.totp.beginEnrolment(id);
  const key = begun?.key ?? '';
  const sealed = begun?.sealed ?? '';
  await rooms.factors.totp.finishEnrolment({
    accountId: id,
    sealed,
    code: codeOf(key),
    actor: ACTOR,
  });
  const codes = (await rooms.factors.recoveryCodes.renew(id, ACTOR)) ?? [];

  const begin = async (): Promise<string> => {
    const { status, body } = await signInAs('ben', {
      audience: API,
      scope: 'openid read:messages',
    });
    expect({ status, ...body }).toMatchObject({
      status: 403,
      error: 'mfa_required',
      error_description: 'Multifactor authentication required',
      mfa_requirements: { challenge: [{ type: 'otp' }, { type: 'recovery-code' }] },
    });
    return String(body['mfa_token']);
  };
  const token = await begin();
  const challenge = await post('/mfa/challenge', { mfa_token: token, challenge_type: 'otp' });
  expect(challenge).toMatchObject({ status: 200, body: { challenge_type: 'otp' } });
  expect(challenge.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect(await post('/mfa/challenge', { mfa_token: token, challenge_type: 'oob' })).toMatchObject({
    status: 403,
    body: { error: 'unsupported_challenge_type' },
  });
  expect(await post('/mfa/associate', { authenticator_types: ['otp'] }, token)).toMatchObject({
    status: 403,
    body: { error: 'access_denied' },
  });
  const list = await fetch(`${node.tenant}/mfa/authenticators`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await list.json()).toMatchObject([
    { authenticator_type: 'otp', active: true, id: expect.stringMatching(/^totp\|dev_/u) },
    { authenticator_type: 'recovery-code', active: true },
  ]);

  const show = { grant_type: OTP, mfa_token: token };
  expect(await ask({ ...show, otp: '000000' })).toMatchObject({
    status: 403,
    body: { error: 'invalid_grant', error_description: 'Invalid otp.' },
  });
  const otp = codeOf(key, Date.now() + 30_000);
  expect(await ask({ ...show, otp, client_id: OTHER })).toMatchObject({
    status: 403,
    body: { error: 'expired_token' },
  });
  const shown = await ask({ ...show, otp });
  expect(decodeJwt(String(shown.body['id_token']))).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });
  expect(decodeJwt(String(shown.body['access_token'])).aud).toContain(API);
  expect((await ask({ ...show, otp })).body).toMatchObject({ error: 'expired_token' });

  const byPaper = { grant_type: RECOVERY, mfa_token: await begin(), recovery_code: codes[0] ?? '' };
  expect((await ask(byPaper)).status).toBe(200);
  const used = { ...byPaper, mfa_token: await begin() };
  expect((await ask(used)).body).toMatchObject({ error_description: 'Invalid recovery_code.' });
});

test('whoever must have a second factor sets one up, and has it when a code of it was shown', async () => {
  const { body } = await signInAs('cat');
  expect(body).toMatchObject({ error: 'mfa_required', mfa_requirements: { enroll: [{}] } });
  const token = String(body['mfa_token']);
  expect((await post('/mfa/challenge', { mfa_token: token })).body).toMatchObject({
    error: 'association_required',
  });
  const asked = { authenticator_types: ['oob'], oob_channels: ['sms'], phone_number: '+1' };
  expect((await post('/mfa/associate', asked, token)).status).toBe(403);
  const made = await post('/mfa/associate', { authenticator_types: ['otp'] }, token);
  expect(made.body).toMatchObject({
    authenticator_type: 'otp',
    barcode_uri: expect.stringMatching(/^otpauth:\/\/totp\//u),
    recovery_codes: expect.any(Array),
  });
  expect((await rooms.factors.of(await idOf('cat')))?.totp).toBeUndefined();
  const show = { grant_type: OTP, mfa_token: token };
  expect((await ask({ ...show, otp: '000000' })).status).toBe(403);
  const otp = codeOf(String(made.body['secret']));
  expect((await ask({ ...show, otp })).body).toMatchObject({ id_token: expect.any(String) });
  expect((await rooms.factors.of(await idOf('cat')))?.totp).toBeDefined();
});

test('a sign-in that waits is over when the person has been signed out everywhere', async () => {
  const { body } = await signInAs('dan');
  await rooms.accounts.setPassword(await idOf('dan'), 'another-long-password-47', ACTOR);
  const token = String(body['mfa_token']);
  const error = async (): Promise<unknown> =>
    (await post('/mfa/associate', { authenticator_types: ['otp'] }, token)).body['error'];
  await expect.poll(error, { interval: 50 }).toBe('expired_token');
});

test('nobody who knows the password alone takes the place of a factor that was set up meanwhile', async () => {
  const { body } = await signInAs('lee');
  const token = String(body['mfa_token']);
  const made = await post('/mfa/associate', { authenticator_types: ['otp'] }, token);
  const accountId = await idOf('lee');
  const begun = await rooms.factors.totp.beginEnrolment(accountId);
  const own = { accountId, sealed: begun?.sealed ?? '', actor: ACTOR };
  await rooms.factors.totp.finishEnrolment({ ...own, code: codeOf(begun?.key ?? '') });
  const otp = codeOf(String(made.body['secret']));
  expect((await ask({ grant_type: OTP, mfa_token: token, otp })).status).toBe(403);
});

test('discovery tells of the grants, and that of the installation does not', async () => {
  const grantsAt = async (issuer: string): Promise<unknown> => {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
    return ((await answer.json()) as Record<string, unknown>)['grant_types_supported'];
  };
  expect(await grantsAt(node.tenant)).toEqual(expect.arrayContaining(['password', REALM, OTP]));
  expect(await grantsAt(node.issuer)).not.toContain('password');
});
